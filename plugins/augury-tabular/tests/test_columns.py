"""The batched functions, on columns of any numbers."""

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from augury_tabular.columns import add, interpolate, leave, multiply, put, swap

ANY = st.floats(allow_nan=True, allow_infinity=True, width=64)
FINITE = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(st.tuples(ANY, ANY, st.floats(0, 1)), min_size=1, max_size=20))
@example([(0.9638385459738009, 0.9638385459738009, 0.603185627961383)])
def test_interpolation_stays_between_and_keeps_what_is_missing(rows):
    """A number ends between its own and the donor's; NaN and infinity stay exactly as they are."""
    x, donor, share = (np.array(part) for part in zip(*rows, strict=True))
    before = x.copy()
    out = interpolate({"x": x}, share=share, donor=donor[:, None])["x"]
    assert np.array_equal(x, before, equal_nan=True)
    both = np.isfinite(x) & np.isfinite(donor)
    assert np.array_equal(out[~both], x[~both], equal_nan=True)
    assert (out[both] >= np.minimum(x, donor)[both]).all()
    assert (out[both] <= np.maximum(x, donor)[both]).all()


@given(st.lists(FINITE, min_size=1, max_size=10), st.lists(FINITE, min_size=10, max_size=10))
def test_the_ends_of_an_interpolation_are_exact(values, others):
    """Share 0 is the row and share 1 is the donor, to the last bit."""
    x, donor = np.array(values), np.array(others[: len(values)])[:, None]
    assert np.array_equal(interpolate({"x": x}, np.zeros(len(x)), donor)["x"], x)
    assert np.array_equal(interpolate({"x": x}, np.ones(len(x)), donor)["x"], donor[:, 0])


def test_amounts_go_to_the_column_of_their_place():
    """The second axis of the argument follows the order of the columns."""
    columns = {"a": np.array([1.0, 2.0]), "b": np.array([10.0, np.nan])}
    amount = np.array([[0.5, 5.0], [1.5, 6.0]])
    added, times = add(columns, amount), multiply(columns, amount)
    assert added["a"].tolist() == [1.5, 3.5]
    assert added["b"][0] == 15.0
    assert np.isnan(added["b"][1])
    assert times["a"].tolist() == [0.5, 3.0]
    assert times["b"][0] == 50.0
    assert np.isnan(times["b"][1])


def test_categories_keep_their_python_types_and_their_gaps():
    """What is put in are plain Python values; a missing one is never filled."""
    column = np.array([True, None, False], dtype=object)
    assert put({"c": column}, np.array([False, True, True]))["c"].tolist() == [False, None, True]
    assert all(type(v) in (bool, type(None)) for v in put({"c": column}, np.array([False, True, True]))["c"])
    words = np.array(["a", "b", None], dtype=object)
    fitted = {"c": {"values": ["a", "b"], "until": [2, 5]}}
    assert swap({"c": words}, np.arange(3), 1.0, fitted)["c"].tolist() == ["b", "a", None]


def test_leaving_writes_nothing():
    """The effect that only mixes labels changes no column."""
    assert leave({}) == {}
