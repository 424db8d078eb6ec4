"""Frames of pandas, polars and Arrow: what goes in comes out."""

import numpy as np
import pandas
import polars
import pyarrow as pa
import pytest

import augury
from augury.errors import DataError, RecipeError
from augury.frames import from_frame, from_log, to_frame, to_log

COLUMNS = {"id": ["a", "b", "c"], "size": [1.5, None, 3.0], "count": [1, 2, None], "word": ["x", None, "z"]}
ROWS = {
    "a": {"id": "a", "size": 1.5, "count": 1, "word": "x"},
    "b": {"id": "b", "count": 2},
    "c": {"id": "c", "size": 3.0, "word": "z"},
}
FRAMES = {
    "pandas": lambda columns: pandas.DataFrame(columns),
    "polars": lambda columns: polars.DataFrame(columns),
    "arrow": lambda columns: pa.table(columns),
}


@pytest.mark.parametrize("make", FRAMES.values(), ids=FRAMES)
def test_rows_become_records(make):
    """One record a row, by key, without what is missing."""
    assert from_frame(make(COLUMNS), key="id") == ROWS
    assert list(from_frame(make(COLUMNS))) == ["0", "1", "2"]


def test_a_frame_through_a_pipeline_and_back():
    """The usual way: frame, pipeline, frame; types are the fields'."""
    rows = from_frame(polars.DataFrame(COLUMNS), key="id")
    fields = {"id": "id", "size": "number", "count": {"kind": "number", "integer": True}, "word": "category"}
    pipe = augury.pipeline([{"table.jitter": {"scale": 0.0}}], fields=fields).fit(rows)
    made = {name: pipe(row, seed=1, id=name, copy=0) for name, row in rows.items()}
    for like in ("pandas", "polars", "arrow"):
        frame = to_frame(made, fields, like=like)
        back = from_frame(frame, key="id")
        assert back == ROWS
    assert to_frame(made, fields, like="arrow").schema.field("count").type == pa.int64()
    assert isinstance(to_frame(made, fields, like="polars"), polars.DataFrame)
    assert isinstance(to_frame([made["a"]]), pandas.DataFrame)


def test_a_log_becomes_users_and_a_log_again():
    """Grouping by user equals pandas' own; flattened, the rows are the same ones in the order of time."""
    random = np.random.default_rng(0)
    log = pandas.DataFrame(
        {
            "user": random.choice(["u", "v", "w"], 50),
            "item": random.choice(list("abc"), 50),
            "time": random.permutation(50).astype(float),
            "rating": random.choice([1.0, 2.0, np.nan], 50),
        }
    )
    users = from_log(log)
    fields = {"history": "interactions"}
    for user, rows in log.groupby("user"):
        assert [e["item"] for e in users[user]["history"]] == rows["item"].tolist()
    flat = to_log(users, fields)
    expected = log.sort_values(["user", "time"]).reset_index(drop=True)
    pandas.testing.assert_frame_equal(
        flat.sort_values(["user", "time"]).reset_index(drop=True), expected, check_dtype=False
    )
    assert from_log(polars.DataFrame({"a": [1], "b": [2], "i": ["x"]}), user=["a", "b"], item="i") == {
        "1|2": {"history": [{"item": "x"}]}
    }


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: from_frame([1, 2]), "a data frame"),
        (lambda: from_frame(polars.DataFrame(COLUMNS), key="i"), "Did you mean id"),
        (lambda: from_frame(polars.DataFrame({"k": ["a", "a"]}), key="k"), "'a' again"),
        (lambda: from_frame(polars.DataFrame({"k": ["a", None]}), key="k"), "got none"),
        (lambda: from_frame(pandas.DataFrame([[1, 2]], columns=["a", "a"])), "names that differ"),
        (lambda: from_log(polars.DataFrame({"user": ["a"]})), "a column 'item'"),
        (lambda: from_log(polars.DataFrame({"user": ["a", None], "item": ["x", "y"]})), "row 1"),
        (lambda: to_frame({"a": {"x": 1}, "b": {"x": "y"}}), "column 'x'"),
        (lambda: to_frame({}, like="numpy"), "pandas, polars or arrow"),
        (lambda: to_log({}, {"x": "number"}), "one field of events"),
    ],
)
def test_what_is_no_frame_is_refused(call, words):
    """The message says what was expected and what to do."""
    with pytest.raises((DataError, RecipeError)) as caught:
        call()
    assert words in str(caught.value)
    assert "Fix: " in str(caught.value)
