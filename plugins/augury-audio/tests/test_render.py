import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from augury.effects import Piece, Time
from augury.spaces.time import TimeSegment, TimeSize
from augury_audio.kinds import Interval, Intervals
from augury_audio.render import render

RATE = 16000


def run(clip, *effects):
    """The clip after the effects as one rendering, and the map that intervals follow."""
    segment = TimeSegment(TimeSize(clip.shape[1], RATE, clip.shape[0]))
    for effect in effects:
        assert segment.push(effect)
    return render(clip, RATE, segment.parts, segment.size.samples), segment


def whole(n, rate, mode="resample", pitch=1.0):
    """The clip at another rate."""
    length = round(n / rate)
    return Time((Piece(0, length * rate, 0, length),), length, pitch, mode)


def crop(a, b):
    """The samples from a to b."""
    return Time((Piece(a, b, 0, b - a),), b - a)


def test_crops_shifts_reversals_and_splices_are_exact():
    """Whole-sample pieces give what slicing gives, alone and composed."""
    clip = np.random.default_rng(0).standard_normal((2, 1000)).astype(np.float32)
    backwards = Time((Piece(1000, 0, 0, 1000),), 1000)
    splice = Time((Piece(600, 900, 0, 300), Piece(100, 200, 350, 450)), 500)
    assert np.array_equal(run(clip, crop(200, 700))[0], clip[:, 200:700])
    assert np.array_equal(run(clip, backwards)[0], clip[:, ::-1])
    assert np.array_equal(run(clip, backwards, backwards)[0], clip)
    out = run(clip, backwards, splice)[0]
    wanted = np.zeros((2, 500), np.float32)
    wanted[:, :300], wanted[:, 350:450] = clip[:, ::-1][:, 600:900], clip[:, ::-1][:, 100:200]
    assert np.array_equal(out, wanted)


def test_a_crop_then_a_pad_brings_nothing_back():
    """What was cropped away stays silent on the larger canvas."""
    clip = np.ones((1, 100), np.float32)
    out = run(clip, crop(30, 60), Time((Piece(0, 30, 30, 60),), 100))[0]
    assert np.array_equal(out[0], np.r_[np.zeros(30), np.ones(30), np.zeros(40)])


def test_speeds_that_undo_each_other_give_the_clip_back():
    """Twice as fast then half as fast is one copy, not two resamplings."""
    clip = np.random.default_rng(0).standard_normal((1, 1000)).astype(np.float32)
    assert np.array_equal(run(clip, whole(1000, 2.0), whole(500, 0.5))[0], clip)


def test_pitch_and_stretch_are_one_pass(sounds, monkeypatch):
    """Stretch, pitch and speed in a row call the vocoder once, at the product of tempo and pitch."""
    calls = []
    import augury_audio.render as module

    real = module.stretch

    def counted(samples, step, n_out, **others):
        calls.append((step, others["pitch"]))
        return real(samples, step, n_out, **others)

    monkeypatch.setattr(module, "stretch", counted)
    clip = sounds.tone(500)
    n = clip.shape[1]
    pitched = Time((Piece(0, n, 0, n),), n, 1.5, "stretch")
    out, segment = run(clip, pitched, whole(n, 1.25, "stretch"), whole(round(n / 1.25), 0.9))
    assert calls == [(pytest.approx(1.25 * 0.9), pytest.approx(1.5 * 0.9))]
    assert out.shape[1] == segment.size.samples
    assert abs(sounds.cents(sounds.frequency(out[:, 3000:-3000]), 500 * 1.5 * 0.9)) < 1


effects = st.lists(
    st.one_of(
        st.tuples(st.just("speed"), st.floats(0.7, 1.4)),
        st.tuples(st.just("crop"), st.floats(0.0, 0.3)),
        st.tuples(st.just("reverse"), st.just(0.0)),
        st.tuples(st.just("shift"), st.floats(-0.3, 0.3)),
    ),
    min_size=1,
    max_size=4,
)


def build(name, value, n):
    """The effect of a drawn name and number on a clip of n samples."""
    if name == "speed":
        return whole(n, value)
    if name == "crop":
        return crop(int(value * n), n - int(value * n / 2))
    if name == "reverse":
        return Time((Piece(n, 0, 0, n),), n)
    by = round(value * n)
    return Time((Piece(max(0, -by), min(n, n - by), max(0, by), min(n, n + by)),), n)


@settings(deadline=None, max_examples=60)
@given(effects)
def test_clicks_and_their_intervals_stay_together(chain):
    """Through any chain, the crests of a click train stand within a sample of the intervals that followed the map."""
    n = 12000
    positions = np.arange(500, n, 900)
    clip = np.zeros((1, n), np.float32)
    clip[0, positions] = 1
    built, size = [], n
    for name, value in chain:
        built.append(build(name, value, size))
        size = built[-1].length
    assume(size > 200)
    out, segment = run(clip, *built)
    kind = Intervals()
    source = TimeSize(n, RATE, 1)
    labels = [Interval(p / RATE, (p + 1) / RATE, str(p)) for p in positions]
    carried = kind.follow(kind.open(labels, source), segment.map())
    followed = kind.close(carried, segment.size)
    step = segment.parts[0].rate if segment.parts else 1.0
    reach = int(np.ceil(4 / min(step, 1 / step))) + 2
    for interval in followed:
        centre = (interval.start + interval.end) / 2 * RATE - 0.5
        if not reach < centre < size - reach:
            continue
        begin = max(0, round(centre) - reach)
        crest = begin + np.abs(out[0, begin : begin + 2 * reach]).argmax()
        assert abs(crest - centre) <= 1.0
    inside = [p for part in segment.parts for p in positions if min(part.s0, part.s1) < p < max(part.s0, part.s1) - 1]
    assert len(followed) >= len(inside)


@pytest.mark.parametrize("rate", [0.7, 0.9, 1.15, 1.5])
def test_stretched_clicks_stay_within_a_hop_of_their_intervals(rate):
    """Through the vocoder too, within a hop, at the start of a crop as well."""
    positions = np.arange(4000, 60000, 3517)
    clip = np.zeros((1, 64000), np.float32)
    clip[0, positions] = 1
    out, segment = run(clip, crop(3000, 62000), whole(59000, rate, "stretch"))
    where = segment.map()
    for position in positions:
        ((d0, d1, share),) = where.ranges(position, position + 1)
        begin = max(0, round(d0) - 1000)
        assert abs(begin + np.abs(out[0, begin : begin + 2000]).argmax() - (d0 + d1) / 2) < 256
        assert share == pytest.approx(1)
