"""Outlines of objects, each of one or more rings, with their labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from augury.effects import Polygon
from augury.errors import FieldError, describe
from augury.record import type_name
from augury.spaces import geometry as geo
from augury.spaces.plane import PlaneMap, PlaneSize
from augury_image.kinds.fields import regrouped
from augury_image.kinds.paths import Paths, run_of, runs_of
from augury_image.kinds.shapes import Shape, ShapeKind, follow_shapes, labels_of, split_entries

if TYPE_CHECKING:
    import pyarrow as pa

    from augury.views import Outline

_LEAST = ("an outline", 3)


class Polygons(Paths):
    """Objects, each a tuple of disjoint rings float64 (k, 2) in pixels, k >= 3, and a tuple of their ``labels``."""


class PolygonsKind(ShapeKind):
    """Outlines of objects on an image, as one value with their labels. Simple rings, without holes.

    Rings are cut by what hides them; a cut can leave several rings, or parts joined by a line without width. Accepted:
    `Polygons`; a list of objects, each a ring (k, 2), a flat ring of 2k numbers (COCO), or a list of rings;
    ``{"polygons": ..., "labels": ...}``; a list of ``{"polygon": ..., "label": ...}``.

    Args:
        min_visibility: Least share of an object's area, after the geometry and before cutting, that must still be seen.
        min_area_px: Least seen area, in square pixels.
        labels: What labels are kept as on disk: ``text`` or ``integer``.
    """

    convex = False

    def check(self, value: Any) -> Polygons:
        """Return `Polygons`.

        Raises:
            FieldError: for other forms, NaN, or rings of fewer than three points.
        """
        if type(value) is Polygons:
            return value
        outlines, labels = split_entries(value, ("polygons", "polygon", "rings", "segmentation"))
        if not isinstance(outlines, list | tuple | np.ndarray):
            fix = "give a list of objects, each a list of points"
            raise FieldError(describe("", "a list of outlines", type_name(value), fix=fix))
        objects = tuple(runs_of(one, *_LEAST) for one in outlines)
        return Polygons(objects, labels_of(labels, len(objects)))

    def open(self, value: Polygons, size: PlaneSize) -> list[list[Shape]]:
        """Return each object's rings as shapes."""
        out = []
        for rings, label in zip(value.objects, value.labels, strict=True):
            outlines = [tuple(map(tuple, ring.tolist())) for ring in rings]
            out.append([Shape(outline, (outline,), label) for outline in outlines])
        return out

    def follow(self, carried: list[list[Shape]], where: PlaneMap) -> list[list[Shape]]:  # type: ignore[override]
        """Move every ring and cut what is no longer seen."""
        moved = follow_shapes([shape for rings in carried for shape in rings], where, convex=False)
        return list(regrouped(moved, map(len, carried)))

    def merge(  # type: ignore[override]
        self, parts: Sequence[tuple[list[list[Shape]], PlaneMap]], size: PlaneSize
    ) -> list[list[Shape]]:
        """Gather the objects of all layers, each where its layer put it."""
        return [rings for carried, where in parts for rings in self.follow(carried, where)]

    def close(self, carried: list[list[Shape]], size: PlaneSize) -> Polygons:
        """Return the seen rings of each object that stays."""
        objects, labels = [], []
        for rings in carried:
            seen = [piece for shape in rings for piece in map(_tidied, shape.seen) if len(piece) >= 3]
            area, whole = sum(map(geo.area, seen)), sum(geo.area(shape.full) for shape in rings)
            if seen and area >= self.min_area_px and area >= self.min_visibility * whole:
                objects.append(tuple(run_of(piece, *_LEAST) for piece in seen))
                labels.append(rings[0].label)
        return Polygons(tuple(objects), tuple(labels))

    def arrow(self) -> pa.DataType:
        """list<struct<rings: list<list<double>> (flat x, y, x, y, ...), label>>."""
        import pyarrow as pa

        rings = pa.list_(pa.list_(pa.float64()))
        return pa.list_(pa.struct([("rings", rings), ("label", self.label_type())]))

    def pack(self, value: Polygons) -> list[dict[str, Any]]:
        """Return the objects as entries of flat rings."""
        return [
            {"rings": [ring.ravel().tolist() for ring in rings], "label": self.pack_label(label)}
            for rings, label in zip(value.objects, value.labels, strict=True)
        ]

    def show(self, value: Polygons) -> list[Outline]:
        """Return each object's rings as an outline."""
        from augury_image.show import outlines

        return outlines(value.objects, value.labels)

    def samples(self) -> list[Polygons]:
        """Return outlines on an image 48 wide and 32 high, one of two rings."""
        names = ("leaf", "ring") if self.labels == "text" else (1, 2)
        triangle, square = [[5, 4], [20, 6], [11, 19]], [[25, 10], [40, 10], [40, 24], [25, 24]]
        arrow = [[2, 24], [10, 20], [18, 24], [10, 22]]
        return [
            Polygons((runs_of([triangle, arrow], *_LEAST), runs_of(square, *_LEAST)), names),
            Polygons((), ()),
        ]


def _tidied(ring: Polygon) -> Polygon:
    """Leave out corners that a cut through a corner doubled: closer than a millionth of a pixel to the one before."""
    return tuple(p for i, p in enumerate(ring) if abs(p[0] - ring[i - 1][0]) + abs(p[1] - ring[i - 1][1]) > 1e-6)
