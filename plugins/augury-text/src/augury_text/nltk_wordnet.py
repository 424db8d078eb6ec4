"""NLTK's WordNet corpus behind the interface of `Lexicon`, for users who have it."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Any

from augury.errors import PluginError
from augury_text.lexicon import Lexicon, load_lexicon

if TYPE_CHECKING:
    from nltk.corpus.reader.wordnet import WordNetCorpusReader

_WORD = re.compile(r"[a-z](?:[a-z'-]*[a-z])\Z")
_READER = threading.Lock()  # the corpus reader seeks in shared files


class NltkLexicon(Lexicon):
    """Synonyms from an NLTK WordNet reader; irregular forms stay those of the compiled lexicon.

    Args:
        reader: `nltk.corpus.wordnet`, loaded.
    """

    def __init__(self, reader: WordNetCorpusReader) -> None:
        source = f"NLTK WordNet {reader.get_version()}"
        super().__init__({}, load_lexicon().irregular, {"source": source, "language": "en"})
        self._reader = reader

    def entry(self, lemma: str) -> dict[str, tuple[int, tuple[tuple[str, ...], ...]]]:
        """Parts of speech of a lemma, each with its count and its single-word synonyms sense by sense."""
        entry = {}
        with _READER:
            for pos in "nvar":
                senses = self._reader.lemmas(lemma, pos)
                if senses:
                    groups = tuple(tuple(_synonyms(sense)) for sense in senses)
                    entry[pos] = (sum(_count(sense) for sense in senses), groups)
        return entry


def nltk_lexicon() -> NltkLexicon:
    """Load NLTK's WordNet.

    Raises:
        PluginError: NLTK is not installed or does not find its WordNet data.
    """
    try:
        from nltk.corpus import wordnet
    except ImportError as cause:
        raise PluginError(
            'lexicon "nltk": expected the package nltk, got none. Fix: pip install "augury-text[nltk]".'
        ) from cause
    try:
        wordnet.ensure_loaded()
    except LookupError as cause:
        raise PluginError(
            'lexicon "nltk": expected WordNet data on nltk.data.path, got none. '
            'Fix: python -m nltk.downloader wordnet, or use source="compiled".'
        ) from cause
    return NltkLexicon(wordnet)


def _synonyms(sense: Any) -> list[str]:
    names = (other.name() for other in sense.synset().lemmas())
    return [name for name in names if name != sense.name() and _WORD.match(name)]


def _count(sense: Any) -> int:
    try:
        return sense.count()
    except OSError:  # a WordNet without its count file
        return 0
