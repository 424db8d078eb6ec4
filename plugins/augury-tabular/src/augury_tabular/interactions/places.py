"""What the ops on histories share: how many events, which, and ropes made from lists of places."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from augury.effects import Copy, Event, Insert, Rope
from augury.errors import RecipeError, describe, shown
from augury.op import Info
from augury.rng import Rng


def how_many(fraction: float, events: int) -> int:
    """Return a share of a number of events: rounded, at least one where there is any and the share is not 0."""
    return max(1, int(fraction * events + 0.5)) if fraction and events else 0


def some(rng: Rng, fraction: float, places: Sequence[int]) -> list[int]:
    """Return a share of the places, drawn without replacement, ascending."""
    return sorted(places[i] for i in rng.sample(len(places), how_many(fraction, len(places))))


def inserted(length: int, new: Iterable[tuple[int, Event]]) -> Rope:
    """Return the rope that puts each event behind the one at its place (ascending), which it belongs to."""
    pieces: list[Copy | Insert] = []
    done = 0
    for place, event in new:
        if place + 1 > done:
            pieces.append(Copy(done, place + 1))
            done = place + 1
        pieces.append(Insert((event,), (place, place + 1)))
    return Rope((*pieces, Copy(done, length)))


def same_history(draw: Any, info: Info, op: str) -> Any:
    """Return a draw's ``edits`` for the field they were drawn on.

    Raises:
        RecipeError: on another field, for which one draw for all cannot be meant.
    """
    if draw["field"] != info.field:
        fix = "give each field a step of its own, or independent: true"
        raise RecipeError(describe(op, f"the history {draw['field']}", shown(info.field), fix=fix))
    return draw["edits"]


def plain(event: Event) -> list[Any]:
    """Return an event as a draw keeps it."""
    return [event.item, event.time, event.rating, dict(event.context)]
