"""Batches: rows of a table that are a sequence of records and columns at once."""

import numpy as np
import pytest

from augury.pipelines import parse_schema
from augury.record import Batch

FIELDS = parse_schema({"n": {"kind": "number", "integer": True, "hi": 2}, "c": "category", "t": "datetime"}).fields
RECORDS = [("a", {"n": 1, "c": "x"}), ("b", {"n": 7}), ("d", {"c": "y"})]


@pytest.fixture
def batch():
    """Three rows, one value over its field's bound: it was not made by an op."""
    columns = {name: spec.kind.to_column([record.get(name) for _, record in RECORDS]) for name, spec in FIELDS.items()}
    return Batch([record_id for record_id, _ in RECORDS], columns, FIELDS)


def test_rows_are_the_records(batch):
    """Iterated, one by one and from the end: whole numbers are int, nothing is held to bounds, gaps are left out."""
    assert list(batch) == RECORDS
    assert [batch[i] for i in (0, 1, -1)] == RECORDS
    assert type(batch[1][1]["n"]) is int
    with pytest.raises(IndexError):
        batch[3]


def test_slices_are_batches(batch):
    """A part of a batch, and parts joined, have the rows and the columns."""
    part = batch[1:]
    assert isinstance(part, Batch) and list(part) == RECORDS[1:]
    whole = Batch.joined([batch[:1], part])
    assert list(whole) == RECORDS and whole.cells("c") == ["x", None, "y"]
    np.testing.assert_array_equal(whole.columns["n"], batch.columns["n"])


def test_a_batch_without_columns_has_rows():
    """Ids alone are rows of nothing."""
    assert list(Batch(["a", "b"], {}, FIELDS)) == [("a", {}), ("b", {})]
