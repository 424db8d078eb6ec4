"""The functions of `Rows` effects: columns of many rows in, the same columns changed out.

``columns`` maps names to arrays of n values, in the order of the effect's ``reads``: float64 with NaN for numbers,
objects with None for categories and booleans. Missing stays missing everywhere; bounds, rounding and integers are
restored afterwards by the columns' kinds. Nothing is changed in place.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np

Columns: TypeAlias = Mapping[str, np.ndarray]


def add(columns: Columns, amount: np.ndarray) -> dict[str, np.ndarray]:
    """Add ``amount`` (n, columns) to the columns, but where that leaves the range. Cost: O(n) a column."""
    with np.errstate(over="ignore"):
        return {name: _finite(values + amount[:, i], values) for i, (name, values) in enumerate(columns.items())}


def multiply(columns: Columns, factor: np.ndarray) -> dict[str, np.ndarray]:
    """Multiply the columns by ``factor`` (n, columns), but where that leaves the range. Cost: O(n) a column."""
    with np.errstate(over="ignore"):
        return {name: _finite(values * factor[:, i], values) for i, (name, values) in enumerate(columns.items())}


def scale(columns: Columns, factor: np.ndarray, offset: np.ndarray) -> dict[str, np.ndarray]:
    """Multiply by ``factor`` (n,) and add ``offset`` (n,), but where that leaves the range. Cost: O(n) a column."""
    with np.errstate(over="ignore"):
        return {name: _finite(values * factor + offset, values) for name, values in columns.items()}


def interpolate(columns: Columns, share: np.ndarray, donor: np.ndarray) -> dict[str, np.ndarray]:
    """Move numbers ``share`` (n,) in [0, 1] of the way to ``donor`` (n, number of columns), never past it.

    A number stays what it is where it or the donor's is missing or infinite. Cost: O(n) a column.
    """
    out = {}
    for i, (name, values) in enumerate(columns.items()):
        other = donor[:, i]
        both = np.isfinite(values) & np.isfinite(other)
        start, end = np.where(both, values, 0.0), np.where(both, other, 0.0)
        moved = (1.0 - share) * start + share * end
        out[name] = np.where(both, np.clip(moved, np.minimum(start, end), np.maximum(start, end)), values)
    return out


def leave(columns: Columns) -> dict[str, np.ndarray]:
    """Change nothing: for an effect that only mixes labels."""
    return {}


def put(columns: Columns, value: np.ndarray) -> dict[str, np.ndarray]:
    """Set the one column to ``value`` (n,) where it is not missing. Cost: O(n)."""
    ((name, values),) = columns.items()
    return {name: np.where(_present(values), value.astype(object), values)}


def put_other(columns: Columns, first: np.ndarray, second: np.ndarray) -> dict[str, np.ndarray]:
    """Set the one column to ``first`` (n,), or to ``second`` where ``first`` is its value already. Cost: O(n)."""
    ((name, values),) = columns.items()
    first, second = first.astype(object), second.astype(object)
    return {name: np.where(_present(values), np.where(first != values, first, second), values)}


def _finite(changed: np.ndarray, values: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(changed), changed, values)


def _present(values: np.ndarray) -> np.ndarray:
    return np.array([value is not None for value in values], dtype=bool)
