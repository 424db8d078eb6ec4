"""Augmenters of nlpaug: its words and characters on texts, its sounds on recordings.

Its word augmenters look up WordNet through NLTK and ask NLTK for parts of speech. Both are found without a download:
WordNet where NLTK looks (the environment's NLTK_DATA), parts of speech by textblob's tagger, which has its lexicon.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import nlpaug.augmenter.audio
import nlpaug.augmenter.char
import nlpaug.augmenter.sentence
import nlpaug.augmenter.word
import nltk
import numpy as np
from textblob.en import tag

from augury.errors import PluginBroken, describe, shown
from augury_bridges.making import Bridged, make_op, remembered, table
from augury_bridges.scope import seeded
from augury_bridges.sounds import SoundOp
from augury_bridges.texts import TextOp

WITHOUT_FADES: Mapping[str, Mapping[str, Any]] = {}
WORDNET = frozenset({"SynonymAug", "AntonymAug"})
MODULES = (nlpaug.augmenter.word, nlpaug.augmenter.char, nlpaug.augmenter.sentence, nlpaug.augmenter.audio)


def _class(name: str) -> Any:
    return next(getattr(module, name) for module in MODULES if hasattr(module, name))


@remembered
def _make(name: str, given: dict[str, Any]) -> Any:
    with _offline():
        augmenter = _class(name)(**given)
    if name == "SpellingAug":  # its candidates come out of sets, whose order is another in each process
        words = augmenter.model.dict
        augmenter.model.dict = {word: sorted(candidates) for word, candidates in words.items()}
    return augmenter


def make(name: str, given: Mapping[str, Any], rate: int = 16000) -> Any:
    """Build an augmenter; those of sound are told the recording's rate."""
    rated = "sampling_rate" in inspect.signature(_class(name)).parameters
    return _make(name, {**given, **({"sampling_rate": rate} if rated else {})})


def rewrite(augmenter: Any, text: str) -> str:
    """Return the augmented text; an empty one stays."""
    with _offline():
        made = augmenter.augment(text)
    found = made[0] if isinstance(made, list) and made else made
    return found if isinstance(found, str) and found else text


def run(name: str, given: Mapping[str, Any], samples: np.ndarray, rate: int, seed: int) -> np.ndarray:
    """Run an augmenter on samples (channels, n), each channel with the same draws."""
    channels = []
    for channel in samples:
        with seeded(seed):
            made = make(name, given, rate).augment(channel)
        channels.append(np.asarray(made[0] if isinstance(made, list) else made))
    return np.stack(channels)


@contextmanager
def _offline() -> Iterator[None]:
    """Have NLTK's tagger be textblob's, and its downloader refuse."""
    kept = nltk.pos_tag, nltk.download
    nltk.pos_tag = _tagged
    nltk.download = _refuse
    try:
        yield
    finally:
        nltk.pos_tag, nltk.download = kept


def _tagged(tokens: list[str], *_: Any, **__: Any) -> list[tuple[str, str]]:
    """Return each token with its Penn tag, one for one as NLTK's tagger does."""
    found = tag(" ".join(tokens), tokenize=False)
    return [(token, found[i][1] if i < len(found) and found[i][0] == token else "NN") for i, token in enumerate(tokens)]


def _refuse(name: str, *_: Any, **__: Any) -> None:
    raise LookupError(f"{name} is not installed and nothing is downloaded")


def has_wordnet() -> bool:
    """Whether NLTK finds WordNet."""
    from nltk.corpus import wordnet

    try:
        return bool(wordnet.synsets("testing"))
    except LookupError:
        return False


def __getattr__(name: str) -> Any:
    """Make the op of an augmenter when it is asked for."""
    if name in WORDNET and not has_wordnet():
        fix = "put WordNet under corpora/wordnet of a folder and name the folder in NLTK_DATA"
        raise PluginBroken(describe(f"nlpaug.{name}", "WordNet where NLTK looks", shown("none"), fix=fix))
    row = table("nlpaug")["ops"].get(name, {})
    base: type[Bridged] = SoundOp if row.get("on") == "audio" else TextOp
    op = globals()[name] = make_op(__name__, name, base, make)
    return op
