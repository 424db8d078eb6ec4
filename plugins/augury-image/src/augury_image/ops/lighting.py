"""Light that varies over the picture: gradients, plasma, shadows, vignetting."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

import cv2
import numpy as np

from augury.effects import Pixels
from augury.op import Info, Op
from augury.params import Fraction, FractionRange, IntRange, Range, Within
from augury.rng import Rng
from augury_image.working import DTYPES, clouds, in_floats


class Illumination(Op):
    """Light one side, one corner or one spot more than the rest.

    Fields: image; targets stay.

    Args:
        shape: ``linear`` (from one side to the other), ``corner`` or ``spot`` (a Gaussian).
        intensity_range: (lo, hi) of the change at its strongest, as a share; negative darkens.
    Draws: intensity, direction in degrees, centre and width of the spot, uniform.
    Cost: one small field enlarged and one pass.
    """

    on = "image"

    shape: Literal["linear", "corner", "spot"] = "linear"
    intensity_range: Annotated[Range, Within(-1.0, 4.0)] = (-0.4, 0.4)

    def draw(self, rng: Rng, info: Info) -> dict[str, float]:
        """Draw the light."""
        return {
            "intensity": rng.uniform(*self.intensity_range),
            "angle_deg": rng.uniform(0.0, 360.0),
            "x_frac": rng.uniform(0.2, 0.8),
            "y_frac": rng.uniform(0.2, 0.8),
            "width_frac": rng.uniform(0.2, 0.5),
        }

    def effect(self, draw: Any, info: Info) -> Pixels:
        """Return the pixel function."""
        return Pixels(illuminated, {**draw, "shape": self.shape}, DTYPES)


class PlasmaBrightness(Op):
    """Vary brightness and contrast smoothly over the picture by fractal noise.

    Fields: image; targets stay.

    Args:
        shift_range: (lo, hi) of the shift where the noise is strongest, of [0, 1]; the noise's mean shifts nothing.
        factor_range: (lo, hi) of the contrast's slope where it is strongest.
        roughness: How strong each octave is against the one before, in [0, 1].
    Draws: shift and factor uniform; the noise's sub-seed.
    Cost: some octaves of enlarged noise and two passes.
    """

    on = "image"

    shift_range: Annotated[Range, Within(-1.0, 1.0)] = (-0.4, 0.4)
    factor_range: Annotated[Range, Within(0.0, 10.0)] = (0.7, 1.3)
    roughness: Fraction = 0.45

    def draw(self, rng: Rng, info: Info) -> dict[str, Any]:
        """Draw strengths and a sub-seed."""
        shift, factor = rng.uniform(*self.shift_range), rng.uniform(*self.factor_range)
        return {"shift": shift, "factor": factor, "seed": rng.seed()}

    def effect(self, draw: Any, info: Info) -> Pixels:
        """Return the pixel function."""
        return Pixels(plasma_lit, {**draw, "roughness": self.roughness}, DTYPES)


class PlasmaShadow(Op):
    """Darken by clouds of shadow from fractal noise.

    Fields: image; targets stay.

    Args:
        strength_range: (lo, hi) in [0, 1] of how dark the darkest part becomes.
        roughness: How strong each octave is against the one before, in [0, 1].
    Draws: strength uniform; the noise's sub-seed.
    Cost: some octaves of enlarged noise and one pass.
    """

    on = "image"

    strength_range: FractionRange = (0.3, 0.7)
    roughness: Fraction = 0.45

    def draw(self, rng: Rng, info: Info) -> dict[str, Any]:
        """Draw the strength and a sub-seed."""
        return {"strength": rng.uniform(*self.strength_range), "seed": rng.seed()}

    def effect(self, draw: Any, info: Info) -> Pixels:
        """Return the pixel function."""
        return Pixels(plasma_shaded, {**draw, "roughness": self.roughness}, DTYPES)


class Shadow(Op):
    """Cast shadows of random shapes with soft edges.

    Fields: image; targets stay.

    Args:
        shadows_range: (lo, hi) of how many.
        strength_range: (lo, hi) in [0, 1] of the light taken away.
        softness_frac_range: (lo, hi) of the edge's width, as a fraction of the shorter side.
        corners_range: (lo, hi) of each shape's corners.
    Draws: strength and softness uniform; each shape's corners on an ellipse about a random point.
    Cost: polygons and a blur at a quarter of the size, and one pass.
    """

    on = "image"

    shadows_range: Annotated[IntRange, Within(1, 20)] = (1, 2)
    strength_range: FractionRange = (0.25, 0.6)
    softness_frac_range: Annotated[Range, Within(0.0, 0.5)] = (0.01, 0.05)
    corners_range: Annotated[IntRange, Within(3, 20)] = (4, 6)

    def draw(self, rng: Rng, info: Info) -> dict[str, Any]:
        """Draw the shapes as corners in fractions of width and height."""
        strength, softness = rng.uniform(*self.strength_range), rng.uniform(*self.softness_frac_range)
        shapes = [_blob(rng, rng.integer(*self.corners_range)) for _ in range(rng.integer(*self.shadows_range))]
        return {"strength": strength, "softness_frac": softness, "shapes": shapes}

    def effect(self, draw: Any, info: Info) -> Pixels:
        """Return the pixel function."""
        return Pixels(shadowed, draw, DTYPES)


class Vignetting(Op):
    """Darken towards the corners, as lenses do.

    Fields: image; targets stay.

    Args:
        half_angle_deg_range: (lo, hi) of the angle under which the corner is seen: its light is cos^4 of it.
    Draws: half_angle uniform.
    Cost: one field of the picture's size and one pass.
    Reference: the cos^4 law of illumination.
    """

    on = "image"

    half_angle_deg_range: Annotated[Range, Within(0.0, 80.0)] = (20.0, 45.0)

    def draw(self, rng: Rng, info: Info) -> dict[str, float]:
        """Draw the angle."""
        return {"half_angle_deg": rng.uniform(*self.half_angle_deg_range)}

    def effect(self, draw: Any, info: Info) -> Pixels:
        """Return the pixel function."""
        return Pixels(vignetted, draw, DTYPES)


class BiasField(Op):
    """Multiply by a smooth field, as the coils of magnetic resonance scanners do.

    Fields: image; targets stay.

    Args:
        coefficient_range: (lo, hi) of the polynomial's coefficients; the field is its exponential.
        order: The polynomial's degree.
    Draws: the coefficients, uniform.
    Cost: one field and one pass.
    Reference: Van Leemput et al., 1999; Sudre et al., 2017.
    """

    on = "image"

    coefficient_range: Annotated[Range, Within(-3.0, 3.0)] = (-0.2, 0.2)
    order: Annotated[int, Within(1, 6)] = 3

    def draw(self, rng: Rng, info: Info) -> dict[str, Any]:
        """Draw a coefficient for each power of x and y."""
        count = (self.order + 1) * (self.order + 2) // 2 - 1
        return {"coefficients": [rng.uniform(*self.coefficient_range) for _ in range(count)]}

    def effect(self, draw: Any, info: Info) -> Pixels:
        """Return the pixel function."""
        return Pixels(biased, {**draw, "order": self.order}, DTYPES)


def _axes(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Return y (height, 1) and x (1, width) of the pixels' centres, -1 to 1 over the picture, float32."""
    y = (np.arange(height, dtype=np.float32)[:, None] + 0.5) * np.float32(2.0 / height) - 1.0
    x = (np.arange(width, dtype=np.float32)[None, :] + 0.5) * np.float32(2.0 / width) - 1.0
    return y, x


