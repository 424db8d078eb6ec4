"""From what users hold (events as mappings, columns as lists) to the canonical columns of a `History`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from augury.errors import FieldError, describe, shown
from augury.record import type_name

_EVENTS = "a list of events"


def columns_of(value: Any, known: Sequence[str]) -> dict[str, Sequence[Any]]:
    """Return the columns of a list of events, of bare items, or of a mapping of columns: one of each name given.

    Raises:
        FieldError: another form, a column that is not known, columns of different lengths, an event without item.
    """
    if isinstance(value, Mapping):
        columns = {str(name): _sequence(name, column) for name, column in value.items()}
        _check_names(columns, known, "")
        lengths = {len(column) for column in columns.values()}
        if "item" not in columns or len(lengths) > 1:
            got = ", ".join(f"{n} {len(c)}" for n, c in columns.items()) or "nothing"
            fix = "give {item: [...], time: [...]}, one entry an event"
            raise FieldError(describe("", "columns of one length, item among them", shown(got), fix=fix))
        return columns
    if isinstance(value, str | bytes) or not isinstance(value, Sequence | np.ndarray):
        fix = "write [{item: a, time: 0}, ...]"
        raise FieldError(describe("", _EVENTS, type_name(value), fix=fix))
    return _of_events(list(value), known)


def _of_events(events: list[Any], known: Sequence[str]) -> dict[str, Sequence[Any]]:
    if events and all(isinstance(event, str | int) and not isinstance(event, bool) for event in events):
        return {"item": events}
    names: dict[str, None] = {"item": None}
    for index, event in enumerate(events):
        if not isinstance(event, Mapping):
            fix = "write {item: a, time: 0}"
            raise FieldError(describe(f"[{index}]", "an event with item:", event, fix=fix))
        if event.keys() - names.keys():
            _check_names(event, known, f"[{index}]")
            names.update(dict.fromkeys(event))
    return {name: [event.get(name) for event in events] for name in names}


def _check_names(names: Mapping[str, Any], known: Sequence[str], where: str) -> None:
    for name in names:
        if name not in known:
            fix = f"use {', '.join(known)}, or declare it in the field's context:"
            raise FieldError(describe(where, "a column of the events", str(name), name=str(name), known=known, fix=fix))


def _sequence(name: object, column: Any) -> Sequence[Any]:
    if isinstance(column, str | bytes | Mapping) or not hasattr(column, "__len__") or getattr(column, "ndim", 1) != 1:
        raise FieldError(describe(f"column {name}", "a list", type_name(column), fix="give one entry an event"))
    return column.tolist() if hasattr(column, "tolist") and column.dtype.kind not in "M" else list(column)


def items(values: Sequence[Any]) -> np.ndarray:
    """Return items as text; whole numbers are written out.

    Raises:
        FieldError: an event without item, or one of another type.
    """
    out = np.empty(len(values), dtype=object)
    for index, value in enumerate(values):
        if type(value) is not str:
            value = value.item() if hasattr(value, "item") else value
            if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
                got = shown("none") if value is None else value
                fix = "name the item, or drop the event"
                raise FieldError(describe(f"[{index}].item", "a text or whole number", got, fix=fix))
            value = str(value)
        elif not value:
            raise FieldError(describe(f"[{index}].item", "an item", value, fix="name the item, or drop the event"))
        out[index] = value
    return out


def times(values: Sequence[Any], whole: bool) -> np.ndarray:
    """Return times as float64, or int64 where ``whole``; moments become seconds since 1970 in UTC.

    Raises:
        FieldError: an event without time, one that is no number or moment, zones given for some events only.
    """
    out: list[float] = []
    zones: dict[bool, int] = {}
    for index, value in enumerate(values):
        if type(value) is not float and type(value) is not int:
            value = _seconds(value, index, zones)
        if value != value or value in (float("inf"), float("-inf")):
            got = shown("none") if value != value else value
            fix = "give every event a time, or declare the field with time: none"
            raise FieldError(describe(f"[{index}].time", "a time", got, fix=fix))
        if whole and value != int(value):
            fix = "declare the field with time: float"
            raise FieldError(describe(f"[{index}].time", "a whole number", value, fix=fix))
        out.append(int(value) if whole else value)
    if len(zones) > 1:
        some, others = min(zones.values()), max(zones.values())
        fix = "give all of them a zone (2026-01-31T12:00+00:00), or none, which is read as UTC"
        got = shown(f"one at [{some}] or [{others}] only")
        raise FieldError(describe("time", "a zone on all moments of a history or on none", got, fix=fix))
    try:
        return np.array(out, dtype=np.int64 if whole else np.float64)
    except OverflowError as error:
        fix = "give seconds since 1970, or another count that fits"
        raise FieldError(describe("time", "whole numbers of 64 bits", max(out, key=abs), fix=fix)) from error


def _seconds(value: Any, index: int, zones: dict[bool, int]) -> Any:
    """Return a moment as seconds since 1970; remember whether it had a zone."""
    if isinstance(value, np.datetime64):
        value = value.astype("datetime64[us]").item()
    elif hasattr(value, "item"):
        value = value.item()
    if isinstance(value, str):
        value = _parsed(value, index)
    if isinstance(value, datetime):
        zones.setdefault(value.tzinfo is not None, index)
        moment = value if value.tzinfo is not None else value.replace(tzinfo=UTC)
        fraction = moment.microsecond
        seconds = round((moment.replace(microsecond=0) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())
        return seconds + fraction / 1e6 if fraction else seconds
    if value is None:
        return float("nan")
    if isinstance(value, bool) or not isinstance(value, int | float):
        expected = "a number, a datetime or ISO 8601 text"
        raise FieldError(describe(f"[{index}].time", expected, type_name(value), fix="give seconds since 1970, say"))
    return value


def _parsed(text: str, index: int) -> Any:
    for read in (int, float, datetime.fromisoformat):
        try:
            return read(text)
        except ValueError:
            continue
    fix = "write 2026-01-31T12:00:00, or seconds since 1970"
    raise FieldError(describe(f"[{index}].time", "a number or an ISO 8601 moment", text, fix=fix))


def numbers(name: str, values: Sequence[Any]) -> np.ndarray:
    """Return a column of numbers as float64, NaN where missing.

    Raises:
        FieldError: what is no finite number.
    """
    out = np.empty(len(values))
    for index, value in enumerate(values):
        if value is None or value == "":
            out[index] = np.nan
            continue
        try:
            out[index] = float(value)
        except (TypeError, ValueError) as error:
            fix = "correct it, or declare the column a category"
            raise FieldError(describe(f"[{index}].{name}", "a number", value, fix=fix)) from error
        if np.isinf(out[index]):
            raise FieldError(describe(f"[{index}].{name}", "a finite number", value, fix="leave it out"))
    return out


def categories(name: str, values: Sequence[Any]) -> np.ndarray:
    """Return a column of categories as text, None where missing.

    Raises:
        FieldError: what is neither text nor a plain number.
    """
    out = np.empty(len(values), dtype=object)
    for index, value in enumerate(values):
        if value is None or (isinstance(value, float) and value != value):
            continue
        value = value.item() if hasattr(value, "item") else value
        if not isinstance(value, str | int | float | bool):
            fix = "write it as text"
            raise FieldError(describe(f"[{index}].{name}", "a text, number or boolean", type_name(value), fix=fix))
        out[index] = str(value)
    return out
