"""The table codec: what comes back is what went in, or a neighbour of it inside the same bin."""

import json
from collections import Counter
from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.catalog import registry
from augury.errors import DataError
from augury.record import FieldSpec
from augury.rng import row_keys
from augury.synthesis import Between
from augury_tabular.codecs.table import TableCodec

Number, Category, Boolean, Datetime, Id = (
    registry().load("kinds", id) for id in ("number", "category", "boolean", "datetime", "id")
)
SCHEMA = {
    "age": FieldSpec("age", Number(integer=True)),
    "price": FieldSpec("price", Number()),
    "city": FieldSpec("city", Category()),
    "member": FieldSpec("member", Boolean()),
    "since": FieldSpec("since", Datetime()),
    "name": FieldSpec("name", Id()),
}


def _rows(n=2000, seed=0):
    rng = np.random.default_rng(seed)
    start = datetime(2020, 1, 1)
    return {
        "age": rng.integers(18, 80, n).tolist(),
        "price": [None if x < 0.1 else float(np.round(y, 2)) for x, y in zip(rng.random(n), rng.lognormal(3, 1, n))],
        "city": rng.choice(["Bern", "Rome", "Oslo"], n, p=[0.9, 0.095, 0.005]).tolist(),
        "member": [bool(x) for x in rng.random(n) < 0.3],
        "since": [start + timedelta(minutes=int(m)) for m in rng.integers(0, 3 * 365 * 24 * 60, n)],
        "name": [f"user-{i}" for i in range(n)],
    }


def _round_trip(rows, schema=SCHEMA, **params):
    codec = TableCodec(**params)
    state = json.loads(json.dumps(codec.fit(rows, schema)))
    keys = row_keys(0, 0, len(next(iter(rows.values()))))
    batch = codec.encode(state, rows)
    return codec, state, batch, codec.decode(state, batch, keys)


def test_exact_where_a_code_is_one_value():
    """Frequent numbers, categories and booleans come back as they were; missing stays missing."""
    rows = _rows()
    _, _, _, back = _round_trip(rows)
    assert back["age"] == rows["age"]
    assert all(type(v) is int for v in back["age"])
    assert back["city"] == rows["city"] and back["member"] == rows["member"]
    assert [v is None for v in back["price"]] == [v is None for v in rows["price"]]


def test_bins_keep_the_distribution_and_copy_no_value():
    """A value of a bin comes back inside it, rounded as the column is: near in rank, and rarely itself."""
    rng = np.random.default_rng(1)
    values = np.round(rng.lognormal(3, 1, 20_000), 4)
    schema = {"x": FieldSpec("x", Number())}
    _, _, _, back = _round_trip({"x": values.tolist()}, schema)
    again = np.array(back["x"])
    rank = np.searchsorted(np.sort(values), [values, again]) / len(values)
    assert np.abs(rank[0] - rank[1]).max() <= 0.0125
    assert np.array_equal(np.round(again, 4), again)
    assert (again == values).mean() < 0.01
    assert np.abs(np.quantile(again, [0.01, 0.5, 0.99]) / np.quantile(values, [0.01, 0.5, 0.99]) - 1).max() < 0.05


def test_codes_are_ordered_and_inside_their_size():
    """Greater numbers have greater codes; every block is a category of int32 codes, never one-hot."""
    rows = _rows()
    codec, state, batch, _ = _round_trip(rows)
    blocks = codec.spec(state).blocks
    assert set(batch) == {b.name for b in blocks}
    for block in blocks:
        codes = batch[block.name]
        assert block.kind == "category" and codes.dtype == np.int32 and codes.shape == (2000,)
        assert codes.min() >= 0 and codes.max() < block.size
    order = np.argsort(rows["age"], kind="stable")
    assert (np.diff(batch["age"][order]) >= 0).all()


