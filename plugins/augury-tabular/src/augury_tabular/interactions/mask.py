"""Masking."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from augury.effects import Copy, Events, Rope
from augury.op import Info, Op
from augury.params import FractionRange
from augury.rng import Rng
from augury_tabular.interactions.history import History
from augury_tabular.interactions.places import how_many


class Mask(Op):
    """Hide events: their item becomes the field's mask, or they are left out. One event at least stays.

    Fields: interactions; sessions follow.

    Args:
        fraction_range: (lo, hi) share of the events that is hidden.
        how: "token" puts the field's ``mask`` in the place of the item and keeps time, rating and context; "delete"
            leaves the event out.

    Draws: fraction uniform in fraction_range; the places uniformly, without replacement.

    Cost: O(events).

    Reference: item mask of Xie et al., "Contrastive learning for sequential recommendation", ICDE 2022.
    """

    on = "interactions"

    fraction_range: FractionRange = (0.1, 0.3)
    how: Literal["token", "delete"] = "token"

    def draw(self, rng: Rng, info: Info) -> list[int]:
        """Return the places, ascending."""
        n = info.size.length
        return sorted(rng.sample(n, min(how_many(rng.uniform(*self.fraction_range), n), max(n - 1, 0))))

    def effect(self, draw: Any, info: Info) -> Any:
        """Return new items, or copies of what stays."""
        if not draw:
            return []
        if self.how == "token":
            return Events(put_items, {"edits": [[place, info.kind.mask] for place in draw]})
        bounds = zip([0, *(place + 1 for place in draw)], [*draw, info.size.length], strict=True)
        return Rope(tuple(Copy(a, b) for a, b in bounds))


def put_items(history: History, edits: Sequence[tuple[int, str]]) -> History:
    """Put items at places."""
    items = history.item.copy()
    for place, item in edits:
        items[place] = item
    return history.with_items(items)
