"""Heads: how one block of a row meets a network, for each kind of block.

A head shows values to a network as numbers (`embed`), and reads a network's numbers as a distribution (`nll`, `draw`)
or as a differentiable value (`activate`). What a head lacks refuses the objectives that need it.

Inside, a value is a tensor [..., elements]: int64 codes, or float32 for numbers. A masked block of codes has one code
more, "absent"; a masked block of numbers is NaN where absent.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from augury.synthesis import Block, BlockKind
from augury_synthesis.noise import Noise
from augury_synthesis.parts import Parts

heads: Parts[type[Head]] = Parts("head", "kind")
"""The registry of heads, by name; the default serves each kind."""

COMPONENTS = 5
"""Gaussians that the distribution of a number is a mixture of."""
TEMPERATURE = 1.0
"""Of the softmax whose gradient a drawn code has in adversarial training."""
CERTAIN = 30.0
"""Logit of a number that is there for certain."""
WAVES = 8
"""Fixed cosines of its rank that an ordinal code is shown as, beside what is learned for it."""
CURVES = 16
"""Fixed cosines of the rank whose weighted sum is part of the logits of ordinal codes, beside a logit for each: near
codes are learned together, since single ones have few rows, and a code that stands out still does."""


class Head(nn.Module):
    """Base of all heads.

    Class attributes:
        kind: The kind of block it serves.

    Attributes:
        elements: Values a row (or, in a sequence, a step) has of the block.
        inputs: Numbers that a value is shown to a network as.
        outputs: Numbers that a network gives for a value; `spread` makes of them what all other methods read.
        soft: Numbers of a value's differentiable form; see `activate`.
    """

    kind: ClassVar[BlockKind]
    inputs: int
    outputs: int
    soft: int

    def __init__(self, block: Block) -> None:
        """Note the block."""
        super().__init__()
        self.block = block
        self.elements = math.prod(block.shape[1:] if block.axes == "t" else block.shape)

    def read(self, batch: Mapping[str, Tensor]) -> Tensor:
        """Return the block's value of a batch as [rows, elements], or [rows, steps, elements] of a sequence."""
        raise NotImplementedError

    def write(self, value: Tensor) -> dict[str, np.ndarray]:
        """Return a value as the arrays of a batch: the block's own, and its mask where it has one."""
        raise NotImplementedError

    def embed(self, value: Tensor, element: int | None = None) -> Tensor:
        """Return [..., elements] as [..., elements, inputs]; with ``element``, [..., 1] of it as [..., 1, inputs]."""
        raise NotImplementedError

    def spread(self, out: Tensor) -> Tensor:
        """Return a network's numbers [..., outputs] as those that the distribution has, in the last axis."""
        return out

    def nll(self, out: Tensor, value: Tensor) -> Tensor:
        """Return the negative log-likelihood in nats, [..., elements], under spread outputs [..., elements, some]."""
        raise NotImplementedError

    def draw(self, out: Tensor, noise: Noise) -> Tensor:
        """Return values drawn from the distribution that the outputs stand for."""
        raise NotImplementedError

    def presence(self, out: Tensor) -> Tensor:
        """Return the outputs with no chance that a value of a masked block is absent."""
        return out

    def activate(self, out: Tensor, noise: Noise) -> Tensor:
        """Return outputs as differentiable values [..., elements, soft], as a critic sees them."""
        raise NotImplementedError

    def soften(self, value: Tensor) -> Tensor:
        """Return real values as `activate` gives them."""
        raise NotImplementedError

    def harden(self, soft: Tensor) -> Tensor:
        """Return differentiable values as values."""
        raise NotImplementedError

    def feel(self, soft: Tensor) -> Tensor:
        """Return the numbers [..., elements, some] of differentiable values whose means and products are compared."""
        return soft

    @property
    def codes(self) -> int:
        """Number of codes, absence among them; 0 of numbers."""
        return 0

    @classmethod
    def can(cls, method: str) -> bool:
        """Whether it has a method of its own."""
        return getattr(cls, method) is not getattr(Head, method)

    def _shape(self, rows: int) -> tuple[int, ...]:
        return (rows, *self.block.shape)


