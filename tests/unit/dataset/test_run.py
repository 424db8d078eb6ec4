"""A run of table rows, from recipe to dataset: sameness, copies, quarantine, refusals."""

import json
import random
from dataclasses import replace

import pytest

from augury.dataset import Manifest, run, verify
from augury.errors import DataError, RecipeError
from augury.recipe.model import Limits, Source, Split, Write

JITTER = [{"table.jitter": {"field": ["age", "income"]}}]


def rows_of(folder, collection="rows"):
    """All rows of a parquet dataset as plain objects."""
    import pyarrow.parquet as pq

    paths = sorted((folder / "data" / collection).glob("*.parquet"))
    return [{**row, "side": path.name.split("-")[0]} for path in paths for row in pq.read_table(path).to_pylist()]


def test_one_and_two_workers_shuffled_and_renamed_give_one_hash(tmp_path, people, write_jsonl, make_recipe):
    """Rows are a function of the records, not of workers, unit size, input order or the input's folder."""
    write_jsonl(tmp_path / "in" / "rows.jsonl", people)
    shuffled = people[:]
    random.Random(3).shuffle(shuffled)
    write_jsonl(tmp_path / "other" / "people.jsonl", shuffled)
    first = make_recipe(tmp_path, [Source("rows", "jsonl", "in/rows.jsonl")], steps=JITTER)
    moved = make_recipe(tmp_path / "other", [Source("rows", "jsonl", "people.jsonl")], steps=JITTER)
    hashes = {
        run(first, tmp_path / "a").content_hash,
        run(first, tmp_path / "b", workers=2).content_hash,
        run(moved, tmp_path / "c").content_hash,
        run(replace(first, limits=Limits(unit_records=50)), tmp_path / "e").content_hash,
    }
    assert len(hashes) == 1
    assert run(make_recipe(tmp_path, first.collect, steps=JITTER, seed=8), tmp_path / "d").content_hash not in hashes


def test_rows_name_their_parents_and_stay_on_their_side(tmp_path, people, write_jsonl, make_recipe):
    """Every train record has its original and two copies; val and test have originals only; users stay together."""
    write_jsonl(tmp_path / "rows.jsonl", people)
    recipe = make_recipe(tmp_path, [Source("rows", "jsonl", "rows.jsonl")], steps=JITTER, split=Split(group="user"))
    manifest = run(recipe, tmp_path / "out")
    rows = rows_of(tmp_path / "out")
    assert manifest.rows == len(rows)
    originals = {r["augury_id"]: r for r in rows if r["augury_copy"] is None}
    assert len(originals) == len(people)
    for row in rows:
        if row["augury_copy"] is not None:
            (parent,) = row["augury_parents"]
            assert row["side"] == "train" and row["augury_id"] == f"{parent}@{row['augury_copy']}"
            assert row["label"] == originals[parent]["label"] and row["age"] != originals[parent]["age"]
    copies = [r for r in rows if r["augury_copy"] is not None]
    assert len(copies) == 2 * sum(r["side"] == "train" for r in originals.values())
    sides = {}
    for row in rows:
        sides.setdefault(row["user"], set()).add(row["side"])
    assert all(len(s) == 1 for s in sides.values())
    assert verify(tmp_path / "out").ok


def test_balance_brings_classes_level(tmp_path, people, write_jsonl, make_recipe):
    """With {balance: label} every class has as many training rows as the largest."""
    write_jsonl(tmp_path / "rows.jsonl", people)
    source = Source("rows", "jsonl", "rows.jsonl")
    recipe = make_recipe(tmp_path, [source], steps=JITTER, copies={"balance": "label"})
    run(recipe, tmp_path / "out")
    counts = {}
    copies = {}
    for row in rows_of(tmp_path / "out"):
        if row["side"] == "train":
            counts[row["label"]] = counts.get(row["label"], 0) + 1
            parent = row["augury_id"].split("@")[0]
            copies.setdefault(row["label"], {}).setdefault(parent, -1)
            copies[row["label"]][parent] += 1
    assert len(set(counts.values())) == 1 and len(counts) == 3
    assert all(max(c.values()) - min(c.values()) <= 1 for c in copies.values())


def test_damaged_lines_are_quarantined_with_place_and_reason(tmp_path, people, write_jsonl, make_recipe):
    """A line that is no JSON and a text where a number belongs leave the run; the others are written."""
    path = write_jsonl(tmp_path / "rows.jsonl", [*people, {"user": "x", "age": "forty", "label": "a"}])
    path.write_text(path.read_text() + "{broken\n")
    recipe = make_recipe(tmp_path, [Source("rows", "jsonl", "rows.jsonl")], steps=JITTER)
    manifest = run(recipe, tmp_path / "out")
    bad = [json.loads(line) for line in (tmp_path / "out" / "quarantine.jsonl").read_text().splitlines()]
    assert manifest.quarantined == {"collect": 2}
    reasons = sorted(b["reason"] for b in bad)
    assert any(r.startswith("rows.jsonl:121: field 'age': expected a number") for r in reasons)
    assert any(r.startswith("rows.jsonl:122: column 2: expected one JSON object a line") for r in reasons)
    assert sum(e["records"] for e in manifest.counts["rows"].values()) == len(people)


