"""Tables for augury: row operations that keep types, bounds, category sets and missing values.

The ops are loaded when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from augury_tabular.ops.jitter import Jitter as Jitter
    from augury_tabular.ops.mixup import Mixup as Mixup
    from augury_tabular.ops.smote import Smote as Smote
    from augury_tabular.ops.swap import Swap as Swap

_LAZY = {
    "Jitter": "augury_tabular.ops.jitter",
    "Mixup": "augury_tabular.ops.mixup",
    "Smote": "augury_tabular.ops.smote",
    "Swap": "augury_tabular.ops.swap",
}

__all__ = ["Jitter", "Mixup", "Smote", "Swap"]


def __getattr__(name: str) -> Any:
    """Import a public name on first use."""
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'augury_tabular' has no attribute {name!r}")
