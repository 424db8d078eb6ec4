"""Open lines (lane markings, roads, strokes), each of one or more chains of points, with their labels."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, TypeAlias

import numpy as np

from augury.effects import Point, Polygon
from augury.errors import FieldError, describe
from augury.kinds import Kind
from augury.params import Fraction, Within
from augury.record import type_name
from augury.spaces import geometry as geo
from augury.spaces.plane import PlaneMap, PlaneSize
from augury_image.kinds.fields import regrouped, through_field
from augury_image.kinds.paths import Paths, run_of, runs_of
from augury_image.kinds.shapes import Label, label_type, labels_of, pack_label, split_entries

if TYPE_CHECKING:
    import pyarrow as pa

    from augury.views import Outline

Chain: TypeAlias = tuple[Point, ...]
_LEAST = ("a line", 2)


class Lines(Paths):
    """Objects, each a tuple of chains float64 (k, 2) in pixels, k >= 2, and a tuple of their ``labels``."""


class Line(NamedTuple):
    """One carried object: its whole length as it would be uncut, in pixels, and what is seen of it."""

    full: tuple[Chain, ...]
    seen: tuple[Chain, ...]
    label: Label


class LinesKind(Kind):
    """Open lines on an image, as one value with their labels.

    They are cut where they leave the picture or pass under a cover, which can leave several chains of one line; through
    a dense field they are followed point by point. Accepted: `Lines`; a list of objects, each a chain (k, 2), a flat
    chain of 2k numbers, or a list of chains; ``{"lines": ..., "labels": ...}``; a list of
    ``{"line": ..., "label": ...}``.

    Args:
        min_visibility: Least share of a line's length, after the geometry and before cutting, that must still be seen.
        min_length_px: Least seen length, in pixels.
        labels: What labels are kept as on disk: ``text`` or ``integer``.
    """

    follows = frozenset({"plane"})

    min_visibility: Fraction = 0.0
    min_length_px: Annotated[float, Within(0.0)] = 0.0
    labels: Literal["text", "integer"] = "text"

    def check(self, value: Any) -> Lines:
        """Return `Lines`.

        Raises:
            FieldError: for other forms, NaN, or chains of fewer than two points.
        """
        if type(value) is Lines:
            return value
        given, labels = split_entries(value, ("lines", "line", "chains", "polylines", "polyline"))
        if not isinstance(given, list | tuple | np.ndarray):
            fix = "give a list of objects, each a list of points"
            raise FieldError(describe("", "a list of lines", type_name(value), fix=fix))
        objects = tuple(runs_of(one, *_LEAST) for one in given)
        return Lines(objects, labels_of(labels, len(objects)))

    def open(self, value: Lines, size: PlaneSize) -> list[Line]:
        """Return each object's chains as tuples."""
        out = []
        for chains, label in zip(value.objects, value.labels, strict=True):
            whole = tuple(tuple(map(tuple, chain.tolist())) for chain in chains)
            out.append(Line(whole, whole, label))
        return out

    def follow(self, carried: list[Line], where: PlaneMap) -> list[Line]:
        """Move every chain and cut what is no longer seen."""
        chains = [line.full if line.seen == line.full else (*line.full, *line.seen) for line in carried]
        moved = regrouped(_moved([chain for each in chains for chain in each], where), map(len, chains))
        out = []
        for line, parts in zip(carried, moved, strict=True):
            full = tuple(part for chain in parts[: len(line.full)] for part in chain)
            seen = full if line.seen == line.full else (part for chain in parts[len(line.full) :] for part in chain)
            out.append(Line(full, tuple(left for chain in seen for left in _visible(chain, where)), line.label))
        return out

    def merge(self, parts: Sequence[tuple[list[Line], PlaneMap]], size: PlaneSize) -> list[Line]:
        """Gather the lines of all layers, each where its layer put it."""
        return [line for carried, where in parts for line in self.follow(carried, where)]

    def take(self, carried: list[Line], rows: Sequence[int]) -> list[Line]:
        """Return the lines of these rows."""
        return [carried[i] for i in rows]

    def close(self, carried: list[Line], size: PlaneSize) -> Lines:
        """Return the seen chains of each line that stays."""
        objects, labels = [], []
        for line in carried:
            seen, whole = sum(map(_length, line.seen)), sum(map(_length, line.full))
            if line.seen and seen >= self.min_length_px and seen >= self.min_visibility * whole - 1e-9:
                objects.append(tuple(run_of(chain, *_LEAST) for chain in line.seen))
                labels.append(line.label)
        return Lines(tuple(objects), tuple(labels))

    def is_empty(self, value: Lines) -> bool:
        """Whether no line is left."""
        return len(value) == 0

    def arrow(self) -> pa.DataType:
        """list<struct<chains: list<list<double>> (flat x, y, x, y, ...), label>>."""
        import pyarrow as pa

        chains = pa.list_(pa.list_(pa.float64()))
        return pa.list_(pa.struct([("chains", chains), ("label", label_type(self.labels))]))

    def pack(self, value: Lines) -> list[dict[str, Any]]:
        """Return the lines as entries of flat chains."""
        return [
            {"chains": [chain.ravel().tolist() for chain in chains], "label": pack_label(label, self.labels)}
            for chains, label in zip(value.objects, value.labels, strict=True)
        ]

    def show(self, value: Lines) -> list[Outline]:
        """Return each line there and back as an outline without area."""
        from augury_image.show import outlines

        return outlines(([np.concatenate([c, c[-2:0:-1]]) for c in chains] for chains in value.objects), value.labels)

    def samples(self) -> list[Lines]:
        """Return lines on an image 48 wide and 32 high, one of two chains."""
        names = ("lane", "kerb") if self.labels == "text" else (1, 2)
        lane, dashes = [[5, 31], [12.5, 20], [20, 2]], [[[30, 30], [32, 22]], [[34, 14], [36, 6], [40, 3]]]
        return [
            Lines((runs_of(lane, *_LEAST), runs_of(dashes, *_LEAST)), names),
            Lines((runs_of(lane, *_LEAST),), (None,)),
            Lines((), ()),
        ]


