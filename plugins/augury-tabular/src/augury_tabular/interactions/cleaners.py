"""Cleaners of histories: cutting into sessions, and dropping what is too short."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any

import numpy as np

from augury.cleaner import Cleaner, CleanInfo, Rejection
from augury.effects import Copy, Effects, Rope
from augury.errors import FieldError, describe, shown
from augury.params import Within
from augury_tabular.interactions.history import History


class SplitSessions(Cleaner):
    """Cut a history into sessions wherever nothing happens for longer than a gap. Each becomes a record.

    Args:
        gap: The longest pause inside a session, in the unit of the history's times (seconds, as a rule).
        min_events: Sessions of fewer events are left out.
    """

    on = "interactions"

    gap: Annotated[float, Within(0)] = 1800.0
    min_events: Annotated[int, Within(1)] = 1

    def pieces(self, value: History, info: CleanInfo) -> int:
        """Return the number of sessions.

        Raises:
            FieldError: where events have no times.
        """
        return len(self._runs(value))

    def effect(self, piece: int, info: CleanInfo) -> Effects:
        """Return the copy of one session."""
        return Rope((Copy(*self._runs(info.record[info.field])[piece]),))

    def _runs(self, value: History) -> list[tuple[int, int]]:
        if value.time is None:
            fix = "declare the field with time: float or integer"
            raise FieldError(describe("time", "events with times", shown("time: none"), fix=fix))
        breaks = (np.flatnonzero(np.diff(value.time) > self.gap) + 1).tolist()
        bounds = [0, *breaks, len(value)]
        return [(a, b) for a, b in pairwise(bounds) if b - a >= self.min_events]


class FewEvents(Cleaner):
    """Reject histories of too few events, or of too many (robots).

    Args:
        min_events: Least number of events.
        max_events: Greatest number of events.
    """

    on = "interactions"

    min_events: Annotated[int, Within(0)] = 3
    max_events: Annotated[int, Within(1)] = 100_000

    def judge(self, value: Any, info: CleanInfo) -> Rejection | None:
        """Return why it leaves."""
        n = len(value)
        if n < self.min_events:
            return Rejection("few_events", f"{n} events, at least {self.min_events} asked for")
        if n > self.max_events:
            return Rejection("many_events", f"{n} events, at most {self.max_events} asked for")
        return None
