"""What the codecs of histories share: all users' events end to end, their times, and the columns beside the history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, NamedTuple

import numpy as np

from augury.errors import DataError, describe, shown
from augury.params import Within
from augury.rng import branch_keys, mix
from augury.synthesis import Batch, Block, Codec, Columns, Condition, TensorSpec
from augury_tabular.codecs import categories, numbers
from augury_tabular.codecs.coding import Options, State
from augury_tabular.codecs.table import TableCodec
from augury_tabular.interactions.history import History

FREQUENT = 0.001
CODINGS: Mapping[str, Any] = {"number": numbers, "category": categories}


class Flat(NamedTuple):
    """The events of many users end to end.

    Args:
        columns: ``item``, ``gap`` (time since the event before, 0 for the first), ``rating`` and context: float64 (NaN
            missing) or object.
        lengths: Each user's number of events.
        starts: Each user's first time, NaN without events; None where events have no times.
    """

    columns: dict[str, np.ndarray]
    lengths: np.ndarray
    starts: np.ndarray | None

    @property
    def owners(self) -> np.ndarray:
        """Each event's user."""
        return np.repeat(np.arange(len(self.lengths)), self.lengths)


class HistoryCodec(Codec):
    """Base of the codecs of one column of histories; further columns are coded as `TableCodec` does.

    Args:
        bins: Most quantile bins of gaps, ratings and other numbers.
    """

    on = ("interactions", *TableCodec.on)

    bins: Annotated[int, Within(1, 4096)] = 50

    def fit(self, rows: Columns, schema: Mapping[str, Any]) -> dict[str, Any]:
        """Return a state of JSON values. Cost: O(events log events).

        Raises:
            DataError: for another number of histories than one, and where no user has an event.
        """
        names = [name for name in rows if schema[name].kind_id == "interactions"]
        if len(names) != 1:
            fix = "leave the others out" if names else "use codec.table"
            raise DataError(describe(self.entry_id, "one column of histories", shown(str(len(names))), fix=fix))
        (name,) = names
        flat = flatten(rows[name])
        if not flat.lengths.sum():
            fix = "give users that have some"
            raise DataError(describe(f"column {name!r}", "histories with events", shown("none"), fix=fix))
        rest = {n: values for n, values in rows.items() if n != name}
        options = Options(self.bins, FREQUENT, self.most_items)
        learned = self.learn(name, flat, options)
        started = None
        if flat.starts is not None:
            started = numbers.fit(f"{name} (first time)", _later(flat, self.cut(learned, flat)), options)
        return {
            "version": 1,
            "order": list(rows),
            "column": name,
            "scalars": TableCodec().learn(rest, schema) if rest else None,
            "start": started,
            "whole": _whole(rows[name]),
            "columns": {
                part: (numbers if values.dtype.kind == "f" else categories).fit(f"{name}.{part}", values, options)
                for part, values in flat.columns.items()
            },
            **learned,
        }

    @property
    def most_items(self) -> int:
        """Most codes of items."""
        raise NotImplementedError

    def learn(self, name: str, flat: Flat, options: Options) -> dict[str, Any]:
        """Return what the codec keeps besides each column's coding."""
        raise NotImplementedError

    def cut(self, state: Mapping[str, Any], flat: Flat) -> np.ndarray:
        """Return how many events at the front of each history are left out."""
        return np.zeros(len(flat.lengths), dtype=np.int64)

    def blocks(self, state: Mapping[str, Any]) -> list[Block]:
        """Return the blocks of the events."""
        raise NotImplementedError

    def codes(self, state: Mapping[str, Any], flat: Flat) -> Batch:
        """Return the arrays of `blocks`."""
        raise NotImplementedError

    def events(self, state: Mapping[str, Any], batch: Batch, keys: np.ndarray) -> Flat:
        """Return events without starts; see `codes`."""
        raise NotImplementedError

    def notes(self, state: Mapping[str, Any]) -> Sequence[str]:
        """Return the notes of the columns beside the history."""
        return TableCodec().notes(state["scalars"]) if state["scalars"] else ()

    def spec(self, state: Mapping[str, Any]) -> TensorSpec:
        """Return the events' blocks, the first time and the columns beside; scalars may be conditions."""
        blocks = self.blocks(state)
        if state["start"]:
            blocks += numbers.blocks(f"{state['column']}#start", state["start"])
        if state["scalars"]:
            blocks += TableCodec().spec(state["scalars"]).blocks
        return TensorSpec(tuple(blocks), tuple(b.name for b in blocks if not b.shape))

    def encode(self, state: Mapping[str, Any], rows: Columns) -> Batch:
        """Return the tensors of the columns given: the history, the columns beside it, or all."""
        name, out = state["column"], dict[str, np.ndarray]()
        if name in rows:
            flat = flatten(rows[name])
            out |= self.codes(state, flat)
            if state["start"] and flat.starts is not None:
                starts = _later(flat, self.cut(state, flat))
                (out[f"{name}#start"],) = numbers.encode(f"{name} (first time)", state["start"], starts)
        rest = {n: values for n, values in rows.items() if n != name}
        return out | dict(TableCodec().encode(state["scalars"], rest)) if rest else out

    def decode(self, state: Mapping[str, Any], batch: Batch, keys: np.ndarray) -> dict[str, list[Any]]:
        """Return `History` values, and the columns beside them."""
        name = state["column"]
        flat = self.events(state, batch, keys)
        if state["start"]:
            codes = np.asarray(batch[f"{name}#start"])
            starts = numbers.decode(state["start"], (codes,), branch_keys(keys, "start"))
            flat = flat._replace(starts=np.where(np.isnan(starts), state["start"]["bounds"][0], starts))
        out = {name: _histories(flat, state["whole"])}
        if state["scalars"]:
            out |= TableCodec().decode(state["scalars"], batch, keys)
        return {n: out[n] for n in state["order"]}

    def narrow(self, state: Mapping[str, Any], where: Mapping[str, Any]) -> tuple[dict[str, Any], Condition]:
        """Take conditions on the columns beside the history."""
        if state["column"] in where or not state["scalars"]:
            fix = "set conditions on other columns"
            raise DataError(describe("condition", "no condition on a history", dict(where), fix=fix))
        scalars, condition = TableCodec().narrow(state["scalars"], where)
        return {**state, "scalars": scalars}, condition


