"""Synthetic minority over-sampling."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

from augury.effects import Effects
from augury.errors import DataError, RecipeError, describe, shown
from augury.op import Info, Op
from augury.params import Within
from augury.rng import Rng
from augury_tabular.neighbours import NOBODY, read_table, same_class
from augury_tabular.ops.blend import BLENDED, blend, taken
from augury_tabular.statistics import Row

_CLASSES = ("category", "boolean")


class Smote(Op):
    """Move a row a drawn part of the way towards one of its nearest neighbours of the same class.

    Numbers become x + u (donor - x) with one u for the row, held to their field's integers, bounds and decimals. Each
    category becomes the donor's with probability u (SMOTENC takes the neighbours' most frequent one, which makes rare
    categories rarer). The label stays. What is missing stays missing, and where the donor has nothing the row keeps its
    own. A row that is the only one of its class, or has no label, is left as it is. Together with
    ``copies: {balance: label}`` this is over-sampling.

    Fields: number, category and boolean columns; label, group and key only where ``field:`` names them.

    Args:
        k: How many neighbours a donor is drawn from, at least 1.
        label: The field that holds the class; by default the one with role label. Without either, all rows are of one
            class.

    Draws: u uniform in [0, 1); take, the names of the category columns that become the donor's. The donor is drawn
        uniformly from the row's ``k`` fitted neighbours.

    Cost: O(log n) a row to find the donor; the rows run together, O(1) a value. Fitting: see
        `augury_tabular.neighbours.same_class`; it keeps 4 k bytes and the id of each row.

    Reference: Chawla et al., SMOTE: Synthetic Minority Over-sampling Technique, 2002.
    """

    on = "row"
    columns = BLENDED
    donors = 1
    fits = True

    k: Annotated[int, Within(1)] = 5
    label: str | None = None

    def fit(self, batches: Iterable[Sequence[Row]], fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return the sorted ids and, for each, the positions of its nearest neighbours of the same class."""
        label = self._label(fields)
        kinds = {name: spec.kind_id for name, spec in fields.items() if name != label}
        table = read_table(
            batches,
            [name for name, kind in kinds.items() if kind == "number"],
            [name for name, kind in kinds.items() if kind in _CLASSES],
            label,
        )
        if label is not None and not any(value is not None for value in table.labels):
            fix = "name the field of the class"
            expected = "a field that the rows have"
            raise RecipeError(describe("table.smote.label", expected, label, name=label, known=fields, fix=fix))
        return {"ids": table.ids, "neighbours": same_class(table, self.k)}

    def _label(self, fields: Mapping[str, Any]) -> str | None:
        label = self.label or next((name for name, spec in fields.items() if spec.role == "label"), None)
        kind = fields[label].kind_id if label and label in fields else "category"
        if kind not in _CLASSES:
            fix = (
                "name a field of classes with label:, or take the role from the field so that it is moved with the rest"
            )
            raise RecipeError(
                describe("table.smote.label", "a category or boolean field", shown(f"{label}: {kind}"), fix=fix)
            )
        return label

    def pick(self, rng: Rng, info: Info) -> list[str]:
        """Return the id of one of the row's fitted neighbours, or nothing where it has none.

        Raises:
            DataError: when the row is not one that the op was fitted on.
        """
        ids = info.state["ids"]
        position = bisect_left(ids, info.id)
        if position == len(ids) or ids[position] != info.id:
            raise DataError(
                describe("table.smote", "a row it was fitted on", info.id, fix="fit on the rows to be augmented")
            )
        near = info.state["neighbours"][position]
        known = int((near != NOBODY).sum())
        return [ids[near[rng.integer(0, known - 1)]]] if known else []

    def draw(self, rng: Rng, info: Info) -> dict[str, Any] | None:
        """Return how far to go and the columns that take the donor's category; None without a donor."""
        if not info.donors:
            return None
        share = rng.random()
        return {"u": share, "take": taken(rng, info, share, without=self.label)}

    def effect(self, draw: dict[str, Any] | None, info: Info) -> Effects:
        """Return the move as `Rows`; nothing without a donor."""
        return [] if draw is None else blend(info, draw["u"], draw["take"])
