"""Mixing: how much each row should count in training, so that collections and origins have the shares asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from augury.dataset.columns import ORIGIN
from augury.dataset.units import UnitResult
from augury.dataset.write import rows_in
from augury.recipe.model import Mix


def weights_of(mix: Mix | None, folder: Path, results: Sequence[UnitResult]) -> dict[tuple[str, str], dict[str, float]]:
    """Return (collection, side) to origin to the weight of one row; a side's weights sum to its rows.

    Within a collection each origin's rows count by its factor; the collections named share the side's weight as asked,
    the others keep that of their rows.
    """
    if mix is None:
        return {}
    counts: dict[tuple[str, str], Counter[str]] = {}
    for result in results:
        counter = counts.setdefault((result.unit.collection, result.unit.side), Counter())
        for batch in rows_in(folder, result.unit):
            counter.update(batch[ORIGIN].to_pylist())
    out: dict[tuple[str, str], dict[str, float]] = {}
    for side in dict.fromkeys(side for _, side in counts):
        own = {collection: counter for (collection, s), counter in counts.items() if s == side}
        named = {c: float(mix.collections[c]) for c in own if c in mix.collections}
        asked = sum(named.values())
        shared = sum(own[c].total() for c in named)
        for collection, counter in own.items():
            rows: float = counter.total()
            if collection in named and asked:
                rows = shared * named[collection] / asked
            factors = {origin: mix.origins.get(origin, 1.0) for origin in counter}
            total = sum(float(factors[o]) * n for o, n in counter.items())
            out[collection, side] = {o: f * rows / total if total else 0.0 for o, f in factors.items()}
    return out
