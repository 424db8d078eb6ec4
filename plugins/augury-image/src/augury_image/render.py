"""Rendering: a pending plane segment run as one resample and one table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from augury.effects import Interpolation
from augury.spaces import geometry as geo
from augury.spaces.plane import PlaneMap, PlaneSegment
from augury_image.dense import resample_trace, trace
from augury_image.paint import blend, colour_of, outside, paint_outside, to_units, unit_colour
from augury_image.tones import tone, tone_colour
from augury_image.warp import least_factor, permute, resample, resample_dense

if TYPE_CHECKING:
    from augury_image.codec import Encoded


def render_encoded(encoded: Encoded, segment: PlaneSegment, bounded: bool = True) -> np.ndarray:
    """Return `render` of a file that is decoded only now: reduced as far as the segment shrinks it everywhere."""
    factor = 1
    if segment.warps and not segment.dense and segment.interpolation not in (None, "nearest"):
        factor = min(least_factor(segment.matrix, (segment.size.height, segment.size.width)), 8)
    return render(encoded.reduced(factor), segment, bounded, factor)


def render(image: np.ndarray, segment: PlaneSegment, bounded: bool = True, reduced: int = 1) -> np.ndarray:
    """Return ``image`` with the segment's warps run as one resample, then its tones, then the outside painted.

    Args:
        image: uint8, uint16 or float32, (height, width, channels). Never changed.
        segment: Warps, dense fields and tones.
        bounded: Whether floats are held to [0, 1], which cubic and lanczos interpolation overshoot.
        reduced: How many of the segment's source pixels one of ``image`` stands for, across and down.

    Cost: one pass for the warp, one for the tones; edges that cut the output cost a polygon each.
    """
    size = (segment.size.height, segment.size.width)
    if segment.dense:
        return _render_dense(image, segment, bounded)
    if not segment.warps:
        return tone(image, segment.tones)
    channels = image.shape[2]
    canvases = segment.canvases()
    border, first = segment.border, (0.0,) * channels
    if border == "constant":
        border = "replicate"
        if canvases and canvases[0].step == 0 and canvases[0].tones_before == 0 and reduced == 1:
            border, first = "constant", colour_of(canvases.pop(0).fill, channels, image.dtype)
    if segment.interpolation is None and channels <= 4:
        out = permute(image, segment.matrix, size, border, first)
    else:
        matrix = segment.matrix
        if reduced > 1:
            matrix = geo.compose(matrix, geo.scaling(reduced, reduced))
        out = resample(image, matrix, size, border, first, segment.interpolation or "linear")
        out = _held(out, segment, bounded)
    if segment.tones:
        out = tone(out, segment.tones, owned=True)
    for canvas in canvases:
        colour = tone_colour(unit_colour(canvas.fill, channels), segment.tones[canvas.tones_before :])
        paint_outside(out, canvas.outline, to_units(colour, image.dtype))
    return out


def _render_dense(image: np.ndarray, segment: PlaneSegment, bounded: bool) -> np.ndarray:
    found = trace(segment)
    channels, interpolation = image.shape[2], segment.interpolation or "linear"
    out = resample_trace(image, found, (0.0,) * channels, interpolation)
    out = tone(_held(out, segment, bounded), segment.tones, owned=True)
    for painted in found.painted:
        colour = tone_colour(unit_colour(painted.fill, channels), segment.tones[painted.tones_before :])
        hidden = np.float32(1.0) - painted.shown
        if interpolation == "nearest":
            hidden = np.rint(hidden)
        blend(out, to_units(colour, image.dtype), hidden * np.float32(255.0))
    return out


def _held(moved: np.ndarray, segment: PlaneSegment, bounded: bool) -> np.ndarray:
    """Hold floats to the unit domain where the interpolation overshoots."""
    if bounded and moved.dtype.kind == "f" and segment.interpolation in ("cubic", "lanczos"):
        return np.minimum(np.maximum(moved, 0.0), 1.0)
    return moved


def render_labels(labels: np.ndarray, where: PlaneMap, background: int) -> np.ndarray:
    """Return a mask moved by a map: nearest neighbour, ``background`` wherever nothing of the source is seen.

    Args:
        labels: uint8 or uint16, (height, width).
        where: The map, of a segment or of a layer.
        background: The label of what lies outside.
    """
    size = (where.size.height, where.size.width)
    colour = (float(background),)
    if where.segment is not None and where.segment.dense:
        found = trace(where.segment)
        moved = resample_dense(labels[:, :, None], found.x, found.y, "replicate", colour, "nearest")[:, :, 0]
        if found.hidden is not None:
            moved[found.hidden] = background
        return moved
    assert where.matrix is not None
    moved = resample(labels[:, :, None], where.matrix, size, "constant", colour, "nearest")[:, :, 0]
    hidden = unseen(where, size)
    if hidden is not None:
        moved[hidden] = background
    return moved


def render_numbers(numbers: np.ndarray, where: PlaneMap, interpolation: Interpolation) -> np.ndarray:
    """Return numbers float32 (height, width, channels) moved by a map, NaN wherever nothing of the source is seen."""
    size = (where.size.height, where.size.width)
    nothing = (float("nan"),) * numbers.shape[2]
    if where.segment is not None and where.segment.dense:
        found = trace(where.segment)
        moved = resample_dense(numbers, found.x, found.y, "replicate", nothing, interpolation)
        hidden = found.hidden
    else:
        assert where.matrix is not None
        moved = resample(numbers, where.matrix, size, "replicate", nothing, interpolation)
        hidden = unseen(where, size)
    if hidden is not None:
        moved[hidden] = np.nan
    return moved


def unseen(where: PlaneMap, size: tuple[int, int]) -> np.ndarray | None:
    """Return bool (height, width): output pixels where a map shows nothing of its source; None where all is seen."""
    frame = geo.rectangle(size[1], size[0])
    hidden: np.ndarray | None = None
    for clip in where.clips:
        if not geo.contains(clip, frame):
            hidden = _join(hidden, outside(clip, size))
    if where.within is not None:
        inside = np.zeros(size, bool)
        for piece in where.within:
            inside |= ~outside(piece, size)
        hidden = _join(hidden, ~inside)
    for cover in where.hides:
        if geo.intersect(cover, frame):
            hidden = _join(hidden, ~outside(cover, size))
    return hidden


def _join(a: np.ndarray | None, b: np.ndarray) -> np.ndarray:
    return b if a is None else a | b
