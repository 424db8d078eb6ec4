"""Chains of warps and dense fields traced back from the output to the source, to be sampled once.

From the last step to the first every output pixel is followed to the point it comes from. At each canvas on the way it
is folded or held by a reflecting or replicating border; what a constant border paints is kept as a coverage.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np

from augury.effects import Border, Fill, Interpolation, Matrix, Warp
from augury.spaces import geometry as geo
from augury.spaces.plane import PlaneSegment, PlaneSize
from augury_image.warp import Colour, reduced_factor, resample_dense

_FAR = -1e6
"""Where points behind a horizon are sent, in pixels: outside every canvas."""


class Painted(NamedTuple):
    """What one step's constant border paints: ``shown`` float32 (height, width) is the share it leaves."""

    shown: np.ndarray
    fill: Fill
    tones_before: int


class Trace(NamedTuple):
    """Where output pixels come from.

    ``source`` is float32 (height, width, 2), ``painted`` holds the borders in step order, ``hidden`` is bool
    (height, width) of the pixels that show nothing of the source, reflections counted as nothing.
    """

    source: np.ndarray
    painted: list[Painted]
    hidden: np.ndarray


def trace(segment: PlaneSegment) -> Trace:
    """Return where every output pixel of a dense segment comes from; worked out once for a segment."""
    found: Trace | None = segment.built.get("trace")
    if found is None:
        found = segment.built["trace"] = _trace(segment)
    return found


def _trace(segment: PlaneSegment) -> Trace:
    height, width, _ = segment.size
    points: np.ndarray | None = None
    painted: list[Painted] = []
    hidden = np.zeros((height, width), bool)
    k = len(segment.warps) - 1
    while k >= 0:
        effect, before, tones = segment.warps[k]
        if type(effect) is Warp:
            matrix = effect.matrix
            # A warp that shows nothing outside the canvas it was given runs with the one before it.
            while k > 0 and type(segment.warps[k - 1][0]) is Warp and _all_inside(effect, before):
                k -= 1
                effect, before, tones = segment.warps[k]
                matrix = geo.compose(matrix, effect.matrix)
            points = _back(matrix, points if points is not None else _centres(height, width))
        else:
            points = segment.field(k) if points is None else _look_up(segment.field(k), points)
        shown = _shown(points, before)
        if shown is not None:
            hidden |= shown < 0.5
            if effect.border == "constant":
                painted.append(Painted(shown, effect.fill, tones))
            points = _folded(points, before, effect.border)
        k -= 1
    assert points is not None
    return Trace(np.ascontiguousarray(points, np.float32), painted[::-1], hidden)


def _all_inside(warp: Warp, before: PlaneSize) -> bool:
    outline = geo.transform(warp.matrix, geo.rectangle(before.width, before.height))
    return geo.covers(outline, warp.size[1], warp.size[0])


def _centres(height: int, width: int) -> np.ndarray:
    x = np.arange(width, dtype=np.float32) + np.float32(0.5)
    y = np.arange(height, dtype=np.float32) + np.float32(0.5)
    return np.dstack(np.meshgrid(x, y))


def _back(matrix: Matrix, points: np.ndarray) -> np.ndarray:
    """Map points (height, width, 2) by the inverse of a warp's matrix; those behind its horizon far outside."""
    back = geo.invert(matrix)
    full = np.array(back, np.float64).reshape(3, 3)
    if geo.is_affine(back):
        return cv2.transform(points, full[:2])
    out = cv2.transform(points, full)
    w = out[:, :, 2:]
    # matrix @ back is c times the identity: the forward weight of a source point is c / w.
    c = sum(matrix[6 + i] * back[3 * i + 2] for i in range(3))
    ahead = w * np.float32(math.copysign(1.0, c)) > 1e-9
    return np.where(ahead, out[:, :, :2] / np.where(ahead, w, 1.0), np.float32(_FAR)).astype(np.float32)


def _look_up(field: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Sample a field between its pixel centres; beyond its canvas its displacement goes on."""
    height, width = field.shape[:2]
    offset = field - _centres(height, width)
    at = points - np.float32(0.5)
    moved = cv2.remap(
        offset,
        np.ascontiguousarray(at[:, :, 0]),
        np.ascontiguousarray(at[:, :, 1]),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    out: np.ndarray = moved.reshape(points.shape) + points
    return out


def _shown(points: np.ndarray, canvas: PlaneSize) -> np.ndarray | None:
    """Share of each pixel that lies on a canvas, as linear interpolation against its border has it; None if all do."""
    x, y = points[:, :, 0], points[:, :, 1]
    if x.min() >= 0.5 and y.min() >= 0.5 and x.max() <= canvas.width - 0.5 and y.max() <= canvas.height - 0.5:
        return None
    half = np.float32(0.5)
    across = np.clip(np.minimum(x + half, canvas.width + half - x), 0.0, 1.0)
    down = np.clip(np.minimum(y + half, canvas.height + half - y), 0.0, 1.0)
    shown: np.ndarray = across * down
    return shown


def _folded(points: np.ndarray, canvas: PlaneSize, border: Border) -> np.ndarray:
    """Bring points back onto a canvas: mirrored at its edges, or held to its outermost pixel centres."""
    limits = np.array([canvas.width, canvas.height], np.float32)
    if border == "reflect":
        return limits - np.abs(np.mod(points, 2 * limits) - limits)
    return np.clip(points, np.float32(0.5), limits - np.float32(0.5))


def resample_trace(image: np.ndarray, found: Trace, colour: Colour, interpolation: Interpolation) -> np.ndarray:
    """Return an image sampled where a trace says, borders unpainted; reduced first where it is shrunk."""
    source = found.source
    if interpolation != "nearest":
        fx, fy = _factors(source)
        if fx > 1 or fy > 1:
            height, width = image.shape[:2]
            across, down = -(-width // fx), -(-height // fy)
            edge = (0, down * fy - height, 0, across * fx - width)
            whole = cv2.copyMakeBorder(image, *edge, cv2.BORDER_REPLICATE) if any(edge) else image
            image = cv2.resize(whole, (across, down), interpolation=cv2.INTER_AREA).reshape(down, across, -1)
            source = source / np.array([fx, fy], np.float32)
    return resample_dense(image, source, "replicate", colour, interpolation)


def _factors(source: np.ndarray) -> tuple[int, int]:
    """The power of two each source axis is reduced by, from the middle local scale along it."""
    height, width = source.shape[:2]
    if height < 3 or width < 3:
        return 1, 1
    step = max(1, min(height, width) // 32)
    part = source[::step, ::step].astype(np.float64)
    if min(part.shape[:2]) < 2:
        return 1, 1
    along = (part[:-1, 1:] - part[:-1, :-1]) / step
    down = (part[1:, :-1] - part[:-1, :-1]) / step
    area = np.abs(along[:, :, 0] * down[:, :, 1] - along[:, :, 1] * down[:, :, 0])
    seen = area > 1e-9
    if not seen.any():
        return 1, 1
    scale_x = np.hypot(along[:, :, 1], down[:, :, 1])[seen] / area[seen]
    scale_y = np.hypot(along[:, :, 0], down[:, :, 0])[seen] / area[seen]
    return reduced_factor(float(np.median(scale_x))), reduced_factor(float(np.median(scale_y)))
