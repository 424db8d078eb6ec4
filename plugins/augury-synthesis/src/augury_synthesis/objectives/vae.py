"""A variational autoencoder: reconstruction by block kind and a divergence, sampled from a mixture over the latent."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from augury.params import Within
from augury.synthesis import CHUNK, Caps
from augury_synthesis.backbones import Backbone
from augury_synthesis.conditions import Wanted, resample
from augury_synthesis.layout import Layout, Values
from augury_synthesis.noise import Noise
from augury_synthesis.objectives.base import Objective
from augury_synthesis.training.rows import Rows

MIXTURE_ROWS = 20_000
"""Training rows that the mixture over the latent is fitted on at most."""
DEAD_NATS = 1e-2
"""Divergence below which a latent number carries nothing."""


class _Networks(nn.Module):
    def __init__(self, encode: nn.Module, decode: nn.Module) -> None:
        super().__init__()
        self.encode, self.decode = encode, decode


def divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Return the divergence of N(mean, exp(log_variance)) from N(0, 1) in nats, elementwise."""
    return 0.5 * (mean * mean + log_variance.exp() - 1 - log_variance)


class Vae(Objective):
    """Autoencoder of rows with a Gaussian latent; new rows come from a Gaussian mixture fitted to the codes of rows.

    The mixture closes the gap between what the encoder makes of real rows and the standard normal. Conditions are met
    by resampling.

    Reference: Kingma & Welling 2013, https://arxiv.org/abs/1312.6114; free bits, Kingma et al. 2016,
    https://arxiv.org/abs/1606.04934; mixture over the posterior, Ghosh et al. 2019, https://arxiv.org/abs/1903.12436.

    Args:
        latent: Numbers of the latent.
        beta: Weight of the divergence.
        free_nats: Divergence of a latent number, averaged over a batch, that costs nothing.
        components: Gaussians of the mixture.
    """

    caps = Caps(conditions={"class": "resample", "partial": "resample", "range": "resample"})
    roles: ClassVar = ("encode", "decode")
    methods: ClassVar = ("embed", "nll", "draw")

    dropout: Annotated[float, Within(0, 0.95)] = 0.1
    epochs: Annotated[int, Within(1, 100_000)] = 30
    least_steps: Annotated[int, Within(1, 10_000_000)] = 600
    learning_rate: Annotated[float, Within(1e-7, 100)] = 2e-3
    latent: Annotated[int, Within(1, 4096)] = 32
    beta: Annotated[float, Within(0, 1000)] = 0.3
    free_nats: Annotated[float, Within(0, 100)] = 0.02
    components: Annotated[int, Within(1, 1000)] = 30

    def networks(self, layout: Layout, backbone: Backbone) -> nn.Module:
        """An encoder to means and log-variances, and a decoder."""
        return _Networks(backbone.encode(layout, 2 * self.latent), backbone.decode(layout, self.latent))

    def _encoded(self, networks: Any, values: Values, noise: Noise | None) -> tuple[Tensor, Tensor]:
        mean, log_variance = networks.encode(values, noise).chunk(2, -1)
        return mean, log_variance.clamp(-12, 4)

    def _parts(self, networks: Any, values: Values, noise: Noise, dropout: Noise | None) -> tuple[Tensor, Tensor]:
        """Return reconstruction [rows] and divergence [rows, latent] in nats."""
        mean, log_variance = self._encoded(networks, values, dropout)
        latent = mean + torch.exp(0.5 * log_variance) * noise.normal(*mean.shape)
        lost = networks.layout.nll(networks.decode(latent, dropout), values).sum(-1)
        return lost, divergence(mean, log_variance)

    def step(self, networks: Any, turn: str, rows: Rows, number: int, noise: Noise) -> Tensor:
        """Nats a row: reconstruction, and beta times what the divergence has above the free nats."""
        values = networks.layout.read(rows.batch(number, self.batch_rows))
        lost, apart = self._parts(networks, values, noise, noise)
        return lost.mean() + self.beta * apart.mean(0).clamp(min=self.free_nats).sum()

    def validate(self, networks: Any, rows: Rows, noise: Noise) -> float:
        """Reconstruction and beta times the divergence, in nats a row."""
        total = torch.zeros((), device=noise.device)
        for start in range(0, len(rows.validation), CHUNK):
            values = networks.layout.read(rows.take(rows.validation[start : start + CHUNK]))
            lost, apart = self._parts(networks, values, noise.branch(start), None)
            total += lost.sum() + self.beta * apart.sum()
        return float(total) / len(rows.validation)

    def finish(self, networks: Any, rows: Rows, noise: Noise) -> dict[str, np.ndarray]:
        """Fit the mixture to latents of training rows, one drawn for each."""
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.mixture import GaussianMixture

        found = []
        for start in range(0, min(len(rows.training), MIXTURE_ROWS), CHUNK):
            values = networks.layout.read(rows.take(rows.training[start : start + CHUNK]))
            mean, log_variance = self._encoded(networks, values, None)
            found.append(mean + torch.exp(0.5 * log_variance) * noise.branch(start).normal(*mean.shape))
        latent = torch.cat(found).cpu().numpy().astype(np.float64)
        count = min(self.components, max(1, len(latent) // (4 * self.latent)))
        seed = int(noise.numpy("mixture").integers(2**31))
        mixture = GaussianMixture(count, reg_covar=1e-4, max_iter=30, random_state=seed, init_params="k-means++")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            mixture.fit(latent)
        roots = np.linalg.cholesky(mixture.covariances_)
        parts = {"weights": mixture.weights_, "means": mixture.means_, "roots": roots}
        return {f"mixture/{k}": v.astype(np.float32) for k, v in parts.items()}

    def collapse(self, networks: Any, rows: Rows, noise: Noise) -> str:
        """Say when no latent number carries anything: every row would come from the same distribution."""
        values = networks.layout.read(rows.take(rows.validation[:CHUNK]))
        mean, log_variance = self._encoded(networks, values, None)
        if float(divergence(mean, log_variance).mean(0).max()) >= DEAD_NATS or _constant(values):
            return ""
        return "a latent that carries nothing (posterior collapse: lower beta or raise free_nats)"

    def sample(self, networks: Any, extra: Mapping[str, Tensor], wanted: Wanted, rows: int, noise: Noise) -> Values:
        """Draw latents from the mixture and rows from their decoding."""

        def draw(number: int) -> tuple[Values, Tensor]:
            stream = noise.branch(number)
            chosen = stream.categorical(extra["mixture/weights"].log().expand(CHUNK, -1))
            apart = stream.normal(CHUNK, self.latent)
            latent = extra["mixture/means"][chosen] + torch.einsum("rij,rj->ri", extra["mixture/roots"][chosen], apart)
            drawn = networks.layout.draw(networks.decode(latent, None), stream)
            return drawn, torch.ones(CHUNK, dtype=torch.bool, device=noise.device)

        if not wanted.fixed and not wanted.allowed:
            return draw(0)[0]
        return resample(draw, wanted, networks.layout, rows)


def _constant(values: Values) -> bool:
    """Whether all rows are the same, so that there is nothing to carry."""
    return all(bool((v.nan_to_num(0) == v[:1].nan_to_num(0)).all()) for v in values)
