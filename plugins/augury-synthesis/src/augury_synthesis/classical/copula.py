"""Gaussian copula: each column by its frequencies, the dependence between them as one correlation matrix.

Reference: Patki, Wedge and Veeramachaneni, The Synthetic Data Vault, 2016 (the idea; nothing of its code).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.linalg import cho_factor, cho_solve, eigh
from scipy.special import ndtr, ndtri

from augury.synthesis import Caps
from augury_synthesis.classical.base import CodeModel, Codes, CodeSynthesizer, Lesson, frequencies, stream

RIDGE = 1e-3
"""Share of independence mixed into the correlations, so that columns that repeat each other can be inverted."""


class CopulaModel(CodeModel):
    """Cumulative frequencies of each column, and the correlation of their normal scores."""

    synthesizer = "synth.copula"

    def draw(self, rng: np.random.Generator, rows: int) -> Codes:
        """Return correlated normals as codes."""
        noise = rng.standard_normal((rows, len(self.names)))
        return self._codes(noise @ _root(self.arrays["#correlation"]).T)

    def draw_given(self, rng: np.random.Generator, given: Mapping[str, np.ndarray], rows: int) -> Codes:
        """Return rows by the normal distribution of the other columns given these; places inside codes are drawn."""
        known = [i for i, name in enumerate(self.names) if name in given]
        free = [i for i, name in enumerate(self.names) if name not in given]
        whole = self.arrays["#correlation"]
        scores = np.stack([self._scores(self.names[i], given[self.names[i]], rng) for i in known], axis=1)
        factor = cho_factor(whole[np.ix_(known, known)])
        across = whole[np.ix_(free, known)]
        spread = whole[np.ix_(free, free)] - across @ cho_solve(factor, across.T)
        normal = np.zeros((rows, len(self.names)))
        normal[:, free] = (across @ cho_solve(factor, scores.T)).T
        normal[:, free] += rng.standard_normal((rows, len(free))) @ _root(spread).T
        return {**self._codes(normal), **given}

    def _codes(self, normal: np.ndarray) -> Codes:
        shares = ndtr(normal)
        return {
            name: np.minimum(np.searchsorted(self.arrays[name], shares[:, i], side="right"), len(self.arrays[name]) - 1)
            for i, name in enumerate(self.names)
        }

    def _scores(self, name: str, codes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return _scores(self.arrays[name], codes, rng)


def _scores(cumulative: np.ndarray, codes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return normal scores: a code is a stretch of [0, 1] as long as its share, and its place there is drawn."""
    start = np.concatenate([[0.0], cumulative[:-1]])
    share = start[codes] + (cumulative - start)[codes] * rng.random(len(codes))
    return ndtri(np.clip(share, 1e-9, 1 - 1e-9))


def _root(matrix: np.ndarray) -> np.ndarray:
    """Return a matrix whose product with its transpose is ``matrix``, negative eigenvalues taken as none."""
    values, vectors = eigh(matrix)
    return vectors * np.sqrt(np.maximum(values, 0.0))


class Copula(CodeSynthesizer):
    """Draw correlated normals and read each column's quantiles. Categories are ordered by frequency.

    Cost: O(rows columns^2) to fit, the same to sample.
    """

    caps = Caps(conditions={"class": "resample", "range": "resample", "partial": "guided"})
    model = CopulaModel

    def learn(self, lesson: Lesson) -> CodeModel:
        """Measure the correlation of normal scores."""
        codes, meta = lesson.codes, lesson.meta
        arrays = {name: frequencies(codes[name], block["size"]) for name, block in meta["blocks"].items()}
        scores = np.stack([_scores(arrays[n], codes[n], stream(meta["seed"], "place", n)) for n in arrays])
        correlation = np.atleast_2d(np.corrcoef(scores)) if scores.shape[1] > 1 else np.eye(len(scores))
        correlation = np.nan_to_num(correlation) * (1 - RIDGE)
        np.fill_diagonal(correlation, 1.0)
        return CopulaModel(meta, {**arrays, "#correlation": correlation})
