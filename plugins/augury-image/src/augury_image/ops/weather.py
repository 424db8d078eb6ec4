"""Weather before the lens and on it: rain, snow, fog, spatter; and the lens' own flare and fringes."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

import cv2
import numpy as np

from augury.effects import Pixels
from augury.op import Info, Op
from augury.params import Fraction, FractionRange, IntRange, Range, Within
from augury.rng import Rng, generator
from augury_image.paint import unit_colour
from augury_image.warp import resample_dense
from augury_image.working import DTYPES, UNIT_LEVELS, clouds, colours_of, for_each, in_floats, luma_levels, veiled

_DEPTHS = ((0.5, 1.0, 0.35), (1.0, 0.45, 0.6), (2.0, 0.12, 0.9))
"""Rain and snow in three sheets, far to near: size, share of the drops, how much of the light behind they hide."""


class Rain(Op):
    """Streaks of rain at several distances, the far ones fine and many, in a wet haze.

    Fields: image; targets stay.

    Args:
        density_range: (lo, hi) in [0, 1]: 0 is dry, 1 a downpour.
        slant_deg_range: (lo, hi) of the streaks' angle from the vertical in degrees.
        length_frac_range: (lo, hi) of a middle streak's length, as a fraction of the height.
    Draws: density, slant and length uniform; the drops' sub-seed.
    Cost: a line a drop, and four passes.
    """

    on = "image"

    density_range: FractionRange = (0.2, 0.8)
    slant_deg_range: Annotated[Range, Within(-60.0, 60.0)] = (-15.0, 15.0)
    length_frac_range: Annotated[Range, Within(0.005, 0.3)] = (0.03, 0.07)

    def draw(self, rng: Rng, info: Info) -> dict[str, Any]:
        """Draw the rain and a sub-seed."""
        density, slant = rng.uniform(*self.density_range), rng.uniform(*self.slant_deg_range)
        length = rng.uniform(*self.length_frac_range)
        return {"density": density, "slant_deg": slant, "length_frac": length, "seed": rng.seed()}

    def effect(self, draw: Any, info: Info) -> Pixels:
        """Return the pixel function."""
        return Pixels(rained, draw, DTYPES)


class Snow(Op):
    """Falling flakes at several distances, out of focus when near, and a whitened scene.

    Fields: image; targets stay.

    Args:
        density_range: (lo, hi) in [0, 1] of falling snow.
        cover_range: (lo, hi) in [0, 1] of the lying snow: bright parts turn white.
    Draws: density, cover and the wind's slant uniform; the flakes' sub-seed.
    Cost: three sparse planes, each filtered, and some passes.
    """

    on = "image"

    density_range: FractionRange = (0.2, 0.8)
    cover_range: FractionRange = (0.1, 0.5)

    def draw(self, rng: Rng, info: Info) -> dict[str, Any]:
        """Draw the snow and a sub-seed."""
        density, cover = rng.uniform(*self.density_range), rng.uniform(*self.cover_range)
        return {"density": density, "cover": cover, "slant_deg": rng.uniform(-40.0, 40.0), "seed": rng.seed()}

    def effect(self, draw: Any, info: Info) -> Pixels:
        """Return the pixel function."""
        return Pixels(snowed, draw, DTYPES)


class Fog(Op):
    """Fog in drifts, denser towards the top of the picture, where scenes are far.

    Fields: image; targets stay.

    Args:
        density_range: (lo, hi) of the optical depth where it is densest; 1 hides 63 % there.
        light: The fog's own brightness in [0, 1].
    Draws: density uniform; the drifts' sub-seed.
    Cost: some octaves of enlarged noise and one pass.
    Reference: Koschmieder's law, seen = scene * t + light * (1 - t) with t = exp(-optical depth).
    """

    on = "image"

    density_range: Annotated[Range, Within(0.0, 10.0)] = (0.5, 1.8)
    light: Fraction = 0.9

    def draw(self, rng: Rng, info: Info) -> dict[str, Any]:
        """Draw the density and a sub-seed."""
        return {"density": rng.uniform(*self.density_range), "seed": rng.seed()}

    def effect(self, draw: Any, info: Info) -> Pixels:
        """Return the pixel function."""
        return Pixels(fogged, {**draw, "light": self.light}, DTYPES)


class SunFlare(Op):
    """The sun in the picture: its glow, rays, and ghosts of the lens on the line through the centre.

    Fields: image; targets stay.

    Args:
        intensity_range: (lo, hi) in [0, 1] of the glow.
        radius_frac_range: (lo, hi) of the sun's glow, as a fraction of the longer side.
        ghosts_range: (lo, hi) of how many ghosts.
    Draws: intensity, radius, position in the upper half, uniform; each ghost's place, size and tint.
    Cost: glow and ghosts at a quarter of the size and one pass.
    """

    on = "image"

    intensity_range: FractionRange = (0.5, 0.9)
    radius_frac_range: Annotated[Range, Within(0.01, 1.0)] = (0.1, 0.25)
    ghosts_range: Annotated[IntRange, Within(0, 30)] = (3, 7)

    def draw(self, rng: Rng, info: Info) -> dict[str, Any]:
        """Draw the sun and the ghosts."""
        sun = {
            "intensity": rng.uniform(*self.intensity_range),
            "radius_frac": rng.uniform(*self.radius_frac_range),
            "x_frac": rng.uniform(0.05, 0.95),
            "y_frac": rng.uniform(0.05, 0.45),
        }
        ghosts = [
            [rng.uniform(-1.6, 0.7), rng.uniform(0.01, 0.05), rng.uniform(0.05, 0.25), rng.random()]
            for _ in range(rng.integer(*self.ghosts_range))
        ]
        return {**sun, "ghosts": ghosts}

    def effect(self, draw: Any, info: Info) -> Pixels:
        """Return the pixel function."""
        return Pixels(flared, draw, DTYPES)


class Spatter(Op):
    """Drops of water, mud or grit on the lens.

    Fields: image; targets stay. Up to cover_range of the picture is covered, in small spots; what must not be hidden
        from its labels is better kept out by a low one.

    Args:
        material: ``water`` (small lenses that bend what is behind them), ``mud`` (opaque brown) or ``grit`` (small
            grey grains).
        cover_range: (lo, hi) in [0, 1] of the share covered.
        grain_frac_range: (lo, hi) of the spots' size, as a fraction of the shorter side.
    Draws: cover and grain uniform; the spots' sub-seed.
    Cost: one noise plane, a blur, a quantile and one pass; water three blurs and a dense resample.
    """

    on = "image"

    material: Literal["water", "mud", "grit"] = "water"
    cover_range: Annotated[FractionRange, Within(0.0, 0.5)] = (0.03, 0.12)
    grain_frac_range: Annotated[Range, Within(0.001, 0.2)] = (0.008, 0.02)

    def draw(self, rng: Rng, info: Info) -> dict[str, Any]:
        """Draw the spots."""
        cover, grain = rng.uniform(*self.cover_range), rng.uniform(*self.grain_frac_range)
        return {"cover": cover, "grain_frac": grain, "seed": rng.seed()}

    def effect(self, draw: Any, info: Info) -> Pixels:
        """Return the pixel function."""
        return Pixels(spattered, {**draw, "material": self.material}, DTYPES)


class ChromaticAberration(Op):
    """Fringes of colour: red and blue are magnified a little otherwise than green.

    Fields: image of three colours (four with opacity); others are left alone. Targets stay with green; red and blue
        move by at most shift_px_range, at the corners.

    Args:
        shift_px_range: (lo, hi) of how far red and blue move outward at the corners, in pixels; negative is inward.
    Draws: the shifts of red and of blue, uniform.
    Cost: one resample of two channels.
    """

    on = "image"

    shift_px_range: Annotated[Range, Within(-8.0, 8.0)] = (-2.0, 2.0)

    def draw(self, rng: Rng, info: Info) -> dict[str, float]:
        """Draw both shifts."""
        return {"red_px": rng.uniform(*self.shift_px_range), "blue_px": rng.uniform(*self.shift_px_range)}

    def effect(self, draw: Any, info: Info) -> Pixels:
        """Return the pixel function."""
        return Pixels(fringed, draw, DTYPES)


def rained(image: np.ndarray, density: float, slant_deg: float, length_frac: float, seed: int) -> np.ndarray:
    """Return the image behind three sheets of rain."""
    height, width = image.shape[:2]
    rng = generator(seed)
    veil: np.ndarray = np.zeros((height, width), np.uint8)
    for size, share, opacity in _DEPTHS:
        length = min(max(length_frac * height * size, 2.0), 120.0)
        thickness = max(1, round(height * 0.00275 * size))
        count = round(density * share * height * width / (length * 14.0))
        _streak(veil, rng, count, length, 90.0 + slant_deg, thickness, 255.0 * opacity)
    veil = cv2.GaussianBlur(veil, (3, 3), 0.5).reshape(height, width)
    haze, seen = 0.22 * density, 1.0 - 0.7 * UNIT_LEVELS
    light = 0.35 + 0.55 * float(luma_levels(image[::4, ::4]).mean()) / 255.0
    wet = 0.8 * light * haze * seen + min(light + 0.2, 1.0) * (1.0 - seen)
    return veiled(image, veil, (1.0 - haze) * seen, wet)


def _streak(
    veil: np.ndarray,
    rng: np.random.Generator,
    count: int,
    length: float,
    angle_deg: float,
    thickness: int,
    level: float,
) -> None:
    """Draw ``count`` straight streaks about an angle, of three strengths up to ``level``, over those that are there."""
    rows, columns = veil.shape
    middles = rng.random((count, 1, 2)) * (columns, rows)
    angles = np.radians(angle_deg + rng.uniform(-1.5, 1.5, count))
    along = np.stack([np.cos(angles), -np.sin(angles)], axis=1)[:, None] * length
    strengths = rng.choice(np.array((0.35, 0.5, 0.7)), count)
    if thickness == 1:
        steps = np.linspace(-0.5, 0.5, math.ceil(length) + 1)
        x, y = (np.floor(middles[:, :, k] + along[:, :, k] * steps).astype(np.int32) for k in (0, 1))
        seen = (x.view(np.uint32) < columns) & (y.view(np.uint32) < rows)
        levels = np.broadcast_to((level * strengths).astype(np.uint8)[:, None], seen.shape)
        veil.ravel()[(y * columns + x)[seen]] = levels[seen]
        return
    ends = np.rint((np.concatenate([middles - along / 2, middles + along / 2], axis=1) - 0.5) * 16.0).astype(np.int32)
    for strength in np.unique(strengths):
        part = list(ends[strengths == strength])
        cv2.polylines(veil, part, False, (level * float(strength),), thickness, cv2.LINE_AA, 4)


def snowed(image: np.ndarray, density: float, cover: float, slant_deg: float, seed: int) -> np.ndarray:
    """Return the image behind falling snow, its bright parts white."""
    height, width = image.shape[:2]
    rng = generator(seed)
    veil: np.ndarray = _lying(image, cover, seed ^ 1)
    np.maximum(veil, np.uint8(38 * density), out=veil)
    for size, share, opacity in _DEPTHS:
        coarse = 2 if size >= 1.0 and min(height, width) >= 64 else 1  # near flakes are large and out of focus
        radius = max(min(height, width) * 0.0028 * size, 0.5)
        flakes = np.zeros((height // coarse, width // coarse), np.uint8)
        count = round(density * share * height * width * 0.008 / (radius + 0.5))
        places = rng.integers(0, flakes.size, count)
        flakes.ravel()[places] = rng.uniform(255.0 * 0.4 * opacity, 255.0 * opacity, count)
        sheet = cv2.filter2D(flakes, -1, _flake(radius / coarse, 90.0 + slant_deg))
        np.maximum(veil, cv2.resize(sheet, (width, height)).reshape(height, width), out=veil)
    return veiled(image, veil, 1.0 - UNIT_LEVELS, 0.96 * UNIT_LEVELS)


def _lying(image: np.ndarray, cover: float, seed: int) -> np.ndarray:
    """Return uint8 (height, width): how white the lying snow makes each pixel; it lies in drifts on what is bright."""
    height, width = image.shape[:2]
    rows, columns = math.ceil(height / 8), math.ceil(width / 8)
    coarse = np.rint(clouds(rows, columns, seed, 0.5, max(rows, columns) / 6.0) * 255.0).astype(np.uint8)
    drifts = cv2.resize(coarse, (width, height)).reshape(height, width)
    darkest = 255.0 * (1.175 - 0.75 * cover)
    bright = cv2.addWeighted(luma_levels(image), 5.0, drifts, 1.75, -5.0 * darkest)
    return cv2.convertScaleAbs(bright, alpha=0.9).reshape(height, width)


def _flake(radius: float, angle_deg: float) -> np.ndarray:
    """Return float32 (side, side): a soft dot, 1 at its middle, drawn out a little by the wind."""
    reach = math.ceil(2.5 * radius)
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1] / radius
    angle = math.radians(angle_deg)
    along, across = x * math.cos(angle) - y * math.sin(angle), x * math.sin(angle) + y * math.cos(angle)
    dot = np.exp(-0.5 * ((along / 1.3) ** 2 + across**2))
    return np.where(dot < 0.1, 0.0, dot).astype(np.float32)


def fogged(image: np.ndarray, density: float, seed: int, light: float) -> np.ndarray:
    """Return the image seen through fog."""
    height, width = image.shape[:2]
    far = np.linspace(1.0, 0.35, height, dtype=np.float32)[:, None]
    depth = far * (0.55 + 0.45 * clouds(height, width, seed, 0.45))
    seen = np.exp(-np.float32(density) * depth)[:, :, None]
    return in_floats(image, lambda value: np.float32(light) + (value - np.float32(light)) * seen)


def flared(
    image: np.ndarray,
    intensity: float,
    radius_frac: float,
    x_frac: float,
    y_frac: float,
    ghosts: list[list[float]],
) -> np.ndarray:
    """Return the image with a sun and its ghosts, light added as on a film: 1 - (1 - a)(1 - b)."""
    height, width = image.shape[:2]
    rows, columns = max(1, height // 2), max(1, width // 2)
    side = max(rows, columns)
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
    sun = x_frac * columns, y_frac * rows
    u, v = x - np.float32(sun[0]), y - np.float32(sun[1])
    distance, radius = np.hypot(u, v), np.float32(radius_frac * side)
    glow = np.exp(-distance / (0.5 * radius)) + np.exp(-((distance / (0.18 * radius)) ** 2))
    turn = np.arctan2(v, u)
    rays = np.maximum(np.cos(turn * 6.0 + 1.0), 0.0) ** 40 + 0.6 * np.maximum(np.cos(turn * 9.0), 0.0) ** 60
    glow += 0.5 * rays * np.exp(-distance / radius)
    warm = np.array((1.0, 0.93, 0.8), np.float32)
    light = np.float32(intensity) * np.minimum(glow, 1.2)[:, :, None] * warm
    for along, size, strength, tint in ghosts:
        centre = columns / 2 + along * (sun[0] - columns / 2), rows / 2 + along * (sun[1] - rows / 2)
        reach = np.hypot(x - np.float32(centre[0]), y - np.float32(centre[1])) / np.float32(size * side)
        ring = np.clip((1.0 - reach) * 6.0, 0.0, 1.0) * (0.45 + 0.55 * np.minimum(reach, 1.0) ** 3)
        hue = 0.5 + 0.5 * np.cos(2.0 * math.pi * (tint + np.array((0.0, 0.33, 0.67))))
        light += np.float32(strength * intensity) * ring[:, :, None] * (0.4 + 0.6 * hue).astype(np.float32)
    full = cv2.resize(np.minimum(light, 1.0), (width, height), interpolation=cv2.INTER_LINEAR)
    full = full.reshape(height, width, 3)

    def lit(value: np.ndarray) -> np.ndarray:
        added = full if value.shape[2] == 3 else full.mean(axis=2, keepdims=True)
        return 1.0 - (1.0 - value) * (1.0 - added)

    return in_floats(image, lit)


_MATTER = {"mud": (0.30, 0.21, 0.13), "grit": (0.42, 0.40, 0.37)}


def spattered(image: np.ndarray, cover: float, grain_frac: float, seed: int, material: str) -> np.ndarray:
    """Return the image with drops on the lens."""
    height, width = image.shape[:2]
    grain = max(grain_frac * min(height, width) * (0.35 if material == "grit" else 1.0), 0.6)
    coarse = 2 if grain >= 2.5 and min(height, width) >= 64 else 1  # what is that smooth can be made smaller
    rows, columns = height // coarse, width // coarse
    noise = cv2.GaussianBlur(generator(seed).standard_normal((rows, columns), np.float32), (0, 0), grain / coarse)
    spread = np.float32(max(float(noise.std()), 1e-6))
    limit = np.float32(np.quantile(noise, 1.0 - cover))
    noise = cv2.resize(noise.reshape(rows, columns), (width, height)).reshape(height, width)
    # The step at the edge of a drop takes about a pixel: the noise's slope there is its deviation over its grain.
    mask = np.clip((noise - limit) / spread * np.float32(grain), 0.0, 1.0)
    if material == "water":
        return _refracted(image, mask, grain, coarse)
    texture = 0.75 + 0.5 * np.clip(noise / spread * 0.25, 0.0, 1.0)[:, :, None]
    opacity = (mask * np.float32(0.92))[:, :, None]

    def covered(value: np.ndarray) -> np.ndarray:
        three = value.shape[2] == 3
        colour = unit_colour(_MATTER[material], 3)
        tint = np.array(colour if three else [sum(colour) / 3] * value.shape[2], np.float32)
        return value + (tint * texture - value) * opacity

    return in_floats(image, covered)


def _refracted(image: np.ndarray, mask: np.ndarray, grain: float, coarse: int) -> np.ndarray:
    """Return the image with drops of water where ``mask`` is 1: small lenses, dark at the rim, lit at the top left."""
    height, width = mask.shape
    small = (width // coarse, height // coarse)
    part = cv2.resize(mask, small, interpolation=cv2.INTER_AREA).reshape(small[::-1])
    thickness = cv2.GaussianBlur(part, (0, 0), grain * 0.6 / coarse).reshape(part.shape) * part
    smooth = cv2.GaussianBlur(thickness, (0, 0), max(grain * 0.3 / coarse, 0.5))
    # Slopes a pixel; Sobel's weights sum to 8. At a drop's rim the slope is about 1 / grain.
    steep = [cv2.Sobel(smooth, -1, *order, ksize=3) * np.float32(grain / coarse / 8.0) for order in _XY]
    slopes = [cv2.resize(slope.reshape(part.shape), (width, height)).reshape(mask.shape) for slope in steep]
    x = np.arange(width, dtype=np.float32) + np.float32(0.5)
    y = np.arange(height, dtype=np.float32)[:, None] + np.float32(0.5)
    bend = np.float32(4.0 * grain)
    nothing = (0.0,) * image.shape[2]
    seen = resample_dense(image, x + bend * slopes[0], y + bend * slopes[1], "reflect", nothing, "linear")
    rim = np.minimum(np.hypot(*slopes) * 2.5, 1.0) * mask
    shine = np.clip((slopes[0] + slopes[1]) * 4.0 - 0.9, 0.0, 1.0) * mask
    keep, light = 1.0 - 0.45 * rim, 0.75 * shine + 0.05 * mask

    def wet(value: np.ndarray) -> np.ndarray:
        channels = value.shape[2]
        value *= for_each(keep, channels)
        added = 1.0 - value
        added *= for_each(light, channels)
        return np.add(value, added, out=added)

    return in_floats(seen, wet)


_XY = ((1, 0), (0, 1))


def fringed(image: np.ndarray, red_px: float, blue_px: float) -> np.ndarray:
    """Return the image with red and blue magnified about the centre."""
    height, width, channels = image.shape
    if channels not in (3, 4):
        return image.copy()
    out = image.copy()
    reach = max(math.hypot(height, width) / 2.0, 1.0)
    for channel, shift in ((0, red_px), (2, blue_px)):
        k = 1.0 + max(shift / reach, -0.5)
        x, y = (width - 1) / 2.0 * (1.0 - k), (height - 1) / 2.0 * (1.0 - k)
        plane = np.ascontiguousarray(colours_of(image)[:, :, channel])
        moved = cv2.warpAffine(
            plane, np.array([[k, 0.0, x], [0.0, k, y]]), (width, height), borderMode=cv2.BORDER_REFLECT
        )
        out[:, :, channel] = moved.reshape(height, width)
    return out
