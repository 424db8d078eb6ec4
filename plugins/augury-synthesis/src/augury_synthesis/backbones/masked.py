"""A masked feed-forward network over the elements of a row (MADE, Germain et al. 2015, https://arxiv.org/abs/1502.03509).

Element i sees elements before i, and, wherever they stand, the elements that are given. So one pass gives the joint
likelihood of a row, and the network learns the likelihood of the rest of a row under any part of it.

Every unit has a degree: it may depend on the first so many elements. Units are sorted by degree and the layers share
the degrees, so drawing a row computes every unit once: those of degree i when element i is due.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from augury_synthesis.backbones.base import Masked
from augury_synthesis.layout import Layout, Values
from augury_synthesis.noise import Noise


class MaskedLinear(nn.Linear):
    """A linear layer of which some weights are held at zero.

    Args:
        ins: Degree of each input.
        outs: Degree of each output, which sees inputs of at most its own degree.
    """

    mask: Tensor

    def __init__(self, ins: Tensor, outs: Tensor) -> None:
        """Make the mask."""
        super().__init__(len(ins), len(outs))
        self.register_buffer("mask", (ins[None, :] <= outs[:, None]).float(), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return [..., outs]."""
        return F.linear(x, self.weight * self.mask, self.bias)

    def part(self, x: Tensor, rows: slice, ins: int) -> Tensor:
        """Return the outputs ``rows`` from the first ``ins`` inputs, which must be all that they see."""
        weight = self.weight[rows, :ins] * self.mask[rows, :ins]
        return F.linear(x[..., :ins], weight, self.bias[rows])


class MaskedRows(Masked):
    """The network. Inputs in order: context, given flags, given values (all of degree 0), then the values themselves.

    Args:
        layout: Heads of the blocks.
        width: Hidden units.
        depth: Residual blocks.
        dropout: Share of hidden numbers zeroed in training.
        context: Further inputs that every element sees.
        present: Whether a masked value is never absent in what is learned and drawn.
    """

    def __init__(
        self, layout: Layout, *, width: int, depth: int, dropout: float, context: int = 0, present: bool = False
    ) -> None:
        """Give every unit its degree."""
        super().__init__()
        self.layout, self.dropout, self.context, self.present = layout, dropout, context, present
        heads = layout.heads
        self.places = [(b, e) for b, head in enumerate(heads) for e in range(head.elements)]
        count = len(self.places)
        sizes_in = torch.tensor([heads[b].inputs for b, _ in self.places])
        sizes_out = torch.tensor([heads[b].outputs for b, _ in self.places])
        shown = torch.arange(1, count + 1).repeat_interleave(sizes_in)
        ins = torch.cat([torch.zeros(context + count + len(shown), dtype=torch.long), shown])
        hidden = torch.arange(width) * count // width
        outs = torch.arange(count).repeat_interleave(sizes_out)
        self.first = MaskedLinear(ins, hidden)
        self.blocks = nn.ModuleList(
            nn.ModuleList([MaskedLinear(hidden, hidden), MaskedLinear(hidden, hidden)]) for _ in range(depth)
        )
        self.last = MaskedLinear(hidden, outs)
        self.skip = MaskedLinear(ins, outs)
        for block in self.blocks:
            nn.init.zeros_(block[1].weight)
        self.register_buffer("repeats", sizes_in, persistent=False)
        ends = torch.searchsorted(hidden, torch.arange(count), right=True).tolist()
        self._units = [slice(a, b) for a, b in zip([0, *ends[:-1]], ends, strict=True)]
        self._ins = (torch.cumsum(sizes_in, 0) + context + count + len(shown)).tolist()
        self._ins = [context + count + len(shown), *self._ins[:-1]]
        stops = torch.cumsum(sizes_out, 0).tolist()
        self._outs = [slice(a, b) for a, b in zip([0, *stops[:-1]], stops, strict=True)]

    def _inputs(self, values: Values, given: Tensor, context: Tensor | None) -> Tensor:
        shown = self.layout.embed(values)
        flags = given.to(shown.dtype)
        wide = flags.repeat_interleave(self.repeats, -1, output_size=shown.shape[-1])
        known = shown * wide
        parts = [flags, known, shown - known]
        return torch.cat(parts if context is None else [context, *parts], -1)

    def forward(self, values: Values, given: Tensor, noise: Noise | None, context: Tensor | None = None) -> Tensor:
        """Return the numbers of every element, [..., layout.outputs]."""
        x = self._inputs(values, given, context)
        h = self.first(x)
        for inner, outer in self.blocks:
            a = F.silu(inner(F.silu(h)))
            h = h + outer(noise.dropout(a, self.dropout) if noise else a)
        return self.last(F.silu(h)) + self.skip(x)

    def nll(self, values: Values, given: Tensor, noise: Noise | None, context: Tensor | None = None) -> Tensor:
        """Sum over the elements that are not given."""
        out = self(values, given, noise, context)
        return (self.layout.nll(out, values, self.present) * ~given).sum(-1)

    def draw(
        self,
        values: Values,
        given: Tensor,
        allowed: list[Tensor | None],
        noise: Noise,
        context: Tensor | None = None,
    ) -> tuple[Values, Tensor]:
        """Draw one element after the other, each under all before it."""
        values = [v.clone() for v in values]
        x = self._inputs(values, given, context)
        x[..., self._ins[0] :] = 0
        cached = [x.new_zeros(*x.shape[:-1], self.first.out_features) for _ in range(2 * len(self.blocks) + 1)]
        chance = x.new_zeros(x.shape[:-1])
        fixed = given.reshape(-1, given.shape[-1])[0].tolist()
        for place, (block, element) in enumerate(self.places):
            self._advance(place, x, cached)
            if fixed[place]:
                continue
            head = self.layout.heads[block]
            end = self._units[place].stop
            out = self.last.part(cached[-1], self._outs[place], end)
            out = head.spread(out + self.skip.part(x, self._outs[place], self._ins[place])).unsqueeze(-2)
            out = head.presence(out) if self.present else out
            if (codes := allowed[block]) is not None:
                chance = chance + _chance(out, codes)[..., 0]
                out = out.masked_fill(~codes, -torch.inf)
            drawn = head.draw(out, noise)
            values[block][..., element] = drawn[..., 0]
            start = self._ins[place]
            x[..., start : start + head.inputs] = head.embed(drawn, element)[..., 0, :]
        return values, chance

    def _advance(self, place: int, x: Tensor, cached: list[Tensor]) -> None:
        """Compute the units of degree ``place``; ``cached`` holds each layer's units after their activation."""
        rows = self._units[place]
        if rows.start == rows.stop:
            return
        h = self.first.part(x, rows, self._ins[place])
        cached[0][..., rows] = F.silu(h)
        for i, (inner, outer) in enumerate(self.blocks):
            cached[2 * i + 1][..., rows] = F.silu(inner.part(cached[2 * i], rows, rows.stop))
            h = h + outer.part(cached[2 * i + 1], rows, rows.stop)
            cached[2 * i + 2][..., rows] = F.silu(h)


def _chance(out: Tensor, codes: Tensor) -> Tensor:
    """Return the log-probability of the allowed codes."""
    return torch.logsumexp(out.masked_fill(~codes, -torch.inf), -1) - torch.logsumexp(out, -1)