def _length(chain: Chain) -> float:
    return sum(math.dist(a, b) for a, b in pairwise(chain))


def _moved(chains: Sequence[Chain], where: PlaneMap) -> list[list[Chain]]:
    """Move chains by one map: as they are by an affine one, cut at the horizon of another, finely through a field."""
    matrix = where.matrix
    if matrix is None:
        return [_unbroken(points) for points in through_field(chains, where, closed=False)]
    front = [[chain] for chain in chains]
    if not geo.is_affine(matrix):
        front = [_inside(chain, [(matrix[6], matrix[7], matrix[8] - 1e-6)]) for chain in chains]
    return [[tuple(geo.apply(matrix, x, y) for x, y in part) for part in parts] for parts in front]


def _unbroken(points: np.ndarray) -> list[Chain]:
    """Return the runs of points between those that are lost."""
    runs = np.split(points, np.flatnonzero(~np.isfinite(points).all(axis=1)))
    kept = [run[np.isfinite(run).all(axis=1)] for run in runs]
    return [tuple(map(tuple, run.tolist())) for run in kept if len(run) >= 2]


def _visible(chain: Chain, where: PlaneMap) -> list[Chain]:
    parts = [chain]
    for convex in where.clips:
        parts = [seen for part in parts for seen in _within(part, convex)]
    if where.within is not None:
        parts = [seen for part in parts for convex in where.within for seen in _within(part, convex)]
    for convex in where.hides:
        parts = [seen for part in parts for seen in _outside(part, convex)]
    return parts


def _within(chain: Chain, convex: Polygon) -> list[Chain]:
    return _inside(chain, geo.edges(convex)) if convex else []


def _inside(chain: Chain, halves: Iterable[tuple[float, float, float]]) -> list[Chain]:
    """The parts of a chain inside every half-plane a*x + b*y + c >= 0."""
    parts = [chain]
    for half in halves:
        parts = [seen for part in parts for seen in _half(part, half)]
    return parts


def _half(chain: Chain, half: tuple[float, float, float]) -> list[Chain]:
    a, b, c = half
    slack = -1e-9 * (abs(a) + abs(b))
    out: list[Chain] = []
    run: list[Point] = []
    before: tuple[Point, float] | None = None
    for x, y in chain:
        side = a * x + b * y + c
        if before is not None and (side >= slack) != (before[1] >= slack):
            k = before[1] / (before[1] - side)
            (px, py), _ = before
            run.append((px + k * (x - px), py + k * (y - py)))
        if side >= slack:
            run.append((x, y))
        elif run:
            out.append(tuple(run))
            run = []
        before = ((x, y), side)
    return [part for part in (*out, tuple(run)) if len(part) >= 2 and _length(part) > 1e-9]


def _outside(chain: Chain, convex: Polygon) -> list[Chain]:
    """The parts of a chain outside a convex polygon, in order along it."""
    out: list[Chain] = []
    for a, b in pairwise(chain):
        lo, hi = _crossing(a, b, convex)
        pieces = [(0.0, 1.0)] if lo >= hi else [(0.0, lo), (hi, 1.0)]
        for s, t in pieces:
            if t - s <= 1e-12:
                continue
            ends = tuple((a[0] + k * (b[0] - a[0]), a[1] + k * (b[1] - a[1])) for k in (s, t))
            if out and s == 0.0 and out[-1][-1] == a:
                out[-1] = (*out[-1], b if t == 1.0 else ends[1])
            else:
                out.append((a if s == 0.0 else ends[0], b if t == 1.0 else ends[1]))
    return out


def _crossing(a: Point, b: Point, convex: Polygon) -> tuple[float, float]:
    """Where along a segment (0 to 1) it is inside a convex polygon (Cyrus and Beck, 1978); lo >= hi where nowhere."""
    lo, hi = 0.0, 1.0
    for p, q, r in geo.edges(convex):
        start, end = p * a[0] + q * a[1] + r, p * b[0] + q * b[1] + r
        if start < 0 and end < 0:
            return 1.0, 0.0
        if start < 0 or end < 0:
            k = start / (start - end)
            lo, hi = (max(lo, k), hi) if start < 0 else (lo, min(hi, k))
    return lo, hi
