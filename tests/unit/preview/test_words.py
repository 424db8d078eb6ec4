"""Text differences: marked where they are, and nowhere else."""

import re

from hypothesis import given
from hypothesis import strategies as st

from augury.preview.words import changed, draw_words
from augury.views import Run
from tests.unit.preview.test_markup import seen


def kept(text, marks):
    """Return what is not marked."""
    return "".join(c for c, m in zip(text, marks, strict=True) if not m)


def taken(text, marks):
    """Return what is marked, runs apart by a bar."""
    return "|".join(re.findall(r"[^\0]+", "".join(c if m else "\0" for c, m in zip(text, marks, strict=True))))


def test_a_word_replaced():
    """One word out, one in, the spaces around them left alone."""
    before, after = "the quick brown fox", "the fast brown fox"
    gone, come = changed(before, after)
    assert (taken(before, gone), taken(after, come)) == ("quick", "fast")


def test_neighbouring_words_are_one_piece():
    """Two words in a row are marked with the space between them."""
    gone, come = changed("a b c d", "a x y d")
    assert (taken("a b c d", gone), taken("a x y d", come)) == ("b c", "x y")


def test_space_itself():
    """A changed space is marked."""
    gone, come = changed("a b", "a  b")
    assert (taken("a b", gone), taken("a  b", come)) == (" ", "  ")


@given(st.text(alphabet="ab .,\n", max_size=30))
def test_equal_texts(text):
    """Equal texts have no marks."""
    assert changed(text, text) == ([False] * len(text), [False] * len(text))


@given(st.text(alphabet="ab .", max_size=20), st.text(alphabet="ab .", max_size=20))
def test_what_is_kept_is_common(before, after):
    """The words that are not marked are the same on both sides."""
    gone, come = changed(before, after)
    assert "".join(kept(before, gone).split()) == "".join(kept(after, come).split())


@given(
    st.text(max_size=30).map(lambda t: t.replace("\r", "").replace("\0", "")),
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=4),
)
def test_drawn_text_is_whole(text, ranges):
    """However many runs overlap, the text stands there once, in order, with each run's label."""
    text = text.encode("utf-8", "ignore").decode()
    runs = [Run(min(a, b), max(a, b), "L") for a, b in ranges if min(a, b) < min(max(a, b), len(text))]
    runs = [Run(r.start, min(r.end, len(text)), "L") for r in runs]
    found = seen(re.sub("<small>L</small>", "", draw_words(text, runs, [False] * len(text), "ins")))
    assert found.text == (text or "(empty)")


def test_labels_and_script():
    """A label stands at the end of its run; markup in the text stays text."""
    text = "<script>alert(1)</script> Ann"
    drawn = draw_words(text, [Run(26, 29, "<b>")], [False] * 26 + [True] * 3, "ins")
    found = seen(drawn)
    assert [tag for tag, _ in found.elements] == ["p", "mark", "ins", "small"]
    assert found.text == text + "<b>"
