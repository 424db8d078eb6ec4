"""The coupling from a picture to the caption about it: a mirror swaps left and right."""

from __future__ import annotations

from typing import Any

from augury.effects import Rope, Warp
from augury.op import Info
from augury.plugin import KEEP
from augury.spaces import geometry
from augury_text.edits import replace
from augury_text.sides import mirror_edits


def mirror(effect: Any, picture: Info, caption: Info) -> Any:
    """Follow an effect on a picture with the caption about it.

    A warp that reverses orientation and makes the picture's left its right swaps the words; an upside-down mirror,
    which leaves left where it is, and every other effect keep the caption as it is.

    Args:
        effect: what was done to the picture.
        picture: the picture before it.
        caption: the caption, `reads` allowed.

    Returns:
        The caption's `Rope`, or KEEP.

    Cost: a determinant for each warp; one search of the caption for each mirror.
    """
    if type(effect) is not Warp or not swaps_sides(effect, picture.size.height, picture.size.width):
        return KEEP
    text = caption.value
    edits = mirror_edits(text)
    return {caption.field: Rope(replace(len(text), edits))} if edits else KEEP


def swaps_sides(warp: Warp, height: int, width: int) -> bool:
    """Whether a warp mirrors a picture of `height` x `width` pixels and points its left to the right."""
    x_to_x, y_to_x, x_to_y, y_to_y = geometry.jacobian(warp.matrix, width / 2, height / 2)
    return x_to_x * y_to_y < y_to_x * x_to_y and x_to_x < 0
