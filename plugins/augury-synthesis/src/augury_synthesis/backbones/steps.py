"""The backbone of sequences: how long a row is, its scalars, then step after step, and within a step block after block.

A row's length is drawn before its steps, as one more code of the scalars, and every step is told how many come after
it. So lengths follow the training rows whatever the steps have learned: a chance of ending that is off by a little in
each step would be off by much over a hundred of them.

A recurrent network carries the steps so far; a masked network over the blocks of a step reads its state. Absent masked
blocks end a row: nothing after its end is learned or drawn.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from augury.synthesis import Block
from augury_synthesis.backbones.base import Backbone, Masked, backbones
from augury_synthesis.backbones.masked import MaskedRows
from augury_synthesis.heads import Codes, Head
from augury_synthesis.layout import Layout, Values
from augury_synthesis.noise import Noise

EXACT = 16
"""Lengths up to here have a code of their own."""
GROWTH = 1.12
"""Ratio of the lengths that the codes beyond begin at."""
PLACES = 4
"""Numbers that tell a step where it stands."""


def length_codes(longest: int) -> Tensor:
    """Return the shortest length of each code: 0 to 16, then growing by 12 %, and one past the last."""
    starts = list(range(min(EXACT, longest) + 1))
    while (following := max(starts[-1] + 1, round(starts[-1] * GROWTH))) <= longest:
        starts.append(following)
    return torch.tensor([*starts, longest + 1])


class MaskedSteps(Masked):
    """Likelihood of lengths, scalars and sequences.

    Args:
        layout: Heads of all blocks.
        width: Hidden units, and size of the carried state.
        depth: Residual blocks of the masked networks.
        dropout: Share of hidden numbers zeroed in training.
    """

    codes: Tensor

    def __init__(self, layout: Layout, *, width: int, depth: int, dropout: float) -> None:
        """Part the blocks into scalars and steps."""
        super().__init__()
        self.layout = layout
        self._scalar = [i for i, b in enumerate(layout.blocks) if not b.axes]
        self._step = [i for i, b in enumerate(layout.blocks) if b.axes]
        self._masked = [i for i in self._step if layout.blocks[i].masked]
        self.longest = layout.blocks[self._step[0]].shape[0]
        self.register_buffer("codes", length_codes(self.longest), persistent=False)
        self.count = Codes(Block("length", "category", size=len(self.codes) - 1, ordinal=True))
        scalars = _Part([self.count, *(layout.heads[i] for i in self._scalar)])
        steps = _Part([layout.heads[i] for i in self._step])
        self.scalars = MaskedRows(scalars, width=width, depth=depth, dropout=dropout)
        self.start = nn.Linear(scalars.inputs, width)
        self.carry = nn.GRU(steps.inputs + PLACES, width, batch_first=True)
        self.steps = MaskedRows(steps, width=width, depth=depth, dropout=dropout, context=width + PLACES, present=True)
        self.first = nn.Parameter(torch.zeros(steps.inputs))

    def _lengths(self, values: Values) -> Tensor:
        """Return how many steps come before the end of each row; all of them where nothing is masked."""
        rows = len(values[self._step[0]])
        if not self._masked:
            return torch.full((rows,), self.longest, device=self.first.device)
        absent = [_absent(self.layout.heads[i], values[i]).all(-1) for i in self._masked]
        return (~torch.stack(absent).all(0)).cumprod(1).sum(1)

    def _scalars(self, values: Values, lengths: Tensor, given: Tensor) -> tuple[Values, Tensor]:
        """Return the scalars, the length's code first, and which are given: the length where nothing ends a row."""
        code = (torch.bucketize(lengths, self.codes, right=True) - 1)[:, None]
        known = torch.full_like(code, not self._masked, dtype=torch.bool)
        return [code, *(values[i] for i in self._scalar)], torch.cat([known, given], 1)

    def _places(self, lengths: Tensor, step: Tensor) -> Tensor:
        """Return what tells steps [steps] of rows [rows] where they stand, [rows, steps, PLACES]."""
        past = step.float().expand(len(lengths), -1)
        left = (lengths[:, None] - past).clamp(min=0)
        return torch.stack([past / self.longest, 1 / (1 + past), left / self.longest, 1 / (1 + left)], -1)

    def _state(self, scalar: Values) -> Tensor:
        return torch.tanh(self.start(self.scalars.layout.embed(scalar)))[None]

    def nll(self, values: Values, given: Tensor, noise: Noise | None) -> Tensor:
        """Sum over the length, scalars that are not given, and steps up to the end of a row."""
        lengths = self._lengths(values)
        scalar, given = self._scalars(values, lengths, given)
        loss = self.scalars.nll(scalar, given, noise)
        longest = max(1, int(lengths.max()))
        step = [values[i][:, :longest] for i in self._step]
        places = self._places(lengths, torch.arange(longest, device=lengths.device))
        shown = self.steps.layout.embed(step)
        before = torch.cat([self.first.expand(len(lengths), 1, -1), shown[:, :-1]], 1)
        carried, _ = self.carry(torch.cat([before, places], -1), self._state(scalar))
        carried = noise.dropout(carried, self.steps.dropout) if noise else carried
        alive = torch.arange(longest, device=lengths.device) < lengths[:, None]
        cells = [v[alive] for v in step]
        none = torch.zeros(len(cells[0]), len(self.steps.places), dtype=torch.bool, device=carried.device)
        each = self.steps.nll(cells, none, noise, torch.cat([carried, places], -1)[alive])
        return loss + torch.zeros_like(loss).index_add(0, alive.nonzero()[:, 0], each)

    def draw(self, values: Values, given: Tensor, allowed: list[Tensor | None], noise: Noise) -> tuple[Values, Tensor]:
        """Draw the length and the scalars, then as many steps; the rest is absent."""
        values = [v.clone() for v in values]
        rows = len(values[self._step[0]])
        lengths = self._lengths(values)
        scalar, given = self._scalars(values, lengths, given)
        scalar, chance = self.scalars.draw(scalar, given, [None, *(allowed[i] for i in self._scalar)], noise)
        for i, value in zip(self._scalar, scalar[1:], strict=True):
            values[i] = value
        if self._masked:
            low, high = self.codes[scalar[0][:, 0]], self.codes[scalar[0][:, 0] + 1]
            lengths = low + (noise.branch("length").uniform(rows) * (high - low)).long().clamp(max=high - low - 1)
        state = self._state(scalar)
        before = self.first.expand(rows, 1, -1)
        none = torch.zeros(rows, len(self.steps.places), dtype=torch.bool, device=self.first.device)
        for t in range(int(lengths.max())):
            places = self._places(lengths, torch.tensor([t], device=lengths.device))
            carried, state = self.carry(torch.cat([before, places], -1), state)
            context = torch.cat([carried, places], -1)[:, 0]
            empty = [values[i][:, t] for i in self._step]
            step, _ = self.steps.draw(empty, none, [None] * len(empty), noise.branch("step", t), context)
            for i, value in zip(self._step, step, strict=True):
                values[i][:, t] = value
            before = self.steps.layout.embed(step)[:, None]
        ended = torch.arange(self.longest, device=lengths.device) >= lengths[:, None]
        for i in self._masked:
            values[i] = values[i].masked_fill(ended[:, :, None], _nothing(self.layout.heads[i]))
        return values, chance


class _Part(Layout):
    """Heads that another module holds."""

    def __init__(self, held: list[Head]) -> None:
        nn.Module.__init__(self)
        self.heads = held
        self.blocks = tuple(head.block for head in held)


def _absent(head: Head, value: Tensor) -> Tensor:
    return value.isnan() if head.kind == "real" else value == head.codes - 1


def _nothing(head: Head) -> float | int:
    return torch.nan if head.kind == "real" else head.codes - 1


@backbones.register("steps")
class Steps(Backbone):
    """A recurrent network over steps. It encodes nothing: autoregressive models only."""

    axes = "t"

    def masked(self, layout: Layout) -> MaskedSteps:
        """Likelihood of lengths, scalars, then steps."""
        return MaskedSteps(layout, width=self.width, depth=self.depth, dropout=self.dropout)
