"""Words and where they stand: the tokenizer that every text op shares."""

from __future__ import annotations

import functools
import re
import sys
import unicodedata

Span = tuple[int, int]

_PATTERN = (
    r"[@#$]?{word}(?:[{joiners}]{word}|,(?=\d){word}|"
    r"://\S*[\w/])*+{percent}"  # an address is one word
)
_ASCII = re.compile(_PATTERN.format(word=r"\w++", joiners=r"'.@&/:\-", percent="%?"), re.ASCII)
_JOINERS = r"'.@&/:\-\u2019\u2010\u2011\xad"
_LATIN = re.compile(_PATTERN.format(word=r"\w++", joiners=_JOINERS, percent="%?"))
_BEYOND_LATIN = re.compile("[^\x00-\u02ff\u2010-\u205e\u20a0-\u20bf]")  # may be a mark, a joiner, or Chinese

_SPAN = re.Match.span

_CJK = (
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3038-\u303b\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\uff66-\uff9f\U0001b000-\U0001b16f\U00020000-\U0003ffff"
)
_JOIN_CONTROLS = "\u200c\u200d"
_LAST_WITH_MARKS = 0x1FFFF
_VARIATION_SELECTORS = "\U000e0100-\U000e01ef"


def word_spans(text: str) -> list[Span]:
    """Find the words of a text.

    A word keeps its inner apostrophes and hyphens, and so do numbers (`3.5`, `1,000`, `10:30`), abbreviations
    (`U.S`), addresses, `@names`, `#tags` and `50%`. Combining marks belong to the letter before them. Every Chinese
    or Japanese character is a word of its own; scripts written without blanks otherwise (Thai, Khmer) give one word
    a run. Emoji, punctuation and blanks are no words, so an edit between or of words never splits one of them.

    Args:
        text: any string.

    Returns:
        (start, end) offsets in characters, in order, apart from each other.

    Cost: one pass; about 3 us for 100 ASCII characters, twice that for Latin letters, four times for others.
    """
    if text.isascii():
        pattern = _ASCII
    else:
        pattern = _unicode_pattern() if _BEYOND_LATIN.search(text) else _LATIN
    return list(map(_SPAN, pattern.finditer(text)))


@functools.cache
def _unicode_pattern() -> re.Pattern[str]:
    marks = _combining_marks()
    letters = rf"(?:[^\W{_CJK}]++[{marks}]*+)++"
    words = _PATTERN.format(word=letters, joiners=_JOINERS, percent=rf"(?:%(?![{marks}]))?")
    return re.compile(rf"(?=\w)[{_CJK}][{marks}]*+|{words}")


def _combining_marks() -> str:
    """The inside of a character class: all combining marks, the joining controls and variation selectors."""
    last = min(_LAST_WITH_MARKS, sys.maxunicode)
    points = [point for point in range(last + 1) if unicodedata.category(chr(point))[0] == "M"]
    ranges: list[list[int]] = []
    for point in points:
        if ranges and point == ranges[-1][1] + 1:
            ranges[-1][1] = point
        else:
            ranges.append([point, point])
    classes = "".join(f"{chr(first)}-{chr(final)}" for first, final in ranges)
    return classes + _JOIN_CONTROLS + _VARIATION_SELECTORS
