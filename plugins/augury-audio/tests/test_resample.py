import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import resample_poly

from augury_audio.resample import resample


def sine(position, share):
    """A sine at a share of the Nyquist frequency, at any positions."""
    return np.sin(np.pi * share * position)


@pytest.mark.parametrize("step", [0.5, 0.937, 1.1, 1.25, 2.0])
@pytest.mark.parametrize("start", [0.0, 0.3, 17.75])
def test_sines_below_the_cutoff_are_read_exactly(sounds, step, start):
    """What is below 0.8 of the lower Nyquist frequency agrees with the formula by 75 dB or more."""
    n = 20000
    for share in (0.1, 0.5, 0.8):
        clip = sine(np.arange(n), share / max(step, 1)).astype(np.float32)[None]
        count = int((n - start) / step) - 200
        wanted = sine(start + np.arange(count) * step, share / max(step, 1))
        assert sounds.snr_db(wanted[200:], resample(clip, step, count, start=start)[0, 200:]) > 75


@pytest.mark.parametrize("step", [1.25, 1.5, 3.0])
def test_what_cannot_be_kept_is_removed(step):
    """A tone above the new Nyquist frequency is at least 70 dB down instead of folded back."""
    clip = sine(np.arange(20000), 1.02 / step).astype(np.float32)[None]
    out = resample(clip, step, int(20000 / step))[0, 300:-300]
    assert np.sqrt(np.mean(out**2)) < 10 ** (-70 / 20)


@settings(deadline=None, max_examples=40)
@given(st.floats(0.25, 4.0), st.integers(1, 4000), st.floats(-50, 50))
def test_clicks_land_within_a_sample_of_the_map(step, n_out, start):
    """For any step and start each click's crest is within a sample of the map, to the clip's end: no drift."""
    n = int(abs(start) + n_out * step) + 100
    positions = np.arange(40, n, 97)
    clip = np.zeros((1, n), np.float32)
    clip[0, positions] = 1
    out = np.abs(resample(clip, step, n_out, start=start)[0])
    for wanted in (positions - start) / step:
        begin, end = max(0, int(wanted - 10 / step)), int(wanted + 10 / step) + 1
        if 2 < wanted < n_out - 2:
            assert abs(begin + out[begin:end].argmax() - wanted) <= 1.0


def test_agrees_with_scipy_on_band_limited_noise(sounds):
    """A rational step gives what scipy's polyphase filter gives, for noise that both pass."""
    noise = np.random.default_rng(0).standard_normal(2000)
    smooth = resample_poly(noise, 4, 1)
    wanted = resample_poly(smooth, 10, 11, window=("kaiser", 12.0))
    got = resample(smooth.astype(np.float32)[None], 1.1, len(wanted))[0]
    assert sounds.snr_db(wanted[100:-100], got[100:-100]) > 60


def test_unlucky_steps_do_not_drift(sounds):
    """A step a hair off 1 is followed to the end of a long clip."""
    step = 1.0001234
    clip = sine(np.arange(200000), 0.05).astype(np.float32)[None]
    count = 199000
    wanted = sine(np.arange(count) * step, 0.05)
    assert sounds.snr_db(wanted[-1000:], resample(clip, step, count)[0, -1000:]) > 45


def test_level_is_kept_at_any_step():
    """A constant stays that constant within a thousandth."""
    for step in (0.61, 1.0, 1.37, 2.9):
        assert np.abs(resample(np.ones((2, 3000), np.float32), step, 600, start=300)[:, :] - 1).max() < 1e-3


def test_edges():
    """Nothing asked gives nothing; beyond the clip is silence; a step of 0 is an error."""
    clip = np.ones((2, 50), np.float32)
    assert resample(clip, 1.3, 0).shape == (2, 0)
    assert not resample(clip, 1.3, 20, start=500.0).any()
    assert resample(clip[:, :1], 0.3, 4).shape == (2, 4)
    with pytest.raises(ValueError, match="step above 0"):
        resample(clip, 0.0, 5)
