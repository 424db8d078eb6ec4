"""Noise on ratings."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from augury.effects import Events
from augury.op import Info, Op
from augury.params import Fraction, Within
from augury.rng import Rng, generator
from augury_tabular.interactions.history import History


class RatingJitter(Op):
    """Add normal noise to ratings, held to the field's bounds and steps. Missing ones stay missing.

    Fields: interactions with ratings; sessions stay.

    Args:
        std: Standard deviation of the noise, in the rating's unit, above 0.
        fraction: Probability that a rating is touched.

    Draws: seed, from which each rating's chance and noise.

    Cost: O(events).
    """

    on = "interactions"

    std: Annotated[float, Within(0)] = 0.5
    fraction: Fraction = 1.0

    def draw(self, rng: Rng, info: Info) -> dict[str, int]:
        """Return the sub-seed."""
        return {"seed": rng.seed()}

    def effect(self, draw: Any, info: Info) -> Any:
        """Return the noise."""
        kind = info.kind
        if not kind.rating:
            return []
        args = {"std": self.std, "fraction": self.fraction, "bounds": kind.rating_range, "step": kind.rating_step}
        return Events(add_noise, {"seed": draw["seed"], **args})


def add_noise(
    history: History, seed: int, std: float, fraction: float, bounds: tuple[float, float] | None, step: float
) -> History:
    """Add noise to the ratings and bring the touched ones back to bounds and steps."""
    assert history.rating is not None
    random = generator(seed)
    touched = random.random(len(history)) < fraction
    moved = history.rating + std * random.standard_normal(len(history))
    lo, hi = bounds or (-np.inf, np.inf)
    moved = np.clip(moved, lo, hi)
    if step:
        origin = lo if bounds else 0.0
        last = np.floor((hi - origin) / step + 1e-9) if bounds else np.inf
        moved = origin + np.minimum(np.round((moved - origin) / step), last) * step
    return history.with_ratings(np.where(touched, moved, history.rating))
