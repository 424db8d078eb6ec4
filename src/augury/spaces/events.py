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
        self.when = list(range(size.length))
        self.clocks: list[Event] = []

    def push(self, effect: Any) -> bool:
        """Compose a Rope with those pending. What donors give comes as inserts."""
        if type(effect) is not Rope or any(type(p) is Copy and p.source != SELF for p in effect.pieces):
            return False
        self.when = self._times(effect.pieces)
        return super().push(effect)

    def _times(self, pieces: Sequence[Copy | Insert]) -> list[int]:
        """Return what ``when`` is after one more edit; an event without a time takes that of the one before."""
        n = len(self.when)
        ranks: list[int] = []
        for piece in pieces:
            if type(piece) is Copy:
                ranks += range(max(piece[0], 0), min(piece[1], n))
        ranks.sort()
        out: list[int] = []
        used = 0
        for piece in pieces:
            if type(piece) is Copy:
                count = max(min(piece[1], n) - max(piece[0], 0), 0)
                out += [self.when[rank] for rank in ranks[used : used + count]]
                used += count
            else:
                out += [self._clock(event) for event in piece[0]]  # type: ignore[union-attr]
        return _filled(out) if -1 in out else out

    def _clock(self, event: Any) -> int:
        if event.time is None:
            return -1
        self.clocks.append(event)
        return self.source.length + len(self.clocks) - 1


def _filled(when: Sequence[int]) -> list[int]:
    """Give each -1 the entry before it, at the beginning the one after it; -1 stays where there is none at all."""
    last = next((clock for clock in when if clock >= 0), -1)
    return [last := clock if clock >= 0 else last for clock in when]


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
