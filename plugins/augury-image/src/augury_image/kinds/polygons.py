"""Outlines of objects, each of one or more rings, with their labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from augury.effects import Polygon
from augury.errors import FieldError, describe, shown
from augury.record import type_name
from augury.spaces import geometry as geo
from augury.spaces.plane import PlaneMap, PlaneSize
from augury_image.kinds.shapes import Label, Shape, ShapeKind, follow_shape, labels_of, numbers, split_entries

if TYPE_CHECKING:
    import pyarrow as pa

    from augury.views import Outline

Rings: TypeAlias = tuple[np.ndarray, ...]
"""One object: read-only float64 (k, 2) arrays of x and y, k >= 3, disjoint rings."""


@dataclass(frozen=True, eq=False)
class Polygons:
    """Objects, each a tuple of rings float64 (k, 2) in pixels, and a tuple of their ``labels``."""

    objects: tuple[Rings, ...]
    labels: tuple[Label, ...]

    def __len__(self) -> int:
        return len(self.labels)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Polygons) or self.labels != other.labels:
            return False
        return all(
            len(a) == len(b) and all(map(np.array_equal, a, b))
            for a, b in zip(self.objects, other.objects, strict=True)
        )

    __hash__ = None  # type: ignore[assignment]

    def bounds(self) -> tuple[float, float, float, float] | None:
        """Return the smallest upright box around all of them; None where there are none."""
        if not len(self):
            return None
        points = np.concatenate([ring for rings in self.objects for ring in rings])
        return (*points.min(axis=0).tolist(), *points.max(axis=0).tolist())


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
        objects = tuple(_rings(one) for one in outlines)
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
        return [[follow_shape(shape, where, convex=False) for shape in rings] for rings in carried]

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
                objects.append(tuple(_ring(piece) for piece in seen))
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
            Polygons((_rings([triangle, arrow]), _rings(square)), names),
            Polygons((), ()),
        ]


def _tidied(ring: Polygon) -> Polygon:
    """Leave out corners that a cut through a corner doubled: closer than a millionth of a pixel to the one before."""
    return tuple(p for i, p in enumerate(ring) if abs(p[0] - ring[i - 1][0]) + abs(p[1] - ring[i - 1][1]) > 1e-6)


def _rings(one: Any) -> Rings:
    """Read one object: a ring, a flat ring, or a list of either."""
    if isinstance(one, np.ndarray):
        one = one.tolist()
    if not isinstance(one, list | tuple) or not one:
        raise FieldError(describe("", "an outline of at least 3 points", type_name(one), fix="give a list of points"))
    first = one[0]
    if isinstance(first, int | float | np.number) or _is_point(first):
        return (_ring(one),)
    return tuple(_ring(ring) for ring in one)


def _is_point(value: Any) -> bool:
    return len(value) == 2 and all(isinstance(v, int | float | np.number) for v in value)


def _ring(points: Sequence[Any] | Polygon | np.ndarray) -> np.ndarray:
    flat = len(points) > 0 and isinstance(points[0], int | float | np.number)
    if flat and len(points) % 2:
        raise FieldError(
            describe("", "a flat outline of x, y pairs", shown(f"{len(points)} numbers"), fix="give pairs")
        )
    array = numbers(np.reshape(np.asarray(points, dtype=np.float64), (-1, 2)) if flat else points, 2, "points (x, y)")
    if len(array) < 3:
        raise FieldError(describe("", "an outline of at least 3 points", len(array), fix="drop it, or use keypoints"))
    return array
