"""What previews are given of texts and of the labels on them."""

from augury.views import Run, Words
from augury_text.kinds import Spans, Tags, Text


def test_text():
    """A text is shown as words."""
    assert Text().show("a <b>") == Words("a <b>")


def test_labels():
    """Spans and tags are runs of characters."""
    assert Spans().show(Spans().check([(0, 3, "PER")])) == [Run(0, 3, "PER")]
    assert Tags().show(Tags().check([(0, 3, "NOUN")])) == [Run(0, 3, "NOUN")]
