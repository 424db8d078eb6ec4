import numpy as np
import pytest
from scipy.signal import welch
from scipy.stats import kurtosis

from augury_audio.noise import active_power, add_noise, colored_noise, level, mix

RATE = 16000


@pytest.mark.parametrize("color", ["white", "pink", "brown"])
@pytest.mark.parametrize("wanted_db", [-5.0, 10.0, 30.0])
def test_noise_stands_at_the_asked_ratio(sounds, color, wanted_db):
    """Signal power over the power of what was added is the asked ratio within a tenth of a dB."""
    clip = sounds.tone(440)
    out = add_noise(clip, RATE, snr_db=wanted_db, seed=1, color=color, reference="rms")
    assert abs(sounds.snr_db(clip, out) - wanted_db) < 0.1


@pytest.mark.parametrize(("color", "slope"), [("white", 0.0), ("pink", -1.0), ("brown", -2.0)])
def test_colors_have_their_slope(color, slope):
    """Power falls with frequency by the power that names the colour."""
    noise = colored_noise((1, 1 << 18), RATE, color=color, seed=3)[0]
    hz, power = welch(noise, RATE, nperseg=4096)
    inside = (hz > 60) & (hz < 6000)
    fitted = np.polyfit(np.log(hz[inside]), np.log(power[inside]), 1)[0]
    assert abs(fitted - slope) < 0.05


def test_white_noise_is_normal_and_independent():
    """Mean 0, power 1, no excess kurtosis, no correlation between neighbours or channels."""
    noise = colored_noise((2, 200000), RATE, color="white", seed=5)
    assert abs(noise.mean()) < 0.01
    assert abs(np.mean(noise**2) - 1) < 0.01
    assert abs(kurtosis(noise[0])) < 0.05
    assert abs(np.corrcoef(noise[0], noise[1])[0, 1]) < 0.01
    assert abs(np.corrcoef(noise[0, 1:], noise[0, :-1])[0, 1]) < 0.01


def test_noise_is_a_function_of_its_seed(sounds):
    """One seed, one noise; another seed, another noise."""
    clip = sounds.tone(440)
    first, again, other = (add_noise(clip, RATE, snr_db=10, seed=s) for s in (7, 7, 8))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_pauses_do_not_lower_the_active_level(sounds):
    """A tone with three times its length of silence has the tone's own level; by rms it has a quarter."""
    clip = sounds.tone(440, seconds=1.0)
    padded = np.concatenate([clip, np.zeros((1, 3 * clip.shape[1]), np.float32)], axis=1)
    assert abs(active_power(padded, RATE) / np.mean(clip**2) - 1) < 0.01
    assert abs(level(padded, RATE, "rms") / np.mean(clip**2) - 0.25) < 0.01


def test_a_steady_sound_is_active_throughout(sounds):
    """Without pauses the active level is the mean power."""
    clip = np.random.default_rng(0).standard_normal((2, RATE)).astype(np.float32)
    assert abs(active_power(clip, RATE) / np.mean(clip**2) - 1) < 0.01


def test_silence_stays_silent(sounds):
    """Silence has no level to hold noise against: it is returned as it is."""
    silence = np.zeros((1, 1000), np.float32)
    assert add_noise(silence, RATE, snr_db=10, seed=1) is silence
    assert mix(silence, RATE, sounds.tone(440), snr_db=10) is silence
    clip = sounds.tone(440)
    assert mix(clip, RATE, silence, snr_db=10) is clip


def test_background_stands_at_the_asked_ratio_and_repeats(sounds):
    """The added part is the background, scaled, begun where asked, repeated to the clip's length."""
    clip = sounds.tone(440)
    background = np.random.default_rng(2).standard_normal((1, 5000)).astype(np.float32)
    out = mix(clip, RATE, background, snr_db=6.0, start_frac=0.5, reference="rms")
    assert abs(sounds.snr_db(clip, out) - 6.0) < 0.01
    added = (out - clip)[0]
    assert np.corrcoef(added, np.tile(background[0], 9)[2500 : 2500 + len(added)])[0, 1] > 0.9999


def test_a_long_background_is_cut_within_itself(sounds):
    """From a longer background the whole clip's length is taken without wrapping, up to its very end."""
    clip = sounds.tone(440, seconds=0.5)
    background = np.random.default_rng(2).standard_normal((1, 12000)).astype(np.float32)
    added = (mix(clip, RATE, background, snr_db=0.0, start_frac=0.99999) - clip)[0]
    assert np.corrcoef(added, background[0, -8000:])[0, 1] > 0.9999


@pytest.mark.parametrize("shape", [(1, 0), (1, 1), (2, 3)])
@pytest.mark.parametrize("color", ["white", "pink", "brown"])
def test_tiny_shapes(shape, color):
    """Any shape is made, and is finite."""
    noise = colored_noise(shape, RATE, color=color, seed=1)
    assert noise.shape == shape
    assert np.isfinite(noise).all()
