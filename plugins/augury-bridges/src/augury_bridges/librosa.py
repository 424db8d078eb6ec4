"""Functions of librosa.effects."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from functools import partial
from typing import Any

import librosa.effects as library
import numpy as np

from augury.effects import Piece, Time
from augury_bridges.making import make_op
from augury_bridges.sounds import SoundOp

WITHOUT_FADES: Mapping[str, Mapping[str, Any]] = {}


def make(name: str, given: Mapping[str, Any], rate: int = 22050) -> Any:
    """Bind a function's parameters, for recordings of ``rate`` Hz."""
    function = getattr(library, name)
    takes = inspect.signature(function).parameters
    for parameter in given:
        if parameter not in takes and not any(p.kind is p.VAR_KEYWORD for p in takes.values()):
            raise TypeError(f"{name}() takes no {parameter}")
    return partial(function, **given, **({"sr": rate} if "sr" in takes else {}))


def run(name: str, given: Mapping[str, Any], samples: np.ndarray, rate: int, seed: int) -> np.ndarray:
    """Run a function on samples (channels, n)."""
    made = make(name, given, rate)(samples)
    out: np.ndarray = made[0] if isinstance(made, tuple) else made
    return out


def moved(name: str, given: Mapping[str, Any], samples: np.ndarray, rate: int, seed: int) -> Time | None:
    """Return which stretch ``trim`` keeps: it says so itself."""
    _, (start, end) = make(name, given, rate)(samples)
    length = int(end - start)
    return Time((Piece(float(start), float(end), 0, length),) if length else (), length)


def __getattr__(name: str) -> Any:
    """Make the op of a function when it is asked for."""
    op = globals()[name] = make_op(__name__, name, SoundOp, make)
    return op
