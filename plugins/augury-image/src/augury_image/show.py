"""What a person sees of images and of what lies on them, for previews."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import cv2
import numpy as np

from augury.effects import Polygon
from augury.views import Cover, Outline, Picture

LONGEST_SIDE = 720
"""Pictures are made no larger than this for a page, in pixels."""

SMALL = 128
"""Pictures with no longer side than this are kept exactly, as PNG."""

_STEP = 67
"""Coprime with 180: neighbouring labels get hues far apart."""


def picture(image: np.ndarray) -> Picture:
    """Return an image (height, width, channels) of any dtype as a small encoded picture, measured in its own pixels."""
    height, width, channels = image.shape
    pixels = _reduced(_bytes(image))
    if channels in (2, 4):
        alpha = pixels[..., -1:].astype(np.float32) / 255.0
        pixels = np.rint(pixels[..., :-1] * alpha + 255.0 * (1.0 - alpha)).astype(np.uint8)
    pixels = pixels[..., :3] if pixels.shape[2] >= 3 else pixels[..., :1]
    colour = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR) if pixels.shape[2] == 3 else pixels
    small = max(pixels.shape[:2]) <= SMALL
    options = [] if small else [cv2.IMWRITE_JPEG_QUALITY, 88]
    _, data = cv2.imencode(".png" if small else ".jpg", colour, options)
    return Picture(data.tobytes(), width, height)


def stretched(image: np.ndarray) -> Picture:
    """Return an image of any range, its least value black and its greatest white."""
    least, greatest = float(image.min()), float(image.max())
    return picture(((image - least) / max(greatest - least, 1e-12)).astype(np.float32))


def cover(mask: np.ndarray, background: int) -> Cover:
    """Return a mask (height, width) as a see-through colour for each label; the background stays clear."""
    labels = _reduced(mask[..., None], nearest=True)[..., 0]
    hue = (labels.astype(np.uint32) * _STEP % 180).astype(np.uint8)
    full = np.full_like(hue, 255)
    colour = cv2.cvtColor(np.stack([hue, full - 60, full], axis=2), cv2.COLOR_HSV2BGR)
    alpha = np.where(labels == background, 0, 115).astype(np.uint8)
    _, data = cv2.imencode(".png", np.dstack([colour, alpha]))
    return Cover(data.tobytes())


def heat(values: np.ndarray) -> Cover:
    """Return numbers (height, width) as a see-through scale of colours; NaN stays clear."""
    values = _reduced(values[..., None], nearest=True)[..., 0]
    known = np.isfinite(values)
    least, greatest = (float(values[known].min()), float(values[known].max())) if known.any() else (0.0, 0.0)
    unit = np.where(known, (values - least) / max(greatest - least, 1e-12), 0.0)
    colour = cv2.applyColorMap(np.rint(unit * 255).astype(np.uint8), cv2.COLORMAP_VIRIDIS)
    return _clear(colour, np.where(known, 150, 0))


def directions(flow: np.ndarray) -> Cover:
    """Return vectors (height, width, 2) as hues of their direction, stronger where longer; NaN stays clear."""
    flow = _reduced(flow, nearest=True)
    known = np.isfinite(flow).all(axis=2)
    u, v = (np.where(known, flow[..., k], 0.0) for k in (0, 1))
    length = np.hypot(u, v)
    hue = (np.degrees(np.arctan2(v, u)) % 360.0 / 2.0).astype(np.uint8)
    full = np.full_like(hue, 255)
    colour = cv2.cvtColor(np.stack([hue, full, full], axis=2), cv2.COLOR_HSV2BGR)
    return _clear(colour, np.where(known, 40 + 160 * length / max(float(length.max()), 1e-12), 0.0))


def _clear(colour: np.ndarray, alpha: np.ndarray) -> Cover:
    _, data = cv2.imencode(".png", np.dstack([colour, alpha.astype(np.uint8)]))
    return Cover(data.tobytes())


def outlines(rings: Iterable[Sequence[np.ndarray]], labels: Iterable[object]) -> list[Outline]:
    """Return objects, each of one or more rings (k, 2), as marks."""
    return [
        Outline(tuple(_polygon(ring) for ring in parts), "" if label is None else str(label))
        for parts, label in zip(rings, labels, strict=True)
    ]


def _polygon(ring: np.ndarray) -> Polygon:
    return tuple((float(x), float(y)) for x, y in ring.tolist())


def _bytes(image: np.ndarray) -> np.ndarray:
    if image.dtype == np.uint8:
        return image
    unit = image.astype(np.float32) / (65535.0 if image.dtype == np.uint16 else 1.0)
    return np.rint(np.clip(unit, 0.0, 1.0) * 255.0).astype(np.uint8)


def _reduced(image: np.ndarray, nearest: bool = False) -> np.ndarray:
    height, width = image.shape[:2]
    scale = LONGEST_SIDE / max(height, width)
    if scale >= 1.0:
        return image
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    out = cv2.resize(image, size, interpolation=cv2.INTER_NEAREST if nearest else cv2.INTER_AREA)
    return out.reshape(size[1], size[0], image.shape[2])
