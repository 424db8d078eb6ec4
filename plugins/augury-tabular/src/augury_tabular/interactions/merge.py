"""Joining sessions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from augury.effects import Copy, Insert, Rope
from augury.op import Info, Op
from augury.rng import Rng
from augury_tabular.interactions.history import History


class Merge(Op):
    """Join a session with the one before it of the same user: ``u/3`` with ``u/2``, as `SplitSessions` names them.

    The first session of a user stays as it is, and so does one whose neighbour is on another side or ends later than it
    begins.

    Fields: interactions; sessions follow the record's own events.

    Args:
        user: The field that names the user: records are joined where both have the same value in it.

    Draws: nothing; the donor is the session before.

    Cost: O(events).
    """

    on = "interactions"
    reads = frozenset({"value", "links"})
    donors = 1

    user: str = "user"

    def pick(self, rng: Rng, info: Info) -> Sequence[str]:
        """Return the id of the session before, where the pool has it."""
        parent, _, number = info.id.rpartition("/")
        if not number.isdecimal() or number == "0":
            return []
        before = f"{parent}/{int(number) - 1}"
        try:
            other = info.pool[before]
        except KeyError:
            return []
        same = self.user in info.links and other.get(self.user) == info.links[self.user]
        return [before] if same and self._earlier(other.get(info.field), info) else []

    def _earlier(self, other: Any, info: Info) -> bool:
        if other is None:
            return False
        before: History = info.kind.check(other)
        now: History = info.value
        timed = now.time is not None and before.time is not None and len(now) and len(before)
        return not timed or bool(before.time[-1] <= now.time[0])  # type: ignore[index]

    def effect(self, draw: Any, info: Info) -> Any:
        """Return the session before, then this one."""
        new = tuple(info.donors[0].value) if info.donors else ()
        return Rope((Insert(new), Copy(0, info.size.length))) if new else []
