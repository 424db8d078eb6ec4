"""Rules along links between texts."""

from typing import Any

from augury.effects import Copy, Insert, Rope
from augury.plugin import KEEP, REFUSE


def echo(effect: Any, source: Any, destination: Any) -> Any:
    """Put the length that the source had before the effect in front of the destination; keep empty ones."""
    if not destination.value:
        return KEEP
    return {destination.field: Rope((Insert(f"{source.size.length}:"), Copy(0, destination.size.length)))}


def refuse(effect: Any, source: Any, destination: Any) -> Any:
    """Refuse sources that begin with a; keep others."""
    return REFUSE if source.value.startswith("a") else KEEP
