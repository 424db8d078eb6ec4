"""What a backbone is, and the registry of backbones."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from augury_synthesis.layout import Layout, Values
from augury_synthesis.noise import Noise
from augury_synthesis.parts import Parts

backbones: Parts[type[Backbone]] = Parts("backbone", "axes")
"""The registry of backbones, by name; the default serves each kind of axes."""


class Masked(nn.Module):
    """A network that gives a row's likelihood as a product over its elements: what role ``masked`` makes.

    `nll` trains it, `draw` makes rows from it.
    """

    layout: Layout

    def nll(self, values: Values, given: Tensor, noise: Noise | None) -> Tensor:
        """Return nats a row [rows] of the blocks that are not given, each under those that are and those before it.

        Args:
            values: The rows.
            given: Bool [rows, scalar elements], true where the value is a condition and not to be predicted.
            noise: Of dropout in training; None when the network is used as it is.
        """
        raise NotImplementedError

    def draw(self, values: Values, given: Tensor, allowed: list[Tensor | None], noise: Noise) -> tuple[Values, Tensor]:
        """Return rows, and the log-probability [rows] that each had of falling into what is allowed.

        Args:
            values: Read where ``given``, and elsewhere ignored.
            given: Bool [rows, scalar elements]; equal in all rows.
            allowed: For each block, None or a bool tensor of the codes that may be drawn.
            noise: Of the draws.
        """
        raise NotImplementedError


class Backbone:
    """Base of all backbones: makes the networks of the roles it can play. A role it lacks refuses what needs it.

    Class attributes:
        axes: The axes it serves.

    Args:
        width: Hidden units.
        depth: Residual blocks.
        dropout: Share of hidden numbers zeroed in training.
    """

    axes: ClassVar[str]

    def __init__(self, *, width: int, depth: int, dropout: float) -> None:
        """Note the sizes."""
        self.width, self.depth, self.dropout = width, depth, dropout

    def encode(self, layout: Layout, outputs: int) -> nn.Module:
        """Return a network ``(values, noise | None) -> [rows, outputs]``."""
        raise NotImplementedError

    def decode(self, layout: Layout, inputs: int) -> nn.Module:
        """Return a network ``(latent [rows, inputs], noise | None) -> [rows, layout.outputs]``."""
        raise NotImplementedError

    def critic(self, layout: Layout, inputs: int, pack: int) -> nn.Module:
        """Return a network ``(soft rows [rows, layout.soft], shown [rows, inputs], noise | None) -> [rows / pack]``."""
        raise NotImplementedError

    def masked(self, layout: Layout) -> Masked:
        """Return a `Masked` network."""
        raise NotImplementedError

    @classmethod
    def can(cls, role: str) -> bool:
        """Whether it has a role."""
        return getattr(cls, role) is not getattr(Backbone, role)
