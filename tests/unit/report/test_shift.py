"""Shift figures against scipy, and bounds that chance keeps."""

import numpy as np
import pytest
import scipy.spatial.distance
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from augury.report.figures import Figures, Group, Measured
from augury.report.shift import ks_chance, ks_distance, shifts, tv_chance, tv_distance
from augury.report.traits import Trait

NUMBERS = st.lists(st.integers(-5, 5).map(float) | st.floats(-1e6, 1e6), min_size=1, max_size=40)
COUNTS = st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 50).map(float), min_size=1)


@given(a=NUMBERS, b=NUMBERS)
def test_ks_is_scipys(a, b):
    """The distance of two samples, ties included, is the greatest between scipy's empirical distribution functions."""
    one, two = (scipy.stats.ecdf(values).cdf for values in (a, b))
    expected = max(abs(one.evaluate(x) - two.evaluate(x)) for x in (*a, *b))
    assert ks_distance(np.array(a), np.array(b)) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("key", range(5))
def test_ks_is_the_statistic_of_scipys_test(key):
    """On larger samples it is the statistic that scipy's two-sample test reports."""
    rng = np.random.Generator(np.random.Philox(key=key))
    a, b = rng.normal(size=300), np.round(rng.normal(0.2, 1.0, size=170), 1)
    assert ks_distance(a, b) == pytest.approx(scipy.stats.ks_2samp(a, b, method="asymp").statistic, abs=1e-12)


@given(a=COUNTS, b=COUNTS)
def test_tv_is_half_the_city_block(a, b):
    """The distance of two counts is half scipy's city block distance of their shares."""
    names = sorted(a.keys() | b.keys())
    shares = [np.array([c.get(n, 0.0) for n in names]) / sum(c.values()) for c in (a, b)]
    assert tv_distance(a, b) == pytest.approx(scipy.spatial.distance.cityblock(*shares) / 2, abs=1e-12)


@pytest.mark.parametrize(("n", "m"), [(50, 4000), (1000, 1000)])
def test_ks_bound_is_kolmogorovs(n, m):
    """The bound is the point that Kolmogorov's limiting law passes once in a thousand."""
    expected = scipy.stats.kstwobign.isf(0.001) * np.sqrt((n + m) / (n * m))
    assert ks_chance(n, m) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("shares", [[0.5, 0.5], [0.9, 0.05, 0.05], [0.01] * 100])
@pytest.mark.parametrize(("n", "m"), [(100, 100), (30, 2000)])
def test_tv_bound_holds(shares, n, m):
    """Samples of one population pass the bound in at most a thousandth of many trials."""
    rng = np.random.Generator(np.random.Philox(key=3))
    passed = 0
    for a, b in zip(rng.multinomial(n, shares, 2000), rng.multinomial(m, shares, 2000), strict=True):
        one, two = (dict(enumerate(map(float, c))) for c in (a, b))
        passed += tv_distance(one, two) > tv_chance(one, two, n, m)
    assert passed <= 2


def group(side, origin, numbers=(), classes=None, missing=0):
    """Return a group that knows one field."""
    rows = len(numbers) or sum((classes or {}).values())
    out = Group(side, origin, rows, {"x": missing})
    if numbers:
        out.traits[Trait("x", "", "", "number")] = Figures(rows, np.sort(np.array(numbers, float)))
    if classes:
        out.traits[Trait("x", "", "", "class")] = Figures(rows, classes=dict(classes))
    return out


def compared(*groups):
    """Return the shifts between groups, by who was compared and in what."""
    return {(s.trait, s.a, s.b): s for s in shifts(Measured("c", {}, list(groups), {}))}


def test_who_is_compared():
    """Sides are compared with the first side's originals, copies with the originals of their own side."""
    found = compared(
        group("train", "original", [1, 2, 3]),
        group("train", "augmented", [1, 2, 9]),
        group("val", "original"),
        group("test", "original", [1, 2, 3]),
    )
    assert set(found) == {("x", "train originals", "test originals"), ("x", "train originals", "train copies")}
    assert found["x", "train originals", "train copies"].chance is None
    assert not found["x", "train originals", "train copies"].is_real


def test_without_originals_copies_stand_for_them():
    """Where originals were not written, the sides are still compared, and chance is not asked."""
    found = compared(group("train", "augmented", [1, 2]), group("val", "original", [3, 4]))
    assert set(found) == {("x", "train copies", "val originals")}
    assert found["x", "train copies", "val originals"].chance is None


def test_a_real_shift_is_told():
    """Populations that differ are told apart once there are rows enough, and not before."""
    few = compared(group("train", "original", [0] * 3), group("test", "original", [1] * 3))
    many = compared(group("train", "original", [0] * 300), group("test", "original", [1] * 300))
    key = ("x", "train originals", "test originals")
    assert not few[key].tells and not few[key].is_real
    assert many[key].tells and many[key].is_real and many[key].distance == 1.0


def test_missing_values_shift_too():
    """A field that one side lacks more often is a shift."""
    found = compared(
        group("train", "original", classes={"a": 900}, missing=0),
        group("test", "original", classes={"a": 900}, missing=450),
    )
    shift = found["x: missing", "train originals", "test originals"]
    assert shift.distance == pytest.approx(0.5) and shift.is_real
