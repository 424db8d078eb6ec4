"""Crops that look where targets lie: around boxes, inside masks, with a wanted overlap. Pixels are not looked at."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, Any, TypeAlias

import numpy as np

from augury.effects import Warp
from augury.op import Info, Op
from augury.params import FractionRange, PositiveRange, Range, Within
from augury.rng import Rng
from augury.spaces import geometry as geo
from augury_image.boxing import Box, boxes_of, masks_of
from augury_image.ops.crops import Size, Sized
from augury_image.ops.geometry import PLANES

CropDraw: TypeAlias = dict[str, int]
"""Left, top, right and bottom of a crop in whole pixels: x0, y0, x1, y1."""


class _Aimed(Op):
    """Base of crops whose rectangle is drawn in pixels, by looking at targets."""

    on = PLANES
    reads = frozenset({"targets"})

    def effect(self, draw: Any, info: Info) -> Warp:
        """Return the warp."""
        shift = geo.translation(-float(draw["x0"]), -float(draw["y0"]))
        return Warp(shift, (draw["y1"] - draw["y0"], draw["x1"] - draw["x0"]))


class _AimedSize(Sized, _Aimed):
    """Base of aimed crops of a given size, or of a fraction of the sides."""

    size: Size | None = None
    side_frac_range: FractionRange = (0.3, 0.7)

    def check_params(self) -> None:
        """Check ``size``."""
        self.check_size(self.size)

    def _sides(self, rng: Rng, height: int, width: int) -> tuple[int, int]:
        """Return the crop's height and width; the fractions are drawn either way."""
        h_frac, w_frac = rng.uniform(*self.side_frac_range), rng.uniform(*self.side_frac_range)
        h, w = self.size or (max(1, round(h_frac * height)), max(1, round(w_frac * width)))
        return min(h, height), min(w, width)


class BorderCrop(_Aimed):
    """Cut a drawn margin off each side.

    Fields: image or raw_image; every target on it follows and is cut.

    Args:
        x_frac_range: (lo, hi) of the margins at the left and the right, as a fraction of the width, in [0, 0.49].
        y_frac_range: (lo, hi) of the margins at the top and the bottom, as a fraction of the height, in [0, 0.49].
    Draws: the crop in pixels, from four fractions, uniform.
    Cost: a copy of the part.
    """

    reads = frozenset()

    x_frac_range: Annotated[Range, Within(0.0, 0.49)] = (0.0, 0.1)
    y_frac_range: Annotated[Range, Within(0.0, 0.49)] = (0.0, 0.1)

    def draw(self, rng: Rng, info: Info) -> CropDraw:
        """Draw the crop."""
        height, width = info.size.height, info.size.width
        left, right = (math.floor(rng.uniform(*self.x_frac_range) * width) for _ in range(2))
        top, bottom = (math.floor(rng.uniform(*self.y_frac_range) * height) for _ in range(2))
        return {"x0": left, "y0": top, "x1": width - right, "y1": height - bottom}


class BoxCrop(_AimedSize):
    """Cut out a part of a given size that shows at least one object, if there is one.

    Fields: image or raw_image; every target on it follows and is cut. Objects are those of boxes, oriented boxes,
        polygons and lines.

    Args:
        size: Height and width in pixels, held to the picture's; null takes a fraction of the sides instead.
        side_frac_range: (lo, hi) fraction of height and of width, drawn apart, where ``size`` is null.
        shown_frac: Which part of the object's width and height must be in the crop (or of the crop's, for an object
            that is larger), in [0, 1].
    Draws: the object, each equally likely; the crop in pixels, uniform among those that show it.
    Cost: a copy of the part; targets are looked at, pixels are not.
    """

    shown_frac: Annotated[float, Within(0.0, 1.0)] = 1.0

    def draw(self, rng: Rng, info: Info) -> CropDraw:
        """Draw the object and the crop around it."""
        height, width = info.size.height, info.size.width
        h, w = self._sides(rng, height, width)
        boxes = boxes_of(info.targets, height, width)
        if not boxes:
            x0, y0 = rng.integer(0, width - w), rng.integer(0, height - h)
        else:
            left, top, right, bottom = rng.choice(boxes)
            x0 = self._start(rng, left, right, w, width)
            y0 = self._start(rng, top, bottom, h, height)
        return {"x0": x0, "y0": y0, "x1": x0 + w, "y1": y0 + h}

    def _start(self, rng: Rng, lo: float, hi: float, length: int, side: int) -> int:
        shown = self.shown_frac * min(hi - lo, length)
        first, last = math.ceil(lo + shown - length - 1e-9), math.floor(hi - shown + 1e-9)
        first, last = max(0, min(first, side - length)), max(0, min(last, side - length))
        return rng.integer(min(first, last), max(first, last))


