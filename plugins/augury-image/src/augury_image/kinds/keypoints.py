"""Keypoints with visibility and labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from augury.errors import FieldError, describe
from augury.kinds import Kind
from augury.record import type_name
from augury.spaces.plane import PlaneMap, PlaneSize
from augury_image.kinds.fields import moved_together
from augury_image.kinds.shapes import Label, labels_of, numbers, split_entries

if TYPE_CHECKING:
    import pyarrow as pa

    from augury.views import Spot

GONE, HIDDEN, SEEN = 0, 1, 2
"""Visibility as COCO has it: not there, there but covered, seen."""


@dataclass(frozen=True, eq=False)
class Keypoints:
    """Points: ``xy`` float64 (n, 2) in pixels, ``visibility`` int8 (n,), a tuple of n ``labels``.

    Visibility is 0 (gone: never there, or left the picture), 1 (there but covered) or 2 (seen). A point that is gone
    lies at (0, 0).
    """

    xy: np.ndarray
    visibility: np.ndarray
    labels: tuple[Label, ...]

    def __len__(self) -> int:
        return len(self.labels)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Keypoints) or self.labels != other.labels:
            return False
        return np.array_equal(self.xy, other.xy) and np.array_equal(self.visibility, other.visibility)

    __hash__ = None  # type: ignore[assignment]

    def bounds(self) -> tuple[float, float, float, float] | None:
        """Return the smallest upright box around the points that are there; None where none is."""
        there = self.xy[self.visibility > GONE]
        if not len(there):
            return None
        return (*there.min(axis=0).tolist(), *there.max(axis=0).tolist())


class Carried(NamedTuple):
    """Keypoints on their way: positions (NaN where gone), visibility, labels."""

    xy: np.ndarray
    visibility: np.ndarray
    labels: tuple[Label, ...]


class KeypointsKind(Kind):
    """Points on an image, with visibility and labels, as one value.

    Points keep their rows, so that a skeleton's order stands; those that leave the picture or fall under a cover get
    visibility 0. Accepted: `Keypoints`, an array or list (n, 2) of x and y or (n, 3) of x, y and visibility,
    ``{"points": ..., "labels": ...}``, a list of ``{"point": ..., "label": ...}``.

    Args:
        swap: Pairs that trade places when a map mirrors the picture: labels such as [left_eye, right_eye] (the k-th of
            one with the k-th of the other), or row numbers.
        drop_gone: Whether points that are gone are left out instead of kept with visibility 0.
        labels: What labels are kept as on disk: ``text`` or ``integer``.
    """

    follows = frozenset({"plane"})

    swap: tuple[tuple[str | int, str | int], ...] = ()
    drop_gone: bool = False
    labels: Literal["text", "integer"] = "text"

    def check(self, value: Any) -> Keypoints:
        """Return `Keypoints`.

        Raises:
            FieldError: for other forms, NaN, or visibility other than 0, 1 and 2.
        """
        if type(value) is Keypoints:
            return value
        given, labels = split_entries(value, ("points", "point", "keypoints", "xy"))
        try:
            array = np.asarray(given, dtype=np.float64)
        except (TypeError, ValueError):
            array = np.zeros(1)
        if array.size and (array.ndim != 2 or array.shape[1] not in (2, 3)):
            fix = "give (x, y) or (x, y, visibility) for each point"
            raise FieldError(describe("", "points of 2 or 3 numbers", type_name(given), fix=fix))
        array = array.reshape(-1, 2) if not array.size else array
        seen = array[:, 2] if array.shape[1] == 3 else np.full(len(array), SEEN)
        if not np.isin(seen, (GONE, HIDDEN, SEEN)).all():
            fix = "use 0 gone, 1 covered, 2 seen"
            raise FieldError(describe("", "visibility of 0, 1 or 2", seen.tolist(), fix=fix))
        return _keypoints(array[:, :2], seen.astype(np.int8), labels_of(labels, len(array)))

    def open(self, value: Keypoints, size: PlaneSize) -> Carried:
        """Return positions with NaN for what is gone."""
        return Carried(np.where(value.visibility[:, None] > GONE, value.xy, np.nan), value.visibility, value.labels)

    def follow(self, carried: Carried, where: PlaneMap) -> Carried:
        """Move the points; swap left and right under a mirroring map; what is no longer seen is gone."""
        return self.follow_all([carried], where)[0]

    def follow_all(self, carried: Sequence[Carried], where: PlaneMap) -> list[Carried]:
        """Do so for several sets of points, each by itself; cheaper through a dense field than one by one."""
        out = []
        for one, xy in zip(carried, moved_together([one.xy for one in carried], where), strict=True):
            inside = where.inside(xy)
            seen = np.where(inside, one.visibility, GONE).astype(np.int8)
            here = Carried(np.where(inside[:, None], xy, np.nan), seen, one.labels)
            out.append(self._swapped(here) if where.mirrors and self.swap else here)
        return out

    def _swapped(self, carried: Carried) -> Carried:
        order = list(range(len(carried.labels)))
        labels = list(carried.labels)
        for left, right in self.swap:
            lefts, rights = _rows_of(left, carried.labels), _rows_of(right, carried.labels)
            pairs = min(len(lefts), len(rights))
            for i, j in zip(lefts[:pairs], rights[:pairs], strict=True):
                order[i], order[j] = j, i
            # One without its partner stays in its row and changes its name.
            for i in lefts[pairs:]:
                labels[i] = right if isinstance(right, str) else labels[i]
            for j in rights[pairs:]:
                labels[j] = left if isinstance(left, str) else labels[j]
        return Carried(carried.xy[order], carried.visibility[order], tuple(labels))

    def merge(self, parts: Sequence[tuple[Carried, PlaneMap]], size: PlaneSize) -> Carried:
        """Gather the points of all layers, each where its layer put it.

        A source that several layers show (shuffled tiles) keeps one row a point; a second sight of it adds a row.
        """
        sources: dict[int, list[Carried]] = {}
        for carried, where in parts:
            sources.setdefault(id(carried), []).append(self.follow(carried, where))
        moved = [one for views in sources.values() for one in _gathered(views)]
        return Carried(
            np.concatenate([m.xy for m in moved]),
            np.concatenate([m.visibility for m in moved]),
            tuple(label for m in moved for label in m.labels),
        )

    def take(self, carried: Carried, rows: Sequence[int]) -> Carried:
        """Return the points of these rows."""
        chosen = list(rows)
        return Carried(carried.xy[chosen], carried.visibility[chosen], tuple(carried.labels[i] for i in chosen))

    def close(self, carried: Carried, size: PlaneSize) -> Keypoints:
        """Return the points; those gone at (0, 0), or left out with ``drop_gone``."""
        keep = carried.visibility > GONE if self.drop_gone else np.ones(len(carried.labels), bool)
        labels = tuple(label for label, kept in zip(carried.labels, keep.tolist(), strict=True) if kept)
        return _keypoints(carried.xy[keep], carried.visibility[keep], labels)

    def is_empty(self, value: Keypoints) -> bool:
        """Whether no point is there any more."""
        return not (value.visibility > GONE).any()

    def arrow(self) -> pa.DataType:
        """list<struct<point: fixed_size_list<double>[2], visibility: int8, label>>."""
        import pyarrow as pa

        label = pa.string() if self.labels == "text" else pa.int64()
        point = pa.list_(pa.float64(), 2)
        return pa.list_(pa.struct([("point", point), ("visibility", pa.int8()), ("label", label)]))

    def pack(self, value: Keypoints) -> list[dict[str, Any]]:
        """Return the points as entries."""
        to = str if self.labels == "text" else int
        return [
            {"point": xy, "visibility": seen, "label": None if label is None else to(label)}
            for xy, seen, label in zip(value.xy.tolist(), value.visibility.tolist(), value.labels, strict=True)
        ]

    def unpack(self, stored: Any) -> Keypoints:
        """Return the value of what `pack` made, or of points without visibility."""
        entries = list(stored) if isinstance(stored, list | tuple) else stored
        if not (
            isinstance(entries, list) and entries and all("visibility" in e for e in entries if isinstance(e, dict))
        ):
            return self.check(stored)
        if not all(isinstance(e, dict) for e in entries):
            return self.check(stored)
        rows = [[*e["point"], e["visibility"]] for e in entries]
        return self.check({"points": rows, "labels": [e.get("label") for e in entries]})

    def show(self, value: Keypoints) -> list[Spot]:
        """Return the points that are there."""
        from augury.views import Spot

        there = zip(value.xy.tolist(), value.visibility.tolist(), value.labels, strict=True)
        return [
            Spot(x, y, "" if name is None else str(name), seen < SEEN) for (x, y), seen, name in there if seen > GONE
        ]

    def samples(self) -> list[Keypoints]:
        """Return points on an image 48 wide and 32 high, one of them gone."""
        names = ("left_eye", "right_eye", "nose") if self.labels == "text" else (1, 2, 3)
        return [
            _keypoints(np.array([[10.0, 8.0], [30.0, 9.5], [20.0, 20.0]]), np.array([2, 1, 2], np.int8), names),
            _keypoints(np.array([[47.5, 31.5], [np.nan, np.nan]]), np.array([2, 0], np.int8), (None, None)),
            _keypoints(np.zeros((0, 2)), np.zeros(0, np.int8), ()),
        ]


def _gathered(views: Sequence[Carried]) -> list[Carried]:
    """One source's points as several layers show them: each in its row where first seen, other sights after them."""
    first = views[0]
    if len(views) == 1:
        return [first]
    xy, visibility, labels, again = first.xy.copy(), first.visibility.copy(), list(first.labels), []
    for view in views[1:]:
        new = (view.visibility > GONE) & (visibility == GONE)
        xy[new], visibility[new] = view.xy[new], view.visibility[new]
        for i in np.flatnonzero(new):
            labels[i] = view.labels[i]
        twice = np.flatnonzero((view.visibility > GONE) & ~new).tolist()
        again.append(Carried(view.xy[twice], view.visibility[twice], tuple(view.labels[i] for i in twice)))
    return [Carried(xy, visibility, tuple(labels)), *again]


def _rows_of(which: str | int, labels: tuple[Label, ...]) -> list[int]:
    """The rows a side of a pair means: those of a label, or the row of a number."""
    if isinstance(which, int):
        return [which] if which < len(labels) else []
    return [i for i, label in enumerate(labels) if label == which]


def _keypoints(xy: np.ndarray, visibility: np.ndarray, labels: tuple[Label, ...]) -> Keypoints:
    there = visibility > GONE
    points = numbers(np.where(there[:, None], xy, 0.0), 2, "points (x, y)")
    seen = visibility.astype(np.int8)
    seen.flags.writeable = False
    return Keypoints(points, seen, labels)
