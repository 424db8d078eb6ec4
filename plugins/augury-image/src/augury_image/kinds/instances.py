"""Objects as annotation files have them: box, outline or mask, keypoints and the rest of one object, never parted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

import numpy as np

from augury.effects import Polygon
from augury.errors import FieldError, describe
from augury.kinds import Kind
from augury.params import Fraction, Within
from augury.record import type_name
from augury.spaces import geometry as geo
from augury.spaces.plane import PlaneMap, PlaneSize
from augury_image.kinds.fields import regrouped
from augury_image.kinds.keypoints import Carried as CarriedPoints
from augury_image.kinds.keypoints import KeypointsKind
from augury_image.kinds.oriented import best_rectangle
from augury_image.kinds.shapes import Label, Shape, follow_shapes, labels_of, numbers
from augury_image.rle import Runs, read_runs, runs_of

if TYPE_CHECKING:
    import pyarrow as pa

    from augury.views import Mark

Box = tuple[float, float, float, float]

_ON_EDGE = 1e-9
"""Corners this near to the picture's edge, in pixels, are on it: what cutting leaves of rounding."""


class Instance(NamedTuple):
    """One object.

    Args:
        label: Its category's name.
        box: Left, top, right, bottom in pixels.
        rings: Its outlines, each flat x, y, x, y, ... in pixels; none where it has only a box or a mask.
        mask: Its mask, where it is kept as pixels.
        points: Its keypoints: x, y in pixels and visibility 0, 1 or 2.
        crowd: Whether it stands for many objects together.
        area: Its area in square pixels as the source states it, grown and cut in proportion since.
        id: Its number in the source.
        extra: What else the source says of it, as JSON text.
    """

    label: Label
    box: Box
    rings: tuple[tuple[float, ...], ...] = ()
    mask: Runs | None = None
    points: tuple[tuple[float, float, int], ...] = ()
    crowd: bool = False
    area: float | None = None
    id: int | None = None
    extra: str | None = None

    def measure(self) -> float:
        """Return its area in square pixels: as stated, else of its mask, its outlines, or its box."""
        if self.area is not None:
            return self.area
        if self.mask is not None:
            return float(self.mask.area)
        if self.rings:
            return float(sum(geo.area(_polygon(ring)) for ring in self.rings))
        return (self.box[2] - self.box[0]) * (self.box[3] - self.box[1])


@dataclass(frozen=True)
class Instances:
    """The objects of one image, in order."""

    items: tuple[Instance, ...]

    def __len__(self) -> int:
        return len(self.items)

    @property
    def labels(self) -> tuple[Label, ...]:
        """The category of each."""
        return tuple(item.label for item in self.items)

    def bounds(self) -> Box | None:
        """Return the smallest upright box around all of them; None where there are none."""
        if not self.items:
            return None
        corners = np.array([item.box for item in self.items])
        return (*corners[:, :2].min(axis=0).tolist(), *corners[:, 2:].max(axis=0).tolist())


@dataclass
class _Moving:
    """An object on its way: its box as a quad, its outlines, its keypoints, and its number on a map of masks."""

    item: Instance
    box: Shape
    rings: list[Shape]
    points: CarriedPoints
    place: tuple[int, int] | None


@dataclass
class _Carried:
    """Objects on their way. Masks that do not overlap share one map of numbers, so that they move as one."""

    objects: list[_Moving]
    maps: list[np.ndarray] = field(default_factory=list)
    moved: bool = False


