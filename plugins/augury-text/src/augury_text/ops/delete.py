"""text.delete: delete words and close the gaps."""

from __future__ import annotations

import unicodedata
from typing import Annotated, Any

from augury.effects import Rope
from augury.op import Info, Op
from augury.params import Fraction, Within
from augury.rng import Rng
from augury_text.edits import how_many, labelled, outside, replace, same_text
from augury_text.tokens import Span, word_spans

_BLANKS = " \t\u00a0\u202f\u3000"
_CLOSING = ".,;:!?)]}\u2026\u201d\u2019\u3002\uff0c"
_ENDING = ".!?;:\u2026\u3002"
_LISTING = ",;:\uff0c"
_PAIRS = {"(": ")", "[": "]", "{": "}", '"': '"', "'": "'", "\u201c": "\u201d", "\u2018": "\u2019", "*": "*"}


class Delete(Op):
    """Delete words, and the blanks, brackets and commas that would be left over.

    Any language that `augury_text.word_spans` splits. No double blank, no blank before a full stop and no empty pair
    of brackets or quotes is left where a word was; everything else stays, byte for byte.

    Fields: text; labelled spans and tags follow (those of deleted words go).

    Args:
        fraction: Share of the words to delete, rounded, at least one.
        min_words: Words that must be left; a text with no more than these is left alone.
        keep_spans: Leave words in labelled spans alone, so that no span is lost.

    Draws: the words, uniformly.

    Cost: about 8 us for 100 characters.

    Reference: random deletion of Wei and Zou, "EDA", EMNLP 2019, with the share of words fixed.
    """

    on = "text"
    reads = frozenset({"value", "targets"})

    fraction: Fraction = 0.1
    min_words: Annotated[int, Within(1)] = 1
    keep_spans: bool = True

    def draw(self, rng: Rng, info: Info) -> Any:
        """Draw the words: {"field", "edits": [[start, end], ...]}, what belongs to the gaps included."""
        text = info.value
        spans = word_spans(text)
        count = min(how_many(self.fraction, len(spans)), max(len(spans) - self.min_words, 0))
        kept = labelled(info) if self.keep_spans else []
        if kept:
            spans = outside(spans, kept)
            count = min(count, len(spans))
        chosen = [spans[i] for i in sorted(rng.sample(len(spans), count))]
        cuts = _joined([tidied(text, start, end) for start, end in _runs(text, chosen)])
        return {"field": info.field, "edits": [list(cut) for cut in cuts]}

    def effect(self, draw: Any, info: Info) -> Any:
        """Return what is left as a rope; nothing where no word goes."""
        edits = [(start, end, "") for start, end in same_text(draw, info, self.entry_id)]
        return Rope(replace(info.size.length, edits)) if edits else []


def tidied(text: str, start: int, end: int) -> Span:
    """Widen the range of a deleted word over what would be left over without it.

    Args:
        text: the text.
        start: where the word begins.
        end: where it ends.

    Returns:
        The range to delete, which holds [start, end). No combining mark loses the character it stands on.
    """
    wide = _widened(text, start, end)
    return wide if wide[1] == len(text) or unicodedata.category(text[wide[1]])[0] != "M" else (start, end)


def _widened(text: str, start: int, end: int) -> Span:
    last = len(text)
    while start and end < last and _PAIRS.get(text[start - 1]) == text[end]:
        start, end = start - 1, end + 1
    first = start
    while first and text[first - 1] in _BLANKS:
        first -= 1
    before = text[first - 1] if first else "\n"
    after = text[end] if end < last else "\n"
    if before in _LISTING and after in _ENDING:
        return first - 1, end
    if after in _LISTING and (before in _LISTING or before == "\n"):
        end += 1
        after = text[end] if end < last else "\n"
    if before == "\n" or (first == start and before in _PAIRS):
        while end < last and text[end] in _BLANKS:
            end += 1
        return start, end
    if after in _BLANKS or after in _CLOSING or after in "\r\n":
        return first, end
    return start, end


def _runs(text: str, words: list[Span]) -> list[Span]:
    """Join words that have nothing but blanks between them."""
    runs: list[Span] = []
    for start, end in words:
        if runs and not text[runs[-1][1] : start].strip(_BLANKS):
            runs[-1] = (runs[-1][0], end)
        else:
            runs.append((start, end))
    return runs


def _joined(cuts: list[Span]) -> list[Span]:
    """Join ranges that touch or overlap."""
    out: list[Span] = []
    for start, end in cuts:
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        else:
            out.append((start, end))
    return out
