"""Ops that move sound in time or pitch. Chained, they compose into one rendering."""

from __future__ import annotations

from typing import Annotated, Any

from augury.effects import Effects, Piece, Time
from augury.op import Info, Op
from augury.params import FractionRange, Range, Within
from augury.rng import Rng

_GRID = 200
"""Steps of a drawn speed from 1 to 2: on a grid the resampler's filters are few and are kept."""


class Pitch(Op):
    """Shift the pitch and keep the tempo, by a phase vocoder.

    Fields: audio; intervals stay where they are.

    Args:
        semitones_range: (lo, hi) in semitones, -24 to 24; 12 is an octave up.
    Draws: semitones uniform in semitones_range.
    Cost: about 3 ms for 4 s at 16 kHz; with a stretch or another pitch beside it, still once.
    """

    on = "audio"

    semitones_range: Annotated[Range, Within(-24, 24)] = (-4.0, 4.0)

    def draw(self, rng: Rng, info: Info) -> Any:
        """Draw the semitones."""
        return {"semitones": rng.uniform(*self.semitones_range)}

    def effect(self, draw: Any, info: Info) -> Effects:
        """Return the whole clip at another pitch."""
        n = info.size.samples
        return Time((Piece(0, n, 0, n),), n, pitch=2 ** (draw["semitones"] / 12), mode="stretch")


class Stretch(Op):
    """Change the tempo and keep the pitch, by a phase vocoder.

    Fields: audio; intervals follow.

    Args:
        rate_range: (lo, hi), 0.25 to 4; 2 plays in half the time.
    Draws: rate uniform in rate_range.
    Cost: about 2.5 ms for 4 s at 16 kHz; with a pitch beside it, still once.
    """

    on = "audio"

    rate_range: Annotated[Range, Within(0.25, 4)] = (0.8, 1.25)

    def draw(self, rng: Rng, info: Info) -> Any:
        """Draw the rate."""
        return {"rate": rng.uniform(*self.rate_range)}

    def effect(self, draw: Any, info: Info) -> Effects:
        """Return the whole clip at another tempo."""
        return _at_rate(info.size.samples, draw["rate"], "stretch")


class Speed(Op):
    """Play faster and higher, or slower and lower, as a tape does, by band-limited resampling.

    Fields: audio; intervals follow.

    Args:
        rate_range: (lo, hi), 0.25 to 4; 2 plays in half the time, an octave up.
    Draws: rate uniform in rate_range, rounded to 1/200 where that stays in the range.
    Cost: about 0.25 ms for 4 s at 16 kHz.
    """

    on = "audio"

    rate_range: Annotated[Range, Within(0.25, 4)] = (0.9, 1.1)

    def draw(self, rng: Rng, info: Info) -> Any:
        """Draw the rate."""
        rate = rng.uniform(*self.rate_range)
        rounded = round(rate * _GRID) / _GRID
        lo, hi = self.rate_range
        return {"rate": rounded if lo <= rounded <= hi else rate}

    def effect(self, draw: Any, info: Info) -> Effects:
        """Return the whole clip at another speed."""
        return _at_rate(info.size.samples, draw["rate"], "resample")


class Shift(Op):
    """Move the sound later or earlier; silence fills the gap, or the sound that left at the other end.

    Fields: audio; intervals follow.

    Args:
        shift_frac_range: (lo, hi) as shares of the length, -1 to 1; above 0 is later.
        roll: Whether what leaves at one end comes back at the other.
    Draws: shift_frac uniform in shift_frac_range.
    Cost: a copy.
    """

    on = "audio"

    shift_frac_range: Annotated[Range, Within(-1, 1)] = (-0.2, 0.2)
    roll: bool = False

    def draw(self, rng: Rng, info: Info) -> Any:
        """Draw the share of the length."""
        return {"shift_frac": rng.uniform(*self.shift_frac_range)}

    def effect(self, draw: Any, info: Info) -> Effects:
        """Return the clip in two pieces, or one where the other has left."""
        n = info.size.samples
        by = round(draw["shift_frac"] * n)
        if self.roll:
            by %= n
        pieces = [Piece(max(0, -by), min(n, n - by), max(0, by), min(n, n + by))]
        if self.roll:
            pieces.append(Piece(n - by, n, 0, by))
        return Time(tuple(p for p in pieces if p.d0 < p.d1), n)


class Crop(Op):
    """Keep one stretch of the recording, an exact copy.

    Fields: audio; intervals follow, and a transcript keeps the words that are left.

    Args:
        fraction_range: (lo, hi) of the length to keep; unused when seconds is given.
        seconds: Length to keep, always; a shorter clip is followed by silence. None: by fraction_range.
    Draws: fraction uniform in fraction_range; at in [0, 1), the stretch's place among those possible.
    Cost: a copy.
    """

    on = "audio"

    fraction_range: FractionRange = (0.6, 1.0)
    seconds: Annotated[float | None, Within(1e-3)] = None

    def draw(self, rng: Rng, info: Info) -> Any:
        """Draw the length and the place."""
        return {"fraction": rng.uniform(*self.fraction_range), "at": rng.random()}

    def effect(self, draw: Any, info: Info) -> Effects:
        """Return the stretch."""
        n = info.size.samples
        share = draw["fraction"] * n if self.seconds is None else self.seconds * info.size.rate
        length = max(1, round(share))
        kept = min(length, n)
        start = int(draw["at"] * (n - kept + 1))
        return Time((Piece(start, start + kept, 0, kept),), length)


class Reverse(Op):
    """Play the recording backwards.

    Fields: audio; intervals follow.
    Cost: a copy.
    """

    on = "audio"

    def effect(self, draw: Any, info: Info) -> Effects:
        """Return the clip from its end to its start."""
        n = info.size.samples
        return Time((Piece(n, 0, 0, n),), n)


def _at_rate(n: int, rate: float, mode: Any) -> Time:
    """Return a clip of ``n`` samples played at exactly ``rate``; its last sample may be part silence."""
    length = max(1, round(n / rate))
    return Time((Piece(0, length * rate, 0, length),), length, mode=mode)
