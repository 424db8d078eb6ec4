"""Cleaners of recordings: which are worth keeping, and long ones in windows."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np

from augury.cleaner import Cleaner, CleanInfo, Rejection
from augury.effects import Effects, Piece, Time
from augury.errors import ParamError, describe
from augury.params import Fraction, IntRange, Range, Within
from augury_audio.audio import Audio
from augury_audio.loudness import window_levels_dbfs

_LEVEL_WINDOW_S = 0.1


class Valid(Cleaner):
    """Reject recordings of the wrong length, rate, or number of channels.

    Files that cannot be decoded, or that are cut short, never come so far: the kind refuses them.

    Args:
        seconds_range: (lo, hi) of the duration in seconds.
        rate_hz_range: (lo, hi) of the sample rate in Hz.
        channels_range: (lo, hi) of the number of channels.

    Rejects: ``too_short``, ``too_long``, ``rate``, ``channels``.

    Cost: nothing beside the decoding.
    """

    on = "audio"

    seconds_range: Annotated[Range, Within(0)] = (0.1, 3600.0)
    rate_hz_range: Annotated[IntRange, Within(1)] = (4000, 384_000)
    channels_range: Annotated[IntRange, Within(1)] = (1, 64)

    def judge(self, value: Audio, info: CleanInfo) -> Rejection | None:
        """Return the first of the reasons that holds."""
        lo, hi = self.seconds_range
        if not lo <= value.seconds <= hi:
            reason = "too_short" if value.seconds < lo else "too_long"
            return Rejection(reason, f"{value.seconds:.3f} s, asked for {lo:g} to {hi:g} s")
        if not self.rate_hz_range[0] <= value.rate <= self.rate_hz_range[1]:
            return Rejection("rate", "{} Hz, asked for {} to {} Hz".format(value.rate, *self.rate_hz_range))
        if not self.channels_range[0] <= value.channels <= self.channels_range[1]:
            return Rejection("channels", "{}, asked for {} to {}".format(value.channels, *self.channels_range))
        return None


class Silent(Cleaner):
    """Reject recordings in which no tenth of a second is loud enough.

    Args:
        level_dbfs: Least level of the loudest 0.1 s over all channels, in dB below a full-scale square wave: a sine of
            full scale has -3.01 dBFS.

    Rejects: ``silent``.

    Cost: about 3 ns a sample.
    """

    on = "audio"

    level_dbfs: Annotated[float, Within(-200, 0)] = -60.0

    def judge(self, value: Audio, info: CleanInfo) -> Rejection | None:
        """Return ``silent`` unless a window reaches the level."""
        window = max(1, round(_LEVEL_WINDOW_S * value.rate))
        loudest = float(window_levels_dbfs(value.samples, window).max())
        if loudest >= self.level_dbfs:
            return None
        return Rejection("silent", f"at most {loudest:.1f} dBFS, asked for {self.level_dbfs:g} dBFS")


class Clipped(Cleaner):
    """Reject recordings of which too many samples stand at full scale: the sound went beyond it.

    Args:
        share: Largest share of the samples of a channel, in [0, 1].
        full_scale: From which absolute value on a sample counts as at full scale.

    Rejects: ``clipped``.

    Cost: about 1 ns a sample.
    """

    on = "audio"

    share: Fraction = 0.001
    full_scale: Annotated[float, Within(0.1, 1)] = 0.999

    def judge(self, value: Audio, info: CleanInfo) -> Rejection | None:
        """Return ``clipped`` where a channel has more of them."""
        share = float(np.mean(np.abs(value.samples) >= np.float32(self.full_scale), axis=1).max())
        if share <= self.share:
            return None
        return Rejection("clipped", f"a share of {share:.4f} at full scale, asked for {self.share:g}")


class Windows(Cleaner):
    """Cut recordings into windows of one length, exact copies; intervals follow, and transcripts keep their words.

    A recording no longer than a window is left as it is.

    Args:
        seconds: Length of a window in seconds.
        hop_s: From one window's start to the next one's, in seconds; null is the length, so that they do not overlap.
        edge: The rest at the end: ``shift`` moves the last window back so that it ends with the recording, ``pad`` has
            silence after it, ``drop`` leaves the rest out.

    Cost: a copy.
    """

    on = "audio"

    seconds: Annotated[float, Within(0.001)] = 10.0
    hop_s: Annotated[float | None, Within(0.001)] = None
    edge: Literal["shift", "pad", "drop"] = "shift"

    def check_params(self) -> None:
        """Refuse windows with gaps between them."""
        if self.hop_s is not None and self.hop_s > self.seconds:
            where = f"{self.entry_id or type(self).__name__}.hop_s"
            expected = f"at most the window's {self.seconds:g} s"
            raise ParamError(describe(where, expected, self.hop_s, fix="lower it; null parts windows without overlap"))

    def pieces(self, value: Audio, info: CleanInfo) -> int | None:
        """Return the number of windows, None for a recording that fits one."""
        samples, length, hop = info.size.samples, *self._steps(info.size.rate)
        if samples <= length:
            return None
        whole = (samples - length) // hop + 1
        rest = samples - ((whole - 1) * hop + length)
        return int(whole + (rest > 0 and self.edge != "drop"))

    def effect(self, piece: int, info: CleanInfo) -> Effects:
        """Return one window."""
        samples, length, hop = info.size.samples, *self._steps(info.size.rate)
        start = piece * hop
        if self.edge == "shift":
            start = min(start, samples - length)
        end = min(start + length, samples)
        return Time((Piece(start, end, 0, end - start),), length)

    def _steps(self, rate: int) -> tuple[int, int]:
        length = max(1, round(self.seconds * rate))
        return length, length if self.hop_s is None else max(1, round(self.hop_s * rate))
