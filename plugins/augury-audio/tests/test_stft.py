import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augury_audio.stft import hann, istft, stft, window_length


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 3), st.integers(1, 3000), st.sampled_from([64, 256, 384]))
def test_unchanged_spectra_give_the_clip_back(channels, n, length):
    """Any clip, down to one sample, survives the transform and its inverse to float32 rounding."""
    clip = np.random.default_rng(n).uniform(-1, 1, (channels, n)).astype(np.float32)
    assert np.abs(istft(stft(clip, length), length, n) - clip).max() < 2e-6


def test_frames_are_windowed_spectra_where_they_say():
    """Frame m is the plain Fourier transform of the windowed samples from (m - 3) hops on."""
    clip = np.random.default_rng(1).uniform(-1, 1, (1, 2000)).astype(np.float32)
    got = stft(clip, 256)[0, 10]
    start = (10 - 3) * 64
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(256) / 256)
    assert np.allclose(got, np.fft.rfft(clip[0, start : start + 256] * window), atol=1e-4)


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 44100, 48000])
def test_window_is_near_64_ms(rate):
    """The window lasts about as long at every rate and divides into four hops."""
    length = window_length(rate)
    assert 0.05 < length / rate < 0.08
    assert length % 8 == 0


def test_window_cannot_be_written():
    """The window is shared by all callers, so it is read-only."""
    with pytest.raises(ValueError, match="read-only"):
        hann(64)[0] = 1