def test_too_much_quarantine_stops_the_run(tmp_path, people, write_jsonl, make_recipe):
    """Past the limit the run fails with exit code 3 and names reasons; with the limit raised it goes on."""
    write_jsonl(tmp_path / "rows.jsonl", [*people, *({"age": f"no {i}"} for i in range(9))])
    recipe = make_recipe(
        tmp_path, [Source("rows", "jsonl", "rows.jsonl")], limits=Limits(unit_records=16, max_quarantined=0.01)
    )
    with pytest.raises(DataError, match=r"at most 1.00% of 129 .* got 9\. Fix: .*max_quarantined") as error:
        run(recipe, tmp_path / "out")
    assert error.value.exit_code == 3
    assert not (tmp_path / "out").exists()
    limits = Limits(unit_records=16, max_quarantined=0.1)
    again = make_recipe(tmp_path, [Source("rows", "jsonl", "rows.jsonl")], limits=limits)
    assert run(again, tmp_path / "out").quarantined == {"collect": 9}
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out", "rows.jsonl"]


def test_on_error_raise_stops_at_the_first(tmp_path, people, write_jsonl, make_recipe):
    """With on_error: raise one bad record ends the run."""
    write_jsonl(tmp_path / "rows.jsonl", [*people, {"age": "no"}])
    recipe = make_recipe(tmp_path, [Source("rows", "jsonl", "rows.jsonl")], on_error="raise")
    with pytest.raises(DataError, match=r"rows.jsonl:121: field 'age'"):
        run(recipe, tmp_path / "out")


def test_a_finished_dataset_is_refused_without_fresh(tmp_path, people, write_jsonl, make_recipe):
    """An output is never overwritten by accident, a folder of other things never at all."""
    write_jsonl(tmp_path / "rows.jsonl", people)
    recipe = make_recipe(tmp_path, [Source("rows", "jsonl", "rows.jsonl")], steps=JITTER)
    first = run(recipe, tmp_path / "out")
    with pytest.raises(RecipeError, match=r"a finished dataset. Fix: add --fresh"):
        run(recipe, tmp_path / "out")
    assert run(recipe, tmp_path / "out", fresh=True).content_hash == first.content_hash
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("x")
    with pytest.raises(RecipeError, match="other files"):
        run(recipe, tmp_path / "mine", fresh=True)


def test_two_records_of_one_key_are_an_error_naming_both_places(tmp_path, write_jsonl, make_recipe):
    """A key that is not one is never resolved silently."""
    write_jsonl(tmp_path / "rows.jsonl", [{"name": "a", "age": 1}, {"name": "b", "age": 2}, {"name": "a", "age": 3}])
    fields = {"name": {"kind": "id", "role": "key"}, "age": "number"}
    recipe = make_recipe(tmp_path, [Source("rows", "jsonl", "rows.jsonl")], fields=fields, split=None)
    with pytest.raises(DataError, match=r"rows.jsonl:1 and rows.jsonl:3: expected different keys, got 'rows/a'"):
        run(recipe, tmp_path / "out")


def test_repeats_without_a_key_are_rejected_and_counted(tmp_path, people, write_jsonl, make_recipe):
    """The same content twice is one record, whichever comes first."""
    repeated = [*people, people[5], {**people[9], "label": "c"}]
    write_jsonl(tmp_path / "rows.jsonl", repeated)
    source = Source("rows", "jsonl", "rows.jsonl")
    manifest = run(make_recipe(tmp_path, [source]), tmp_path / "out")
    assert manifest.rejected == {"duplicate": 2} and manifest.quarantined == {}
    write_jsonl(tmp_path / "rows.jsonl", repeated[::-1])
    assert run(make_recipe(tmp_path, [source]), tmp_path / "again").content_hash == manifest.content_hash


def test_a_corrected_label_moves_no_row(tmp_path, people, write_jsonl, make_recipe):
    """The id and the side of a record without a key do not depend on its label."""
    source = Source("rows", "jsonl", "rows.jsonl")
    write_jsonl(tmp_path / "rows.jsonl", people)
    run(make_recipe(tmp_path, [source]), tmp_path / "a")
    write_jsonl(tmp_path / "rows.jsonl", [{**p, "label": "z"} for p in people])
    run(make_recipe(tmp_path, [source]), tmp_path / "b")
    places = [{(r["augury_id"], r["side"]) for r in rows_of(tmp_path / name)} for name in "ab"]
    assert places[0] == places[1]


