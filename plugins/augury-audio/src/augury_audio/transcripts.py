"""How a transcript follows its recording: by the words' intervals, it keeps the words that are still heard."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from augury.effects import Copy, Insert, Rope, moves
from augury.plugin import KEEP, REFUSE
from augury.spaces.time import Part, TimeSegment
from augury_audio.kinds import Interval

_SILENCE = re.compile(r"|<.*>|\[.*\]|[^\w]*|sil|sp|spn", re.IGNORECASE)
"""Labels that stand for no word, as aligners write them."""

_EDGES = re.compile(r"^\W+|(\(\d+\))?\W*$")
"""What surrounds a label's word: punctuation, and the number of a pronunciation, as in ``the(2)``."""

_WORD = re.compile(r"\w")


def follow(effect: Any, source: Any, destination: Any) -> Any:
    """Return what becomes of the transcript ``destination`` when ``effect`` changes the recording ``source``.

    A recording that is still heard in full, once and in order, keeps its transcript at any tempo and pitch. Of one that
    is cut, repeated or put in another order, the transcript follows word by word, if intervals of the recording spell
    it; else it is refused. So is one played backwards.
    """
    if not moves(effect):
        return KEEP
    segment = TimeSegment(source.size)
    if not segment.push(effect):
        return REFUSE
    if any(part.s1 < part.s0 for part in segment.parts):
        return REFUSE
    if _in_full(segment.parts, source.size.samples):
        return KEEP
    text = destination.value
    for name, before in source.targets.items():
        words = spell(before, text)
        if words is not None:
            return {destination.field: rope(text, words, _heard(words, segment, source.after(effect)[name]))}
    return REFUSE


def _in_full(parts: Sequence[Part], samples: int) -> bool:
    """Whether the parts play a clip of ``samples`` once, in order, to within a sample."""
    at = 0.0
    for part in parts:
        if abs(part.s0 - at) > 1:
            return False
        at = part.s1
    return at >= samples - 1


Words = Mapping[Interval, tuple[int, int]]
"""Each word's interval and its characters in the transcript, in order."""


def spell(intervals: Any, text: str) -> Words | None:
    """Return where each interval's label stands in ``text``, or None if they do not spell it, all of it, in order.

    Letter case, and punctuation around labels and in the text, do not count; labels of silence are passed over.
    """
    if not (isinstance(intervals, list) and all(isinstance(i, Interval) for i in intervals)):
        return None
    lowered = _lower(text)
    words: dict[Interval, tuple[int, int]] = {}
    at = 0
    for interval in intervals:
        label = _EDGES.sub("", interval.label)
        found = lowered.find(_lower(label), at) if label else -1
        if found >= 0 and not _WORD.search(text, at, found):
            at = found + len(label)
            words[interval] = (found, at)
        elif not _SILENCE.fullmatch(interval.label):
            return None
    return words if words and not _WORD.search(text, at) else None


def _lower(text: str) -> str:
    """Return ``text`` in lower case but for characters whose lower case is longer: positions hold."""
    return "".join(low if len(low := c.lower()) == 1 else c for c in text)


def _heard(words: Words, segment: TimeSegment, after: Sequence[Interval]) -> list[int]:
    """Return the numbers of the words whose intervals are still there, in the order of the new recording."""
    before, rate = segment.source.rate, segment.size.rate
    where = segment.map()
    left = {(round(i.start, 6), i.label) for i in after}
    places = []
    for number, interval in enumerate(words):
        for begin, _, _ in where.ranges(interval.start * before, interval.end * before) if where else ():
            if (round(begin / rate, 6), interval.label) in left:
                places.append((begin, number))
    return [number for _, number in sorted(places)]


def rope(text: str, words: Words, kept: Sequence[int]) -> Rope:
    """Return the edit that leaves the words of the numbers ``kept``, each with what stands between it and the next.

    At the end, blank space goes; where a word comes to follow one that ended the text, a space comes in.
    """
    starts = [begin for begin, _ in words.values()]
    starts[0] = 0
    ends = [*starts[1:], len(text)]
    pieces: list[Copy | Insert] = []
    for place, number in enumerate(kept):
        begin, end = starts[number], ends[number]
        if place == len(kept) - 1 and number != len(ends) - 1:
            end = begin + len(text[begin:end].rstrip())
        if pieces and kept[place - 1] == len(ends) - 1 and not text[-1].isspace():
            pieces.append(Insert(" "))
        pieces.append(Copy(begin, end))
    return Rope(tuple(pieces))
