"""Augury: a registry of data augmentation for every modality, and the dataset builder on top of it.

Importing it costs nothing: names below are loaded when they are first used.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False  # as type checkers read it; importing typing would double the cost of importing augury

if TYPE_CHECKING:
    from typing import Any

    from augury.catalog import registry as registry
    from augury.functions import transform as transform
    from augury.op import Op as Op
    from augury.params import Range as Range
    from augury.pipelines import Pipeline as Pipeline
    from augury.pipelines import pipeline as pipeline
    from augury.recipe import load as load

__version__ = "0.1.0"

_LAZY = {
    "Op": "augury.op",
    "Range": "augury.params",
    "Pipeline": "augury.pipelines",
    "pipeline": "augury.pipelines",
    "load": "augury.recipe",
    "registry": "augury.catalog",
    "transform": "augury.functions",
}

__all__ = ["Op", "Pipeline", "Range", "__version__", "load", "pipeline", "registry", "transform"]


def __getattr__(name: str) -> Any:
    """Import a public name on first use."""
    if name in _LAZY:
        value = getattr(import_module(_LAZY[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'augury' has no attribute {name!r}")


def __dir__() -> list[str]:
    """List the public names."""
    return sorted(__all__)
