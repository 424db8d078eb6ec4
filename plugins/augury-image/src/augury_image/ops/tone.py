"""Curves: brightness, contrast, gamma, posterize, solarize, invert. Chains of them run as one table."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from augury.effects import Curve
from augury.op import Info, Op
from augury.params import FractionRange, IntRange, PositiveRange, Range, Within
from augury.rng import Rng

MIDDLE_GREY = 0.5
"""What contrast turns about: a fixed grey, not the picture's mean, so that it is a curve and looks at no pixels."""

FactorRange = Annotated[Range, Within(0.0, 100.0)]


class Brightness(Op):
    """Make lighter or darker by adding to every channel.

    Fields: image; targets stay.

    Args:
        shift_range: (lo, hi) added to values in [0, 1]; 0 changes nothing.
    Draws: shift uniform in shift_range.
    Cost: one table, shared with the curves around it.
    """

    on = "image"

    shift_range: Annotated[Range, Within(-1.0, 1.0)] = (-0.2, 0.2)

    def draw(self, rng: Rng, info: Info) -> dict[str, float]:
        """Draw the shift."""
        return {"factor": 1.0, "shift": rng.uniform(*self.shift_range)}

    def effect(self, draw: Any, info: Info) -> Curve:
        """Return the curve."""
        return Curve(linear, draw)


class Contrast(Op):
    """Spread values away from, or towards, middle grey (0.5).

    Fields: image; targets stay.

    Args:
        factor_range: (lo, hi) of the slope; 1 changes nothing.
    Draws: factor uniform in factor_range.
    Cost: one table, shared with the curves around it.
    """

    on = "image"

    factor_range: FactorRange = (0.8, 1.2)

    def draw(self, rng: Rng, info: Info) -> dict[str, float]:
        """Draw the factor."""
        return {"factor": rng.uniform(*self.factor_range), "shift": 0.0}

    def effect(self, draw: Any, info: Info) -> Curve:
        """Return the curve."""
        return Curve(linear, draw)


class BrightnessContrast(Op):
    """Change contrast about middle grey (0.5), then brightness.

    Fields: image; targets stay.

    Args:
        shift_range: (lo, hi) added to values in [0, 1]; 0 changes nothing.
        factor_range: (lo, hi) of the contrast's slope; 1 changes nothing.
    Draws: shift and factor uniform.
    Cost: one table, shared with the curves around it.
    """

    on = "image"

    shift_range: Annotated[Range, Within(-1.0, 1.0)] = (-0.2, 0.2)
    factor_range: FactorRange = (0.8, 1.2)

    def draw(self, rng: Rng, info: Info) -> dict[str, float]:
        """Draw both."""
        return {"factor": rng.uniform(*self.factor_range), "shift": rng.uniform(*self.shift_range)}

    def effect(self, draw: Any, info: Info) -> Curve:
        """Return the curve."""
        return Curve(linear, draw)


class Gamma(Op):
    """Raise values in [0, 1] to a power: above 1 darkens, below 1 lightens the middle tones.

    Fields: image; targets stay.

    Args:
        gamma_range: (lo, hi) of the exponent; 1 changes nothing.
    Draws: gamma uniform in its logarithm in gamma_range.
    Cost: one table, shared with the curves around it.
    """

    on = "image"

    gamma_range: Annotated[PositiveRange, Within(0.01, 100.0)] = (0.8, 1.25)

    def draw(self, rng: Rng, info: Info) -> dict[str, float]:
        """Draw the exponent."""
        return {"gamma": rng.log_uniform(*self.gamma_range)}

    def effect(self, draw: Any, info: Info) -> Curve:
        """Return the curve."""
        return Curve(power, draw)


class Posterize(Op):
    """Keep the highest bits of 8 and clear the rest.

    Fields: image; targets stay.

    Args:
        bits_range: (lo, hi) of the bits kept, 1 to 8; 8 changes nothing in 8-bit images.
    Draws: bits, each number in bits_range equally likely.
    Cost: one table, shared with the curves around it.
    """

    on = "image"

    bits_range: Annotated[IntRange, Within(1, 8)] = (3, 6)

    def draw(self, rng: Rng, info: Info) -> dict[str, int]:
        """Draw the bits."""
        return {"bits": rng.integer(*self.bits_range)}

    def effect(self, draw: Any, info: Info) -> Curve:
        """Return the curve."""
        return Curve(high_bits, draw)


class Solarize(Op):
    """Invert the values at or above a threshold.

    Fields: image; targets stay.

    Args:
        threshold_range: (lo, hi) of the threshold, in [0, 1].
    Draws: threshold uniform in threshold_range.
    Cost: one table, shared with the curves around it.
    """

    on = "image"

    threshold_range: FractionRange = (0.4, 0.6)

    def draw(self, rng: Rng, info: Info) -> dict[str, float]:
        """Draw the threshold."""
        return {"threshold": rng.uniform(*self.threshold_range)}

    def effect(self, draw: Any, info: Info) -> Curve:
        """Return the curve."""
        return Curve(fold, draw)


class Invert(Op):
    """Turn the picture into its negative.

    Fields: image; targets stay.
    Draws: nothing.
    Cost: one table, shared with the curves around it.
    """

    on = "image"

    def effect(self, draw: Any, info: Info) -> Curve:
        """Return the curve."""
        return Curve(negative)


def linear(x: np.ndarray, factor: float, shift: float) -> np.ndarray:
    """Return contrast by ``factor`` about middle grey, then ``shift`` added."""
    return x * factor + ((1.0 - factor) * MIDDLE_GREY + shift)


def power(x: np.ndarray, gamma: float) -> np.ndarray:
    """Return ``x`` to the power ``gamma``."""
    return x**gamma


def high_bits(x: np.ndarray, bits: int) -> np.ndarray:
    """Return ``x`` with all but the highest ``bits`` of 8 cleared."""
    step = 1 << (8 - bits)
    # The small number keeps v / 255 * 255 from falling just below v.
    return np.floor(x * (255.0 / step) + 1e-4) * (step / 255.0)


def fold(x: np.ndarray, threshold: float) -> np.ndarray:
    """Return ``1 - x`` where ``x`` reaches the threshold."""
    return np.where(x >= threshold, 1.0 - x, x)


def negative(x: np.ndarray) -> np.ndarray:
    """Return ``1 - x``."""
    return 1.0 - x
