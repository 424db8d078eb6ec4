"""Series: numpy's own interpolation as the oracle, values that follow smooth curves, intervals that go along."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import CubicSpline

import augury
from augury.effects import Piece, Time
from augury.errors import FieldError
from augury.spaces.time import TimeSegment
from augury_tabular import Series

FIELDS = {"wave": {"kind": "series", "rate": 10}, "note": "id"}


def ramp(count=100, channels=2):
    """A series whose values tell the sample and the channel."""
    return np.arange(count, dtype=np.float32)[None] + 1000 * np.arange(channels, dtype=np.float32)[:, None]


def run(step, value, copy=0):
    """Run one step over a series."""
    return augury.pipeline([step], fields=FIELDS)({"wave": value}, seed=3, id="a", copy=copy)


@pytest.mark.parametrize("given_", [[1, 2, 3], [[1, 2], [3, 4]], np.arange(4), (1.5, None)], ids=str)
def test_what_is_taken(given_):
    """Lists, lists of channels and arrays of any number type become float32 (channels, samples); None is NaN."""
    value = Series().check(given_)
    assert value.dtype == np.float32 and value.ndim == 2
    np.testing.assert_array_equal(value, np.array(given_, dtype=np.float32, ndmin=2))


@pytest.mark.parametrize("wrong", ["abc", [], [[1, 2], [3]], np.zeros((2, 2, 2)), {"a": 1}], ids=str)
def test_what_is_refused(wrong):
    """Text, nothing, ragged channels and a third axis are refused with the fix."""
    with pytest.raises(FieldError, match=r"expected a series.*Fix:"):
        Series().check(wrong)


@given(st.integers(2, 60), st.floats(0, 40), st.floats(0.5, 50), st.integers(1, 60), st.booleans())
@settings(max_examples=80)
def test_a_piece_is_what_numpy_interpolates(count, start, length, out, backwards):
    """Any one piece, backwards too, equals np.interp at the carried middles of the samples."""
    s0, s1 = min(start, count - 1), min(start + length, count)
    s0, s1 = (s1, s0) if backwards else (s0, s1)
    if abs(s1 - s0) < 0.01:
        return
    value = np.random.default_rng(count).normal(size=(2, count)).astype(np.float32)
    segment = TimeSegment(Series().size(value))
    assert segment.push(Time((Piece(s0, s1, 0, out),), out))
    made = Series().render(value, segment)
    lo, hi = sorted((s0, s1))
    at = s0 + (np.arange(out) + 0.5) * (s1 - s0) / out - 0.5
    at = np.clip(at, max(0.0, lo - 0.5), min(count - 1.0, hi))
    expected = [np.interp(at, np.arange(count), channel) for channel in value]
    np.testing.assert_allclose(made, expected, atol=2e-5)


def test_whole_pieces_are_copied_exactly():
    """A permutation is of the samples themselves, every one of them, in runs."""
    value = ramp()
    out = run({"series.permute": {"pieces": 7}}, value)["wave"]
    assert sorted(out[0]) == sorted(value[0])
    np.testing.assert_array_equal(out[1] - out[0], np.full(100, 1000))
    assert (np.diff(out[0]) != 1).sum() <= 6
    assert (out != value).any()


def test_slices():
    """A slice is a run of the samples of the drawn share; resized, it has the old length and the slice's ends."""
    out = run({"series.window_slice": {"share_range": (0.5, 0.5)}}, ramp())["wave"]
    assert out.shape == (2, 50) and (np.diff(out[0]) == 1).all()
    resized = run({"series.window_slice": {"share_range": (0.5, 0.5), "resize": True}}, ramp())["wave"]
    assert resized.shape == (2, 100)
    assert resized[0, -1] - resized[0, 0] == pytest.approx(49.5, abs=0.6)


def test_time_warp_runs_on_without_a_jump():
    """Over a ramp the warped time rises everywhere, ends where it ended, and is not even."""
    out = run("series.time_warp", ramp(500, 1))["wave"][0]
    steps = np.diff(out)
    assert (steps > 0.3).all() and (steps < 2.5).all() and steps.std() > 0.05
    assert out[0] < 1.5 and out[-1] > 497.5


def test_intervals_go_along():
    """An interval over a marked stretch lies over the same marks after a warp or a permutation."""
    pytest.importorskip("augury_audio", reason="the kind intervals is augury-audio's")
    value = np.zeros((1, 200), np.float32)
    value[0, 60:80] = 1.0
    fields = {**FIELDS, "events": {"kind": "intervals", "of": "wave", "min_share": 0.0, "min_seconds": 0.0}}
    for step in ("series.time_warp", {"series.permute": {"pieces": 5}}, "series.window_slice"):
        out = augury.pipeline([step], fields=fields)({"wave": value, "events": [(6.0, 8.0, "on")]}, seed=5, id="b")
        marked = np.zeros(out["wave"].shape[1], bool)
        for begin, end, _ in out["events"]:
            marked[round(begin * 10) : round(end * 10)] = True
        assert (marked != (out["wave"][0] > 0.5)).sum() <= 2


def test_values_follow_their_curves():
    """Scale multiplies each channel by its factor, magnitude warp by a spline through its knots, 1 apart from noise."""
    value = ramp() + 1
    scaled = run({"series.scale": {"sigma": 0.3}}, value)
    factors = scaled.lineage["steps"][0]["draw"]["factors"]
    np.testing.assert_allclose(scaled["wave"], value * np.array(factors)[:, None], rtol=1e-6)
    warped = run({"series.magnitude_warp": {"knots": 3}}, value)
    knots = np.array(warped.lineage["steps"][0]["draw"]["knots"])
    curve = np.stack([CubicSpline(np.linspace(0, 99, 5), k)(np.arange(100)) for k in knots])
    np.testing.assert_allclose(warped["wave"], value * curve, rtol=1e-5)


def test_noise_is_sized_by_the_channel():
    """Each channel's noise has the stated share of its standard deviation; a constant one and NaN stay."""
    noise = np.random.default_rng(1)
    value = np.stack([noise.normal(0, 1, 20000), noise.normal(5, 100, 20000), np.full(20000, 3.0)]).astype(np.float32)
    value[0, 7] = np.nan
    out = run({"series.jitter": {"scale": 0.2}}, value)["wave"]
    added = (out - value).astype(np.float64)
    assert np.nanstd(added[0]) == pytest.approx(0.2, rel=0.05)
    assert np.std(added[1]) == pytest.approx(20, rel=0.05)
    assert (added[2] == 0).all() and np.isnan(out[0, 7]) and np.isnan(out).sum() == 1


def test_a_series_is_written_and_read(tmp_path):
    """It is kept in parquet as lists of float32 and comes back bit for bit."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    kind, value = Series(), np.random.default_rng(2).normal(size=(3, 11)).astype(np.float32)
    pq.write_table(pa.table({"wave": pa.array([kind.pack(value)], kind.arrow())}), tmp_path / "a.parquet")
    again = kind.unpack(pq.read_table(tmp_path / "a.parquet").to_pylist()[0]["wave"])
    assert kind.equal(again, value)
