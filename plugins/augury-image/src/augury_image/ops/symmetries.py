"""The symmetries of the square: transpose, quarter turns, any of the eight. Exact copies."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from augury.effects import Warp
from augury.op import Info, Op
from augury.params import IntRange, Within
from augury.rng import Rng
from augury_image.ops.geometry import PLANES


class Transpose(Op):
    """Mirror the picture at a diagonal: rows become columns.

    Fields: image or raw_image; every target on it follows; keypoints with a ``swap`` table trade left and right.

    Args:
        diagonal: ``main`` keeps the top left corner, ``anti`` the top right one.
    Draws: nothing.
    Cost: a copy.
    """

    on = PLANES

    diagonal: Literal["main", "anti"] = "main"

    def effect(self, draw: Any, info: Info) -> Warp:
        """Return the warp."""
        return symmetry(4 if self.diagonal == "main" else 6, info.size.height, info.size.width)


class Rotate90(Op):
    """Turn the picture by quarter turns; the canvas turns with it.

    Fields: image or raw_image; every target on it follows.

    Args:
        quarters_range: (lo, hi) of the number of quarter turns anticlockwise, in [0, 3].
    Draws: the number, uniform.
    Cost: a copy.
    """

    on = PLANES

    quarters_range: Annotated[IntRange, Within(0, 3)] = (0, 3)

    def draw(self, rng: Rng, info: Info) -> dict[str, int]:
        """Draw the number of quarter turns."""
        return {"quarters": rng.integer(*self.quarters_range)}

    def effect(self, draw: Any, info: Info) -> Warp:
        """Return the warp."""
        return symmetry(draw["quarters"], info.size.height, info.size.width)


class Symmetry(Op):
    """Show the picture in one of the eight symmetries of the square (D4): quarter turns, mirrored or not.

    Fields: image or raw_image; every target on it follows; keypoints with a ``swap`` table trade left and right where
        it is mirrored.

    Draws: one of the eight, equally likely.
    Cost: a copy.
    """

    on = PLANES

    def draw(self, rng: Rng, info: Info) -> dict[str, int]:
        """Draw the symmetry: quarter turns, plus 4 where it is transposed first."""
        return {"element": rng.integer(0, 7)}

    def effect(self, draw: Any, info: Info) -> Warp:
        """Return the warp."""
        return symmetry(draw["element"], info.size.height, info.size.width)


def symmetry(element: int, height: int, width: int) -> Warp:
    """Return the exact warp of an element of D4: ``element % 4`` quarter turns, from 4 on of the transposed picture."""
    transposed = element >= 4
    h, w = (width, height) if transposed else (height, width)
    a, b, c, d, e, f = (
        (1.0, 0.0, 0.0, 0.0, 1.0, 0.0),
        (0.0, 1.0, 0.0, -1.0, 0.0, float(w)),
        (-1.0, 0.0, float(w), 0.0, -1.0, float(h)),
        (0.0, -1.0, float(h), 1.0, 0.0, 0.0),
    )[element % 4]
    if transposed:
        a, b, d, e = b, a, e, d
    return Warp((a, b, c, d, e, f, 0.0, 0.0, 1.0), (h, w) if element % 2 == 0 else (w, h))
