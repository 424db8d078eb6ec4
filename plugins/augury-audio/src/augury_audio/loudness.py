"""Loudness as ITU-R BS.1770-4 defines it, and levels in dBFS.

Why our own: pyloudnorm shapes its K-weighting from other corner frequencies than the standard's, and refuses clips
shorter than a gating block. The weighting here is that of the standard's own coefficients (given at 48 kHz) carried to
any rate through their analogue prototypes.

Reference: ITU-R BS.1770-4, annex 1; the prototypes' parameters are those that give the tables of that annex back.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.signal import sosfilt

from augury_audio.stft import Samples

_BLOCK_S, _STEP_S = 0.4, 0.1
_ABSOLUTE_GATE_LKFS = -70.0
_RELATIVE_GATE_LU = -10.0
_OFFSET_LKFS = -0.691
_SURROUND_GAIN = 1.41


def loudness_lkfs(samples: Samples, rate: int) -> float:
    """Return the gated loudness of a clip in LKFS (LUFS); minus infinity where nothing passes the gate.

    A clip shorter than a gating block (0.4 s) is taken as one block.

    Args:
        samples: float32 (channels, n). Mono and stereo count fully; of five channels (left, right, centre, two
            surround) the last two count 1.41 times, and of six the fourth, low frequencies, does not count.
        rate: Sample rate in Hz.

    Cost: two filters of second order, about 25 ns a sample.
    """
    channels, n = samples.shape
    weighted = sosfilt(k_weighting(rate), samples.astype(np.float64), axis=1)
    step = max(1, round(_STEP_S * rate))
    size = min(n, max(1, round(_BLOCK_S * rate)))
    sums = np.concatenate([np.zeros((channels, 1)), np.cumsum(weighted * weighted, axis=1)], axis=1)
    starts = np.arange(0, n - size + 1, step)
    power = _channel_gains(channels) @ (sums[:, starts + size] - sums[:, starts]) / size
    kept = power[_lkfs(power) > _ABSOLUTE_GATE_LKFS]
    if not kept.size:
        return -math.inf
    kept = kept[_lkfs(kept) > float(_lkfs(kept.mean())) + _RELATIVE_GATE_LU]
    return float(_lkfs(kept.mean()))


@lru_cache(maxsize=32)
def k_weighting(rate: int) -> NDArray[np.float64]:
    """Return the K-weighting at ``rate`` Hz as second-order sections: the head's shelf, then the high-pass (RLB)."""
    k = math.tan(math.pi * 1681.974450955533 / rate)
    q, high = 0.7071752369554196, 10 ** (3.999843853973347 / 20)
    middle = high**0.4996667741545416
    a0 = 1 + k / q + k * k
    shelf = [(high + middle * k / q + k * k) / a0, 2 * (k * k - high) / a0, (high - middle * k / q + k * k) / a0]
    poles = [1.0, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0]
    k, q = math.tan(math.pi * 38.13547087602444 / rate), 0.5003270373238773
    a0 = 1 + k / q + k * k
    high_pass = [1.0, -2.0, 1.0, 1.0, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0]
    return np.array([[*shelf, *poles], high_pass])


def _channel_gains(channels: int) -> NDArray[np.float64]:
    gains = np.ones(channels)
    if channels in (5, 6):
        gains[-2:] = _SURROUND_GAIN
    if channels == 6:
        gains[3] = 0.0
    return gains


def _lkfs(power: NDArray[np.float64] | float) -> NDArray[np.float64]:
    with np.errstate(divide="ignore"):
        return _OFFSET_LKFS + 10 * np.log10(np.asarray(power))


def window_levels_dbfs(samples: Samples, window: int) -> NDArray[np.float64]:
    """Return the level of each run of ``window`` samples, over all channels, in dB: a full-scale square wave has 0.

    The last run may be shorter. A sine of full scale has -3.01 dBFS; digital silence minus infinity.
    """
    power = np.mean(np.square(samples, dtype=np.float64), axis=0)
    starts = np.arange(0, power.size, window)
    means = np.add.reduceat(power, starts) / np.diff([*starts, power.size])
    with np.errstate(divide="ignore"):
        return 10 * np.log10(means)
