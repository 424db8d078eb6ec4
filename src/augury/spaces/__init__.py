"""The spaces geometric effects act in, and the map each offers to the kinds that follow.

A *segment* collects the effects of one anchor that can run as one; flushing it renders the anchor's value once
and hands every target one *map*. The core knows the spaces; a kind knows its values.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Protocol


class Segment(Protocol):
    """Pending effects of one anchor. One class a space."""

    size: Any
    """The anchor's size after everything pending."""

    empty: bool
    """Whether nothing is pending."""

    def push(self, effect: Any) -> bool:
        """Take ``effect`` and return True, or change nothing and return False: then it must be flushed first."""
        ...

    def map(self) -> Any:
        """Return the map from source to output that targets follow; None where nothing moved."""
        ...

    def describe(self) -> str:
        """Return in words what is run together."""
        ...


@cache
def segment_class(space: str) -> type:
    """Return the `Segment` class of a space (imported when asked for)."""
    if space == "plane":
        from augury.spaces.plane import PlaneSegment

        return PlaneSegment
    if space == "text":
        from augury.spaces.text import TextSegment

        return TextSegment
    if space == "events":
        from augury.spaces.events import EventsSegment

        return EventsSegment
    if space == "time":
        from augury.spaces.time import TimeSegment

        return TimeSegment
    if space == "row":
        from augury.spaces.row import RowSegment

        return RowSegment
    raise KeyError(space)


SPACES = ("plane", "text", "events", "time", "row")
