"""What counts as a word, and what no edit may split."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury_text import word_spans


def words(text):
    """Return the words of a text."""
    return [text[a:b] for a, b in word_spans(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A moving, well-acted film.", ["A", "moving", "well-acted", "film"]),
        ("don't can\u2019t rock'n'roll", ["don't", "can\u2019t", "rock'n'roll"]),
        ("It costs $3.50, or 1,000 at 10:30 (50%)!", ["It", "costs", "$3.50", "or", "1,000", "at", "10:30", "50%"]),
        ("see https://a.org/x?y=1&z=2. Now", ["see", "https://a.org/x?y=1&z=2", "Now"]),
        ("@user #tag me@mail.org", ["@user", "#tag", "me@mail.org"]),
        ("one,two -- three -four", ["one", "two", "three", "four"]),
        ("the U.S. and e.g. this", ["the", "U.S", "and", "e.g", "this"]),
        ("snake_case A/B AT&T", ["snake_case", "A/B", "AT&T"]),
        ("", []),
        (" \t\r\n\u00a0", []),
        ("... !? \u2014", []),
        ("\u6f22\u5b57\u304b\u306a and \uc11c\uc6b8", ["\u6f22", "\u5b57", "\u304b", "\u306a", "and", "\uc11c\uc6b8"]),
        ("cafe\u0301 nai\u0308ve", ["cafe\u0301", "nai\u0308ve"]),
        ("\u0939\u093f\u0928\u094d\u0926\u0940", ["\u0939\u093f\u0928\u094d\u0926\u0940"]),
        ("go \U0001f469\u200d\U0001f467\U0001f3fd now 1\ufe0f\u20e3", ["go", "now", "1\ufe0f\u20e3"]),
        ("a\u00a0b\u2003c", ["a", "b", "c"]),
        ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", ["\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"]),
    ],
)
def test_words(text, expected):
    """Hand-made texts fall into the words a reader sees."""
    assert words(text) == expected


@given(st.text())
def test_spans_are_in_order_and_hold_no_blank(text):
    """Words come in order, apart, not empty, and hold neither blanks nor emoji."""
    end = 0
    for a, b in word_spans(text):
        assert end <= a < b <= len(text)
        assert not any(c.isspace() for c in text[a:b])
        assert text[a:b].strip("@#$%")[:1].isalnum() or text[a] == "_" or unicodedata.category(text[a])[0] in "LNP"
        end = b


@given(st.text(alphabet="ab \u0301\u0308\u200d\ufe0f\u20e31\u6f22\U0001f469\U0001f3fd'-.,%#@"))
def test_no_word_is_followed_by_a_mark(text):
    """A word takes all marks and joiners behind it, so that cutting at its end splits no character."""
    for _, b in word_spans(text):
        assert b == len(text) or (unicodedata.category(text[b])[0] != "M" and text[b] != "\u200d")


@given(
    st.text(alphabet=st.characters(max_codepoint=0x2FF))
    | st.text(alphabet="a\u00e91 '\u2019-\u2011\xad\u2026\u20ac%,.@")
)
def test_fast_patterns_agree(text):
    """The fast patterns for ASCII and Latin letters give what the general one gives."""
    assert words(text) == words(text + " \u0394")[:-1]
