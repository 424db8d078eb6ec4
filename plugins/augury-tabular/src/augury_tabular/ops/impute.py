"""Missing values filled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from augury.effects import Effects, Rows
from augury.op import Info, Op
from augury_tabular.columns import fill
from augury_tabular.marginals import fit_marginals
from augury_tabular.statistics import Row


class Impute(Op):
    """Fill missing values from what the training side has in their column.

    ``draw`` takes a value as often as the training side has it, so that the column's distribution stays; ``centre``
    takes the median of numbers, times and ordinals, and the most frequent category. A column without any known value
    stays as it is. Each column is filled by itself: what the row has in its other columns is not looked at, so
    relations between columns weaken where much is missing.

    Fields: number, category, ordinal, boolean and datetime columns; label, group and key only where ``field:`` names
        them.

    Args:
        method: ``draw`` or ``centre``.

    Draws: seed: `augury.rng.uniforms`, one number a column (``draw`` only uses it).

    Cost: the rows run together, O(log points) a missing value. Fitting: one pass.
    """

    on = "row"
    columns = ("number", "category", "ordinal", "boolean", "datetime")
    fits = True
    seeded = True
    changes_missing = True
    reparametrises = True

    method: Literal["draw", "centre"] = "draw"

    def fit(self, batches: Iterable[Sequence[Row]], fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return the marginal of each column."""
        return {"marginals": fit_marginals(batches, fields, self.columns), "centres": _centres(fields)}

    def effect(self, draw: dict[str, int], info: Info) -> Effects:
        """Return one `Rows` over the columns."""
        names = tuple(info.size.columns)
        centres = info.state["centres"] if self.method == "centre" else None
        return Rows(fill, draw, names, names, shared={"centres": centres, "marginals": info.state["marginals"]})


def _centres(fields: Mapping[str, Any]) -> dict[str, float]:
    """Return where the centre of each column lies: 1/2 where values have an order, else 0, the most frequent."""
    return {name: 0.0 if spec.kind_id in ("category", "boolean") else 0.5 for name, spec in fields.items()}
