"""Transforms of kornia.augmentation, on float tensors in [0, 1]; 8-bit images are rounded back."""

from __future__ import annotations

import inspect
from typing import Any

import kornia.augmentation as library
import numpy as np
import torch

from augury_bridges.images import ImageOp
from augury_bridges.making import make_op, remembered

TENSORS = frozenset({("RandomFisheye", "center_x"), ("RandomFisheye", "center_y"), ("RandomFisheye", "gamma")})
"""Parameters that must be tensors."""


@remembered
def make(name: str, given: dict[str, Any]) -> Any:
    """Build a transform."""
    cls = getattr(library, name)
    given = {k: torch.tensor(v) if (name, k) in TENSORS else v for k, v in given.items()}
    return cls(**given, **({"p": 1.0} if "p" in inspect.signature(cls).parameters else {}))


def run(transform: Any, image: np.ndarray, seed: int) -> np.ndarray:
    """Run it on an image (height, width, channels)."""
    unit = image.astype(np.float32) / np.float32(255) if image.dtype == np.uint8 else image
    with torch.no_grad():
        made = transform(torch.from_numpy(unit).permute(2, 0, 1)[None].contiguous())
    out: np.ndarray = made[0].permute(1, 2, 0).numpy()
    return np.rint(np.clip(out, 0.0, 1.0) * 255).astype(np.uint8) if image.dtype == np.uint8 else out


def __getattr__(name: str) -> Any:
    """Make the op of a transform when it is asked for."""
    op = globals()[name] = make_op(__name__, name, ImageOp, make)
    return op
