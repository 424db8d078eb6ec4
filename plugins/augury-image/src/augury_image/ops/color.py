"""Colour matrices: saturation, hue, colour jitter. All are luma-keeping maps of the YIQ chroma plane."""

from __future__ import annotations

import math
from typing import Annotated, Any

from augury.effects import Color
from augury.op import Info, Op
from augury.params import Range, Within
from augury.rng import Rng
from augury.spaces import geometry as geo
from augury_image.ops.tone import MIDDLE_GREY, FactorRange

HueRange = Annotated[Range, Within(-360.0, 360.0)]

_YIQ = (0.299, 0.587, 0.114, 0.595716, -0.274453, -0.321263, 0.211456, -0.522591, 0.311135)
_BACK = geo.invert(_YIQ)  # known up to a factor, as homographies are; grey's row tells it
_RGB: geo.Matrix = tuple(v / sum(geo.compose(_BACK, _YIQ)[:3]) for v in _BACK)  # type: ignore[assignment]


def _in_yiq(matrix: geo.Matrix) -> geo.Matrix:
    """Return the map of RGB that acts as ``matrix`` on YIQ."""
    return geo.compose(geo.compose(_RGB, matrix), _YIQ)


_GREY = _in_yiq((1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0))
_CHROMA = _in_yiq((0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0))
_QUARTER = _in_yiq((0.0, 0.0, 0.0, 0.0, 0.0, -1.0, 0.0, 1.0, 0.0))


class Saturation(Op):
    """Strengthen or weaken colours; grey stays grey, luma stays.

    Fields: image; targets stay.

    Args:
        factor_range: (lo, hi); 0 is grey, 1 changes nothing.
    Draws: factor uniform in factor_range.
    Cost: one colour matrix.
    """

    on = "image"

    factor_range: FactorRange = (0.7, 1.3)

    def draw(self, rng: Rng, info: Info) -> dict[str, float]:
        """Draw the factor."""
        return {"factor": rng.uniform(*self.factor_range)}

    def effect(self, draw: Any, info: Info) -> Color:
        """Return the matrix."""
        return Color(color_matrix(saturation=draw["factor"]))


class Hue(Op):
    """Turn the hues about the grey axis, luma kept.

    Fields: image; targets stay.

    Args:
        shift_deg_range: (lo, hi) in degrees.
    Draws: shift uniform in shift_deg_range.
    Cost: one colour matrix.
    Reference: rotation of the chroma plane (I, Q) of NTSC's YIQ, which, unlike a shift of HSV's hue, is linear.
    """

    on = "image"

    shift_deg_range: HueRange = (-20.0, 20.0)

    def draw(self, rng: Rng, info: Info) -> dict[str, float]:
        """Draw the shift."""
        return {"shift_deg": rng.uniform(*self.shift_deg_range)}

    def effect(self, draw: Any, info: Info) -> Color:
        """Return the matrix."""
        return Color(color_matrix(hue_deg=draw["shift_deg"]))


class ColorJitter(Op):
    """Change brightness, contrast, saturation and hue, in this order, as one colour matrix.

    Fields: image; targets stay.

    Args:
        brightness_factor_range: (lo, hi) that values are multiplied by.
        contrast_factor_range: (lo, hi) of the slope about middle grey (0.5).
        saturation_factor_range: (lo, hi); 0 is grey.
        hue_deg_range: (lo, hi) in degrees about the grey axis.
    Draws: each uniform in its range.
    Cost: one colour matrix; nothing is clipped between the four.
    """

    on = "image"

    brightness_factor_range: FactorRange = (0.8, 1.2)
    contrast_factor_range: FactorRange = (0.8, 1.2)
    saturation_factor_range: FactorRange = (0.8, 1.2)
    hue_deg_range: HueRange = (-18.0, 18.0)

    def draw(self, rng: Rng, info: Info) -> dict[str, float]:
        """Draw all four."""
        return {
            "brightness": rng.uniform(*self.brightness_factor_range),
            "contrast": rng.uniform(*self.contrast_factor_range),
            "saturation": rng.uniform(*self.saturation_factor_range),
            "hue_deg": rng.uniform(*self.hue_deg_range),
        }

    def effect(self, draw: Any, info: Info) -> Color:
        """Return the matrix."""
        return Color(color_matrix(**draw))


def color_matrix(
    brightness: float = 1.0, contrast: float = 1.0, saturation: float = 1.0, hue_deg: float = 0.0
) -> tuple[float, ...]:
    """Return the 3x4 matrix of a brightness factor, contrast about middle grey, saturation, hue turn, in order."""
    gain, shift = brightness * contrast, (1.0 - contrast) * MIDDLE_GREY
    c = saturation * math.cos(math.radians(hue_deg))
    s = saturation * math.sin(math.radians(hue_deg))
    m = [gain * (g + c * a + s * b) for g, a, b in zip(_GREY, _CHROMA, _QUARTER)]
    return (*m[0:3], shift, *m[3:6], shift, *m[6:9], shift)
