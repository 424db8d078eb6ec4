"""Keys are learned only by their look, and made anew: no key of a training row is ever given out."""

from __future__ import annotations

from typing import Any

import numpy as np

from augury.errors import DataError, describe
from augury.synthesis import Block
from augury_tabular.codecs.coding import Codes, Options, State


def fit(name: str, column: np.ndarray, options: Options) -> State:
    """Return whether keys are all digits, and what text they share at the front (``user-``)."""
    texts = [str(value) for value in column.tolist() if value is not None]
    digits = all(text.isascii() and text.isdigit() for text in texts)
    prefix = "" if digits or len(texts) < 2 else _shared(texts).rstrip("0123456789abcdefABCDEF")
    return {"coding": "key", "digits": digits, "prefix": prefix}


def _shared(texts: list[str]) -> str:
    """Return the longest beginning that all texts share."""
    first, last = min(texts), max(texts)
    differ = (i for i, (a, b) in enumerate(zip(first, last)) if a != b)
    return first[: next(differ, min(len(first), len(last)))]


def blocks(name: str, state: State) -> tuple[Block, ...]:
    """Return none: a key says nothing of its row."""
    return ()


def encode(name: str, state: State, column: np.ndarray) -> Codes:
    """Return none."""
    return ()


def decode(state: State, codes: Codes, keys: np.ndarray) -> np.ndarray:
    """Return new keys of 64 bits, different for different rows."""
    out = np.empty(len(keys), dtype=object)
    prefix, form = state["prefix"], "d" if state["digits"] else "016x"
    out[:] = [f"{prefix}{key:{form}}" for key in keys.tolist()]
    return out


def narrow(name: str, state: State, only: Any) -> tuple[State, Codes]:
    """Refuse."""
    fix = "take the condition away"
    raise DataError(
        describe(f"column {name!r}", "a condition on a column that is learned (keys are made new)", only, fix=fix)
    )
