"""Over-sampling that chooses where to start: Borderline-SMOTE and ADASYN.

A copy is made from a seed of the row's class, drawn by weights that the rows around it give, and one of the seed's
neighbours.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import partial
from typing import Annotated, Any, Literal

import numpy as np

from augury.effects import Effects, Rows
from augury.op import Drawn, Info, TableInfo
from augury.params import Within
from augury.rng import Rng, Rngs
from augury_tabular.columns import between
from augury_tabular.neighbours import NOBODY, Neighbourhood, neighbourhood
from augury_tabular.ops.blend import chances, taken
from augury_tabular.ops.smote import Oversampler, stacked


class _Seeded(Oversampler):
    """SMOTE whose row is made from a seed of its class, drawn by weights, and one of the seed's neighbours."""

    donors = 2
    changes_missing = True

    def weights(self, rows: Neighbourhood, code: int) -> np.ndarray:
        """Return float64, how often each row of a class serves as a seed; all 0 means equally often."""
        raise NotImplementedError

    def reach(self, rows: Neighbourhood, seed: Any, other: Any) -> Any:
        """Return how much of the way from seeds to others, by their places, may be gone: of each or of one."""
        return 1.0

    def seeds(self, rows: Neighbourhood, code: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the places of a class's seeds and their cumulative weights."""
        return rows.once((self.entry_id, *self.to_dict().values(), code), lambda: self._seeds(rows, code))

    def _seeds(self, rows: Neighbourhood, code: int) -> tuple[np.ndarray, np.ndarray]:
        places = rows.members(code) if code != NOBODY else np.zeros(0, np.int64)
        if len(places) < 2:
            return places[:0], np.zeros(0)
        weights = self.weights(rows, code)
        weights = weights if weights.sum() > 0 else np.ones(len(places))
        return places[weights > 0], np.cumsum(weights[weights > 0])

    def pick(self, rng: Rng, info: Info) -> list[str]:
        """Return the ids of a seed and of one of its neighbours; nothing where the class has no neighbours."""
        rows = neighbourhood(info.state)
        seeds, until = self.seeds(rows, int(rows.classes[self.place(rows, info.id)]))
        if not len(seeds):
            return []
        drawn = bisect_right(until.tolist(), rng.random() * float(until[-1]))
        seed = int(seeds[min(drawn, len(seeds) - 1)])
        return [info.state["ids"][place] for place in (seed, *self.near(rng, rows, seed))]

    def draw(self, rng: Rng, info: Info) -> dict[str, Any] | None:
        """Return how far to go and the columns that take the neighbour's category; None without a seed."""
        if not info.donors:
            return None
        rows = neighbourhood(info.state)
        share = rng.random() * float(self.reach(rows, *(rows.index[donor.id] for donor in info.donors)))
        return {"u": share, "take": taken(rng, info, share, without=self.label)}

    def effect(self, draw: dict[str, Any] | None, info: Info) -> Effects:
        """Return the new numbers and categories as one `Rows`; nothing without a seed."""
        if draw is None:
            return []
        rows, names = neighbourhood(info.state), self.names(info.size, info.state)
        seed, other = (rows.index[donor.id] for donor in info.donors)
        parts = [
            int(codes[other] if n in draw["take"] and codes[other] != NOBODY and codes[seed] != NOBODY else codes[seed])
            for n, codes in rows.codes(names)
        ]
        args = {"share": draw["u"], "seed": seed, "other": other, "codes": tuple(parts)}
        return Rows(between, args, names, names, shared={"fitted": info.state})

    def draw_rows(self, rng: Rngs, info: TableInfo) -> Drawn:
        """Return the new values of many rows."""
        rows, names = neighbourhood(info.state), self.names(info.size, info.state)
        seed, other = self._pick_rows(rng.branch("pick"), rows, self.places(rows, info))
        share = rng.random() * self.reach(rows, seed, other)
        take = chances(rng, info.size, share, without=self.label)
        parts = [
            np.where(take[n] & (codes[other] != NOBODY) & (codes[seed] != NOBODY), codes[other], codes[seed])
            for n, codes in rows.codes(names)
        ]
        args = {"share": share, "seed": seed, "other": other, "codes": stacked(parts, seed)}
        effect = Rows(between, args, names, names, shared={"fitted": info.state})
        return Drawn(effect, seed != NOBODY, rows.ids(np.column_stack([seed, other])))

    def _pick_rows(self, rng: Rngs, rows: Neighbourhood, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the places of the seeds and their neighbours, `NOBODY` for rows of classes without."""
        share = rng.random()
        seed = np.full(len(places), NOBODY, np.int64)
        of = np.where(places == NOBODY, NOBODY, rows.classes[places])
        for code in np.unique(of).tolist():
            seeds, until = self.seeds(rows, code)
            if len(seeds):
                mine = of == code
                drawn = np.searchsorted(until, share[mine] * until[-1], side="right")
                seed[mine] = seeds[np.minimum(drawn, len(seeds) - 1)]
        return seed, self.near_rows(rng, rows, seed)


class BorderlineSmote(_Seeded):
    """Make a row between one of its class's rows at the border to other classes and a near row of the class.

    At the border is a row of whose ``m`` nearest rows of any class at least half, but not all, are of other classes. A
    copy is made from such a row of its class, drawn uniformly, not from the copied row: that one only says which class
    is meant. A class without a border takes all its rows, as `table.smote` does. Missing values are those of the seed.

    Fields: number, category, ordinal and boolean columns; label, group and key only where ``field:`` names them.

    Args:
        k: How many neighbours of its class a seed has, at least 1.
        m: How many rows around a seed decide whether it is at the border, at least 1.
        kind: ``borderline-1`` goes to rows of the class. ``borderline-2`` goes as often to one of the ``k`` nearest
            rows of other classes, at most half of the way: such rows lie nearer to the border, or across it.
        label: The field that holds the class; by default the one with role label.

    Draws: u uniform in [0, 1), or [0, 1/2) to a row of another class; take, the names of the category columns that
        become the neighbour's, each with chance u. The donors are the seed and its neighbour.

    Cost: as `table.smote`, and a search of all rows for those of each class that is augmented.

    Reference: Han, Wang and Mao, Borderline-SMOTE, 2005.
    """

    m: Annotated[int, Within(1)] = 10
    kind: Literal["borderline-1", "borderline-2"] = "borderline-1"

    def around(self, rng: Rng | Rngs, rows: Neighbourhood, places: np.ndarray) -> np.ndarray:
        """Return the nearest rows of the class, or under ``borderline-2`` with chance 1/2 those of other classes."""
        found = rows.near(places, self.k)
        if self.kind == "borderline-1":
            return found
        across = np.atleast_1d(rng.chance(0.5)) & (places != NOBODY)
        for code in np.unique(rows.classes[places[across]]).tolist():
            others = rows.once(("strangers", self.k, code), partial(rows.nearest_strangers, code, self.k))
            mine = across & (rows.classes[places] == code)
            if others.shape[1]:
                found[mine] = NOBODY
                found[mine, : others.shape[1]] = others[np.searchsorted(rows.members(code), places[mine])]
        return found

    def reach(self, rows: Neighbourhood, seed: Any, other: Any) -> Any:
        """Return 1 for a neighbour of the class, 1/2 for one of another."""
        return np.where(rows.classes[seed] == rows.classes[other], 1.0, 0.5)

    def weights(self, rows: Neighbourhood, code: int) -> np.ndarray:
        """Return 1 for rows at the border, 0 for the others."""
        reach = min(self.m, max(len(rows.classes) - 1, 1))
        other = rows.strangers(code, reach)
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

    Cost: as `table.smote`, and a search of all rows for those of each class that is augmented.

    Reference: He et al., ADASYN: Adaptive Synthetic Sampling Approach for Imbalanced Learning, 2008.
    """

    def weights(self, rows: Neighbourhood, code: int) -> np.ndarray:
        """Return the share of other classes among each row's nearest."""
        return rows.strangers(code, self.k) / float(self.k)
