"""Swap: how often, and by what, categories are replaced."""

from collections import Counter

import pytest
from scipy.stats import chisquare

COUNTS = {"a": 50, "b": 30, "c": 15, "d": 5}


@pytest.fixture
def letters():
    """A hundred rows of four letters with known frequencies, and a boolean."""
    values = [letter for letter, count in COUNTS.items() for _ in range(count)]
    return {f"{i:03d}": {"letter": letter, "flag": i % 4 == 0} for i, letter in enumerate(values)}


FIELDS = {"letter": "category", "flag": "boolean"}


def test_every_category_is_replaced_by_frequency_among_the_others(run, letters):
    """Touched always, each source's outcomes follow the multinomial of the remaining frequencies (chi-square)."""
    rows = run([{"table.swap": {"fraction": 1.0}}], FIELDS, letters, copies=60)
    for source in COUNTS:
        after = Counter(out["letter"] for _, before, out in rows if before["letter"] == source)
        rest = {letter: count for letter, count in COUNTS.items() if letter != source}
        assert set(after) == set(rest)
        n = sum(after.values())
        expected = [n * count / sum(rest.values()) for count in rest.values()]
        assert chisquare([after[letter] for letter in rest], expected).pvalue > 1e-4
    assert all(out["flag"] is not before["flag"] for _, before, out in rows)


def test_a_share_of_the_columns_is_touched(run, letters):
    """The number of changed values is binomial with the given probability."""
    rows = run([{"table.swap": {"fraction": 0.2}}], FIELDS, letters, copies=40)
    for name in FIELDS:
        changed = sum(out[name] != before[name] for _, before, out in rows)
        assert abs(changed - 0.2 * len(rows)) < 4 * (len(rows) * 0.2 * 0.8) ** 0.5


def test_a_value_that_was_not_fitted_is_replaced_by_one_that_was(letters):
    """Only categories of the training side are put in."""
    import augury

    pipe = augury.pipeline([{"table.swap": {"fraction": 1.0}}], fields=FIELDS).fit(letters)
    outputs = pipe.many([(str(i), 0, {"letter": "new"}) for i in range(50)], seed=1)
    assert {out["letter"] for out in outputs} <= set(COUNTS)


def test_one_category_and_no_category_are_left_alone(run):
    """There is nothing to swap with; missing stays missing."""
    records = {str(i): {"letter": "a"} for i in range(20)}
    assert all(dict(out) == before for _, before, out in run([{"table.swap": {"fraction": 1}}], FIELDS, records))


def test_whole_numbers_as_categories_keep_their_type(run, fields, records):
    """Categories stored as integers come out as the same set of integers."""
    rows = run([{"table.swap": {"fraction": 1, "field": "zone"}}], fields, records)
    assert {(type(out["zone"]), out["zone"]) for _, _, out in rows} == {(int, 1), (int, 2), (int, 7)}
    assert all(out["zone"] != before["zone"] for _, before, out in rows)
