"""SMOTENC as a generator: a training row moved towards its nearest neighbours.

Ordered columns take a place between the row and one neighbour, the others the commonest code among the neighbours.
Unlike the sampler of that name it starts from every row, not from a rare class, and it is not told the target.

Reference: Chawla, Bowyer, Hall and Kegelmeyer, SMOTE, 2002, section 6.1 (SMOTE-NC).
"""

from __future__ import annotations

from functools import cached_property
from typing import Annotated

import numpy as np

from augury.params import Within
from augury.synthesis import Caps, Refusal, TensorSpec
from augury_synthesis.classical.base import CodeModel, Codes, CodeSynthesizer, Lesson

PART = 256
"""Rows whose distances to all training rows are in memory at a time."""

CORNERS = 64
"""Most categories that are a corner each; more are as many random signs, whose distances are nearly the same."""


class SmotencModel(CodeModel):
    """The training rows' codes, and the place of each ordered code in [0, 1]."""

    synthesizer = "synth.smotenc"

    def draw(self, rng: np.random.Generator, rows: int) -> Codes:
        """Return rows between neighbours. Cost: O(rows x training rows x columns)."""
        base = rng.integers(0, len(self.arrays[self.names[0]]), rows)
        near = np.concatenate([self._neighbours(part) for part in np.split(base, range(PART, rows, PART))])
        partner = near[np.arange(rows), rng.integers(0, near.shape[1], rows)]
        share = rng.random(rows)
        out: Codes = {}
        for name, block in self.meta["blocks"].items():
            codes = self.arrays[name]
            if block["ordinal"]:
                out[name] = np.round(codes[base] + share * (codes[partner] - codes[base])).astype(np.int32)
            else:
                out[name] = _commonest(codes[near], codes[base])
        return out

    def _neighbours(self, rows: np.ndarray) -> np.ndarray:
        """Return each row's nearest others: squared differences of places, a typical one between categories."""
        points, norms = self._points
        distance = norms - 2.0 * (points[rows] @ points.T)
        distance[np.arange(len(rows)), rows] = np.inf
        near = np.empty((len(rows), self.meta["k"]), dtype=np.int64)
        for place in range(near.shape[1]):  # for few neighbours the least, again and again, is faster than a partition
            near[:, place] = distance.argmin(axis=1)
            distance[np.arange(len(rows)), near[:, place]] = np.inf
        return near

    @cached_property
    def _points(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the training rows as points, and their squared lengths: a place, or a corner a category."""
        parts = []
        corner = np.float32(np.sqrt(self.meta["differs"] / 2))
        for name, block in self.meta["blocks"].items():
            codes = self.arrays[name]
            if block["ordinal"]:
                parts.append(self.arrays["#place " + name][codes][:, None])
            elif block["size"] <= CORNERS:
                parts.append(np.eye(block["size"], dtype=np.float32)[codes] * corner)
            else:
                signs = np.random.default_rng(0).integers(0, 2, (block["size"], CORNERS)) * 2 - 1
                parts.append(signs.astype(np.float32)[codes] * corner / np.float32(np.sqrt(CORNERS)))
        points = np.concatenate(parts, axis=1)
        return points, np.square(points).sum(axis=1)


def _commonest(neighbours: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Return the commonest code of each row's neighbours and itself; itself where several are."""
    votes = np.concatenate([own[:, None], neighbours], axis=1)
    counts = (votes[:, :, None] == votes[:, None, :]).sum(axis=2)
    return votes[np.arange(len(own)), counts.argmax(axis=1)]


class Smotenc(CodeSynthesizer):
    """Move training rows towards their neighbours. Its rows lie close to training rows: good use, no privacy.

    Args:
        k: Neighbours of a row.
    """

    k: Annotated[int, Within(1, 100)] = 5

    caps = Caps(conditions={"class": "resample", "range": "resample"}, stores_rows=True)
    model = SmotencModel

    def supports(self, spec: TensorSpec, rows: int) -> Refusal | None:
        """Take blocks of one code a column, of at least two rows."""
        if rows < 2:
            return Refusal(f"{rows} rows have no neighbours", "give at least two rows")
        return super().supports(spec, rows)

    def learn(self, lesson: Lesson) -> CodeModel:
        """Keep the rows, and each ordered code's mean rank as its place."""
        codes, meta = lesson.codes, lesson.meta
        places = {}
        for name, block in meta["blocks"].items():
            if block["ordinal"]:
                counts = np.bincount(codes[name], minlength=block["size"])
                places["#place " + name] = ((np.cumsum(counts) - counts / 2) / counts.sum()).astype(np.float32)
        spreads = [place[codes[name.removeprefix("#place ")]].var() for name, place in places.items()]
        differs = float(np.median(spreads)) if spreads else 1.0
        k = min(self.k, len(next(iter(codes.values()))) - 1)
        return SmotencModel({**meta, "k": k, "differs": differs}, {**codes, **places})
