"""Dates and times in parts, each a block of numbers: what varies together stays together, what does not is left out.

The day is one part where most rows lie on frequent days, the month where all lie on one day of the month, and else the
week and the weekday, so that a bin of many weeks keeps its weekdays. The time of day is a part unless it is always the
same. All parts know missing values; the first decides.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from augury.errors import DataError, describe
from augury.rng import branch_keys
from augury.synthesis import Between, Block
from augury_tabular.codecs import numbers
from augury_tabular.codecs.coding import FEWEST, Codes, Options, State

DAY_US = 86_400_000_000
MOSTLY = 0.9


def fit(name: str, column: np.ndarray, options: Options) -> State:
    """Return the parts of a datetime64[us] column and each part's cells."""
    present = column[~np.isnat(column)]
    days = present.astype("datetime64[D]")
    unit = _unit(days, options)
    parts = _parts(column, unit)
    times = parts["time"][~np.isnan(parts["time"])]
    constant = float(times[0]) if (times == times[0]).all() else None
    if constant is not None:
        del parts["time"]
    day = int((days[0] - days[0].astype("datetime64[M]")).astype(np.int64)) if unit == "month" else 0
    fitted = {part: numbers.fit(f"{name} ({part})", values, options) for part, values in parts.items()}
    return {"coding": "moment", "unit": unit, "day": day, "time": constant, "parts": fitted}


def _unit(days: np.ndarray, options: Options) -> str:
    in_month = (days - days.astype("datetime64[M]")).astype(np.int64)
    if (in_month == in_month[0]).all() and in_month[0] < 28 and len(np.unique(days)) > 1:
        return "month"
    counts = np.unique(days, return_counts=True)[1]
    frequent = counts[counts >= max(FEWEST, options.frequent * len(days))].sum()
    return "day" if frequent >= MOSTLY * len(days) else "week"


def _parts(column: np.ndarray, unit: str) -> dict[str, np.ndarray]:
    missing = np.isnat(column)
    moment = np.where(missing, np.datetime64(0, "us"), column)
    day = moment.astype("datetime64[D]")
    number = day.astype(np.int64)
    if unit == "month":
        parts = {"month": day.astype("datetime64[M]").astype(np.int64)}
    elif unit == "day":
        parts = {"day": number}
    else:
        parts = {"week": (number + 3) // 7, "weekday": (number + 3) % 7}  # the epoch was a Thursday
    parts["time"] = (moment - day.astype(column.dtype)).astype(np.int64)
    return {part: np.where(missing, np.nan, values.astype(np.float64)) for part, values in parts.items()}


def blocks(name: str, state: State) -> tuple[Block, ...]:
    """Return one ordinal block a part, ``name#part``."""
    return tuple(numbers.blocks(f"{name}#{part}", fitted)[0] for part, fitted in state["parts"].items())


def encode(name: str, state: State, column: np.ndarray) -> Codes:
    """Return each part's codes."""
    parts = _parts(column, state["unit"])
    return tuple(numbers.encode(f"{name} ({p})", fitted, parts[p])[0] for p, fitted in state["parts"].items())


def decode(state: State, codes: Codes, keys: np.ndarray) -> np.ndarray:
    """Return the moments; a part alone in saying "missing" is drawn from its cells."""
    parts: dict[str, np.ndarray] = {}
    missing = np.zeros(len(keys), dtype=bool)
    for number, (part, fitted) in enumerate(state["parts"].items()):
        cells = len(fitted["cells"])
        drawn = (branch_keys(keys, f"{part} of missing") % np.uint64(cells)).astype(np.int32)
        absent = codes[number] >= cells
        missing |= absent & (number == 0)
        parts[part] = numbers.decode(fitted, (np.where(absent, drawn, codes[number]),), branch_keys(keys, part))
    whole = {part: np.round(values).astype(np.int64) for part, values in parts.items()}
    if state["unit"] == "month":
        day = whole["month"].astype("datetime64[M]").astype("datetime64[D]") + state["day"]
    elif state["unit"] == "day":
        day = whole["day"].astype("datetime64[D]")
    else:
        day = (whole["week"] * 7 - 3 + whole["weekday"]).astype("datetime64[D]")
    time = whole.get("time", np.int64(0 if state["time"] is None else state["time"]))
    moments = day.astype("datetime64[us]") + (time * np.int64(1)).astype("timedelta64[us]")
    moments[missing] = np.datetime64("NaT")
    return moments


def narrow(name: str, state: State, only: Any) -> tuple[State, Codes]:
    """Keep the days between two moments; a range of whole days only.

    Raises:
        DataError: for a range that does not begin and end with a day, or holds no row fitted.
    """
    where = f"column {name!r}"
    lo, hi = only if isinstance(only, Between) else (only, only)
    first = np.datetime64(lo, "D") if lo is not None else None
    last = np.datetime64(hi, "D") if hi is not None else None
    if lo is not None and np.datetime64(lo, "us") != np.datetime64(lo, "D"):
        raise DataError(describe(where, "a range of whole days", only, fix="begin and end at midnight"))
    if state["unit"] != "day":
        fix = "sample more rows and keep those inside the range"
        raise DataError(describe(where, f"conditions on days; this column is in {state['unit']}s", only, fix=fix))
    limits = Between(*(None if day is None else float(day.astype(np.int64)) for day in (first, last)))
    fitted, allowed = numbers.narrow(f"{name} (day)", state["parts"]["day"], limits)
    everything = [np.arange(numbers.blocks("", f)[0].size, dtype=np.int32) for f in state["parts"].values()]
    return {**state, "parts": {**state["parts"], "day": fitted}}, (allowed[0], *everything[1:])
