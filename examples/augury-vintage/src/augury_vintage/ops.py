"""The ops."""

from __future__ import annotations

from augury.effects import Color
from augury.op import Info, Op
from augury.params import FractionRange
from augury.rng import Rng

_SEPIA = (0.393, 0.769, 0.189, 0.0, 0.349, 0.686, 0.168, 0.0, 0.272, 0.534, 0.131, 0.0)
_SAME = (1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0)


class Sepia(Op):
    """Warm brown tint.

    Fields: image of 3 channels; targets stay.

    Args:
        strength_range: (lo, hi) in [0, 1]; 0 changes nothing, 1 is all brown.

    Draws: strength uniform in strength_range.
    Cost: one colour matrix.
    """

    on = "image"

    strength_range: FractionRange = (0.5, 1.0)

    def draw(self, rng: Rng, info: Info) -> dict[str, float]:
        """Draw the strength."""
        return {"strength": rng.uniform(*self.strength_range)}

    def effect(self, draw: dict[str, float], info: Info) -> Color:
        """Return the colour matrix."""
        s = draw["strength"]
        return Color(tuple((1 - s) * a + s * b for a, b in zip(_SAME, _SEPIA, strict=True)))