@given(st.integers(0, 100))
def test_fit_is_a_function_of_the_set(seed):
    """The order of the rows changes nothing in the state."""
    rows = _rows(60)
    order = np.random.default_rng(seed).permutation(60)
    turned = {name: [values[i] for i in order] for name, values in rows.items()}
    assert TableCodec().fit(turned, SCHEMA) == TableCodec().fit(rows, SCHEMA)


def test_dates_keep_weekday_and_time():
    """A spread-out date is coded as week, weekday and time: the weekday comes back exactly."""
    rng = np.random.default_rng(2)
    days = [datetime(2000, 1, 3) + timedelta(days=int(7 * w), hours=9) for w in rng.integers(0, 1500, 3000)]
    codec, state, _, back = _round_trip({"d": days}, {"d": FieldSpec("d", Datetime())})
    assert [b.name for b in codec.spec(state).blocks] == ["d#week"] or all(d.weekday() == 0 for d in back["d"])
    assert all(d.weekday() == 0 and d.hour == 9 for d in back["d"])


def test_numbers_of_many_frequent_values_are_mostly_bins():
    """Whole numbers of a wide range have no code each, but the heaps among them do; a column of frequent ones keeps all."""
    rng = np.random.default_rng(0)
    wide = np.concatenate([np.round(rng.normal(500, 250, 19_000)), np.repeat([500.0, 777.0], 500)])
    schema = {"n": FieldSpec("n", Number())}
    cells = TableCodec().fit({"n": wide}, schema)["columns"]["n"]["cells"]
    own = {knots[0] for knots in cells if len(knots) == 1}
    assert len(own) == 100 and {500.0, 777.0} <= own and len(cells) == 200
    every = np.repeat(np.arange(300.0), 30)
    assert len(TableCodec().fit({"n": every}, schema)["columns"]["n"]["cells"]) == 300


