import numpy as np
import pytest

import augury
from augury.errors import DataError
from augury.spaces.text import render
from augury_audio.audio import Audio
from augury_audio.kinds import Interval
from augury_audio.transcripts import rope, spell

TEXT = "Say hello, world! How are you?"
WORDS = [("say", 0.0), ("hello", 0.5), ("world", 1.0), ("how", 1.5), ("are", 2.0), ("you", 2.5)]
FIELDS = {
    "clip": "audio",
    "said": {"kind": "text", "transcribes": "clip"},
    "words": {"kind": "intervals", "of": "clip"},
}


def record(**changes):
    """Three seconds with a word every half second."""
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, (1, 24000)).astype(np.float32)
    words = [(start + 0.05, start + 0.45, word) for word, start in WORDS]
    return {"clip": Audio(noise, 8000), "said": TEXT, "words": words} | changes


def intervals(labels):
    """Intervals of these labels, one after the other."""
    return [Interval(float(i), i + 0.5, label) for i, label in enumerate(labels)]


@pytest.mark.parametrize(
    ("labels", "spelt"),
    [
        (["say", "hello", "world", "how", "are", "you"], True),
        (["SAY", "hello,", "WORLD!", "how", "are", "you?"], True),
        (["<sil>", "say", "", "hello", "[noise]", "world", "how", "are", "you", "sp"], True),
        (["say hello", "world", "how are you"], True),
        (["say", "hello(2)", "world", "how", "are(10)", "you"], True),
        (["say", "hello", "how", "are", "you"], False),
        (["say", "hello", "world", "how", "are"], False),
        (["A", "B"], False),
        ([], False),
    ],
)
def test_labels_spell_a_text_or_do_not(labels, spelt):
    """Every word of the text must have its label, in order; case, punctuation and silence do not count."""
    words = spell(intervals(labels), TEXT)
    assert (words is not None) == spelt
    if words:
        assert [TEXT[a:b].lower() for a, b in words.values()] == [
            label.strip(",!?(012)").lower() for label in labels if label.strip("<>[]") not in ("", "sil", "noise", "sp")
        ]


@pytest.mark.parametrize(
    ("kept", "left"),
    [
        ([0, 1, 2, 3, 4, 5], TEXT),
        ([3, 4, 5], "How are you?"),
        ([0, 1, 2], "Say hello, world!"),
        ([1, 3], "hello, How"),
        ([3, 4, 5, 0, 1], "How are you? Say hello,"),
        ([2, 2], "world! world!"),
        ([], ""),
    ],
)
def test_the_words_left_keep_their_own_text(kept, left):
    """Kept words bring what stood between them and the next; nothing else is written."""
    words = spell(intervals(["say", "hello", "world", "how", "are", "you"]), TEXT)
    assert render(TEXT, rope(TEXT, words, kept).pieces) == left


def test_unicode_positions_hold():
    """Letters whose lower case is longer do not move what comes after them."""
    text = "İstanbul ist GROẞ, 東京 auch."
    words = spell(intervals(["İstanbul", "ist", "GROẞ", "東京", "auch"]), text)
    assert [text[a:b] for a, b in words.values()] == ["İstanbul", "ist", "GROẞ", "東京", "auch"]


@pytest.mark.parametrize("compile", [True, False])
def test_a_crop_keeps_exactly_the_words_whose_intervals_survive(compile):
    """For many drawn crops, one and two in a row, the transcript's words are the intervals' labels."""
    crop = {"audio.crop": {"fraction_range": [0.3, 0.9]}}
    seen = set()
    for steps in (
        [crop],
        [crop, crop],
        ["audio.speed", crop, "audio.stretch", {"audio.shift": {"shift_frac_range": [-0.5, 0.5]}}],
    ):
        pipe = augury.pipeline(steps, FIELDS, compile=compile)
        for copy in range(12):
            out = pipe(record(), seed=3, id="a", copy=copy)
            heard = [i.label for i in out["words"]]
            assert [w.strip(",!?").lower() for w in out["said"].split()] == heard
            seen.add(tuple(heard))
    assert len(seen) > 6


def test_words_in_another_order_are_read_in_that_order():
    """A roll puts the end first, in sound, intervals and transcript alike."""
    pipe = augury.pipeline([{"audio.shift": {"shift_frac_range": [0.5, 0.5], "roll": True}}], FIELDS)
    out = pipe(record(), seed=1, id="a")
    assert out["said"] == "How are you? Say hello, world!"
    assert [i.label for i in out["words"]] == ["how", "are", "you", "say", "hello", "world"]


@pytest.mark.parametrize(
    "step", ["audio.pitch", "audio.stretch", "audio.speed", "audio.gain", "audio.noise", "audio.denoise"]
)
def test_sound_that_is_still_heard_in_full_keeps_its_transcript(step):
    """Neither tempo, pitch nor noise touches the words, with and without intervals."""
    assert augury.pipeline([step], FIELDS)(record(), seed=1, id="a")["said"] == TEXT
    bare = {name: FIELDS[name] for name in ("clip", "said")}
    given = {name: record()[name] for name in bare}
    assert augury.pipeline([step], bare)(given, seed=1, id="a")["said"] == TEXT


@pytest.mark.parametrize("step", [{"audio.crop": {"fraction_range": [0.5, 0.5]}}, "audio.reverse"])
def test_a_transcript_that_cannot_follow_is_refused(step):
    """A crop without words, with words that spell something else, and a reversal are errors that name the field."""
    bare = {name: FIELDS[name] for name in ("clip", "said")}
    with pytest.raises(DataError, match="'said'"):
        augury.pipeline([step], bare)({name: record()[name] for name in bare}, seed=1, id="a")
    with pytest.raises(DataError, match="'said'"):
        augury.pipeline([step], FIELDS)(record(words=[(0.1, 2.0, "speaker A")]), seed=1, id="a")


def test_a_transcript_may_be_dropped_instead():
    """With on_unmoved: drop the recording is augmented and the transcript left out."""
    fields = {"clip": "audio", "said": {"kind": "text", "transcribes": "clip", "on_unmoved": "drop"}}
    out = augury.pipeline(["audio.reverse"], fields)({"clip": record()["clip"], "said": TEXT}, seed=1, id="a")
    assert "said" not in out
    assert np.array_equal(out["clip"].samples, record()["clip"].samples[:, ::-1])


def test_a_crop_of_nothing_keeps_the_transcript():
    """A crop to the full length loses nothing."""
    bare = {name: FIELDS[name] for name in ("clip", "said")}
    pipe = augury.pipeline([{"audio.crop": {"fraction_range": [1, 1]}}], bare)
    assert pipe({name: record()[name] for name in bare}, seed=1, id="a")["said"] == TEXT


def test_a_cut_beside_a_new_rate_keeps_the_words_that_are_heard():
    """Resampled first or afterwards, a cropped recording keeps the transcript's words that its intervals name."""
    crop, rate = {"audio.crop": {"fraction_range": [0.4, 0.7]}}, {"audio.resample": {"rate_hz": 5000}}
    for steps in ([crop, rate], [rate, crop]):
        pipe = augury.pipeline(steps, fields=FIELDS)
        for i in range(8):
            out = pipe(record(), seed=1, id=str(i))
            heard = [interval.label for interval in out["words"]]
            assert [w.strip(",!?").lower() for w in out["said"].split()] == heard
            assert out["clip"].rate == 5000 and 0 < len(heard) < 6
