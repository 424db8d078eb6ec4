"""Loudness against the standard's own signals, resampling against soxr, trimming with labels that follow."""

import math

import numpy as np
import pytest
import soxr

import augury
from augury_audio import Audio
from augury_audio.loudness import k_weighting, loudness_lkfs, window_levels_dbfs
from augury_audio.ops.level import heard

FIELDS = {"clip": "audio", "words": {"kind": "intervals", "of": "clip"}}
FACTOR_DB = -3.01


def run(step, samples, rate=16000, words=()):
    """Run one step on a clip and its words."""
    return augury.pipeline([step], fields=FIELDS)({"clip": Audio(samples, rate), "words": list(words)}, seed=1, id="a")


@pytest.mark.parametrize("rate", [8000, 16000, 44100, 48000, 96000])
def test_a_full_scale_sine_of_997_hz_is_at_minus_three(rate, sounds):
    """BS.1770-4: a 0 dBFS sine of 997 Hz in one channel reads -3.01 LKFS; in both, 3.01 more."""
    mono = sounds.tone(997, 5, rate, 1.0)
    tolerance = 0.01 if rate == 48000 else 0.1
    assert loudness_lkfs(mono, rate) == pytest.approx(FACTOR_DB, abs=tolerance)
    assert loudness_lkfs(np.repeat(mono, 2, 0), rate) == pytest.approx(FACTOR_DB + 3.01, abs=tolerance)


def test_the_weighting_at_48_khz_is_the_standards_table():
    """The coefficients are those of BS.1770-4, tables 1 and 2."""
    shelf, high_pass = k_weighting(48000)
    table = [1.53512485958697, -2.69169618940638, 1.19839281085285, 1.0, -1.69065929318241, 0.73248077421585]
    assert shelf == pytest.approx(table, abs=1e-8)
    assert high_pass == pytest.approx([1, -2, 1, 1, -1.99004745483398, 0.99007225036621], abs=1e-8)


@pytest.mark.parametrize(("quiet_db", "counts"), [(-5, True), (-20, False)])
def test_the_gate_leaves_out_what_is_ten_below(quiet_db, counts, sounds):
    """Half of a clip 20 dB softer does not count; 5 dB softer it counts by its power."""
    loud = sounds.tone(997, 20, 48000, 0.1)
    clip = np.concatenate([loud, loud * np.float32(10 ** (quiet_db / 20))], axis=1)
    whole = loudness_lkfs(loud, 48000)
    wanted = whole + 10 * math.log10((1 + 10 ** (quiet_db / 10)) / 2) if counts else whole
    assert loudness_lkfs(clip, 48000) == pytest.approx(wanted, abs=0.1)


def test_channels_weigh_as_the_standard_says(sounds):
    """Surround channels count 1.41 times (1.5 dB), the low-frequency channel of six not at all."""
    tone = sounds.tone(997, 2, 48000, 0.5)
    left = loudness_lkfs(tone, 48000)
    for channels, at, more in ((5, 4, 1.5), (6, 5, 1.5), (6, 2, 0.0)):
        clip = np.zeros((channels, tone.shape[1]), np.float32)
        clip[at] = tone[0]
        assert loudness_lkfs(clip, 48000) == pytest.approx(left + more, abs=0.02)
    low = np.zeros((6, tone.shape[1]), np.float32)
    low[3] = tone[0]
    assert loudness_lkfs(low, 48000) == -math.inf


@pytest.mark.parametrize("seconds", [0.01, 0.3, 0.4, 3.0])
@pytest.mark.parametrize("lufs", [-35.0, -23.0])
def test_loudness_is_reached(lufs, seconds, sounds):
    """The result measures what was asked for, short clips too; a second run changes nothing."""
    step = {"audio.loudness": {"lufs_range": [lufs, lufs]}}
    out = run(step, sounds.tone(500, seconds, 16000, 0.01))["clip"]
    assert loudness_lkfs(out.samples, 16000) == pytest.approx(lufs, abs=0.01)
    assert run(step, out.samples)["clip"].samples == pytest.approx(out.samples, rel=1e-4)


def test_peaks_stay_below_what_is_asked(sounds):
    """A click's loudness is not reached where its peak would pass the limit; silence stays silence."""
    clip = sounds.clicks([100, 9000], 16000) * np.float32(0.1)
    out = run({"audio.loudness": {"lufs_range": [-10, -10], "max_peak_dbfs": -3}}, clip)["clip"]
    assert 20 * np.log10(np.abs(out.samples).max()) == pytest.approx(-3, abs=0.01)
    silence = np.zeros((1, 8000), np.float32)
    assert not run("audio.loudness", silence)["clip"].samples.any()