class CropToBox(_Aimed):
    """Cut out one object with a drawn margin.

    Fields: image or raw_image; every target on it follows and is cut. Objects are those of boxes, oriented boxes,
        polygons and lines; a picture without any stays whole.

    Args:
        margin_frac_range: (lo, hi) of the margin at each side, as a fraction of the object's side; below 0 cuts into
            it.
    Draws: the object, each equally likely; the crop in pixels, from four margins, uniform.
    Cost: a copy of the part; targets are looked at, pixels are not.
    """

    margin_frac_range: Annotated[Range, Within(-0.45, 10.0)] = (0.0, 0.3)

    def draw(self, rng: Rng, info: Info) -> CropDraw:
        """Draw the object and the margins."""
        height, width = info.size.height, info.size.width
        boxes = boxes_of(info.targets, height, width)
        margins = [rng.uniform(*self.margin_frac_range) for _ in range(4)]
        if not boxes:
            return {"x0": 0, "y0": 0, "x1": width, "y1": height}
        left, top, right, bottom = rng.choice(boxes)
        w, h = right - left, bottom - top
        x0, y0 = max(0, round(left - margins[0] * w)), max(0, round(top - margins[1] * h))
        x1, y1 = min(width, round(right + margins[2] * w)), min(height, round(bottom + margins[3] * h))
        x0, y0 = min(x0, width - 1), min(y0, height - 1)
        return {"x0": x0, "y0": y0, "x1": max(x1, x0 + 1), "y1": max(y1, y0 + 1)}


class MaskCrop(_AimedSize):
    """Cut out a part of a given size that shows some of a mask, if there is any of it.

    Fields: image or raw_image; every target on it follows and is cut. The first field of kind mask is looked at.

    Args:
        size: Height and width in pixels, held to the picture's; null takes a fraction of the sides instead.
        side_frac_range: (lo, hi) fraction of height and of width, drawn apart, where ``size`` is null.
        ignore_labels: Labels that do not count, beside 0.
    Draws: a pixel of the mask, each equally likely; the crop in pixels, uniform among those that hold it.
    Cost: a copy of the part; the mask is run through what is pending and looked at.
    """

    ignore_labels: tuple[int, ...] = ()

    def draw(self, rng: Rng, info: Info) -> CropDraw:
        """Draw a pixel of the mask and the crop around it."""
        height, width = info.size.height, info.size.width
        h, w = self._sides(rng, height, width)
        place, x, y = rng.random(), rng.random(), rng.random()
        mask = next(iter(masks_of(info.targets.values(), (height, width))), None)
        found = np.empty(0, int) if mask is None else np.flatnonzero(~np.isin(mask, (0, *self.ignore_labels)))
        if not len(found):
            x0, y0 = math.floor(x * (width - w + 1)), math.floor(y * (height - h + 1))
        else:
            row, column = divmod(int(found[math.floor(place * len(found))]), width)
            x0, y0 = _around(x, column, w, width), _around(y, row, h, height)
        return {"x0": x0, "y0": y0, "x1": x0 + w, "y1": y0 + h}


def _around(place: float, pixel: int, length: int, side: int) -> int:
    first, last = max(0, pixel - length + 1), min(pixel, side - length)
    return first + math.floor(place * (last - first + 1))


class IouCrop(_Aimed):
    """Cut out a part that overlaps some object as much as drawn: the crop of SSD.

    Fields: image or raw_image; every target on it follows and is cut. Objects are those of boxes, oriented boxes,
        polygons and lines.

    Args:
        min_overlaps: Overlaps (intersection over union of the crop and an object) to choose from; 1 and more keeps the
            picture whole.
        side_frac_range: (lo, hi) fraction of height and of width, drawn apart.
        ratio_range: (lo, hi) of the crop's width over its height.
        tries: Crops tried before the picture stays whole.
    Draws: the overlap, then crops until one holds the centre of an object and overlaps one enough.
    Cost: a copy of the part; targets are looked at, pixels are not.
    Reference: Liu et al., SSD, 2016, section 2.2.
    """

    min_overlaps: tuple[float, ...] = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0)
    side_frac_range: FractionRange = (0.3, 1.0)
    ratio_range: PositiveRange = (0.5, 2.0)
    tries: Annotated[int, Within(1, 1000)] = 40

    def draw(self, rng: Rng, info: Info) -> CropDraw:
        """Draw the overlap and the crop."""
        height, width = info.size.height, info.size.width
        whole = {"x0": 0, "y0": 0, "x1": width, "y1": height}
        boxes = boxes_of(info.targets, height, width)
        wanted = rng.choice(self.min_overlaps) if self.min_overlaps else 1.0
        if wanted >= 1.0 or not boxes:
            return whole
        for _ in range(self.tries):
            w = max(1, round(width * rng.uniform(*self.side_frac_range)))
            h = max(1, round(height * rng.uniform(*self.side_frac_range)))
            x0, y0 = rng.integer(0, width - w), rng.integer(0, height - h)
            if not self.ratio_range[0] <= w / h <= self.ratio_range[1]:
                continue
            crop = (float(x0), float(y0), float(x0 + w), float(y0 + h))
            centred = [b for b in boxes if x0 < (b[0] + b[2]) / 2 < x0 + w and y0 < (b[1] + b[3]) / 2 < y0 + h]
            if centred and max(_overlap(crop, b) for b in centred) >= wanted:
                return {"x0": x0, "y0": y0, "x1": x0 + w, "y1": y0 + h}
        return whole


def _overlap(a: Sequence[float], b: Box) -> float:
    across = min(a[2], b[2]) - max(a[0], b[0])
    down = min(a[3], b[3]) - max(a[1], b[1])
    common = max(across, 0.0) * max(down, 0.0)
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - common
    return common / union if union > 0 else 0.0
