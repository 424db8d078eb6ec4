"""Synthetic minority over-sampling: SMOTE and SMOTENC.

They learn the training rows, so that a row's donor, one of its nearest neighbours of its class, is a function of its
key and the state. Together with ``copies: {balance: label}`` they are over-sampling. Those that choose where to start
from are in `augury_tabular.ops.borderline`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

import numpy as np

from augury.effects import Effects, Rows
from augury.errors import DataError, RecipeError, describe
from augury.op import Drawn, Info, Op, TableInfo
from augury.params import Within
from augury.rng import Rng, Rngs
from augury_tabular.columns import towards
from augury_tabular.labels import CLASSES, label_of
from augury_tabular.neighbours import NOBODY, Neighbourhood, neighbourhood, read_rows
from augury_tabular.ops.blend import BLENDED, chances, taken
from augury_tabular.statistics import Row


class Oversampler(Op):
    """What the family shares: the class, the fitted rows, and finding a row among them."""

    on = "row"
    columns = BLENDED
    donors = 1
    fits = True
    reparametrises = True

    k: Annotated[int, Within(1)] = 5
    label: str | None = None

    def fit(self, batches: Iterable[Sequence[Row]], fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return the rows as `augury_tabular.neighbours.read_rows` does."""
        where = f"{self.entry_id}.label"
        given = self.label or next((name for name, spec in fields.items() if spec.role == "label"), None)
        label = label_of(fields, given, where)
        kinds = {name: spec.kind_id for name, spec in fields.items() if name != label}
        numbers = [name for name, kind in kinds.items() if kind == "number"]
        rows = read_rows(batches, numbers, [name for name, kind in kinds.items() if kind in CLASSES], label)
        if label is not None and not rows["classes"]:
            fix, expected = "name the field of the class", "a field that the rows have"
            raise RecipeError(describe(where, expected, label, name=label, known=fields, fix=fix))
        return rows

    def place(self, rows: Neighbourhood, record_id: str) -> int:
        """Return the row's place among the fitted ones.

        Raises:
            DataError: when the row is not one that the op was fitted on.
        """
        found = rows.index.get(record_id)
        if found is None:
            fix = "fit on the rows to be augmented"
            raise DataError(describe(self.entry_id, "a row it was fitted on", record_id, fix=fix))
        return found

    def places(self, rows: Neighbourhood, info: TableInfo) -> np.ndarray:
        """Return the places of the rows that the op is asked about, `NOBODY` for the others."""
        asked = zip(info.ids, info.asked.tolist(), strict=True)
        return np.array([self.place(rows, i) if there else NOBODY for i, there in asked], np.int64)

    def near(self, rng: Rng, rows: Neighbourhood, place: int) -> list[int]:
        """Return one of a row's neighbours, drawn uniformly; nothing where it has none."""
        found = self.around(rng, rows, np.array([place]))[0]
        known = int((found != NOBODY).sum())
        return [int(found[rng.integer(0, known - 1)])] if known else []

    def near_rows(self, rng: Rngs, rows: Neighbourhood, places: np.ndarray) -> np.ndarray:
        """Return what `near` draws for each of many rows, `NOBODY` where it is nothing."""
        found = self.around(rng, rows, places)
        known = (found != NOBODY).sum(axis=1)
        chosen = found[np.arange(len(found)), rng.integer(0, np.maximum(known, 1) - 1)]
        return np.where((known > 0) & (places != NOBODY), chosen, NOBODY)

    def around(self, rng: Rng | Rngs, rows: Neighbourhood, places: np.ndarray) -> np.ndarray:
        """Return int (n, k): the rows that one is drawn from for each of some rows, then `NOBODY`."""
        return rows.near(places, self.k)

    def names(self, size: Any, state: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the columns that change, numbers first: those that were fitted, without the class."""
        numbers = [name for name in size.columns if name in state["place"]]
        return (*numbers, *(name for name in size.columns if name in state["categories"]))


class Smote(Oversampler):
    """Move a row a drawn part of the way towards one of its nearest neighbours of the same class.

    Numbers become x + u (donor - x) with one u for the row, held to their field's integers, bounds and decimals. Each
    category becomes the donor's with probability u (`table.smotenc` takes the neighbours' most frequent one). The label
    stays. What is missing stays missing, and where the donor has nothing the row keeps its own. A row that is the only
    one of its class, or has no label, is left as it is.

    Fields: number, category, ordinal and boolean columns; label, group and key only where ``field:`` names them.

    Args:
        k: How many neighbours a donor is drawn from, at least 1.
        label: The field that holds the class; by default the one with role label. Without either, all rows are of one
            class.

    Draws: u uniform in [0, 1); take, the names of the category columns that become the donor's. The donor is drawn
        uniformly from the row's ``k`` fitted neighbours.

    Cost: rows run together, some 5 us a row besides the search for neighbours, which each process makes once for each
        class that is augmented (`augury_tabular.search.nearest`). Fitting keeps the rows, 8 bytes a number.

    Reference: Chawla et al., SMOTE: Synthetic Minority Over-sampling Technique, 2002.
    """

    def pick(self, rng: Rng, info: Info) -> list[str]:
        """Return the id of one of the row's neighbours, or nothing where it has none."""
        rows = neighbourhood(info.state)
        return [info.state["ids"][found] for found in self.near(rng, rows, self.place(rows, info.id))]

    def draw(self, rng: Rng, info: Info) -> dict[str, Any] | None:
        """Return how far to go and the columns that take the donor's category; None without a donor."""
        if not info.donors:
            return None
        share = rng.random()
        return {"u": share, "take": taken(rng, info, share, without=self.label)}

    def effect(self, draw: dict[str, Any] | None, info: Info) -> Effects:
        """Return the move as one `Rows`; nothing without a donor."""
        if draw is None:
            return []
        rows, names = neighbourhood(info.state), self.names(info.size, info.state)
        place, donor = (np.array([rows.index[i]]) for i in (info.id, info.donors[0].id))
        take = {name: np.array([name in draw.get("take", ())]) for name in names}
        codes = self.codes(rows, names, place, donor, take)[0].tolist()
        args = {"share": draw["u"], "donor": int(donor[0]), "codes": tuple(codes)}
        return Rows(towards, args, names, names, shared={"fitted": info.state})

    def draw_rows(self, rng: Rngs, info: TableInfo) -> Drawn:
        """Return the moves of many rows."""
        rows, names = neighbourhood(info.state), self.names(info.size, info.state)
        places = self.places(rows, info)
        donor = self.near_rows(rng.branch("pick"), rows, places)
        share = rng.random()
        codes = self.codes(rows, names, places, donor, self.take_rows(rng, info, share))
        args = {"share": share, "donor": donor, "codes": codes}
        effect = Rows(towards, args, names, names, shared={"fitted": info.state})
        return Drawn(effect, donor != NOBODY, rows.ids(donor[:, None]))

    def take_rows(self, rng: Rngs, info: TableInfo, share: np.ndarray) -> Mapping[str, np.ndarray]:
        """Return which of many rows take the donor's category, by column."""
        return chances(rng, info.size, share, without=self.label)

    def codes(
        self,
        rows: Neighbourhood,
        names: Sequence[str],
        places: np.ndarray,
        donor: np.ndarray,
        take: Mapping[str, np.ndarray],
    ) -> np.ndarray:
        """Return the code of the new category of each category column among ``names``, `NOBODY` to leave it."""
        return stacked([np.where(take[n], codes[donor], NOBODY) for n, codes in rows.codes(names)], donor)


