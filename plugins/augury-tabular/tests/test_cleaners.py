"""What the cleaners of rows reject, against plain statistics."""

import math
from types import SimpleNamespace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from augury_tabular.cleaners import InRange, Missing, Outlier

NUMBERS = st.lists(st.floats(-1e6, 1e6, allow_subnormal=False), min_size=3, max_size=40)


def reason(cleaner, row, state=None):
    """The reason of a verdict, or None."""
    verdict = cleaner.judge(row, SimpleNamespace(state=state))
    return verdict and verdict.reason


def fitted(cleaner, numbers, name="x"):
    """What the cleaner learns from a column."""
    return cleaner.fit(iter((f"{i:04d}", {name: v}) for i, v in enumerate(numbers)), {name: None})


def test_missing():
    """More than the share is too much; the share itself is not; NaN is missing."""
    row = {"a": None, "b": 1, "c": math.nan, "d": "x"}
    assert reason(Missing(share=0.5), row) is None
    assert reason(Missing(share=0.49), row) == "missing"
    assert reason(Missing(share=0), {"a": 0, "b": False, "c": ""}) is None
    assert reason(Missing(), {}) is None


def test_range():
    """Both ends belong to the range; missing cells are no reason; an open end is open."""
    inside = InRange(lo=0, hi=10)
    assert reason(inside, {"a": 0, "b": 10.0, "c": None}) is None
    assert reason(inside, {"a": 5, "b": 10.5}) == "out_of_range"
    assert reason(InRange(hi=0), {"a": -1e300}) is None
    assert reason(InRange(hi=0), {"a": math.inf}) == "out_of_range"


@given(numbers=NUMBERS)
def test_mad_is_scipys(numbers):
    """Where it is not 0, a number is an outlier exactly when its robust z, by SciPy, is beyond the limit."""
    spread = stats.median_abs_deviation(numbers, scale="normal")
    if spread < 1e-3:
        return
    cleaner = Outlier(limit=2)
    state = fitted(cleaner, numbers)
    for number in numbers:
        z = abs(number - np.median(numbers)) / spread
        if abs(z - 2) > 1e-6:
            assert (reason(cleaner, {"x": number}, state) == "outlier") == (z > 2)


@given(numbers=NUMBERS)
def test_iqr_is_tukeys_fences(numbers):
    """A number is an outlier beyond 1.5 quartile distances; a column whose quartiles are equal is left alone."""
    cleaner = Outlier(method="iqr", limit=1.5)
    state = fitted(cleaner, numbers)
    first, third = np.percentile(numbers, [25, 75])
    assert ("x" in state) == (third > first)
    for number in numbers:
        out = number < first - 1.5 * (third - first) or number > third + 1.5 * (third - first)
        assert (reason(cleaner, {"x": number}, state) == "outlier") == (out and third > first)


def test_mostly_equal_numbers_have_a_spread():
    """Where more than half are equal the mean deviation takes over: not every other number is an outlier."""
    numbers = [0] * 60 + list(range(40))
    cleaner = Outlier()
    state = fitted(cleaner, numbers)
    assert reason(cleaner, {"x": 15}, state) is None
    assert reason(cleaner, {"x": 500}, state) == "outlier"
    assert reason(cleaner, {"x": None}, state) is None


@given(numbers=NUMBERS, data=st.data())
def test_fitting_is_of_the_set(numbers, data):
    """The rows' order does not reach the state; missing and infinite numbers are left out of it."""
    for cleaner in (Outlier(), Outlier(method="iqr")):
        state = fitted(cleaner, numbers)
        assert fitted(cleaner, data.draw(st.permutations(numbers))) == state
        assert fitted(cleaner, [*numbers, None, math.inf, math.nan]) == state
