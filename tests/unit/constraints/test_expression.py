"""Formulas: the small language, its refusals, and Python itself as the oracle of its values."""

import math
from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.constraints.expression import evaluate, parse_expression, type_of
from augury.errors import ParamError

NUMBERS = st.floats(-100, 100, allow_nan=False).map(lambda x: round(x, 3))


def _texts(depth=2):
    leaf = st.sampled_from(["a", "b", "2", "0.5"])
    if depth == 0:
        return leaf
    inner = _texts(depth - 1)
    binary = st.tuples(inner, st.sampled_from(["+", "-", "*"]), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})")
    call = st.tuples(st.sampled_from(["min", "max"]), inner, inner).map(lambda t: f"{t[0]}({t[1]}, {t[2]})")
    unary = inner.map(lambda t: f"abs(-{t})")
    return leaf | binary | call | unary


@given(_texts(), NUMBERS, NUMBERS)
def test_values_are_those_of_python(text, a, b):
    """Arithmetic, min, max and abs give what Python's own evaluation gives."""
    got = evaluate(parse_expression(text), {"a": np.array([a]), "b": np.array([b])})
    expected = eval(text, {"a": a, "b": b, "min": min, "max": max, "abs": abs})
    assert math.isclose(got[0], expected, rel_tol=1e-12, abs_tol=1e-9)


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "a.__class__",
        "a[0]",
        "[a for a in b]",
        "lambda: 1",
        "f'{a}'",
        "(a := 1)",
        "open('x')",
        "a if b else 1",
        "True",
        "1e999",
        "a +",
        "a @ b",
        "a is b",
        "max(a)",
        "min(a, b, key=1)",
        "a" + " + a" * 300,
        "(" * 500 + "a" + ")" * 500,
        "col(a)",
        "*a",
    ],
)
def test_everything_else_is_refused(text):
    """Attributes, subscripts, calls of other names, and unbounded formulas never reach evaluation."""
    with pytest.raises(ParamError, match="expected"):
        parse_expression(text)


def test_powers_cannot_grow_without_bound():
    """Numbers are float64: a tower of powers overflows to infinity at once."""
    assert np.isinf(evaluate(parse_expression("9 ** 9 ** 9 ** 9"), {"a": np.ones(2)})).all()


def test_columns_datetimes_and_text():
    """Hyphenated columns, times in seconds, booleans as numbers, text compared by equality."""
    columns = {
        "education-num": np.array([3.0, np.nan]),
        "start": np.array(["2024-01-01", "2024-01-01"], "datetime64[us]"),
        "end": np.array(["2024-01-02", "NaT"], "datetime64[us]"),
        "on": np.array([True, None], object),
        "city": np.array(["Oslo", None], object),
    }
    assert parse_expression("col('education-num') * end").columns == ("education-num", "end")
    assert evaluate(parse_expression("col('education-num') + on"), columns)[0] == 4.0
    assert evaluate(parse_expression("end - start"), columns)[0] == 86400.0
    assert evaluate(parse_expression("city == 'Oslo' or on == 0"), columns).tolist() == [True, False]
    assert evaluate(parse_expression("where(city == 'Oslo', 2, 3)"), columns).tolist() == [2.0, 3.0]


def test_text_in_arithmetic_is_refused():
    """Types are checked before anything runs."""
    kinds = {"city": "text", "a": "number"}
    assert type_of(parse_expression("city == 'x' and a < 3"), kinds) == "truth"
    for text in ("city + 1", "city < 'x'", "city == 1", "-city", "min(city, 1)"):
        with pytest.raises(ParamError, match=r"text|type"):
            type_of(parse_expression(text), kinds)


@given(st.lists(st.datetimes(datetime(1800, 1, 1), datetime(2300, 1, 1)), min_size=1, max_size=5))
def test_the_calendar_is_that_of_python(moments):
    """Hour, weekday, day, month and year are those of datetime, before 1970 too; NaT gives NaN."""
    column = np.array([*moments, "NaT"], dtype="datetime64[us]")
    for name, of in {
        "hour": lambda m: m.hour,
        "weekday": lambda m: m.weekday(),
        "day": lambda m: m.day,
        "month": lambda m: m.month,
        "year": lambda m: m.year,
    }.items():
        expression = parse_expression(f"{name}(t)")
        assert type_of(expression, {"t": "moment"}) == "number"
        got = evaluate(expression, {"t": column})
        assert got[:-1].tolist() == [of(m) for m in moments]
        assert math.isnan(got[-1])
    later = evaluate(parse_expression("hour(t + 7200)"), {"t": column})[0]
    assert later == (moments[0] + timedelta(hours=2)).hour


def test_len_counts_characters():
    """len gives the characters of texts, of quoted ones too, NaN of a missing one."""
    texts = np.array(["", "a\u00e9\U0001f600", None], dtype=object)
    assert type_of(parse_expression("len(t) > 2"), {"t": "text"}) == "truth"
    np.testing.assert_array_equal(evaluate(parse_expression("len(t)"), {"t": texts}), [0, 3, np.nan])
    assert evaluate(parse_expression("len('abc')"), {"t": texts}).tolist() == [3, 3, 3]


@pytest.mark.parametrize("text", ["hour(n)", "hour(s)", "hour(t - t)", "year(t + t)", "len(n)", "len(t)"])
def test_parts_of_what_has_none_are_refused(text):
    """The hour of a number, of a text, of a span of time, and the length of a number are refused."""
    with pytest.raises(ParamError, match=r"a datetime|a text"):
        type_of(parse_expression(text), {"n": "number", "s": "text", "t": "moment"})
