"""Transforms of albumentations: seeded by its own ``set_random_seed``."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from augury_bridges.images import ImageOp
from augury_bridges.making import make_op, remembered

os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")  # importing it asks a server for its newest version

import albumentations as library


@remembered
def make(name: str, given: dict[str, Any]) -> Any:
    """Build a transform."""
    return getattr(library, name)(**given, p=1.0)


def run(transform: Any, image: np.ndarray, seed: int) -> np.ndarray:
    """Run it on an image (height, width, channels)."""
    transform.set_random_seed(seed % 2**32)
    made: np.ndarray = transform(image=image)["image"]
    return made


def __getattr__(name: str) -> Any:
    """Make the op of a transform when it is asked for."""
    op = globals()[name] = make_op(__name__, name, ImageOp, make)
    return op
