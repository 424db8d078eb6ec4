"""Categories replaced by others."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Any, Literal

from augury.effects import Effects, Rows
from augury.op import Info, Op
from augury.params import Fraction
from augury.rng import Rng
from augury_tabular.columns import put_other, swap_similar
from augury_tabular.similarity import fit_similarity
from augury_tabular.statistics import Row, frequencies


class Swap(Op):
    """Replace categories by others of the column, drawn by their frequency on the training side or by likeness.

    A category that was never seen is never put in, a missing value stays missing, and a column with fewer than two
    categories is left alone. By ``similarity`` the replacement is one of the ten categories that occur together with
    the most alike values of the other columns (`augury_tabular.similarity`), in proportion to likeness times
    frequency; columns of more than 2,000 categories, and tables of one column, are swapped by frequency.

    Fields: category, ordinal and boolean columns; the others pass through. The label, group and key only where
        ``field:`` names them.

    Args:
        fraction: Probability of each column to be touched, in [0, 1].
        by: What replacements are drawn by: ``frequency`` or ``similarity``.

    Draws: for each touched column, under its name, by frequency two different categories: the first by frequency, the
        second by frequency among the rest, for rows that have the first already. The result is then distributed by
        frequency among the categories the row does not have, and the draw needs no look at the row. By similarity a
        uniform number.

    Cost: O(log categories) a touched column and row. Fitting: one pass; memory for each different category.
    """

    on = "row"
    columns = ("category", "ordinal", "boolean")
    fits = True
    reparametrises = True

    fraction: Fraction = 0.1
    by: Literal["frequency", "similarity"] = "frequency"

    def fit(self, batches: Iterable[Sequence[Row]], fields: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        """Return the categories of each column of at least two, and their cumulative counts or what is near each."""
        names = [name for name, spec in fields.items() if spec.kind_id in self.columns]
        if self.by == "similarity":
            rows = [list(batch) for batch in batches]
            near = fit_similarity(rows, fields, names)
            return self._counted(rows, [name for name in names if name not in near]) | near
        return self._counted(batches, names)

    @staticmethod
    def _counted(batches: Iterable[Sequence[Row]], names: Sequence[str]) -> dict[str, dict[str, Any]]:
        return {
            name: {"values": list(seen), "until": list(accumulate(seen.values()))}
            for name, seen in frequencies(batches, names).items()
            if len(seen) > 1
        }

    def draw(self, rng: Rng, info: Info) -> dict[str, Any]:
        """Return two different categories, or a uniform number, for each touched column."""
        touched = [name for name in info.size.columns if rng.chance(self.fraction)]
        state = info.state
        return {n: rng.random() if "others" in state[n] else _two(rng, **state[n]) for n in touched if n in state}

    def effect(self, draw: dict[str, Any], info: Info) -> Effects:
        """Return a `Rows` for each touched column."""
        out = []
        for name, drawn in draw.items():
            if isinstance(drawn, list):
                out.append(Rows(put_other, {"first": drawn[0], "second": drawn[1]}, (name,), (name,)))
            else:
                shared = {"near": info.state[name]}
                out.append(Rows(swap_similar, {"share": drawn}, (name,), (name,), shared=shared))
        return out


def _two(rng: Rng, values: Sequence[Any], until: Sequence[int]) -> list[Any]:
    """Return two different values, both by frequency; ``until`` are the cumulative counts."""
    total = until[-1]
    first = bisect_right(until, rng.integer(0, total - 1))
    start = until[first - 1] if first else 0
    rest = rng.integer(0, total - 1 - (until[first] - start))
    second = bisect_right(until, rest if rest < start else rest + until[first] - start)
    return [values[first], values[second]]
