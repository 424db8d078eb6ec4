"""Sides on real tables and texts: Adult (mixed columns, '?' is missing) and the queries of banking77."""

import csv
import json

import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

import augury
from augury.dataset import run, verify
from augury.dataset.manifest import RECORDS, REJECTED

pytestmark = pytest.mark.real

NUMBERS = ("age", "fnlwgt", "education-num", "capital-gain", "capital-loss", "hours-per-week")
CATEGORIES = ("workclass", "education", "marital-status", "occupation", "relationship", "race", "sex", "native-country")
FIELDS = {
    "key": {"kind": "id", "role": "key"},
    **dict.fromkeys(NUMBERS, "number"),
    **dict.fromkeys(CATEGORIES, "category"),
    "income": {"kind": "category", "role": "label"},
    "text": "text",
    "category": {"kind": "category", "role": "label"},
}


@pytest.fixture(scope="module")
def adult(real_data):
    """2,036 people, every sixteenth."""
    return read(real_data / "adult" / "adult.csv", 16)


@pytest.fixture(scope="module")
def queries(real_data):
    """1,251 queries to a bank, every eighth."""
    return read(real_data / "banking77" / "train.csv", 8)


def read(path, every):
    """Return every n-th row of a CSV file, its number as ``key``, numbers as such; empty and '?' are left out."""
    with open(path, newline="") as file:
        rows = list(enumerate(csv.DictReader(file, skipinitialspace=True)))[::every]
    return [
        {"key": str(i)} | {n: float(v) if n in NUMBERS else v for n, v in row.items() if v not in ("", "?")}
        for i, row in rows
    ]


def make(folder, name, keyed=True, seed=3, **sections):
    """Return a recipe over ``NAME-adult.jsonl`` and ``NAME-queries.jsonl``; without keys, content names a record."""
    kept = {n: k for n, k in FIELDS.items() if keyed or n != "key"}
    said = {
        "recipe": 1,
        "seed": seed,
        "collect": [{"path": f"{name}-{what}.jsonl", "collection": what} for what in ("adult", "queries")],
        "fields": kept,
        "report": {"page": False},
        **sections,
    }
    (folder / f"{name}.yaml").write_text(json.dumps(said))  # JSON is YAML
    return augury.load(folder / f"{name}.yaml")


def write(folder, name, **tables):
    """Write the tables that `make` reads."""
    for what, rows in tables.items():
        (folder / f"{name}-{what}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def sides(folder):
    """Return id to side, of all records."""
    return dict(zip(*pq.read_table(folder / RECORDS, columns=["id", "side"]).to_pydict().values(), strict=True))


def rows_of(folder, side):
    """Return the rows of a side, sorted by id."""
    paths = sorted((folder / "data").glob(f"*/{side}-*.parquet"))
    found = [row for path in paths for row in ds.dataset(path).to_table().to_pylist()]
    return sorted(found, key=lambda row: row["augury_id"])


def test_a_tenth_more_records_move_none_that_were_there(tmp_path, adult, queries):
    """Named by content, queries that are nearly alike on one side, then another seed and shares with ``from:``.

    A record that was there keeps its side, or left because a newcomer joins it to the test side.
    """
    clean = [{"dedup": {"field": "text", "near": 0.8, "keep": "all"}}]
    for name, kept in (("before", lambda i: i % 11 != 5), ("after", lambda i: True)):
        tables = {"adult": adult, "queries": queries}
        write(tmp_path, name, **{w: [r for i, r in enumerate(t) if kept(i)] for w, t in tables.items()})
    shares = {"train": 0.7, "val": 0.1, "test": 0.2}
    run(make(tmp_path, "before", keyed=False, clean=clean, split=shares), tmp_path / "old")
    pinned = {"train": 0.4, "val": 0.3, "test": 0.3, "from": "old"}
    run(make(tmp_path, "after", keyed=False, seed=9, clean=clean, split=pinned), tmp_path / "new")
    before, after = sides(tmp_path / "old"), sides(tmp_path / "new")
    assert len(after) - len(before) > 0.09 * len(before) > 200
    assert {name: after[name] for name in before if name in after} == {n: s for n, s in before.items() if n in after}
    left = [json.loads(line) for line in (tmp_path / "new" / REJECTED).read_text().splitlines()]
    bridges = {row["id"] for row in left if row["code"] == "bridge"}
    assert before.keys() - after.keys() <= bridges and all(before[n] != "test" for n in bridges & before.keys())
    assert len(bridges) < 0.01 * len(before)
    # The audit knows more of likeness than the detector: a query that is another with its halves exchanged.
    assert not [found for found in verify(tmp_path / "new").findings if "looks like" not in found.problem]


def test_poisoned_test_rows_move_no_other_row(tmp_path, adult, queries):
    """Absurd values in the test rows, under steps and a cleaner that learn: every train and val row is as it was."""
    how = {
        "clean": [{"table.outlier": {"method": "iqr", "limit": 6}}],
        "split": {"train": 0.7, "val": 0.15, "test": 0.15, "group": "key"},
        "augment": {
            "copies": 1,
            "steps": ["table.impute", {"table.smote": {"k": 3}}, {"table.jitter": {"relative_to": "quantile"}},
                      "table.swap", "table.mixup", "text.swap"],
        },
    }  # fmt: skip
    write(tmp_path, "sound", adult=adult, queries=queries)
    run(make(tmp_path, "sound", **how), tmp_path / "a")
    there = sides(tmp_path / "a")
    tested = {name for name, side in there.items() if side == "test"}
    absurd = {
        "adult": [poisoned(row, i) if f"adult/{row['key']}" in tested else row for i, row in enumerate(adult)],
        "queries": [poisoned(row, i) if f"queries/{row['key']}" in tested else row for i, row in enumerate(queries)],
    }
    write(tmp_path, "poisoned", **absurd)
    run(make(tmp_path, "poisoned", **how), tmp_path / "b")
    assert sides(tmp_path / "b") == there and len(tested) > 400
    for side in ("train", "val"):
        assert rows_of(tmp_path / "a", side) == rows_of(tmp_path / "b", side)
    learned = [row for row in rows_of(tmp_path / "a", "train") if row["augury_copy"] is not None]
    assert len(learned) > 1500
    changed = zip(rows_of(tmp_path / "a", "test"), rows_of(tmp_path / "b", "test"), strict=True)
    assert all(a != b for a, b in changed)


def poisoned(row, i):
    """Return a row with every value but its key replaced by one that no table has."""
    return {n: v if n == "key" else -1e15 * (i + 1) if n in NUMBERS else f"poison {i}" for n, v in row.items()}
