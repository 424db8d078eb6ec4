"""A column's distribution on the training side: from a share to a value, and from a value to its rank.

States hold plain lists and arrays; `Marginal` and `Ranks` are made of them by `prepared`, once for each.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Any

import numpy as np

from augury_tabular.statistics import Row, at_rank, cells, column_arrays, frequencies, gathered, quantiles, rank

State = dict[str, dict[str, Any]]
"""Column to ``{"quantiles": array}`` for numbers and times, ``{"values": list, "until": list}`` for categories."""


def fit_marginals(batches: Iterable[Sequence[Row]], fields: Mapping[str, Any], kinds: Sequence[str]) -> State:
    """Return the marginals of the columns of ``kinds``: one pass over the rows; memory for the number columns."""
    rows = gathered(batches)
    names = [name for name, spec in fields.items() if spec.kind_id in kinds]
    numeric = [name for name in names if fields[name].kind_id == "number"]
    times = [name for name in names if fields[name].kind_id == "datetime"]
    rest = [name for name in names if name not in numeric and name not in times]
    matrix = column_arrays([rows], numeric)
    state: State = {name: {"quantiles": quantiles(matrix[:, i])} for i, name in enumerate(numeric)}
    for name in times:
        column = fields[name].kind.to_column(cells(rows, name))
        micro = np.where(np.isnat(column), np.nan, column.astype(np.int64).astype(np.float64))
        state[name] = {"quantiles": quantiles(micro), "time": True}
    for name, seen in frequencies([rows], rest).items():
        ordered = _in_order(seen, fields[name].kind)
        state[name] = {"values": list(ordered), "until": list(accumulate(ordered.values()))}
    return {name: state[name] for name in names}


def _in_order(seen: Mapping[Any, int], kind: Any) -> Mapping[Any, int]:
    """Return categories in their order: the declared one of ordinals, else the most frequent first."""
    if kind.entry_id == "ordinal":
        return {value: seen[value] for value in kind.values if value in seen}
    return dict(sorted(seen.items(), key=lambda item: (-item[1], str(item[0]))))


class Marginal:
    """From shares to values."""

    def __init__(self, state: Mapping[str, Any]) -> None:
        """Prepare one column's state."""
        self.empty = not len(state["until"]) if "until" in state else bool(np.isnan(state["quantiles"][0]))
        self._table = state.get("quantiles")
        self._time = bool(state.get("time"))
        if "until" in state and not self.empty:
            self._values = np.empty(len(state["values"]), object)
            self._values[:] = state["values"]
            self._until = np.array(state["until"], np.float64) / state["until"][-1]

    def at(self, share: np.ndarray) -> np.ndarray:
        """Return the value at each share in [0, 1): a quantile, or the category whose part of the rows it falls in."""
        if self._table is None:
            if self.empty:
                return np.full(len(share), None, object)
            place = np.searchsorted(self._until, share, side="right")
            return self._values[np.minimum(place, len(self._values) - 1)]
        found = at_rank(share, np.asarray(self._table))
        if not self._time:
            return found
        return np.where(np.isnan(found), 0, found).astype(np.int64).astype("datetime64[us]")


class Ranks:
    """From values to their ranks in [0, 1]: the middle of a category's part, 1/2 for what is missing or unknown."""

    def __init__(self, state: Mapping[str, Any]) -> None:
        """Prepare one column's state."""
        self._table = state.get("quantiles")
        if self._table is None:
            total = state["until"][-1] if state["until"] else 1
            starts = [0, *state["until"][:-1]]
            middles = (
                [(a + b) / 2 / total for a, b in zip(starts, state["until"], strict=True)] if state["until"] else []
            )
            self._middle = dict(zip(state["values"], middles, strict=True))

    def of(self, values: np.ndarray) -> np.ndarray:
        """Return the rank of each value."""
        if self._table is None:
            return np.array([self._middle.get(value, 0.5) for value in values.tolist()])
        table = np.asarray(self._table)
        if values.dtype.kind == "M":
            values = np.where(np.isnat(values), np.nan, values.astype(np.int64).astype(np.float64))
        known = np.isfinite(values) & np.isfinite(table[0])
        return np.where(known, rank(np.where(known, values, 0.0), table), 0.5)


class Others:
    """From a category to another one, by frequency among those that it is not."""

    def __init__(self, state: Mapping[str, Any]) -> None:
        """Prepare one column's ``values`` and their cumulative counts ``until``."""
        self._values = np.empty(len(state["values"]), object)
        self._values[:] = state["values"]
        self._until = np.array(state["until"], np.float64)
        self._code = {value: i for i, value in enumerate(state["values"])}

    def other(self, values: np.ndarray, share: np.ndarray) -> np.ndarray:
        """Return another category for each value, at shares in [0, 1); one that was not seen is replaced by any."""
        codes = np.array([self._code.get(value, -1) for value in values.tolist()], dtype=np.int64)
        known = codes >= 0
        start = np.where(codes > 0, self._until[codes - 1], 0.0)
        own = np.where(known, self._until[codes] - start, 0.0)
        point = np.floor(share * (self._until[-1] - own))
        point += np.where(known & (point >= start), own, 0.0)
        return self._values[np.searchsorted(self._until, point, side="right")]


_MOST_KEPT = 512
_kept: dict[tuple[type, int], tuple[Mapping[str, Any], Any]] = {}


def prepared(cls: type[Any], state: Mapping[str, Any]) -> Any:
    """Return ``cls(state)``, made once for a state that stays the same object: batches come one after another."""
    key = (cls, id(state))
    known = _kept.get(key)
    if known is None or known[0] is not state:
        if len(_kept) >= _MOST_KEPT:
            _kept.clear()
        known = _kept[key] = (state, cls(state))
    return known[1]
