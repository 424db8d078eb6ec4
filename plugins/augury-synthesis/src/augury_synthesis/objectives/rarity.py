"""Codes shown to a generator: of a column drawn evenly, and rare ones more often than they occur.

No row is looked at one by one: the training rows of each column are sorted by code once.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from augury.synthesis import CHUNK
from augury_synthesis.conditions import Wanted
from augury_synthesis.layout import Layout
from augury_synthesis.noise import Noise
from augury_synthesis.training.rows import Rows

MOST_CODES = 256
"""Codes of a column that can be shown at most."""


class Rarity:
    """What can be shown: single codes of small blocks, as a one-hot vector over all of them.

    Args:
        layout: The blocks.
    """

    def __init__(self, layout: Layout) -> None:
        """Choose the blocks."""
        spans = np.cumsum([0, *[h.elements * h.outputs for h in layout.heads]]).tolist()
        self.names: list[str] = []
        self.indices: list[int] = []
        self.sizes: list[int] = []
        self.spans: list[slice] = []
        for i, (block, head) in enumerate(zip(layout.blocks, layout.heads, strict=True)):
            scalar = block.kind in ("category", "binary") and head.elements == 1
            if scalar and not (block.masked or block.ordinal) and head.codes <= MOST_CODES:
                self.names.append(block.name)
                self.indices.append(i)
                self.sizes.append(head.codes)
                self.spans.append(slice(spans[i], spans[i] + head.codes))
        self.starts = np.cumsum([0, *self.sizes]).astype(np.int64)
        self.size = int(self.starts[-1])

    def vector(self, column: np.ndarray, code: np.ndarray, device: torch.device) -> Tensor:
        """Return what is shown, one-hot [rows, size]."""
        if not self.size:
            return torch.zeros(len(column), 0, device=device)
        hot = torch.from_numpy(self.starts[column] + code).to(device, non_blocking=True)
        return F.one_hot(hot, self.size).float()

    def natural(self, counts: Tensor, rows: int, noise: Noise) -> Tensor:
        """Return what is shown in sampling: any column, its codes as often as they occur."""
        if not self.size:
            return torch.zeros(rows, 0, device=noise.device)
        share = torch.cat([c / c.sum() for c in counts.split(self.sizes)])
        return F.one_hot(noise.categorical(share.log().expand(rows, -1)), self.size).float()

    def asked(self, wanted: Wanted, counts: Tensor, noise: Noise) -> Tensor:
        """Return what is shown for a condition: a fixed code that can be shown, else as in `natural`."""
        for start, i in zip(self.starts.tolist(), self.indices, strict=False):
            if i in wanted.fixed:
                return F.one_hot(wanted.fixed[i][:, 0] + start, self.size).float()
        return self.natural(counts, CHUNK, noise)

    def missed(self, out: Tensor, column: np.ndarray, code: np.ndarray) -> Tensor:
        """Return the cross entropy of the generator's numbers against the shown codes."""
        loss = out.new_zeros(())
        for c, span in enumerate(self.spans):
            mine = torch.from_numpy(np.flatnonzero(column == c)).to(out.device, non_blocking=True)
            codes = torch.from_numpy(code[column == c]).to(out.device, non_blocking=True)
            loss = loss + F.cross_entropy(out[mine, span], codes, reduction="sum")
        return loss / len(out)


class Picker:
    """Training rows by what is shown.

    Args:
        rarity: What can be shown.
        rows: The training rows.
        evenness: Codes are drawn by their count to the power 1 - evenness.
    """

    def __init__(self, rarity: Rarity, rows: Rows, evenness: float) -> None:
        """Sort the rows of each column by code."""
        self._rarity, self._rows = rarity, rows
        self._codes, self._sorted, self._firsts, self._counts, self._sums = [], [], [], [], []
        for name, size in zip(rarity.names, rarity.sizes, strict=True):
            codes = rows.column(name).reshape(-1).astype(np.int64)
            own = np.bincount(codes, minlength=size)
            self._codes.append(codes)
            self._sorted.append(np.argsort(codes, kind="stable"))
            self._firsts.append(np.cumsum(own) - own)
            self._counts.append(own)
            weights = np.power(np.maximum(own, 1.0), 1 - evenness) * (own > 0)
            self._sums.append(np.cumsum(weights) / weights.sum())
        self.counts = np.concatenate([*self._counts, []]).astype(np.float32)
        self._each = [
            np.diff(sums, prepend=0.0) / np.maximum(own, 1) / len(self._sums)
            for sums, own in zip(self._sums, self._counts, strict=True)
        ]
        each = [chances[codes] for chances, codes in zip(self._each, self._codes, strict=True)]
        count = len(rows.training)
        self.chance = np.sum(each, axis=0) if each else np.full(count, 1 / count)
        """Of each training row, in their order, to be picked."""

    def expected(self, places: slice) -> np.ndarray:
        """Return of training rows, in their order, the chance to be picked for each code, float64 [rows, size]."""
        out = np.zeros((len(self.chance[places]), self._rarity.size))
        for start, chances, codes in zip(self._rarity.starts.tolist(), self._each, self._codes, strict=False):
            own = codes[places]
            out[np.arange(len(own)), start + own] = chances[own]
        return out

    def pick(self, size: int, choice: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return ``size`` real rows by their place, and the column and code that each stands for."""
        column = np.zeros(size, dtype=np.int64)
        code = np.zeros(size, dtype=np.int64)
        if not self._rarity.size:
            return self._rows.training[choice.integers(len(self._rows.training), size=size)], column, code
        column = choice.integers(len(self._sums), size=size)
        place = np.zeros(size, dtype=np.int64)
        for c, sums in enumerate(self._sums):
            mine = np.flatnonzero(column == c)
            drawn = np.minimum(np.searchsorted(sums, choice.random(len(mine)), side="right"), len(sums) - 1)
            within = (choice.random(len(mine)) * self._counts[c][drawn]).astype(np.int64)
            code[mine] = drawn
            place[mine] = self._sorted[c][np.minimum(self._firsts[c][drawn] + within, len(self._sorted[c]) - 1)]
        return self._rows.training[place], column, code
