"""The rules along links."""

from __future__ import annotations

from typing import Any

import numpy as np

from augury.effects import Samples, Warp
from augury.op import Info
from augury.plugin import KEEP
from augury.spaces import geometry


def swap_channels(effect: Any, picture: Info, sound: Info) -> Any:
    """Follow a mirrored picture with its stereo sound; every other effect keeps the sound as it is."""
    if type(effect) is not Warp or geometry.determinant(effect.matrix) >= 0:
        return KEEP
    return {sound.field: Samples(swapped)}


def swapped(samples: np.ndarray, rate: int) -> np.ndarray:
    """Return the channels in the other order."""
    return np.ascontiguousarray(samples[::-1])
