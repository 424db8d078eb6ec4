"""Whole tables through a pipeline: the rows that `many` gives, in frames of three libraries, under constraints."""

import json

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import augury
from augury.errors import DataError, RecipeError
from augury.frames import COPY, with_copies

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


@pytest.mark.parametrize("step", ["table.cutmix", "table.mixup", {"one_of": ["table.jitter", "table.swap"]}])
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


RECIPE = """
recipe: 1
collect: [{path: rows.jsonl}]
fields: {id: {kind: id, role: key}, x: number, y: {kind: category, role: label}}
augment: {copies: {balance: y}, steps: [table.smote]}
"""
SMOTES = ["table.smote", "table.smotenc", "table.borderline_smote", "table.adasyn"]


@pytest.mark.parametrize("op", SMOTES)
def test_oversampling_gives_the_rows_of_many(fields, records, table, op):
    """Fitted on a table in any order, the same states and rows as by records, and by frames of each library."""
    pipe = augury.pipeline([{op: {"k": 3, "p": 0.8}}, "table.jitter"], fields=fields)
    alone = pipe.fit(records)
    whole = pipe.fit(table.take(pa.array(range(table.num_rows))[::-1]), id="id")
    assert whole.state_hashes == alone.state_hashes
    rows = with_copies(table, {"balance": "plan"}, id="id")
    expected = alone.many([(r["id"], r[COPY], records[r["id"]]) for r in rows.to_pylist()], seed=4, pool=records)
    made = whole.table(rows, id="id", copy=COPY, seed=4)
    assert rows_of(made.drop_columns(COPY)) == [dict(o) for o in expected]
    polars = whole.table(pl.from_arrow(rows), id="id", copy=COPY, seed=4)
    assert rows_of(polars.drop(COPY).to_arrow()) == [dict(o) for o in expected]


@pytest.mark.parametrize("op", SMOTES)
def test_an_oversampled_row_replays_by_itself(fields, records, table, op):
    """A row of a table is the one of its key alone, whose lineage names the donors."""
    pipe = augury.pipeline([op], fields=fields).fit(table, id="id")
    made = rows_of(pipe.table(table.slice(3, 9), id="id", seed=4, copy=2))
    for row, (record_id, record) in zip(made, list(records.items())[3:12], strict=True):
        out = pipe(record, id=record_id, seed=4, copy=2, pool=records)
        assert dict(out) == row
        assert dict(pipe.replay(record, out.lineage, pool=records)) == row
        assert all(donor in records for step in out.lineage["steps"] for donor in step.get("donors", []))


def test_a_row_that_was_not_fitted_is_refused_in_a_table(fields, records, table):
    """As by rows, but only where the step is applied to it."""
    pipe = augury.pipeline([{"table.smote": {"p": 0.5}}], fields=fields).fit(records)
    strange = pa.Table.from_pylist([*table.to_pylist(), {**table.to_pylist()[0], "id": "x"}])
    with pytest.raises(DataError, match="expected a row it was fitted on, got 'x'"):
        for copy in range(40):
            pipe.table(strange, id="id", copy=copy)
    assert any(_passes(pipe, strange.slice(table.num_rows), copy) for copy in range(40))


def _passes(pipe, table, copy):
    try:
        pipe.table(table, id="id", copy=copy)
    except DataError:
        return False
    return True


def test_copies_are_those_of_a_recipe(tmp_path):
    """``with_copies`` repeats just the rows that a run with ``copies: {balance: ...}`` augments, the unlabelled not."""
    rows = [{"id": f"{i:03d}", "x": float(i), "y": "aab"[i % 3] if i % 7 else None} for i in range(50)]
    made = with_copies(pa.Table.from_pylist(rows[::-1]), {"balance": "y"}, id="id")
    labels = [r["y"] for r in rows if r["y"]]
    new = [r["y"] for r in made.to_pylist()]
    assert labels.count("a") == (labels + new).count("b") and "a" not in new
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    augury.load(tmp_path / "recipe.yaml").run(tmp_path / "out")
    written = pq.read_table(tmp_path / "out" / "data").to_pylist()
    copies = [(r["id"], r[COPY]) for r in written if r[COPY] is not None]
    assert sorted(copies) == sorted((r["id"], r[COPY]) for r in made.to_pylist())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda t: t.set_column(0, "id", pa.array(["a"] * t.num_rows)),
            r"column 'id': expected ids that differ, got 'a'",
        ),
        (lambda t: t.set_column(0, "id", pa.array([None] * t.num_rows, pa.string())), "expected an id in every row"),
        (lambda t: t.slice(0, 0), "expected at least one training row, got none"),
    ],
)
def test_a_table_to_fit_on_needs_ids(change, message):
    """Ids that are missing or there twice, and no rows, are told."""
    table = pa.table({"id": ["a", "b"], "x": [1.0, 2.0]})
    with pytest.raises(DataError, match=message):
        augury.pipeline(["table.jitter"], fields={"x": "number"}).fit(change(table), id="id")


def test_wrong_copy_columns_are_told(pipe, table):
    """A column of copies that is not there, or of text."""
    with pytest.raises(DataError, match="expected a column of copy numbers, got 'nr'"):
        pipe.table(table, id="id", copy="nr")
    with pytest.raises(DataError, match="column 'city': expected copy numbers, got string"):
        pipe.table(table, id="id", copy="city")
    with pytest.raises(DataError, match=r"with_copies: expected a column, got 'plam'\. Did you mean plan"):
        with_copies(table, {"balance": "plam"}, id="id")
