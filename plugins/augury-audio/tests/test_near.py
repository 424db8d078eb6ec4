"""audio.near: copies by level, codec, rate and delay are near and share a band; others are not."""

import io
from itertools import combinations

import numpy as np
import pytest
import soundfile

from augury_audio import Audio
from augury_audio.near import Near
from augury_audio.resample import resample


def coded(audio, container):
    """The clip as libsndfile's lossy coding at about 64 kbit/s returns it."""
    subtype, options = {
        "MP3": ("MPEG_LAYER_III", {"bitrate_mode": "CONSTANT", "compression_level": 0.5}),
        "OGG": ("VORBIS", {}),
    }[container]
    file = io.BytesIO()
    soundfile.write(file, audio.samples.T, audio.rate, format=container, subtype=subtype, **options)
    samples, rate = soundfile.read(io.BytesIO(file.getvalue()), dtype="float32", always_2d=True)
    return Audio(np.ascontiguousarray(samples.T), rate)


def late(audio, seconds=0.13):
    """The clip after some silence."""
    return Audio(np.pad(audio.samples, ((0, 0), (round(seconds * audio.rate), 0))), audio.rate)


ALTERED = {
    "louder": lambda a: Audio(a.samples * np.float32(1.41), a.rate),
    "mp3": lambda a: coded(a, "MP3"),
    "ogg": lambda a: coded(a, "OGG"),
    "late": late,
    "rate": lambda a: Audio(resample(a.samples, a.rate / 12000, round(a.seconds * 12000)), 12000),
    "stereo": lambda a: Audio(np.repeat(a.samples, 2, axis=0), a.rate),
}


@pytest.fixture(scope="module")
def clips(sounds):
    """Voices, tones and noises of 1 to 10 s, no two alike."""
    noise = np.random.Generator(np.random.Philox(key=3))
    out = []
    for i in range(24):
        seconds = 1 + 9 * i / 23
        n = round(seconds * 16000)
        beat = np.repeat(noise.uniform(0, 1, n // 2000 + 1) ** 2, 2000)[:n]
        hiss = (noise.standard_normal(n) * beat * 0.1).astype(np.float32)[None]
        sound = (
            sounds.voice(seconds, hz=90 + 12 * i)[:, :n] if i % 2 else sounds.tone(200 + 70 * i, seconds)[:, :n] * beat
        )
        out.append(Audio((0.6 * sound + hiss).astype(np.float32), 16000))
    return out


@pytest.fixture(scope="module")
def made(clips):
    """The detector, the clips' sketches and what it learnt from them."""
    detector = Near()
    sketches = [detector.sketch(clip, {}) for clip in clips]
    return detector, sketches, detector.fit([sketches])


@pytest.mark.parametrize("how", ALTERED)
def test_copies_are_found(how, clips, made):
    """Of altered copies at least 95 % share a band with their original and are near it."""
    detector, sketches, state = made
    copies = [detector.sketch(ALTERED[how](clip), {}) for clip in clips]
    near = np.array(detector.similarity(sketches, copies, state)) >= detector.near
    bands = zip(detector.bands(sketches, 0.87, state), detector.bands(copies, 0.87, state), strict=True)
    assert np.mean(near & [bool(set(a) & set(b)) for a, b in bands]) >= 0.95


def test_others_are_not(made):
    """No two different clips are near."""
    detector, sketches, state = made
    pairs = list(combinations(sketches, 2))
    assert max(detector.similarity([a for a, _ in pairs], [b for _, b in pairs], state)) < detector.near


def test_a_part_is_no_copy(clips, made):
    """Half of a recording, or one twice as long, is another recording."""
    detector, sketches, state = made
    halves = [detector.sketch(Audio(c.samples[:, : c.samples.shape[1] // 2], c.rate), {}) for c in clips]
    assert max(detector.similarity(sketches, halves, state)) < detector.near


def test_silence_is_not_compared_and_length_is_bounded():
    """Digital silence has no sketch; an hour of sound fits into 4 kB."""
    assert Near().sketch(Audio(np.zeros((1, 9000), np.float32), 8000), {}) is None
    hour = np.tile(np.sin(np.arange(8000) / 5).astype(np.float32), 3600)[None]
    assert len(Near().sketch(Audio(hour, 8000), {})) <= 4097
