"""Noise of a colour, and mixing at a signal-to-noise ratio."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal, TypeAlias

import numpy as np
import scipy.fft
import scipy.special
from numpy.typing import NDArray

from augury.rng import generator
from augury_audio.stft import Samples

Color: TypeAlias = Literal["white", "pink", "brown"]
"""Power a frequency: flat, falling 3 dB an octave, falling 6 dB an octave."""

Reference: TypeAlias = Literal["active", "rms"]
"""What the signal's level is: of its active frames (see `active_power`), or of the whole clip."""

_SLOPES = {"pink": 0.5, "brown": 1.0}
_LOWEST_HZ = 20.0

# ITU-T P.56: a moment is active while the envelope is less than 15.9 dB under the active level.
_MARGIN = 10 ** (-15.9 / 10)
_FRAME_SECONDS = 0.02


def add_noise(
    samples: Samples, rate: int, *, snr_db: float, seed: int, color: Color = "white", reference: Reference = "active"
) -> Samples:
    """Return the clip with noise added at a signal-to-noise ratio; silence stays silent.

    Args:
        samples: float32 (channels, n).
        rate: Sample rate in Hz.
        snr_db: Signal power over noise power in dB.
        seed: Sub-seed of the noise; channels get independent noise.
        color: Spectrum of the noise.
        reference: What counts as the signal's level.

    Returns:
        float32 (channels, n), not clipped.
    """
    power = level(samples, rate, reference)
    if power == 0:
        return samples
    noise = colored_noise(samples.shape, rate, color=color, seed=seed)
    noise *= np.float32(np.sqrt(power * 10 ** (-snr_db / 10)))
    noise += samples
    return noise


def mix(
    samples: Samples,
    rate: int,
    background: Samples,
    *,
    snr_db: float,
    start_frac: float = 0.0,
    reference: Reference = "active",
) -> Samples:
    """Return the clip over a background at a signal-to-noise ratio; a silent clip or background changes nothing.

    Args:
        samples: float32 (channels, n).
        rate: Sample rate in Hz of both.
        background: float32 (channels, m), repeated where it is shorter than the clip.
        snr_db: Signal power over background power in dB; of the background, the part that is heard counts.
        start_frac: Where in the background to begin, in [0, 1); a longer one then has room to fit.
        reference: What counts as the signal's level; of the background it is always the rms level.

    Returns:
        float32 (channels, n), not clipped.
    """
    n, m = samples.shape[1], background.shape[1]
    power = level(samples, rate, reference)
    if power == 0 or m == 0:
        return samples
    start = int(start_frac * (m - n + 1 if m > n else m))
    heard = background.take(np.arange(start, start + n), axis=1, mode="wrap")
    heard_power = level(heard, rate, "rms")
    if heard_power == 0:
        return samples
    heard *= np.float32(np.sqrt(power * 10 ** (-snr_db / 10) / heard_power))
    heard += samples
    return heard


def level(samples: Samples, rate: int, reference: Reference) -> float:
    """Return the signal's mean power by ``reference``; 0 for an empty clip."""
    if samples.size == 0:
        return 0.0
    if reference == "active":
        return active_power(samples, rate)
    # Not np.dot: BLAS splits long sums over its threads, and the sum would depend on their number.
    return float(np.square(samples, dtype=np.float64).mean())


def active_power(samples: Samples, rate: int) -> float:
    """Return the mean power of the clip's active frames of 20 ms, averaged over channels.

    Active are the frames no more than 15.9 dB under the result: the level that agrees with itself, found from
    the mean over all frames by leaving out quieter ones until none is left to leave out. For speech with pauses
    it is the level of the speech; for a steady sound it is the mean power.

    Args:
        samples: float32 (channels, n), n > 0.
        rate: Sample rate in Hz.

    Reference: ITU-T P.56, method B, with frame power in place of the envelope.
    """
    frame = max(1, int(_FRAME_SECONDS * rate))
    whole = samples.shape[1] // frame * frame
    if whole == 0:
        return level(samples, rate, "rms")
    blocks = samples[:, :whole].reshape(samples.shape[0], -1, frame)
    powers = np.einsum("cfi,cfi->f", blocks, blocks) / (frame * samples.shape[0])
    while True:
        mean = float(powers.mean(dtype=np.float64))
        active = powers[powers >= mean * _MARGIN]
        if len(active) in (0, len(powers)):
            return mean
        powers = active


def colored_noise(shape: tuple[int, int], rate: int, *, color: Color, seed: int) -> Samples:
    """Return Gaussian noise of a colour with a power of 1, float32 (channels, samples).

    Args:
        shape: Channels and samples.
        rate: Sample rate in Hz. Pink and brown noise are flat below 20 Hz, so their level does not hang on the length.
        color: Spectrum of the noise.
        seed: Sub-seed.
    """
    noise = _white(shape, seed)
    if color == "white" or noise.size == 0:
        return noise
    n = shape[1]
    length = scipy.fft.next_fast_len(n, real=True)
    padded = noise if length == n else _white((shape[0], length), seed)
    hz = scipy.fft.rfftfreq(length, 1 / rate)
    spectrum = scipy.fft.rfft(padded, axis=-1)
    spectrum *= (np.maximum(hz, _LOWEST_HZ) / _LOWEST_HZ).astype(np.float32) ** np.float32(-_SLOPES[color])
    spectrum[:, 0] = 0
    shaped = scipy.fft.irfft(spectrum, length, axis=-1)[:, :n]
    power = level(np.ascontiguousarray(shaped), rate, "rms")
    out: Samples = shaped * np.float32(1 / np.sqrt(power)) if power > 0 else shaped
    return out


def _white(shape: tuple[int, int], seed: int) -> Samples:
    """Return standard normal numbers of 16 bits each; numpy's own take four times as long."""
    count = shape[0] * shape[1]
    words = generator(seed).bit_generator.random_raw(-(-count // 4)).astype("<u8", copy=False)
    out: Samples = _quantiles().take(words.view("<u2")[:count]).reshape(shape)
    return out


@lru_cache(maxsize=1)
def _quantiles() -> NDArray[np.float32]:
    """Return 65,536 equally likely values of the normal distribution, of power 1, up to 4.3 standard deviations."""
    values = scipy.special.ndtri((np.arange(65536) + 0.5) / 65536)
    return (values / np.sqrt(np.mean(values**2))).astype(np.float32)
