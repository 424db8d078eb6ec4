"""Denoise by a spectral gate."""

from __future__ import annotations

import numpy as np
import scipy.ndimage
from numpy.typing import NDArray

from augury_audio.stft import Samples, istft, stft, window_length

# The noise floor of a band is the level it is under a fifth of the time. Noise alone has exponentially
# distributed power, whose fifth is at 0.223 of its mean.
_QUANTILE = 0.2
_QUANTILE_OF_MEAN = 0.223

# Gates open fully at this much power over the mean noise, and a shut one lets -24 dB through.
_OPEN = 6.0
_SHUT_GAIN = 10 ** (-24 / 20)

# Bands and frames the gate is smoothed over: isolated openings are heard as warbling.
_SMOOTH = (3, 5)


def denoise(samples: Samples, rate: int, *, strength: float = 1.0) -> Samples:
    """Return the clip with its steady background turned down.

    The noise floor of each band is read off its own quiet moments, so noise must be steady and speech must pause.

    Args:
        samples: float32 (channels, n).
        rate: Sample rate in Hz.
        strength: 0 leaves the clip as it is, 1 gates in full; between them the gains are interpolated.

    Returns:
        float32 (channels, n).

    Cost: two FFTs a frame of 64 ms at a quarter of that hop, a partial sort of each band's power.
    Reference: Sainburg et al., Finding, visualizing, and quantifying latent structure across diverse animal
        vocal repertoires, 2020 (spectral gating); the floor from quantiles after Stahl et al., 2000.
    """
    if strength == 0 or samples.shape[1] == 0:
        return samples
    length = window_length(rate)
    spectra = stft(samples, length)
    power = spectra.real**2 + spectra.imag**2
    gains = 1 - np.float32(strength) * (1 - _gains(power))
    spectra *= gains
    return istft(spectra, length, samples.shape[1])


def _gains(power: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the gate's gain for each cell of (channels, frames, bands) of power."""
    frames = power.shape[1]
    rank = min(int(_QUANTILE * frames), frames - 1)
    noise = np.partition(power, rank, axis=1)[:, rank : rank + 1] / _QUANTILE_OF_MEAN
    # Steady noise alone would open the gate at its random crests; over a few cells it cannot.
    local = scipy.ndimage.uniform_filter(power, (0, *_SMOOTH), mode="nearest")
    opening = np.clip((local / np.maximum(noise, 1e-20) - 1) / (_OPEN - 1), 0, 1)
    opening = opening * opening * (3 - 2 * opening)
    gains: NDArray[np.float32] = (_SHUT_GAIN + (1 - _SHUT_GAIN) * opening).astype(np.float32)
    return gains