def lit(image: np.ndarray, light: np.ndarray) -> np.ndarray:
    """Return the image's colours multiplied by ``light``, float32 (height, width)."""
    return in_floats(image, lambda value: value * light[:, :, None])


def illuminated(
    image: np.ndarray,
    intensity: float,
    angle_deg: float,
    x_frac: float,
    y_frac: float,
    width_frac: float,
    shape: str,
) -> np.ndarray:
    """Return the image under uneven light."""
    y, x = _axes(*image.shape[:2])
    if shape == "spot":
        u, v = (x + 1.0) / 2.0 - np.float32(x_frac), (y + 1.0) / 2.0 - np.float32(y_frac)
        field = np.exp(-(u * u) / np.float32(2 * width_frac**2)) * np.exp(-(v * v) / np.float32(2 * width_frac**2))
    elif shape == "corner":
        right, down = 90 <= angle_deg < 270, angle_deg >= 180
        u, v = (1.0 + x if right else 1.0 - x) / 2.0, (1.0 + y if down else 1.0 - y) / 2.0
        field = 1.0 - np.minimum(np.hypot(u, v) / np.float32(math.sqrt(2.0)), 1.0)
    else:
        c, s = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
        field = (np.float32(c) * x + np.float32(s) * y) / np.float32(abs(c) + abs(s))
    return lit(image, 1.0 + np.float32(intensity) * field)


