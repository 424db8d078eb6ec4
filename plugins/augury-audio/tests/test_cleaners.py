"""What the cleaners of recordings reject, and the windows they cut."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.errors import ParamError
from augury.spaces.time import TimeSize
from augury_audio import Audio
from augury_audio.cleaners import Clipped, Silent, Valid, Windows

RATE = 8000


def reason(cleaner, samples, rate=RATE):
    """The reason of a verdict, or None."""
    verdict = cleaner.judge(Audio(np.atleast_2d(np.asarray(samples, np.float32)), rate), None)
    return verdict and verdict.reason


def test_valid():
    """Duration, rate and channels, each at and beyond its bounds."""
    clip = np.zeros(RATE)
    valid = Valid(seconds_range=(1, 2), rate_hz_range=(8000, 16000), channels_range=(1, 2))
    assert reason(valid, clip) is None
    assert reason(valid, clip[:-1]) == "too_short"
    assert reason(valid, np.zeros(2 * RATE + 1)) == "too_long"
    assert reason(valid, np.zeros(44100), 44100) == "rate"
    assert reason(valid, np.zeros((3, RATE))) == "channels"


def test_silent_asks_for_a_tenth_of_a_second():
    """A tone of a tenth of a second keeps a clip; one click does not, nor a hum below the level."""
    clip = np.zeros(5 * RATE)
    assert reason(Silent(), clip) == "silent"
    clip[100] = 0.02
    assert reason(Silent(), clip) == "silent"
    clip[800:1600] = 0.01 * np.sin(np.arange(800))
    assert reason(Silent(), clip) is None
    assert reason(Silent(level_dbfs=-40), clip) == "silent"


def test_clipped_counts_samples_at_full_scale():
    """A sine of full scale has few such samples, one driven 6 dB beyond a third of all."""
    sine = np.sin(2 * np.pi * 50 * np.arange(RATE) / RATE)
    assert reason(Clipped(share=0.05), sine) is None
    assert reason(Clipped(share=0.05), np.clip(2 * sine, -1, 1)) == "clipped"
    stereo = np.stack([0 * sine, np.clip(2 * sine, -1, 1)])
    assert reason(Clipped(share=0.6), stereo) == "clipped"
    assert reason(Clipped(share=0.7), stereo) is None


def windows(samples, **params):
    """(first, last, length) of every window of a clip, or None where it is left whole."""
    cleaner = Windows(**params)
    info = SimpleNamespace(size=TimeSize(samples, RATE))
    count = cleaner.pieces(None, info)
    if count is None:
        return None
    effects = [cleaner.effect(i, info) for i in range(count)]
    return [(e.pieces[0].s0, e.pieces[0].s1, e.length) for e in effects]


def test_windows_at_the_edge():
    """The rest is covered by a window moved back, or by one with silence after it, or left out."""
    assert windows(8000, seconds=1) is None
    assert windows(20000, seconds=1) == [(0, 8000, 8000), (8000, 16000, 8000), (12000, 20000, 8000)]
    assert windows(20000, seconds=1, edge="pad")[-1] == (16000, 20000, 8000)
    assert windows(20000, seconds=1, edge="drop") == [(0, 8000, 8000), (8000, 16000, 8000)]
    assert windows(16000, seconds=1, hop_s=0.5) == [(0, 8000, 8000), (4000, 12000, 8000), (8000, 16000, 8000)]


@given(
    samples=st.integers(1, 5000),
    length=st.integers(8, 1200),
    hop=st.integers(8, 1200),
    edge=st.sampled_from(["shift", "pad", "drop"]),
)
def test_windows_cover_the_clip_once_each(samples, length, hop, edge):
    """All windows have the length; shift and pad leave no sample out, drop only what fills no window."""
    hop = min(hop, length)
    found = windows(samples, seconds=length / RATE, hop_s=hop / RATE, edge=edge)
    if samples <= length:
        assert found is None
        return
    assert {made for *_, made in found} == {length}
    assert all(0 <= a < b <= samples for a, b, _ in found)
    heard = set().union(*(range(int(a), int(b)) for a, b, _ in found))
    assert len(heard) == samples if edge != "drop" else samples - len(heard) < max(hop, 1)


def test_gaps_are_refused():
    """A hop longer than the window would lose sound."""
    with pytest.raises(ParamError, match="hop_s: expected at most the window's 1 s, got 2"):
        Windows(seconds=1, hop_s=2)
