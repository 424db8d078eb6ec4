"""How far made rows are from real ones in their means and correlations, under what is shown too, as a loss."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from augury.synthesis import CHUNK
from augury_synthesis.layout import Layout
from augury_synthesis.noise import Noise
from augury_synthesis.objectives.rarity import Picker
from augury_synthesis.training.rows import Rows

READ_ROWS = 65_536
"""Training rows that the moments are taken of at most."""
FLOOR = 0.1
"""Least spread that a number is scaled by, so that rare codes do not outshout the rest."""
MOST_NUMBERS = 1024
"""Numbers a row that are compared at most; more are mixed down to so many."""


class Moments:
    """Means of the numbers that heads feel a row by, their products in pairs, and their products with what is shown.

    A critic finds in thousands of steps which columns go together; here it is known before the first. The products with
    shown codes make the generator heed them: without, it could meet the others with rows that are right as a whole and
    wrong under each code. Cost: two passes over at most 65,536 rows, and a product of two matrices a step.

    Args:
        layout: The blocks.
        rows: The training rows.
        picker: How likely each row is to be picked, and for which code.
        noise: Of the mixing, where there are too many numbers.

    Reference: moments as a loss, Li et al. 2015, https://arxiv.org/abs/1502.02761.
    """

    def __init__(self, layout: Layout, rows: Rows, picker: Picker, noise: Noise) -> None:
        """Read the rows."""
        self._layout = layout
        stride = -(-len(rows.training) // READ_ROWS)
        index, chance = rows.training[::stride], picker.chance[::stride]
        total = chance.sum()

        def parts() -> Iterator[tuple[Tensor, Tensor, Tensor]]:
            for start in range(0, len(index), CHUNK):
                felt = layout.feel(layout.soften(layout.read(rows.take(index[start : start + CHUNK]))))
                place = slice(start * stride, (start + CHUNK) * stride, stride)
                own = torch.from_numpy((chance[start : start + CHUNK] / total).astype("float32"))
                shown = torch.from_numpy((picker.expected(place) / total).astype("float32"))
                yield felt, own.to(noise.device), shown.to(noise.device)

        sums = [(own @ felt, own @ felt.square(), shown.sum(0)) for felt, own, shown in parts()]
        self._mean, squares, self._shown = (torch.stack(part).sum(0) for part in zip(*sums, strict=True))
        self._scale = 1 / (squares - self._mean.square()).clamp(min=0).sqrt().clamp(min=FLOOR)
        self._spread = (self._shown * (1 - self._shown)).sqrt().clamp(min=FLOOR)
        self._mix = _mix(len(self._mean), noise.branch("felt"))
        self._mix_shown = _mix(len(self._shown), noise.branch("shown"))
        self._products = torch.zeros((), device=noise.device)
        for felt, own, shown in parts():
            scaled = self._felt(felt)
            kept = _mixed(shown / self._spread, self._mix_shown)
            self._products = self._products + torch.cat([scaled * own[:, None], kept], 1).T @ scaled

    def _felt(self, felt: Tensor) -> Tensor:
        return _mixed((felt - self._mean) * self._scale, self._mix)

    def apart(self, soft: Tensor, shown: Tensor) -> Tensor:
        """Return the squared distance of made rows' moments from real ones', a number. Unbiased: it may fall below 0.

        Both halves of the rows, at least two, give their own difference, and the loss is the product of the two: the
        square of one would also shrink when the rows only vary less.
        """
        felt = self._felt(self._layout.feel(soft))
        both = torch.cat([felt, _mixed((shown - self._shown) / self._spread, self._mix_shown)], 1)
        means, products = [], []
        for half, wide in zip(felt.chunk(2), both.chunk(2), strict=True):
            means.append(half.mean(0))
            products.append(wide.T @ half / len(half) - self._products)
        return ((means[0] * means[1]).sum() + (products[0] * products[1]).sum()) / felt.shape[1]


def _mix(count: int, noise: Noise) -> Tensor | None:
    """Return what mixes ``count`` numbers down to fewer; products of the mixed stand for those of all."""
    return noise.normal(count, MOST_NUMBERS) / MOST_NUMBERS**0.5 if count > MOST_NUMBERS else None


def _mixed(numbers: Tensor, mix: Tensor | None) -> Tensor:
    return numbers if mix is None else numbers @ mix
