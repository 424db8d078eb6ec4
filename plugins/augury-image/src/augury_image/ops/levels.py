"""Tones that depend on the picture's own levels, as Pillow has them: autocontrast, equalize; and sharpness."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import cv2
import numpy as np

from augury.effects import Pixels
from augury.op import Info, Op
from augury.params import Range, Within
from augury.rng import Rng
from augury_image.paint import UNIT
from augury_image.tones import look_up

_EXACT = 1 << 24
"""OpenCV's counts are floats of 24 bits."""


class Autocontrast(Op):
    """Stretch each channel so that its least level is black and its greatest white.

    Fields: image; targets stay.

    Cost: two passes.
    Reference: Pillow's ImageOps.autocontrast.
    """

    on = "image"

    def effect(self, draw: Any, info: Info) -> Pixels:
        """Return the function."""
        return Pixels(stretch_levels, accepts=("uint8", "uint16", "float32"))


class Equalize(Op):
    """Give each channel a flat histogram.

    Fields: image; targets stay.

    Cost: a histogram and a table a channel; 16 bit and floats are counted in 256 levels and mapped between them.
    Reference: Pillow's ImageOps.equalize, whose results it gives on 8 bit.
    """

    on = "image"

    def effect(self, draw: Any, info: Info) -> Pixels:
        """Return the function."""
        return Pixels(equalize_levels, accepts=("uint8", "uint16", "float32"))


class Sharpness(Op):
    """Blur or sharpen: mix the picture with its smoothed self.

    Fields: image; targets stay.

    Args:
        factor_range: (lo, hi) of the picture's weight; 0 is smooth, 1 the picture, above 1 sharp.
    Draws: factor uniform in factor_range.
    Cost: one small filter and one pass.
    Reference: Pillow's ImageEnhance.Sharpness and torchvision's adjust_sharpness; the outermost pixels stay.
    """

    on = "image"

    factor_range: Annotated[Range, Within(0.0, 20.0)] = (0.5, 2.0)

    def draw(self, rng: Rng, info: Info) -> dict[str, float]:
        """Draw the factor."""
        return {"factor": rng.uniform(*self.factor_range)}

    def effect(self, draw: Any, info: Info) -> Pixels:
        """Return the function."""
        return Pixels(sharpened, draw, ("uint8", "uint16", "float32"))


def stretch_levels(image: np.ndarray) -> np.ndarray:
    """Return each channel stretched to all levels; one of a single level stays."""
    if image.dtype == np.uint8:
        return _by_tables(image, _stretching)
    unit = UNIT[image.dtype]
    least = image.min(axis=(0, 1)).astype(np.float64)
    span = image.max(axis=(0, 1)) - least
    gain = np.where(span > 0, unit / np.where(span > 0, span, 1.0), 1.0)
    shift = np.where(span > 0, -least * gain, 0.0)
    out = image * gain.astype(np.float32) + shift.astype(np.float32)
    held = np.minimum(np.maximum(out, np.float32(0.0)), np.float32(unit))
    return held if image.dtype == np.float32 else np.rint(held).astype(image.dtype)


def equalize_levels(image: np.ndarray) -> np.ndarray:
    """Return each channel equalized."""
    if image.dtype == np.uint8:
        return _by_tables(image, _equalizing)
    unit = np.float32(UNIT[image.dtype])
    levels = image * (np.float32(255.0) / unit)
    coarse = np.rint(levels).astype(np.uint8)
    out = np.empty_like(image)
    for c in range(image.shape[2]):
        table = _equalizing(np.ascontiguousarray(coarse[:, :, c]))
        even = np.interp(levels[:, :, c], np.arange(256), table) * (unit / 255.0)
        out[:, :, c] = even if image.dtype == np.float32 else np.rint(even)
    return out


def _by_tables(image: np.ndarray, table_of: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Return an 8-bit image with each channel sent through the table that is made of it."""
    tables = [table_of(plane.reshape(image.shape[:2])) for plane in cv2.split(image)]
    return look_up(image, np.stack(tables, axis=1))


def _stretching(plane: np.ndarray) -> np.ndarray:
    """Return uint8 (256,): the least level of the plane goes to 0, the greatest to 255."""
    levels = np.arange(256, dtype=np.float32)
    least, most = float(plane.min()), float(plane.max())
    if least == most:
        return levels.astype(np.uint8)
    gain = 255.0 / (most - least)
    return np.rint(np.clip(levels * np.float32(gain) + np.float32(-least * gain), 0.0, 255.0)).astype(np.uint8)


def _equalizing(plane: np.ndarray) -> np.ndarray:
    """Return uint8 (256,), by Pillow's rule: levels in steps of the pixels below, the brightest's not counted."""
    if plane.size < _EXACT:
        counts = cv2.calcHist([plane], [0], None, [256], [0, 256]).ravel().astype(np.int64)
    else:
        counts = np.bincount(plane.ravel(), minlength=256)
    used = np.flatnonzero(counts)
    step = (int(counts.sum()) - int(counts[used[-1]])) // 255
    if len(used) <= 1 or step == 0:
        return np.arange(256, dtype=np.uint8)
    below = np.concatenate([[0], np.cumsum(counts)[:-1]])
    return np.minimum((step // 2 + below) // step, 255).astype(np.uint8)


def sharpened(image: np.ndarray, factor: float) -> np.ndarray:
    """Return smooth + factor x (image - smooth), the smooth one by a 3 x 3 kernel whose middle weighs 5 of 13."""
    height, width, _ = image.shape
    if min(height, width) < 3 or factor == 1.0:
        return image.copy()
    kernel = np.full((3, 3), 1.0 / 13.0, np.float32)
    kernel[1, 1] = 5.0 / 13.0
    if image.dtype == np.uint8:
        mixed = cv2.addWeighted(image, factor, cv2.filter2D(image, -1, kernel).reshape(image.shape), 1.0 - factor, 0.0)
        mixed = mixed.reshape(image.shape)
        for edge in (np.s_[:1], np.s_[-1:], np.s_[:, :1], np.s_[:, -1:]):
            mixed[edge] = image[edge]
        return mixed
    value = image.astype(np.float32)
    smooth = cv2.filter2D(value, -1, kernel).reshape(image.shape)
    if image.dtype != np.float32:
        smooth = np.rint(smooth)
    mixed = smooth + np.float32(factor) * (value - smooth)
    mixed = np.minimum(np.maximum(mixed, np.float32(0.0)), np.float32(UNIT[image.dtype]))
    out = image.copy()
    inner = np.s_[1:-1, 1:-1]
    out[inner] = mixed[inner] if image.dtype == np.float32 else np.rint(mixed[inner])
    return out
