"""The evaluator's own view of a table: numbers as float64, categories as codes, the same for real and made rows.

It is fitted on real rows only and is no model's: what a codec makes of a column does not colour its judgement.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from augury.record import FieldSpec
from augury.rng import generator, hash_point

LEARNED = 250
"""Most codes of a category that gradient boosting is given; rarer ones are one."""


class Column(NamedTuple):
    """How one column is coded: ``codes`` maps a category to its place by frequency; None for numbers and moments."""

    name: str
    codes: Mapping[Any, int] | None

    @property
    def size(self) -> int:
        """Number of codes, missing and unknown ones among them."""
        return len(self.codes or ()) + 1


Coded = dict[str, np.ndarray]
"""Column to float64 (NaN missing; moments in days) or int32 codes (the last is missing or unknown)."""


class Coder:
    """Codes rows. Keys, constants and columns of unknown kinds are left out: they say nothing of a row.

    Args:
        fields: The columns' specs.
        rows: Real rows, canonical values by column.
    """

    def __init__(self, fields: Mapping[str, FieldSpec], rows: Mapping[str, list[Any]]) -> None:
        """Learn the categories."""
        self.fields = dict(fields)
        self.columns: dict[str, Column] = {}
        for name, spec in fields.items():
            if spec.kind.space != "row":
                continue
            values = rows[name]
            distinct = set(values)
            if len(distinct) < 2 or spec.role == "key" or (spec.kind_id == "id" and len(distinct) == len(values)):
                continue
            if spec.kind_id in ("number", "datetime"):
                self.columns[name] = Column(name, None)
            else:
                counts = Counter(v for v in values if v is not None)
                ranked = sorted(counts, key=lambda v: (-counts[v], str(v)))
                self.columns[name] = Column(name, {value: code for code, value in enumerate(ranked)})

    def encode(self, rows: Mapping[str, list[Any]]) -> Coded:
        """Return rows as arrays."""
        return {name: self._encode(column, rows[name]) for name, column in self.columns.items()}

    def encode_parts(self, parts: Iterable[Mapping[str, list[Any]]]) -> Coded:
        """Return rows that come in parts; only their codes are kept."""
        coded = [self.encode(part) for part in parts]
        return {name: np.concatenate([part[name] for part in coded]) for name in self.columns}

    def _encode(self, column: Column, values: list[Any]) -> np.ndarray:
        if column.codes is not None:
            other = len(column.codes)
            return np.fromiter((column.codes.get(v, other) for v in values), dtype=np.int32, count=len(values))
        array = self.fields[column.name].kind.to_column(values)
        if array.dtype.kind == "M":
            days = array.astype("datetime64[us]").astype(np.int64) / 86_400_000_000
            return np.where(np.isnat(array), np.nan, days)
        return array

    def features(self, coded: Coded, without: str | None = None) -> tuple[np.ndarray, list[bool]]:
        """Return (n, columns) float64 for gradient boosting, and which are categories."""
        names = [name for name in self.columns if name != without]
        parts = [self._feature(self.columns[name], coded[name]) for name in names]
        return np.stack(parts, axis=1), [self.columns[name].codes is not None for name in names]

    def _feature(self, column: Column, values: np.ndarray) -> np.ndarray:
        if column.codes is None:
            return values
        return np.where(values == column.size - 1, LEARNED, np.minimum(values, LEARNED - 1)).astype(np.float64)


def length(coded: Coded) -> int:
    """Return the number of rows."""
    return len(next(iter(coded.values())))


def rows_of(coded: Coded, places: np.ndarray) -> Coded:
    """Return the rows at ``places``."""
    return {name: values[places] for name, values in coded.items()}


def capped(coded: Coded, most: int, seed: int) -> Coded:
    """Return at most ``most`` rows, chosen by key."""
    n = length(coded)
    if n <= most:
        return coded
    return rows_of(coded, np.sort(generator(hash_point(str(seed), "cap")).permutation(n)[:most]))
