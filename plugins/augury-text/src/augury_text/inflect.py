"""English inflection both ways: from a form to its possible lemmas, and from a lemma to a form."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from augury_text.irregular import PLURALS, PRINCIPAL_PARTS

_VOWELS = "aeiou"
_ENDINGS = (
    *(("n", "NNS", end, put) for end, put in (("ies", "y"), ("ves", "f"), ("men", "man"), ("es", ""), ("s", ""))),
    *(("v", "VBZ", end, put) for end, put in (("ies", "y"), ("es", ""), ("s", ""))),
    *(("v", "VBG", end, put) for end, put in (("ying", "ie"), ("ing", "e"), ("ing", ""))),
    *(("v", tag, end, put) for end, put in (("ied", "y"), ("ed", "e"), ("ed", "")) for tag in ("VBD", "VBN")),
    *(("a", "JJR", end, put) for end, put in (("ier", "y"), ("er", "e"), ("er", ""))),
    *(("a", "JJS", end, put) for end, put in (("iest", "y"), ("est", "e"), ("est", ""))),
)
_BASE_TAGS = {"n": "NN", "v": "VB", "a": "JJ", "r": "RB"}
_IRREGULAR: dict[str, list[tuple[str, str, str]]] = {}
for _lemma, (_past, _participle) in PRINCIPAL_PARTS.items():
    _IRREGULAR.setdefault(_past, []).append(("v", _lemma, "VBD"))
    _IRREGULAR.setdefault(_participle, []).append(("v", _lemma, "VBN"))
for _lemma, _plural in PLURALS.items():
    _IRREGULAR.setdefault(_plural, []).append(("n", _lemma, "NNS"))
_GRADABLE = re.compile(r"[^aeiouy]*[aeiouy]+[^aeiouy]*e?\Z|[^aeiouy]*[aeiouy]+[^aeiouy]+y\Z")
_MEN = re.compile(r"(?<!hu)(?<!ger)(?<!ro)(?<!sha)(?<!talis)(?<!cai)(?<!cay)(?<!otto)(?<!nor)(?<!brah)man\Z")
_OES = re.compile(r"(?:(?:under|for|out|re|un|over)?(?:go|do)|echo|veto|embargo|hero|potato|tomato|mosquito|torpedo)\Z")
_SHORT = re.compile(r"(?:[^aeiou]|qu)*[aeiou][^aeiouwxy]\Z")
_VOWEL_SOUND = re.compile(r"[aeiou]|(?:hour|honest|honor|honour|heir)")
_CONSONANT_SOUND = re.compile(r"uni(?!n|m)|u[st][aeiu]|ubi|ura|eu|ew|one\b|once")


def readings(form: str, irregular: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Give each (part of speech, lemma, tag) a form could be read as, whether such a lemma exists or not.

    Args:
        form: the word, in lower case.
        irregular: irregular forms to their `;`-joined `pos:lemma` readings, as the lexicon has them.
    """
    for pos, tag in _BASE_TAGS.items():
        yield pos, form, tag
    yield from _IRREGULAR.get(form, ())
    for reading in filter(None, irregular.get(form, "").split(";")):
        pos, lemma = reading.split(":")
        if pos != "v" or lemma not in PRINCIPAL_PARTS or form.endswith("ing"):
            yield from ((pos, lemma, tag) for tag in _irregular_tags(form, pos))
    for pos, tag, ending, put in _ENDINGS:
        if form.endswith(ending) and len(form) > len(ending) + 1:
            yield pos, form[: -len(ending)] + put, tag


def inflect(lemma: str, tag: str, irregular: Mapping[str, str]) -> str | None:
    """Put a lemma into the form a tag asks for.

    Args:
        lemma: a lower-case lemma.
        tag: NN, NNS, VB, VBZ, VBD, VBN, VBG, JJ, JJR, JJS or RB.
        irregular: as in `readings`; says which words double their last consonant.

    Returns:
        The form, or None where the word has none of its own (`more beautiful`).
    """
    if tag in ("NN", "VB", "JJ", "RB"):
        return lemma
    if "-" in lemma:
        head, _, last = lemma.rpartition("-")
        inflected = inflect(last, tag, irregular)
        return inflected and f"{head}-{inflected}"
    if tag == "NNS":
        return PLURALS.get(lemma) or (lemma[:-2] + "en" if _MEN.search(lemma) else _with_s(lemma))
    if tag == "VBZ":
        return _with_s(lemma)
    if tag == "VBG":
        return lemma[:-2] + "ying" if lemma.endswith("ie") else _with_ending(lemma, "ing", irregular)
    if tag in ("VBD", "VBN"):
        parts = PRINCIPAL_PARTS.get(lemma)
        return parts[tag == "VBN"] if parts else _with_ending(lemma, "ed", irregular)
    if not _GRADABLE.match(lemma):
        return None
    return _with_ending(lemma, "er" if tag == "JJR" else "est", irregular)


def in_case_of(word: str, model: str) -> str:
    """Write a lower-case word in the casing of another: UPPER, Title or as it is."""
    if model.isupper() and len(model) > 1:
        return word.upper()
    return word[:1].upper() + word[1:] if model[:1].isupper() else word


def article(word: str) -> str:
    """The indefinite article an English word takes: `an hour`, `a union`, `an umbrella`."""
    lower = word.lower()
    return "an" if _VOWEL_SOUND.match(lower) and not _CONSONANT_SOUND.match(lower) else "a"


def _irregular_tags(form: str, pos: str) -> tuple[str, ...]:
    if pos == "n":
        return ("NNS",)
    if pos == "r":
        return ("RB",)
    if pos == "a":
        return ("JJS",) if form.endswith("st") else ("JJR",)
    if form.endswith("ing"):
        return ("VBG",)
    return ("VBZ",) if form.endswith("s") else ("VBD", "VBN")


def _with_s(lemma: str) -> str:
    if lemma.endswith("y") and lemma[-2:-1] not in _VOWELS:
        return lemma[:-1] + "ies"
    if lemma.endswith(("s", "x", "z", "ch", "sh")) or _OES.match(lemma):
        return lemma + "es"
    return lemma + "s"


def _with_ending(lemma: str, ending: str, irregular: Mapping[str, str]) -> str:
    if lemma.endswith("e") and (ending[0] == "e" or not lemma.endswith(("ee", "ye", "oe"))):
        return lemma[:-1] + ending
    if lemma.endswith("y") and ending[0] == "e" and lemma[-2:-1] not in _VOWELS:
        return lemma[:-1] + "i" + ending
    if lemma.endswith("c"):
        return lemma + "k" + ending
    doubled = lemma + lemma[-1] + ending
    return doubled if doubled in irregular or _SHORT.match(lemma) else lemma + ending
