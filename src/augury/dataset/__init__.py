"""Datasets: from a recipe to train/val/test on disk, verified and replayable."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

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


def __getattr__(name: str) -> Any:
    """Import a public name on first use."""
    if name in _LAZY:
        value = getattr(import_module(_LAZY[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'augury.dataset' has no attribute {name!r}")
