"""Ops that bring recordings to one form: rate, loudness, no silence at the ends."""

from __future__ import annotations

import math
from typing import Annotated, Any

import numpy as np

from augury.effects import Effects, Piece, Samples, Time
from augury.errors import RecipeError, describe, shown
from augury.op import Info, Op
from augury.params import Range, Within
from augury.rng import Rng
from augury_audio import stft
from augury_audio.loudness import loudness_lkfs, window_levels_dbfs

_WINDOW_S = 0.01


class Resample(Op):
    """Bring a recording to another sample rate, by band-limited interpolation.

    Frequencies up to 0.84 of the lower Nyquist frequency are kept, those beyond it are 80 dB down. Beside crops and
    changes of speed the sound is interpolated once.

    Fields: audio; intervals, which are in seconds, and transcripts stay.

    Args:
        rate_hz: The new rate in Hz, 1000 to 384000. A recording that has it is left as it is, bit for bit.
    Cost: about 0.25 ms for 4 s at 16 kHz.
    """

    on = "audio"

    rate_hz: Annotated[int, Within(1000, 384_000)] = 16_000

    def effect(self, draw: Any, info: Info) -> Effects:
        """Return the whole clip at the new rate; its last sample may be part silence."""
        size = info.size
        if size.rate == self.rate_hz:
            return []
        step = size.rate / self.rate_hz
        length = max(1, math.ceil(round(size.samples / step, 6)))
        return Time((Piece(0, length * step, 0, length),), length, rate=self.rate_hz)


class Loudness(Op):
    """Bring a recording to a loudness, as ITU-R BS.1770-4 measures it.

    Silence stays silence. Nothing is clipped here: a file of 16 or 24 bits clips what lies beyond full scale, and
    ``max_peak_dbfs`` keeps a recording below it, then softer than asked for.

    Fields: audio; intervals stay.

    Args:
        lufs_range: (lo, hi) of the loudness in LUFS (the same as LKFS); equal ends normalise.
        max_peak_dbfs: Highest sample peak in dBFS; null lets peaks go where they go.
    Draws: lufs uniform in lufs_range.
    Cost: about 25 ns a sample and channel.

    Reference: ITU-R BS.1770-4, annex 1.
    """

    on = "audio"

    lufs_range: Annotated[Range, Within(-70, 0)] = (-23.0, -23.0)
    max_peak_dbfs: Annotated[float | None, Within(-70, 0)] = -1.0

    def draw(self, rng: Rng, info: Info) -> Any:
        """Draw the loudness."""
        return {"lufs": rng.uniform(*self.lufs_range)}

    def effect(self, draw: Any, info: Info) -> Effects:
        """Return the measurement and the gain it asks for."""
        return Samples(to_loudness, {**draw, "max_peak_dbfs": self.max_peak_dbfs})


class Trim(Op):
    """Cut the silence at both ends, an exact copy of what is left.

    Fields: audio; intervals follow, and a transcript keeps the words that are left. A recording that is silent all
        through is left as it is (`audio.silent` rejects those).

    Args:
        top_db: What counts as silence: windows of 10 ms this far below the loudest one, in dB.
        margin_s: Seconds that are kept on both sides of the sound.
    Draws: nothing random; the first and the last sample that are kept.
    Cost: a look at each sample, and a copy.
    """

    on = "audio"
    reads = frozenset({"value"})

    top_db: Annotated[float, Within(1, 200)] = 40.0
    margin_s: Annotated[float, Within(0, 60)] = 0.05

    def draw(self, rng: Rng, info: Info) -> Any:
        """Find what is kept: {"field", "start", "end"} in samples."""
        audio = info.value
        start, end = heard(audio.samples, audio.rate, self.top_db)
        margin = round(self.margin_s * audio.rate)
        return {"field": info.field, "start": max(0, start - margin), "end": min(info.size.samples, end + margin)}

    def effect(self, draw: Any, info: Info) -> Effects:
        """Return what is kept."""
        if draw["field"] != info.field:
            got = shown(f"one draw for {draw['field']} and {info.field}")
            fix = "add independent: true to the step"
            raise RecipeError(describe(self.entry_id, "a draw of its own for each recording", got, fix=fix))
        start, end = draw["start"], draw["end"]
        if (start, end) == (0, info.size.samples):
            return []
        return Time((Piece(start, end, 0, end - start),), end - start)


def to_loudness(samples: stft.Samples, rate: int, *, lufs: float, max_peak_dbfs: float | None) -> stft.Samples:
    """Return the samples at a loudness in LUFS, or as loud as a peak in dBFS lets them be; silence as it is."""
    measured = loudness_lkfs(samples, rate)
    if measured == -math.inf:
        return samples
    gain_db = lufs - measured
    if max_peak_dbfs is not None:
        gain_db = min(gain_db, max_peak_dbfs - 20 * math.log10(float(np.abs(samples).max())))
    return samples * np.float32(10 ** (gain_db / 20))


def heard(samples: stft.Samples, rate: int, top_db: float) -> tuple[int, int]:
    """Return the first and one past the last sample of the windows that are no silence; all where all is silent."""
    window = max(1, round(_WINDOW_S * rate))
    levels = window_levels_dbfs(samples, window)
    loudest = levels.max()
    if loudest == -math.inf:
        return 0, samples.shape[1]
    loud = np.flatnonzero(levels > loudest - top_db)
    return int(loud[0]) * window, min(samples.shape[1], int(loud[-1] + 1) * window)
