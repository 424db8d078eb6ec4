"""Table rows as one block of codes a column: what models of tables learn from.

Every block is ``category``: integer codes, never one-hot. A code means a frequent value, a bin of values, a category, a
hashed bucket of rare ones, or "missing"; `numbers`, `categories`, `moments`, `keys` and `constants` say which.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import numpy as np

from augury.errors import DataError, describe, shown
from augury.params import Fraction, Within
from augury.record import FieldSpec
from augury.rng import branch_keys
from augury.synthesis import Batch, Codec, Columns, Condition, TensorSpec
from augury_tabular.codecs import categories, constants, keys, moments, numbers
from augury_tabular.codecs.coding import Coding, Options

CODINGS: Mapping[str, Coding] = {
    "number": numbers,
    "category": categories,
    "moment": moments,
    "key": keys,
    "constant": constants,
}


class TableCodec(Codec):
    """Encode mixed columns as codes and decode codes to rows.

    Args:
        bins: Most quantile bins of a number's values that are not frequent; fewer on small data (10 rows a bin).
        frequent: Share of rows from which one number is a code of its own (at least 5 rows). Where these are less
            than nine tenths of the rows, only the most frequent ones are, at most as many as ``bins``.
        codes: Most codes of a category column; beyond it the rarer half shares hashed buckets.
    """

    on = ("number", "category", "ordinal", "boolean", "datetime", "id")

    bins: Annotated[int, Within(1, 4096)] = 100
    frequent: Fraction = 0.001
    codes: Annotated[int, Within(16, 65536)] = 1024

    def fit(self, rows: Columns, schema: Mapping[str, Any]) -> dict[str, Any]:
        """Return a state of JSON values: a function of the set of rows. Cost: O(rows log rows) a column.

        Raises:
            DataError: without rows, for infinite numbers, for kinds it does not encode, where no column varies.
        """
        state = self.learn(rows, schema)
        if not self.spec(state).blocks:
            fix = "give columns with different values"
            raise DataError(describe("codec", "a column that varies", shown("keys and constants only"), fix=fix))
        return state

    def learn(self, rows: Columns, schema: Mapping[str, Any]) -> dict[str, Any]:
        """Return the state of columns of which none needs to vary: what other codecs keep beside their own."""
        columns = _arrays(rows, schema)
        length = len(next(iter(columns.values()))) if columns else 0
        if not length:
            raise DataError(describe("codec", "at least one row and one column", shown("none"), fix="give more rows"))
        fitted = {}
        for name, column in columns.items():
            order = tuple(getattr(schema[name].kind, "values", ())) if schema[name].kind_id == "ordinal" else ()
            coding = _coding(schema[name], column)
            fitted[name] = CODINGS[coding].fit(name, column, Options(self.bins, self.frequent, self.codes, order))
        whole = [name for name in columns if getattr(schema[name].kind, "integer", False)]
        return {"version": 1, "rows": length, "columns": fitted, "whole": whole}

    def notes(self, state: Mapping[str, Any]) -> list[str]:
        """Return what a user should know of how columns are kept, a sentence each."""
        out = []
        for name, fitted in state["columns"].items():
            if fitted["coding"] == "constant":
                what = "is missing in every row" if fitted["value"] is None else f"is always {fitted['value']!r}"
                out.append(f"column {name!r} {what}: kept so, and shown to no model")
            if fitted["coding"] == "key":
                out.append(f"column {name!r} holds keys: new ones are made")
            if fitted["coding"] == "category" and (shared := sum(len(g) for g in fitted["groups"] if len(g) > 1)):
                out.append(f"column {name!r}: its {shared} rarest categories share codes and are drawn by frequency")
        return out

    def spec(self, state: Mapping[str, Any]) -> TensorSpec:
        """Return the blocks, all scalars of kind ``category``; any may be a condition."""
        blocks = [b for n, f in state["columns"].items() for b in CODINGS[f["coding"]].blocks(n, f)]
        return TensorSpec(tuple(blocks), tuple(b.name for b in blocks))

    def encode(self, state: Mapping[str, Any], rows: Columns) -> Batch:
        """Return codes of the columns given, which may be some of those fitted: canonical values or their arrays.

        Raises:
            DataError: for a category, or a missing value, that the rows fitted do not have.
        """
        batch: dict[str, np.ndarray] = {}
        for name, values in rows.items():
            fitted = state["columns"][name]
            coding = CODINGS[fitted["coding"]]
            codes = coding.encode(name, fitted, _array(values, fitted["coding"]))
            batch |= dict(zip((b.name for b in coding.blocks(name, fitted)), codes))
        return batch

    def decode(self, state: Mapping[str, Any], batch: Batch, keys: np.ndarray) -> dict[str, list[Any]]:
        """Return rows; a number's place inside its bin, and new keys, come from ``keys``."""
        out = {}
        for name, fitted in state["columns"].items():
            coding = CODINGS[fitted["coding"]]
            codes = tuple(np.asarray(batch[b.name]) for b in coding.blocks(name, fitted))
            out[name] = _plain(coding.decode(fitted, codes, branch_keys(keys, name)), name in state["whole"])
        return out

    def narrow(self, state: Mapping[str, Any], where: Mapping[str, Any]) -> tuple[dict[str, Any], Condition]:
        """Return the state and the codes by which every decoded row meets ``where``; see `Codec.narrow`."""
        columns, allowed = dict(state["columns"]), dict[str, np.ndarray]()
        for name, only in where.items():
            if name not in columns:
                fix = "use a column of the rows fitted"
                raise DataError(describe("condition", "a known column", name, name=name, known=columns, fix=fix))
            coding = CODINGS[columns[name]["coding"]]
            columns[name], codes = coding.narrow(name, columns[name], only)
            allowed |= dict(zip((b.name for b in coding.blocks(name, columns[name])), codes))
        return {**state, "columns": columns}, Condition(allowed=allowed)


