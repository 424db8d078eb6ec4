"""Near-duplicates of real recordings: environmental sounds of 5 s, spoken digits of half a second."""

import io

import numpy as np
import pytest
import soundfile

from augury_audio import Audio, read_audio
from augury_audio.near import Near

pytestmark = pytest.mark.real
SETS = {"esc10": "*/*.ogg", "fsdd": "recordings/*.wav"}
MP3_64K = {44100: 0.87, 8000: 0.5}
"""libsndfile's compression level that makes about 64 kbit/s, by sample rate."""


def coded(audio, container, subtype, **options):
    """The recording through a lossy file."""
    file = io.BytesIO()
    soundfile.write(file, audio.samples.T, audio.rate, format=container, subtype=subtype, **options)
    return read_audio(file.getvalue())


def mp3(audio):
    """64 kbit/s; the codec delays by 25 to 140 ms where the file does not say so."""
    level = MP3_64K[audio.rate]
    return coded(audio, "MP3", "MPEG_LAYER_III", bitrate_mode="CONSTANT", compression_level=level)


ALTERED = {
    "same": lambda a: a,
    "mp3 64k": mp3,
    "ogg": lambda a: coded(a, "OGG", "VORBIS", compression_level=0.8),
    "+3 dB, clipped": lambda a: Audio(np.clip(a.samples * np.float32(10**0.15), -1, 1), a.rate),
    "+3 dB, mp3 64k": lambda a: mp3(Audio(np.clip(a.samples * np.float32(10**0.15), -1, 1), a.rate)),
}


@pytest.mark.parametrize("name", SETS)
def test_recall_and_false_joins(name, real_data):
    """Of copies at least 95 % are found (exact ones all), of other pairs at most 0.1 % are joined."""
    detector = Near()
    clips = [read_audio(path.read_bytes()) for path in sorted((real_data / name).glob(SETS[name]))]
    sketches = [detector.sketch(clip, {}) for clip in clips]
    assert all(sketches)
    state = detector.fit([sketches])
    bands = [set(b) for b in detector.bands(sketches, detector.near, state)]
    first, second = np.triu_indices(len(clips), 1)
    some = np.random.Generator(np.random.Philox(key=1)).permutation(len(first))[:3000]
    first, second = first[some], second[some]
    similar = np.array(detector.similarity([sketches[i] for i in first], [sketches[i] for i in second], state))
    shared = [bool(bands[i] & bands[j]) for i, j in zip(first, second, strict=True)]
    joined = np.mean((similar >= detector.near) & shared)
    print(f"\n{name}, {len(clips)} clips: {joined:.5%} of {len(similar)} other pairs joined")
    assert joined <= 0.001
    for how, change in ALTERED.items():
        copies = [detector.sketch(change(clip), {}) for clip in clips[::2]]
        near = np.array(detector.similarity(sketches[::2], copies, state)) >= detector.near
        found = [
            bool(a & set(b)) for a, b in zip(bands[::2], detector.bands(copies, detector.near, state), strict=True)
        ]
        recall = np.mean(near & found)
        print(f"{how:20} {recall:.1%} found")
        assert recall >= (1.0 if how == "same" else 0.95)
