"""Transforms of audiomentations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import audiomentations as library
import numpy as np

from augury.effects import Piece, Time
from augury_bridges.making import make_op, remembered
from augury_bridges.sounds import SoundOp

WITHOUT_FADES: Mapping[str, Mapping[str, Any]] = {"Shift": {"fade_duration": 0.0}}
"""Parameters that leave out what blurs the probe of where samples were copied to, and change no draw."""


@remembered
def make(name: str, given: dict[str, Any]) -> Any:
    """Build a transform."""
    return getattr(library, name)(**given, p=1.0)


def run(name: str, given: Mapping[str, Any], samples: np.ndarray, rate: int, seed: int) -> np.ndarray:
    """Run a transform on samples (channels, n); mono is given as (n,), which all of them take."""
    transform = make(name, given)
    transform.unfreeze_parameters()
    made: np.ndarray = transform(samples=samples[0] if len(samples) == 1 else samples, sample_rate=rate)
    return made


def moved(name: str, given: Mapping[str, Any], samples: np.ndarray, rate: int, seed: int) -> Time | None:
    """Return where TimeStretch moves moments: by the rate it drew."""
    made = np.atleast_2d(run(name, given, samples, rate, seed)).shape[1]
    speed = make(name, given).parameters["rate"]
    whole = samples.shape[1]
    heard = min(made, whole / speed)
    return Time((Piece(0, heard * speed, 0, heard),), made, mode="stretch")


def __getattr__(name: str) -> Any:
    """Make the op of a transform when it is asked for."""
    op = globals()[name] = make_op(__name__, name, SoundOp, make)
    return op
