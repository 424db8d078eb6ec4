"""Statistics of columns over the training side, in one pass and bounded memory.

They are functions of the set of rows: rows come sorted by id and are summed in blocks of a fixed size, so neither
the order of the input nor the size of its batches reaches a floating-point sum.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, TypeAlias

import numpy as np

from augury.record import Batch

Row: TypeAlias = tuple[str, Mapping[str, Any]]
"""(id, record)."""

_BLOCK_ROWS = 4096


def blocks(batches: Iterable[Sequence[Row]]) -> Iterator[Sequence[Row]]:
    """Return the rows in blocks of a fixed size, however they were batched."""
    kept: list[Sequence[Row]] = []
    count = 0
    for batch in batches:
        kept, count = [*kept, batch], count + len(batch)
        if count >= _BLOCK_ROWS:
            rows = gathered(kept)
            last = count - count % _BLOCK_ROWS
            for start in range(0, last, _BLOCK_ROWS):
                yield rows[start : start + _BLOCK_ROWS]
            kept, count = [rows[last:]], count - last
    if count:
        yield gathered(kept)


def gathered(batches: Iterable[Sequence[Row]]) -> Sequence[Row]:
    """Return all rows as one sequence: those of tables as a table, others as a list."""
    parts = [batch for batch in batches if len(batch)]
    tables = [part for part in parts if isinstance(part, Batch)]
    if parts and len(tables) == len(parts):
        return Batch.joined(tables)
    return list(chain.from_iterable(parts))


def cells(rows: Sequence[Row], name: str) -> list[Any]:
    """Return a column's values, None where missing."""
    if isinstance(rows, Batch):
        return rows.cells(name)
    return [record.get(name) for _, record in rows]


def ids_of(rows: Sequence[Row]) -> list[str]:
    """Return the rows' ids."""
    return list(rows.ids) if isinstance(rows, Batch) else [record_id for record_id, _ in rows]


def raw_numbers(block: Sequence[Row], names: Sequence[str]) -> np.ndarray:
    """Return the named columns as float64 (rows, columns), NaN where missing."""
    if isinstance(block, Batch):
        return np.column_stack([block.columns[name] for name in names]) if names else np.empty((len(block), 0))
    values = np.array([[record.get(name) for name in names] for _, record in block], dtype=np.float64)
    return values.reshape(len(block), len(names))


def numbers(block: Sequence[Row], names: Sequence[str]) -> np.ndarray:
    """Return the named columns as float64 (rows, columns); missing and infinite values are NaN."""
    values = raw_numbers(block, names)
    values[~np.isfinite(values)] = np.nan
    return values


class Spread:
    """Mean and standard deviation of columns, block by block (Chan, Golub and LeVeque, 1983)."""

    def __init__(self, columns: int) -> None:
        """Start with no rows of ``columns`` columns."""
        self.count = np.zeros(columns)
        self.mean = np.zeros(columns)
        self._squares = np.zeros(columns)

    def add(self, values: np.ndarray) -> None:
        """Take a block (rows, columns); NaN is left out. Cost: O(rows x columns)."""
        with np.errstate(over="ignore", invalid="ignore"):
            known = ~np.isnan(values)
            count = known.sum(axis=0)
            mean = np.where(known, values, 0.0).sum(axis=0) / np.maximum(count, 1)
            squares = np.where(known, values - mean, 0.0)
            total = np.maximum(self.count + count, 1)
            apart = mean - self.mean
            self._squares += (squares * squares).sum(axis=0) + apart * apart * self.count * count / total
            self.mean += apart * count / total
            self.count += count

    @property
    def std(self) -> np.ndarray:
        """The population standard deviation of each column; 0 where nothing is known or it overflows."""
        return np.nan_to_num(np.sqrt(self._squares / np.maximum(self.count, 1)), posinf=0.0)


def frequencies(batches: Iterable[Sequence[Row]], names: Sequence[str]) -> dict[str, dict[Any, int]]:
    """Return how often each value of each column occurs, sorted by value; missing ones are not counted."""
    counts: dict[str, Counter[Any]] = {name: Counter() for name in names}
    for batch in batches:
        for name, counter in counts.items():
            counter.update(cells(batch, name))
    return {name: {v: c[v] for v in sorted(v for v in c if v is not None)} for name, c in counts.items()}


POINTS = 257
"""Points of a fitted quantile function: every 1/256 of the rows."""


def column_arrays(batches: Iterable[Sequence[Row]], names: Sequence[str]) -> np.ndarray:
    """Return number columns of all rows as float64 (rows, columns), missing and infinite values NaN."""
    parts = [numbers(block, names) for block in blocks(batches)]
    return np.concatenate(parts) if parts else np.empty((0, len(names)))


def quantiles(values: np.ndarray) -> np.ndarray:
    """Return the `POINTS` quantiles of a column's known values, evenly spaced; NaN where none is known."""
    known = values[np.isfinite(values)]
    return np.quantile(known, np.linspace(0.0, 1.0, POINTS)) if len(known) else np.full(POINTS, np.nan)


def rank(values: np.ndarray, table: np.ndarray) -> np.ndarray:
    """Return where values lie in a fitted quantile function, in [0, 1]: for one that recurs, the middle of its run."""
    place = np.arange(len(table)) / (len(table) - 1)
    unique, first = np.unique(table, return_index=True)
    last = np.append(first[1:], len(table)) - 1
    middle = (place[first] + place[last]) / 2.0
    return np.interp(values, unique, middle)


def at_rank(share: np.ndarray, table: np.ndarray) -> np.ndarray:
    """Return the values of a fitted quantile function at shares in [0, 1]."""
    return np.interp(share, np.arange(len(table)) / (len(table) - 1), table)
