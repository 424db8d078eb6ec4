"""Substitution by correlated items."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

from augury.effects import Events
from augury.op import Info, Op
from augury.params import Fraction, Within
from augury.rng import Rng
from augury_tabular.interactions.correlation import partner
from augury_tabular.interactions.history import History
from augury_tabular.interactions.insert import fit_correlations
from augury_tabular.interactions.mask import put_items
from augury_tabular.interactions.places import same_history, some
from augury_tabular.statistics import Row


class Substitute(Op):
    """Replace items by ones that go together with them. Time, rating and context of the events stay.

    Items that were not fitted stay.

    Fields: interactions; sessions stay.

    Args:
        fraction: Share of the events whose item is replaced, at least one.
        neighbours: How many correlated items of each are drawn from, by how much they go together.

    Draws: the places uniformly, without replacement; each item by its weight.

    Cost: O(events); fitting O(sum of squared items of a user).

    Reference: substitute of Liu et al., "Contrastive self-supervised sequential recommendation with robust
        augmentation", 2021, which takes the most correlated item always.
    """

    on = "interactions"
    reads = frozenset({"value"})
    fits = True

    fraction: Fraction = 0.2
    neighbours: Annotated[int, Within(1)] = 10

    def fit(self, batches: Iterable[Sequence[Row]], fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return the items' correlations, for each field."""
        return fit_correlations(batches, fields, self.neighbours)

    def draw(self, rng: Rng, info: Info) -> dict[str, Any]:
        """Return [place, item] in order."""
        history: History = info.value
        chosen = some(rng, self.fraction, range(len(history)))
        drawn = [
            [place, partner(rng, info.state[info.field], history.item[place], info.kind.items)] for place in chosen
        ]
        return {"field": info.field, "edits": [edit for edit in drawn if edit[1] is not None]}

    def effect(self, draw: Any, info: Info) -> Any:
        """Return the new items."""
        edits = same_history(draw, info, self.entry_id)
        return Events(put_items, {"edits": edits}) if edits else []
