"""Datasets that were changed after they were written."""

import json
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from augury.dataset import run, verify
from augury.errors import DataError, EngineError
from augury.recipe.model import Source, Split

JITTER = [{"table.jitter": {"field": ["age", "income"]}}]


@pytest.fixture
def dataset(tmp_path, people, write_jsonl, make_recipe):
    """A verified dataset of rows, split by user."""
    write_jsonl(tmp_path / "rows.jsonl", people)
    source = Source("rows", "jsonl", "rows.jsonl")
    run(make_recipe(tmp_path, [source], steps=JITTER, split=Split(group="user")), tmp_path / "out")
    assert verify(tmp_path / "out").ok
    return tmp_path / "out"


def shard(folder, side):
    """The one shard of a side."""
    return folder / "data" / "rows" / f"{side}-00000-of-00001.parquet"


def reseal(folder, side):
    """Make the manifest agree with a changed shard's bytes, as someone who hides a leak would."""
    from augury.dataset.write import hash_file

    path = folder / "manifest.json"
    data = json.loads(path.read_text())
    for entry in data["shards"]:
        if entry["side"] == side:
            entry["sha256"] = hash_file(shard(folder, side))
            entry["rows"] = pq.read_metadata(shard(folder, side)).num_rows
    path.write_text(json.dumps(data))


def test_one_changed_byte_anywhere_names_the_shard(dataset, tmp_path):
    """Whichever byte of a shard is changed, verify names that shard and no other."""
    good = shard(dataset, "val").read_bytes()
    for place in range(0, len(good), max(len(good) // 40, 1)):
        bad = bytearray(good)
        bad[place] ^= 0x55
        shard(dataset, "val").write_bytes(bytes(bad))
        report = verify(dataset)
        assert not report.ok
        assert any(f.place.startswith("data/rows/val-00000-of-00001.parquet") for f in report.findings)
        assert not any("train-" in f.place or "test-" in f.place for f in report.findings if "written" in f.problem)


def test_a_changed_value_names_its_row(dataset):
    """A cell rewritten in a valid file is found by its row and id, and the content hash differs."""
    table = pq.read_table(shard(dataset, "train"))
    ages = table["age"].to_pylist()
    ages[4] += 1
    column = table.schema.get_field_index("age")
    pq.write_table(table.set_column(column, "age", pa.array(ages)), shard(dataset, "train"))
    reseal(dataset, "train")
    report = verify(dataset)
    named = table["augury_id"][4].as_py()
    places = [f for f in report.findings if f.problem == f"{named} is not the row that was written"]
    assert [f.place for f in places] == ["data/rows/train-00000-of-00001.parquet row 4"]
    assert any("content hash" in f.problem for f in report.findings)


def test_a_leak_put_in_by_hand_is_found(dataset):
    """A training row copied into the test side: its group, its content and its id are named."""
    train, test = pq.read_table(shard(dataset, "train")), pq.read_table(shard(dataset, "test"))
    pq.write_table(pa.concat_tables([test, train.slice(0, 2)]), shard(dataset, "test"))
    reseal(dataset, "test")
    problems = [str(f) for f in verify(dataset).findings]
    user, row = train["user"][0].as_py(), train["augury_id"][0].as_py()
    assert any(f"group '{user}' is on" in p and "train" in p and "test" in p for p in problems)
    assert any(f"{row} equals {row}, on" in p for p in problems)
    assert any(f"row id {row} is there more than once" in p for p in problems)
    assert any("is on side test, its parent" in p for p in problems)


def test_missing_rows_files_and_strangers_are_found(dataset):
    """A dropped row, a missing shard, an unknown file, a changed sidecar."""
    table = pq.read_table(shard(dataset, "test"))
    pq.write_table(table.slice(1), shard(dataset, "test"))
    shard(dataset, "val").unlink()
    shutil.copy(shard(dataset, "train"), dataset / "data" / "rows" / "train-extra.parquet")
    (dataset / "quarantine.jsonl").write_text("{}\n")
    problems = [str(f) for f in verify(dataset).findings]
    assert any(
        "the original of record" in p or f"record {table['augury_id'][0]} has no original" in p for p in problems
    )
    assert any("val-00000-of-00001.parquet: the shard is missing" in p for p in problems)
    assert any("train-extra.parquet: the manifest does not know this file" in p for p in problems)
    assert any("quarantine.jsonl: its bytes are not" in p for p in problems)


def test_no_dataset_is_said(tmp_path):
    """Verifying an empty folder says what was expected."""
    with pytest.raises(DataError, match=r"a finished dataset with manifest.json, got none\. Fix: give the folder"):
        verify(tmp_path)


def test_a_folder_that_cannot_be_written_is_said(tmp_path, people, write_jsonl, make_recipe):
    """The environment's failures are exit code 4."""
    write_jsonl(tmp_path / "rows.jsonl", people)
    (tmp_path / "file").write_text("x")
    recipe = make_recipe(tmp_path, [Source("rows", "jsonl", "rows.jsonl")])
    with pytest.raises(EngineError, match="a folder to write to") as error:
        run(recipe, tmp_path / "file" / "out")
    assert error.value.exit_code == 4
