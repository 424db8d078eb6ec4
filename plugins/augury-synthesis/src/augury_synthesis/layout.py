"""The heads of a spec in order, and what passes between a batch, the heads and a backbone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import torch
from torch import Tensor, nn

from augury.synthesis import CHUNK, Block, TensorSpec
from augury_synthesis.heads import Head, heads
from augury_synthesis.noise import Noise

Values = list[Tensor]
"""One tensor for each block, in the spec's order, as its head reads it."""


class Layout(nn.Module):
    """The heads of some blocks.

    Args:
        blocks: The blocks, in order.
        names: Registered heads to use instead of the default for their kinds.
    """

    def __init__(self, blocks: Iterable[Block], names: tuple[str, ...] = ()) -> None:
        """Make the heads."""
        super().__init__()
        self.blocks = tuple(blocks)
        made = []
        for block in self.blocks:
            cls = heads.get(block.kind, names)
            assert cls is not None, f"no head serves {block.kind}"
            made.append(cls(block))
        self.heads: list[Head] = made
        self._held = nn.ModuleList(made)

    def read(self, batch: Mapping[str, Tensor]) -> Values:
        """Return the blocks of a batch."""
        return [head.read(batch) for head in self.heads]

    def write(self, values: Values) -> dict[str, np.ndarray]:
        """Return values as a batch of arrays."""
        out: dict[str, np.ndarray] = {}
        for head, value in zip(self.heads, values, strict=True):
            out.update(head.write(value))
        return out

    def blank(self, device: torch.device) -> Values:
        """Return a chunk of values that say nothing: code 0, number 0."""
        out = []
        for block, head in zip(self.blocks, self.heads, strict=True):
            shape = (CHUNK, block.shape[0], head.elements) if block.axes == "t" else (CHUNK, head.elements)
            out.append(torch.zeros(shape, device=device, dtype=torch.float32 if block.kind == "real" else torch.int64))
        return out

    @property
    def inputs(self) -> int:
        """Numbers that a row is shown as."""
        return sum(h.elements * h.inputs for h in self.heads)

    @property
    def outputs(self) -> int:
        """Numbers that a network gives for a row."""
        return sum(h.elements * h.outputs for h in self.heads)

    @property
    def soft(self) -> int:
        """Numbers of a row's differentiable form."""
        return sum(h.elements * h.soft for h in self.heads)

    def embed(self, values: Values) -> Tensor:
        """Return values [..., elements] as one vector [..., inputs]."""
        return torch.cat([h.embed(v).flatten(-2) for h, v in zip(self.heads, values, strict=True)], -1)

    def split(self, out: Tensor) -> list[Tensor]:
        """Return a network's numbers [..., outputs] as [..., elements, some] of each block, as its head reads them."""
        parts = out.split([h.elements * h.outputs for h in self.heads], -1)
        pairs = zip(self.heads, parts, strict=True)
        return [head.spread(part.unflatten(-1, (head.elements, head.outputs))) for head, part in pairs]

    def nll(self, out: Tensor, values: Values, present: bool = False) -> Tensor:
        """Return the negative log-likelihood of every element in nats, [..., all elements].

        With ``present`` no value has a chance to be absent.
        """
        parts = [h.presence(o) if present else o for h, o in zip(self.heads, self.split(out), strict=True)]
        return torch.cat([h.nll(o, v) for h, o, v in zip(self.heads, parts, values, strict=True)], -1)

    def draw(self, out: Tensor, noise: Noise) -> Values:
        """Return values drawn for a network's numbers."""
        return [h.draw(o, noise) for h, o in zip(self.heads, self.split(out), strict=True)]

    def activate(self, out: Tensor, noise: Noise) -> Tensor:
        """Return a network's numbers as differentiable rows [..., soft]."""
        found = [h.activate(o, noise).flatten(-2) for h, o in zip(self.heads, self.split(out), strict=True)]
        return torch.cat(found, -1)

    def soften(self, values: Values) -> Tensor:
        """Return real rows as `activate` gives them."""
        return torch.cat([h.soften(v).flatten(-2) for h, v in zip(self.heads, values, strict=True)], -1)

    def _parts(self, soft: Tensor) -> list[tuple[Head, Tensor]]:
        parts = soft.split([h.elements * h.soft for h in self.heads], -1)
        return [(h, p.unflatten(-1, (h.elements, h.soft))) for h, p in zip(self.heads, parts, strict=True)]

    def harden(self, soft: Tensor) -> Values:
        """Return differentiable rows as values."""
        return [head.harden(part) for head, part in self._parts(soft)]

    def feel(self, soft: Tensor) -> Tensor:
        """Return the numbers of differentiable rows whose means and products are compared, [..., some]."""
        return torch.cat([head.feel(part).flatten(-2) for head, part in self._parts(soft)], -1)


def family(spec: TensorSpec) -> str:
    """Return the axes of a spec besides scalars: "" when there are none else."""
    return next((b.axes for b in spec.blocks if b.axes), "")
