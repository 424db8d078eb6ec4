"""Rows drawn with replacement."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from augury.effects import Effects, Rows
from augury.op import Info, Op
from augury.rng import Rng
from augury_tabular.columns import take
from augury_tabular.labels import class_of, label_of
from augury_tabular.statistics import Row, blocks


class Bootstrap(Op):
    """Replace a row by a training row of its class, drawn with replacement: the baseline that others must beat.

    All columns of the step become the donor's, its missing values too, so that every row is one that exists. The label
    stays, and is the donor's as well; without a label any training row may come.

    Fields: every column; group and key only where ``field:`` names them.

    Draws: nothing; the donor is drawn uniformly from the training rows of the row's class, itself included.

    Cost: O(log rows) a row to find the donor. Fitting: one pass; keeps each row's id.

    Reference: Efron, Bootstrap Methods: Another Look at the Jackknife, 1979.
    """

    on = "row"
    columns = ("number", "category", "ordinal", "boolean", "datetime", "id")
    donors = 1
    fits = True
    changes_missing = True

    def fit(self, batches: Iterable[Sequence[Row]], fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return the ids of each class, sorted."""
        label = label_of(fields)
        classes: dict[str, list[str]] = {}
        for block in blocks(batches):
            for record_id, record in block:
                classes.setdefault(class_of(record, label), []).append(record_id)
        return {"classes": dict(sorted(classes.items()))}

    def pick(self, rng: Rng, info: Info) -> list[str]:
        """Return the id of a row of its class; of any class for a row that was not fitted on."""
        classes = info.state["classes"]
        mine = next((ids for ids in classes.values() if _holds(ids, info.id)), None)
        if mine is None:
            mine = info.pool.ids()
        return [mine[rng.integer(0, len(mine) - 1)]]

    def effect(self, draw: None, info: Info) -> Effects:
        """Return one `Rows` over all columns."""
        donor, names = info.donors[0].record, tuple(info.size.columns)
        return Rows(take, {"donor": {name: donor.get(name) for name in names}}, names, names)


def _holds(ids: Sequence[str], record_id: str) -> bool:
    place = bisect_left(ids, record_id)
    return place < len(ids) and ids[place] == record_id
