"""Blurs beside the Gaussian: box, median, motion, defocus, zoom, glass, and an anisotropic Gaussian.

All are symmetric about the pixel, so that nothing moves; their kernels sum to 1.
"""

from __future__ import annotations

import math
from typing import Annotated, Any

import cv2
import numpy as np

from augury.effects import Pixels
from augury.errors import FieldError, describe, shown
from augury.op import Info, Op
from augury.params import IntRange, PositiveRange, Range, Within
from augury.rng import Rng, generator
from augury_image.warp import Colour, as_four
from augury_image.working import DTYPES, filtered


class BoxBlur(Op):
    """Average over a square.

    Fields: image; targets stay.

    Args:
        radius_px_range: (lo, hi) of how far the square reaches from its middle pixel; its side is 2 * radius + 1.
    Draws: radius, each equally likely.
    Cost: one pass, whatever the radius.
    """

    on = "image"

    radius_px_range: Annotated[IntRange, Within(0, 200)] = (1, 3)

    def draw(self, rng: Rng, info: Info) -> dict[str, int]:
        """Draw the radius."""
        return {"radius_px": rng.integer(*self.radius_px_range)}

    def effect(self, draw: Any, info: Info) -> Pixels:
        """Return the pixel function."""
        return Pixels(box_blurred, draw, DTYPES)


class MedianBlur(Op):
    """Replace each value by the median of a square about it.

    Fields: image; targets stay.

    Args:
        radius_px_range: (lo, hi) of how far the square reaches. Above 2 needs uint8.
    Draws: radius, each equally likely.
    Cost: one pass for 8 bit, whatever the radius.
    """

    on = "image"

    radius_px_range: Annotated[IntRange, Within(0, 100)] = (1, 2)

    def draw(self, rng: Rng, info: Info) -> dict[str, int]:
        """Draw the radius."""
        return {"radius_px": rng.integer(*self.radius_px_range)}

    def effect(self, draw: Any, info: Info) -> Pixels:
        """Return the pixel function."""
        return Pixels(median_blurred, draw, DTYPES)


class MotionBlur(Op):
    """Blur along a straight line, as a moving camera does.

    Fields: image; targets stay, at the middle of the movement.

    Args:
        length_px_range: (lo, hi) of the line's length in pixels.
        angle_deg_range: (lo, hi) of its direction in degrees, anticlockwise from the x axis.
    Draws: length and angle uniform.
    Cost: a filter as wide as the line.
    """

    on = "image"

    length_px_range: Annotated[PositiveRange, Within(0.1, 300.0)] = (3.0, 12.0)
    angle_deg_range: Annotated[Range, Within(-360.0, 360.0)] = (0.0, 180.0)

    def draw(self, rng: Rng, info: Info) -> dict[str, float]:
        """Draw length and angle."""
        return {"length_px": rng.uniform(*self.length_px_range), "angle_deg": rng.uniform(*self.angle_deg_range)}

    def effect(self, draw: Any, info: Info) -> Pixels:
        """Return the pixel function."""
        return Pixels(motion_blurred, draw, DTYPES)


class Defocus(Op):
    """Blur by a disc, as a lens out of focus does.

    Fields: image; targets stay.

    Args:
        radius_px_range: (lo, hi) of the circle of confusion's radius in pixels.
    Draws: radius uniform.
    Cost: a filter 2 * radius + 1 wide.
    """

    on = "image"

    radius_px_range: Annotated[PositiveRange, Within(0.1, 100.0)] = (1.0, 5.0)

    def draw(self, rng: Rng, info: Info) -> dict[str, float]:
        """Draw the radius."""
        return {"radius_px": rng.uniform(*self.radius_px_range)}

    def effect(self, draw: Any, info: Info) -> Pixels:
        """Return the pixel function."""
        return Pixels(defocused, draw, DTYPES)


class ZoomBlur(Op):
    """Blur from and towards the centre, as zooming while the shutter is open does.

    Fields: image; targets stay, at the middle of the zoom.

    Args:
        zoom_range: (lo, hi) of the zoom from the exposure's first to its last moment, above 1.
    Draws: zoom uniform.
    Cost: a resample for each doubling of the number of moments, so that none is over a pixel from the next.
    """

    on = "image"

    zoom_range: Annotated[Range, Within(1.0, 3.0)] = (1.02, 1.12)

    def draw(self, rng: Rng, info: Info) -> dict[str, float]:
        """Draw the zoom."""
        return {"zoom": rng.uniform(*self.zoom_range)}

    def effect(self, draw: Any, info: Info) -> Pixels:
        """Return the pixel function."""
        return Pixels(zoom_blurred, draw, DTYPES)


