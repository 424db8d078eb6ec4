"""Canonical bytes: equal exactly for equal values."""

import datetime as dt
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.values import canonical_bytes, rows_bytes

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)


def _tagged(value):
    """A value in a form whose equality is the intended one: types, signs of zero and lengths told apart."""
    if isinstance(value, float):
        return ("float", math.copysign(1, value), value)
    if isinstance(value, list):
        return ("list", tuple(_tagged(v) for v in value))
    if isinstance(value, dict):
        return ("dict", tuple(sorted((k, _tagged(v)) for k, v in value.items())))
    return (type(value).__name__, value)


@given(PLAIN, PLAIN)
def test_bytes_are_equal_exactly_for_equal_values(a, b):
    """Two values have the same bytes exactly when they are the same."""
    assert (canonical_bytes(a) == canonical_bytes(b)) == (repr(_tagged(a)) == repr(_tagged(b)))


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ([1, 2], (1, 2)),
        (float("nan"), -float("nan")),
        (np.float64(1.5), 1.5),
        (np.int8(3), 3),
        (np.array([1.0, np.nan]), np.array([1.0, -np.nan])),
        (np.arange(4)[::2], np.array([0, 2])),
        (np.arange(3, dtype=">i4"), np.arange(3, dtype="<i4")),
        (np.array(["a", None], dtype=object), ["a", None]),
        (b"x", bytearray(b"x")),
    ],
)
def test_same(a, b):
    """Order of keys, sort of sequence, byte order, strides and the kind of NaN do not matter."""
    assert canonical_bytes(a) == canonical_bytes(b)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (1, 1.0),
        (1, True),
        (0, None),
        ("", None),
        ("1", 1),
        ("a", b"a"),
        (0.0, -0.0),
        (["ab"], ["a", "b"]),
        ([[1], 2], [[1, 2]]),
        ({"a": None}, {}),
        (np.zeros(2, np.float32), np.zeros(2, np.float64)),
        (np.zeros((2, 3)), np.zeros((3, 2))),
        (np.zeros(2), [0.0, 0.0]),
        (2**70, -(2**70)),
        (dt.datetime(2024, 1, 1), dt.date(2024, 1, 1)),
        (dt.datetime(2024, 1, 1), "2024-01-01T00:00:00"),
    ],
)
def test_different(a, b):
    """Types, shapes, dtypes, nesting and signs are told apart."""
    assert canonical_bytes(a) != canonical_bytes(b)


def test_unknown_types_are_refused():
    """Anything else is a TypeError that names the type."""
    with pytest.raises(TypeError, match="object"):
        canonical_bytes(object())
    with pytest.raises(TypeError, match="set"):
        canonical_bytes({"a": {1, 2}})


CELLS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=4)
    | st.binary(max_size=4)
    | st.lists(st.integers(0, 3), max_size=3)
    | st.dictionaries(st.text(max_size=2), st.floats(), max_size=2)
)
COLUMNS = (st.none() | st.floats(), st.none() | st.sampled_from(["a", "b", "é"]), st.integers(), CELLS)


@given(st.data())
def test_rows_by_columns_have_the_bytes_of_each(data):
    """`rows_bytes` gives for every row what `canonical_bytes` gives for its mapping without None."""
    rows = data.draw(st.integers(0, 6))
    names = data.draw(st.lists(st.text(max_size=3), min_size=1, max_size=4, unique=True))
    cells = data.draw(st.sampled_from(COLUMNS))
    columns = {name: data.draw(st.lists(cells, min_size=rows, max_size=rows)) for name in names}
    whole = [{n: columns[n][i] for n in names if columns[n][i] is not None} for i in range(rows)]
    assert rows_bytes(columns) == [canonical_bytes(row) for row in whole]