def stacked(parts: Sequence[np.ndarray], like: np.ndarray) -> np.ndarray:
    """Return columns of codes as one array (n, columns)."""
    return np.column_stack(parts) if parts else np.empty((len(like), 0), np.int32)


class Smotenc(Smote):
    """Move a row towards a near row of its class, its categories to the most frequent ones of all its neighbours.

    Numbers are as in `table.smote`. Every category becomes the one that most of the row's ``k`` neighbours have (of
    equally frequent ones the first in the order of text), so rare categories grow rarer. Missing values take no part,
    and stay missing.

    Fields: number, category, ordinal and boolean columns; label, group and key only where ``field:`` names them.

    Args:
        k: How many neighbours a donor is drawn from, and are asked for their category, at least 1.
        label: The field that holds the class; by default the one with role label.

    Draws: u uniform in [0, 1). The donor is drawn uniformly from the row's ``k`` fitted neighbours.

    Cost: as `table.smote`, and O(k^2) a category and row.

    Reference: Chawla et al., SMOTE: Synthetic Minority Over-sampling Technique, 2002, section 6.1.
    """

    def draw(self, rng: Rng, info: Info) -> dict[str, Any] | None:
        """Return how far to go; None without a donor."""
        return {"u": rng.random()} if info.donors else None

    def take_rows(self, rng: Rngs, info: TableInfo, share: np.ndarray) -> Mapping[str, np.ndarray]:
        """Return nothing: no donor's category is taken."""
        return {}

    def codes(
        self,
        rows: Neighbourhood,
        names: Sequence[str],
        places: np.ndarray,
        donor: np.ndarray,
        take: Mapping[str, np.ndarray],
    ) -> np.ndarray:
        """Return the code of the most frequent category around, in each category column among ``names``."""
        around = rows.near(places, self.k)
        there = around != NOBODY
        parts = [_modes(np.where(there, codes[around], NOBODY), rows.order(n)) for n, codes in rows.codes(names)]
        return stacked(parts, donor)


def _modes(codes: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Return int32 (n,): the most frequent of the codes (n, k) of each row, of equal ones the first in ``order``.

    ``order`` is each code's place among all, -1 takes no part and comes out where there is nothing else.
    """
    counts = (codes[:, :, None] == codes[:, None, :]).sum(axis=2)
    best = np.where(codes == NOBODY, -1, counts * len(order) + (len(order) - 1 - order[codes])).argmax(axis=1)
    found: np.ndarray = codes[np.arange(len(codes)), best]
    return found