class GlassBlur(Op):
    """Scatter pixels about their place, as frosted glass does.

    Fields: image; targets stay: a pixel is read from at most reach_px away, on average from its place.

    Args:
        sigma_px_range: (lo, hi) of the Gaussian blur before and after the scattering.
        reach_px_range: (lo, hi) of how far pixels are scattered along each axis, in whole pixels.
    Draws: sigma, reach; the scattering's sub-seed.
    Cost: two blurs and one gather.
    """

    on = "image"

    sigma_px_range: Annotated[PositiveRange, Within(0.01, 20.0)] = (0.4, 0.8)
    reach_px_range: Annotated[IntRange, Within(0, 32)] = (1, 4)

    def draw(self, rng: Rng, info: Info) -> dict[str, Any]:
        """Draw the strengths and a sub-seed."""
        sigma, reach = rng.uniform(*self.sigma_px_range), rng.integer(*self.reach_px_range)
        return {"sigma_px": sigma, "reach_px": reach, "seed": rng.seed()}

    def effect(self, draw: Any, info: Info) -> Pixels:
        """Return the pixel function."""
        return Pixels(scattered, draw, DTYPES)


class AdvancedBlur(Op):
    """Blur by a turned, stretched, sharper or flatter Gaussian with an uneven kernel.

    Fields: image; targets stay.

    Args:
        sigma_px_range: (lo, hi) of the standard deviations along both axes of the kernel.
        angle_deg_range: (lo, hi) of the first axis' direction in degrees.
        beta_range: (lo, hi) of the exponent: 1 is a Gaussian, below it has a sharp peak, above a flat one.
        unevenness_range: (lo, hi) that the kernel's weights vary by, as a fraction; opposite weights vary alike.
    Draws: two sigmas, angle and unevenness uniform, beta in its logarithm; the unevenness' sub-seed.
    Cost: a filter 6 sigma wide.
    Reference: Wang et al., Real-ESRGAN, 2021, generalised Gaussian kernels.
    """

    on = "image"

    sigma_px_range: Annotated[PositiveRange, Within(0.1, 50.0)] = (0.4, 2.5)
    angle_deg_range: Annotated[Range, Within(-360.0, 360.0)] = (-90.0, 90.0)
    beta_range: Annotated[PositiveRange, Within(0.2, 20.0)] = (0.5, 4.0)
    unevenness_range: Annotated[Range, Within(0.0, 1.0)] = (0.0, 0.25)

    def draw(self, rng: Rng, info: Info) -> dict[str, Any]:
        """Draw the kernel's shape."""
        return {
            "sigmas_px": [rng.uniform(*self.sigma_px_range), rng.uniform(*self.sigma_px_range)],
            "angle_deg": rng.uniform(*self.angle_deg_range),
            "beta": rng.log_uniform(*self.beta_range),
            "unevenness": rng.uniform(*self.unevenness_range),
            "seed": rng.seed(),
        }

    def effect(self, draw: Any, info: Info) -> Pixels:
        """Return the pixel function."""
        return Pixels(shaped_blurred, draw, DTYPES)


def box_blurred(image: np.ndarray, radius_px: int) -> np.ndarray:
    """Return the mean of a square about each pixel."""
    side = 2 * radius_px + 1
    return cv2.blur(image, (side, side), borderType=cv2.BORDER_REFLECT_101).reshape(image.shape)


def median_blurred(image: np.ndarray, radius_px: int) -> np.ndarray:
    """Return the median of a square about each value.

    Raises:
        FieldError: for a radius above 2 on anything but uint8.
    """
    if image.dtype != np.uint8 and radius_px > 2:
        fix = "set radius_px_range to at most 2, or convert the image to uint8"
        raise FieldError(describe("", "uint8 for a median of radius above 2", shown(image.dtype.name), fix=fix))
    if radius_px == 0:
        return image.copy()
    side = 2 * radius_px + 1
    if image.shape[2] in (1, 3, 4):
        return cv2.medianBlur(image, side).reshape(image.shape)
    return np.dstack([cv2.medianBlur(np.ascontiguousarray(plane), side) for plane in np.moveaxis(image, 2, 0)])


def line_kernel(length_px: float, angle_deg: float) -> np.ndarray:
    """Return float32 (side, side), sum 1: a line through the middle, shared between the pixels it passes."""
    reach = math.ceil(length_px / 2.0)
    along = (
        (np.arange(64) + 0.5) / 64.0 - 0.5 if length_px < 8 else (np.arange(8 * reach * 2) + 0.5) / (16 * reach) - 0.5
    )
    angle = math.radians(angle_deg)
    x, y = reach + along * length_px * math.cos(angle), reach - along * length_px * math.sin(angle)
    kernel = np.zeros((2 * reach + 2, 2 * reach + 2), np.float64)
    column, row = np.floor(x).astype(int), np.floor(y).astype(int)
    u, v = x - column, y - row
    for down, right, weight in ((0, 0, (1 - u) * (1 - v)), (0, 1, u * (1 - v)), (1, 0, (1 - u) * v), (1, 1, u * v)):
        np.add.at(kernel, (row + down, column + right), weight)
    return (kernel[:-1, :-1] / kernel[:-1, :-1].sum()).astype(np.float32)


