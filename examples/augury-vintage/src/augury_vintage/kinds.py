"""The kinds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from augury.errors import FieldError, describe
from augury.kinds import Kind
from augury.record import type_name
from augury.spaces.plane import PlaneMap, PlaneSize

if TYPE_CHECKING:
    import pyarrow as pa


class Circle(NamedTuple):
    """A circle: its centre and radius in pixels."""

    x: float
    y: float
    radius: float


class Circles(Kind):
    """Circles on an image; one whose centre is no longer seen goes."""

    follows = frozenset({"plane"})

    def check(self, value: Any) -> list[Circle]:
        """Return a list of `Circle`; also takes (x, y, radius) and mappings of these.

        Raises:
            FieldError: for anything else.
        """
        try:
            rows = [[entry[name] for name in Circle._fields] if isinstance(entry, dict) else entry for entry in value]
            return [Circle(float(x), float(y), float(radius)) for x, y, radius in rows]
        except (TypeError, ValueError, KeyError) as error:
            fix = "give a list of them"
            raise FieldError(describe("", "circles (x, y, radius)", type_name(value), fix=fix)) from error

    def follow(self, carried: Sequence[Circle], where: PlaneMap) -> list[Circle]:
        """Move the centres; the radius grows as the area around the centre does."""
        centres = where.points(np.array([c[:2] for c in carried], dtype=np.float64))
        out = []
        for circle, (x, y), seen in zip(carried, centres.tolist(), where.inside(centres).tolist(), strict=True):
            if seen:
                a, b, c, d = where.local_linear(circle.x, circle.y)
                out.append(Circle(x, y, circle.radius * abs(a * d - b * c) ** 0.5))
        return out

    def merge(self, parts: Sequence[tuple[Sequence[Circle], PlaneMap]], size: PlaneSize) -> list[Circle]:
        """Gather the circles of all layers, each where its layer put it."""
        return [circle for carried, where in parts for circle in self.follow(carried, where)]

    def is_empty(self, value: Sequence[Circle]) -> bool:
        """Whether no circle is left."""
        return not value

    def arrow(self) -> pa.DataType:
        """list<struct<x: double, y: double, radius: double>>."""
        import pyarrow as pa

        return pa.list_(pa.struct([(name, pa.float64()) for name in Circle._fields]))

    def pack(self, value: Sequence[Circle]) -> list[dict[str, float]]:
        """Return the circles as mappings."""
        return [circle._asdict() for circle in value]

    def samples(self) -> list[Any]:
        """Return circles on an image 48 wide and 32 high, and none."""
        return [[Circle(10.0, 8.0, 4.0), Circle(30.5, 20.0, 9.5)], []]
