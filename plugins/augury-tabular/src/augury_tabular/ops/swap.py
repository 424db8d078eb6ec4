"""Categories replaced by others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Any, Literal

from augury.effects import Effects, Rows
from augury.op import Info, Op
from augury.params import Fraction
from augury_tabular.columns import swap
from augury_tabular.similarity import fit_similarity
from augury_tabular.statistics import Row, frequencies, gathered


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

    Draws: seed: `augury.rng.uniforms`, two numbers a column (whether it is touched, and the replacement). By frequency
        the result is distributed by frequency among the categories that the row does not have.

    Cost: the rows run together, a look-up a touched value. Fitting: one pass; memory for each different category.
    """

    on = "row"
    columns = ("category", "ordinal", "boolean")
    fits = True
    seeded = True
    reparametrises = True

    fraction: Fraction = 0.1
    by: Literal["frequency", "similarity"] = "frequency"

    def fit(self, batches: Iterable[Sequence[Row]], fields: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        """Return the categories of each column of at least two, and their cumulative counts or what is near each."""
        names = [name for name, spec in fields.items() if spec.kind_id in self.columns]
        if self.by == "similarity":
            rows = gathered(batches)
            near = fit_similarity([rows], fields, names)
            return self._counted([rows], [name for name in names if name not in near]) | near
        return self._counted(batches, names)

    @staticmethod
    def _counted(batches: Iterable[Sequence[Row]], names: Sequence[str]) -> dict[str, dict[str, Any]]:
        return {
            name: {"values": list(seen), "until": list(accumulate(seen.values()))}
            for name, seen in frequencies(batches, names).items()
            if len(seen) > 1
        }

    def effect(self, draw: dict[str, int], info: Info) -> Effects:
        """Return one `Rows` over the columns that have something to swap."""
        names = tuple(name for name in info.size.columns if name in info.state)
        shared = {"fraction": self.fraction, "fitted": info.state}
        return Rows(swap, draw, names, names, shared=shared) if names else []
