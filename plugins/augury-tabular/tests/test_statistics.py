"""Statistics in one pass, against numpy over everything at once."""

import random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from augury_tabular.statistics import Spread, blocks, frequencies, numbers

VALUES = st.one_of(st.none(), st.floats(-1e6, 1e6))


@given(st.lists(st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=8), min_size=1, max_size=6))
def test_spread_is_that_of_all_rows_together(batches):
    """Blocks merged one by one give the mean and standard deviation of the whole."""
    spread = Spread(2)
    for batch in batches:
        spread.add(numbers([("", {"a": a, "b": b}) for a, b in batch], ["a", "b"]))
    for i in range(2):
        known = [row[i] for batch in batches for row in batch if row[i] is not None]
        assert spread.count[i] == len(known)
        assert np.isclose(spread.mean[i], np.mean(known) if known else 0, rtol=1e-9, atol=1e-6)
        assert np.isclose(spread.std[i], np.std(known) if known else 0, rtol=1e-6, atol=1e-3)


def test_the_size_of_batches_reaches_no_sum():
    """However rows are batched, blocks are the same, so sums are equal to the last bit."""
    rows = [(str(i), {"a": random.Random(i).gauss(1e6, 1)}) for i in range(9000)]
    whole = list(blocks([rows]))
    parts = list(blocks([rows[i : i + 7] for i in range(0, 9000, 7)]))
    assert whole == parts
    assert [len(b) for b in whole] == [4096, 4096, 808]


def test_infinite_values_count_as_missing():
    """One infinite value does not make a column's spread infinite."""
    values = numbers([("", {"a": float("inf")}), ("", {"a": 1.0}), ("", {})], ["a"])
    assert np.isnan(values[[0, 2]]).all()
    spread = Spread(1)
    spread.add(values)
    assert spread.mean[0] == 1.0
    assert spread.std[0] == 0.0


def test_numbers_too_great_to_be_squared_have_no_spread():
    """Beyond 1e154 a variance overflows: the column is then one without noise, not an error."""
    spread = Spread(2)
    spread.add(np.array([[1e200, 1.0], [-1e200, 3.0]]))
    spread.add(np.array([[1e300, 2.0], [-1e308, 2.0]]))
    assert spread.std.tolist() == [0.0, 0.5**0.5]


def test_frequencies_are_counts_sorted_by_value():
    """Missing values are not a category."""
    rows = [("1", {"c": "b"}), ("2", {"c": "a"}), ("3", {}), ("4", {"c": "b"})]
    assert list(frequencies([rows[:2], rows[2:]], ["c"])["c"].items()) == [("a", 1), ("b", 2)]
