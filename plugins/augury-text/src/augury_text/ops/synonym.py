"""text.synonym: replace words by synonyms."""

from __future__ import annotations

from typing import Annotated, Any

from augury.effects import Rope
from augury.op import Info, Op
from augury.params import Fraction, Within
from augury.rng import Rng
from augury_text.edits import Edit, how_many, labelled, outside, replace, same_text
from augury_text.inflect import article, in_case_of
from augury_text.lexicon import Source
from augury_text.tagger import load_tagger
from augury_text.tokens import Span, word_spans

_PARTICLES = frozenset(("up", "out", "off", "down", "away", "back"))


class Synonym(Op):
    """Replace words by synonyms of their part of speech, in the same inflection and casing.

    English. The part of speech comes from the lexicon and the neighbouring words; names, function words, phrasal verbs
    and words without a fitting synonym stay. An article before a new word is corrected (`a car`, `an automobile`).

    Fields: text; labelled spans and tags follow (a tag stays on the word that stands for the old one).

    Args:
        fraction: Share of the words to replace, rounded, at least one where there is a word to replace.
        senses: How many senses of a word to take synonyms from, the most frequent first.
        best: How many of the best known synonyms to choose from.
        keep_spans: Leave words in labelled spans alone, so that no span is lost.
        source: "compiled", the lexicon that comes with the package, or "nltk", the WordNet data of an installed NLTK.

    Draws: the words, uniformly among those that have synonyms, and for each a synonym, uniformly among the best.

    Cost: about 15 us for 100 characters; the lexicon takes 30 ms and 15 MB, once.

    Reference: WordNet 3.0, Princeton University; synonym replacement of Wei and Zou, "EDA", EMNLP 2019.
    """

    on = "text"
    reads = frozenset({"value", "targets"})

    fraction: Fraction = 0.1
    senses: Annotated[int, Within(1, 3)] = 1
    best: Annotated[int, Within(1, 6)] = 4
    keep_spans: bool = True
    source: Source = "compiled"

    def draw(self, rng: Rng, info: Info) -> Any:
        """Draw the words and their synonyms: {"field", "edits": [[start, end, new], ...]}."""
        text = info.value
        spans = word_spans(text)
        kept = labelled(info) if self.keep_spans else []
        edits: list[Edit] = []
        for index, new in synonyms_of(self, rng, text, spans, how_many(self.fraction, len(spans)), kept):
            start, end = spans[index]
            fixed = _article(text, spans[index - 1], start, new) if index else None
            if fixed and not outside([fixed[:2]], kept):
                continue
            edits += [(start, end, new), fixed] if fixed else [(start, end, new)]
        return {"field": info.field, "edits": [list(edit) for edit in sorted(edits)]}

    def effect(self, draw: Any, info: Info) -> Any:
        """Return the edits as a rope; nothing where there is none."""
        edits = same_text(draw, info, self.entry_id)
        return Rope(replace(info.size.length, edits)) if edits else []


def synonyms_of(op: Any, rng: Rng, text: str, spans: list[Span], count: int, kept: list[Span]) -> list[tuple[int, str]]:
    """Draw up to `count` words that have synonyms, and a synonym for each.

    Args:
        op: gives `senses`, `best` and `source`.
        rng: the step's numbers.
        text: the text.
        spans: its words.
        count: how many words are wanted.
        kept: ranges of characters to leave alone.

    Returns:
        (index of the word, synonym in its inflection and casing), in random order.
    """
    tagger = load_tagger(op.source)
    lexicon, senses = tagger.lexicon, op.senses
    known = lexicon.replaceable(senses)
    able = [i for i, (start, end) in enumerate(spans) if known[text[start:end]]]
    if kept:
        free = set(outside(spans, kept))
        able = [i for i in able if spans[i] in free]
    found: list[tuple[int, str]] = []
    while able and len(found) < count:
        index = able.pop(rng.integer(0, len(able) - 1))
        start, end = spans[index]
        tag = tagger.tag(text, spans, index)
        choices = lexicon.substitutes(text[start:end], tag, senses)[: op.best]
        if choices and not (tag[0] == "V" and _particle_follows(text, spans, index)):
            found.append((index, rng.choice(choices)))
    return found


def _particle_follows(text: str, spans: list[Span], index: int) -> bool:
    """Whether a verb is part of a phrasal one (`give up`), which its own synonyms do not fit."""
    if index + 1 == len(spans):
        return False
    start, end = spans[index + 1]
    return text[start:end].lower() in _PARTICLES


def _article(text: str, before: Span, start: int, new: str) -> Edit | None:
    """The correction of an indefinite article right before a new word, if it needs one."""
    a, b = before
    word = text[a:b]
    if word.lower() not in ("a", "an") or not text[b:start].isspace():
        return None
    right = article(new)
    return None if right == word.lower() else (a, b, in_case_of(right, word))
