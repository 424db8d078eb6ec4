import numpy as np
import pytest

from augury_audio.vocoder import stretch

RATE = 16000


def test_step_and_pitch_of_one_copy_exactly(sounds):
    """Nothing asked, nothing changed: bit for bit, from any whole start."""
    clip = sounds.voice()
    assert np.array_equal(stretch(clip, 1.0, clip.shape[1], rate=RATE), clip)
    assert np.array_equal(stretch(clip, 1.0, 500, rate=RATE, start=1000.0), clip[:, 1000:1500])


@pytest.mark.parametrize("step", [0.5, 0.8, 1.25, 2.0])
@pytest.mark.parametrize("semitones", [-12.0, -4.0, 0.0, 0.37, 3.0, 12.0])
def test_tones_keep_level_and_land_on_pitch(sounds, step, semitones):
    """A tone comes out within half a cent of the asked frequency and within 3 % of its level."""
    pitch = 2 ** (semitones / 12)
    for hz in (220.0, 1000.0, 3100.0):
        clip = sounds.tone(hz)
        out = stretch(clip, step, int(clip.shape[1] / step), rate=RATE, pitch=pitch)
        middle = out[:, 3000:-3000]
        assert abs(sounds.cents(sounds.frequency(middle), hz * pitch)) < 0.5
        assert abs(np.sqrt(2 * np.mean(middle**2)) - 0.5) < 0.015


@pytest.mark.parametrize("step", [0.7, 0.9, 1.2, 1.5])
def test_clicks_land_within_a_hop_of_the_map(sounds, step):
    """Each click's loudest sample is within a hop of where the map puts it, and its sound is gathered there."""
    positions = np.arange(4000, 60000, 3517)
    clip = sounds.clicks(positions, 64000)
    out = stretch(clip, step, int(64000 / step), rate=RATE)[0]
    for wanted in positions / step:
        begin = round(wanted) - 1200
        near = out[begin : begin + 2400] ** 2
        assert abs(begin + near.argmax() - wanted) < 256
        assert near[1200 - 256 : 1200 + 256].sum() > 0.9 * near.sum()


def test_channels_keep_their_phase(sounds):
    """A side that is a scaled, inverted copy of the other stays exactly that, whatever the phasors do."""
    mono = sounds.voice()
    out = stretch(np.concatenate([mono, -0.25 * mono]), 1.3, 20000, rate=RATE, pitch=1.2)
    assert np.abs(out[1] + 0.25 * out[0]).max() < 1e-6


@pytest.mark.parametrize("step", [0.8, 1.2, 1.5])
def test_spectra_match_better_than_librosa(sounds, step):
    """Short spectra of the stretched voice are nearer those of the voice than librosa's are, at every window."""
    librosa = pytest.importorskip("librosa")
    clip = sounds.voice(3.0)
    ours = stretch(clip, step, int(clip.shape[1] / step), rate=RATE)[0]
    theirs = librosa.effects.time_stretch(clip[0], rate=step)
    for window in (128, 512, 2048):
        assert mismatch(clip[0], ours, step, window) < 0.95 * mismatch(clip[0], theirs, step, window)


def mismatch(x, y, step, window):
    """Relative distance of magnitude spectra at positions that the map joins."""
    shape = np.hanning(window)
    at = np.arange(window, len(y) - window, window // 8)
    source = np.rint(at * step).astype(int)
    inside = source < len(x) - window
    spectra = [
        np.abs(np.fft.rfft(np.stack([z[i - window // 2 : i + window // 2] for i in where[inside]]) * shape))
        for z, where in ((x, source), (y, at))
    ]
    return np.linalg.norm(spectra[1] - spectra[0]) / np.linalg.norm(spectra[0])


def test_block_boundaries_are_not_heard(sounds, monkeypatch):
    """The result does not hang on how many frames are worked on at a time."""
    clip = sounds.voice()
    whole = stretch(clip, 1.2, 20000, rate=RATE, pitch=0.9)
    monkeypatch.setattr("augury_audio.vocoder._BLOCK_VALUES", 8 * 1024)
    assert np.abs(stretch(clip, 1.2, 20000, rate=RATE, pitch=0.9) - whole).max() < 1e-5


@pytest.mark.parametrize("n", [0, 1, 5])
def test_tiny_clips_and_silence(n):
    """Clips shorter than a window, and silence, give silence or sound of the asked length, always finite."""
    for clip in (np.ones((2, n), np.float32), np.zeros((2, n), np.float32)):
        out = stretch(clip, 0.8, 7, rate=RATE, pitch=1.1)
        assert out.shape == (2, 7)
        assert np.isfinite(out).all()


@pytest.mark.parametrize(("step", "pitch"), [(0.0, 1.0), (-1.0, 1.0), (1.0, 0.01), (1.0, 65.0)])
def test_refuses_what_it_cannot_do(step, pitch):
    """Steps that do not move forward and pitches beyond six octaves are errors."""
    with pytest.raises(ValueError, match="expected step"):
        stretch(np.zeros((1, 10), np.float32), step, 10, rate=RATE, pitch=pitch)


@pytest.mark.parametrize("pitch", [1 / 64, 1 / 16, 16.0, 64.0])
def test_pitches_that_compose_to_extremes_still_render(sounds, pitch):
    """Chained shifts can multiply to many octaves; what is made is finite and of the asked length."""
    out = stretch(sounds.tone(440), 1.0, 8000, rate=RATE, pitch=pitch)
    assert out.shape == (1, 8000)
    assert np.isfinite(out).all()
