"""Augury: a registry of data augmentation for every modality, and the dataset builder on top of it.

Importing it costs nothing: names below are loaded when they are first used.
"""

from __future__ import annotations

from augury import lazy

TYPE_CHECKING = False  # as type checkers read it; importing typing would double the cost of importing augury

if TYPE_CHECKING:
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

__getattr__ = lazy.names(__name__, _LAZY)


def __dir__() -> list[str]:
    """List the public names."""
    return sorted(__all__)
