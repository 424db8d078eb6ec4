"""What the cleaners of text reject, and why."""

import pytest

from augury_text.cleaners import Blank, Valid, letters


@pytest.mark.parametrize(
    ("params", "text", "reason"),
    [
        ({"chars_range": (3, 9)}, "ab", "too_short"),
        ({"chars_range": (3, 9)}, "abcdefghij", "too_long"),
        ({"chars_range": (3, 9)}, "abc", None),
        ({"words_range": (2, 3)}, "one", "few_words"),
        ({"words_range": (2, 3)}, "one two three four", "many_words"),
        ({"words_range": (2, 3)}, "well-known can't", None),
        ({}, "a\tb\r\nc", None),
        ({}, "a\x00b", "controls"),
        ({}, "caf\ufffd", "controls"),
        ({"max_controls": 1}, "caf\ufffd", None),
        ({"min_letters": 0.5}, "--- !!! a", "few_letters"),
        ({"min_letters": 0.9}, "\u0939\u093f\u0928\u094d\u0926\u0940 \u6f22\u5b57 e\u0301", None),
        ({}, "", "too_short"),
    ],
)
def test_valid(params, text, reason):
    """Each bound rejects what is outside it, at its edge keeps, and says why."""
    verdict = Valid(**params).judge(text, None)
    assert (verdict and verdict.reason) == reason


@pytest.mark.parametrize("text", ["", " \t\n", "\u200b\ufeff", "\u00a0\x07", "\u0301"])
def test_nothing_to_see_is_blank(text):
    """Blanks, controls, zero-width characters and marks alone are blank."""
    assert Blank().judge(text, None).reason == "blank"


@pytest.mark.parametrize("text", ["a", " . ", "\U0001f469", "\u6f22"])
def test_anything_to_see_is_not(text):
    """One visible character is enough."""
    assert Blank().judge(text, None) is None


def test_letters_are_a_share_of_what_is_no_blank():
    """Letters, digits and marks over all characters that are no blanks."""
    assert letters("a1 !?") == 0.5
    assert letters("   ") == 0