def flatten(values: Sequence[Any]) -> Flat:
    """Return the events of `History` values."""
    lengths = np.array([len(value) for value in values], dtype=np.int64)
    some = [value for value in values if len(value)] or list(values[:1])
    columns = {"item": np.concatenate([value.item for value in some])}
    starts = None
    if some[0].time is not None:
        times = np.concatenate([value.time for value in some]).astype(np.float64)
        first = np.cumsum(lengths) - lengths
        columns["gap"] = np.diff(times, prepend=times[:1])
        columns["gap"][first[lengths > 0]] = 0.0
        starts = np.full(len(lengths), np.nan)
        starts[lengths > 0] = times[first[lengths > 0]]
    if some[0].rating is not None:
        columns["rating"] = np.concatenate([value.rating for value in some])
    for name in some[0].context:
        columns[f"@{name}"] = np.concatenate([value.context[name] for value in some])
    return Flat(columns, lengths, starts)


def event_keys(keys: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Return a key for each event, a function of its user's key and its place."""
    place = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return mix(np.repeat(np.asarray(keys, dtype=np.uint64), lengths) ^ mix(place.astype(np.uint64)))


def size(fitted: State) -> int:
    """Return how many codes a column has besides "missing"."""
    return len(fitted.get("cells") or fitted["groups"])


def _whole(values: Sequence[Any]) -> bool:
    """Return whether times are int64."""
    return any(value.time is not None and value.time.dtype == np.int64 for value in values[:1])


def _later(flat: Flat, cut: np.ndarray) -> np.ndarray:
    """Return the times of the first events that were kept."""
    assert flat.starts is not None
    gaps = np.where(np.isnan(flat.columns["gap"]), 0.0, flat.columns["gap"])
    place = np.arange(len(gaps)) - np.repeat(np.cumsum(flat.lengths) - flat.lengths, flat.lengths)
    passed = np.where(place <= np.repeat(cut, flat.lengths), gaps, 0.0)
    return flat.starts + np.bincount(flat.owners, passed, minlength=len(flat.lengths))


def _histories(flat: Flat, whole: bool) -> list[History]:
    ends = np.cumsum(flat.lengths)
    first = ends - flat.lengths
    times = None
    if flat.starts is not None:
        gaps = np.maximum(flat.columns["gap"], 0.0)
        gaps[first[flat.lengths > 0]] = 0.0
        total = np.cumsum(gaps)
        base = np.zeros(len(flat.lengths))
        base[flat.lengths > 0] = total[first[flat.lengths > 0]]
        times = flat.starts[flat.owners] + total - base[flat.owners]
        times = np.round(times).astype(np.int64) if whole else times
    rating = flat.columns.get("rating")
    context = {name[1:]: column for name, column in flat.columns.items() if name.startswith("@")}
    out = []
    for start, end in zip(first.tolist(), ends.tolist()):
        part = slice(start, end)
        own = {name: column[part].copy() for name, column in context.items()}
        out.append(
            History(
                flat.columns["item"][part].copy(),
                None if times is None else times[part].copy(),
                None if rating is None else rating[part].copy(),
                own,
            )
        )
    return out