class Codes(Head):
    """Head of integer codes: a learned vector, and cosines of the rank where codes are in order; a softmax.

    Where codes are in order their logits are one each and a curve over the ranks.

    Args:
        block: The block.
        width: Learned numbers a code.
    """

    kind: ClassVar[BlockKind] = "category"

    def __init__(self, block: Block, width: int = 16) -> None:
        """Make the table of codes."""
        super().__init__(block)
        self.size = (2 if block.kind == "binary" else block.size) + block.masked
        self.table = nn.Embedding(self.elements * self.size, width)
        nn.init.normal_(self.table.weight, std=0.3)
        self.register_buffer("waves", self._cosines(WAVES), persistent=False)
        self.register_buffer("curves", self._cosines(CURVES).T.contiguous(), persistent=False)
        self.register_buffer("offsets", torch.arange(self.elements) * self.size, persistent=False)
        self.inputs = width + self.waves.shape[1]
        self.outputs = self.size + len(self.curves)
        self.soft = self.size + self.waves.shape[1]

    def _cosines(self, count: int) -> Tensor:
        """Return cosines of each code's rank [size, count]: none where codes are in no order, 0 for the absent one."""
        out = torch.zeros(self.size, count if self.block.ordinal else 0)
        if self.block.ordinal:
            rank = torch.linspace(0, 1, self.block.size)
            out[: self.block.size] = torch.cos(math.pi * rank[:, None] * torch.arange(1, count + 1))
        return out

    @property
    def codes(self) -> int:
        """Number of codes, absence among them."""
        return self.size

    def read(self, batch: Mapping[str, Tensor]) -> Tensor:
        """Codes as int64; absent ones as the last code."""
        codes = batch[self.block.name].long()
        if self.block.masked:
            codes = codes.masked_fill(batch[self.block.name + "?"] == 0, self.size - 1)
        return codes.reshape(*codes.shape[: 2 if self.block.axes == "t" else 1], self.elements)

    def write(self, value: Tensor) -> dict[str, np.ndarray]:
        """int32 codes, 0 where absent; a binary block as float32."""
        shape = self._shape(value.shape[0])
        codes = value.reshape(shape).cpu().numpy().astype(np.int32)
        out = {}
        if self.block.masked:
            present = codes != self.size - 1
            codes = np.where(present, codes, 0).astype(np.int32)
            out[self.block.name + "?"] = present.astype(np.float32)
        out[self.block.name] = codes.astype(np.float32) if self.block.kind == "binary" else codes
        return out

    def embed(self, value: Tensor, element: int | None = None) -> Tensor:
        """The learned vector and the cosines."""
        offsets = self.offsets if element is None else self.offsets[element : element + 1]
        learned = self.table(value + offsets)
        return torch.cat([learned, self.waves[value]], -1) if self.block.ordinal else learned

    def spread(self, out: Tensor) -> Tensor:
        """A logit a code: its own, and the curve's where codes are in order."""
        return out[..., : self.size] + out[..., self.size :] @ self.curves if self.block.ordinal else out

    def nll(self, out: Tensor, value: Tensor) -> Tensor:
        """Cross entropy."""
        return F.cross_entropy(out.reshape(-1, self.size), value.reshape(-1), reduction="none").reshape(value.shape)

    def draw(self, out: Tensor, noise: Noise) -> Tensor:
        """A code by its probability."""
        return noise.categorical(out)

    def presence(self, out: Tensor) -> Tensor:
        """The last code never."""
        return torch.cat([out[..., :-1], torch.full_like(out[..., -1:], -torch.inf)], -1) if self.block.masked else out

    def activate(self, out: Tensor, noise: Noise) -> Tensor:
        """One-hot with the gradient of a Gumbel-softmax (Jang et al. 2017, https://arxiv.org/abs/1611.01144).

        Nearly one-hot rows would tell a critic apart from real ones by that alone, and it would learn nothing else.
        """
        soft = torch.softmax((out + noise.gumbel(*out.shape)) / TEMPERATURE, -1)
        hard = F.one_hot(soft.argmax(-1), self.size).to(soft.dtype)
        return self._waved(hard + soft - soft.detach())

    def soften(self, value: Tensor) -> Tensor:
        """One-hot."""
        return self._waved(F.one_hot(value, self.size).float())

    def _waved(self, soft: Tensor) -> Tensor:
        """Return soft codes with the cosines of their rank, so that a critic sees near codes as near."""
        return torch.cat([soft, soft @ self.waves], -1) if self.block.ordinal else soft

    def harden(self, soft: Tensor) -> Tensor:
        """The largest."""
        return soft[..., : self.size].argmax(-1)

    def feel(self, soft: Tensor) -> Tensor:
        """The cosines of codes in order, of others each code's own number."""
        return soft[..., self.size :] if self.block.ordinal else soft


