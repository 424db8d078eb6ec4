"""The barrier's database: how records are numbered, what it may hold, and what becomes of records too wide for that."""

import json
import random

import pytest

import augury
from augury.dataset import assigning, clusters, run
from augury.dataset.assigning import _load
from augury.dataset.stored import Prepared, write_records
from augury.dataset.tables import TooWide, count, database, remake
from augury.record import Schema
from augury.rng import hash_point

RECIPE = """\
recipe: 1
collect: [{path: rows.jsonl}]
fields: {key: {kind: id, role: key}, age: number}
split: {train: 0.8, test: 0.2}
report: {page: false}
"""


@pytest.fixture
def wide(tmp_path):
    """A recipe over 600 records with keys of 8,000 characters: 10 MB where two copies of them are held."""
    rows = [{"key": f"{i:04}" + "k" * 8000, "age": i} for i in range(600)]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    return augury.load(tmp_path / "recipe.yaml")


def test_records_are_numbered_by_collection_and_id(tmp_path):
    """Whatever order they came in, and however many threads sort them."""
    names = [f"{'ab'[i % 2]}/{i}" for i in range(30_000)]
    shuffled = names[:]
    random.Random(4).shuffle(shuffled)
    units = []
    for collection in "ba":
        own = [n for n in shuffled if n[0] == collection]
        rows = [Prepared(n, True, n, hash_point(n), b"", n.encode()) for n in own]
        write_records(tmp_path / f"{collection}.arrow", rows, Schema(()), 0)
        units.append((collection, f"{collection}.arrow"))
    with database(tmp_path, threads=4) as db:
        _load(db, tmp_path, units)
        clusters.reject_repeats(db)
        clusters.number(db)
        numbered = [name for (name,) in db.execute("SELECT id FROM records ORDER BY n").fetchall()]
    assert numbered == sorted(names)


def test_records_too_wide_for_its_memory_are_sorted_with_more(tmp_path, wide, monkeypatch):
    """The rows are the same; past the most it may have the run fails and can be gone on with."""
    plenty = run(wide, tmp_path / "plenty").content_hash
    tried = []

    def noted(folder, threads, memory):
        tried.append(memory)
        return database(folder, threads, memory)

    monkeypatch.setattr(assigning, "database", noted)
    monkeypatch.setattr(assigning, "MEMORY", 1)
    assert run(wide, tmp_path / "little").content_hash == plenty
    assert len(tried) > 1 and tried == [4**i for i in range(len(tried))]
    with monkeypatch.context() as never:
        never.setattr(assigning, "MOST_MEMORY", 1)
        with pytest.raises(TooWide, match="expected records that sort in 1 MB, got"):
            run(wide, tmp_path / "out")
    assert run(wide, tmp_path / "out").content_hash == plenty


def test_a_table_is_made_anew_from_itself(tmp_path):
    """It has the rows of the query, under its own name."""
    with database(tmp_path) as db:
        db.execute("CREATE TABLE t AS SELECT range AS x FROM range(10)")
        remake(db, "t", "SELECT x + ? AS x FROM t WHERE x > 4", [100])
        assert count(db, "FROM t WHERE x BETWEEN 105 AND 109") == count(db, "FROM t") == 5