def test_collections_keep_apart_and_an_empty_side_is_a_file_without_rows(tmp_path, people, write_jsonl, make_recipe):
    """Two sources with equal file names and keys do not collide; a side without rows has its schema."""
    import pyarrow.parquet as pq

    fields = {"name": {"kind": "id", "role": "key"}, "age": "number"}
    write_jsonl(tmp_path / "a" / "rows.jsonl", [{"name": str(i), "age": i} for i in range(30)])
    write_jsonl(tmp_path / "b" / "rows.jsonl", [{"name": str(i), "age": i + 100} for i in range(30)])
    sources = [Source("first", "jsonl", "a/rows.jsonl"), Source("second", "jsonl", "b/rows.jsonl", side="test")]
    manifest = run(
        make_recipe(tmp_path, sources, fields=fields, split=Split({"train": 0.5, "test": 0.5})), tmp_path / "out"
    )
    assert manifest.counts["second"]["test"]["rows"] == 30 and manifest.counts["second"]["train"]["rows"] == 0
    empty = pq.read_table(tmp_path / "out" / "data" / "second" / "train-00000-of-00001.parquet")
    assert empty.num_rows == 0 and empty.schema.names[:2] == ["name", "age"]
    assert any("second" in w and "train" in w for w in manifest.warnings)
    import datasets

    opened = datasets.load_dataset(str(tmp_path / "out"), "second", cache_dir=str(tmp_path / "cache"))
    assert {side: len(rows) for side, rows in opened.items()} == {"test": 30}
    assert verify(tmp_path / "out").ok


def test_an_empty_side_everywhere_is_an_error(tmp_path, write_jsonl, make_recipe):
    """A share that no record reached is refused with the fix."""
    write_jsonl(tmp_path / "rows.jsonl", [{"age": 1}, {"age": 2}])
    recipe = make_recipe(tmp_path, [Source("rows", "jsonl", "rows.jsonl")])
    with pytest.raises(DataError, match=r"at least one record, got none of 2 records. Fix: add records"):
        run(recipe, tmp_path / "out")


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_text_formats_hold_the_same_rows(tmp_path, people, write_jsonl, make_recipe, form):
    """The content hash does not depend on the format, and what is written verifies."""
    write_jsonl(tmp_path / "rows.jsonl", people)
    source = Source("rows", "jsonl", "rows.jsonl")
    plain = run(make_recipe(tmp_path, [source], steps=JITTER), tmp_path / "out")
    text = run(make_recipe(tmp_path, [source], steps=JITTER, write=Write(form)), tmp_path / form)
    assert text.content_hash == plain.content_hash
    assert verify(tmp_path / form).ok
    import datasets

    opened = datasets.load_dataset(str(tmp_path / form), "rows", cache_dir=str(tmp_path / "cache"))
    assert {side: len(rows) for side, rows in opened.items()} == {s: n["rows"] for s, n in text.counts["rows"].items()}
    assert opened["train"].column_names == opened["test"].column_names


def test_donors_and_fits_see_their_own_side_only(tmp_path, people, write_jsonl, make_recipe):
    """Poisoned test rows change no training row; donors are training records."""
    steps = [{"table.smote": {"field": ["age", "income"]}}, {"table.mixup": {"field": ["age"]}}]
    fields = {
        "name": {"kind": "id", "role": "key"},
        "age": "number",
        "income": "number",
        "side": {"kind": "id", "role": "meta"},
    }
    rows = [
        {"name": f"{i:03}", "age": p["age"], "income": p["income"], "side": "test" if i % 4 == 0 else "train"}
        for i, p in enumerate(people)
    ]
    source = Source("rows", "jsonl", "rows.jsonl")
    seen = []
    for poison in (0.0, 1e9):
        write_jsonl(
            tmp_path / "rows.jsonl", [{**r, "income": r["income"] + poison * (r["side"] == "test")} for r in rows]
        )
        recipe = make_recipe(tmp_path, [source], fields=fields, steps=steps, split=Split(field="side"))
        run(recipe, tmp_path / f"out{len(seen)}")
        seen.append([r for r in rows_of(tmp_path / f"out{len(seen)}") if r["side"] == "train"])
    assert seen[0] == seen[1]
    train = {f"rows/{r['name']}" for r in rows if r["side"] == "train"}
    donors = {d for r in seen[0] for d in r["augury_parents"][1:]}
    assert donors and donors <= train
    assert Manifest.load(tmp_path / "out0").data["lineage"]["states"]["rows"]
