"""Nearest rows of the same class in tables of numbers and categories.

The distance is SMOTENC's (Chawla et al., 2002, section 6.1) on standardised numbers: squared differences of numbers in
units of their standard deviation, and one for every category that differs (the median of the standard deviations,
which is 1 here). A missing number lies at its column's mean; a missing category is a category of its own.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy.spatial import cKDTree

from augury_tabular.statistics import Row, Spread, blocks, numbers

MOST_COORDINATES = 128
"""Category columns take part in the distance, those of fewest values first, until their values together exceed this."""

NOBODY = -1
"""In a table of neighbours: no further row of the class."""


class Table(NamedTuple):
    """The rows to find neighbours among.

    Args:
        ids: The n rows' ids, sorted.
        labels: Their classes; None where missing.
        points: float64 (n, coordinates): rows whose Euclidean distance is the one described above.
        numbers: float64 (n, number columns), as they are; missing and infinite ones NaN.
    """

    ids: list[str]
    labels: list[Hashable]
    points: np.ndarray
    numbers: np.ndarray


def read_table(
    batches: Iterable[Sequence[Row]], number_columns: Sequence[str], category_columns: Sequence[str], label: str | None
) -> Table:
    """Read rows sorted by id; without a ``label`` field all are of one class.

    Cost: O(n x columns) time; 8 bytes a number column and row, 4 a category column and row, and the points.
    """
    ids: list[str] = []
    labels: list[Hashable] = []
    values: list[np.ndarray] = []
    spread = Spread(len(number_columns))
    codes: dict[str, dict[Any, int]] = {name: {} for name in category_columns}
    coded: dict[str, list[np.ndarray]] = {name: [] for name in category_columns}
    for block in blocks(batches):
        ids.extend(record_id for record_id, _ in block)
        labels.extend("" if label is None else record.get(label) for _, record in block)
        values.append(numbers(block, number_columns))
        spread.add(values[-1])
        for name in list(codes):
            coded[name].append(_code([record.get(name) for _, record in block], codes[name]))
            if len(codes[name]) > MOST_COORDINATES:
                del codes[name], coded[name]
    if not ids:
        return Table(ids, labels, np.empty((0, 0)), np.empty((0, len(number_columns))))
    with np.errstate(over="ignore", invalid="ignore"):
        whole = np.concatenate(values)
        matrix = (whole - spread.mean) / np.where(spread.std > 0, spread.std, np.inf)
    indicators = [_indicators(np.concatenate(coded[name]), len(codes[name])) for name in _cheapest(codes)]
    return Table(ids, labels, np.hstack([np.nan_to_num(matrix, posinf=0.0, neginf=0.0), *indicators]), whole)


def _code(values: Sequence[Any], codes: dict[Any, int]) -> np.ndarray:
    return np.array([codes.setdefault(value, len(codes)) for value in values], dtype=np.int32)


def _cheapest(codes: Mapping[str, Mapping[Any, int]]) -> list[str]:
    chosen, left = [], MOST_COORDINATES
    for name in sorted(codes, key=lambda name: (len(codes[name]), name)):
        left -= len(codes[name])
        if left < 0:
            break
        chosen.append(name)
    return chosen


def _indicators(codes: np.ndarray, count: int) -> np.ndarray:
    out = np.zeros((len(codes), count))
    out[np.arange(len(codes)), codes] = np.sqrt(0.5)
    return out


def same_class(table: Table, k: int) -> np.ndarray:
    """Return int32 (n, k): the positions of each row's ``k`` nearest rows of its class, nearest first, `NOBODY` after.

    Rows without a label have none. Cost: a KD-tree a class, O(n k) memory; some 20 us a row where there are ten number
    columns, near O(n) a row where many categories make the distance high-dimensional.
    """
    out = np.full((len(table.ids), k), NOBODY, dtype=np.int32)
    members: dict[Hashable, list[int]] = {}
    for position, label in enumerate(table.labels):
        if label is not None:
            members.setdefault(label, []).append(position)
    for positions in map(np.array, members.values()):
        reach = min(k, len(positions) - 1)
        if reach:
            out[positions, :reach] = positions[_others(table.points[positions], reach)]
    return out


def strangers(table: Table, k: int) -> np.ndarray:
    """Return int32 (n,): how many of each row's ``k`` nearest other rows, of any class, are of another one.

    Rows without a label have none. Cost: one KD-tree over all rows; see `same_class`.
    """
    codes = {label: i for i, label in enumerate(dict.fromkeys(table.labels))}
    of = np.array([codes[label] for label in table.labels])
    reach = min(k, len(of) - 1)
    if reach < 1:
        return np.zeros(len(of), np.int32)
    around = of[_others(table.points, reach)] != of[:, None]
    known = np.array([label is not None for label in table.labels])
    return np.where(known, around.sum(axis=1), 0).astype(np.int32)


def _others(points: np.ndarray, k: int) -> np.ndarray:
    """Return the ``k`` nearest other points of each; one that equals its point is a neighbour like any other."""
    found = np.asarray(cKDTree(points).query(points, k + 1)[1])
    other = found != np.arange(len(points))[:, None]
    other[other.all(axis=1), -1] = False
    return found[other].reshape(len(points), k)
