"""Synthetic minority over-sampling: SMOTE, SMOTENC, Borderline-SMOTE, ADASYN.

All learn each row's nearest neighbours of its class when they are fitted, so that a row's donors are a function of its
key and the state. Together with ``copies: {balance: label}`` they are over-sampling.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

import numpy as np

from augury.effects import Effects, Rows
from augury.errors import DataError, RecipeError, describe
from augury.op import Info, Op
from augury.params import Within
from augury.rng import Rng
from augury_tabular.columns import between, put, take, towards
from augury_tabular.labels import CLASSES, label_of
from augury_tabular.neighbours import NOBODY, Table, read_table, same_class, strangers
from augury_tabular.ops.blend import BLENDED, taken
from augury_tabular.statistics import Row


class _Oversampler(Op):
    """What the family shares: the class, the table of neighbours, and finding a row in it."""

    on = "row"
    columns = BLENDED
    donors = 1
    fits = True
    reparametrises = True

    k: Annotated[int, Within(1)] = 5
    label: str | None = None

    def fit(self, batches: Iterable[Sequence[Row]], fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return the sorted ids and, for each, the positions of its nearest neighbours of the same class."""
        where = f"{self.entry_id}.label"
        given = self.label or next((name for name, spec in fields.items() if spec.role == "label"), None)
        label = label_of(fields, given, where)
        kinds = {name: spec.kind_id for name, spec in fields.items() if name != label}
        rows = [list(batch) for batch in batches]
        names = [name for name, kind in kinds.items() if kind == "number"]
        table = read_table(rows, names, [name for name, kind in kinds.items() if kind in CLASSES], label)
        if label is not None and not any(value is not None for value in table.labels):
            fix, expected = "name the field of the class", "a field that the rows have"
            raise RecipeError(describe(where, expected, label, name=label, known=fields, fix=fix))
        neighbours = same_class(table, self.k)
        numbers = {"matrix": table.numbers, "place": {name: i for i, name in enumerate(names)}}
        return {
            "ids": table.ids,
            "neighbours": neighbours,
            "numbers": numbers,
            **self.learn(table, neighbours, rows, kinds),
        }

    def learn(
        self, table: Table, neighbours: np.ndarray, rows: Sequence[Sequence[Row]], kinds: Mapping[str, str]
    ) -> dict[str, Any]:
        """Return what the method needs beside the neighbours."""
        return {}

    def place(self, info: Info) -> int:
        """Return the row's position among the fitted ones.

        Raises:
            DataError: when the row is not one that the op was fitted on.
        """
        ids = info.state["ids"]
        position = bisect_left(ids, info.id)
        if position == len(ids) or ids[position] != info.id:
            fix = "fit on the rows to be augmented"
            raise DataError(describe(self.entry_id, "a row it was fitted on", info.id, fix=fix))
        return position

    def near(self, rng: Rng, info: Info, position: int) -> list[str]:
        """Return the id of one of a row's neighbours, drawn uniformly; nothing where it has none."""
        found = info.state["neighbours"][position]
        known = int((found != NOBODY).sum())
        return [info.state["ids"][found[rng.integer(0, known - 1)]]] if known else []

    def towards(self, share: float, info: Info) -> list[Rows]:
        """Return the move of the row's numbers ``share`` of the way to its donor's, read from the fitted rows."""
        fitted = info.state["numbers"]
        names = tuple(name for name in info.size.columns if name in fitted["place"])
        if not names:
            return []
        donor = bisect_left(info.state["ids"], info.donors[0].id)
        return [Rows(towards, {"share": share, "donor": donor}, names, names, shared=fitted)]

    def pick(self, rng: Rng, info: Info) -> list[str]:
        """Return the id of one of the row's fitted neighbours, or nothing where it has none."""
        return self.near(rng, info, self.place(info))


class Smote(_Oversampler):
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

    Cost: O(log n) a row to find the donor; the rows run together, O(1) a value. Fitting: see
        `augury_tabular.neighbours.same_class`; it keeps 4 k bytes and the id of each row.

    Reference: Chawla et al., SMOTE: Synthetic Minority Over-sampling Technique, 2002.
    """

    def draw(self, rng: Rng, info: Info) -> dict[str, Any] | None:
        """Return how far to go and the columns that take the donor's category; None without a donor."""
        if not info.donors:
            return None
        share = rng.random()
        return {"u": share, "take": taken(rng, info, share, without=self.label)}

    def effect(self, draw: dict[str, Any] | None, info: Info) -> Effects:
        """Return the move as `Rows`; nothing without a donor."""
        if draw is None:
            return []
        donor = info.donors[0].record
        given = {name: donor.get(name) for name in draw["take"]}
        return self.towards(draw["u"], info) + _put(given)


