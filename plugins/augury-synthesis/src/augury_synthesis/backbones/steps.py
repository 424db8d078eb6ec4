"""The backbone of sequences: scalars first, then step after step, and within a step block after block.

A recurrent network carries the steps so far; a masked network over the blocks of a step reads its state. A step whose
masked blocks are all absent ends a row: nothing after it is learned or drawn.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from augury_synthesis.backbones.base import Backbone, Masked, backbones
from augury_synthesis.backbones.masked import MaskedRows
from augury_synthesis.layout import Layout, Values
from augury_synthesis.noise import Noise


class MaskedSteps(Masked):
    """Likelihood of scalars and sequences.

    Args:
        layout: Heads of all blocks.
        width: Hidden units, and size of the carried state.
        depth: Residual blocks of the masked networks.
        dropout: Share of hidden numbers zeroed in training.
    """

    def __init__(self, layout: Layout, *, width: int, depth: int, dropout: float) -> None:
        """Part the blocks into scalars and steps."""
        super().__init__()
        self.layout = layout
        self._scalar = [i for i, b in enumerate(layout.blocks) if not b.axes]
        self._step = [i for i, b in enumerate(layout.blocks) if b.axes]
        self.length = layout.blocks[self._step[0]].shape[0]
        scalars, steps = _Part(layout, self._scalar), _Part(layout, self._step)
        self.scalars = MaskedRows(scalars, width=width, depth=depth, dropout=dropout) if self._scalar else None
        self.start = nn.Linear(scalars.inputs, width) if self._scalar else None
        self.carry = nn.GRU(steps.inputs, width, batch_first=True)
        self.steps = MaskedRows(steps, width=width, depth=depth, dropout=dropout, context=width)
        self.first = nn.Parameter(torch.zeros(steps.inputs))

    def _ended(self, step: Values) -> Tensor:
        """Return bool [rows, steps] of the blocks of steps: true where all masked ones are absent."""
        pairs = zip(self._step, step, strict=True)
        absent = [_absent(self.layout, i, v).all(-1) for i, v in pairs if self.layout.blocks[i].masked]
        if not absent:
            return torch.zeros(step[0].shape[:-1], dtype=torch.bool, device=self.first.device)
        return torch.stack(absent).all(0)

    def nll(self, values: Values, given: Tensor, noise: Noise | None) -> Tensor:
        """Sum over scalars that are not given, and over steps up to the end of a row."""
        scalar, step = [values[i] for i in self._scalar], [values[i] for i in self._step]
        rows = step[0].shape[0]
        loss = self.scalars.nll(scalar, given, noise) if self.scalars else 0.0
        ended = self._ended(step)
        alive = torch.cat([torch.ones_like(ended[:, :1]), ~ended[:, :-1]], 1).cumprod(1).bool()
        longest = int(alive.any(0).sum())
        step, alive = [v[:, :longest] for v in step], alive[:, :longest]
        shown = self.steps.layout.embed(step)
        before = torch.cat([self.first.expand(rows, 1, -1), shown[:, :-1]], 1)
        carried, _ = self.carry(before, self._state(scalar, rows)[None])
        carried = noise.dropout(carried, self.steps.dropout) if noise else carried
        cells = [v[alive] for v in step]
        none = torch.zeros(len(cells[0]), len(self.steps.places), dtype=torch.bool, device=carried.device)
        each = self.steps.nll(cells, none, noise, carried[alive])
        return loss + torch.zeros(rows, device=each.device).index_add(0, alive.nonzero()[:, 0], each)

    def _state(self, scalar: Values, rows: int) -> Tensor:
        if self.scalars is None or self.start is None:
            return self.first.new_zeros(rows, self.carry.hidden_size)
        return torch.tanh(self.start(self.scalars.layout.embed(scalar)))

    def draw(self, values: Values, given: Tensor, allowed: list[Tensor | None], noise: Noise) -> tuple[Values, Tensor]:
        """Draw the scalars, then the steps until every row has ended; the rest is absent."""
        values = [v.clone() for v in values]
        rows = values[self._step[0]].shape[0]
        chance = self.first.new_zeros(rows)
        if self.scalars:
            picked = [values[i] for i in self._scalar]
            drawn, chance = self.scalars.draw(picked, given, [allowed[i] for i in self._scalar], noise)
            for i, value in zip(self._scalar, drawn, strict=True):
                values[i] = value
        state = self._state([values[i] for i in self._scalar], rows)[None]
        before = self.first.expand(rows, 1, -1)
        ended = torch.zeros(rows, dtype=torch.bool, device=self.first.device)
        none = torch.zeros(rows, len(self.steps.places), dtype=torch.bool, device=self.first.device)
        for t in range(self.length):
            carried, state = self.carry(before, state)
            empty = [values[i][:, t] for i in self._step]
            step, _ = self.steps.draw(empty, none, [None] * len(empty), noise.branch("step", t), carried[:, 0])
            step = [_end(self.layout, i, v, ended) for i, v in zip(self._step, step, strict=True)]
            for i, value in zip(self._step, step, strict=True):
                values[i][:, t] = value
            ended = ended | self._ended([v[:, None] for v in step])[:, 0]
            before = self.steps.layout.embed(step)[:, None]
        return values, chance


class _Part(Layout):
    """Some blocks of a layout, sharing its heads, which stay held by the whole."""

    def __init__(self, whole: Layout, chosen: list[int]) -> None:
        nn.Module.__init__(self)
        self.blocks = tuple(whole.blocks[i] for i in chosen)
        self.heads = [whole.heads[i] for i in chosen]


def _absent(layout: Layout, index: int, value: Tensor) -> Tensor:
    if layout.blocks[index].kind == "real":
        return value.isnan()
    return value == layout.heads[index].outputs - 1


def _end(layout: Layout, index: int, value: Tensor, ended: Tensor) -> Tensor:
    """Return a step's value, absent where the row has ended."""
    if not layout.blocks[index].masked:
        return value
    absent = torch.nan if layout.blocks[index].kind == "real" else layout.heads[index].outputs - 1
    return value.masked_fill(ended[:, None], absent)


@backbones.register("steps")
class Steps(Backbone):
    """A recurrent network over steps. It encodes nothing: autoregressive models only."""

    axes = "t"

    def masked(self, layout: Layout) -> MaskedSteps:
        """Likelihood of scalars, then steps."""
        return MaskedSteps(layout, width=self.width, depth=self.depth, dropout=self.dropout)