class InstancesKind(Kind):
    """Objects on an image: box, outlines or mask, keypoints, label, crowd flag, id, as one value.

    What belongs to one object moves, stays and leaves together. A box goes with the geometry as it is while it stays
    upright and whole; one that was turned or cut becomes the upright bound of what is seen of the object. Accepted:
    `Instances`, a list of `Instance` or of mappings with its names (``mask`` also as COCO's ``{size, counts}``).

    Args:
        categories: Number, name and group of each category, as the source has them.
        points: The keypoints' names, in order.
        skeleton: Pairs of keypoints that are joined, counted from 1.
        swap: Pairs of keypoints, counted from 0, that trade places when a map mirrors the picture.
        outline: What the objects are drawn by: ``box``, ``polygon``, ``oriented`` (a turned box, kept as its corners)
            or ``mask`` (every pixel belongs to one).
        min_visibility: Least share of an object's area, before cutting, that must still be seen.
        min_area_px: Least seen area, in square pixels.
        max_pixels: Greatest height x width of a mask.
    """

    follows = frozenset({"plane"})

    categories: tuple[tuple[int, str, str], ...] = ()
    points: tuple[str, ...] = ()
    skeleton: tuple[tuple[int, int], ...] = ()
    swap: tuple[tuple[int, int], ...] = ()
    outline: Literal["box", "polygon", "oriented", "mask"] = "box"
    min_visibility: Fraction = 0.0
    min_area_px: Annotated[float, Within(0.0)] = 0.0
    max_pixels: Annotated[int, Within(1)] = 100_000_000

    def check(self, value: Any) -> Instances:
        """Return `Instances`.

        Raises:
            FieldError: for other forms, NaN, boxes turned inside out, outlines of fewer than three points.
        """
        if type(value) is Instances:
            return value
        if isinstance(value, np.ndarray):
            value = value.tolist()
        if not isinstance(value, list | tuple):
            fix = "give a list of objects"
            raise FieldError(describe("", "a list of objects {label, box, ...}", type_name(value), fix=fix))
        return Instances(tuple(self._read(one) for one in value))

    def _read(self, one: Any) -> Instance:
        given = one._asdict() if isinstance(one, Instance) else one
        if not isinstance(given, Mapping) or given.get("box") is None:
            fix = "give at least a label and a box"
            raise FieldError(describe("", "an object {label, box, ...}", type_name(one), fix=fix))
        (box,) = numbers([given["box"]], 4, "a box of 4 numbers").tolist()
        if box[2] < box[0] or box[3] < box[1]:
            wanted = "a box (left, top, right, bottom) with left <= right, top <= bottom"
            raise FieldError(describe("", wanted, box, fix="swap its corners"))
        mask, area, number = given.get("mask"), given.get("area"), given.get("id")
        extra = given.get("extra")
        return Instance(
            labels_of([given.get("label")], 1)[0],
            tuple(box),
            tuple(_ring(ring) for ring in given.get("rings") or ()),
            None if mask is None else read_runs(mask, self.max_pixels),
            _points(given.get("points")),
            bool(given.get("crowd")),
            None if area is None else float(area),
            None if number is None else int(number),
            None if not extra else str(extra),
        )

    def open(self, value: Instances, size: PlaneSize) -> _Carried:
        """Return each object's parts as shapes, its mask as a number on a map.

        Raises:
            FieldError: for a mask of another size than its image.
        """
        out = _Carried([])
        for item in value.items:
            x0, y0, x1, y1 = item.box
            quad = ((x0, y0), (x1, y0), (x1, y1), (x0, y1))
            rings = [_polygon(ring) for ring in item.rings]
            place = None if item.mask is None else _put(item.mask, size, out.maps)
            shapes = [Shape(ring, (ring,), item.label) for ring in rings]
            out.objects.append(_Moving(item, Shape(quad, (quad,), item.label), shapes, _opened(item.points), place))
        return out

    def follow(self, carried: _Carried, where: PlaneMap) -> _Carried:
        """Move every part of every object, and cut what is no longer seen."""
        from augury_image.render import render_labels

        boxes = follow_shapes([one.box for one in carried.objects], where)
        rings = follow_shapes([ring for one in carried.objects for ring in one.rings], where, convex=False)
        grouped = regrouped(rings, (len(one.rings) for one in carried.objects))
        points = KeypointsKind(swap=self.swap).follow_all([one.points for one in carried.objects], where)
        objects = [
            _Moving(one.item, box, own, seen, one.place)
            for one, box, own, seen in zip(carried.objects, boxes, grouped, points, strict=True)
        ]
        return _Carried(objects, [render_labels(labels, where, 0) for labels in carried.maps], True)

    def merge(self, parts: Sequence[tuple[_Carried, PlaneMap]], size: PlaneSize) -> _Carried:
        """Gather the objects of all layers, each where its layer put it."""
        out = _Carried([], moved=True)
        for carried, where in parts:
            moved = self.follow(carried, where)
            for one in moved.objects:
                one.place = None if one.place is None else (one.place[0] + len(out.maps), one.place[1])
                # Numbers name an object in its own image; what came from another has none here.
                one.item = one.item if carried is parts[0][0] else one.item._replace(id=None)
            out.objects.extend(moved.objects)
            out.maps.extend(moved.maps)
        return out

    def take(self, carried: _Carried, rows: Sequence[int]) -> _Carried:
        """Return the objects of these rows."""
        return _Carried([carried.objects[i] for i in rows], carried.maps, carried.moved)

    def close(self, carried: _Carried, size: PlaneSize) -> Instances:
        """Return the objects that are still seen; those that never moved, as they came."""
        if not carried.moved:
            return Instances(tuple(one.item for one in carried.objects))
        closed = (self._closed(one, carried.maps, size) for one in carried.objects)
        return Instances(tuple(item for item in closed if item is not None))

    def _closed(self, one: _Moving, maps: list[np.ndarray], size: PlaneSize) -> Instance | None:
        rings = tuple(piece for shape in one.rings for piece in shape.seen if len(piece) >= 3)
        mask = None if one.place is None else maps[one.place[0]] == one.place[1]
        runs = None if mask is None else runs_of(mask)
        if not one.box.seen or (one.rings and not rings) or (runs is not None and not runs.area):
            return None
        full, seen = [s.full for s in one.rings] or [one.box.full], rings or one.box.seen
        area = float(runs.area) if runs is not None else sum(map(geo.area, seen))
        whole = sum(map(geo.area, full))
        visibility = one.box.visibility if runs is not None or whole <= 1e-12 else min(1.0, area / whole)
        if visibility < self.min_visibility or area < self.min_area_px:
            return None
        bound = _bound(one.box, rings, runs, size)
        if self.outline == "oriented" and rings:
            rings = (_corners(tuple(p for piece in rings for p in piece), one.rings[0].full),)
        points = _closed_points(one.points)
        flat = tuple(tuple(float(v) for point in ring for v in point) for ring in rings)
        return one.item._replace(box=bound, rings=flat, mask=runs, points=points, area=_grown(one.item, area))

    def is_empty(self, value: Instances) -> bool:
        """Whether no object is left."""
        return not value.items

    def arrow(self) -> pa.DataType:
        """list<struct<label, box (4 doubles), rings (flat), mask, points (flat x, y, v), crowd, area, id, extra>>."""
        import pyarrow as pa

        mask = pa.struct([("height", pa.int32()), ("width", pa.int32()), ("counts", pa.list_(pa.int32()))])
        parts = [
            ("label", pa.string()),
            ("box", pa.list_(pa.float64(), 4)),
            ("rings", pa.list_(pa.list_(pa.float64()))),
            ("mask", mask),
            ("points", pa.list_(pa.float64())),
            ("crowd", pa.bool_()),
            ("area", pa.float64()),
            ("id", pa.int64()),
            ("extra", pa.string()),
        ]
        return pa.list_(pa.struct(parts))

    def pack(self, value: Instances) -> list[dict[str, Any]]:
        """Return the objects as entries."""
        return [
            item._asdict()
            | {
                "label": None if item.label is None else str(item.label),
                "box": list(item.box),
                "rings": [list(ring) for ring in item.rings],
                "mask": None if item.mask is None else item.mask._asdict() | {"counts": list(item.mask.counts)},
                "points": [float(v) for point in item.points for v in point],
            }
            for item in value.items
        ]

    def show(self, value: Instances) -> list[Mark]:
        """Return each object's outline (its box where it has none) and its keypoints."""
        from augury.views import Spot
        from augury_image.show import outlines

        drawn = [[np.array(_polygon(r)) for r in item.rings] or [_box_corners(item.box)] for item in value.items]
        marks: list[Mark] = [*outlines(drawn, value.labels)]
        for item in value.items:
            names = self.points if len(self.points) == len(item.points) else ("",) * len(item.points)
            spots = zip(names, item.points, strict=True)
            marks.extend(Spot(x, y, name, seen < 2) for name, (x, y, seen) in spots if seen)
        return marks

    def samples(self) -> list[Instances]:
        """Return objects on an image 48 wide and 32 high: by box, by outline with keypoints; and none.

        None by mask: how a mask's edge is rounded to pixels depends on how steps are compiled.
        """
        seen = ((10.0, 8.0, 2), (30.0, 9.5, 1), (0.0, 0.0, 0))
        outline = (5.0, 4.0, 20.0, 6.0, 11.0, 19.0)
        return [
            Instances(
                (
                    Instance("cat", (25.5, 8.25, 47.0, 31.0), id=7),
                    Instance("leaf", (5.0, 4.0, 20.0, 19.0), (outline,), points=seen, area=110.0, extra='{"a":1}'),
                )
            ),
            Instances(()),
        ]


