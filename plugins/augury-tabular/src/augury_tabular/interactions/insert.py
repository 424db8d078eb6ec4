"""Insertion of correlated items."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

from augury.effects import Event
from augury.op import Info, Op
from augury.params import Fraction, Within
from augury.rng import Rng
from augury_tabular.interactions.correlation import correlations, partner
from augury_tabular.interactions.history import History
from augury_tabular.interactions.places import inserted, plain, same_history, some
from augury_tabular.statistics import Row


class Insert(Op):
    """Put, behind some events, an item that goes together with theirs.

    The new event has rating and context of the one it is put behind and lies in its sessions. Its time is drawn between
    that event and the next; at the end it is the last event's, as nothing is put later than the history reaches. Items
    that were not fitted get nothing behind them.

    Fields: interactions; sessions follow.

    Args:
        fraction: Share of the events that get another behind them, at least one.
        neighbours: How many correlated items of each are drawn from, by how much they go together.

    Draws: the places uniformly, without replacement; each item by its weight; each time uniformly.

    Cost: O(events); fitting O(sum of squared items of a user).

    Reference: insert of Liu et al., "Contrastive self-supervised sequential recommendation with robust augmentation",
        2021, which takes the most correlated item always.
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
        """Return [place, event] in order."""
        history: History = info.value
        edits = []
        for place in some(rng, self.fraction, range(len(history))):
            item = partner(rng, info.state[info.field], history.item[place], info.kind.items)
            time = _between(rng, history, place)
            if item is not None:
                edits.append([place, plain(Event(item, time, history.stars(place), history.around(place)))])
        return {"field": info.field, "edits": edits}

    def effect(self, draw: Any, info: Info) -> Any:
        """Return the rope with the new events."""
        edits = same_history(draw, info, self.entry_id)
        return inserted(info.size.length, [(place, Event(*event)) for place, event in edits]) if edits else []


def _between(rng: Rng, history: History, place: int) -> Any:
    share = rng.random()
    if history.time is None:
        return None
    here, then = history.moment(place), history.moment(min(place + 1, len(history) - 1))
    return here + int(share * (then - here)) if isinstance(here, int) else min(here + share * (then - here), then)


def fit_correlations(
    batches: Iterable[Sequence[Row]], fields: Mapping[str, Any], neighbours: int
) -> dict[str, dict[str, Any]]:
    """Return the correlations of each field of interactions; rows come sorted by id."""
    names = {name: spec.kind for name, spec in fields.items() if spec.kind.space == "events"}
    histories: dict[str, list[History]] = {name: [] for name in names}
    for batch in batches:
        for _, record in batch:
            for name in names:
                if name in record:
                    histories[name].append(record[name])
    return {name: correlations(found, names[name].mask, neighbours) for name, found in histories.items()}
