"""A light part-of-speech tagger: the lexicon's counts, endings, and the words on either side.

It is made to pick the sense of a synonym and the form of its inflection, one word at a time, at about a microsecond
a word; it is not a treebank tagger.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

from augury_text.function_words import FUNCTION_WORDS
from augury_text.lexicon import Lexicon, Source, load_lexicon
from augury_text.tokens import Span

_STOPS = frozenset('.!?;:()[]{}"\n\u201c\u201d\u2014\u2013\u2026')
_QUOTES = frozenset("\"'\u201c\u2018(")
_CONTRACTIONS = (("n't", "MD"), ("'ll", "MD"), ("'d", "MD"), ("'ve", "HV"), ("'m", "BE"), ("'re", "BE"))
_CLITIC_SUBJECTS = frozenset(("it", "he", "she", "that", "there", "what", "who", "here", "where", "how", "let"))

# How the class before a word shifts the log odds of its tags. Only what differs from 0 is listed.
_BEFORE: dict[str, dict[str, float]] = {
    "DT": {"NN": 3, "NNS": 3, "JJ": 2.5, "JJR": 2, "JJS": 3, "VB": -6, "VBD": -6, "VBZ": -8, "VBG": 0, "RB": -2},
    "PRP": {"VB": 3, "VBD": 4, "VBZ": 4, "VBN": -2, "VBG": -3, "NN": -4, "NNS": -4, "JJ": -3, "RB": 1},
    "PRO": {"VB": 0.5, "VBG": 1, "RB": 1.5, "JJ": 0.5, "VBD": -1, "VBZ": -3, "NN": -1},
    "MD": {"VB": 5, "NN": -3, "NNS": -2, "VBD": -5, "VBZ": -6, "VBN": -4, "VBG": -4, "JJ": -2},
    "BE": {"VBG": 4, "VBN": 3, "JJ": 2, "JJR": 3, "VBD": -6, "VB": -6, "VBZ": -6, "RB": 1},
    "HV": {"VBN": 5, "VB": -5, "VBD": -4, "VBZ": -6, "NN": 0.5, "JJ": 0.5, "RB": 0.5},
    "IN": {"NN": 2.5, "NNS": 2.5, "JJ": 1.5, "VBG": 1.5, "VB": -4, "VBD": -5, "VBZ": -5, "RB": -1},
    "CC": {},
    "WH": {"NN": 0.5, "VB": -0.5, "VBZ": 0.5},
    "DG": {"JJ": 4, "RB": 3, "VBN": 0.5, "NN": -3, "NNS": -3, "VB": -4, "VBD": -3, "VBZ": -4, "VBG": -1},
    "RB": {"VBD": 1, "VBN": 1, "VBG": 1, "VBZ": 0.5, "VB": 0.5, "JJ": 1, "NN": -1},
    "CD": {"NN": 2.5, "NNS": 3.5, "JJ": 1, "VB": -4, "VBD": -2, "VBZ": -5},
    "NNP": {"VBZ": 2.5, "VBD": 2, "VB": -2, "NN": 0.5, "JJ": -2, "RB": 0.5},
    "NN": {"VBZ": 2.5, "VBD": 1.5, "VB": -3, "NN": 0.5, "NNS": 0.5, "JJ": -2, "RB": 1, "VBN": 0, "JJR": -1},
    "NNS": {"VB": 2, "VBD": 2, "VBZ": -3, "NN": -1, "JJ": -2, "RB": 1, "NNS": -1},
    "JJ": {"NN": 2.5, "NNS": 3, "VB": -3, "VBD": -3, "VBZ": -3, "VBN": -2, "JJ": 0.5, "RB": -1},
    "VB": {"NN": 0.5, "NNS": 1.5, "VB": -3, "VBD": -4, "VBZ": -4, "VBG": 1, "JJ": 0.5, "RB": 1},
    "VBG": {"NN": 1, "NNS": 1.5, "VB": -3, "VBD": -3, "VBZ": -4, "JJ": 0.5, "RB": 1},
    "^": {"VB": 0, "NN": 0.5, "VBD": -2, "VBZ": -1.5, "VBN": -0.5},
    ",": {"VBZ": -0.5},
}
_BEFORE["PRP$"] = _BEFORE["DT"] | {"JJS": 3, "JJR": 1}
_BEFORE["UH"] = _BEFORE["^"]
_BEFORE["VBD"] = _BEFORE["VBZ"] = _BEFORE["VB"]
_BEFORE["VBN"] = _BEFORE["VBG"]
_BEFORE["JJR"] = _BEFORE["JJS"] = _BEFORE["JJ"]

# The same for the class after it.
_AFTER: dict[str, dict[str, float]] = {
    "DT": {"VB": 2, "VBD": 2, "VBZ": 2, "VBG": 1.5, "VBN": 0.5, "JJ": -2, "NN": -0.5, "RB": 0.5},
    "PRO": {"VB": 2, "VBD": 2, "VBZ": 2, "VBG": 1.5, "JJ": -2, "NN": -1},
    "PRP": {"VB": 0.5, "VBD": 0.5, "VBZ": 0.5, "JJ": -1},
    "NN": {"JJ": 2.5, "JJR": 1.5, "JJS": 1.5, "NN": 0.5, "RB": -2, "VBD": -0.5},
    "NNP": {},
    "IN": {"NN": 0.5, "NNS": 0.5, "VBN": 0.5, "JJ": -1, "RB": 0.3, "VBD": 0.5},
    "MD": {"NN": 1.5, "NNS": 1.5, "JJ": -1, "VBD": -1, "VB": -1},
    "BE": {"NN": 2, "NNS": 2, "JJ": -1, "VB": -2, "VBD": -2},
    "HV": {"NN": 1.5, "NNS": 1.5, "JJ": -1, "VB": -2, "VBD": -2},
    "VBD": {"NN": 1.5, "NNS": 1.5, "RB": 0.5, "JJ": -1, "VBD": -2, "VBZ": -2},
    "JJ": {"RB": 1.5, "JJ": 0.5, "VBD": 0.3, "VBZ": 0.3},
    "CD": {"VB": 1, "VBD": 1, "VBZ": 1, "JJ": -0.5},
    "DG": {"VBD": 0.5, "VBZ": 0.5, "BE": 0.5, "JJ": -1},
    "^": {"NN": 0.7, "NNS": 0.7, "RB": 0.7},
    ",": {"NN": 0.5, "NNS": 0.5},
}
_AFTER["PRP$"] = _AFTER["DT"]
_AFTER["NNS"] = _AFTER["NN"]
_AFTER["VBZ"] = _AFTER["VBD"]

_UNKNOWN_ENDINGS = (
    ("ly", "RB"), ("ing", "VBG"), ("ed", "VBN"), ("ness", "NN"), ("tion", "NN"), ("ment", "NN"), ("ity", "NN"),
    ("ous", "JJ"), ("ful", "JJ"), ("able", "JJ"), ("ible", "JJ"), ("ive", "JJ"), ("less", "JJ"), ("ish", "JJ"),
    ("ic", "JJ"), ("al", "JJ"), ("ize", "VB"), ("ise", "VB"), ("ify", "VB"), ("ss", "NN"), ("s", "NNS"),
)  # fmt: skip
# A lemma's count is shared by its forms; this is the log of a form's part.
_FORM_SHARE = {"VB": -0.7, "VBZ": -1.5, "VBD": -0.9, "VBN": -1.4, "VBG": -1.6, "NNS": -1.0, "JJR": -2.5, "JJS": -2.5}
_UNSEEN = 0.4  # stands for a count of 0
_AUXILIARIES = frozenset(("HV", "BE", "MD"))
_MOST_ADVERBS = 3
_NOTHING: dict[str, float] = {}
_CACHED_WORDS = 16384


class Tagger:
    """Tags words of a text by the lexicon and their neighbours.

    Args:
        lexicon: gives the readings of a form and how frequent they are.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self._odds = functools.lru_cache(_CACHED_WORDS)(self._log_odds)
        self._alone = functools.lru_cache(_CACHED_WORDS)(self._class_alone)

    def tag(self, text: str, spans: Sequence[Span], index: int) -> str:
        """Tag one word.

        Args:
            text: the whole text.
            spans: its words, as `tokens.word_spans` gives them.
            index: which of them.

        Returns:
            A Penn tag (NN, NNS, NNP, VB, VBZ, VBD, VBN, VBG, JJ, JJR, JJS, RB, CD) or, for a function word, its
            class in `function_words`. Bare verb forms are all VB.
        """
        start, end = spans[index]
        word = text[start:end]
        lower = word.lower()
        if lower in FUNCTION_WORDS:
            return FUNCTION_WORDS[lower]
        odds = self._odds(lower)
        if len(odds) == 1 and word == lower:
            return odds[0][0]
        before = self._neighbour(text, spans, index, -1)
        if before == "RB":  # "has not arrived": the auxiliary decides, not what stands between
            earlier = self._past_adverbs(text, spans, index - 1)
            before = earlier if earlier in _AUXILIARIES else before
        after = self._neighbour(text, spans, index, 1)
        if word != lower and word[0].isupper() and (before != "^" or after == "NNP") and not text.isupper():
            return "NNP"
        left, right = _BEFORE.get(before, _NOTHING), _AFTER.get(after, _NOTHING)
        best, most = "", -math.inf
        for tag, value in odds:
            value += left.get(tag, 0.0) + right.get(tag, 0.0)
            if value > most:
                best, most = tag, value
        return best

    def tags(self, text: str, spans: Sequence[Span]) -> list[str]:
        """Tag every word of a text."""
        return [self.tag(text, spans, index) for index in range(len(spans))]

    def _neighbour(self, text: str, spans: Sequence[Span], index: int, step: int) -> str:
        """The class of the word beside one: "^" past a stop or an end of the text, "," past a comma."""
        other = index + step
        if not 0 <= other < len(spans):
            return "^"
        start, end = spans[other]
        gap = text[end : spans[index][0]] if step < 0 else text[spans[index][1] : start]
        if gap != " ":
            if not _STOPS.isdisjoint(gap):
                return "^"
            if "," in gap:
                return ","
        word = text[start:end]
        lower = word.lower()
        if lower != word and word != "I" and lower not in FUNCTION_WORDS and other and not text.isupper():
            return "NNP"
        return self._alone(lower)

    def _past_adverbs(self, text: str, spans: Sequence[Span], index: int) -> str:
        """The class before a word and the few adverbs that lead up to it."""
        for at in range(index, max(index - _MOST_ADVERBS, 0), -1):
            found = self._neighbour(text, spans, at, -1)
            if found != "RB":
                return found
        return "RB"

    def _class_alone(self, lower: str) -> str:
        """The class of a word whose neighbours are not looked at."""
        return FUNCTION_WORDS.get(lower) or max(self._odds(lower), key=lambda item: item[1])[0]

    def _log_odds(self, lower: str) -> tuple[tuple[str, float], ...]:
        """The tags a lower-case word may have, with their log odds before looking around it."""
        closed = _contraction(lower)
        if closed:
            return ((closed, 0.0),)
        odds: dict[str, float] = {}
        for reading in self.lexicon.readings(lower):
            value = math.log(reading.uses + _UNSEEN) + _FORM_SHARE.get(reading.tag, 0.0)
            odds[reading.tag] = max(value, odds.get(reading.tag, value))
        return tuple(odds.items()) or _guess(lower)


def load_tagger(source: Source = "compiled") -> Tagger:
    """The tagger on a lexicon; the second call gives the same object."""
    return _opened(source)


@functools.cache
def _opened(source: Source) -> Tagger:
    return Tagger(load_lexicon(source))


def _contraction(lower: str) -> str | None:
    """The class a word has by its clitic, or None if it has none."""
    if "\u2019" in lower:
        lower = lower.replace("\u2019", "'")
    if "'" not in lower:
        return None
    if lower.endswith("'s"):
        return "BE" if lower[:-2] in _CLITIC_SUBJECTS else "PRP$"
    return next((tag for clitic, tag in _CONTRACTIONS if lower.endswith(clitic)), None)


def _guess(lower: str) -> tuple[tuple[str, float], ...]:
    """Tags of a word the lexicon does not know, by its look."""
    if any(character.isdigit() for character in lower):
        return (("CD", 0.0),)
    for ending, tag in _UNKNOWN_ENDINGS:
        if lower.endswith(ending) and len(lower) > len(ending) + 2:
            return (("VBN", 0.0), ("VBD", 0.0)) if tag == "VBN" else ((tag, 0.0),)
    return (("JJ", 0.0), ("NN", -0.5)) if "-" in lower else (("NN", 0.0),)
