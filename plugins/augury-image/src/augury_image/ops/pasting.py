"""Pictures made of several: cut-mix, copy-paste, overlay, and one picture's own tiles shuffled."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

import cv2
import numpy as np

from augury.effects import SELF, Layer, Layers, Matrix
from augury.op import Donor, Info, Op
from augury.params import Fraction, FractionRange, IntRange, PositiveRange, Within
from augury.rng import Rng, generator
from augury.spaces import geometry as geo
from augury_image.boxing import Box, bounds_of, convex_pieces, objects_of
from augury_image.kinds.keypoints import Keypoints
from augury_image.ops.layers import box_region, covering

SAME_OBJECT = 0.5
"""Entries of two fields are one object where their bounds overlap (intersection over union) by more than this."""


class Cutmix(Op):
    """Replace a rectangle of the picture by the same rectangle of another record's; labels mix by area.

    Fields: image; the targets of both are cut to what is seen of them; the field with role label becomes a
        distribution. The other picture is scaled to cover this one's canvas.

    Args:
        alpha: Both parameters of the beta distribution that this record's share is drawn from.
    Draws: the rectangle in pixels: area 1 - share, the picture's own ratio, its middle uniform, cut at the edges.
    Cost: one resample of the rectangle and a copy.
    Reference: Yun et al., CutMix, 2019.
    """

    on = "image"
    donors = 1
    makes: ClassVar = {"label": "distribution"}

    alpha: Annotated[float, Within(0.01, 100.0)] = 1.0

    def draw(self, rng: Rng, info: Info) -> dict[str, int]:
        """Draw the rectangle."""
        height, width = info.size.height, info.size.width
        side = math.sqrt(1.0 - float(generator(rng.seed()).beta(self.alpha, self.alpha)))
        x0, x1 = _span(rng.random() * width, side * width, width)
        y0, y1 = _span(rng.random() * height, side * height, height)
        return {"x0": x0, "y0": y0, "x1": x1, "y1": y1}

    def effect(self, draw: Any, info: Info) -> Layers:
        """Return the layers."""
        size = (info.size.height, info.size.width)
        x0, y0, x1, y1 = draw["x0"], draw["y0"], draw["x1"], draw["y1"]
        if x0 >= x1 or y0 >= y1:
            return Layers(size, (Layer(SELF),))
        other = info.donors[0].size
        place = covering(other.width, other.height, 0.0, 0.0, float(size[1]), float(size[0]))
        return Layers(size, (Layer(SELF), Layer(0, place, region=box_region(x0, y0, x1, y1))))


def _span(middle: float, length: float, side: int) -> tuple[int, int]:
    return max(0, round(middle - length / 2)), min(side, round(middle + length / 2))


class CopyPaste(Op):
    """Paste objects of another record, cut out along their outline; their boxes, outlines, masks and points come along.

    Fields: image; what pasted objects cover of this record's targets is cut. Objects are those of the other record's
        first field of kind polygons, else the connected parts of its first mask (0 is background), else oriented
        boxes or boxes. Of every other field that lists objects the entry with the same bounds comes (overlap above
        a half), of keypoints those inside the outline, of masks, depth and flow what lies inside. The field with role
        label stays this record's.

    Args:
        objects_range: (lo, hi) of the number of objects, held to how many the other record has.
        scale_range: (lo, hi) of the factor they are resized by.
        keep_place: Whether they stay at the place (as a fraction of the sides) they had in their own picture; else they
            are put anywhere that holds them.
        flip_share: Share of objects that are mirrored left to right.
    Draws: objects with their outlines (true to 0.75 pixels), factors (uniform in their logarithm), places, mirrorings.
    Cost: one resample of each object's bounds; the other record's targets are looked at.
    Reference: Ghiasi et al., Simple Copy-Paste is a Strong Data Augmentation Method, 2021.
    """

    on = "image"
    donors = 1

    objects_range: Annotated[IntRange, Within(0, 1000)] = (1, 3)
    scale_range: PositiveRange = (0.8, 1.25)
    keep_place: bool = False
    flip_share: Fraction = 0.5

    def draw(self, rng: Rng, info: Info) -> dict[str, Any]:
        """Draw the objects: outlines in the other picture, their entries by field, and where they go."""
        donor = info.donors[0]
        record = {name: donor.record[name] for name in donor.record}
        objects = objects_of(record.values(), donor.size[:2])
        count = min(len(objects), rng.integer(*self.objects_range))
        chosen = sorted(rng.sample(len(objects), count))
        return {"objects": [self._placed(rng, objects[k], record, donor, info) for k in chosen]}

    def _placed(
        self, rng: Rng, rings: list[list[list[float]]], record: Mapping[str, Any], donor: Donor, info: Info
    ) -> dict[str, Any]:
        height, width = info.size.height, info.size.width
        points = [p for ring in rings for p in ring]
        x0, y0 = min(p[0] for p in points), min(p[1] for p in points)
        x1, y1 = max(p[0] for p in points), max(p[1] for p in points)
        factor = rng.log_uniform(*self.scale_range)
        mirrored = rng.chance(self.flip_share)
        w, h = (x1 - x0) * factor, (y1 - y0) * factor
        x, y = rng.random() * max(width - w, 0.0), rng.random() * max(height - h, 0.0)
        if self.keep_place:
            x = (x0 + x1) / 2 * width / donor.size.width - w / 2
            y = (y0 + y1) / 2 * height / donor.size.height - h / 2
        a, left = (-factor, x + factor * x1) if mirrored else (factor, x - factor * x0)
        matrix = [a, 0.0, left, 0.0, factor, y - factor * y0, 0.0, 0.0, 1.0]
        return {"rings": rings, "matrix": matrix, "rows": _rows(record, rings, (x0, y0, x1, y1))}

    def effect(self, draw: Any, info: Info) -> Layers:
        """Return the layers."""
        layers = [Layer(SELF)]
        for pasted in draw["objects"]:
            place: Matrix = tuple(pasted["matrix"])
            pieces = [
                geo.transform(place, piece)
                for ring in pasted["rings"]
                for piece in convex_pieces(tuple(map(tuple, ring)))
            ]
            rows = {name: tuple(rows) for name, rows in pasted["rows"].items()}
            layers.append(Layer(0, place, pieces=tuple(pieces), rows=rows))
        return Layers((info.size.height, info.size.width), tuple(layers))


def _rows(record: Mapping[str, Any], rings: Sequence[Sequence[Sequence[float]]], around: Box) -> dict[str, list[int]]:
    """The entries of each field that are the object: the one with its bounds, or the points inside its outline."""
    out = {}
    for name, value in record.items():
        if isinstance(value, Keypoints):
            shapes = [np.array(ring, np.float32).reshape(-1, 1, 2) for ring in rings]
            seen = [any(cv2.pointPolygonTest(s, (float(x), float(y)), False) >= 0 for s in shapes) for x, y in value.xy]
            out[name] = [i for i, inside in enumerate(seen) if inside and value.visibility[i] > 0]
        elif hasattr(value, "bounds") and hasattr(value, "labels"):
            overlaps = [_overlap(box, around) for box in bounds_of(value)]
            best = max(range(len(overlaps)), key=overlaps.__getitem__, default=-1)
            out[name] = [best] if best >= 0 and overlaps[best] > SAME_OBJECT else []
    return out


def _overlap(a: Box, b: Box) -> float:
    across, down = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    common = max(across, 0.0) * max(down, 0.0)
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - common
    return common / union if union > 0 else 0.0


class Overlay(Op):
    """Put another record's picture, made small, at a random place over this one: a sticker, a logo, a watermark.

    Fields: image; targets are cut by what an opaque overlay covers. Name a ``pool`` of its own for the overlays.

    Args:
        side_frac_range: (lo, hi) of the overlay's longer side, as a fraction of this picture's same side.
        opacity_range: (lo, hi) of its opacity; from a half on it hides the targets below it.
        take_targets: Whether its own targets come along.
    Draws: size, opacity and place, uniform.
    Cost: one resample of the overlay.
    """

    on = "image"
    donors = 1

    side_frac_range: Annotated[tuple[float, float], Within(0.01, 1.0)] = (0.15, 0.4)
    opacity_range: FractionRange = (0.7, 1.0)
    take_targets: bool = False

    def draw(self, rng: Rng, info: Info) -> dict[str, float]:
        """Draw size, opacity and place."""
        names = ("side_frac", "opacity", "x", "y")
        ranges = (self.side_frac_range, self.opacity_range, (0.0, 1.0), (0.0, 1.0))
        return {name: rng.uniform(*span) for name, span in zip(names, ranges, strict=True)}

    def effect(self, draw: Any, info: Info) -> Layers:
        """Return the layers."""
        height, width = info.size.height, info.size.width
        other = info.donors[0].size
        k = draw["side_frac"] * min(width / other.width, height / other.height)
        w, h = max(1, round(k * other.width)), max(1, round(k * other.height))
        x, y = round(draw["x"] * (width - w)), round(draw["y"] * (height - h))
        place = (w / other.width, 0.0, float(x), 0.0, h / other.height, float(y), 0.0, 0.0, 1.0)
        over = Layer(0, place, alpha=draw["opacity"], targets=self.take_targets, weight=0.0)
        return Layers((height, width), (Layer(SELF, weight=1.0), over))


class GridShuffle(Op):
    """Cut the picture into tiles and shuffle them.

    Fields: image; targets are cut at the tiles' edges and go with their tile: points keep their rows, a box that lies
        on several tiles becomes one box for each.

    Args:
        grid: Tiles down and across, each from 1 to 16.
    Draws: the order of the tiles, each equally likely.
    Cost: a copy. Where the sides do not divide evenly, tiles that trade places are resized by a pixel.
    """

    on = "image"

    grid: Annotated[tuple[int, int], Within(1, 16)] = (3, 3)

    def draw(self, rng: Rng, info: Info) -> dict[str, list[int]]:
        """Draw which tile goes to each place, row by row."""
        rows, columns = self._tiles(info)
        return {"order": rng.permutation(rows * columns)}

    def _tiles(self, info: Info) -> tuple[int, int]:
        """Return the tiles down and across: no more than there are pixels."""
        return min(self.grid[0], info.size.height), min(self.grid[1], info.size.width)

    def effect(self, draw: Any, info: Info) -> Layers:
        """Return the layers."""
        height, width = info.size.height, info.size.width
        rows, columns = self._tiles(info)
        ys = [round(i * height / rows) for i in range(rows + 1)]
        xs = [round(j * width / columns) for j in range(columns + 1)]
        tiles = [(xs[j], ys[i], xs[j + 1], ys[i + 1]) for i in range(rows) for j in range(columns)]
        layers = []
        for to, source in zip(tiles, (tiles[k] for k in draw["order"]), strict=True):
            kx, ky = (to[2] - to[0]) / (source[2] - source[0]), (to[3] - to[1]) / (source[3] - source[1])
            place = (kx, 0.0, to[0] - kx * source[0], 0.0, ky, to[1] - ky * source[1], 0.0, 0.0, 1.0)
            layers.append(Layer(SELF, place, region=box_region(*to)))
        return Layers((height, width), tuple(layers))
