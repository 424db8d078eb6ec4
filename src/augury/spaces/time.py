"""Time: clips as pieces. Crops, shifts, reversals, speed and stretch of several steps compose into one map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from augury.effects import SELF, Piece, Time


class TimeSize(NamedTuple):
    """Length of a clip: samples, samples a second, channels."""

    samples: int
    rate: int
    channels: int = 1

    @property
    def seconds(self) -> float:
        """Duration in seconds."""
        return self.samples / self.rate


class Part(NamedTuple):
    """A `Piece` with the ratio its frequencies, in cycles a sample, are to have (1 keeps them, 2 doubles them)."""

    s0: float
    s1: float
    d0: float
    d1: float
    source: int
    pitch: float

    @property
    def rate(self) -> float:
        """Source samples for each output sample, positive."""
        return abs(self.s1 - self.s0) / (self.d1 - self.d0)

    @property
    def copies(self) -> bool:
        """Whether samples are only copied: rate and pitch 1 and whole positions."""
        whole = self.s0 == int(self.s0) and self.d0 == int(self.d0) and self.d1 == int(self.d1)
        return whole and abs(self.s1 - self.s0) == self.d1 - self.d0 and self.pitch == 1.0


class TimeSegment:
    """Pending time effects of one clip, kept as parts of the clip it started from. Kinds render ``parts``."""

    __slots__ = ("_moved", "parts", "size", "source")

    def __init__(self, size: TimeSize) -> None:
        """Start empty on a clip of ``size``."""
        self.source = size
        self.size = size
        self.parts: list[Part] = [Part(0, size.samples, 0, size.samples, SELF, 1.0)]
        self._moved = False

    @property
    def empty(self) -> bool:
        """Whether nothing is pending."""
        return not self._moved

    def push(self, effect: Any) -> bool:
        """Compose a Time effect with those pending."""
        if type(effect) is not Time:
            return False
        self.parts = compose(self.parts, effect)
        self.size = TimeSize(effect.length, effect.rate or self.size.rate, self.size.channels)
        self._moved = True
        return True

    def describe(self) -> str:
        """Return in words what is run together."""
        return f"time effects as one rendering of {len(self.parts)} part{'s' * (len(self.parts) != 1)}"

    def map(self) -> TimeMap | None:
        """Return the map that intervals follow."""
        return TimeMap(self.parts, self.source, self.size) if self._moved else None


def compose(inner: Sequence[Part], effect: Time) -> list[Part]:
    """Return ``effect``, acting on what ``inner`` makes, as parts of what ``inner`` is made from."""
    out: list[Part] = []
    for piece in effect.pieces:
        ratio = abs(piece.s1 - piece.s0) / (piece.d1 - piece.d0)
        pitch = effect.pitch * (ratio if effect.mode == "resample" else 1.0)
        if piece.source != SELF:
            out.append(Part(*piece, pitch))
            continue
        out.extend(_through(part, piece, pitch) for part in inner if _overlap(part, piece))
    return sorted(out, key=lambda p: p.d0)


def _overlap(part: Part, piece: Piece) -> bool:
    lo, hi = min(piece.s0, piece.s1), max(piece.s0, piece.s1)
    return min(part.d1, hi) - max(part.d0, lo) > 1e-9


def _through(part: Part, piece: Piece, pitch: float) -> Part:
    """The part of ``part``'s output that ``piece`` takes, placed where the piece puts it."""
    lo = max(part.d0, min(piece.s0, piece.s1))
    hi = min(part.d1, max(piece.s0, piece.s1))
    begin, end = (lo, hi) if piece.s0 <= piece.s1 else (hi, lo)
    into = (piece.d1 - piece.d0) / (piece.s1 - piece.s0)
    back = (part.s1 - part.s0) / (part.d1 - part.d0)
    return Part(
        part.s0 + (begin - part.d0) * back,
        part.s0 + (end - part.d0) * back,
        piece.d0 + (begin - piece.s0) * into,
        piece.d0 + (end - piece.s0) * into,
        part.source,
        part.pitch * pitch,
    )


class TimeMap:
    """Where moments go. Positions in samples; a source range may appear several times, cut, or not at all."""

    __slots__ = ("parts", "size", "source")

    def __init__(self, parts: Sequence[Part], source: TimeSize, size: TimeSize) -> None:
        """Hold the parts and the sizes before and after."""
        self.parts = parts
        self.source = source
        self.size = size

    @property
    def reverses(self) -> bool:
        """Whether any part plays backwards."""
        return any(p.s1 < p.s0 for p in self.parts)

    def ranges(self, s0: float, s1: float) -> list[tuple[float, float, float]]:
        """Return (d0, d1, share) for each place where some of the source range [s0, s1) is heard.

        ``share`` in (0, 1] is how much of the range that place holds. Touching places that continue each other,
        as pieces of a splice do, are joined.
        """
        out: list[tuple[float, float, float]] = []
        joined_at: float | None = None
        for p in self.parts:
            if p.source != SELF:
                continue
            lo, hi = max(min(p.s0, p.s1), s0), min(max(p.s0, p.s1), s1)
            if hi - lo <= 1e-9:
                continue
            k = (p.d1 - p.d0) / (p.s1 - p.s0)
            a, b = sorted((p.d0 + (lo - p.s0) * k, p.d0 + (hi - p.s0) * k))
            share = (hi - lo) / (s1 - s0)
            first, last = (lo, hi) if k > 0 else (hi, lo)
            if out and joined_at is not None and abs(joined_at - first) < 1e-6 and abs(out[-1][1] - a) < 1e-6:
                out[-1] = (out[-1][0], b, out[-1][2] + share)
            else:
                out.append((a, b, share))
            joined_at = last
        return out
