"""text.normalize: one way of writing what can be written in several."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Literal, TypeAlias

from augury.effects import Effects
from augury.op import Info, Op
from augury.rng import Rng
from augury_text.edits import Edit, ropes, same_text, written

Form: TypeAlias = Literal["NFC", "NFD", "NFKC", "NFKD"]
Blanks: TypeAlias = Literal["single", "line"]

_BREAKS = "\n\v\f\r\x1c\x1d\x1e\x85\u2028\u2029"
_SPACE = re.compile(r"\s+")
_ALONG_LINE = re.compile(rf"\A\s+|\s+\Z|[^\S{_BREAKS}]+")
_QUOTES = {
    **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u2039\u203a\u02bc\u275b\u275c\uff07", "'"),
    **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb\u275d\u275e\u301d\u301e\u301f\uff02", '"'),
}
_QUOTE = re.compile(f"[{''.join(_QUOTES)}]")


class Normalize(Op):
    """Write a text in one Unicode normal form, with plain blanks and straight quotes; each of them can be left out.

    Outside the edits the text stays as it is, character by character. A second run changes nothing.

    Fields: text; labelled spans stay on what is written otherwise, tags on their words. A span that begins or ends
        inside an edit, between a letter and its accent, is dropped.

    Args:
        form: The Unicode normal form: NFC, NFD, NFKC or NFKD; null leaves it.
        blanks: ``single`` makes every run of blanks one space and keeps line breaks, without blanks beside them;
            ``line`` makes line breaks spaces too. Both strip the ends. null leaves them.
        quotes: Whether curly, low, angle and full-width quotation marks and primes become ' and ".

    Draws: nothing random; the edits that the text needs.

    Cost: about 2 us for a text that is normal already; a pass over its characters where it is not.

    Reference: Unicode Standard Annex 15.
    """

    on = "text"
    reads = frozenset({"value"})

    form: Form | None = "NFC"
    blanks: Blanks | None = "single"
    quotes: bool = False

    def draw(self, rng: Rng, info: Info) -> Any:
        """Find the edits: {"field", "edits": a list of [start, end, replacement] for each pass over the text}."""
        text, edits = info.value, []
        for find in self._passes():
            found = find(text)
            edits.append([list(edit) for edit in found])
            text = written(text, found)
        return {"field": info.field, "edits": edits}

    def effect(self, draw: Any, info: Info) -> Effects:
        """Return a rope for each pass that edits anything."""
        return ropes(info.size.length, same_text(draw, info, self.entry_id))

    def _passes(self) -> list[Callable[[str], list[Edit]]]:
        passes: list[Callable[[str], list[Edit]]] = []
        if form := self.form:
            passes.append(lambda text: to_form(text, form))
        if self.quotes:
            passes.append(straight_quotes)
        if blanks := self.blanks:
            passes.append(lambda text: plain_blanks(text, blanks))
        return passes


def to_form(text: str, form: Form) -> list[Edit]:
    """Return the edits that bring ``text`` to a Unicode normal form: whole characters with all their marks.

    Cost: nothing but a look where the text has the form; else about 0.3 us a character beyond Latin.
    """
    if unicodedata.is_normalized(form, text):
        return []
    edits, start = [], 0
    for end in range(1, len(text) + 1):
        if end < len(text) and _goes_on(text[end]):
            continue
        old = text[start:end]
        if (new := unicodedata.normalize(form, old)) != old:
            edits.append((start, end, new))
        start = end
    return edits


def straight_quotes(text: str) -> list[Edit]:
    """Return the edits that make quotation marks of every shape ' and "."""
    return [(found.start(), found.end(), _QUOTES[found[0]]) for found in _QUOTE.finditer(text)]


def plain_blanks(text: str, blanks: Blanks) -> list[Edit]:
    """Return the edits that make runs of blanks single spaces and strip the ends."""
    edits = []
    for found in (_ALONG_LINE if blanks == "single" else _SPACE).finditer(text):
        start, end = found.span()
        at_edge = start == 0 or end == len(text) or text[start - 1] in _BREAKS or text[end] in _BREAKS
        new = "" if at_edge else " "
        if found[0] != new:
            edits.append((start, end, new))
    return edits


def _goes_on(character: str) -> bool:
    """Whether a character may join, or change places with, the one before it."""
    return character >= "\u0300" and _joins(character)


@lru_cache(maxsize=4096)
def _joins(character: str) -> bool:
    first = unicodedata.normalize("NFKD", character)[0]
    return unicodedata.category(first)[0] == "M" or "\u1160" <= first <= "\u11ff"  # marks; vowels and ends of Hangul
