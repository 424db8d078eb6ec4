"""Negative sampling."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Annotated, Any

from augury.effects import Event
from augury.errors import RecipeError, describe, shown
from augury.op import Info, Op
from augury.params import Within
from augury.rng import Rng
from augury_tabular.interactions.history import History
from augury_tabular.interactions.places import inserted, same_history
from augury_tabular.statistics import Row

_TRIES = 16


class Negatives(Op):
    """Put, behind each event, events of items the user has not met, with a rating that says so.

    A negative is an event like others: it has the time and context of the positive it is put behind, lies in its
    sessions, and stays with it through later steps and into every format. Events whose rating is ``rating`` already
    (impressions without a click, earlier negatives) get none. Items are drawn by their count on the training side to
    the power of ``popularity``; those of the field's catalogue that no training user met have count 0, so they are
    drawn where ``popularity`` is 0. Where a user has met every item, none is put.

    Fields: interactions with ratings; sessions follow.

    Args:
        per_event: How many negatives each positive gets.
        popularity: Exponent of the counts: 0 draws every item alike, 1 as often as users meet it; 0.75 is usual.
        rating: The negatives' rating.

    Draws: for each positive its negatives, with replacement over the items the user has not met.

    Cost: O(events x per_event x log items), and O(items) once for a user who has met nearly all; fitting O(all events).

    Reference: the exponent of Mikolov et al., "Distributed representations of words and phrases", 2013.
    """

    on = "interactions"
    reads = frozenset({"value"})
    fits = True

    per_event: Annotated[int, Within(1)] = 1
    popularity: Annotated[float, Within(0.0, 8.0)] = 0.75
    rating: float = 0.0

    def fit(self, batches: Iterable[Sequence[Row]], fields: Mapping[str, Any]) -> dict[str, dict[str, list[Any]]]:
        """Return for each field the items, sorted, and the cumulative sums of their weights."""
        names = {name: spec.kind for name, spec in fields.items() if spec.kind.space == "events"}
        counts: dict[str, Counter[str]] = {name: Counter() for name in names}
        for batch in batches:
            for _, record in batch:
                for name in names.keys() & record.keys():
                    counts[name].update(record[name].item.tolist())
        return {name: self._weighed(counts[name], kind) for name, kind in names.items()}

    def _weighed(self, counts: Counter[str], kind: Any) -> dict[str, list[Any]]:
        candidates = sorted((counts.keys() | set(kind.items)) - {kind.mask})
        weights = [1.0 if self.popularity == 0 else float(counts[item]) ** self.popularity for item in candidates]
        return {"items": candidates, "until": list(accumulate(weights))}

    def draw(self, rng: Rng, info: Info) -> dict[str, Any]:
        """Return [place, event] in order."""
        history: History = info.value
        self._check(info.kind)
        unmet = _Unmet(set(history.item.tolist()), **info.state[info.field])
        ratings = [] if history.rating is None else history.rating.tolist()
        edits: list[list[Any]] = []
        for place, given in enumerate(ratings):
            if given == self.rating:
                continue
            time, context = history.moment(place), history.around(place)
            for _ in range(self.per_event):
                item = unmet.drawn(rng)
                if item is None:
                    return {"field": info.field, "edits": edits}
                edits.append([place, [item, time, self.rating, context]])
        return {"field": info.field, "edits": edits}

    def _check(self, kind: Any) -> None:
        if not kind.rating:
            fix = "declare the field with rating: true"
            raise RecipeError(describe(self.entry_id, "a history with ratings", shown("rating: false"), fix=fix))
        bounds = kind.rating_range
        if bounds and not bounds[0] <= self.rating <= bounds[1]:
            where, fix = f"{self.entry_id}.rating", "widen the field's rating_range, or give another rating"
            raise RecipeError(describe(where, f"{bounds[0]:g} to {bounds[1]:g}", self.rating, fix=fix))

    def effect(self, draw: Any, info: Info) -> Any:
        """Return the rope with the negatives."""
        edits = same_history(draw, info, self.entry_id)
        return inserted(info.size.length, [(place, Event(*event)) for place, event in edits]) if edits else []


class _Unmet:
    """The items a user has not met. Rejection finds them fast where they are many; else they are listed, once."""

    def __init__(self, met: set[str], items: Sequence[str], until: Sequence[float]) -> None:
        """Hold the items that are met, and all of them with the cumulative sums of their weights."""
        self._met, self._items, self._until = met, items, until

    def drawn(self, rng: Rng) -> str | None:
        """Return an item by weight; None where there is none of any weight."""
        for _ in range(_TRIES if self._met else 1):
            if not self._until or not self._until[-1]:
                return None
            item = self._items[min(bisect_right(self._until, rng.random() * self._until[-1]), len(self._items) - 1)]
            if item not in self._met:
                return item
        self._list()
        return self.drawn(rng)

    def _list(self) -> None:
        """Leave only the items that are not met."""
        weights = (b - a for a, b in zip([0.0, *self._until], self._until, strict=False))
        rest = [(i, w) for i, w in zip(self._items, weights, strict=True) if i not in self._met and w > 0]
        self._items, self._until = [i for i, _ in rest], list(accumulate(w for _, w in rest))
        self._met = set()
