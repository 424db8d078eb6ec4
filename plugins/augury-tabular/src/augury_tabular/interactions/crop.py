"""Cropping."""

from __future__ import annotations

from typing import Any, Literal

from augury.effects import Copy, Rope
from augury.op import Info, Op
from augury.params import FractionRange
from augury.rng import Rng
from augury_tabular.interactions.places import how_many


class Crop(Op):
    """Keep a run of neighbouring events.

    Fields: interactions; sessions follow.

    Args:
        fraction_range: (lo, hi) share of the events that is kept, at least one event.
        keep: "any" run, the "first" or the "last" events: for a model that predicts the next item, the last are those
            nearest to it.

    Draws: fraction uniform in fraction_range; start uniform over the places the run fits in (keep "any").

    Cost: O(events).

    Reference: item crop of Xie et al., "Contrastive learning for sequential recommendation", ICDE 2022.
    """

    on = "interactions"

    fraction_range: FractionRange = (0.5, 0.9)
    keep: Literal["any", "first", "last"] = "any"

    def draw(self, rng: Rng, info: Info) -> list[int]:
        """Return [start, end)."""
        n = info.size.length
        kept = how_many(rng.uniform(*self.fraction_range), n)
        start = rng.integer(0, n - kept)
        start = {"any": start, "first": 0, "last": n - kept}[self.keep]
        return [start, start + kept]

    def effect(self, draw: Any, info: Info) -> Any:
        """Return the rope of the run."""
        return Rope((Copy(*draw),)) if draw[1] > draw[0] else []
