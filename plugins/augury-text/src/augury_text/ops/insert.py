"""text.insert: put synonyms of the text's own words between its words."""

from __future__ import annotations

from typing import Annotated, Any

from augury.effects import Rope
from augury.op import Info, Op
from augury.params import Fraction, Within
from augury.rng import Rng
from augury_text.edits import how_many, labelled, replace, same_text
from augury_text.lexicon import Source
from augury_text.ops.synonym import synonyms_of
from augury_text.tokens import Span, word_spans


class Insert(Op):
    """Insert synonyms of random words of the text at random places, a blank between.

    English. A word goes in front of another one, or behind the last; never between an article and its noun.

    Fields: text; labelled spans and tags follow (a new word gets the tag that the field's `inserted` names).

    Args:
        fraction: Number of words to insert as a share of the text's words, rounded, at least one.
        senses: How many senses of a word to take synonyms from, the most frequent first.
        best: How many of the best known synonyms to choose from.
        keep_spans: Insert nothing inside labelled spans, so that no span is torn apart.
        source: "compiled", the lexicon that comes with the package, or "nltk", the WordNet data of an installed NLTK.

    Draws: words that have synonyms, uniformly; for each a synonym and a place, uniformly.

    Cost: about 15 us for 100 characters; the lexicon takes 30 ms and 15 MB, once.

    Reference: random insertion of Wei and Zou, "EDA", EMNLP 2019.
    """

    on = "text"
    reads = frozenset({"value", "targets"})

    fraction: Fraction = 0.1
    senses: Annotated[int, Within(1, 3)] = 1
    best: Annotated[int, Within(1, 6)] = 4
    keep_spans: bool = True
    source: Source = "compiled"

    def draw(self, rng: Rng, info: Info) -> Any:
        """Draw the words and their places: {"field", "edits": [[at, at, new], ...]}."""
        text = info.value
        spans = word_spans(text)
        kept = labelled(info) if self.keep_spans else []
        edits = []
        for index, synonym in synonyms_of(self, rng, text, spans, how_many(self.fraction, len(spans)), []):
            start, end = spans[index]
            new = synonym if text[start:end].isupper() else synonym.lower()
            at, behind = _place(text, spans, rng.integer(0, len(spans)), kept)
            edits.append([at, at, f" {new}" if behind else f"{new} "])
        return {"field": info.field, "edits": sorted(edits)}

    def effect(self, draw: Any, info: Info) -> Any:
        """Return the inserts as a rope; nothing where there is none."""
        edits = same_text(draw, info, self.entry_id)
        return Rope(replace(info.size.length, edits)) if edits else []


def _place(text: str, spans: list[Span], slot: int, kept: list[Span]) -> tuple[int, bool]:
    """Return the offset of a slot between words, and whether it is behind the last word rather than before one."""
    if slot == len(spans):
        end = spans[-1][1]
        return (end, True) if not _inside(end, kept) else (0, False)
    while slot and (_inside(spans[slot][0], kept) or _after_article(text, spans, slot)):
        slot -= 1
    return spans[slot][0], False


def _inside(at: int, ranges: list[Span]) -> bool:
    return any(start < at < end for start, end in ranges)


def _after_article(text: str, spans: list[Span], slot: int) -> bool:
    start, end = spans[slot - 1]
    return text[start:end].lower() in ("a", "an", "the")
