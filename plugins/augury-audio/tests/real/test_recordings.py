"""The kernels and ops on real recordings: speech with words, digits, environmental sounds."""

import json
import re

import numpy as np
import pytest

import augury
from augury_audio import read_audio
from augury_audio.kinds import AudioKind
from augury_audio.vocoder import stretch

pytestmark = pytest.mark.real
RATE = 16000


@pytest.fixture(scope="module")
def utterances(real_data):
    """Read sentences with their transcript and an aligner's words."""
    found = []
    for path in sorted((real_data / "pocketsphinx_speech/librivox").glob("*_64kb-*.json")):
        said = path.with_suffix(".txt").read_text("utf-8").strip()
        words = [(w["b"], w["b"] + w["d"], w["t"]) for w in json.loads(path.read_text())["w"]]
        audio = read_audio(path.with_suffix(".wav").read_bytes())
        found.append({"clip": audio, "said": said, "words": [w for w in words if w[0] < audio.seconds]})
    assert found
    return found


@pytest.fixture(scope="module")
def clips(real_data, utterances):
    """A few seconds each of sentences, digits and environmental sounds, at their own rates."""
    paths = sorted((real_data / "fsdd/recordings").glob("*.wav"))[::60]
    paths += sorted((real_data / "esc10").glob("*/*.ogg"))[::12]
    kind = AudioKind()
    return [u["clip"] for u in utterances] + [kind.check(path.read_bytes()) for path in paths]


FIELDS = {
    "clip": "audio",
    "said": {"kind": "text", "transcribes": "clip"},
    "words": {"kind": "intervals", "of": "clip"},
}


def test_cropped_sentences_keep_the_words_that_are_heard(utterances):
    """For real sentences and an aligner's words, transcript and intervals name the same words after a crop."""
    pipe = augury.pipeline(["audio.speed", {"audio.crop": {"fraction_range": [0.2, 0.8]}}, "audio.pitch"], FIELDS)
    for number, record in enumerate(utterances):
        for copy in range(5):
            out = pipe(record, seed=1, id=str(number), copy=copy)
            heard = [re.sub(r"\(\d+\)$", "", i.label) for i in out["words"] if i.label[0] not in "<["]
            assert out["said"].split() == heard
            assert len(heard) < len(record["said"].split())


@pytest.mark.parametrize("semitones", [-3, 3])
def test_pitch_of_speech_is_right_and_its_tempo_stays(clips, semitones):
    """Voiced pitch moves by the asked interval within 5 cents; librosa's own shift is no nearer."""
    librosa = pytest.importorskip("librosa")
    ours, theirs = [], []
    for audio in (c for c in clips if c.rate == RATE):
        clip = audio.samples
        shifted = stretch(clip, 1.0, clip.shape[1], rate=RATE, pitch=2 ** (semitones / 12))[0]
        ours.append(pitch_error(librosa, clip[0], shifted, semitones))
        other = librosa.effects.pitch_shift(clip[0], sr=RATE, n_steps=semitones)
        theirs.append(pitch_error(librosa, clip[0], other, semitones))
    assert np.median(ours) < 5
    assert np.median(ours) <= np.median(theirs)


def pitch_error(librosa, source, shifted, semitones):
    """Median distance in cents of voiced pitch from where it should be, octave slips left out."""
    tracks = [librosa.yin(x, fmin=65, fmax=700, sr=RATE, frame_length=1024, hop_length=160) for x in (source, shifted)]
    loud = librosa.feature.rms(y=source, frame_length=1024, hop_length=160)[0]
    cents = 1200 * np.log2(tracks[1] / tracks[0]) - 100 * semitones
    voiced = (loud > 0.3 * loud.max()) & (np.abs(cents) < 300)
    return np.median(np.abs(cents[voiced]))


@pytest.mark.parametrize("step", [0.8, 1.25])
def test_stretched_recordings_keep_their_envelope_in_place(clips, step):
    """The loudness curve of the stretched recording is that of the source, read at the map's positions."""
    for audio in clips:
        n = audio.samples.shape[1]
        out = stretch(audio.samples, step, int(n / step), rate=audio.rate)
        source, made = (envelope(x, audio.rate) for x in (audio.samples, out))
        at = np.arange(len(made)) * step
        expected = np.interp(at, np.arange(len(source)), source)
        if expected.std() > 0.02 * expected.mean():
            assert np.corrcoef(expected, made)[0, 1] > 0.9


def envelope(samples, rate):
    """Loudness every 10 ms, over 50 ms."""
    power = np.convolve((samples**2).mean(axis=0), np.ones(rate // 20) / (rate // 20), mode="same")
    return np.sqrt(power[:: rate // 100])


def test_every_recording_passes_every_op(clips):
    """All ops run on real sound of any rate; it stays finite, its channels too, and its rate unless that is the purpose."""
    ids = [entry.id for entry in augury.registry().ops("audio.*")]
    pool = {str(i): {"clip": clip} for i, clip in enumerate(clips)}
    assert len(ids) >= 10
    for op in ids:
        pipe = augury.pipeline([op], {"clip": "audio"})
        for i, record in pool.items():
            out = pipe(record, seed=2, id=i, pool=pool if pipe.needs_pool else None)["clip"]
            rate = 16_000 if op == "audio.resample" else record["clip"].rate
            assert (out.rate, out.channels) == (rate, record["clip"].channels)
            assert np.isfinite(out.samples).all()
