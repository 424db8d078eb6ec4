"""Nearest rows of the same class in tables of numbers and categories.

The distance is SMOTENC's (Chawla et al., 2002, section 6.1) on standardised numbers: squared differences of numbers in
units of their standard deviation, and one for every category that differs (the median of the standard deviations,
which is 1 here). A missing number lies at its column's mean; a missing category is a category of its own.

What is fitted are the rows. Who is near whom is found for a class when its first row is asked about: over-sampling asks
about some classes only.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from augury_tabular.search import nearest
from augury_tabular.statistics import Row, Spread, cells, gathered, ids_of, raw_numbers

MOST_COORDINATES = 128
"""Category columns take part in the distance, those of fewest values first, until their values together exceed this."""

NOBODY = -1
"""In a table of neighbours: no further row of the class. Among codes: a missing category, a row without class."""

Fitted: TypeAlias = "dict[str, Any]"
"""The fitted rows: see `read_rows`."""

_BLOCK_ROWS = 4096


def read_rows(
    batches: Iterable[Sequence[Row]], number_columns: Sequence[str], category_columns: Sequence[str], label: str | None
) -> Fitted:
    """Return rows sorted by id, as columns; without a ``label`` field all are of one class.

    ``ids``; ``class`` int32 (n,) and the ``classes`` it numbers; ``matrix`` float64 (n, numbers), NaN where missing,
    with each number column's ``place`` in it, its ``mean`` and ``std``; ``categories``: of each category column its
    ``values`` and ``codes`` int32 (n,); ``near``: those that take part in the distance.

    Cost: O(n x columns) time; 8 bytes a number and row, 4 a category and row, and the ids.
    """
    rows = gathered(batches)
    matrix = raw_numbers(rows, number_columns)
    known = np.where(np.isfinite(matrix), matrix, np.nan)
    spread = Spread(len(number_columns))
    for start in range(0, len(rows), _BLOCK_ROWS):
        spread.add(known[start : start + _BLOCK_ROWS])
    categories = {name: _coded(cells(rows, name)) for name in category_columns}
    classes = _coded([""] * len(rows) if label is None else cells(rows, label))
    counts = {name: len(c["values"]) + bool((c["codes"] == NOBODY).any()) for name, c in categories.items()}
    return {
        "ids": ids_of(rows),
        "class": classes["codes"],
        "classes": classes["values"],
        "matrix": matrix,
        "place": {name: i for i, name in enumerate(number_columns)},
        "mean": spread.mean,
        "std": spread.std,
        "categories": categories,
        "near": _cheapest(counts),
    }


def _coded(values: Sequence[Any]) -> dict[str, Any]:
    codes: dict[Any, int] = {}
    numbers = [NOBODY if value is None else codes.setdefault(value, len(codes)) for value in values]
    return {"values": list(codes), "codes": np.array(numbers, dtype=np.int32)}


def _cheapest(counts: Mapping[str, int]) -> list[str]:
    chosen, left = [], MOST_COORDINATES
    for name in sorted(counts, key=lambda name: (counts[name], name)):
        left -= counts[name]
        if left < 0:
            break
        chosen.append(name)
    return chosen


class Neighbourhood:
    """Fitted rows, and who is near whom among them. Get it by `neighbourhood`; rows are named by their places."""

    def __init__(self, fitted: Fitted) -> None:
        """Index the rows."""
        self.fitted = fitted
        self.index: dict[str, int] = {record_id: i for i, record_id in enumerate(fitted["ids"])}
        self.classes: np.ndarray = fitted["class"]
        self._near: dict[int, tuple[np.ndarray, set[int]]] = {}
        self._found: dict[Hashable, Any] = {}

    def once(self, what: Hashable, find: Callable[[], Any]) -> Any:
        """Return what ``find`` returns, asked for once."""
        if what not in self._found:
            self._found[what] = find()
        return self._found[what]

    def members(self, code: int) -> np.ndarray:
        """Return the places of a class's rows."""
        found: np.ndarray = self.once(("members", code), lambda: np.flatnonzero(self.classes == code))
        return found

    def ids(self, places: np.ndarray) -> np.ndarray:
        """Return the ids of rows as objects, None for `NOBODY`."""
        found: np.ndarray = self.once("ids", lambda: np.array([*self.fitted["ids"], None], object))[places]
        return found

    def codes(self, names: Iterable[str]) -> list[tuple[str, np.ndarray]]:
        """Return the category columns among ``names`` with their codes, int32 (n,)."""
        categories = self.fitted["categories"]
        return [(name, categories[name]["codes"]) for name in names if name in categories]

    def order(self, name: str) -> np.ndarray:
        """Return the place of each of a column's categories in the order of their texts; that of none is last."""
        values = self.fitted["categories"][name]["values"]
        ordered = sorted(range(len(values)), key=lambda code: str(values[code]))
        return np.append(np.argsort(ordered), len(values)).astype(np.int64)

    def near(self, places: np.ndarray, k: int) -> np.ndarray:
        """Return int32 (places, k): each row's ``k`` nearest rows of its class, nearest first, then `NOBODY`.

        Rows without a class have none. Cost: see `augury_tabular.search.nearest`, for whole classes, once.
        """
        empty = (np.full((len(self.classes), k), NOBODY, dtype=np.int32), {NOBODY})
        table, done = self._near.setdefault(k, empty)
        for code in set(np.unique(self.classes[places[places >= 0]]).tolist()) - done:
            rows = self.members(code)
            reach = min(k, len(rows) - 1)
            if reach:
                points = self._points(rows)
                table[rows, :reach] = rows[nearest(points, points, reach, np.arange(len(rows)))]
            done.add(code)
        return table[places]

    def strangers(self, code: int, k: int) -> np.ndarray:
        """Return int64 (rows of the class,): how many of each one's ``k`` nearest other rows are of another class."""
        rows = self.members(code)
        reach = min(k, len(self.classes) - 1)
        if reach < 1:
            return np.zeros(len(rows), np.int64)
        points = self._everything()
        around = nearest(points[rows], points, reach, rows)
        return (self.classes[around] != code).sum(axis=1)

    def nearest_strangers(self, code: int, k: int) -> np.ndarray:
        """Return int64 (rows of the class, up to k): each one's nearest rows of other classes, nearest first."""
        rows, others = self.members(code), np.flatnonzero((self.classes != code) & (self.classes != NOBODY))
        reach = min(k, len(others))
        if not reach:
            return np.empty((len(rows), 0), np.int64)
        points = self._everything()
        return others[nearest(points[rows], points[others], reach)]

    def _everything(self) -> np.ndarray:
        points: np.ndarray = self.once("points", lambda: self._points(slice(None)))
        return points

    def _points(self, places: np.ndarray | slice) -> np.ndarray:
        """Return float64 (places, coordinates): points whose Euclidean distance is the one described above."""
        fitted = self.fitted
        with np.errstate(over="ignore", invalid="ignore"):
            numbers = (fitted["matrix"][places] - fitted["mean"]) / np.where(fitted["std"] > 0, fitted["std"], np.inf)
        parts = [np.nan_to_num(numbers, posinf=0.0, neginf=0.0)]
        for name in fitted["near"]:
            column = fitted["categories"][name]
            codes = column["codes"][places]
            gaps = bool((column["codes"] == NOBODY).any())
            indicators = np.zeros((len(codes), len(column["values"]) + gaps))
            indicators[np.arange(len(codes)), codes] = np.sqrt(0.5)  # NOBODY is the last
            parts.append(indicators)
        return np.hstack(parts)


_MOST_KEPT = 4
_kept: OrderedDict[int, Neighbourhood] = OrderedDict()


def neighbourhood(fitted: Fitted) -> Neighbourhood:
    """Return the neighbourhood of fitted rows: the same one for a state that stays the same object."""
    key = id(fitted)
    known = _kept.get(key)
    if known is None or known.fitted is not fitted:
        known = _kept[key] = Neighbourhood(fitted)
        while len(_kept) > _MOST_KEPT:
            _kept.popitem(last=False)
    return known
