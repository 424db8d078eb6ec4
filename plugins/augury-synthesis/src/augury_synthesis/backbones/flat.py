"""The backbone of rows without axes: tables, and users as sets of items."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from augury_synthesis.backbones.base import Backbone, backbones
from augury_synthesis.backbones.masked import MaskedRows
from augury_synthesis.layout import Layout, Values
from augury_synthesis.noise import Noise


class Residual(nn.Module):
    """Layer-normed residual blocks between two linear layers."""

    def __init__(self, inputs: int, outputs: int, *, width: int, depth: int, dropout: float) -> None:
        """Make the layers; each block starts as the identity."""
        super().__init__()
        self.dropout = dropout
        self.first, self.last = nn.Linear(inputs, width), nn.Linear(width, outputs)
        self.blocks = nn.ModuleList(
            nn.ModuleList([nn.LayerNorm(width), nn.Linear(width, width), nn.Linear(width, width)]) for _ in range(depth)
        )
        for block in self.blocks:
            nn.init.zeros_(block[2].weight)

    def forward(self, x: Tensor, noise: Noise | None) -> Tensor:
        """Return [rows, outputs]."""
        h = self.first(x)
        for norm, inner, outer in self.blocks:
            a = F.silu(inner(norm(h)))
            h = h + outer(noise.dropout(a, self.dropout) if noise else a)
        return self.last(F.silu(h))


class Encoder(nn.Module):
    """Embeds rows with their heads and maps them on."""

    def __init__(self, layout: Layout, net: Residual) -> None:
        """Hold both."""
        super().__init__()
        self.layout, self.net = layout, net

    def forward(self, values: Values, noise: Noise | None) -> Tensor:
        """Return [rows, outputs]."""
        return self.net(self.layout.embed(values), noise)


class Critic(nn.Module):
    """Scores packs of rows (PacGAN, Lin et al. 2018, https://arxiv.org/abs/1712.04086): leaky layers, no norm."""

    def __init__(self, inputs: int, *, width: int, depth: int, dropout: float, pack: int) -> None:
        """Make the layers."""
        super().__init__()
        self.pack, self.dropout = pack, dropout
        sizes = [inputs * pack, *[width] * max(1, depth)]
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(sizes))
        self.last = nn.Linear(sizes[-1], 1)

    def forward(self, soft: Tensor, shown: Tensor, noise: Noise | None) -> Tensor:
        """Return one score a pack."""
        h = torch.cat([soft, shown], -1)
        h = h.reshape(h.shape[0] // self.pack, -1)
        for layer in self.layers:
            h = F.leaky_relu(layer(h), 0.2)
            h = noise.dropout(h, self.dropout) if noise else h
        return self.last(h)[:, 0]


@backbones.register("flat")
class Flat(Backbone):
    """Residual networks, and a masked one."""

    axes = ""

    def encode(self, layout: Layout, outputs: int) -> nn.Module:
        """Residual network over the embedded row."""
        net = Residual(layout.inputs, outputs, width=self.width, depth=self.depth, dropout=self.dropout)
        return Encoder(layout, net)

    def decode(self, layout: Layout, inputs: int) -> nn.Module:
        """Residual network to the heads' numbers."""
        return Residual(inputs, layout.outputs, width=self.width, depth=self.depth, dropout=self.dropout)

    def critic(self, layout: Layout, inputs: int, pack: int) -> nn.Module:
        """Leaky network over packs."""
        size = layout.soft + inputs
        return Critic(size, width=self.width, depth=self.depth, dropout=self.dropout, pack=pack)

    def masked(self, layout: Layout) -> MaskedRows:
        """Masked network, element after element."""
        return MaskedRows(layout, width=self.width, depth=self.depth, dropout=self.dropout)