def _put(mask: Runs, size: PlaneSize, maps: list[np.ndarray]) -> tuple[int, int]:
    """Draw a mask on the first map where it overlaps nothing; return that map's place and the mask's number."""
    if (mask.height, mask.width) != size[:2]:
        expected, got = f"a mask of {size.height} x {size.width}, as its image", f"{mask.height} x {mask.width}"
        raise FieldError(describe("", expected, got, fix="resize it"))
    inside = mask.decode()
    for place, labels in enumerate(maps):
        if not labels[inside].any():
            number = int(labels.max()) + 1
            labels[inside] = number
            return place, number
    maps.append(inside.astype(np.uint16))
    return len(maps) - 1, 1


def _bound(box: Shape, rings: Sequence[Polygon], runs: Runs | None, size: PlaneSize) -> Box:
    """Return the box of what is seen: the box itself while upright and whole, else the object's own bounds in it."""
    points = [p for piece in box.seen for p in piece]
    x0, y0, x1, y1 = _bounds_of(points)
    upright = abs(geo.area(box.full) - _area_of(_bounds_of(box.full))) <= 1e-6 * max(1.0, geo.area(box.full))
    if not upright or box.visibility < 1.0 - 1e-9:
        own = runs.bounds() if runs is not None else _bounds_of([p for ring in rings for p in ring]) if rings else None
        if own is not None:
            inside = (max(x0, own[0]), max(y0, own[1]), min(x1, own[2]), min(y1, own[3]))
            x0, y0, x1, y1 = inside if inside[0] <= inside[2] and inside[1] <= inside[3] else own
    return (_on_edge(x0, size.width), _on_edge(y0, size.height), _on_edge(x1, size.width), _on_edge(y1, size.height))