@pytest.mark.parametrize(("rate", "to"), [(44100, 16000), (8000, 16000), (48000, 44100), (16000, 11025)])
def test_resampling_agrees_with_soxr(rate, to, sounds):
    """A chirp below the lower Nyquist frequency is what soxr makes of it, to 60 dB; the length is the duration's."""
    t = np.arange(rate) / rate
    top = 0.35 * min(rate, to)
    clip = (0.5 * np.sin(np.pi * top * t * t) * np.hanning(rate)).astype(np.float32)[None]
    out = run({"audio.resample": {"rate_hz": to}}, clip, rate)["clip"]
    wanted = soxr.resample(clip[0], rate, to, quality="VHQ")
    n = min(len(wanted), out.samples.shape[1])
    assert out.rate == to
    assert out.samples.shape[1] == math.ceil(to)
    # Sample i covers [i, i + 1): its centre moves by half the difference of the two periods against soxr's grid.
    shift = (1 / to - 1 / rate) / 2
    spectrum = np.fft.rfft(np.pad(wanted.astype(float), 2000))
    moved = np.fft.irfft(spectrum * np.exp(2j * np.pi * np.fft.rfftfreq(n + 4000, 1 / to) * shift), n + 4000)[
        2000:-2000
    ]
    assert sounds.snr_db(moved[:n], out.samples[0, :n]) > 60


def test_resampling_keeps_seconds_and_fuses(sounds):
    """Words stay where they are in seconds; with a crop beside it, intervals are those of the crop alone."""
    words = [(0.1, 0.4, "a"), (0.5, 0.9, "b")]
    assert run({"audio.resample": {"rate_hz": 8000}}, sounds.tone(300, 1), words=words)["words"] == words
    crop = {"audio.crop": {"seconds": 0.6}}
    record = {"clip": Audio(sounds.tone(300, 1), 16000), "words": words}
    alone = augury.pipeline([crop], fields=FIELDS)(record, seed=3, id="a")
    for compile in (True, False):
        pipe = augury.pipeline(
            [crop, {"audio.resample": {"rate_hz": 8000}}, "audio.gain"], fields=FIELDS, compile=compile
        )
        out = pipe(record, seed=3, id="a")
        assert (out["clip"].rate, out["clip"].samples.shape[1]) == (8000, 4800)
        assert [w.label for w in out["words"]] == [w.label for w in alone["words"]]
        assert np.allclose([w[:2] for w in out["words"]], [w[:2] for w in alone["words"]], atol=1e-4)


def test_donors_come_at_the_new_rate(sounds):
    """A background after a change of rate is resampled to the new one, and its tone is where it was."""
    pipe = augury.pipeline(
        [{"audio.resample": {"rate_hz": 8000}}, {"audio.background": {"snr_db_range": [-60, -60]}}],
        fields={"clip": "audio"},
    )
    pool = {"b": {"clip": Audio(sounds.tone(1000, 2, 16000), 16000)}}
    out = pipe({"clip": Audio(sounds.tone(300, 2, 16000), 16000)}, seed=1, id="a", pool=pool)["clip"]
    assert sounds.frequency(out.samples, 8000) == pytest.approx(1000, abs=2)


def test_trimming_keeps_the_sound_and_its_words(sounds):
    """What is left begins and ends with the sound and the margin, and labels follow."""
    clip = np.zeros((1, 32000), np.float32)
    clip[:, 8000:16000] = sounds.tone(440, 0.5)
    out = run({"audio.trim": {"margin_s": 0.1}}, clip, words=[(0.5, 1.0, "word"), (1.5, 2.0, "gone")])
    assert out["clip"].seconds == pytest.approx(0.7, abs=0.021)
    start = out["words"][0].start
    assert [w.label for w in out["words"]] == ["word"]
    assert start == pytest.approx(0.1, abs=0.011)
    first = round(start * 16000)
    assert np.array_equal(out["clip"].samples[:, first : first + 8000], clip[:, 8000:16000])
    silent = np.zeros((1, 4000), np.float32)
    assert run("audio.trim", silent)["clip"].samples.shape == (1, 4000)


def test_heard_is_relative_to_the_loudest():
    """A soft part counts within ``top_db`` of the loudest window, and not beyond."""
    clip = np.full((1, 4000), 0.001, np.float32)
    clip[:, 1600:2400] = 1.0
    assert heard(clip, 16000, 40.0) == (1600, 2400)
    assert heard(clip, 16000, 70.0) == (0, 4000)


def test_levels_are_in_dbfs():
    """A square wave of full scale has 0 dBFS, a sine -3.01; the last window may be short."""
    square = np.tile(np.float32([1, -1]), 50)[None]
    assert window_levels_dbfs(square, 30) == pytest.approx([0, 0, 0, 0])
    sine = np.sin(2 * np.pi * np.arange(1600) / 16).astype(np.float32)[None]
    assert window_levels_dbfs(sine, 1600) == pytest.approx([FACTOR_DB], abs=0.001)
    assert window_levels_dbfs(square * 0, 100)[0] == -math.inf
