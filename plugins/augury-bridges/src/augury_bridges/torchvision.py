"""Transforms of torchvision v2, on tensors of the image's own dtype."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import torch
from torchvision import tv_tensors
from torchvision.transforms import AutoAugmentPolicy, InterpolationMode
from torchvision.transforms import v2 as library

from augury_bridges.images import ImageOp
from augury_bridges.making import make_op, remembered

OWN_P = frozenset({"RandomPhotometricDistort"})
"""Their ``p`` is that of the parts, not of the whole."""

ENUMS = {"interpolation": InterpolationMode, "policy": AutoAugmentPolicy}
"""Parameters that recipes write as the value of an enumeration."""


@remembered
def make(name: str, given: dict[str, Any]) -> Any:
    """Build a transform."""
    cls = getattr(library, name)
    parameters = inspect.signature(cls).parameters
    given |= {key: enum(given[key]) for key, enum in ENUMS.items() if key in given}
    if "p" in parameters and name not in OWN_P:
        given["p"] = 1.0
    return cls(**given)


def run(transform: Any, image: np.ndarray, seed: int) -> np.ndarray:
    """Run it on an image (height, width, channels)."""
    with torch.no_grad():
        made = transform(tv_tensors.Image(torch.from_numpy(image).permute(2, 0, 1).contiguous()))
    out: np.ndarray = made.permute(1, 2, 0).numpy()
    return out


def __getattr__(name: str) -> Any:
    """Make the op of a transform when it is asked for."""
    op = globals()[name] = make_op(__name__, name, ImageOp, make)
    return op
