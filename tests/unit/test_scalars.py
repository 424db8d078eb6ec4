"""The kinds of plain values: what they take, refuse, keep in columns, lift and mix."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.errors import FieldError, ParamError
from augury.scalars import Boolean, Category, Datetime, Distribution, Id, Number

UTC = dt.UTC


@pytest.mark.parametrize(
    ("kind", "given_value", "kept"),
    [
        (Number(), 3, 3.0),
        (Number(), np.float32(0.5), 0.5),
        (Number(), np.int64(3), 3.0),
        (Number(), np.array(2.5), 2.5),
        (Number(integer=True), 3.0, 3),
        (Number(integer=True), np.int8(3), 3),
        (Category(), "red", "red"),
        (Category(), 3, "3"),
        (Category(), np.str_("red"), "red"),
        (Category(values=(1, 2)), 2, "2"),
        (Category(store="integer"), "7", 7),
        (Category(store="integer"), np.int64(7), 7),
        (Distribution(), "red", {"red": 1.0}),
        (Distribution(), {"b": 0.5, "a": 0.5}, {"a": 0.5, "b": 0.5}),
        (Distribution(), [{"value": "a", "weight": 1.0}], {"a": 1.0}),
        (Datetime(), "2024-02-29", dt.datetime(2024, 2, 29)),
        (Datetime(), dt.date(2024, 2, 29), dt.datetime(2024, 2, 29)),
        (Datetime(), np.datetime64("2024-02-29T12:00"), dt.datetime(2024, 2, 29, 12)),
        (Datetime(), pd.Timestamp("2024-02-29 12:00"), dt.datetime(2024, 2, 29, 12)),
        (Datetime(), "2024-02-29T12:00:00+02:00", dt.datetime(2024, 2, 29, 10, tzinfo=UTC)),
        (Boolean(), 1, True),
        (Boolean(), " No ", False),
        (Boolean(), np.bool_(True), True),
        (Id(), 7, "7"),
        (Id(), np.int64(7), "7"),
    ],
)
def test_what_users_hold_is_taken(kind, given_value, kept):
    """Natural forms of a value become the canonical one, of a plain Python type."""
    value = kind.check(given_value)
    assert value == kept
    assert type(value) is type(kept)


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        (Number(), "3"),
        (Number(), True),
        (Number(), None),
        (Number(), np.array([1.0, 2.0])),
        (Number(integer=True), 3.5),
        (Number(integer=True), float("nan")),
        (Number(integer=True), float("inf")),
        (Number(integer=True), 2**70),
        (Category(), 3.5),
        (Category(), None),
        (Category(values=("red", "green")), "gren"),
        (Category(store="integer"), "x"),
        (Category(store="integer"), 2**70),
        (Distribution(), {"a": 0.5}),
        (Distribution(), {"a": 1.5, "b": -0.5}),
        (Distribution(), {"a": float("nan")}),
        (Distribution(), {}),
        (Distribution(), 3),
        (Distribution(), [1]),
        (Distribution(), {"a": "x"}),
        (Datetime(), "yesterday"),
        (Datetime(), 3),
        (Datetime(), pd.NaT),
        (Datetime(), np.datetime64("NaT")),
        (Boolean(), 2),
        (Boolean(), "maybe"),
        (Boolean(), None),
        (Boolean(), np.array([True, False])),
        (Id(), 1.5),
        (Id(), True),
    ],
)
def test_wrong_values_are_refused(kind, wrong):
    """A value that is not of the kind is a FieldError that says what to do."""
    with pytest.raises(FieldError, match="Fix: "):
        kind.check(wrong)


def test_a_wrong_category_finds_its_neighbour():
    """A misspelt category names the declared one."""
    with pytest.raises(FieldError, match="Did you mean green"):
        Category(values=("red", "green")).check("gren")


@pytest.mark.parametrize(
    ("cls", "params"), [(Category, {"store": "float"}), (Number, {"lo": 2.0, "hi": 1.0}), (Number, {"decimals": "2"})]
)
def test_wrong_options_are_refused(cls, params):
    """Options that contradict each other, or do not exist, are refused."""
    with pytest.raises(ParamError, match="Fix: "):
        cls(**params)


@given(st.lists(st.none() | st.floats(-1e6, 1e6), max_size=6))
def test_numbers_survive_columns(values):
    """Numbers and missing ones survive the array that row functions see."""
    kind = Number()
    column = kind.to_column(values)
    assert column.dtype == np.float64
    assert kind.from_column(column) == values


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=6))
def test_columns_are_held_to_bounds_and_rounding(values):
    """What a row function makes is rounded, then clipped, then of the kind's type."""
    kind = Number(integer=True, lo=-3, hi=7)
    got = kind.from_column(np.array(values))
    assert got == [int(min(max(np.round(v), -3), 7)) for v in values]
    assert all(type(v) is int for v in got)
    assert Number(decimals=1).from_column(np.array([1.26])) == [1.3]


def test_moments_survive_columns_in_utc():
    """Moments are UTC in columns; missing ones stay missing."""
    kind = Datetime()
    zoned = kind.check("2024-02-29T12:00:00+02:00")
    column = kind.to_column([zoned, None])
    assert column.dtype == np.dtype("datetime64[us]")
    assert kind.from_column(column) == [dt.datetime(2024, 2, 29, 10), None]
    assert kind.digest(zoned) == kind.digest(dt.datetime(2024, 2, 29, 10))


def test_mixes():
    """Categories mix to distributions by weight; distributions, numbers and booleans mix in kind."""
    assert Category().mix(["a", "b", "a"], [1, 1, 2]) == {"a": 0.75, "b": 0.25}
    assert Category().mix(["a", "b"], [1, 0]) == {"a": 1.0}
    assert Distribution().mix([{"a": 1.0}, {"a": 0.5, "b": 0.5}], [0.5, 0.5]) == {"a": 0.75, "b": 0.25}
    assert Boolean().mix([True, False], [3, 1]) == {"false": 0.25, "true": 0.75}
    assert Number().mix([1.0, 3.0], [3, 1]) == 1.5
    assert Number(integer=True).mix([1, 4], [1, 1]) in (2, 3)


@given(
    st.dictionaries(st.text(max_size=3), st.floats(0.01, 1), min_size=1, max_size=5),
    st.lists(st.floats(0.01, 9), min_size=2, max_size=2),
)
def test_mixed_distributions_are_distributions(weights, shares):
    """A mix is canonical: sorted, positive, of sum 1."""
    total = sum(weights.values())
    kind = Distribution()
    one = kind.check({k: v / total for k, v in weights.items()})
    mixed = kind.mix([one, {"z": 1.0}], shares)
    assert kind.check(mixed) == mixed
    assert list(mixed) == sorted(mixed)
