"""Left and right in English captions: which words name a side, and their mirror images."""

from __future__ import annotations

import re
from collections.abc import Sequence

from augury_text.inflect import in_case_of
from augury_text.tagger import load_tagger
from augury_text.tokens import Span, word_spans

_SIDE = re.compile(r"(?<![^\W_])(left|right)(?=most|ward|wards|[^\w]|_|\Z)", re.IGNORECASE)
_OTHER = {"left": "right", "right": "left"}
_MENTION = re.compile("left|right", re.IGNORECASE)


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_OTHER_COMPOUNDS = _set(  # parts of compounds that mean something else: politics, buttons, remainders
    "wing winger wingers over overs off click clicks clicked clicking minded angled"
)
_POINTING = _set(  # before it, "left" or "right" is a side: "to the left", "turn right", "upper left"
    "the on to at from toward towards far upper lower top bottom front rear back middle center centre extreme stage "
    "hard immediate turn turns turned turning face faces facing look looks looking lean leans leaning point points "
    "pointing veer veers veering swing swings bank banks banking keep keeps bear tilt tilts tilted tilting "
    "his her their my your our its near outer inner go goes going step steps move moves moving heading headed"
)
_SIDED = _set(  # after it, "left" or "right" is a side: "left hand"
    "hand hands side sides arm arms foot feet leg legs eye eyes ear ears wing wings lane corner corners half edge "
    "shoulder knee elbow wrist ankle fist thumb finger paw hoof cheek breast lung turn bank field flank border margin "
    "panel pane page portion part third quarter picture image photo frame wall door window column position"
)
_SUBJECTS = _set("i you he she it we they who that which there everyone everybody someone somebody nobody all")
_AUXILIARIES = _set("have has had having 've was were been be being is are get got gets getting")
_QUANTITIES = _set(
    "nothing something anything little few some any no none much many more one two three four five six seven "
    "eight nine ten only what whatever all enough lot lots"
)
_LEAVING = _set(  # after it, "left" is the verb
    "me him us them it himself herself themselves home behind alone early late without because before after when "
    "while for school work town out open unattended empty off over untouched"
)
_INTENSIFIED = _set(  # after it, "right" means "exactly" or "at once"
    "now away here there next after before in at up down by above below beside across off from through over under "
    "outside inside into near where when on behind back out along past beneath around against"
)
_CORRECT = _set(  # after it, "right" means "correct"
    "answer answers choice choices thing things person people time way ways place moment decision size amount track "
    "word words tool tools move one ones kind idea order question questions number angle angles triangle mix balance"
)
_ENTITLEMENT = _set("human civil equal voting property legal women's men's animal all that's he's she's you're they're")


def mirror_edits(text: str) -> list[tuple[int, int, str]]:
    """Find the words of a caption that name a side, and what they become in a mirror.

    `left` and `right` are exchanged, alone or in `leftmost`, `left-hand`, `upper-left`, `rightwards`, in the casing
    they have. Spared where a cue is clear: the verb ("he left the house", "two slices left") and right as correct,
    exact, or entitled ("the right answer", "right next to", "human right").

    Args:
        text: an English caption.

    Returns:
        (start, end, replacement) in order; only the letters of `left` or `right` are replaced.

    Cost: one search where the text names no side; about 10 us otherwise.
    """
    if not _MENTION.search(text):
        return []
    spans = word_spans(text)
    edits = []
    for index, (start, end) in enumerate(spans):
        for found in _SIDE.finditer(text, start, end):
            if _names_side(text, spans, index):
                side = found[1]
                edits.append((found.start(), found.end(), in_case_of(_OTHER[side.lower()], side)))
    return edits


def _names_side(text: str, spans: Sequence[Span], index: int) -> bool:
    """Whether a word that holds `left` or `right` names a side."""
    start, end = spans[index]
    word = text[start:end].lower()
    if word not in _OTHER:
        return _OTHER_COMPOUNDS.isdisjoint(re.split(r"[^\w]", word))
    before, after = _word_near(text, spans, index, -1), _word_near(text, spans, index, 1)
    if word == "left":
        return not _is_verb_left(text, spans, index, before, after)
    return not _is_other_right(text, spans, index, before, after)


def _is_verb_left(text: str, spans: Sequence[Span], index: int, before: str, after: str) -> bool:
    if after in _SIDED or before in _POINTING or not (before or after):
        return False
    if after == "of":
        return before in _AUXILIARIES and _word_near(text, spans, index, -2) in _QUANTITIES
    if before in _SUBJECTS or before.endswith(("'ve", "\u2019ve", "'d", "\u2019d")):
        return True
    if before in _AUXILIARIES or after in _LEAVING:
        return True
    around = {_word_near(text, spans, index, step) for step in (-3, -2, -1, 1, 2)}
    if "right" in around:
        return False
    if before and after in ("", "in", "on", "to", "at") and not _QUANTITIES.isdisjoint(around):
        return True
    return load_tagger().tag(text, spans, index) in ("VBD", "VBN", "VB")


def _is_other_right(text: str, spans: Sequence[Span], index: int, before: str, after: str) -> bool:
    if after in _SIDED:
        return False
    if after in _CORRECT or before in _ENTITLEMENT:
        return True
    if before in _POINTING:
        return after == "to" and before not in ("on", "to") and _verb_follows(text, spans, index + 2)
    if after in _INTENSIFIED:
        return True
    return before in ("is", "are", "was", "were", "be", "am") and after not in ("of", "and", "or")


def _verb_follows(text: str, spans: Sequence[Span], index: int) -> bool:
    return index < len(spans) and load_tagger().tag(text, spans, index) == "VB"


def _word_near(text: str, spans: Sequence[Span], index: int, step: int) -> str:
    """The lower-case word `step` words away with nothing but blanks between, or ""."""
    other = index + step
    if not 0 <= other < len(spans):
        return ""
    first, last = min(index, other), max(index, other)
    if abs(step) == 1 and text[spans[first][1] : spans[last][0]].strip():
        return ""
    return text[spans[other][0] : spans[other][1]].lower()
