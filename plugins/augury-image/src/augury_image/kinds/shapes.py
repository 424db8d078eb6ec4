"""What shapes on a plane share: carried outlines, the labels that travel with them, reading what users hold.

A shape is carried as its full outline, never cut, and the convex or simple pieces of it that are still seen. The share
of the full area that is seen decides at the end whether it stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, NamedTuple, TypeAlias

import numpy as np

from augury.effects import Polygon
from augury.errors import FieldError, describe
from augury.kinds import Kind
from augury.params import Fraction, Within
from augury.record import type_name
from augury.spaces import geometry as geo
from augury.spaces.plane import PlaneMap, PlaneSize
from augury_image.kinds.fields import regrouped, through_field

if TYPE_CHECKING:
    import pyarrow as pa

Label: TypeAlias = str | int | None


class Shape(NamedTuple):
    """One carried outline: all of it, and what is seen of it, in the anchor's present coordinates."""

    full: Polygon
    seen: tuple[Polygon, ...]
    label: Label

    @property
    def visibility(self) -> float:
        """Share of the full area that is seen, in [0, 1]; 1 for an outline without area that is seen at all."""
        whole = geo.area(self.full)
        if whole <= 1e-12:
            return 1.0 if self.seen else 0.0
        return min(1.0, sum(map(geo.area, self.seen)) / whole)


def follow_shapes(shapes: Sequence[Shape], where: PlaneMap, *, convex: bool = True) -> list[Shape]:
    """Move shapes by a map and cut what is seen. Through a dense field outlines are followed point by point.

    Args:
        shapes: The carried shapes.
        where: The map.
        convex: Whether to take convex hulls after a dense field, as boxes do.
    """
    outlines = [(shape.full,) if shape.seen == (shape.full,) else (shape.full, *shape.seen) for shape in shapes]
    moved = regrouped(_moved([o for each in outlines for o in each], where, convex), map(len, outlines))
    out = []
    for shape, (full, *parts) in zip(shapes, moved, strict=True):
        seen = parts if shape.seen != (shape.full,) else [full]
        pieces = tuple(piece for part in seen if part for piece in where.visible(part))
        out.append(Shape(full, pieces, shape.label))
    return out


def _moved(outlines: Sequence[Polygon], where: PlaneMap, convex: bool) -> list[Polygon]:
    if where.matrix is not None:
        return [geo.transform(where.matrix, outline) for outline in outlines]
    out: list[Polygon] = []
    for points in through_field(outlines, where, closed=True):
        there = points[np.isfinite(points).all(axis=1)]
        few = len(there) < 3
        out.append(() if few else hull(there) if convex else tuple(map(tuple, there.tolist())))
    return out


