"""Adversarial training: the first form of it, and Wasserstein with a gradient penalty."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from augury.params import Fraction, Within
from augury.synthesis import CHUNK, Caps
from augury_synthesis.backbones import Backbone
from augury_synthesis.conditions import Wanted, resample
from augury_synthesis.layout import Layout, Values
from augury_synthesis.noise import Noise
from augury_synthesis.objectives.base import Objective
from augury_synthesis.objectives.moments import Moments
from augury_synthesis.objectives.rarity import Picker, Rarity
from augury_synthesis.training.rows import Rows

SCORED_PAIRS = 64
"""Pairs of columns whose joint frequencies are compared in validation."""
COARSE = 16
"""Groups that the codes of a column are put in for pairs."""
COLLAPSED = 0.2
"""Share of the different rows that real rows have, below which generated ones have collapsed."""


class _Networks(nn.Module):
    def __init__(self, generator: nn.Module, critic: nn.Module, rarity: Rarity) -> None:
        super().__init__()
        self.generator, self.critic, self.rarity = generator, critic, rarity
        self.picker: Picker | None = None
        self.moments: Moments | None = None


def gradient_penalty(critic: Any, real: Tensor, made: Tensor, shown: Tensor, noise: Noise, pack: int) -> Tensor:
    """Return the mean of (|gradient of the critic| - 1) squared at points between real and made packs.

    Reference: Gulrajani et al. 2017, https://arxiv.org/abs/1704.00028.
    """
    share = noise.uniform(len(real) // pack, 1).repeat_interleave(pack, 0)
    between = (real + share * (made - real)).detach().requires_grad_(True)
    (slope,) = torch.autograd.grad(critic(between, shown, None).sum(), between, create_graph=True)
    lengths = slope.reshape(len(slope) // pack, -1).square().sum(1).add(1e-12).sqrt()
    return (lengths - 1).square().mean()


class Gan(Objective):
    """Generator against critic, both shown a code of some column, so that rare codes are learned too.

    ``loss="adversarial"``: the critic ascends E[log D(x)] + E[log(1 - D(G(z)))], the generator E[log D(G(z))] (the
    non-saturating form). ``loss="wgan_gp"``: Wasserstein distance with a gradient penalty. Beside the game the
    generator is led by the means and correlations of rows, which it would take the critic thousands of steps to point
    out: ``moments_weight=0`` is the game alone. Conditions are met by resampling; a single fixed code is shown to the
    generator, which makes it likely.

    Reference: Goodfellow et al. 2014, https://arxiv.org/abs/1406.2661; Gulrajani et al. 2017,
    https://arxiv.org/abs/1704.00028; moments, Li et al. 2015, https://arxiv.org/abs/1502.02761; shown codes, Xu et al.
    2019, https://arxiv.org/abs/1907.00503.

    Args:
        loss: The form of the game.
        latent: Numbers of the generator's noise.
        pack: Rows that the critic judges together.
        critic_steps: Steps of the critic for one of the generator.
        penalty: Weight of the gradient penalty of WGAN-GP.
        shown_weight: Weight of the cross entropy that makes the generator heed the shown code.
        moments_weight: Weight of the distance of made rows' means and correlations from real rows'.
        rarity: How much more often rare codes are shown than they occur: 0 as they occur, 1 all alike.
    """

    caps = Caps(conditions={"class": "resample", "partial": "resample", "range": "resample"})
    roles: ClassVar = ("decode", "critic")
    methods: ClassVar = ("activate", "soften", "harden")
    betas: ClassVar = (0.5, 0.9)
    collapse_fails: ClassVar = True

    loss: Literal["wgan_gp", "adversarial"] = "wgan_gp"
    batch_rows: Annotated[int, Within(2, 1_000_000)] = 500
    learning_rate: Annotated[float, Within(1e-7, 100)] = 2e-3
    epochs: Annotated[int, Within(1, 100_000)] = 30
    least_steps: Annotated[int, Within(1, 10_000_000)] = 600
    patience: Annotated[int, Within(1, 1_000_000)] = 20
    validate_share: Annotated[float, Within(0, 0.5)] = 0.1
    latent: Annotated[int, Within(1, 4096)] = 128
    pack: Annotated[int, Within(1, 64)] = 4
    critic_steps: Annotated[int, Within(1, 64)] = 1
    penalty: Annotated[float, Within(0, 1e4)] = 10.0
    shown_weight: Annotated[float, Within(0, 1e3)] = 0.2
    moments_weight: Annotated[float, Within(0, 1e4)] = 10.0
    rarity: Fraction = 0.5

    def networks(self, layout: Layout, backbone: Backbone) -> nn.Module:
        """Generator, critic, and the table of what can be shown."""
        rarity = Rarity(layout)
        generator = backbone.decode(layout, self.latent + rarity.size)
        return _Networks(generator, backbone.critic(layout, rarity.size, self.pack), rarity)

    def parameters(self, networks: Any, turn: str) -> list[nn.Parameter]:
        """The generator's or the critic's."""
        return list((networks.critic if turn == "critic" else networks.generator).parameters())

    def turns(self) -> tuple[str, ...]:
        """Some steps of the critic, one of the generator."""
        return ("critic",) * self.critic_steps + ("generator",)

    def _picker(self, networks: Any, rows: Rows) -> Picker:
        if networks.picker is None:
            networks.picker = Picker(networks.rarity, rows, self.rarity)
        return networks.picker

    def _moments(self, networks: Any, rows: Rows, device: torch.device) -> Moments:
        if networks.moments is None:
            picker = self._picker(networks, rows)
            with torch.no_grad():
                networks.moments = Moments(networks.layout, rows, picker, Noise(device, "moments"))
        return networks.moments

    def step(self, networks: Any, turn: str, rows: Rows, number: int, noise: Noise) -> Tensor:
        """The critic's loss on real and made rows that were shown the same codes, or the generator's."""
        size = max(1, max(2, min(self.batch_rows, len(rows.training))) // self.pack) * self.pack
        index, column, code = self._picker(networks, rows).pick(size, noise.numpy("pick"))
        shown = networks.rarity.vector(column, code, noise.device)
        out = networks.generator(torch.cat([noise.normal(size, self.latent), shown], 1), None)
        made = networks.layout.activate(out, noise)
        if turn == "critic":
            real = networks.layout.soften(networks.layout.read(rows.take(index)))
            return self._critic_loss(networks.critic, real, made.detach(), shown, noise)
        score = networks.critic(made, shown, None)
        loss = -score.mean() if self.loss == "wgan_gp" else F.softplus(-score).mean()
        loss = loss + self.shown_weight * networks.rarity.missed(out, column, code)
        if self.moments_weight:
            loss = loss + self.moments_weight * self._moments(networks, rows, noise.device).apart(made, shown)
        return loss

    def _critic_loss(self, critic: Any, real: Tensor, made: Tensor, shown: Tensor, noise: Noise) -> Tensor:
        if self.loss == "wgan_gp":
            apart = critic(made, shown, noise).mean() - critic(real, shown, noise).mean()
            return apart + self.penalty * gradient_penalty(critic, real, made, shown, noise, self.pack)
        # -log D(x) - log(1 - D(G(z))) with D the sigmoid of the score.
        return F.softplus(-critic(real, shown, noise)).mean() + F.softplus(critic(made, shown, noise)).mean()

    def validate(self, networks: Any, rows: Rows, noise: Noise) -> float:
        """Total variation of made from real rows: mean over single columns and over pairs."""
        index = rows.validation
        real = networks.layout.read(rows.take(index))
        made = self._plain(networks, rows, len(index), noise)
        return _apart(networks.layout, real, made, noise.numpy("pairs"))

    def collapse(self, networks: Any, rows: Rows, noise: Noise) -> str:
        """Say when made rows repeat far more than real ones do."""
        index = rows.validation[:2048]
        real = networks.layout.read(rows.take(index))
        made = self._plain(networks, rows, len(index), noise)
        count, full = _different(made), _different(real)
        if count >= COLLAPSED * full:
            return ""
        return f"{count} different rows of {len(index)} made, where real ones have {full} (mode collapse)"

    def _plain(self, networks: Any, rows: Rows, count: int, noise: Noise) -> Values:
        """Return rows made with codes shown as often as they occur."""
        counts = torch.from_numpy(self._picker(networks, rows).counts).to(noise.device)
        shown = networks.rarity.natural(counts, count, noise)
        out = networks.generator(torch.cat([noise.normal(count, self.latent), shown], 1), None)
        return networks.layout.harden(networks.layout.activate(out, noise))

    def finish(self, networks: Any, rows: Rows, noise: Noise) -> dict[str, np.ndarray]:
        """Keep how often each code that can be shown occurs."""
        return {"counts": self._picker(networks, rows).counts}

    def sample(self, networks: Any, extra: Mapping[str, Tensor], wanted: Wanted, rows: int, noise: Noise) -> Values:
        """Make rows; a single fixed code is shown to the generator."""

        def draw(number: int) -> tuple[Values, Tensor]:
            stream = noise.branch(number)
            shown = networks.rarity.asked(wanted, extra["counts"], stream)
            out = networks.generator(torch.cat([stream.normal(CHUNK, self.latent), shown], 1), None)
            made = networks.layout.harden(networks.layout.activate(out, stream))
            return made, torch.ones(CHUNK, dtype=torch.bool, device=noise.device)

        if not wanted.fixed and not wanted.allowed:
            return draw(0)[0]
        return resample(draw, wanted, networks.layout, rows)


def _different(values: Values) -> int:
    return len(torch.unique(torch.cat([v.nan_to_num(0).double() for v in values], 1), dim=0))


def _groups(layout: Layout, real: Values, made: Values) -> tuple[list[Tensor], list[Tensor], list[int]]:
    """Return every element of both as codes, and how many there are: numbers by the real ones' quantiles."""
    a, b, sizes = [], [], []
    for head, x, y in zip(layout.heads, real, made, strict=True):
        for element in range(head.elements):
            u, v = x[:, element], y[:, element]
            if head.kind == "real":
                cuts = torch.nanquantile(u, torch.linspace(0, 1, COARSE + 1, device=u.device)[1:-1]).nan_to_num(0)
                u, v = (torch.where(w.isnan(), COARSE, torch.bucketize(w.contiguous(), cuts)) for w in (u, v))
            a.append(u)
            b.append(v)
            sizes.append(COARSE + 1 if head.kind == "real" else head.codes)
    return a, b, sizes


def _apart(layout: Layout, real: Values, made: Values, choice: np.random.Generator) -> float:
    a, b, sizes = _groups(layout, real, made)
    singles = [_variation(u, v, s) for u, v, s in zip(a, b, sizes, strict=True)]
    pairs = []
    for _ in range(SCORED_PAIRS if len(a) > 1 else 0):
        i, j = choice.choice(len(a), 2, replace=False)
        (u, v), (x, y) = ((_coarse(a[k], sizes[k]), _coarse(b[k], sizes[k])) for k in (i, j))
        pairs.append(_variation(u * COARSE + x, v * COARSE + y, COARSE * COARSE))
    found = torch.stack(singles).mean()
    return float(found + torch.stack(pairs).mean() if pairs else found)


def _coarse(codes: Tensor, size: int) -> Tensor:
    return codes if size <= COARSE else codes * COARSE // size


def _variation(real: Tensor, made: Tensor, size: int) -> Tensor:
    a, b = (torch.bincount(x, minlength=size).double() / len(x) for x in (real, made))
    return 0.5 * (a - b).abs().sum()
