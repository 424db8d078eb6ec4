"""Masked likelihood, one element after another, under any part of the row that is given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from augury.params import Fraction, Within
from augury.synthesis import Caps, Refusal, TensorSpec
from augury_synthesis.backbones import Backbone
from augury_synthesis.conditions import Wanted, resample
from augury_synthesis.layout import Layout, Values
from augury_synthesis.noise import Noise
from augury_synthesis.objectives.base import Objective
from augury_synthesis.training.rows import Rows

MAX_ELEMENTS = 2048
"""Elements a row that are drawn one after the other at most."""


MAX_CELLS = 8192
"""Rows times steps of a batch of sequences at most, but for `MIN_ROWS`."""
MIN_ROWS = 16


class _Networks(nn.Module):
    def __init__(self, masked: nn.Module) -> None:
        super().__init__()
        self.masked = masked


class Autoregressive(Objective):
    """Likelihood of each column under those before it and any that are given; sequences step after step.

    The default for tables. In training a share of the rows has a random part given, so that sampling under a part of
    a row (a class, some columns) follows the learned conditional and holds by construction.

    Reference: Germain et al. 2015, MADE, https://arxiv.org/abs/1502.03509; Uria et al. 2014, orderless training,
    https://arxiv.org/abs/1310.1757.

    Args:
        given_share: Share of training rows of which a random part is given.
    """

    caps = Caps(conditions={"class": "construction", "partial": "construction", "range": "resample"})
    roles: ClassVar = ("masked",)
    methods: ClassVar = ("embed", "nll", "draw")

    dropout: Annotated[float, Within(0, 0.95)] = 0.2
    learning_rate: Annotated[float, Within(1e-7, 100)] = 2e-3
    epochs: Annotated[int, Within(1, 100_000)] = 12
    given_share: Fraction = 0.25

    def supports(self, spec: TensorSpec, rows: int) -> Refusal | None:
        """See `Objective.supports`; and rows of too many elements."""
        if refusal := super().supports(spec, rows):
            return refusal
        count = sum(h.elements for h in Layout(spec.blocks, self.heads).heads)
        if count > MAX_ELEMENTS:
            fix = "use the vae, which draws all at once"
            return Refusal(f"a row has {count:,} elements to draw in turn, {MAX_ELEMENTS:,} are allowed", fix)
        return None

    def networks(self, layout: Layout, backbone: Backbone) -> nn.Module:
        """One masked network."""
        return _Networks(backbone.masked(layout))

    def rows_a_step(self, layout: Layout) -> int:
        """See `Objective.rows_a_step`: fewer of long sequences."""
        return min(self.batch_rows, max(MIN_ROWS, MAX_CELLS // _steps(layout)))

    def step(self, networks: Any, turn: str, rows: Rows, number: int, noise: Noise) -> Tensor:
        """Nats an element that is not given."""
        values = networks.layout.read(rows.batch(number, self.rows_a_step(networks.layout)))
        given = self._given(networks.layout, len(values[0]), noise)
        loss = networks.masked.nll(values, given, noise)
        return loss.mean() / _elements(networks.layout)

    def _given(self, layout: Layout, rows: int, noise: Noise) -> Tensor:
        """Draw which elements are given: in most rows none, else one, or each with the row's own chance."""
        owners = _owners(layout)
        if not owners:
            return torch.zeros(rows, 0, dtype=torch.bool, device=noise.device)
        blocks = owners[-1] + 1
        chance = noise.uniform(rows, 1)
        one = noise.integers(blocks, rows, 1) == torch.arange(blocks, device=noise.device)
        several = noise.uniform(rows, blocks) < noise.uniform(rows, 1)
        given = torch.where(chance < self.given_share / 2, one, several) & (chance < self.given_share)
        return given[:, owners]

    def validate(self, networks: Any, rows: Rows, noise: Noise) -> float:
        """Nats an element of rows of which nothing is given."""
        total = torch.zeros((), device=noise.device)
        size = max(MIN_ROWS, MAX_CELLS // _steps(networks.layout))
        for start in range(0, len(rows.validation), size):
            values = networks.layout.read(rows.take(rows.validation[start : start + size]))
            none = torch.zeros(len(values[0]), len(_owners(networks.layout)), dtype=torch.bool, device=noise.device)
            total += networks.masked.nll(values, none, None).sum()
        return float(total) / len(rows.validation) / _elements(networks.layout)

    def finish(self, networks: Any, rows: Rows, noise: Noise) -> dict[str, np.ndarray]:
        """Count the codes of every block that a condition may fix, to draw one from a range."""
        out = {}
        for block, head in zip(networks.layout.blocks, networks.layout.heads, strict=True):
            if block.kind != "real" and not block.axes and head.elements == 1:
                codes = rows.column(block.name).astype(np.int64)
                kept = rows.column(block.name + "?") > 0 if block.masked else np.ones(len(codes), dtype=bool)
                out[f"count/{block.name}"] = np.bincount(codes[kept], minlength=head.codes).astype(np.float32)
        return out

    def sample(self, networks: Any, extra: Mapping[str, Tensor], wanted: Wanted, rows: int, noise: Noise) -> Values:
        """Draw under what is fixed; of one range a code is drawn first, several are met by truncated draws, thinned."""
        layout = networks.layout
        wanted = _fix_range(wanted, layout, extra, noise.branch("range"))
        values = layout.blank(noise.device)
        for index, fixed in wanted.fixed.items():
            values[index] = fixed.clone()
        given = torch.tensor([b in wanted.fixed for b in _owners(layout)], device=noise.device).expand(
            len(values[0]), -1
        )
        allowed = [wanted.allowed.get(i) for i in range(len(layout.blocks))]

        if not wanted.allowed:
            return networks.masked.draw(values, given, allowed, noise.branch(0))[0]

        def draw(number: int) -> tuple[Values, Tensor]:
            stream = noise.branch(number)
            drawn, chance = networks.masked.draw(values, given, allowed, stream)
            return drawn, stream.branch("keep").uniform(len(chance)) < chance.exp()

        return resample(draw, Wanted({}, wanted.allowed), layout, rows)


def _owners(layout: Layout) -> list[int]:
    """Return for each scalar element the index of its block."""
    pairs = zip(layout.blocks, layout.heads, strict=True)
    return [i for i, (block, head) in enumerate(pairs) if not block.axes for _ in range(head.elements)]


def _steps(layout: Layout) -> int:
    return max((block.shape[0] for block in layout.blocks if block.axes), default=1)


def _elements(layout: Layout) -> int:
    pairs = zip(layout.blocks, layout.heads, strict=True)
    return sum(head.elements * (block.shape[0] if block.axes else 1) for block, head in pairs)


def _fix_range(wanted: Wanted, layout: Layout, extra: Mapping[str, Tensor], noise: Noise) -> Wanted:
    """Return one lone range as a fixed code for each row, drawn by how often the codes were in the training rows."""
    if wanted.fixed or len(wanted.allowed) != 1:
        return wanted
    ((index, codes),) = wanted.allowed.items()
    counts = extra.get(f"count/{layout.blocks[index].name}")
    if counts is None or not (counts * codes).sum() > 0:
        return wanted
    logits = torch.log(counts * codes)
    rows = layout.blank(noise.device)[index].shape
    return Wanted({index: noise.categorical(logits.expand(*rows, -1))}, {})
