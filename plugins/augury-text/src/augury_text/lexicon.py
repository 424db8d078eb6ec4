"""The English lexicon: parts of speech, lemmas and ranked synonyms, from the compiled file or from NLTK's WordNet."""

from __future__ import annotations

import functools
import json
import zlib
from collections.abc import Mapping
from importlib import resources
from typing import Literal, NamedTuple

from augury_text.function_words import FUNCTION_WORDS, LIGHT_VERBS
from augury_text.inflect import in_case_of, inflect, readings

Source = Literal["compiled", "nltk"]

_FORMAT = 1
_CACHED_WORDS = 16384


class Reading(NamedTuple):
    """One way to read a word form."""

    pos: str
    """n, v, a (adjective) or r (adverb)."""
    lemma: str
    tag: str
    """NN, NNS, VB (any bare form), VBZ, VBD, VBN, VBG, JJ, JJR, JJS or RB."""
    uses: int
    """How often the lemma is tagged so in WordNet's sense-tagged texts: a prior, and 0 for most words."""


class Lexicon:
    """Lemmas with their parts of speech and synonyms.

    Args:
        entries: lemma to its entry, `;`-joined `pos:count:senses` as `tools/build_lexicon.py` defines it.
        irregular: irregular form to its `;`-joined `pos:lemma` readings.
        header: where the data comes from.

    Immutable, so any thread may use one; results are cached, up to a fixed number of words.
    """

    def __init__(self, entries: Mapping[str, str], irregular: Mapping[str, str], header: Mapping[str, object]) -> None:
        self.header = header
        self.irregular = irregular
        self._entries = entries
        self.readings = functools.lru_cache(_CACHED_WORDS)(self._readings)
        self.replaceable = functools.cache(functools.partial(Replaceable, self))
        self.substitutes = functools.lru_cache(_CACHED_WORDS)(self._substitutes)

    def entry(self, lemma: str) -> dict[str, tuple[int, tuple[tuple[str, ...], ...]]]:
        """Parts of speech of a lemma, each with its count and its synonyms sense by sense; {} if unknown."""
        line = self._entries.get(lemma)
        if not line:
            return {}
        entry = {}
        for part in line.split(";"):
            pos, count, senses = part.split(":")
            groups = tuple(tuple(filter(None, group.split(","))) for group in senses.split("|"))
            entry[pos] = (int(count), groups)
        return entry

    def synonyms(self, lemma: str, pos: str, senses: int = 2) -> tuple[str, ...]:
        """Synonyms of a lemma, the most frequent sense first and in a sense the best known word first.

        Args:
            lemma: in lower case.
            pos: n, v, a (adjective) or r (adverb).
            senses: how many senses to look at, from the most frequent down.
        """
        _, groups = self.entry(lemma).get(pos, (0, ()))
        return tuple(dict.fromkeys(word for group in groups[:senses] for word in group))

    def _readings(self, form: str) -> tuple[Reading, ...]:
        """The ways to read a lower-case word form that the lexicon knows, without repetition."""
        found = {}
        for pos, lemma, tag in readings(form, self.irregular):
            known = self.entry(lemma).get(pos)
            if known and (form == lemma or form in self.irregular or inflect(lemma, tag, self.irregular) == form):
                found[pos, lemma, tag] = Reading(pos, lemma, tag, known[0])
        return tuple(found.values())

    def _substitutes(self, word: str, tag: str, senses: int = 2) -> tuple[str, ...]:
        """Words that can stand in for a word read with a tag, inflected and cased like it, the best first."""
        form = word.lower()
        found: dict[str, None] = {}
        for reading in self.readings(form):
            if reading.tag == tag:
                for synonym in self.synonyms(reading.lemma, reading.pos, senses):
                    inflected = inflect(synonym, tag, self.irregular)
                    if inflected and inflected != form:
                        found[in_case_of(inflected, word)] = None
        return tuple(found)


class Replaceable(dict[str, bool]):
    """Whether a word, in any casing, has synonyms in some reading; function words and light verbs have none.

    A mapping that works its values out when they are first asked for, since every word of every text is asked for.

    Args:
        lexicon: where synonyms come from.
        senses: how many senses of a word to take synonyms from.
    """

    def __init__(self, lexicon: Lexicon, senses: int) -> None:
        super().__init__()
        self._lexicon = lexicon
        self._senses = senses

    def __missing__(self, word: str) -> bool:
        if len(self) >= _CACHED_WORDS:
            self.clear()
        form = word.lower()
        readings = self._lexicon.readings(form)
        barred = form in FUNCTION_WORDS or any(r.pos == "v" and r.lemma in LIGHT_VERBS for r in readings)
        self[word] = able = not barred and any(self._lexicon.synonyms(r.lemma, r.pos, self._senses) for r in readings)
        return able


def load_lexicon(source: Source = "compiled") -> Lexicon:
    """Open a lexicon; the second call gives the same object.

    Args:
        source: "compiled" is the file shipped with this package, "nltk" is the WordNet corpus of an installed NLTK.

    Raises:
        PluginError: NLTK or its WordNet data is not there.

    Cost: the compiled file takes about 30 ms once.
    """
    return _opened(source)


@functools.cache
def _opened(source: Source) -> Lexicon:
    if source == "nltk":
        from augury_text.nltk_wordnet import nltk_lexicon

        return nltk_lexicon()
    return _read(resources.files("augury_text").joinpath("data", "lexicon.en.bin").read_bytes())


def _read(compiled: bytes) -> Lexicon:
    """Read the bytes `tools/build_lexicon.py` writes."""
    head, _, body = compiled.partition(b"\n")
    header = json.loads(head)
    if header["format"] != _FORMAT:
        raise ValueError(f"lexicon: expected format {_FORMAT}, got {header['format']}. Fix: compile it again.")
    columns = [block.split("\n") for block in zlib.decompress(body).decode().split("\n\n")]
    lemmas, entries, forms, form_readings = columns
    return Lexicon(dict(zip(lemmas, entries, strict=True)), dict(zip(forms, form_readings, strict=True)), header)
