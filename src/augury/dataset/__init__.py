"""Datasets: from a recipe to train/val/test on disk, verified and replayable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from augury import lazy

if TYPE_CHECKING:
    from augury.dataset.building import run as run
    from augury.dataset.manifest import Manifest as Manifest
    from augury.dataset.replaying import replay as replay
    from augury.dataset.verifying import verify as verify

_LAZY = {
    "Manifest": "augury.dataset.manifest",
    "replay": "augury.dataset.replaying",
    "run": "augury.dataset.building",
    "verify": "augury.dataset.verifying",
}

__all__ = ["Manifest", "replay", "run", "verify"]

__getattr__ = lazy.names(__name__, _LAZY)
