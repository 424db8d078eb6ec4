"""What pixel functions share: colours without their opacity as floats in [0, 1], and back with one rounding."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np

from augury.rng import generator
from augury_image.paint import UNIT
from augury_image.tones import look_up

DTYPES = ("uint8", "uint16", "float32")

LUMA = np.array((0.299, 0.587, 0.114), np.float32)
"""ITU-R BT.601, as JPEG and OpenCV weigh R, G and B."""

UNIT_LEVELS = np.arange(256, dtype=np.float32) / np.float32(255.0)
"""The levels of 8 bit in [0, 1]."""

_STRIP = 64
"""Rows at a time: what is in between then stays in the processor's cache, and in memory that is at hand."""

Floats = Callable[[np.ndarray], np.ndarray]


def colours_of(image: np.ndarray) -> np.ndarray:
    """Return a view without the opacity, which is the last of two or four channels."""
    return image[:, :, :-1] if image.shape[2] in (2, 4) else image


def with_colours(image: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """Return ``colours`` (height, width, channels or none) with the opacity of ``image``."""
    colours = colours.reshape(*image.shape[:2], -1)
    if image.shape[2] in (2, 4):
        return np.concatenate([colours, image[:, :, -1:]], axis=2)
    return colours


def for_each(plane: np.ndarray, channels: int) -> np.ndarray:
    """Return (height, width, channels), the plane for each channel: numpy takes long to repeat along a short axis."""
    return cv2.merge([plane] * channels).reshape(*plane.shape, channels)


def to_unit(image: np.ndarray) -> np.ndarray:
    """Return a float32 copy in [0, 1]."""
    value = image.astype(np.float32)
    if image.dtype.kind != "f":
        value *= np.float32(1.0 / UNIT[image.dtype])
    return value


def to_dtype(value: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Return float32 in [0, 1] in the units of ``dtype``, held and rounded once; ``value`` may be overwritten."""
    if dtype.kind == "f":
        return np.clip(value, 0.0, 1.0, out=value)
    depth = cv2.CV_8U if dtype == np.uint8 else cv2.CV_16U
    rows = np.ascontiguousarray(value).reshape(len(value), -1)
    scalar: Any = UNIT[dtype]
    return np.asarray(cv2.multiply(rows, scalar, dtype=depth)).reshape(value.shape)


def in_floats(image: np.ndarray, fn: Floats) -> np.ndarray:
    """Return the image with ``fn`` run on a float32 copy of its colours in [0, 1]; opacity stays.

    Cost: three passes beside ``fn``.
    """
    value = fn(to_unit(colours_of(image)))
    return with_colours(image, to_dtype(np.ascontiguousarray(value, np.float32), image.dtype))


def luma_of(colours: np.ndarray) -> np.ndarray:
    """Return float32 (height, width): the luma of three channels, the mean of any other count."""
    if colours.shape[2] == 3:
        return cv2.transform(np.ascontiguousarray(colours, np.float32), LUMA.reshape(1, 3))
    return colours.mean(axis=2, dtype=np.float32)


def luma_levels(image: np.ndarray) -> np.ndarray:
    """Return uint8 (height, width): the luma of an image of any dtype and channel count."""
    colours = colours_of(image)
    if image.dtype == np.uint8 and colours.shape[2] == 3:
        return cv2.cvtColor(np.ascontiguousarray(colours), cv2.COLOR_RGB2GRAY).reshape(image.shape[:2])
    return to_dtype(luma_of(to_unit(colours)), np.dtype(np.uint8))


def veiled(image: np.ndarray, veil: np.ndarray, keep: np.ndarray, add: np.ndarray) -> np.ndarray:
    """Return the image with its colours times ``keep[veil]`` plus ``add[veil]``; opacity stays.

    Args:
        image: uint8, uint16 or float32 (height, width, channels).
        veil: uint8 (height, width).
        keep: float32 (256,) in [0, 1].
        add: float32 (256,) in [0, 1].

    Cost: for 8 bit four passes over whole numbers, within a level of the exact result; else three in floats.
    """
    if image.dtype != np.uint8:
        return in_floats(image, lambda value: value * keep[veil][:, :, None] + add[veil][:, :, None])
    colours = np.ascontiguousarray(colours_of(image))
    tables = [np.rint(table * 255.0).astype(np.uint8)[:, None] for table in (keep, add)]
    out, channels = np.empty_like(colours), colours.shape[2]
    for top in range(0, len(out), _STRIP):
        under, rows = veil[top : top + _STRIP], slice(top, top + _STRIP)
        kept, added = (cv2.merge([look_up(under, table)] * channels).reshape(-1, 1) for table in tables)
        seen = cv2.multiply(colours[rows].reshape(-1, 1), kept, scale=1.0 / 255.0)
        out[rows] = cv2.add(seen, added, dst=seen).reshape(out[rows].shape)
    return with_colours(image, out)


LEAST_SHARE = 1.0 / 1020.0
"""Weights of a kernel that make no more of it together are left out on 8 bit: a quarter of a level."""


def filtered(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Return every channel correlated with ``kernel`` (odd sides), the border mirrored; held to the range.

    Cost: for small kernels as many passes as there are weights that count.
    """
    if image.dtype == np.uint8:
        kernel = _without_least(kernel)
    out = cv2.filter2D(image, -1, kernel, borderType=cv2.BORDER_REFLECT_101).reshape(image.shape)
    return np.clip(out, 0.0, 1.0, out=out) if out.dtype.kind == "f" else out


def _without_least(kernel: np.ndarray) -> np.ndarray:
    """Return the kernel without its least weights, opposite ones alike, its sum kept at the middle."""
    sizes = np.abs(kernel)
    ordered = np.sort(sizes, axis=None)
    least = ordered[min(int(np.searchsorted(np.cumsum(ordered), LEAST_SHARE)), len(ordered) - 1)] * 0.999
    out = np.where(sizes < least, np.float32(0.0), kernel)
    out[kernel.shape[0] // 2, kernel.shape[1] // 2] += kernel.sum() - out.sum()
    return out


def resized(image: np.ndarray, size: tuple[int, int], interpolation: int) -> np.ndarray:
    """Return the image resized to (width, height), of any channel count: OpenCV averages areas of at most four."""
    channels = image.shape[2]
    parts = [image[:, :, c : c + 4] for c in range(0, channels, 4)] if channels > 4 else [image]
    done = [cv2.resize(np.ascontiguousarray(part), size, interpolation=interpolation) for part in parts]
    return np.dstack(done) if channels > 4 else done[0].reshape(size[1], size[0], channels)


def clouds(height: int, width: int, seed: int, roughness: float = 0.5, coarse_px: float | None = None) -> np.ndarray:
    """Return float32 (height, width) in [0, 1]: fractal noise, octaves of smooth noise each ``roughness`` as strong.

    ``coarse_px`` is the grain of the first octave; by default half the longer side.
    """
    rng = generator(seed)
    grain = coarse_px or max(height, width) / 2.0
    total, strength = np.zeros((height, width), np.float32), 1.0
    for _ in range(8):
        rows, columns = max(2, round(height / grain) + 1), max(2, round(width / grain) + 1)
        grid = rng.random((rows, columns), np.float32)
        total += np.float32(strength) * cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)
        strength, grain = strength * roughness, grain / 2.0
        if grain < 2.0 or strength < 0.02:
            break
    low, high = float(total.min()), float(total.max())
    return (total - low) / np.float32(max(high - low, 1e-6))