def hull(points: np.ndarray) -> Polygon:
    """Return the convex hull of points float64 (n, 2) (Andrew's monotone chain, 1979)."""
    ordered = sorted(set(map(tuple, points.tolist())))
    if len(ordered) < 3:
        return tuple(ordered)

    def chain(run: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
        out: list[tuple[float, float]] = []
        for x, y in run:
            while len(out) > 1 and (out[-1][0] - out[-2][0]) * (y - out[-2][1]) <= (out[-1][1] - out[-2][1]) * (
                x - out[-2][0]
            ):
                out.pop()
            out.append((x, y))
        return out[:-1]

    return tuple(chain(ordered) + chain(reversed(ordered)))


class ShapeKind(Kind):
    """Base of the kinds of labelled outlines. ``min_visibility`` and ``min_area_px`` decide what stays at the end."""

    follows = frozenset({"plane"})
    convex: ClassVar[bool] = True

    min_visibility: Fraction = 0.0
    min_area_px: Annotated[float, Within(0.0)] = 0.0
    labels: Literal["text", "integer"] = "text"

    def follow(self, carried: list[Shape], where: PlaneMap) -> list[Shape]:
        """Move every shape and cut what is no longer seen."""
        return follow_shapes(carried, where, convex=self.convex)

    def merge(self, parts: Sequence[tuple[list[Shape], PlaneMap]], size: PlaneSize) -> list[Shape]:
        """Gather the shapes of all layers, each where its layer put it."""
        return [shape for carried, where in parts for shape in self.follow(carried, where)]

    def take(self, carried: list[Any], rows: Sequence[int]) -> list[Any]:
        """Return the entries of these rows."""
        return [carried[i] for i in rows]

    def staying(self, carried: Iterable[Shape]) -> list[Shape]:
        """Return the shapes that are still seen, by the kind's options."""
        return [
            shape
            for shape in carried
            if shape.seen
            and shape.visibility >= self.min_visibility
            and sum(map(geo.area, shape.seen)) >= self.min_area_px
        ]

    def is_empty(self, value: Any) -> bool:
        """Whether no shape is left."""
        return len(value.labels) == 0

    def label_type(self) -> pa.DataType:
        """Return the Arrow type of a label."""
        return label_type(self.labels)

    def pack_label(self, label: Label) -> Label:
        """Return a label as it is kept on disk."""
        return pack_label(label, self.labels)


def label_type(labels: str) -> pa.DataType:
    """Return the Arrow type of a label kept as ``text`` or ``integer``."""
    import pyarrow as pa

    return pa.string() if labels == "text" else pa.int64()


def pack_label(label: Label, labels: str) -> Label:
    """Return a label as it is kept on disk: as ``text`` or ``integer``.

    Raises:
        FieldError: for a text that is no whole number, where numbers are kept.
    """
    if label is None:
        return None
    if labels == "text":
        return str(label)
    try:
        return int(label)
    except ValueError as error:
        raise FieldError(describe("", "a whole number as label", label, fix="set labels: text")) from error


def numbers(value: Any, width: int, what: str) -> np.ndarray:
    """Return ``value`` as a new read-only float64 array (n, width).

    Raises:
        FieldError: for other shapes, text, NaN and infinity.
    """
    try:
        array = np.array(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise FieldError(describe("", what, type_name(value), fix=f"give {width} numbers for each")) from error
    if array.size == 0:
        array = array.reshape(0, width)
    if array.ndim != 2 or array.shape[1] != width:
        raise FieldError(describe("", what, type_name(array), fix=f"give {width} numbers for each"))
    if not np.isfinite(array).all():
        raise FieldError(describe("", f"{what} of finite numbers", type_name(array), fix="drop those with NaN"))
    array.flags.writeable = False
    return array


def labels_of(value: Any, n: int) -> tuple[Label, ...]:
    """Return ``n`` labels as text, whole numbers or None; None for all of them where there are none.

    Raises:
        FieldError: for another count or type.
    """
    if value is None:
        return (None,) * n
    plain = [v.item() if isinstance(v, np.generic) else v for v in value]
    if len(plain) != n:
        raise FieldError(
            describe("", f"{n} labels, one for each shape", len(plain), fix="give as many labels as shapes")
        )
    for label in plain:
        if isinstance(label, bool) or not (label is None or isinstance(label, str | int)):
            raise FieldError(describe("", "labels of text or whole numbers", label, fix="convert them to text"))
    return tuple(plain)


def split_entries(value: Any, names: Sequence[str]) -> tuple[Any, Any]:
    """Return (geometry, labels) of what a user holds: a mapping of lists, a list of mappings, or plain geometry.

    Args:
        value: What was given.
        names: Accepted names of the geometry, such as ("boxes", "box", "bbox"); labels are ``labels`` or ``label``,
            ``category`` or ``categories``.
    """
    label_names = ("labels", "label", "category", "categories", "class_labels")
    if isinstance(value, Mapping):
        return _pick(value, names), next((value[k] for k in label_names if k in value), None)
    entries = list(value) if isinstance(value, list | tuple) else None
    if entries and all(isinstance(entry, Mapping) for entry in entries):
        found = [next((entry[k] for k in label_names if k in entry), None) for entry in entries]
        return [_pick(entry, names) for entry in entries], found
    return value, None


def _pick(value: Mapping[str, Any], names: Sequence[str]) -> Any:
    for name in names:
        if name in value:
            return value[name]
    got = ", ".join(map(str, value)) or "nothing"
    raise FieldError(
        describe("", f"a mapping with {names[0]!r} and 'labels'", got, fix=f"name the geometry {names[0]!r}")
    )
