"""Chains of warps and dense fields traced back from the output to the source, to be sampled once.

From the last step to the first every output pixel is followed to the point it comes from. At each canvas on the way it
is folded or held by a reflecting or replicating border; what a constant border paints is kept as a coverage.
"""

from __future__ import annotations

import math
from typing import NamedTuple, TypeAlias

import cv2
import numpy as np

from augury.effects import Border, Fill, Interpolation, Matrix, Warp
from augury.spaces import geometry as geo
from augury.spaces.plane import PlaneSegment, PlaneSize
from augury_image.warp import Colour, block_means, reduced_factor, resample_dense

_FAR = np.float32(-1e6)
"""Where points behind a horizon are sent, in pixels: outside every canvas."""


Points: TypeAlias = tuple[np.ndarray, np.ndarray]
"""x and y, float32 (height, width) each."""


class Painted(NamedTuple):
    """What one step's constant border paints: ``shown`` float32 (height, width) is the share it leaves."""

    shown: np.ndarray
    fill: Fill
    tones_before: int


class Trace(NamedTuple):
    """Where output pixels come from.

    ``x`` and ``y`` are float32 (height, width), the source point of each; ``painted`` holds the borders in step order;
    ``hidden`` is bool (height, width) of the pixels that show nothing of the source, reflections counted as nothing.
    """

    x: np.ndarray
    y: np.ndarray
    painted: list[Painted]
    hidden: np.ndarray | None


def trace(segment: PlaneSegment) -> Trace:
    """Return where every output pixel of a dense segment comes from; worked out once for a segment."""
    found: Trace | None = segment.built.get("trace")
    if found is None:
        found = segment.built["trace"] = _trace(segment)
    return found


def _trace(segment: PlaneSegment) -> Trace:
    height, width, _ = segment.size
    points: Points | None = None
    painted: list[Painted] = []
    hidden: np.ndarray | None = None
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
            points = _planes(segment.field(k)) if points is None else _look_up(segment.field(k), points)
        shown = _shown(points, before)
        if shown is not None:
            hidden = shown < 0.5 if hidden is None else hidden | (shown < 0.5)
            if effect.border == "constant":
                painted.append(Painted(shown, effect.fill, tones))
            points = _folded(points, before, effect.border)
        k -= 1
    assert points is not None
    return Trace(*points, painted[::-1], hidden)


def _all_inside(warp: Warp, before: PlaneSize) -> bool:
    outline = geo.transform(warp.matrix, geo.rectangle(before.width, before.height))
    return geo.covers(outline, warp.size[1], warp.size[0])


def _centres(height: int, width: int) -> Points:
    x = np.arange(width, dtype=np.float32) + np.float32(0.5)
    y = np.arange(height, dtype=np.float32) + np.float32(0.5)
    return np.tile(x, (height, 1)), np.repeat(y[:, None], width, axis=1)


def _planes(field: np.ndarray) -> Points:
    x, y = cv2.split(field)
    return x, y


def _back(matrix: Matrix, points: Points) -> Points:
    """Map points by the inverse of a warp's matrix; those behind its horizon go far outside."""
    x, y = points
    back = geo.invert(matrix)
    a, b, c, d, e, f, g, h, i = map(np.float32, back)
    out_x, out_y = a * x + b * y + c, d * x + e * y + f
    if geo.is_affine(back):
        return out_x, out_y
    w = g * x + h * y + i
    # matrix @ back is c times the identity: the forward weight of a source point is c / w.
    ahead = w * np.float32(math.copysign(1.0, sum(matrix[6 + n] * back[3 * n + 2] for n in range(3)))) > 1e-9
    safe = np.where(ahead, w, np.float32(1.0))
    return np.where(ahead, out_x / safe, _FAR), np.where(ahead, out_y / safe, _FAR)


def _look_up(field: np.ndarray, points: Points) -> Points:
    """Sample a field between its pixel centres; beyond its canvas its displacement goes on."""
    height, width = field.shape[:2]
    x, y = points
    middle_x, middle_y = _centres(height, width)
    offset = cv2.merge([field[:, :, 0] - middle_x, field[:, :, 1] - middle_y])
    half = np.float32(0.5)
    moved = cv2.remap(offset, x - half, y - half, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    by_x, by_y = cv2.split(moved.reshape(*x.shape, 2))
    return x + by_x, y + by_y


def _shown(points: Points, canvas: PlaneSize) -> np.ndarray | None:
    """Share of each pixel that lies on a canvas, as linear interpolation against its border has it; None if all do."""
    half, one = np.float32(0.5), np.float32(1.0)
    shown: np.ndarray | None = None
    for at, side in zip(points, (canvas.width, canvas.height), strict=True):
        least, greatest, *_ = cv2.minMaxLoc(at)
        if least < 0.5 or greatest > side - 0.5:
            share = np.clip(np.minimum(at + half, np.float32(side) + half - at), np.float32(0.0), one)
            shown = share if shown is None else shown * share
    return shown


def _folded(points: Points, canvas: PlaneSize, border: Border) -> Points:
    """Bring points back onto a canvas: mirrored at its edges, or held to its outermost pixel centres."""
    x, y = points
    if border == "reflect":
        return _mirrored(x, canvas.width), _mirrored(y, canvas.height)
    half = np.float32(0.5)
    return np.clip(x, half, np.float32(canvas.width) - half), np.clip(y, half, np.float32(canvas.height) - half)


def _mirrored(at: np.ndarray, side: int) -> np.ndarray:
    limit = np.float32(side)
    out: np.ndarray = limit - np.abs(np.mod(at, 2 * limit) - limit)
    return out


def resample_trace(image: np.ndarray, found: Trace, colour: Colour, interpolation: Interpolation) -> np.ndarray:
    """Return an image sampled where a trace says, borders unpainted; reduced first where it is shrunk."""
    x, y = found.x, found.y
    if interpolation != "nearest":
        fx, fy = _factors(x, y)
        if fx > 1 or fy > 1:
            height, width = image.shape[:2]
            across, down = -(-width // fx), -(-height // fy)
            edge = (0, down * fy - height, 0, across * fx - width)
            whole = cv2.copyMakeBorder(image, *edge, cv2.BORDER_REPLICATE) if any(edge) else image
            image = block_means(whole, fx, fy).reshape(down, across, -1)
            x, y = x / np.float32(fx), y / np.float32(fy)
    return resample_dense(image, x, y, "replicate", colour, interpolation)


def _factors(x: np.ndarray, y: np.ndarray) -> tuple[int, int]:
    """The power of two each source axis is reduced by, from the middle local scale along it."""
    step = max(1, min(x.shape) // 32)
    part = np.stack([x[::step, ::step], y[::step, ::step]], axis=2).astype(np.float64)
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
