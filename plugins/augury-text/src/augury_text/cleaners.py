"""Cleaners of text: which texts are worth keeping."""

from __future__ import annotations

import unicodedata
from typing import Annotated

from augury.cleaner import Cleaner, CleanInfo, Rejection
from augury.params import Fraction, IntRange, Within
from augury_text.tokens import word_spans

Counts = Annotated[IntRange, Within(0)]

_KEPT_CONTROLS = frozenset("\t\n\r")
_UNSEEN = frozenset({"Cc", "Cf", "Mn", "Me"})


class Valid(Cleaner):
    """Reject texts that are too short, too long, hardly made of letters, or that hold characters of no text.

    Args:
        chars_range: (lo, hi) of the length in characters.
        words_range: (lo, hi) of the number of words, as `augury_text.word_spans` counts them.
        min_letters: Least share of letters and digits, of any script, with their marks, among the characters that are
            no blanks.
        max_controls: Most control characters (tab and line breaks aside) and U+FFFD, put where decoding failed.

    Rejects: ``too_short``, ``too_long``, ``few_words``, ``many_words``, ``few_letters``, ``controls``.

    Cost: about 3 us for 100 ASCII characters, 15 us for others.
    """

    on = "text"

    chars_range: Counts = (1, 1_000_000)
    words_range: Counts = (0, 1_000_000)
    min_letters: Fraction = 0.0
    max_controls: Annotated[int, Within(0)] = 0

    def judge(self, value: str, info: CleanInfo) -> Rejection | None:
        """Return the first of the reasons that holds."""
        (least, most), length = self.chars_range, len(value)
        if not least <= length <= most:
            reason = "too_short" if length < least else "too_long"
            return Rejection(reason, f"{length} characters, asked for {least} to {most}")
        (least, most), words = self.words_range, len(word_spans(value))
        if not least <= words <= most:
            reason = "few_words" if words < least else "many_words"
            return Rejection(reason, f"{words} words, asked for {least} to {most}")
        controls = sum(_no_text(c) for c in value)
        if controls > self.max_controls:
            return Rejection("controls", f"{controls} control or broken characters, asked for {self.max_controls}")
        if self.min_letters and (share := letters(value)) < self.min_letters:
            return Rejection("few_letters", f"a share of {share:.2f} letters, asked for {self.min_letters:g}")
        return None


class Blank(Cleaner):
    """Reject texts in which nothing can be seen: empty, or of blanks, controls and zero-width characters alone.

    Rejects: ``blank``.

    Cost: under 1 us.
    """

    on = "text"

    def judge(self, value: str, info: CleanInfo) -> Rejection | None:
        """Return ``blank`` unless a character can be seen."""
        for c in value:
            if not c.isspace() and unicodedata.category(c) not in _UNSEEN:
                return None
        return Rejection("blank", f"{len(value)} characters, none of which can be seen")


def letters(text: str) -> float:
    """Return the share of letters, digits and marks among the characters of ``text`` that are no blanks; 0 for none."""
    seen = [c for c in text if not c.isspace()]
    return sum(c.isalnum() or unicodedata.category(c)[0] == "M" for c in seen) / len(seen) if seen else 0.0


def _no_text(c: str) -> bool:
    if " " <= c <= "~" or c in _KEPT_CONTROLS:
        return False
    return c == "\ufffd" or unicodedata.category(c) == "Cc"
