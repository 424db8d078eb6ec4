"""Values taken away."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from augury.effects import Effects, Rows
from augury.errors import ParamError, RecipeError, describe
from augury.op import Info, Op
from augury.params import Fraction
from augury_tabular.columns import blank
from augury_tabular.marginals import fit_marginals
from augury_tabular.statistics import Row

_RANKED = ("number", "category", "ordinal", "boolean", "datetime")


class Mask(Op):
    """Take values away: completely at random, depending on another column, or on the value itself.

    Under ``mcar`` every cell goes with the same probability. Under ``mar`` that is twice ``fraction`` times the rank of
    ``by`` in the row, so that rows with great values of it lose more; under ``mnar`` the rank is the cell's own. Ranks
    are those of the training side, categories in their order (ordinals) or by frequency, the rarest last; over all rows
    the share that goes is ``fraction``, up to 0.5 exactly so where no value recurs.

    Fields: number, category, ordinal, boolean, datetime and id columns; label, group and key only where ``field:``
        names them.

    Args:
        fraction: Share of the cells to take away, in [0, 1].
        mechanism: What the probability depends on: ``mcar`` nothing, ``mar`` the column ``by``, ``mnar`` the cell.
        by: The column that ``mar`` looks at, one of the step's; it is left alone.

    Draws: seed: `augury.rng.uniforms`, one number a column.

    Cost: the rows run together, O(1) a value, O(log points) with ranks. Fitting (``mar``, ``mnar``): one pass.

    Reference: Rubin, Inference and missing data, 1976.
    """

    on = "row"
    columns = (*_RANKED, "id")
    fits = True
    seeded = True
    changes_missing = True

    fraction: Fraction = 0.1
    mechanism: Literal["mcar", "mar", "mnar"] = "mcar"
    by: str | None = None

    def check_params(self) -> None:
        """Take ``by`` with ``mar`` only, and there always."""
        if (self.mechanism == "mar") != (self.by is not None):
            fix = "give by: with mechanism: mar, and only there"
            raise ParamError(describe("table.mask.by", "a column for mar", self.by or self.mechanism, fix=fix))

    def fit(self, batches: Iterable[Sequence[Row]], fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return the marginals that ranks are taken from; nothing for ``mcar``."""
        if self.by is not None and (self.by not in fields or fields[self.by].kind_id not in _RANKED):
            fix = "name a column of the step"
            raise RecipeError(describe("table.mask.by", "a column", self.by, name=self.by, known=fields, fix=fix))
        if self.mechanism == "mcar":
            return {}
        seen = {self.by: fields[self.by]} if self.by is not None else fields
        return fit_marginals(batches, seen, _RANKED)

    def effect(self, draw: dict[str, int], info: Info) -> Effects:
        """Return one `Rows` over the columns that can go."""
        able = tuple(info.size.columns)
        if info.state:
            able = tuple(n for n in able if n != self.by and (self.by or n in info.state))
        if not able or (self.by is not None and self.by not in info.size.columns):
            return []
        reads = able if self.by is None else (*able, self.by)
        shared = {"fraction": self.fraction, "ranks": info.state, "by": self.by or ""}
        return Rows(blank, draw, reads, able, shared=shared)
