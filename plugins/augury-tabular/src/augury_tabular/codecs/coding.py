"""What every coding of one column is told and answers: `numbers`, `categories`, `moments`, `keys` and `constants`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol, TypeAlias

import numpy as np

from augury.synthesis import Block

State: TypeAlias = Mapping[str, Any]
"""What a coding learned of its column: JSON values only."""

Codes: TypeAlias = tuple[np.ndarray, ...]
"""int32 codes (n,), one array for each of the column's blocks."""

FEWEST = 5
"""Fewest rows that share a number before it is a code of its own: rarer ones are known by their bin only."""


class Options(NamedTuple):
    """What the codec's parameters say about a column; see `TableCodec`."""

    bins: int
    frequent: float
    codes: int
    order: tuple[Any, ...] = ()


class Coding(Protocol):
    """The functions of a coding's module. A column is float64 (NaN missing), datetime64[us] (NaT) or object (None)."""

    def fit(self, name: str, column: np.ndarray, options: Options) -> State:
        """Return what is learned of the column, a function of the set of its values."""

    def blocks(self, name: str, state: State) -> tuple[Block, ...]:
        """Return the column's blocks."""

    def encode(self, name: str, state: State, column: np.ndarray) -> Codes:
        """Return the column's codes; DataError for a value that has none."""

    def decode(self, state: State, codes: Codes, keys: np.ndarray) -> np.ndarray:
        """Return a column; the place inside a bin comes from ``keys`` (n,) uint64."""

    def narrow(self, name: str, state: State, only: Any) -> tuple[State, Codes]:
        """Return the state that decodes to the wanted values only, and the codes that then may be drawn."""