def plasma_lit(image: np.ndarray, shift: float, factor: float, seed: int, roughness: float) -> np.ndarray:
    """Return the image with brightness and contrast varied by noise."""
    noise = clouds(image.shape[0], image.shape[1], seed, roughness) * 2.0 - 1.0
    noise -= noise.mean()
    slope = 1.0 + np.float32(factor - 1.0) * np.abs(noise)
    offset = 0.5 - 0.5 * slope + np.float32(shift) * noise
    return in_floats(image, lambda value: value * slope[:, :, None] + offset[:, :, None])


def plasma_shaded(image: np.ndarray, strength: float, seed: int, roughness: float) -> np.ndarray:
    """Return the image darkened by noise."""
    return lit(image, 1.0 - np.float32(strength) * clouds(image.shape[0], image.shape[1], seed, roughness))


def _blob(rng: Rng, corners: int) -> list[list[float]]:
    """Draw a star-shaped polygon about a random point, in fractions of width and height."""
    x, y = rng.uniform(0.1, 0.9), rng.uniform(0.2, 1.0)
    wide, high = rng.uniform(0.2, 0.6), rng.uniform(0.15, 0.5)
    turns = sorted(rng.uniform(0.0, 2.0 * math.pi) for _ in range(corners))
    out = []
    for turn in turns:
        reach = rng.uniform(0.6, 1.0)
        out.append([x + wide * reach * math.cos(turn), y + high * reach * math.sin(turn)])
    return out


def shadowed(image: np.ndarray, strength: float, softness_frac: float, shapes: list[list[list[float]]]) -> np.ndarray:
    """Return the image with soft polygons darkened."""
    height, width = image.shape[:2]
    shade = np.zeros((max(1, height // 4), max(1, width // 4)), np.uint8)
    for shape in shapes:
        points = np.rint(np.asarray(shape) * (shade.shape[1], shade.shape[0]) * 16 - 8).astype(np.int32)
        cv2.fillPoly(shade, [points], (255,), lineType=cv2.LINE_AA, shift=4)
    sigma = max(softness_frac * min(shade.shape) / 2.0, 0.5)
    smooth = cv2.GaussianBlur(shade, (0, 0), sigma)
    full = cv2.resize(smooth, (width, height), interpolation=cv2.INTER_LINEAR)
    return lit(image, 1.0 - full * np.float32(strength / 255.0))


def vignetted(image: np.ndarray, half_angle_deg: float) -> np.ndarray:
    """Return the image darkened by the cos^4 law, the corner seen under the angle."""
    height, width = image.shape[:2]
    y, x = _axes(height, width)
    reach = math.hypot(height, width)
    squared = (y * np.float32(height / reach)) ** 2 + (x * np.float32(width / reach)) ** 2
    cosine = 1.0 / (1.0 + squared * np.float32(math.tan(math.radians(half_angle_deg)) ** 2))
    return lit(image, cosine * cosine)


def biased(image: np.ndarray, coefficients: list[float], order: int) -> np.ndarray:
    """Return the image times exp of a polynomial in x and y from -1 to 1."""
    y, x = _axes(*image.shape[:2])
    powers = [(i, total - i) for total in range(1, order + 1) for i in range(total + 1)]
    rows = np.zeros((order + 1, order + 1), np.float32)
    for (i, j), coefficient in zip(powers, coefficients, strict=True):
        rows[j, i] = coefficient
    columns = np.concatenate([x**i for i in range(order + 1)])
    down = np.concatenate([y**j for j in range(order + 1)], axis=1)
    return lit(image, np.exp(down @ rows @ columns))
