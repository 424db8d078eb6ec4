"""Ropes: edits of a sequence as pieces of the old one and inserts. What texts and histories of events share.

Edits of several steps compose into one; what lies on the sequence follows one map.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from augury.effects import SELF, Copy, Insert, Rope


class RopeSegment:
    """Pending edits of one sequence, kept as pieces of the one it started from.

    Its size is a named tuple of one number, the length: `TextSize`, `EventsSize`.
    """

    __slots__ = ("_moved", "pieces", "size", "source")

    def __init__(self, size: Any) -> None:
        """Start empty on a sequence of ``size``."""
        self.source = size
        self.size = size
        self.pieces: list[Copy | Insert] = [Copy(0, size.length)]
        self._moved = False

    @property
    def empty(self) -> bool:
        """Whether nothing is pending."""
        return not self._moved

    def push(self, effect: Any) -> bool:
        """Compose a Rope with those pending."""
        if type(effect) is not Rope:
            return False
        pieces = compose(self.pieces, effect.pieces) if self._moved else within(effect.pieces, self.size.length)
        total = 0
        for piece in pieces:
            total += piece[1] - piece[0] if type(piece) is Copy else len(piece[0])  # type: ignore[arg-type]
        self.pieces = pieces
        self.size = type(self.size)(total)
        self._moved = True
        return True

    def describe(self) -> str:
        """Return in words what is run together."""
        return f"edits as one map of {len(self.pieces)} pieces"

    def map(self) -> RopeMap | None:
        """Return the map that targets follow."""
        return RopeMap(self.pieces) if self._moved else None


def length(piece: Copy | Insert) -> int:
    """Return the length of what a piece contributes."""
    return piece.b - piece.a if isinstance(piece, Copy) else len(piece.text)


def within(pieces: Sequence[Copy | Insert], size: int) -> list[Copy | Insert]:
    """Return the pieces of an edit of a sequence of length ``size`` nothing was done to, joined and held in it."""
    for piece in pieces:
        if type(piece) is Copy and not 0 <= piece[0] <= piece[1] <= size and piece.source == SELF:
            return compose([Copy(0, size)], pieces)
    return _merge(pieces)


def compose(inner: Sequence[Copy | Insert], outer: Sequence[Copy | Insert]) -> list[Copy | Insert]:
    """Return the pieces of ``outer``, an edit of what ``inner`` makes, as pieces of what ``inner`` was an edit of.

    An insert cut in two keeps what it stands for only while it is whole; it is the same text only where all it stands
    for is. Copies that ``inner`` parted stay parted when ``outer`` joins them again: what the first edit broke is
    broken, as it is when the edits run one by one.
    """
    out: list[Copy | Insert] = []
    for piece in _merge(outer):
        if isinstance(piece, Insert):
            stands_for = piece.stands_for and _pull_back(inner, *piece.stands_for)
            same = bool(piece.same and piece.stands_for) and _unchanged(_slice(inner, *(piece.stands_for or (0, 0))))
            out.append(Insert(piece.text, stands_for, same))
        elif piece.source != SELF:
            out.append(piece)
        else:
            out.extend(_slice(inner, piece.a, piece.b))
    return out


def _slice(pieces: Sequence[Copy | Insert], a: int, b: int) -> list[Copy | Insert]:
    out: list[Copy | Insert] = []
    start = 0
    for piece in pieces:
        n = length(piece)
        lo, hi = max(a - start, 0), min(b - start, n)
        if lo < hi:
            if isinstance(piece, Copy):
                out.append(Copy(piece.a + lo, piece.a + hi, piece.source))
            else:
                out.append(piece if (lo, hi) == (0, n) else Insert(piece.text[lo:hi]))
        elif not n and a <= start < b:
            out.append(piece)
        start += n
    return out


def _unchanged(pieces: Sequence[Copy | Insert]) -> bool:
    return all(isinstance(piece, Copy) or piece.same for piece in pieces)


def _pull_back(pieces: Sequence[Copy | Insert], a: int, b: int) -> tuple[int, int] | None:
    """Return the source range that the output range [a, b) came from, if it is one run."""
    run: tuple[int, int] | None = None
    for piece in _slice(pieces, a, b):
        part = (
            (piece.a, piece.b)
            if isinstance(piece, Copy) and piece.source == SELF
            else getattr(piece, "stands_for", None)
        )
        if part is None or (run is not None and part[0] != run[1]):
            return None
        run = part if run is None else (run[0], part[1])
    return run


def _merge(pieces: Sequence[Copy | Insert]) -> list[Copy | Insert]:
    out: list[Copy | Insert] = []
    end: tuple[int, int] | None = None  # where the last piece ends, and of which source, if it is a copy
    for piece in pieces:
        if type(piece) is Copy:
            a, b, source = piece
            if end == (a, source):
                out[-1] = Copy(out[-1][0], b, source)  # type: ignore[arg-type]
            elif b > a:
                out.append(piece)
            else:
                continue
            end = (b, source)
        elif piece[0] or piece[1]:
            out.append(piece)
            end = None
    return out


class RopeMap:
    """Where characters or events go. ``pieces`` in output order; a kind may also walk them itself."""

    __slots__ = ("pieces",)

    def __init__(self, pieces: Sequence[Copy | Insert]) -> None:
        """Hold the pieces of the new sequence."""
        self.pieces = pieces

    def exact(self, a: int, b: int) -> list[tuple[int, int]]:
        """Return the output ranges that hold the source range [a, b) unchanged and unbroken, b > a."""
        out = []
        start = 0
        for piece in self.pieces:
            if isinstance(piece, Copy) and piece.source == SELF and piece.a <= a and b <= piece.b:
                out.append((start + a - piece.a, start + b - piece.a))
            start += length(piece)
        return out

    def replaced(self, a: int, b: int) -> list[tuple[int, int]]:
        """Return the output ranges of inserts that stand for exactly the source range [a, b)."""
        out = []
        start = 0
        for piece in self.pieces:
            n = length(piece)
            if isinstance(piece, Insert) and piece.stands_for == (a, b):
                out.append((start, start + n))
            start += n
        return out
