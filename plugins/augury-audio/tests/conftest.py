"""Sounds and measures that the tests of this plugin share."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.signal import lfilter


def tone(hz, seconds=2.0, rate=16000, amplitude=0.5):
    """A sine, float32 (1, n)."""
    t = np.arange(round(seconds * rate)) / rate
    return (amplitude * np.sin(2 * np.pi * hz * t)).astype(np.float32)[None]


def clicks(positions, length):
    """Samples of 1 at the positions, else silence."""
    out = np.zeros((1, length), np.float32)
    out[0, positions] = 1
    return out


def voice(seconds=2.0, rate=16000, hz=120.0):
    """Pulses at a gliding pitch through three resonances, with pauses: speech to a vocoder."""
    t = np.arange(round(seconds * rate)) / rate
    phase = np.cumsum(hz * (1 + 0.1 * np.sin(2 * np.pi * 1.5 * t))) / rate
    pulses = (np.diff(np.floor(phase), prepend=0) > 0).astype(float)
    sound = pulses
    for formant, width in ((700, 80), (1200, 90), (2600, 120)):
        r = np.exp(-np.pi * width / rate)
        sound = lfilter([1 - r], [1, -2 * r * np.cos(2 * np.pi * formant / rate), r * r], sound)
    sound = sound * (np.sin(2 * np.pi * 2.2 * t) > -0.5)
    return (0.5 * sound / np.abs(sound).max()).astype(np.float32)[None]


def frequency(samples, rate=16000):
    """The strongest frequency in Hz, from a long padded spectrum."""
    x = samples[0] * np.hanning(samples.shape[1])
    n = 1 << 20
    return np.abs(np.fft.rfft(x, n)).argmax() * rate / n


def cents(got, wanted):
    """The interval between two frequencies."""
    return 1200 * np.log2(got / wanted)


def snr_db(wanted, got):
    """Power of what was wanted over that of the error."""
    error = np.asarray(got, float) - wanted
    return 10 * np.log10(np.sum(np.asarray(wanted, float) ** 2) / np.sum(error**2))


@pytest.fixture(scope="session")
def sounds():
    """The helpers above, as one name space."""
    return SimpleNamespace(tone=tone, clicks=clicks, voice=voice, frequency=frequency, cents=cents, snr_db=snr_db)
