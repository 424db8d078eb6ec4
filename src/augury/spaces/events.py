"""Events: histories edited as ropes. What happened moves with the pieces; when it happened stays in order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from augury.effects import SELF, Copy, Event, Insert, Rope
from augury.spaces.rope import RopeMap, RopeSegment, length


class EventsSize(NamedTuple):
    """Number of events of a history."""

    length: int


class EventsSegment(RopeSegment):
    """Pending edits of one history.

    ``pieces`` say what happens, in order. ``when`` says when: for each event of the output the number of the event of
    the history whose time it has, or ``source.length + k`` for that of the new event ``clocks[k]``. The kept times stay
    in order through every edit, whatever changes places, so edits one by one and at once give the same times.
    """

    __slots__ = ("clocks", "when")

    def __init__(self, size: EventsSize) -> None:
        """Start empty on a history of ``size``."""
        super().__init__(size)
        self.when = np.arange(size.length, dtype=np.int64)
        self.clocks: list[Event] = []

    def push(self, effect: Any) -> bool:
        """Compose a Rope with those pending. What donors give comes as inserts."""
        if type(effect) is not Rope or any(type(p) is Copy and p.source != SELF for p in effect.pieces):
            return False
        self.when = self._times(effect.pieces)
        return super().push(effect)

    def _times(self, pieces: Sequence[Copy | Insert]) -> np.ndarray:
        """Return what ``when`` is after one more edit; an event without a time takes that of the one before."""
        n = len(self.when)
        ranges = [np.arange(max(p.a, 0), min(p.b, n)) for p in pieces if isinstance(p, Copy)]
        kept = self.when[np.sort(np.concatenate(ranges))] if ranges else self.when[:0]
        out, used = [], 0
        for piece in pieces:
            if isinstance(piece, Copy):
                count = max(min(piece.b, n) - max(piece.a, 0), 0)
                out.append(kept[used : used + count])
                used += count
            elif piece.text:
                out.append(np.array([self._clock(event) for event in piece.text], dtype=np.int64))
        when = np.concatenate(out) if out else self.when[:0]
        return _filled(when) if (when < 0).any() else when

    def _clock(self, event: Any) -> int:
        if event.time is None:
            return -1
        self.clocks.append(event)
        return self.source.length + len(self.clocks) - 1


def _filled(when: np.ndarray) -> np.ndarray:
    """Give each -1 the entry before it, at the beginning the one after it; -1 stays where there is none at all."""
    known = np.flatnonzero(when >= 0)
    if not len(known):
        return when
    before = np.searchsorted(known, np.arange(len(when)), side="right") - 1
    return when[known[np.maximum(before, 0)]]


def origins(where: RopeMap) -> np.ndarray:
    """Return for each event of the output the event it is, or belongs to: int64 (n,), -1 for foreign ones.

    Cost: O(events).
    """
    parts = []
    for piece in where.pieces:
        if isinstance(piece, Copy):
            parts.append(np.arange(piece.a, piece.b))
        else:
            parts.append(np.full(length(piece), piece.stands_for[0] if piece.stands_for else -1))
    return np.concatenate(parts).astype(np.int64) if parts else np.empty(0, np.int64)
