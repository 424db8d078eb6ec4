"""Conditions on columns, and the order in which classes come when a sample is balanced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from augury.errors import DataError, FieldError, describe
from augury.record import FieldSpec
from augury.synthesis import Between

Rows: TypeAlias = dict[str, list[Any]]
"""Column to canonical values, one a row; None is missing."""

Condition: TypeAlias = Mapping[str, Any]
"""Column to a canonical value, a list of them, or `Between`."""


def read_where(where: Mapping[str, Any], fields: Mapping[str, FieldSpec]) -> dict[str, Any]:
    """Return a condition with canonical values.

    Raises:
        DataError: for an unknown column, or a value that is not of its kind.
    """
    out: dict[str, Any] = {}
    for name, only in where.items():
        if name not in fields:
            fix = "name a column of the table"
            raise DataError(describe("condition", "a known column", name, name=name, known=fields, fix=fix))
        check = fields[name].kind.check
        try:
            if isinstance(only, Between):
                out[name] = Between(*(None if end is None else check(end) for end in only))
            elif isinstance(only, list | tuple | set | frozenset):
                out[name] = [None if value is None else check(value) for value in only]
            else:
                out[name] = None if only is None else check(only)
        except FieldError as error:
            raise DataError(f"condition on {name!r}: {error}") from error
    return out


def meets(rows: Rows, where: Condition) -> np.ndarray:
    """Return bool (n,): which rows meet a condition."""
    met = np.ones(length(rows), dtype=bool)
    for name, only in where.items():
        if isinstance(only, Between):
            lo, hi = only
            inside = [v is not None and (lo is None or lo <= v) and (hi is None or v <= hi) for v in rows[name]]
        else:
            wanted = only if isinstance(only, list) else [only]
            inside = [v in wanted for v in rows[name]]
        met &= np.array(inside, dtype=bool)
    return met


def class_sequence(shares: np.ndarray, rows: int) -> np.ndarray:
    """Return the class of each row, so that every prefix has each class ``share * n`` times to within one, or nearly.

    Class k comes at the times (j + 1/2) / share of k. A longer sequence begins with a shorter one.
    """
    counts = np.ceil(shares * rows).astype(np.int64) + 1
    times = np.concatenate([(np.arange(n) + 0.5) / share for n, share in zip(counts, shares)])
    classes = np.repeat(np.arange(len(shares)), counts)
    return classes[np.lexsort((classes, times))][:rows]


def length(rows: Mapping[str, Sequence[Any]]) -> int:
    """Return the number of rows."""
    return len(next(iter(rows.values()), ()))


def take(rows: Rows, places: np.ndarray) -> Rows:
    """Return the rows at ``places``."""
    chosen = places.tolist()
    return {name: [values[i] for i in chosen] for name, values in rows.items()}


def concatenate(parts: Sequence[Rows]) -> Rows:
    """Return the rows of all parts, in order."""
    return {name: [value for part in parts for value in part[name]] for name in parts[0]}
