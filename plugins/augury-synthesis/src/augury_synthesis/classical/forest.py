"""Sequential forest: each column drawn from trees that saw the columns before it.

The product of the columns' conditional distributions is the joint one; a leaf's codes are what training rows like this
one have. Bagging and leaves of 15 rows or more keep it from copying rows, and the codec draws the place inside a bin.

Reference: Nowok, Raab and Dibben, synthpop, 2016 (sequential trees); bagging by Breiman, 1996.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any

import numpy as np

from augury.errors import DataError, describe, shown
from augury.params import Within
from augury.synthesis import Batch, Caps, Condition
from augury_synthesis.classical.base import CodeModel, Codes, CodeSynthesizer, Lesson, frequencies, stream
from augury_synthesis.classical.trees import Forest, grow, join

SMALL = 5000
"""Rows below which a leaf is `SMALL_LEAF` rows unless it is stated: fewer rows are easier to copy."""

LEAF, SMALL_LEAF = 40, 20


class ForestModel(CodeModel):
    """The first column's cumulative frequencies, and a forest for each of the others."""

    synthesizer = "synth.forest"

    def __init__(self, meta: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
        """Hold what was learned, the arrays by ``column#field``."""
        super().__init__(meta, arrays)
        self.order: list[str] = meta["order"]
        self.forests = {
            name: Forest(*(self.arrays[f"{place}#{field}"] for field in Forest._fields))
            for place, name in enumerate(self.order)
            if place
        }

    def draw(self, rng: np.random.Generator, rows: int) -> Codes:
        """Return rows, column by column."""
        first = self.order[0]
        return self._rest({first: np.searchsorted(self.arrays["first"], rng.random(rows), side="right")}, rng, rows)

    def _rest(self, out: Codes, rng: np.random.Generator, rows: int) -> Codes:
        x = np.empty((rows, len(self.order)), dtype=np.float32)
        for place, name in enumerate(self.order):
            if place:
                out[name] = self.forests[name].draw(x[:, :place], rng)
            x[:, place] = out[name]
        return out

    def sample_chunk(self, index: int, rows: int, condition: Condition | None = None) -> Batch:
        """Return rows; what is allowed of the first column is drawn so, the rest by trying again."""
        first = self.order[0]
        if condition is None or first not in condition.allowed or condition.fixed:
            return super().sample_chunk(index, rows, condition)
        share = np.diff(self.arrays["first"], prepend=0.0)
        kept = np.zeros_like(share)
        kept[condition.allowed[first]] = share[condition.allowed[first]]
        if not kept.sum():
            got = shown("no training row")
            raise DataError(describe(f"condition on {first}", "codes of the rows fitted", got, fix="use another model"))
        model = type(self)(self.meta, {**self.arrays, "first": np.cumsum(kept) / kept.sum()})
        rest = {name: codes for name, codes in condition.allowed.items() if name != first}
        return model.sample_chunk(index, rows, Condition(allowed=rest))


class TargetForestModel(ForestModel):
    """A forest whose first column is the target."""

    synthesizer = "synth.forest_target"


class SequentialForest(CodeSynthesizer):
    """Draw columns one after the other, each from trees on those before it. The fast first look at tables.

    Args:
        trees: Trees a column.
        leaf: Fewest training rows a leaf, which keeps made rows off single ones; 0 is 40, or 20 below 5,000 rows.

    Cost: O(trees x columns^2 x rows log rows) to fit, on ``budget.threads`` threads.
    """

    trees: Annotated[int, Within(1, 1000)] = 10
    leaf: Annotated[int, Within(0, 100_000)] = 0

    caps = Caps(conditions={"class": "resample", "range": "resample"})
    model = ForestModel

    def learn(self, lesson: Lesson) -> CodeModel:
        """Grow the trees; the model is the same whatever the number of threads."""
        codes, meta = lesson.codes, lesson.meta
        order = list(codes)
        if self.caps.target_aware and lesson.target in order:
            order.insert(0, order.pop(order.index(lesson.target)))
        x = np.stack([codes[name] for name in order], axis=1).astype(np.float32)
        leaf = self.leaf or (SMALL_LEAF if len(x) < SMALL else LEAF)
        arrays = {"first": frequencies(codes[order[0]], meta["blocks"][order[0]]["size"])}

        def column(place: int) -> Forest:
            name = order[place]
            block = meta["blocks"][name]
            streams = [stream(meta["seed"], "tree", name, tree) for tree in range(self.trees)]
            return join([grow(x[:, :place], codes[name], block["size"], block["ordinal"], leaf, s) for s in streams])

        with ThreadPoolExecutor(max(lesson.budget.threads, 1)) as pool:
            for place, forest in enumerate(pool.map(column, range(1, len(order))), start=1):
                arrays |= {f"{place}#{field}": array for field, array in forest._asdict().items()}
                lesson.tell({"step": place, "steps": len(order) - 1})
        return self.model({**meta, "order": order}, arrays)


class TargetForest(SequentialForest):
    """The sequential forest with the target drawn first, so that every other column is drawn for a class.

    It is told the target: evaluations show it apart.
    """

    caps = Caps(conditions={"class": "construction", "range": "resample"}, target_aware=True)
    model = TargetForestModel
