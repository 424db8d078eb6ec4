"""Independent marginals: each column by its frequencies, alone. It shows what knowing nothing of the rest is worth."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from augury.synthesis import Batch, Caps, Condition
from augury_synthesis.classical.base import CodeModel, Codes, CodeSynthesizer, Lesson, frequencies


class MarginalsModel(CodeModel):
    """Cumulative frequencies of each column."""

    synthesizer = "synth.marginals"

    def draw(self, rng: np.random.Generator, rows: int) -> Codes:
        """Return columns drawn alone."""
        return {name: np.searchsorted(self.arrays[name], rng.random(rows), side="right") for name in self.names}

    def draw_given(self, rng: np.random.Generator, given: Mapping[str, np.ndarray], rows: int) -> Codes:
        """Return the codes given and the rest drawn alone."""
        return {**self.draw(rng, rows), **given}

    def sample_chunk(self, index: int, rows: int, condition: Condition | None = None) -> Batch:
        """Return rows; what is allowed is drawn from the allowed part of a column, so nothing is drawn in vain."""
        if condition is None or not condition.allowed:
            return super().sample_chunk(index, rows, condition)
        cut = {name: _only(self.arrays[name], codes) for name, codes in condition.allowed.items()}
        model = type(self)(self.meta, {**self.arrays, **cut})
        return model.sample_chunk(index, rows, condition._replace(allowed={}))


def _only(cumulative: np.ndarray, codes: np.ndarray) -> np.ndarray:
    share = np.diff(cumulative, prepend=0.0)
    kept = np.zeros_like(share)
    kept[codes] = share[codes] if share[codes].sum() > 0 else 1.0
    return np.cumsum(kept) / kept.sum()


class Marginals(CodeSynthesizer):
    """Draw every column by its own frequencies. Cost: O(rows)."""

    caps = Caps(conditions={"class": "construction", "range": "construction", "partial": "construction"})
    model = MarginalsModel

    def learn(self, lesson: Lesson) -> CodeModel:
        """Count each column's codes."""
        codes, meta = lesson.codes, lesson.meta
        return MarginalsModel(meta, {name: frequencies(codes[name], b["size"]) for name, b in meta["blocks"].items()})