def _arrays(rows: Columns, schema: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Return the columns as arrays, refusing what has no code."""
    out = {}
    for name, values in rows.items():
        field: FieldSpec = schema[name]
        where = f"column {name!r}"
        if field.kind_id not in TableCodec.on:
            fix = f"leave the column out, or declare it one of {', '.join(TableCodec.on)}"
            raise DataError(describe(where, "a kind that tables are made of", field.kind_id, fix=fix))
        column = values if isinstance(values, np.ndarray) else field.kind.to_column(values)
        if column.dtype.kind == "f" and (infinite := int(np.isinf(column).sum())):
            fix = "drop those rows, or replace the values by a missing value"
            raise DataError(describe(where, "finite numbers", shown(f"{infinite} infinite values"), fix=fix))
        out[name] = column
    return out


def _coding(field: FieldSpec, column: np.ndarray) -> str:
    """Return which coding a column takes."""
    if column.dtype.kind in "fM":
        values = column[1:] if len(column) else column
        same = (values == column[:1]) | ((values != values) & (column[:1] != column[:1]))
        return "constant" if same.all() else "number" if column.dtype.kind == "f" else "moment"
    distinct = set(column.tolist())
    if field.role == "key" or (field.kind_id == "id" and len(distinct) == len(column)):
        return "key"
    return "constant" if len(distinct) == 1 else "category"


def _array(values: Any, coding: str) -> np.ndarray:
    """Return canonical values as the array their coding works on."""
    if isinstance(values, np.ndarray):
        return values
    if coding == "number":
        return np.array([np.nan if v is None else v for v in values], dtype=np.float64)
    if coding == "moment":
        return np.array([v if v is None or v.tzinfo is None else _utc(v) for v in values], dtype="datetime64[us]")
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)


def _plain(column: np.ndarray, whole: bool) -> list[Any]:
    """Return an array's canonical values, None where missing."""
    if column.dtype.kind != "f":
        return column.tolist()
    return [None if v != v else int(v) if whole else v for v in column.tolist()]
