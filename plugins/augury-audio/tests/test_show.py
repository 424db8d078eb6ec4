"""What previews are given of recordings and of the intervals on them."""

import io

import numpy as np
import pytest
import soundfile

from augury.views import Stretch
from augury_audio.audio import Audio
from augury_audio.kinds import AudioKind, Intervals
from augury_audio.show import MOST_SECONDS, PARTS


def test_wav_is_the_recording():
    """The player is given the samples, at their rate, in all channels."""
    samples = np.random.default_rng(1).uniform(-0.9, 0.9, (2, 4000)).astype(np.float32)
    view = AudioKind().show(Audio(samples, 8000))
    heard, rate = soundfile.read(io.BytesIO(view.wav))
    assert rate == 8000 and np.abs(heard.T - samples).max() < 1e-4
    assert view.seconds == 0.5 and view.note == "0.50 s, 8 kHz, stereo"


def test_outline_holds_every_peak():
    """An impulse is seen at its place in the outline, however short."""
    samples = np.zeros((1, 48_000), np.float32)
    samples[0, 12_000] = 0.75
    samples[0, 36_000] = -0.5
    peaks = np.array(AudioKind().show(Audio(samples, 48_000)).peaks)
    assert peaks.shape == (PARTS, 2)
    assert peaks[:, 1].argmax() == PARTS // 4 and peaks[:, 1].max() == 0.75
    assert peaks[:, 0].argmin() == PARTS * 3 // 4 and peaks[:, 0].min() == -0.5


@pytest.mark.parametrize("n", [1, 7, 481])
def test_short_recordings(n):
    """A recording shorter than the outline has one part a sample."""
    assert len(AudioKind().show(Audio(np.ones((1, n), np.float32), 8000)).peaks) == min(n, PARTS)


def test_long_recording_is_played_in_part():
    """Only the beginning of a long recording is embedded; the outline is of all of it."""
    view = AudioKind().show(Audio(np.zeros((1, 50 * 1000), np.float32), 1000))
    assert soundfile.info(io.BytesIO(view.wav)).duration == MOST_SECONDS
    assert view.seconds == 50.0 and view.note.endswith("plays the first 30 s")


def test_intervals():
    """Each interval is a mark in seconds."""
    kind = Intervals()
    assert kind.show(kind.check([(0.1, 0.5, "a")])) == [Stretch(0.1, 0.5, "a")]
