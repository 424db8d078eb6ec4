"""Short-time Fourier transform in float32, with exact reconstruction."""

from __future__ import annotations

from functools import lru_cache
from typing import TypeAlias

import numpy as np
import scipy.fft
from numpy.typing import NDArray

Samples: TypeAlias = NDArray[np.float32]
"""Sound as float32 (channels, samples)."""

OVERLAP = 4
"""Frames that cover each sample. A Hann window used twice then sums to `HANN_GAIN` everywhere."""

HANN_GAIN = 1.5

_WINDOW_SECONDS = 0.064


@lru_cache(maxsize=64)
def hann(length: int) -> NDArray[np.float32]:
    """Return the periodic Hann window of ``length`` samples, float32, read-only; it is 1 at ``length // 2``."""
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)).astype(np.float32)
    window.flags.writeable = False
    return window


def window_length(rate: int) -> int:
    """Return the analysis window for ``rate`` Hz in samples: near 64 ms, 2**k or 3 * 2**k, a multiple of 8."""
    wanted = _WINDOW_SECONDS * rate
    sizes = [factor << k for k in range(3, 18) for factor in (1, 3)]
    return min(sizes, key=lambda size: abs(np.log(size / wanted)))


def stft(samples: Samples, length: int) -> NDArray[np.complex64]:
    """Return the spectra of overlapping Hann-windowed frames.

    Args:
        samples: float32 (channels, n).
        length: Window in samples, a multiple of `OVERLAP`; the hop is ``length // OVERLAP``.

    Returns:
        complex64 (channels, frames, length // 2 + 1). Frame m starts at sample (m - 3) * hop, so that every
        sample lies in `OVERLAP` frames; outside the clip the frames see zeros.
    """
    channels, n = samples.shape
    hop = length // OVERLAP
    frames = -(-n // hop) + OVERLAP - 1
    padded = np.zeros((channels, (frames + OVERLAP - 1) * hop), np.float32)
    padded[:, (OVERLAP - 1) * hop : (OVERLAP - 1) * hop + n] = samples
    views = np.lib.stride_tricks.sliding_window_view(padded, length, axis=1)[:, ::hop]
    return scipy.fft.rfft(views * hann(length), axis=-1, overwrite_x=True)


def istft(spectra: NDArray[np.complex64], length: int, n_out: int) -> Samples:
    """Return the ``n_out`` samples whose `stft` is ``spectra``, float32 (channels, n_out).

    Unchanged spectra give the clip back to float32 rounding; changed ones give the least-squares nearest clip.

    Reference: Griffin and Lim, Signal Estimation from Modified Short-Time Fourier Transform, 1984.
    """
    channels, frames, _ = spectra.shape
    hop = length // OVERLAP
    out = np.zeros((channels, frames + OVERLAP - 1, hop), np.float32)
    blocks = scipy.fft.irfft(spectra, length, axis=-1)
    blocks *= hann(length) / np.float32(HANN_GAIN)
    overlap_add(out, blocks, 0)
    return out.reshape(channels, -1)[:, (OVERLAP - 1) * hop : (OVERLAP - 1) * hop + n_out]


def overlap_add(out: NDArray[np.float32], blocks: NDArray[np.float32], first: int) -> None:
    """Add frames into ``out`` in place, the first of them at hop ``first``.

    Args:
        out: float32 (channels, hops, hop).
        blocks: float32 (channels, frames, `OVERLAP` * hop).
        first: Hop of ``out`` at which frame 0 begins.
    """
    channels, frames, _ = blocks.shape
    quarters = blocks.reshape(channels, frames, OVERLAP, out.shape[2])
    for i in range(OVERLAP):
        out[:, first + i : first + i + frames] += quarters[:, :, i]
