"""Bootstrap: training rows drawn again. It shows what utility copying buys, and what copying looks like."""

from __future__ import annotations

import numpy as np

from augury.errors import DataError, describe, shown
from augury.synthesis import Batch, Caps, Condition
from augury_synthesis.classical.base import CodeModel, Codes, CodeSynthesizer, Lesson


class BootstrapModel(CodeModel):
    """The training rows' codes."""

    synthesizer = "synth.bootstrap"

    def draw(self, rng: np.random.Generator, rows: int) -> Codes:
        """Return training rows, drawn with replacement."""
        chosen = rng.integers(0, len(self.arrays[self.names[0]]), rows)
        return {name: self.arrays[name][chosen] for name in self.names}

    def sample_chunk(self, index: int, rows: int, condition: Condition | None = None) -> Batch:
        """Return rows; a condition chooses among the training rows that meet it.

        Raises:
            DataError: when none does.
        """
        if condition is None or not condition.allowed or condition.fixed:
            return super().sample_chunk(index, rows, condition)
        met = np.all([np.isin(self.arrays[name], codes) for name, codes in condition.allowed.items()], axis=0)
        if not met.any():
            got = shown(f"none among {len(met)}")
            fix = "widen the condition, or use another model"
            columns = ", ".join(condition.allowed)
            raise DataError(describe(f"condition on {columns}", "a training row that meets it", got, fix=fix))
        model = type(self)(self.meta, {name: codes[met] for name, codes in self.arrays.items()})
        return model.sample_chunk(index, rows)


class Bootstrap(CodeSynthesizer):
    """Draw training rows again. What it gives are training rows: no more private than the data fitted."""

    caps = Caps(conditions={"class": "construction", "range": "construction"}, stores_rows=True)
    model = BootstrapModel

    def learn(self, lesson: Lesson) -> CodeModel:
        """Keep the rows."""
        codes, meta = lesson.codes, lesson.meta
        return BootstrapModel(meta, codes)