class Smotenc(_Oversampler):
    """Move a row towards a near row of its class, its categories to the most frequent ones of all its neighbours.

    Numbers are as in `table.smote`. Every category becomes the one that most of the row's ``k`` neighbours have (of
    equally frequent ones the first in the order of text), so rare categories grow rarer. Missing values take no part,
    and stay missing.

    Fields: number, category, ordinal and boolean columns; label, group and key only where ``field:`` names them.

    Args:
        k: How many neighbours a donor is drawn from, and are asked for their category, at least 1.
        label: The field that holds the class; by default the one with role label.

    Draws: u uniform in [0, 1). The donor is drawn uniformly from the row's ``k`` fitted neighbours.

    Cost: as `table.smote`; fitting keeps one category a column and row besides.

    Reference: Chawla et al., SMOTE: Synthetic Minority Over-sampling Technique, 2002, section 6.1.
    """

    def learn(
        self, table: Table, neighbours: np.ndarray, rows: Sequence[Sequence[Row]], kinds: Mapping[str, str]
    ) -> dict[str, Any]:
        """Return each row's most frequent category among its neighbours, by column."""
        modes = {}
        for name in (name for name, kind in kinds.items() if kind in CLASSES):
            values = [record.get(name) for batch in rows for _, record in batch]
            modes[name] = [_mode([values[i] for i in row if i != NOBODY]) for row in neighbours.tolist()]
        return {"modes": modes}

    def draw(self, rng: Rng, info: Info) -> dict[str, float] | None:
        """Return how far to go; None without a donor."""
        return {"u": rng.random()} if info.donors else None

    def effect(self, draw: dict[str, float] | None, info: Info) -> Effects:
        """Return the move of the numbers, then the categories."""
        if draw is None:
            return []
        position = self.place(info)
        modes = {name: values[position] for name, values in info.state["modes"].items() if name in info.size.columns}
        return self.towards(draw["u"], info) + _put(modes)


def _put(values: Mapping[str, Any]) -> list[Rows]:
    """Return the effects that set columns to values, but for missing ones."""
    return [Rows(put, {"value": value}, (name,), (name,)) for name, value in values.items() if value is not None]


def _mode(values: Sequence[Any]) -> Any:
    """Return the most frequent known value, the first in the order of text among equals; None without any."""
    counts = Counter(value for value in values if value is not None)
    return min(counts, key=lambda value: (-counts[value], str(value)), default=None)


