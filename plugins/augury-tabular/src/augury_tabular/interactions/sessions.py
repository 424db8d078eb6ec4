"""Sessions: labelled ranges of a history's events, which go where their events go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from augury.errors import FieldError, describe, shown
from augury.kinds import Kind
from augury.record import type_name
from augury.spaces.events import EventsSize, origins
from augury.spaces.rope import RopeMap

if TYPE_CHECKING:
    import pyarrow as pa


class Session(NamedTuple):
    """A labelled range of events [start, end), counted from 0 in order of time."""

    start: int
    end: int
    label: str


class _Carried(NamedTuple):
    """A session under way: the numbers of its events in the history as it is now, ascending."""

    events: np.ndarray
    label: str


class Sessions(Kind):
    """Labelled ranges of a history's events: sessions, baskets, visits. They may overlap; their order is kept.

    A session goes where its events go, with those that are inserted for one of them; it is dropped with its last event.
    Where its events are no longer neighbours it becomes several sessions of its label.
    """

    follows = frozenset({"events"})

    def check(self, value: Any) -> tuple[Session, ...]:
        """Return a tuple of `Session`; triples and mappings of the same names are taken.

        Raises:
            FieldError: another form, places that are not whole, an empty range, a label that is no text.
        """
        if isinstance(value, str | bytes | Mapping) or not isinstance(value, Sequence):
            raise FieldError(
                describe("", "a list of (start, end, label)", type_name(value), fix="write [[0, 5, 'visit']]")
            )
        return tuple(_session(item, index) for index, item in enumerate(value))

    def arrow(self) -> pa.DataType:
        """list<struct<start: int64, end: int64, label: string>>."""
        import pyarrow as pa

        return pa.list_(pa.struct([("start", pa.int64()), ("end", pa.int64()), ("label", pa.string())]))

    def pack(self, value: tuple[Session, ...]) -> list[dict[str, Any]]:
        """Return a list of mappings."""
        return [session._asdict() for session in value]

    def open(self, value: tuple[Session, ...], size: EventsSize) -> tuple[_Carried, ...]:
        """Return each session as the numbers of its events.

        Raises:
            FieldError: a session that ends beyond the history.
        """
        for session in value:
            if session.end > size.length:
                expected = f"events up to {size.length}, the length of the history"
                fix = "count events from 0 in order of time"
                raise FieldError(describe("", expected, tuple(session), fix=fix))
        return tuple(_Carried(np.arange(s.start, s.end), s.label) for s in value)

    def follow(self, carried: tuple[_Carried, ...], where: RopeMap) -> tuple[_Carried, ...]:
        """Return the sessions as the events they have after an edit. Cost: O(events) a session."""
        came_from = origins(where)
        moved = (_Carried(np.flatnonzero(np.isin(came_from, c.events)), c.label) for c in carried)
        return tuple(session for session in moved if len(session.events))

    def close(self, carried: tuple[_Carried, ...], size: EventsSize) -> tuple[Session, ...]:
        """Return a session for each run of neighbours."""
        out = []
        for events, label in carried:
            breaks = np.flatnonzero(np.diff(events) > 1) + 1
            out += [Session(int(run[0]), int(run[-1]) + 1, label) for run in np.split(events, breaks)]
        return tuple(out)

    def is_empty(self, value: tuple[Session, ...]) -> bool:
        """Whether none is left."""
        return not value

    def samples(self) -> list[tuple[Session, ...]]:
        """Return sessions on the first sample of `Interactions`: apart, overlapping, and none."""
        return [(Session(0, 3, "morning"), Session(3, 5, "noon")), (Session(1, 4, "visit"), Session(2, 3, "tea")), ()]


def _session(item: Any, index: int) -> Session:
    if type(item) is Session:
        return item
    if isinstance(item, Mapping) and item.keys() == set(Session._fields):
        item = tuple(item[name] for name in Session._fields)
    if isinstance(item, str | Mapping) or not isinstance(item, Sequence) or len(item) != 3:
        raise FieldError(describe(f"[{index}]", "(start, end, label)", item, fix="write [0, 5, 'visit'], say"))
    start, end, label = (part.item() if hasattr(part, "item") else part for part in item)
    if type(start) is not int or type(end) is not int or not 0 <= start < end:
        fix = "count events from 0; the end is not included"
        raise FieldError(describe(f"[{index}]", "whole places with 0 <= start < end", (start, end), fix=fix))
    if not isinstance(label, str):
        raise FieldError(describe(f"[{index}]", "a label that is text", shown(repr(label)), fix="name it with a str"))
    return Session(start, end, label)