def test_months_come_back_exactly():
    """Dates on one day of the month are months: every one comes back as it was."""
    months = [datetime(2000 + i // 12 % 10, i % 12 + 1, 15) for i in range(1200)]
    _, _, _, back = _round_trip({"d": months}, {"d": FieldSpec("d", Datetime())})
    assert back["d"] == months


def test_a_hundred_thousand_categories():
    """Beyond the most codes the rarest share buckets; all can come back, and by their frequency."""
    rng = np.random.default_rng(3)
    values = [f"c{i}" for i in range(100_000)] + [f"c{i}" for i in rng.integers(0, 1000, 60_000)]
    schema = {"c": FieldSpec("c", Category())}
    codec, state, _, back = _round_trip({"c": values}, schema)
    assert codec.spec(state).block("c").size == 1024
    own = {group[0] for group in state["columns"]["c"]["groups"] if len(group) == 1}
    assert all(a == b for a, b in zip(values, back["c"]) if a in own)
    assert len(set(back["c"]) - own) > 40_000
    bucket = next(g for g in state["columns"]["c"]["groups"] if len(g) > 1)
    counts = np.array(state["columns"]["c"]["counts"][state["columns"]["c"]["groups"].index(bucket)], dtype=float)
    drawn = codec.decode(
        state, {"c": np.full(200_000, state["columns"]["c"]["groups"].index(bucket))}, row_keys(1, 0, 200_000)
    )
    got = Counter(drawn["c"])
    assert np.abs(np.array([got[v] for v in bucket]) / 200_000 - counts / counts.sum()).max() < 0.003


def test_keys_are_new_and_unique():
    """New keys look like the old ones and are none of them."""
    rows = _rows()
    _, _, _, back = _round_trip(rows)
    assert len(set(back["name"])) == 2000 and not set(back["name"]) & set(rows["name"])
    assert all(v.startswith("user-") for v in back["name"])


def test_constants_and_all_missing_columns_are_kept():
    """A column of one value, or of none, comes back so, is no block, and is told."""
    rows = {"a": [1.0, 2.0, 1.0], "one": ["x"] * 3, "none": [None] * 3, "nan": [None] * 3}
    schema = {
        "a": FieldSpec("a", Number()),
        "one": FieldSpec("one", Category()),
        "none": FieldSpec("none", Category()),
        "nan": FieldSpec("nan", Number()),
    }
    codec, state, batch, back = _round_trip(rows, schema)
    assert list(batch) == ["a"]
    assert back["one"] == ["x"] * 3 and back["none"] == back["nan"] == [None] * 3
    assert len(codec.notes(state)) == 3


@pytest.mark.parametrize(
    ("rows", "schema", "words"),
    [
        ({"a": [1.0, float("inf")]}, {"a": Number()}, "1 infinite values"),
        ({"a": []}, {"a": Number()}, "at least one row"),
        ({"a": ["x", "x"]}, {"a": Category()}, "a column that varies"),
    ],
)
def test_what_cannot_be_coded_is_refused(rows, schema, words):
    """Infinite values, no rows and nothing that varies are errors with a fix."""
    with pytest.raises(DataError, match=words) as caught:
        TableCodec().fit(rows, {n: FieldSpec(n, k) for n, k in schema.items()})
    assert "Fix:" in str(caught.value)


def test_unseen_values_are_refused():
    """A category or a missing value that the rows fitted do not have is an error; a number goes to the nearest cell."""
    codec, state, _, _ = _round_trip(_rows())
    with pytest.raises(DataError, match="Did you mean Bern"):
        codec.encode(state, {"city": ["Bernn"]})
    with pytest.raises(DataError, match="no missing values"):
        codec.encode(state, {"age": [None]})
    assert codec.encode(state, {"age": [1000]})["age"] == codec.encode(state, {"age": [79]})["age"]


@pytest.mark.parametrize(
    ("column", "only", "holds"),
    [
        ("price", Between(10, 20.005), lambda v: v is not None and 10 <= v <= 20.0),
        ("price", Between(None, 3), lambda v: v is not None and v <= 3),
        ("age", 37, lambda v: v == 37),
        ("city", "Oslo", lambda v: v == "Oslo"),
        ("city", ["Oslo", "Rome"], lambda v: v in ("Oslo", "Rome")),
    ],
)
def test_narrowed_rows_meet_the_condition(column, only, holds):
    """Whatever allowed code and key are taken, the row is inside the condition."""
    codec = TableCodec()
    rows = _rows()
    state = codec.fit(rows, SCHEMA)
    narrowed, condition = codec.narrow(state, {column: only})
    n = 5000
    batch = {b.name: np.zeros(n, dtype=np.int32) for b in codec.spec(narrowed).blocks}
    batch[column] = np.random.default_rng(0).choice(condition.allowed[column], n)
    values = codec.decode(narrowed, batch, row_keys(0, 0, n))[column]
    assert all(holds(v) for v in values)
    if column == "price":
        assert len(set(values)) > 50


def test_a_rare_category_can_be_asked_for():
    """A condition on a category that shares a bucket gives that category."""
    values = [f"c{i}" for i in range(5000)]
    codec, state, _, _ = _round_trip({"c": values * 2}, {"c": FieldSpec("c", Category())})
    rare = next(g for g in state["columns"]["c"]["groups"] if len(g) > 1)[1]
    narrowed, condition = codec.narrow(state, {"c": rare})
    batch = {"c": np.repeat(condition.allowed["c"], 100)}
    assert set(codec.decode(narrowed, batch, row_keys(0, 0, 100))["c"]) == {rare}


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ({"age": Between(200, 300)}, "between 18 and 79"),
        ({"citty": "Rome"}, "Did you mean city"),
        ({"name": "user-1"}, "made new"),
    ],
)
def test_impossible_conditions_are_refused(where, words):
    """An unknown column, a value outside the rows fitted and a condition on keys are errors."""
    codec = TableCodec()
    with pytest.raises(DataError, match=words):
        codec.narrow(codec.fit(_rows(), SCHEMA), where)