class Tokens(Codes):
    """Head of codes in sequence. Drawn codes pass no gradient, so adversarial training is refused."""

    kind: ClassVar[BlockKind] = "token"
    activate = Head.activate


class Binary(Codes):
    """Head of 0 and 1: two codes (three with absence)."""

    kind: ClassVar[BlockKind] = "binary"

    def __init__(self, block: Block) -> None:
        """Two codes need few numbers."""
        super().__init__(block, width=4)


class Real(Head):
    """Head of numbers: a mixture of Gaussians, and the chance of absence where the block is masked."""

    kind: ClassVar[BlockKind] = "real"

    def __init__(self, block: Block) -> None:
        """Count the numbers."""
        super().__init__(block)
        self.inputs = 1 + block.masked
        self.outputs = 3 * COMPONENTS + block.masked
        self.soft = 1 + block.masked

    def read(self, batch: Mapping[str, Tensor]) -> Tensor:
        """Numbers as float32, NaN where absent."""
        value = batch[self.block.name].float()
        if self.block.masked:
            value = value.masked_fill(batch[self.block.name + "?"] == 0, math.nan)
        return value.reshape(*value.shape[: 2 if self.block.axes == "t" else 1], self.elements)

    def write(self, value: Tensor) -> dict[str, np.ndarray]:
        """float32, 0 where absent."""
        array = value.reshape(self._shape(value.shape[0])).cpu().numpy().astype(np.float32)
        if not self.block.masked:
            return {self.block.name: array}
        present = ~np.isnan(array)
        return {self.block.name: np.where(present, array, 0), self.block.name + "?": present.astype(np.float32)}

    def embed(self, value: Tensor, element: int | None = None) -> Tensor:
        """The number, and whether it is there."""
        if not self.block.masked:
            return value[..., None]
        present = ~value.isnan()
        return torch.stack([value.nan_to_num(0.0), present.float()], -1)

    def _mixture(self, out: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        logits, means, spreads = out[..., : 3 * COMPONENTS].split(COMPONENTS, -1)
        return torch.log_softmax(logits, -1), means, F.softplus(spreads) + 1e-2

    def nll(self, out: Tensor, value: Tensor) -> Tensor:
        """Of the mixture's density, and of absence."""
        weights, means, spreads = self._mixture(out)
        z = (value.nan_to_num(0.0)[..., None] - means) / spreads
        density = torch.logsumexp(weights - 0.5 * z * z - spreads.log() - 0.5 * math.log(2 * math.pi), -1)
        if not self.block.masked:
            return -density
        present = (~value.isnan()).float()
        absence = F.binary_cross_entropy_with_logits(out[..., -1], present, reduction="none")
        return absence - density * present

    def draw(self, out: Tensor, noise: Noise) -> Tensor:
        """A component, a number of it, and whether it is there."""
        weights, means, spreads = self._mixture(out)
        chosen = noise.categorical(weights)[..., None]
        value = (means.gather(-1, chosen) + spreads.gather(-1, chosen) * noise.normal(*chosen.shape))[..., 0]
        if self.block.masked:
            value = value.masked_fill(noise.uniform(*value.shape) >= torch.sigmoid(out[..., -1]), math.nan)
        return value

    def presence(self, out: Tensor) -> Tensor:
        """A logit that float32 cannot tell from certainty."""
        return torch.cat([out[..., :-1], torch.full_like(out[..., -1:], CERTAIN)], -1) if self.block.masked else out

    def activate(self, out: Tensor, noise: Noise) -> Tensor:
        """The first output as the number, and whether it is there, with the gradient of a sigmoid."""
        if not self.block.masked:
            return out[..., :1]
        logit = out[..., -1:] + noise.gumbel(*out.shape[:-1], 1) - noise.gumbel(*out.shape[:-1], 1)
        soft = torch.sigmoid(logit / TEMPERATURE)
        there = (logit > 0).to(soft.dtype) + soft - soft.detach()
        return torch.cat([out[..., :1] * there, there], -1)

    def soften(self, value: Tensor) -> Tensor:
        """The number, and whether it is there."""
        return self.embed(value)

    def harden(self, soft: Tensor) -> Tensor:
        """The number, NaN where it is not there."""
        return soft[..., 0] if not self.block.masked else soft[..., 0].masked_fill(soft[..., 1] < 0.5, math.nan)


heads.register("codes")(Codes)
heads.register("tokens")(Tokens)
heads.register("binary")(Binary)
heads.register("mixture")(Real)
