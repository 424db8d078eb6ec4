import numpy as np
import pytest

from augury_audio.gate import denoise

RATE = 16000


def noisy(sounds, level_db):
    """A voice, and the same in white noise."""
    clean = sounds.voice(4.0)
    noise = np.random.default_rng(0).standard_normal(clean.shape).astype(np.float32)
    noise *= np.sqrt(np.mean(clean**2) / np.mean(noise**2)) * 10 ** (-level_db / 20)
    return clean, clean + noise


@pytest.mark.parametrize("level_db", [0, 5, 10])
def test_brings_a_noisy_voice_nearer_the_clean_one(sounds, level_db):
    """A voice in steady noise gains at least 4 dB against the clean recording."""
    clean, mixed = noisy(sounds, level_db)
    assert sounds.snr_db(clean, denoise(mixed, RATE)) > sounds.snr_db(clean, mixed) + 4


def test_strength_goes_from_nothing_to_all(sounds):
    """Strength 0 is the clip itself; more strength takes away more noise."""
    _, mixed = noisy(sounds, 5)
    assert denoise(mixed, RATE, strength=0.0) is mixed
    quiet = [np.mean(denoise(mixed, RATE, strength=s) ** 2) for s in (0.25, 0.5, 1.0)]
    assert np.mean(mixed**2) > quiet[0] > quiet[1] > quiet[2]


def test_noise_alone_is_nearly_shut(sounds):
    """Steady noise without a signal comes out at least 10 dB lower."""
    noise = np.random.default_rng(1).standard_normal((2, 3 * RATE)).astype(np.float32)
    assert np.mean(denoise(noise, RATE) ** 2) < 0.1 * np.mean(noise**2)


def test_a_clean_voice_is_left_nearly_alone(sounds):
    """Without noise the gate costs less than -15 dB of the voice."""
    clean = sounds.voice(4.0)
    assert sounds.snr_db(clean, denoise(clean, RATE)) > 15


@pytest.mark.parametrize("n", [0, 1, 100])
def test_tiny_clips(n):
    """Clips shorter than a frame keep their shape and stay finite."""
    out = denoise(np.ones((1, n), np.float32), RATE)
    assert out.shape == (1, n)
    assert np.isfinite(out).all()
