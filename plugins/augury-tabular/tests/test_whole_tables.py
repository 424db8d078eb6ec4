"""Whole tables through a pipeline: the rows that `many` gives, in frames of three libraries, under constraints."""

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import augury
from augury.errors import DataError, RecipeError

STEPS = [
    {"table.jitter": {"p": 0.7}},
    {"table.swap": {"fraction": 0.5}},
    {"table.mask": {"fraction": 0.2, "mechanism": "mnar"}},
    {"table.jitter": {"relative_to": "quantile", "name": "again"}},
    {"table.impute": {"p": 0.5}},
]


@pytest.fixture
def pipe(fields, records):
    """Five fitted steps."""
    return augury.pipeline(STEPS, fields=fields).fit(records)


@pytest.fixture
def table(records):
    """The records as an Arrow table, with a column that is no field."""
    return pa.Table.from_pylist([{**r, "id": i, "other": n} for n, (i, r) in enumerate(records.items())])


def rows_of(table):
    """Return rows without what is missing, the id and the other column."""
    return [{k: v for k, v in r.items() if v is not None and k not in ("id", "other")} for r in table.to_pylist()]


def test_a_table_gives_the_rows_of_many(pipe, table, records):
    """Bit for bit, for a copy and for originals; columns that are no fields, and the order, stay."""
    for copy in (0, 3, None):
        made = pipe.table(table, id="id", seed=9, copy=copy)
        alone = pipe.many([(i, copy, r) for i, r in records.items()], seed=9)
        assert rows_of(made) == [dict(o) for o in alone]
        assert made.column("other").equals(table.column("other"))
        assert made.column_names == table.column_names


def test_frames_come_back_as_they_came(pipe, table):
    """pandas and polars frames give the rows of the Arrow table; pandas keeps its index."""
    expected = rows_of(pipe.table(table, id="id", seed=1))
    polars = pipe.table(pl.from_arrow(table), id="id", seed=1)
    assert isinstance(polars, pl.DataFrame) and rows_of(polars.to_arrow()) == expected
    frame = table.to_pandas().set_index(pd.Index(range(5, 5 + table.num_rows)))
    made = pipe.table(frame, id="id", seed=1)
    assert isinstance(made, pd.DataFrame) and made.index[0] == 5
    assert made["age"].isna().tolist() == ["age" not in row for row in expected]


def test_constraints_hold_on_tables():
    """A table follows them as rows do; a step that cannot follow one is an error."""
    fields = {"a": "number", "b": "number"}
    records = {f"{i:02d}": {"a": float(i), "b": float(i) + 0.1} for i in range(40)}
    rule = {"order": {"low": "a", "high": "b"}}
    pipe = augury.pipeline([{"table.jitter": {"scale": 0.5}}], fields=fields, constraints=[rule]).fit(records)
    table = pa.Table.from_pylist([{**r, "id": i} for i, r in records.items()])
    made = pipe.table(table, id="id", seed=3)
    assert rows_of(made) == [dict(o) for o in pipe.many([(i, 0, r) for i, r in records.items()], seed=3)]
    assert all(row["a"] <= row["b"] for row in rows_of(made))
    condition = {"formula": {"rule": "b - a < 0.5"}}
    strict = augury.pipeline([{"table.jitter": {"scale": 0.5}}], fields=fields, constraints=[condition]).fit(records)
    with pytest.raises(DataError, match=r"expected b - a < 0\.5, got .* rows that break it"):
        strict.table(table, id="id", seed=3)


@pytest.mark.parametrize("step", ["table.smote", "table.mixup", {"one_of": ["table.jitter", "table.swap"]}])
def test_what_needs_rows_is_refused(fields, records, table, step):
    """Donors and combinators run by rows; the message says how."""
    pipe = augury.pipeline([step], fields=fields)
    pipe = pipe.fit(records) if pipe.needs_fit else pipe
    with pytest.raises(RecipeError, match=r"Fix: run the rows with many\(\)"):
        pipe.table(table, id="id")


def test_wrong_cells_are_refused(pipe, table):
    """A value that is not of its kind, and a missing column of ids, are told."""
    wrong = table.set_column(table.column_names.index("age"), "age", pa.array([1.5] * table.num_rows))
    with pytest.raises(DataError, match=r"field 'age': expected whole numbers"):
        pipe.table(wrong, id="id")
    text = table.set_column(table.column_names.index("age"), "age", pa.array(["x"] * table.num_rows))
    with pytest.raises(DataError, match=r"field 'age': expected a number"):
        pipe.table(text, id="id")
    with pytest.raises(DataError, match="Did you mean id"):
        pipe.table(table, id="ids")
