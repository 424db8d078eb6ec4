"""Transforms and filters of torchaudio; sample rates are the recording's own."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
import torchaudio.functional
import torchaudio.transforms

from augury_bridges.making import make_op
from augury_bridges.sounds import SoundOp

WITHOUT_FADES: Mapping[str, Mapping[str, Any]] = {}
RATES = frozenset({"sample_rate", "orig_freq"})


def make(name: str, given: Mapping[str, Any], rate: int = 16000) -> Any:
    """Build a transform, or bind a function's parameters, for recordings of ``rate`` Hz."""
    made = getattr(torchaudio.transforms if name[0].isupper() else torchaudio.functional, name)
    arguments = dict(given) | {r: rate for r in RATES if r in inspect.signature(made).parameters}
    return made(**arguments) if name[0].isupper() else partial(made, **arguments)


def run(name: str, given: Mapping[str, Any], samples: np.ndarray, rate: int, seed: int) -> np.ndarray:
    """Run a transform on samples (channels, n)."""
    with torch.no_grad():
        made = make(name, given, rate)(torch.from_numpy(samples))
    out: np.ndarray = (made[0] if isinstance(made, tuple) else made).detach().numpy()
    return out


def __getattr__(name: str) -> Any:
    """Make the op of a transform when it is asked for."""
    op = globals()[name] = make_op(__name__, name, SoundOp, make)
    return op
