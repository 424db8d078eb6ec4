"""An effect on texts of the demo's own, and effects and exceptions that each break one rule."""

from dataclasses import dataclass
from itertools import count
from typing import Any

from augury.effects import Copy, Insert, Rope, Time

CALLS = count()


@dataclass(frozen=True)
class Roll:
    """Move letters from the front to the end."""

    by: int
    space = "text"

    def lower(self, size: Any) -> list[Any]:
        """Return two copies."""
        at = min(self.by, size.length)
        return [Rope((Copy(at, size.length), Copy(0, at)))]


class Spaceless(Roll):
    """Act nowhere."""

    space = "nowhere"


class Homemade(Roll):
    """Lower to an effect that is not the core's."""

    def lower(self, size: Any) -> list[Any]:
        """Return another of its own."""
        return [Roll(self.by)]


class Fickle(Roll):
    """Lower to something else each time."""

    def lower(self, size: Any) -> list[Any]:
        """Insert the number of the call."""
        return [Rope((Insert(str(next(CALLS))), Copy(0, size.length)))]


class Misplaced(Roll):
    """Lower to an effect of another space."""

    def lower(self, size: Any) -> list[Any]:
        """Return silence."""
        return [Time((), 0)]


def follow(kind: Any, carried: Any, effect: Any, where: Any) -> Any:
    """Follow the map as always."""
    return kind.follow(carried, where)


def follow_map(carried: Any, where: Any) -> Any:
    """Take too few arguments."""
    return carried
