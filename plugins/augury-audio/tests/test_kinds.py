import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.effects import Piece, Time
from augury.errors import FieldError
from augury.spaces.time import TimeSegment, TimeSize
from augury_audio.audio import Audio, write_audio
from augury_audio.kinds import AudioKind, Interval, Intervals

SIZE = TimeSize(16000, 16000, 1)


def after(kind, value, *effects):
    """The intervals after the effects on a second of sound."""
    segment = TimeSegment(SIZE)
    for effect in effects:
        assert segment.push(effect)
    return kind.close(kind.follow(kind.open(kind.check(value), SIZE), segment.map()), segment.size)


def test_audio_takes_bytes_and_stored_mappings():
    """A file's bytes, bare or as Arrow holds them, are decoded by check."""
    audio = Audio(np.array([[0.5, -0.25]], np.float32), 8000)
    data = write_audio(audio)
    assert AudioKind().check(data) == AudioKind().check({"bytes": data, "path": None}) == audio


def test_audio_limits_length():
    """A clip over the limit is refused, in memory and on disk."""
    kind = AudioKind(max_seconds=0.1)
    audio = Audio(np.zeros((1, 8000), np.float32), 8000)
    for value in (audio, write_audio(audio)):
        with pytest.raises(FieldError, match="raise max_seconds"):
            kind.check(value)


@pytest.mark.parametrize("store", ["flac", "flac24", "wav"])
def test_what_is_written_has_the_digest_of_what_was_given(store):
    """Values are compared as they are stored, so a row read back is the row that was made."""
    kind = AudioKind(store=store)
    audio = Audio(np.random.default_rng(0).uniform(-1.2, 1.2, (2, 999)).astype(np.float32), 22050)
    assert kind.digest(kind.unpack(kind.pack(audio))) == kind.digest(audio)


def test_donors_are_conformed(sounds):
    """A stereo donor at another rate comes at the clip's rate and channels, its tone where it was."""
    donor = Audio(np.repeat(sounds.tone(1000, rate=44100), 2, axis=0), 44100)
    like = Audio(sounds.tone(100), 16000)
    made = AudioKind().conform(donor, like)
    assert (made.rate, made.channels, made.samples.shape[1]) == (16000, 1, 32000)
    assert abs(sounds.cents(sounds.frequency(made.samples), 1000)) < 1
    assert AudioKind().conform(like, donor).channels == 2
    assert AudioKind().conform(like, like) is like


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("text", "a list of intervals"),
        ([(0, 1)], r"interval 0: expected \(start, end, label\)"),
        ([(0, 1, "a"), (2, 1, "b")], "interval 1: expected 0 <= start <= end"),
        ([(-1, 1, "a")], "0 <= start <= end"),
        ([(0, float("nan"), "a")], "0 <= start <= end"),
        ([(0, 1, None)], "a label of text"),
    ],
)
def test_intervals_refuse_what_they_are_not(value, message):
    """Each wrong list is an error that names the entry and the fix."""
    with pytest.raises(FieldError, match=message) as caught:
        Intervals().check(value)
    assert "Fix: " in str(caught.value)


def test_intervals_beyond_the_recording_are_refused():
    """A label that lies after the end belongs to another recording; one that laps over is clipped."""
    kind = Intervals()
    with pytest.raises(FieldError, match="within 1 s of sound"):
        kind.open(kind.check([(1.5, 2.0, "late")]), SIZE)
    assert kind.close(kind.open(kind.check([(0.5, 1.2, "over")]), SIZE), SIZE) == [Interval(0.5, 1.0, "over")]


def test_a_cut_interval_is_clipped_and_kept_while_enough_is_heard():
    """Of three intervals across a cut at 0.5 s those stay of which half is heard."""
    crop = Time((Piece(8000, 16000, 0, 8000),), 8000)
    value = [(0.0, 0.4, "before"), (0.2, 0.6, "a quarter"), (0.3, 0.9, "two thirds"), (0.7, 0.8, "inside")]
    assert after(Intervals(), value, crop) == [(0.0, 0.4, "two thirds"), (0.2, 0.3, "inside")]
    kept = after(Intervals(min_share=0.2), value, crop)
    assert [i.label for i in kept] == ["a quarter", "two thirds", "inside"]
    kept = after(Intervals(min_seconds=0.05), value, crop)
    assert [i.label for i in kept] == ["a quarter", "two thirds", "inside"]


def test_shares_multiply_over_cuts():
    """Two cuts that each leave more than half but together less drop the interval, in one segment or two."""
    first, second = Time((Piece(0, 9600, 0, 9600),), 9600), Time((Piece(3200, 9600, 0, 6400),), 6400)
    kind, value = Intervals(), [(0.1, 0.8, "long")]
    assert [i.label for i in after(kind, value, first)] == ["long"]
    together = after(Intervals(min_share=0.6), value, first, second)
    segment = TimeSegment(SIZE)
    segment.push(first)
    carried = kind.follow(kind.open(kind.check(value), SIZE), segment.map())
    again = TimeSegment(segment.size)
    again.push(second)
    apart = Intervals(min_share=0.6).close(kind.follow(carried, again.map()), again.size)
    assert together == apart == []


def test_moments_move_and_are_lost_with_their_sound():
    """An instant follows the map, stays an instant, and goes where its sound goes, at the very end too."""
    value = [(0.25, 0.25, "click"), (1.0, 1.0, "end")]
    later = Time((Piece(0, 8000, 8000, 16000),), 16000)
    assert after(Intervals(), value, later) == [(0.75, 0.75, "click")]
    backwards = Time((Piece(16000, 0, 0, 16000),), 16000)
    assert after(Intervals(), value, backwards) == [(0.0, 0.0, "end"), (0.75, 0.75, "click")]


def test_repeated_sound_repeats_its_intervals():
    """A piece played twice carries its label twice."""
    twice = Time((Piece(0, 4000, 0, 4000), Piece(0, 4000, 4000, 8000)), 8000)
    assert after(Intervals(), [(0.1, 0.2, "a")], twice) == [(0.1, 0.2, "a"), (0.35, 0.45, "a")]


@given(st.lists(st.tuples(st.floats(0, 0.5), st.floats(0, 0.5), st.text(max_size=3)), max_size=5), st.floats(0.3, 3))
def test_times_scale_with_the_speed(entries, rate):
    """At any speed starts and ends are divided by it, to the nanosecond, and none is lost."""
    value = Intervals().check([(start, start + length, label) for start, length, label in entries])
    length = round(16000 / rate)
    got = after(Intervals(), value, Time((Piece(0, length * rate, 0, length),), length))
    wanted = sorted((i.start / rate, i.end / rate, i.label) for i in value if i.start < 0.9999)
    got = [i for i in got if i.start * rate < 0.9999]
    assert len(got) == len(wanted)
    for a, b in zip(sorted(got, key=lambda i: i[2]), sorted(wanted, key=lambda i: i[2])):
        assert a[2] == b[2]
    assert sorted(i.start for i in got) == pytest.approx([w[0] for w in sorted(wanted)], abs=2e-9)
