"""Left and right in captions, against mirror images written by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury_text import mirror_edits

# Captions and their mirror images, written by hand; = stands for "unchanged".
MIRRORED = [
    ("A dog on the left and a cat on the right.", "A dog on the right and a cat on the left."),
    ("He left the house", "="),
    ("the left hand", "the right hand"),
    ("Turn left at the light.", "Turn right at the light."),
    ("She raises her left arm.", "She raises her right arm."),
    ("The train left the station an hour ago.", "="),
    ("The man left his bag on the bench.", "="),
    ("A man stands left of the car.", "A man stands right of the car."),
    ("The dog is left of the tree.", "The dog is right of the tree."),
    ("What is left of the house is burning.", "="),
    ("There are two slices left.", "="),
    ("Nothing is left on the plate.", "="),
    ("They have left for school.", "="),
    ("She had left early.", "="),
    ("The boy who left yesterday is back.", "="),
    ("LEFT: a red car. RIGHT: a blue car.", "RIGHT: a red car. LEFT: a blue car."),
    ("Left to right: Anna, Bob and Carl.", "Right to left: Anna, Bob and Carl."),
    ("From left to right, three men in suits.", "From right to left, three men in suits."),
    ("The leftmost bottle is green.", "The rightmost bottle is green."),
    ("The rightmost window is open.", "The leftmost window is open."),
    ("A left-handed pitcher", "A right-handed pitcher"),
    ("In the upper-left corner hangs a clock.", "In the upper-right corner hangs a clock."),
    ("A clock hangs at the upper left.", "A clock hangs at the upper right."),
    ("The car drifts leftward.", "The car drifts rightward."),
    ("The birds fly rightwards over the lake.", "The birds fly leftwards over the lake."),
    ("The right-hand lane is closed.", "The left-hand lane is closed."),
    ("She gave the right answer.", "="),
    ("He is right about the weather.", "="),
    ("Parked right next to a hydrant", "="),
    ("A cat sits right in front of the TV.", "="),
    ("The cat on the right in front of the TV", "The cat on the left in front of the TV"),
    ("All right, let us go.", "="),
    ("Come here right now!", "="),
    ("A protest for human rights", "="),
    ("They defend the right to vote.", "="),
    ("The sign points right.", "The sign points left."),
    ("A woman looking left", "A woman looking right"),
    ("An arrow facing right", "An arrow facing left"),
    ("The left wing of the plane", "The right wing of the plane"),
    ("A left-wing politician", "="),
    ("Right-click the icon.", "="),
    ("A player kicks with his right foot.", "A player kicks with his left foot."),
    ("The keys were left on the table.", "="),
    ("An umbrella left behind on a train", "="),
    ("A bag left unattended at the station", "="),
    ("John left at noon.", "="),
    ("The guests left after dinner.", "="),
    ("We've left the door open.", "="),
    ("I left it there.", "="),
    ("Two children, left, play with a ball.", "Two children, right, play with a ball."),
    ("A lamp (left) and a chair (right)", "A lamp (right) and a chair (left)"),
    ("The chair at right is broken.", "The chair at left is broken."),
    ("Keep left on the stairs.", "Keep right on the stairs."),
    ("The bus turned right into the street.", "The bus turned left into the street."),
    ("To the left of the door stands a plant.", "To the right of the door stands a plant."),
    ("On her right sits a dog.", "On her left sits a dog."),
    ("The one on the far left is mine.", "The one on the far right is mine."),
    ("A right angle drawn on paper", "="),
    ("A bird perched in the top right", "A bird perched in the top left"),
    ("The middle left drawer", "The middle right drawer"),
    ("A zebra whose left ear is torn", "A zebra whose right ear is torn"),
    ("Leftover pizza on a plate", "="),
    ("A bright light over copyright law", "="),
    ("Her left", "Her right"),
    ("The left half is dark; the right half is bright.", "The right half is dark; the left half is bright."),
    ("Somebody left the light on.", "="),
    ("The last person left the room.", "="),
    ("A cow left of the barn and a horse right of it", "A cow right of the barn and a horse left of it"),
    ("This is the right time to plant a tree.", "="),
    ("Only one cookie left in the jar", "="),
    ("The left\u2010hand door", "The right\u2010hand door"),
    ("An upside-down bottle lying to its right.", "An upside-down bottle lying to its left."),
]


def mirrored(text):
    """Return a caption with its edits made."""
    for start, end, new in reversed(mirror_edits(text)):
        text = text[:start] + new + text[end:]
    return text


def test_there_are_enough():
    """The list is long enough to mean something, with both outcomes."""
    spared = sum(image == "=" for _, image in MIRRORED)
    assert len(MIRRORED) >= 60
    assert 20 <= spared <= len(MIRRORED) - 20


@pytest.mark.parametrize(("caption", "image"), MIRRORED)
def test_mirrored(caption, image):
    """Sides are exchanged; the verb, the correct and the exact are spared."""
    assert mirrored(caption) == (caption if image == "=" else image)


@pytest.mark.parametrize("caption", ["Left", "LEFT", "left", "Rightmost", "UPPER-LEFT"])
def test_casing_and_back(caption):
    """The casing is kept, and mirroring twice gives the caption."""
    once = mirrored(caption)
    assert once != caption
    assert once.isupper() == caption.isupper()
    assert mirrored(once) == caption


@given(
    st.lists(
        st.sampled_from(["left", "Right", "LEFT", "most", " ", "the ", " he ", "-", ",", "\n", "\u00a0", "\u0301"])
    )
)
def test_only_the_words_change(pieces):
    """Edits are in order, apart, and replace nothing but `left` and `right`."""
    text, end = "".join(pieces), 0
    for a, b, new in mirror_edits(text):
        assert end <= a
        assert {text[a:b].lower(), new.lower()} == {"left", "right"}
        end = b
