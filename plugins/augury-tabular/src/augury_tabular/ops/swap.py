"""Categories replaced by others."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Any

from augury.effects import Effects, Rows
from augury.op import Info, Op
from augury.params import Fraction
from augury.rng import Rng
from augury_tabular.columns import put_other
from augury_tabular.statistics import Row, frequencies


class Swap(Op):
    """Replace categories by other ones of the same column, drawn by how often the training side has them.

    A category that was never seen is never put in, a missing value stays missing, and a column with fewer than two
    categories is left alone.

    Fields: category and boolean columns; the others pass through. The label, group and key only where ``field:`` names
        them.

    Args:
        fraction: Probability of each column to be touched, in [0, 1].

    Draws: for each touched column two different categories, under the column's name: the first by frequency, the second
        by frequency among the rest, for rows that have the first already. The result is then distributed by frequency
        among the categories the row does not have, and the draw needs no look at the row.

    Cost: O(log categories) a touched column and row. Fitting: one pass; memory for each different category.
    """

    on = "row"
    columns = ("category", "boolean")
    fits = True

    fraction: Fraction = 0.1

    def fit(self, batches: Iterable[Sequence[Row]], fields: Mapping[str, Any]) -> dict[str, dict[str, list[Any]]]:
        """Return for each column of at least two categories these, sorted, and their cumulative counts."""
        names = [name for name, spec in fields.items() if spec.kind_id in self.columns]
        counts = frequencies(batches, names)
        return {
            name: {"values": list(seen), "until": list(accumulate(seen.values()))}
            for name, seen in counts.items()
            if len(seen) > 1
        }

    def draw(self, rng: Rng, info: Info) -> dict[str, list[Any]]:
        """Return two different categories for each touched column."""
        touched = [name for name in info.size.columns if rng.chance(self.fraction)]
        return {name: _two(rng, **info.state[name]) for name in touched if name in info.state}

    def effect(self, draw: dict[str, list[Any]], info: Info) -> Effects:
        """Return a `Rows` for each touched column."""
        return [Rows(put_other, {"first": a, "second": b}, (name,), (name,)) for name, (a, b) in draw.items()]


def _two(rng: Rng, values: Sequence[Any], until: Sequence[int]) -> list[Any]:
    """Return two different values, both by frequency; ``until`` are the cumulative counts."""
    total = until[-1]
    first = bisect_right(until, rng.integer(0, total - 1))
    start = until[first - 1] if first else 0
    rest = rng.integer(0, total - 1 - (until[first] - start))
    second = bisect_right(until, rest if rest < start else rest + until[first] - start)
    return [values[first], values[second]]
