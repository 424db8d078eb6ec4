"""Painting: what lies outside an outline, with edges true to a fraction of a pixel; colours in an array's units."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import lru_cache

import cv2
import numpy as np

from augury.effects import Fill, Polygon
from augury.errors import FieldError, describe, shown
from augury.spaces import geometry as geo

UNIT: dict[np.dtype, float] = {np.dtype(np.uint8): 255.0, np.dtype(np.uint16): 65535.0, np.dtype(np.float32): 1.0}
"""What 1.0 is in arrays of a dtype."""

_LUMA = (0.299, 0.587, 0.114)

_AA_REACH = 0.67
"""How far OpenCV's antialiased polygons cover beyond their corners, in pixels (measured; the rest of the error is
under 0.15 of a pixel's coverage)."""

_FINE = 8
"""Into how many parts a pixel's side is cut where coverage is counted."""


def unit_colour(fill: Fill, channels: int) -> tuple[float, ...]:
    """Return a fill as one number a channel in [0, 1].

    Three numbers also serve one or two channels (as their grey) and four (opaque); one number serves any count.

    Raises:
        FieldError: where the count of numbers fits no other rule.
    """
    if not isinstance(fill, tuple):
        return (fill,) * channels
    if len(fill) == channels:
        return fill
    if len(fill) == 3 and channels in (1, 2):
        grey = sum(w * v for w, v in zip(_LUMA, fill, strict=True))
        return (grey, 1.0)[:channels]
    if len(fill) == 3 and channels == 4:
        return (*fill, 1.0)
    expected = f"a fill of one number or of {channels} numbers, as the image has channels"
    raise FieldError(describe("fill", expected, shown(str(fill)), fix="give one number"))


@lru_cache(maxsize=256)
def colour_of(fill: Fill, channels: int, dtype: np.dtype) -> tuple[float, ...]:
    """Return a fill in the units of ``dtype``, whole numbers for integers."""
    return to_units(unit_colour(fill, channels), dtype)


def to_units(colour: Iterable[float], dtype: np.dtype) -> tuple[float, ...]:
    """Return unit numbers in the units of ``dtype``."""
    unit = UNIT[dtype]
    if unit == 1.0:
        return tuple(map(float, colour))
    return tuple(float(math.floor(v * unit + 0.5)) for v in colour)


def row_of(colour: tuple[float, ...], width: int, dtype: np.dtype) -> np.ndarray:
    """Return a row (1, width, channels) of a colour: assigned to a canvas it is copied, not spread number by number."""
    return np.tile(np.array(colour, dtype), (1, width, 1))


def filled(size: tuple[int, int], colour: tuple[float, ...], dtype: np.dtype) -> np.ndarray:
    """Return a canvas (height, width, channels) of one colour."""
    return np.repeat(row_of(colour, size[1], dtype), size[0], axis=0)


def paint_outside(image: np.ndarray, outline: Polygon, colour: tuple[float, ...]) -> None:
    """Paint everything outside a convex ``outline`` (output coordinates), in place, edge pixels by their coverage."""
    height, width = image.shape[:2]
    box = _whole_box(outline, height, width)
    if box is not None:
        x0, y0, x1, y1 = box
        row = row_of(colour, width, image.dtype)
        image[:y0] = image[y1:] = row
        image[y0:y1, :x0], image[y0:y1, x1:] = row[:, :x0], row[:, x1:]
        return
    drawn = image.dtype == np.uint8 and image.shape[2] <= 4
    canvas = image if drawn else np.zeros((height, width), np.uint8)
    frame = ((-2.0, -2.0), (width + 2.0, -2.0), (width + 2.0, height + 2.0), (-2.0, height + 2.0))
    for a, b, c in geo.edges(outline):
        norm = math.hypot(a, b)
        piece = geo.cut(frame, (-a / norm, -b / norm, -c / norm - _AA_REACH))
        if piece:
            corners = np.array([(round(x * 16) - 8, round(y * 16) - 8) for x, y in piece], np.int32)
            cv2.fillConvexPoly(canvas, corners, colour if drawn else 255, cv2.LINE_AA, 4)
    if not drawn:
        blend(image, colour, canvas)


def blend(image: np.ndarray, colour: tuple[float, ...] | np.ndarray, coverage: np.ndarray) -> None:
    """Mix a colour, or an array like ``image``, into ``image`` in place by a coverage (height, width) in 0 to 255."""
    touched = coverage > 0
    if not touched.any():
        return
    share = (coverage[touched].astype(np.float32) / np.float32(255.0))[:, None]
    under = image[touched].astype(np.float32)
    over = colour[touched] if isinstance(colour, np.ndarray) else np.array(colour, np.float32)
    mixed = under + (over - under) * share
    image[touched] = mixed if image.dtype == np.float32 else np.rint(mixed)


def outside(outline: Polygon, size: tuple[int, int]) -> np.ndarray:
    """Return bool (height, width): which pixels have their centre outside a convex outline."""
    height, width = size
    out = np.full((height, width), not outline)
    x = np.arange(width) + 0.5
    y = (np.arange(height) + 0.5)[:, None]
    frame = geo.rectangle(width, height)
    for a, b, c in geo.edges(outline):
        if any(a * px + b * py + c < 0 for px, py in frame):
            out |= (a * x + c) + b * y < 0
    return out


def coverage(outline: Polygon, size: tuple[int, int]) -> np.ndarray:
    """Return uint8 (height, width): how much of each pixel lies inside a convex outline, 255 for all of it."""
    canvas = np.full((*size, 1), 255, np.uint8)
    if outline:
        paint_outside(canvas, outline, (0.0,))
        return canvas[:, :, 0]
    return np.zeros(size, np.uint8)


def union_coverage(pieces: Iterable[Polygon], size: tuple[int, int]) -> np.ndarray:
    """Return uint8 (height, width): how much of each pixel lies inside any of several convex polygons.

    Polygons that share an edge leave no seam; edges lie up to a sixteenth of a pixel outwards.
    """
    height, width = size
    fine = np.zeros((height * _FINE, width * _FINE), np.uint8)
    for piece in pieces:
        corners = np.rint(np.array(piece) * (_FINE * 256) - 128).astype(np.int32)
        cv2.fillConvexPoly(fine, corners, 255, cv2.LINE_8, 8)
    return cv2.resize(fine, (width, height), interpolation=cv2.INTER_AREA)


def _whole_box(outline: Polygon, height: int, width: int) -> tuple[int, int, int, int] | None:
    """The outline as pixel bounds within the canvas where it is an upright rectangle of whole pixels, else None."""
    if not outline:
        return 0, 0, 0, 0
    if len(outline) != 4 or any(abs(v - round(v)) > 1e-6 for p in outline for v in p):
        return None
    x0, y0, x1, y1 = map(round, geo.bounds(outline))
    if abs(geo.area(outline) - (x1 - x0) * (y1 - y0)) > 1e-3:
        return None
    x0, x1 = min(max(x0, 0), width), min(max(x1, 0), width)
    y0, y1 = min(max(y0, 0), height), min(max(y1, 0), height)
    return (x0, y0, x1, y1) if x0 < x1 and y0 < y1 else (0, 0, 0, 0)