def motion_blurred(image: np.ndarray, length_px: float, angle_deg: float) -> np.ndarray:
    """Return the image averaged along a line."""
    return filtered(image, line_kernel(length_px, angle_deg))


def disc_kernel(radius_px: float) -> np.ndarray:
    """Return float32 (side, side), sum 1: each pixel's coverage by a disc, from 8 x 8 points a pixel."""
    reach = math.ceil(radius_px - 0.5) if radius_px > 0.5 else 1
    fine = (np.arange((2 * reach + 1) * 8) + 0.5) / 8.0 - (reach + 0.5)
    inside = fine[:, None] ** 2 + fine[None, :] ** 2 <= radius_px**2
    kernel = inside.reshape(2 * reach + 1, 8, 2 * reach + 1, 8).sum(axis=(1, 3)).astype(np.float32)
    return kernel / kernel.sum()


def defocused(image: np.ndarray, radius_px: float) -> np.ndarray:
    """Return the image blurred by a disc."""
    return filtered(image, disc_kernel(radius_px))


def zoom_blurred(image: np.ndarray, zoom: float) -> np.ndarray:
    """Return the mean of the image zoomed by 2**k steps from 1/sqrt(zoom) to sqrt(zoom) about the centre.

    The mean over twice as many moments is that over the first half averaged with itself zoomed on, so k resamples do.
    """
    height, width = image.shape[:2]
    travel = math.log(zoom) * math.hypot(height, width) / 2.0
    doublings = min(max(math.ceil(math.log2(max(travel, 1.0) + 1.0)), 1), 8)
    step = math.log(zoom) / (2**doublings - 1)

    def moments(value: np.ndarray, _: Colour) -> np.ndarray:
        value = _zoomed(value, math.exp(-math.log(zoom) / 2.0), np.empty_like(value))
        later = np.empty_like(value)
        for k in range(doublings):
            later = _zoomed(value, math.exp(step * 2**k), later)
            value = cv2.addWeighted(value, 0.5, later, 0.5, 0.0, dst=value)
        return value

    value = as_four(moments, image.astype(np.float32), (), height * width).reshape(image.shape)
    return value if image.dtype.kind == "f" else np.rint(value).astype(image.dtype)


def _zoomed(value: np.ndarray, factor: float, into: np.ndarray) -> np.ndarray:
    """Return ``into``: a picture's memory taken anew for each moment would take as long as the resample."""
    height, width = value.shape[:2]
    x, y = (width - 1) / 2.0, (height - 1) / 2.0
    matrix = np.array([[factor, 0.0, x * (1.0 - factor)], [0.0, factor, y * (1.0 - factor)]])
    return cv2.warpAffine(value, matrix, (width, height), dst=into, borderMode=cv2.BORDER_REFLECT)


def scattered(image: np.ndarray, sigma_px: float, reach_px: int, seed: int) -> np.ndarray:
    """Return the image blurred, each pixel read from a random one near, and blurred again."""
    height, width, channels = image.shape
    side = 2 * max(1, math.ceil(3.0 * sigma_px)) + 1
    value = cv2.GaussianBlur(image, (side, side), sigma_px).reshape(image.shape)
    steps = generator(seed).integers(-reach_px, reach_px, (2, height, width), np.int32, endpoint=True)
    rows = np.clip(np.arange(height, dtype=np.int32)[:, None] + steps[0], 0, height - 1)
    columns = np.clip(np.arange(width, dtype=np.int32)[None, :] + steps[1], 0, width - 1)
    value = value.reshape(-1, channels).take((rows.astype(np.int64) * width + columns).ravel(), axis=0)
    return cv2.GaussianBlur(value.reshape(image.shape), (side, side), sigma_px).reshape(image.shape)


def shaped_kernel(sigmas_px: list[float], angle_deg: float, beta: float, unevenness: float, seed: int) -> np.ndarray:
    """Return float32 (side, side), sum 1: exp(-q**beta / 2), q the squared distance in sigmas, weights varied."""
    reach = max(1, math.ceil(3.0 * max(sigmas_px)))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(np.float64)
    c, s = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
    squared = ((c * x - s * y) / sigmas_px[0]) ** 2 + ((s * x + c * y) / sigmas_px[1]) ** 2
    noise = generator(seed).uniform(-1.0, 1.0, x.shape)
    kernel = np.exp(-0.5 * squared**beta) * (1.0 + unevenness * 0.5 * (noise + noise[::-1, ::-1]))
    return (kernel / kernel.sum()).astype(np.float32)


def shaped_blurred(image: np.ndarray, **shape: Any) -> np.ndarray:
    """Return the image blurred by `shaped_kernel`."""
    return filtered(image, shaped_kernel(**shape))
