"""Fields computed from others: what they give, where they can be used, and what is refused."""

import csv
import json
from datetime import datetime, timedelta

import jsonschema
import pyarrow.parquet as pq
import pytest

from augury.dataset import replay, run, verify
from augury.preview.sampling import collections
from augury.recipe.schema import recipe_schema

START = datetime(2024, 1, 1, 0, 30)

RECIPE = """\
recipe: 1
seed: 7
collect:
  - path: shots.csv
fields:
  name: {kind: id, role: key}
  taken: datetime
  age: number
  city: category
  remark: text
derive:
  hour: {kind: number, integer: true, from: "hour(taken)"}
  night: {kind: boolean, from: "hour >= 18"}
  size: {kind: category, role: label, from: "len(remark)"}
  rate: {kind: number, from: "1 / (age - 30)"}
split: {train: 0.5, test: 0.5, group: hour, stratify: night}
augment:
  copies: 2
  steps:
    - table.jitter: {field: age, scale: 0.5, when: {field: night, is: true}}
    - table.swap: {field: city, fraction: 1.0, when: {field: hour, below: 6}}
write: {format: parquet}
limits: {max_quarantined: 0.5}
"""


@pytest.fixture
def shots(bench):
    """Return a bench with 72 rows an hour apart; row 5 has age 30, row 7 no moment."""
    with (bench.folder / "shots.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["name", "taken", "age", "city", "remark"])
        for i in range(72):
            taken = "" if i == 7 else (START + timedelta(hours=i)).isoformat()
            rows.writerow(
                [f"s{i}", taken, 30 if i == 5 else 40 + i, ["Rome", "Oslo", "Bern"][i % 3], "x" * (1 + i % 2)]
            )
    bench.text = RECIPE
    return bench


def _rows(folder):
    shards = sorted((folder / "data").rglob("*.parquet"))
    return [row | {"side": path.name.split("-")[0]} for path in shards for row in pq.read_table(path).to_pylist()]


def test_a_run_with_derived_fields(shots, tmp_path):
    """Values are Python's own; they split, stratify and condition steps; verify and replay agree; errors are kept."""
    recipe = shots.load()
    out = tmp_path / "out"
    run(recipe, out, workers=2)
    assert verify(out).ok
    rows = _rows(out)
    originals = {row["name"]: row for row in rows if row["augury_copy"] is None}
    assert len(originals) == 71, "row 5 divides by zero"
    for i in (i for i in range(72) if i != 5):
        row = originals[f"s{i}"]
        hour = None if i == 7 else (START + timedelta(hours=i)).hour
        assert row["hour"] == hour
        assert row["night"] == (None if hour is None else hour >= 18)
        assert row["size"] == str(1 + i % 2)
        assert row["rate"] == 1 / (row["age"] - 30)
    sides = {}
    for row in originals.values():
        sides.setdefault(row["hour"], set()).add(row["side"])
    assert all(len(found) == 1 for hour, found in sides.items() if hour is not None)
    copies = [row for row in rows if row["augury_copy"] is not None]
    assert {row["night"] for row in copies} >= {True, False}
    for row in copies:
        source = originals[row["name"]]
        assert (row["age"] != source["age"]) == (row["night"] is True)
        if row["hour"] is None or row["hour"] >= 6:
            assert row["city"] == source["city"]
    for row in [r for r in copies if r["night"]][:2] + [r for r in rows if r["augury_copy"] is None][:1]:
        again = replay(out, row["augury_id"], recipe=recipe)
        assert again.equal, again.differences
    assert "when night is True" in replay(out, copies[0]["augury_id"]).explanation
    left = [json.loads(line) for line in (out / "quarantine.jsonl").read_text().splitlines()]
    assert len(left) == 1 and "'rate'" in json.dumps(left[0])


def test_a_preview_shows_derived_fields(shots):
    """The preview reads records as a run does."""
    (found,) = collections(shots.load(), 3)
    assert [sample.before["hour"] for sample in found.samples[:1]] == [0]


def test_the_hash_and_the_ids(shots):
    """An expression is part of the hash and of parts; a recipe without derive has no such part."""
    recipe, other = shots.load(), shots.change("hour >= 18", "hour >= 19")
    assert recipe.hash != other.hash
    assert recipe.parts["derive"] != other.parts["derive"]
    assert [name for name in recipe.parts if recipe.parts[name] != other.parts[name]] == ["derive"]
    assert recipe.schema["hour"].role == "meta"
    assert recipe.schema["size"].role == "label"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("hour(taken)", "hour(takne)", "taken"),
        ("hour(taken)", "hour(age)", "hour of a datetime"),
        ("hour(taken)", "hour(night)", "'night'"),
        ("hour(taken)", "huor(taken)", "hour"),
        ("hour(taken)", "open('x')", "known function"),
        ("hour(taken)", "1 + 1", "at least one field"),
        ("hour >= 18", "hour", "truth for a boolean"),
        ("len(remark)", "remark + 1", "arithmetic with numbers"),
        ("  hour: {kind: number,", "  age: {kind: number,", "a name that no field has"),
        ("kind: number, integer: true", "kind: number, integr: true", "integer"),
        ("kind: number, integer: true", "kind: image", "image"),
        ("role: label", "role: key", "no key"),
        (', from: "hour(taken)"', "", "an expression over other fields"),
        ("group: hour", "group: huor", "hour"),
        ("field: night, is: true", "field: nihgt, is: true", "night"),
        ("field: night, is: true", "field: night, above: 3", "number or datetime"),
    ],
)
def test_mistakes_are_told_with_their_line(shots, old, new, words):
    """Everything wrong is found when the recipe is checked, with its place."""
    lines = shots.mistakes(old, new)
    assert any(words in line and "r.yaml:" in line for line in lines), lines


def test_a_collection_without_the_inputs_has_no_such_field(shots):
    """A derived field is of the collections that have its inputs; one that none has is a mistake."""
    (shots.folder / "plain.csv").write_text("name,age\na,1\nb,2\n")
    recipe = shots.change("  - path: shots.csv\n", "  - path: shots.csv\n  - path: plain.csv\n")
    assert "hour" not in recipe.pipelines["plain"].schema
    assert "rate" in recipe.pipelines["plain"].schema
    assert [node.path for node in recipe.pipelines["plain"].ops] == []


def test_a_field_that_no_collection_can_derive(bench):
    """Inputs that no one source has together are a mistake."""
    (bench.folder / "more.csv").write_text("height\n3\n")
    text = bench.text.replace("  - path: rows.csv\n", "  - path: rows.csv\n  - path: more.csv\n")
    text = text.replace("  city: category\n", "  city: category\n  height: number\n")
    bench.text = text.replace("split:", "derive: {both: {kind: number, from: age + height}}\nsplit:")
    assert "age, height" in "".join(bench.mistakes("seed: 7", "seed: 8"))


def test_the_json_schema_takes_it(shots):
    """Editors that validate by the published schema take derive: and when:, and refuse what the reader refuses."""
    validator = jsonschema.Draft202012Validator(recipe_schema())
    document = dict(shots.load().document)
    assert validator.is_valid(document)
    for wrong in (
        {"kind": "image", "from": "age"},
        {"kind": "number"},
        {"kind": "number", "from": "age", "role": "key"},
    ):
        assert not validator.is_valid(document | {"derive": {"x": wrong}})
    for wrong in ({"field": "age"}, {"above": 3}, {"field": "age", "abvoe": 3}):
        steps = {"steps": [{"table.jitter": {"when": wrong}}]}
        assert not validator.is_valid(document | {"augment": steps})
