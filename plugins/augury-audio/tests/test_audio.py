import io

import numpy as np
import pytest
import soundfile

from augury.errors import FieldError
from augury_audio.audio import Audio, read_audio, write_audio


def clip(channels=1, n=400):
    """Noise, the same for each shape."""
    return np.random.default_rng(n).uniform(-0.9, 0.9, (channels, n)).astype(np.float32)


def pcm_wav():
    """A WAV of 16 bits, 400 samples."""
    out = io.BytesIO()
    soundfile.write(out, clip()[0], 8000, format="WAV", subtype="PCM_16")
    return out.getvalue()


@pytest.mark.parametrize(
    "value",
    [
        (clip()[0], 8000),
        (clip()[0].astype(np.float64), np.int64(8000)),
        [clip()[0], 8000],
        {"array": clip()[0], "sampling_rate": 8000},
        Audio(clip(), 8000),
    ],
)
def test_takes_what_users_hold(value):
    """Pairs, mappings and Audio become the same canonical value."""
    audio = Audio.of(value)
    assert audio == Audio(clip(), 8000)
    assert audio.samples.dtype == np.float32
    assert (audio.channels, audio.seconds) == (1, 0.05)


def test_integers_are_scaled_to_one():
    """Sixteen-bit full scale is 1."""
    assert Audio.of((np.array([-32768, 16384], np.int16), 8000)).samples.tolist() == [[-1.0, 0.5]]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (3, "expected a pair"),
        (("text", 8000), "float, int16 or int32"),
        ((np.zeros((0,), np.float32), 8000), "at least one sample"),
        ((np.zeros((1, 2, 3), np.float32), 8000), "one clip"),
        ((clip(2, 400).T, 8000), "transpose"),
        ((clip(), 0), "rate in Hz"),
        ((clip(), 8000.5), "rate in Hz"),
        ((clip(), True), "rate in Hz"),
        ((np.array([0.0, 1.0, np.nan], np.float32), 8000), "nan at sample 2 of channel 0"),
        ((np.array([0.0, np.inf, -np.inf], np.float32), 8000), "inf at sample 1 of channel 0"),
    ],
)
def test_refuses_the_rest_with_the_place_and_the_fix(value, message):
    """Each wrong value is an error that names the place, what came and the fix."""
    with pytest.raises(FieldError, match=message) as caught:
        Audio.of(value, "row 3 clip")
    assert str(caught.value).startswith("row 3 clip: expected ")
    assert "Fix: " in str(caught.value)


@pytest.mark.parametrize("channels", [1, 2])
def test_float_wav_gives_the_same_bits_back(channels):
    """WAV keeps float samples exactly, beyond full scale too."""
    audio = Audio(clip(channels) * 2, 44100)
    assert read_audio(write_audio(audio, "wav")) == audio


@pytest.mark.parametrize(("store", "bits"), [("flac", 16), ("flac24", 24)])
def test_flac_rounds_to_its_bits(store, bits):
    """FLAC is within half a step, clips what is beyond full scale, and gives back what it held."""
    audio = Audio(np.concatenate([clip(), [[1.5, -1.5, 1.0, -1.0]]], axis=1, dtype=np.float32), 16000)
    once = read_audio(write_audio(audio, store))
    inside = np.clip(audio.samples, -1, 1 - 2.0 ** (1 - bits))
    assert np.abs(once.samples - inside).max() <= 0.5 / 2 ** (bits - 1)
    assert write_audio(read_audio(write_audio(once, store)), store) == write_audio(audio, store)


def test_long_sound_is_refused_before_it_is_decoded():
    """The limit is held against the header."""
    with pytest.raises(FieldError, match=r"at most 0\.01 s of sound, got 0\.1 s"):
        read_audio(pcm_wav(), max_seconds=0.01)


@pytest.mark.parametrize("cut", [30, 50, 500, 1000])
def test_truncated_wav(cut):
    """A WAV that ends before its header says is refused, wherever it was cut."""
    data = pcm_wav()
    with pytest.raises(FieldError, match=r"(?s)song\.wav.*Fix: "):
        read_audio(data[: min(cut, len(data) - 3)], "song.wav")


def test_truncated_flac():
    """A FLAC that ends early is refused."""
    data = write_audio(Audio(clip(n=40000), 8000), "flac")
    with pytest.raises(FieldError, match="Fix: "):
        read_audio(data[: len(data) // 2])


@pytest.mark.parametrize("data", [b"", b"not a sound", b"RIFF\x00\x00\x00\x00WAVE"])
def test_bytes_that_are_no_sound(data):
    """Empty, foreign and headless bytes are refused."""
    with pytest.raises(FieldError, match="Fix: "):
        read_audio(data)


def test_wav_without_samples_and_with_nan():
    """A file of zero length and one that holds NaN are refused by name."""
    for samples, message in (
        (np.zeros(0, np.float32), "at least one sample"),
        (np.full(9, np.nan, np.float32), "nan at sample 0"),
    ):
        out = io.BytesIO()
        soundfile.write(out, samples, 8000, format="WAV", subtype="FLOAT")
        with pytest.raises(FieldError, match=message):
            read_audio(out.getvalue())


def test_streamed_wav_is_read_to_its_end():
    """Writers to a pipe leave the length open; such a file is whole."""
    data = bytearray(pcm_wav())
    at = data.index(b"data") + 4
    data[at : at + 4] = b"\xff\xff\xff\xff"
    assert read_audio(bytes(data)).samples.shape == (1, 400)


def test_samples_far_beyond_full_scale_are_finite():
    """Numbers whose power overflows are judged by themselves, without a warning."""
    assert Audio.of((np.full(9, 1e25, np.float32), 8000)).samples.max() == np.float32(1e25)
