"""Rules along links between texts."""

from typing import Any

from augury.effects import Copy, Insert, Rope, Time
from augury.plugin import KEEP, REFUSE


def echo(effect: Any, source: Any, destination: Any) -> Any:
    """Put the length that the source had before the effect in front of the destination; keep empty ones."""
    if not destination.value:
        return KEEP
    return {destination.field: Rope((Insert(f"{source.size.length}:"), Copy(0, destination.size.length)))}


def refuse(effect: Any, source: Any, destination: Any) -> Any:
    """Refuse sources that begin with a; keep others."""
    return REFUSE if source.value.startswith("a") else KEEP


ASKED: list[Any] = []


def nothing(effect: Any, source: Any, destination: Any) -> Any:
    """Forget to answer."""
    return None


def elsewhere(effect: Any, source: Any, destination: Any) -> Any:
    """Give effects for a field there is not."""
    return {"caption": Rope(())}


def counts(effect: Any, source: Any, destination: Any) -> Any:
    """Answer by how often it was asked."""
    ASKED.append(effect)
    return {destination.field: Rope((Insert(str(len(ASKED))),))}


def scribbles(effect: Any, source: Any, destination: Any) -> Any:
    """Write into the values of what lies on the source."""
    for value in source.targets.values():
        if isinstance(value, list):
            value.append((0, 0, "mine"))
    return KEEP


def foreign(effect: Any, source: Any, destination: Any) -> Any:
    """Give a text an effect on sound."""
    return {destination.field: Time((), 0)}
