"""Detail: sharpen, unsharp mask, emboss, ringing; and local contrast and superpixels."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Annotated, Any

import cv2
import numpy as np

from augury.effects import Pixels
from augury.op import Info, Op
from augury.params import FractionRange, IntRange, PositiveRange, Range, Within
from augury.rng import Rng, generator
from augury_image.paint import UNIT
from augury_image.working import DTYPES, colours_of, filtered, in_floats, luma_of, to_dtype, to_unit, with_colours


class Sharpen(Op):
    """Sharpen by a 3 x 3 Laplacian.

    Fields: image; targets stay.

    Args:
        strength_range: (lo, hi) in [0, 1]; 0 changes nothing.
        lightness_range: (lo, hi) of what the sharpened part weighs: 1 keeps the brightness.
    Draws: strength and lightness uniform.
    Cost: one 3 x 3 filter.
    """

    on = "image"

    strength_range: FractionRange = (0.2, 0.5)
    lightness_range: Annotated[Range, Within(0.0, 10.0)] = (1.0, 1.0)

    def draw(self, rng: Rng, info: Info) -> dict[str, float]:
        """Draw the strengths."""
        return {"strength": rng.uniform(*self.strength_range), "lightness": rng.uniform(*self.lightness_range)}

    def effect(self, draw: Any, info: Info) -> Pixels:
        """Return the pixel function."""
        return Pixels(sharpened, draw, DTYPES)


class Emboss(Op):
    """Look like a relief lit from the top left, blended with the picture.

    Fields: image; targets stay.

    Args:
        opacity_range: (lo, hi) in [0, 1] of the relief's share.
        strength_range: (lo, hi) of the relief's slope.
    Draws: both uniform.
    Cost: one 3 x 3 filter.
    """

    on = "image"

    opacity_range: FractionRange = (0.2, 0.5)
    strength_range: Annotated[Range, Within(0.0, 10.0)] = (0.2, 0.7)

    def draw(self, rng: Rng, info: Info) -> dict[str, float]:
        """Draw both."""
        return {"opacity": rng.uniform(*self.opacity_range), "strength": rng.uniform(*self.strength_range)}

    def effect(self, draw: Any, info: Info) -> Pixels:
        """Return the pixel function."""
        return Pixels(embossed, draw, DTYPES)


class UnsharpMask(Op):
    """Sharpen by adding the difference to a blurred copy.

    Fields: image; targets stay.

    Args:
        sigma_px_range: (lo, hi) of the blur's standard deviation in pixels.
        amount_range: (lo, hi) that the difference is multiplied by.
        threshold: Differences of at most this much, in [0, 1], are left: flat parts keep their noise.
    Draws: sigma and amount uniform.
    Cost: one Gaussian blur and, with a threshold, two passes.
    """

    on = "image"

    sigma_px_range: Annotated[PositiveRange, Within(0.1, 100.0)] = (0.8, 2.0)
    amount_range: Annotated[Range, Within(0.0, 10.0)] = (0.3, 0.8)
    threshold: Annotated[float, Within(0.0, 1.0)] = 0.0

    def draw(self, rng: Rng, info: Info) -> dict[str, float]:
        """Draw sigma and amount."""
        return {"sigma_px": rng.uniform(*self.sigma_px_range), "amount": rng.uniform(*self.amount_range)}

    def effect(self, draw: Any, info: Info) -> Pixels:
        """Return the pixel function."""
        return Pixels(unsharp_masked, {**draw, "threshold": self.threshold}, DTYPES)


class RingingOvershoot(Op):
    """Ring at edges, as an ideal low-pass filter does.

    Fields: image; targets stay.

    Args:
        cutoff_rad_range: (lo, hi) of the greatest frequency that passes, in radians a pixel (pi is all).
        radius_px: How far the kernel reaches.
    Draws: cutoff uniform.
    Cost: a filter 2 * radius_px + 1 wide.
    Reference: Wang et al., Real-ESRGAN, 2021, equation 3: cutoff J1(cutoff r) / (2 pi r).
    """

    on = "image"

    cutoff_rad_range: Annotated[Range, Within(0.2, math.pi)] = (math.pi / 4, math.pi / 2)
    radius_px: Annotated[int, Within(1, 50)] = 7

    def draw(self, rng: Rng, info: Info) -> dict[str, float]:
        """Draw the cutoff."""
        return {"cutoff_rad": rng.uniform(*self.cutoff_rad_range)}

    def effect(self, draw: Any, info: Info) -> Pixels:
        """Return the pixel function."""
        return Pixels(ringing, {**draw, "radius_px": self.radius_px}, DTYPES)


class Clahe(Op):
    """Equalize the luma's histogram in tiles, its slope limited.

    Fields: image; targets stay. Grey pictures are OpenCV's CLAHE; in colours the change of the luma is added to all
        channels, so that colour differences stay (albumentations equalizes L of CIELAB instead).

    Args:
        clip_limit_range: (lo, hi) of the limit of a tile's histogram, in multiples of its mean.
        tiles: Rows and columns of tiles.
    Draws: clip_limit uniform.
    Cost: one CLAHE of one channel; 16 bit and floats run in 16 bit.
    Reference: Zuiderveld, Graphics Gems IV, 1994, as OpenCV has it.
    """

    on = "image"

    clip_limit_range: Annotated[PositiveRange, Within(0.01, 100.0)] = (1.0, 4.0)
    tiles: tuple[int, int] = (8, 8)

    def draw(self, rng: Rng, info: Info) -> dict[str, float]:
        """Draw the limit."""
        return {"clip_limit": rng.uniform(*self.clip_limit_range)}

    def effect(self, draw: Any, info: Info) -> Pixels:
        """Return the pixel function."""
        return Pixels(locally_equalized, {**draw, "tiles": self.tiles}, DTYPES)


class Superpixels(Op):
    """Replace regions of like colour by their mean.

    Fields: image; targets stay.

    Args:
        count_range: (lo, hi) of how many regions there are, about.
        replaced_range: (lo, hi) in [0, 1] of the share of regions that is replaced.
    Draws: count, share; the sub-seed of which.
    Cost: a gradient, a watershed and one pass; not SLIC, which takes ten times as long.
    Reference: Machairas et al., Waterpixels, 2015: a watershed from a grid of markers.
    """

    on = "image"

    count_range: Annotated[IntRange, Within(2, 100_000)] = (100, 400)
    replaced_range: FractionRange = (0.3, 0.8)

    def draw(self, rng: Rng, info: Info) -> dict[str, Any]:
        """Draw count, share and a sub-seed."""
        count, replaced = rng.integer(*self.count_range), rng.uniform(*self.replaced_range)
        return {"count": count, "replaced": replaced, "seed": rng.seed()}

    def effect(self, draw: Any, info: Info) -> Pixels:
        """Return the pixel function."""
        return Pixels(regions_averaged, draw, DTYPES)


def sharpened(image: np.ndarray, strength: float, lightness: float) -> np.ndarray:
    """Return the image mixed with its Laplacian-sharpened self."""
    kernel = np.full((3, 3), -strength, np.float32)
    kernel[1, 1] = (1.0 - strength) + strength * (8.0 + lightness)
    return filtered(image, kernel)


def embossed(image: np.ndarray, opacity: float, strength: float) -> np.ndarray:
    """Return the image mixed with its relief; a flat part stays as it is."""
    relief = np.array([[-1.0 - strength, -strength, 0.0], [-strength, 1.0, strength], [0.0, strength, 1.0 + strength]])
    kernel = opacity * relief
    kernel[1, 1] += 1.0 - opacity
    return filtered(image, kernel.astype(np.float32))


def unsharp_masked(image: np.ndarray, sigma_px: float, amount: float, threshold: float) -> np.ndarray:
    """Return image + amount x (image - blurred) where the difference is above the threshold."""
    smooth = cv2.GaussianBlur(image, (0, 0), sigma_px).reshape(image.shape)
    sharp = cv2.addWeighted(image, 1.0 + amount, smooth, -amount, 0.0).reshape(image.shape)
    if threshold > 0.0:
        sharp = np.where(cv2.absdiff(image, smooth).reshape(image.shape) > threshold * UNIT[image.dtype], sharp, image)
    return np.clip(sharp, 0.0, 1.0) if sharp.dtype.kind == "f" else sharp


@lru_cache(maxsize=64)
def low_pass_kernel(cutoff_rad: float, radius_px: int) -> np.ndarray:
    """Return float32 (side, side), sum 1: the circular ideal low-pass cut to a square.

    J1 by its integral (1/pi) int_0^pi cos(t - z sin t) dt.
    """
    y, x = np.mgrid[-radius_px : radius_px + 1, -radius_px : radius_px + 1].astype(np.float64)
    r = np.hypot(x, y)
    t = (np.arange(256) + 0.5) * (math.pi / 256)
    distances, where = np.unique(r, return_inverse=True)
    bessel = np.cos(t[None, :] - cutoff_rad * distances[:, None] * np.sin(t)[None, :]).mean(axis=1)
    safe = np.where(distances > 0, distances, 1.0)
    values = np.where(distances > 0, cutoff_rad * bessel / (2 * math.pi * safe), cutoff_rad**2 / (4 * math.pi))
    kernel = values[where].reshape(r.shape)
    return (kernel / kernel.sum()).astype(np.float32)


def ringing(image: np.ndarray, cutoff_rad: float, radius_px: int) -> np.ndarray:
    """Return the image low-passed by the kernel."""
    return filtered(image, low_pass_kernel(cutoff_rad, radius_px))


def locally_equalized(image: np.ndarray, clip_limit: float, tiles: tuple[int, int]) -> np.ndarray:
    """Return the image with its luma equalized in tiles."""
    clahe = cv2.createCLAHE(clip_limit, (tiles[1], tiles[0]))
    colours = colours_of(image)
    if colours.shape[2] == 1:
        grey = np.ascontiguousarray(colours[:, :, 0])
        if image.dtype.kind == "f":
            return with_colours(image, to_unit(clahe.apply(to_dtype(grey.copy(), np.dtype(np.uint16)))))
        return with_colours(image, clahe.apply(grey))
    if image.dtype == np.uint8 and colours.shape[2] == 3:
        planes = cv2.cvtColor(np.ascontiguousarray(colours), cv2.COLOR_RGB2YCrCb)
        cv2.insertChannel(clahe.apply(cv2.extractChannel(planes, 0)), planes, 0)
        return with_colours(image, cv2.cvtColor(planes, cv2.COLOR_YCrCb2RGB))

    def changed(value: np.ndarray) -> np.ndarray:
        luma = luma_of(value)
        after = clahe.apply(to_dtype(luma.copy(), np.dtype(np.uint16)))
        return value + (to_unit(after) - luma)[:, :, None]

    return in_floats(image, changed)


def regions_averaged(image: np.ndarray, count: int, replaced: float, seed: int) -> np.ndarray:
    """Return the image with a share of its superpixels replaced by their mean."""
    height, width, _ = image.shape
    labels = regions(image, count)
    number = int(labels.max()) + 1
    colours = to_unit(colours_of(image))
    flat, sizes = labels.ravel(), np.maximum(np.bincount(labels.ravel(), minlength=number), 1)
    means = np.stack(
        [np.bincount(flat, colours[:, :, c].ravel(), number) / sizes for c in range(colours.shape[2])], axis=1
    )
    chosen = generator(seed).random(number) < replaced
    smooth = to_dtype(means.astype(np.float32).take(flat, axis=0), image.dtype).reshape(height, width, -1)
    return with_colours(image, np.where(chosen.take(labels)[:, :, None], smooth, colours_of(image)))


def regions(image: np.ndarray, count: int) -> np.ndarray:
    """Return int32 (height, width): the number of the region each pixel lies in, about ``count`` of them."""
    height, width, _ = image.shape
    step = max(math.sqrt(height * width / count), 2.0)
    rows, columns = max(1, round(height / step)), max(1, round(width / step))
    if min(height, width) < 3:
        return np.zeros((height, width), np.int32)
    y = ((np.arange(rows) + 0.5) * height / rows).astype(int)
    x = ((np.arange(columns) + 0.5) * width / columns).astype(int)
    markers = np.zeros((height, width), np.int32)
    markers[np.ix_(y, x)] = np.arange(1, rows * columns + 1, dtype=np.int32).reshape(rows, columns)
    grey = to_dtype(luma_of(to_unit(colours_of(image))), np.dtype(np.uint8))
    smooth = cv2.GaussianBlur(grey, (5, 5), 1.0)
    edges = cv2.morphologyEx(smooth, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    cv2.watershed(cv2.merge([edges, edges, edges]), markers)
    found = markers.astype(np.float32)
    while (found < 1).any():
        found = np.where(found < 1, cv2.dilate(found, np.ones((3, 3), np.uint8)), found)
    return found.astype(np.int32) - 1
