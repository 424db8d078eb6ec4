"""Synthetic users by recombination."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import numpy as np

from augury.effects import Copy, Insert, Rope
from augury.op import Info, Op
from augury.params import FractionRange, Within
from augury.rng import Rng
from augury_tabular.interactions.history import History


class Recombine(Op):
    """Make a synthetic user: the first part of one history goes on as another user's does.

    The record's own events up to a drawn place stay; the donor's events of later moments follow, the donor's rating and
    context with them. All other fields, the user's own among them, stay the record's. Where nothing of the donor fits,
    the history stays whole.

    Fields: interactions; sessions follow the record's own events.

    Args:
        switch_range: (lo, hi) share of the own events that stays, at least one.
        alike: How many users, some perhaps twice, are looked at for the donor. The one whose items are most alike
            (Jaccard) is taken, so 1 takes any.
        until: "own" takes nothing later than the record's last event, so a synthetic user knows no more than the real
            one did; "any" takes the donor's whole future. Without times, the donor's events from the same share of its
            history on.

    Draws: switch uniform in switch_range.

    Cost: O(events), and ``alike`` records read.
    """

    on = "interactions"
    reads = frozenset({"value"})
    donors = 1

    switch_range: FractionRange = (0.3, 0.7)
    alike: Annotated[int, Within(1, 1024)] = 8
    until: Literal["own", "any"] = "own"

    def pick(self, rng: Rng, info: Info) -> Sequence[str]:
        """Return the most alike of some users."""
        near = {info.pool.near(rng, 1)[0]: None for _ in range(self.alike)}
        if len(near) == 1:
            return list(near)
        own = set(info.value.item.tolist())
        return [max(near, key=lambda i: (_jaccard(own, info.kind.check(info.pool[i][info.field])), i))]

    def draw(self, rng: Rng, info: Info) -> dict[str, list[int]]:
        """Return how many own events stay, and which of the donor's follow."""
        history, donor = info.value, info.donors[0].value
        share = rng.uniform(*self.switch_range)
        keep = min(max(1, int(share * len(history) + 0.5)), len(history))
        if history.time is None or not len(history):
            return {"keep": [0, keep], "take": [min(int(share * len(donor) + 0.5), len(donor)), len(donor)]}
        a = int(np.searchsorted(donor.time, history.time[keep - 1], side="right"))
        b = len(donor)
        if self.until == "own":
            b = int(np.searchsorted(donor.time, history.time[-1], side="right"))
        return {"keep": [0, keep], "take": [a, max(a, b)]}

    def effect(self, draw: Any, info: Info) -> Any:
        """Return the own part and the donor's."""
        a, b = draw["take"]
        new = tuple(info.donors[0].value[a:b])
        return Rope((Copy(*draw["keep"]), Insert(new))) if new and draw["keep"][1] else []


def _jaccard(own: set[str], other: History) -> float:
    items = set(other.item.tolist())
    return len(own & items) / max(len(own | items), 1)