def _grown(item: Instance, area: float) -> float | None:
    """Return the stated area in proportion to what is seen of the object; to nine digits, as turning back leaves."""
    before = item._replace(area=None).measure()
    return None if item.area is None else item.area * round(area / before, 9) if before else area


def _on_edge(value: float, limit: float) -> float:
    near = next((edge for edge in (0.0, float(limit)) if abs(value - edge) < _ON_EDGE), value)
    return float(near)


def _bounds_of(points: Sequence[tuple[float, float]]) -> Box:
    xs, ys = zip(*points, strict=True)
    return (min(xs), min(ys), max(xs), max(ys))


def _area_of(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _polygon(ring: Sequence[float]) -> Polygon:
    return tuple(zip(ring[::2], ring[1::2], strict=True))


def _corners(points: Polygon, quad: Polygon) -> Polygon:
    from augury_image.kinds.oriented import quad_of

    return quad_of(*best_rectangle(points, quad))


def _box_corners(box: Box) -> np.ndarray:
    x0, y0, x1, y1 = box
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])


def _opened(points: Sequence[tuple[float, float, int]]) -> CarriedPoints:
    array = np.array(points, dtype=np.float64).reshape(-1, 3)
    seen = array[:, 2].astype(np.int8)
    return CarriedPoints(np.where(seen[:, None] > 0, array[:, :2], np.nan), seen, (None,) * len(array))


def _closed_points(carried: CarriedPoints) -> tuple[tuple[float, float, int], ...]:
    rows = zip(carried.xy.tolist(), carried.visibility.tolist(), strict=True)
    return tuple((x, y, seen) if seen else (0.0, 0.0, 0) for (x, y), seen in rows)


def _ring(ring: Any) -> tuple[float, ...]:
    flat = np.asarray(ring, dtype=np.float64).ravel()
    points = numbers(flat.reshape(-1, 2) if flat.size % 2 == 0 else [flat], 2, "an outline of x, y pairs")
    if len(points) < 3:
        raise FieldError(describe("", "an outline of at least 3 points", len(points), fix="drop it"))
    return tuple(points.ravel().tolist())


def _points(given: Any) -> tuple[tuple[float, float, int], ...]:
    if given is None or not len(given):
        return ()
    rows = numbers(np.asarray(given, dtype=np.float64).reshape(-1, 3), 3, "keypoints (x, y, visibility)")
    if not np.isin(rows[:, 2], (0, 1, 2)).all():
        fix = "use 0 gone, 1 covered, 2 seen"
        raise FieldError(describe("", "visibility of 0, 1 or 2", rows[:, 2].tolist(), fix=fix))
    return tuple((x, y, int(seen)) for x, y, seen in rows.tolist())