class _Seeded(_Oversampler):
    """SMOTE whose row is made from a seed of its class, drawn by fitted weights, and one of the seed's neighbours."""

    donors = 2
    changes_missing = True

    def learn(
        self, table: Table, neighbours: np.ndarray, rows: Sequence[Sequence[Row]], kinds: Mapping[str, str]
    ) -> dict[str, Any]:
        """Return each row's class, and for each class its seeds and their cumulative weights."""
        weights = self.weights(table)
        codes = {label: i for i, label in enumerate(dict.fromkeys(table.labels))}
        of = np.array([codes[label] for label in table.labels], np.int32)
        able = neighbours[:, 0] != NOBODY if len(neighbours) else np.zeros(0, bool)
        seeds = []
        for label, code in codes.items():
            mine = np.flatnonzero((of == code) & able) if label is not None else np.zeros(0, int)
            own = weights[mine]
            own = own if own.sum() > 0 else np.ones(len(mine))
            kept = own > 0
            seeds.append({"rows": mine[kept].tolist(), "until": np.cumsum(own[kept]).tolist()})
        return {"class": of, "seeds": seeds}

    def weights(self, table: Table) -> np.ndarray:
        """Return float64 (n,): how often each row serves as a seed within its class; all 0 means equally often."""
        raise NotImplementedError

    def pick(self, rng: Rng, info: Info) -> list[str]:
        """Return the ids of a seed and of one of its neighbours; nothing where the class has no neighbours."""
        seeds = info.state["seeds"][info.state["class"][self.place(info)]]
        if not seeds["rows"]:
            return []
        drawn = bisect_right(seeds["until"], rng.random() * seeds["until"][-1])
        seed = seeds["rows"][min(drawn, len(seeds["rows"]) - 1)]
        return [info.state["ids"][seed], *self.near(rng, info, seed)]

    def draw(self, rng: Rng, info: Info) -> dict[str, Any] | None:
        """Return how far to go and the columns that take the neighbour's category; None without a seed."""
        if not info.donors:
            return None
        share = rng.random()
        return {"u": share, "take": taken(rng, info, share, without=self.label)}

    def effect(self, draw: dict[str, Any] | None, info: Info) -> Effects:
        """Return the new numbers and categories; nothing without a seed."""
        if draw is None:
            return []
        seed, other = (donor.record for donor in info.donors)
        columns = {name: kind for name, kind in info.size.columns.items() if name != self.label}
        numbers = tuple(name for name, kind in columns.items() if kind == "number")
        rest = tuple(name for name in columns if name not in numbers)
        out = []
        if numbers:
            start, end = (tuple(_float(record.get(name)) for name in numbers) for record in (seed, other))
            out.append(Rows(between, {"share": draw["u"], "start": start, "end": end}, numbers, numbers))
        if rest:
            known = (name for name in draw["take"] if other.get(name) is not None)
            from_other = {name for name in known if seed.get(name) is not None}
            donor = {name: (other if name in from_other else seed).get(name) for name in rest}
            out.append(Rows(take, {"donor": donor}, rest, rest))
        return out


def _float(value: Any) -> float:
    return math.nan if value is None else float(value)


class BorderlineSmote(_Seeded):
    """Make a row between one of its class's rows at the border to other classes and a near row of the class.

    At the border is a row of whose ``m`` nearest rows of any class at least half, but not all, are of other classes. A
    copy is made from such a row of its class, drawn uniformly, not from the copied row: that one only says which class
    is meant. A class without a border takes all its rows, as `table.smote` does. Missing values are those of the seed.

    Fields: number, category, ordinal and boolean columns; label, group and key only where ``field:`` names them.

    Args:
        k: How many neighbours of its class a seed has, at least 1.
        m: How many rows around a seed decide whether it is at the border, at least 1.
        label: The field that holds the class; by default the one with role label.

    Draws: u uniform in [0, 1); take, the names of the category columns that become the neighbour's, each with chance u.
        The donors are the seed and its neighbour.

    Cost: O(log n) a row to find the donors. Fitting: a KD-tree over all rows besides those of the classes.

    Reference: Han, Wang and Mao, Borderline-SMOTE, 2005 (its first kind).
    """

    m: Annotated[int, Within(1)] = 10

    def weights(self, table: Table) -> np.ndarray:
        """Return 1 for rows at the border, 0 for the others."""
        reach = min(self.m, max(len(table.ids) - 1, 1))
        other = strangers(table, reach)
        return ((other >= reach / 2) & (other < reach)).astype(np.float64)


class Adasyn(_Seeded):
    """Make more rows where a class is hard to learn: seeds are drawn by how many near rows are of other classes.

    ADASYN makes of each row of a class a number of new rows in proportion to the share of other classes among its ``k``
    nearest rows. Here each copy draws its seed in that proportion, so that these numbers are kept on average and every
    copy is a function of its own key; the copied row only says which class is meant. A class that nothing surrounds
    takes all its rows equally. Missing values are those of the seed.

    Fields: number, category, ordinal and boolean columns; label, group and key only where ``field:`` names them.

    Args:
        k: How many rows around a row are looked at, and how many neighbours of its class a seed has, at least 1.
        label: The field that holds the class; by default the one with role label.

    Draws: u uniform in [0, 1); take, the names of the category columns that become the neighbour's, each with chance u.
        The donors are the seed and its neighbour.

    Cost: O(log n) a row to find the donors. Fitting: a KD-tree over all rows besides those of the classes.

    Reference: He et al., ADASYN: Adaptive Synthetic Sampling Approach for Imbalanced Learning, 2008.
    """

    def weights(self, table: Table) -> np.ndarray:
        """Return the share of other classes among each row's nearest."""
        return strangers(table, self.k) / float(self.k)
