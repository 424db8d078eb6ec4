"""The caption about a mirrored picture."""

import pytest

from augury.effects import Curve, Rope, Warp
from augury.plugin import KEEP
from augury.spaces import geometry
from augury.spaces.plane import PlaneSize
from augury.spaces.text import render
from augury_text.mirror import mirror, swaps_sides

H, W = 20, 30
FLIP = (-1.0, 0.0, float(W), 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
UPSIDE_DOWN = (1.0, 0.0, 0.0, 0.0, -1.0, float(H), 0.0, 0.0, 1.0)


class Shown:
    """What a coupling is shown of a field."""

    def __init__(self, field, value=None, size=None):
        self.field, self.value, self.size = field, value, size


def follow(matrix, caption):
    """Return the caption after its picture was warped."""
    verdict = mirror(Warp(matrix, (H, W)), Shown("photo", size=PlaneSize(H, W)), Shown("caption", caption))
    return caption if verdict is KEEP else render(caption, verdict["caption"].pieces)


def test_flip_swaps():
    """A horizontal flip exchanges the words and leaves every other byte."""
    assert follow(FLIP, "A\u00a0dog, Left;\r\n the car RIGHT.") == "A\u00a0dog, Right;\r\n the car LEFT."


def test_flip_with_rotation_swaps():
    """A mirror that also turns a little is a mirror."""
    turned = geometry.compose(geometry.about(geometry.rotation(20), W / 2, H / 2), FLIP)
    assert follow(turned, "on the left") == "on the right"


def test_two_flips_in_one_warp_keep():
    """A warp that mirrors twice keeps the caption."""
    assert follow(geometry.compose(FLIP, FLIP), "on the left") == "on the left"


@pytest.mark.parametrize("matrix", [UPSIDE_DOWN, geometry.IDENTITY, geometry.rotation(25), geometry.scaling(2, 0.5)])
def test_others_keep(matrix):
    """What leaves left on the left keeps the caption: turns, scales, and the upside-down mirror."""
    assert follow(matrix, "on the left") == "on the left"
    assert not swaps_sides(Warp(matrix, (H, W)), H, W)


def test_value_effects_keep():
    """An effect that moves nothing, and a caption that names no side, are kept."""
    picture = Shown("photo", size=PlaneSize(H, W))
    assert mirror(Curve(abs), picture, Shown("caption", "on the left")) is KEEP
    assert mirror(Warp(FLIP, (H, W)), picture, Shown("caption", "a dog")) is KEEP


def test_pieces_stand_for_the_words():
    """The new word stands for the old one, so that tags stay."""
    verdict = mirror(Warp(FLIP, (H, W)), Shown("photo", size=PlaneSize(H, W)), Shown("caption", "go left"))
    assert isinstance(verdict["caption"], Rope)
    assert verdict["caption"].pieces[-1].stands_for == (3, 7)
