"""Reordering."""

from __future__ import annotations

from typing import Any

from augury.effects import Copy, Rope
from augury.op import Info, Op
from augury.params import FractionRange
from augury.rng import Rng
from augury_tabular.interactions.places import how_many


class Reorder(Op):
    """Shuffle a run of neighbouring events. What happened changes places; the times stay, in order.

    Fields: interactions; sessions follow: one whose events are parted becomes several.

    Args:
        fraction_range: (lo, hi) share of the events in the run, at least two events.

    Draws: fraction uniform in fraction_range; start uniform over the places the run fits in; the order uniform over
        all permutations.

    Cost: O(events).

    Reference: item reorder of Xie et al., "Contrastive learning for sequential recommendation", ICDE 2022.
    """

    on = "interactions"

    fraction_range: FractionRange = (0.2, 0.5)

    def draw(self, rng: Rng, info: Info) -> dict[str, Any]:
        """Return the run's start and its order, as numbers from the start."""
        n = info.size.length
        run = min(max(how_many(rng.uniform(*self.fraction_range), n), 2), n)
        return {"start": rng.integer(0, n - run), "order": rng.permutation(run)}

    def effect(self, draw: Any, info: Info) -> Any:
        """Return copies in the new order."""
        start, order = draw["start"], draw["order"]
        run = [Copy(start + i, start + i + 1) for i in order]
        return Rope((Copy(0, start), *run, Copy(start + len(order), info.size.length))) if len(order) > 1 else []
