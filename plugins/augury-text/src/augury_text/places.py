"""Where ranges of a text are after an edit: an index over the pieces of a `TextMap`, for many ranges at once."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import NamedTuple

from augury.effects import SELF, Copy
from augury.spaces.text import TextMap, length
from augury_text.tokens import Span


class _Part(NamedTuple):
    """A piece that keeps or replaces the source range [start, end); it begins at `out` in the new text.

    `same` is whether it is still the text it was: copied, or written otherwise.
    """

    start: int
    end: int
    out: int
    size: int
    copied: bool
    same: bool


class Places:
    """Answers where source ranges went.

    Args:
        where: the map of an edit.

    Cost: n log n for n pieces, then log n for each range.
    """

    def __init__(self, where: TextMap) -> None:
        parts = []
        out = 0
        for piece in where.pieces:
            size = length(piece)
            if type(piece) is Copy:
                if piece.source == SELF and size:
                    parts.append(_Part(piece.a, piece.b, out, size, True, True))
            elif piece.stands_for:  # type: ignore[union-attr]
                start, end = piece.stands_for  # type: ignore[union-attr]
                parts.append(_Part(start, end, out, size, False, piece.same))  # type: ignore[union-attr]
            out += size
        parts.sort()
        self._parts = parts
        self._starts = [part.start for part in parts]
        self._reach: list[int] = []  # the furthest end of the parts up to each
        for part in parts:
            self._reach.append(max(part.end, self._reach[-1]) if self._reach else part.end)

    def _touching(self, start: int, end: int) -> list[_Part]:
        """The parts that share characters with a range, in the order of the new text."""
        first, last = bisect_right(self._reach, start), bisect_left(self._starts, end)
        return sorted((p for p in self._parts[first:last] if p.end > start), key=lambda part: part.out)

    def exact(self, start: int, end: int) -> list[Span]:
        """Return every place that holds the characters [start, end) unchanged and unbroken."""
        found = (p for p in self._touching(start, end) if p.copied and p.start <= start and end <= p.end)
        return [(p.out + start - p.start, p.out + end - p.start) for p in found]

    def rewritten(self, start: int, end: int) -> list[Span]:
        """Return where the range [start, end) is, if all of it is kept or written otherwise, in one run; else nothing.

        Inserts that are the same text as a part of the range, and copies, must cover it.
        """
        at = start
        for part in sorted(self._touching(start, end)):
            if not part.same or part.start > at or (part.start < start and not part.copied):
                return []
            at = max(at, part.end)
        return self.image(start, end) if at >= end else []

    def image(self, start: int, end: int) -> list[Span]:
        """Return where the range [start, end) is, changed or not, if it is in one run; else nothing.

        Copies of the range and inserts that stand for parts of it alone must follow each other, in order.
        """
        places: list[Span] = []
        last = start
        for part in self._touching(start, end):
            if part.copied:
                a, b = max(part.start, start), min(part.end, end)
                place = (part.out + a - part.start, part.out + b - part.start)
            elif start <= part.start and part.end <= end:
                a, b, place = part.start, part.end, (part.out, part.out + part.size)
            else:
                continue
            if places and (place[0] != places[-1][1] or a < last):
                return []
            places.append(place)
            last = b
        return [(places[0][0], places[-1][1])] if places and places[0][0] < places[-1][1] else []
