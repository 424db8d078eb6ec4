"""Columns of one value, or of none: remembered, and shown to no model."""

from __future__ import annotations

from typing import Any

import numpy as np

from augury.errors import DataError, describe
from augury.synthesis import Between, Block
from augury_tabular.codecs.coding import Codes, Options, State


def fit(name: str, column: np.ndarray, options: Options) -> State:
    """Return the one value; None where all are missing."""
    value: Any = column[0]
    if column.dtype.kind == "M":
        return {"coding": "constant", "dtype": "M", "value": None if np.isnat(value) else str(value)}
    plain = value.item() if hasattr(value, "item") else value
    return {"coding": "constant", "dtype": column.dtype.kind, "value": None if plain != plain else plain}


def blocks(name: str, state: State) -> tuple[Block, ...]:
    """Return none."""
    return ()


def encode(name: str, state: State, column: np.ndarray) -> Codes:
    """Return none."""
    return ()


def decode(state: State, codes: Codes, keys: np.ndarray) -> np.ndarray:
    """Return the value once a row."""
    if state["dtype"] == "M":
        return np.full(len(keys), np.datetime64(state["value"] or "NaT", "us"))
    if state["dtype"] == "f":
        return np.full(len(keys), np.nan if state["value"] is None else state["value"])
    out = np.empty(len(keys), dtype=object)
    out[:] = [state["value"]] * len(keys)
    return out


def narrow(name: str, state: State, only: Any) -> tuple[State, Codes]:
    """Take a condition that the value meets, and refuse others."""
    value = state["value"]
    if isinstance(only, Between):
        met = value is not None and not isinstance(value, str)
        met = met and (only.lo is None or only.lo <= value) and (only.hi is None or value <= only.hi)
    else:
        met = value in (only if isinstance(only, list | tuple | set | frozenset) else [only])
    if not met:
        fix = "take the condition away, or fit on rows that have such values"
        raise DataError(describe(f"column {name!r}", f"its only value {value!r}", only, fix=fix))
    return state, ()
