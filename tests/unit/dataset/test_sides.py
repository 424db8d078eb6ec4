"""Sides over time, over runs and against the test set: pinned splits, splits by time, poison, weights, lookalikes."""

import json

import numpy as np
import pyarrow.parquet as pq
import pytest

import augury
from augury.dataset import run, verify
from augury.dataset.manifest import RECORDS
from augury.errors import DataError

FIELDS = "fields: {name: {kind: id, role: key}, when: datetime, age: number, label: {kind: category, role: label}}"
STEPS = "augment: {copies: 1, steps: [table.smote: {k: 2}, table.jitter]}"


def people(first, last):
    """Rows with a key, a day, two numbers and a class."""
    rng = np.random.default_rng(5)
    ages = rng.uniform(18, 90, 1000).round(2)
    return [
        {"name": f"n{i}", "when": f"2024-{1 + i % 12:02}-01", "age": ages[i], "label": "ab"[i % 3 == 0]}
        for i in range(first, last)
    ]


def make(folder, rows, *sections, name="r", sources=None):
    """Write rows and a recipe; return the recipe."""
    (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    collect = sources or f"collect: [{{path: {name}.jsonl, collection: people}}]"
    text = "\n".join(["recipe: 1", "seed: 3", collect, FIELDS, "report: {page: false}", *sections])
    (folder / f"{name}.yaml").write_text(text + "\n")
    return augury.load(folder / f"{name}.yaml")


def sides(folder):
    """Return id to side."""
    return dict(pq.read_table(folder / RECORDS, columns=["id", "side"]).to_pandas().itertuples(index=False))


def rows_of(folder, side):
    """Return the rows of a side, sorted by id."""
    tables = [pq.read_table(path) for path in sorted((folder / "data" / "people").glob(f"{side}-*.parquet"))]
    return sorted((row for table in tables for row in table.to_pylist()), key=lambda row: row["augury_id"])


def test_from_moves_no_earlier_record(tmp_path):
    """A tenth more records, another seed and other shares: those that were there keep their sides."""
    run(make(tmp_path, people(0, 200), "split: {train: 0.8, test: 0.2}"), tmp_path / "before")
    split = "seed: 9\nsplit: {train: 0.5, test: 0.5, from: before}"
    again = make(tmp_path, people(0, 220), split.partition("\n")[2], name="more")
    run(again, tmp_path / "after")
    before, after = sides(tmp_path / "before"), sides(tmp_path / "after")
    assert {name: after[name] for name in before} == before
    assert len(after) == 220
    assert verify(tmp_path / "after").ok


def test_where_earlier_sides_meet_the_test_side_wins(tmp_path):
    """A newcomer takes the side of what it repeats."""
    run(make(tmp_path, people(0, 100), "split: {train: 0.5, test: 0.5}"), tmp_path / "before")
    before = sides(tmp_path / "before")
    tested = next(name for name, side in sorted(before.items()) if side == "test").removeprefix("people/")
    known = next(row for row in people(0, 100) if row["name"] == tested)
    newcomer = {**known, "name": "copy"}
    run(
        make(tmp_path, [*people(0, 100), newcomer], "split: {train: 0.5, test: 0.5, from: before}", name="m"),
        tmp_path / "o",
    )
    assert sides(tmp_path / "o")["people/copy"] == "test"


def test_poisoned_test_rows_change_no_output(tmp_path):
    """Other values in the test rows move no training row: no statistic, neighbour or draw looks there."""
    split = "split: {train: 0.7, test: 0.3, group: name}"
    run(make(tmp_path, people(0, 150), split, STEPS), tmp_path / "clean")
    there = sides(tmp_path / "clean")
    poisoned = [
        {**row, "age": -1e9, "label": "b"} if there[f"people/{row['name']}"] == "test" else row
        for row in people(0, 150)
    ]
    run(make(tmp_path, poisoned, split, STEPS, name="poisoned"), tmp_path / "poisoned")
    assert sides(tmp_path / "poisoned") == there
    assert rows_of(tmp_path / "clean", "train") == rows_of(tmp_path / "poisoned", "train")
    assert rows_of(tmp_path / "clean", "test") != rows_of(tmp_path / "poisoned", "test")


@pytest.mark.parametrize("split", ["train: 0.5, val: 0.25, test: 0.25", "val: 2024-07-01, test: 2024-10-01"])
def test_a_split_by_time_trains_on_what_is_earlier(tmp_path, split):
    """No training record is later than one of the sides that are tested on."""
    run(make(tmp_path, people(0, 120), f"split: {{kind: time, field: when, {split}}}"), tmp_path / "out")
    seen = {side: [row["when"] for row in rows_of(tmp_path / "out", side)] for side in ("train", "val", "test")}
    assert max(seen["train"]) < min(seen["val"]) <= max(seen["val"]) < min(seen["test"])
    assert len(seen["train"]) == 60 and verify(tmp_path / "out").ok


def test_a_record_without_its_moment_is_said(tmp_path):
    """The first place and how many there are."""
    rows = [*people(0, 20), {"name": "x", "age": 1, "label": "a"}]
    recipe = make(tmp_path, rows, "split: {kind: time, field: when, train: 0.5, test: 0.5}")
    with pytest.raises(DataError, match=r"r\.jsonl:21: expected a moment to split by, got none, and so in 1 records"):
        run(recipe, tmp_path / "out")


def test_weights_give_the_shares_asked_for(tmp_path):
    """Named collections share a side's weight as asked; an augmented row counts by its factor."""
    (tmp_path / "b.jsonl").write_text("".join(json.dumps(row) + "\n" for row in people(100, 130)))
    sources = "collect: [{path: r.jsonl, collection: people}, {path: b.jsonl, collection: web}]"
    mix = "mix: {collections: {people: 1, web: 3}, origins: {augmented: 0.5}}"
    recipe = make(tmp_path, people(0, 90), "split: {train: 1.0}", STEPS, mix, sources=sources)
    run(recipe, tmp_path / "out")
    weights = {
        name: pq.read_table(next((tmp_path / "out" / "data" / name).glob("train-*"))).to_pandas()
        for name in ("people", "web")
    }
    total = sum(len(frame) for frame in weights.values())
    assert sum(frame["augury_weight"].sum() for frame in weights.values()) == pytest.approx(total)
    assert weights["web"]["augury_weight"].sum() == pytest.approx(3 * weights["people"]["augury_weight"].sum())
    by = weights["people"].groupby("augury_origin")["augury_weight"].first()
    assert by["augmented"] == pytest.approx(by["original"] / 2)
    assert verify(tmp_path / "out").ok


def test_what_repeats_a_published_test_set_is_rejected(tmp_path):
    """A source that is only compared with gives no rows, and takes out of the corpus what it holds."""
    published = [{**row, "name": f"p{row['name']}", "age": row["age"] + 1e-3} for row in people(0, 5)]
    (tmp_path / "published.jsonl").write_text("".join(json.dumps(row) + "\n" for row in published))
    sources = (
        "collect: [{path: r.jsonl, collection: people}, {path: published.jsonl, collection: published, against: true}]"
    )
    clean = "clean: [dedup: {field: [when, age], keep: all, near: 0.99}]"
    recipe = make(tmp_path, people(0, 60), clean, "split: {train: 1.0}", sources=sources)
    manifest = run(recipe, tmp_path / "out")
    assert manifest.rejected == {"near_duplicate": 5}
    assert set(sides(tmp_path / "out")) == {f"people/n{i}" for i in range(5, 60)}
    assert not (tmp_path / "out" / "data" / "published").exists()


HISTORIES = """\
recipe: 1
collect: [{path: log.jsonl, collection: users}]
fields:
  user: {kind: id, role: key}
  history: interactions
report: {page: false}
split: {kind: time, field: history, train: 0.6, val: 0.2, test: 0.2}
augment: {copies: 2, steps: [recsys.substitute, recsys.crop]}
"""


def histories(folder):
    """Write 40 users' events; return the log."""
    rng = np.random.default_rng(2)
    log = []
    for user in range(40):
        times = np.sort(rng.integers(0, 1000, 30)).tolist()
        events = [{"item": f"i{rng.integers(20)}", "time": float(t)} for t in times]
        log.append({"user": f"u{user}", "history": events})
    (folder / "log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in log))
    (folder / "recipe.yaml").write_text(HISTORIES)
    return log


def test_histories_are_cut_in_time(tmp_path):
    """Training rows, copies too, end before the first cut; later sides hold history and target."""
    log = {f"users/{row['user']}": row["history"] for row in histories(tmp_path)}
    manifest = augury.load(tmp_path / "recipe.yaml").run(tmp_path / "out")
    val, test = (manifest.data["split"]["cuts"][side] for side in ("val", "test"))
    seen = {
        side: pq.read_table(next((tmp_path / "out/data/users").glob(f"{side}-*"))).to_pylist()
        for side in ("train", "val", "test")
    }
    assert all(event["time"] < val for row in seen["train"] for event in row["history"])
    for side, cut, end in (("val", val, test), ("test", test, float("inf"))):
        for row in seen[side]:
            whole = log[row["augury_id"].removesuffix(f"/{side}")]
            assert [e["time"] for e in row["history"]] == [e["time"] for e in whole if e["time"] < cut]
            assert [e["time"] for e in row["history_target"]] == [e["time"] for e in whole if cut <= e["time"] < end]
    events = [e["time"] for history in log.values() for e in history]
    assert np.mean(np.array(events) < val) == pytest.approx(0.6, abs=0.02)
    assert verify(tmp_path / "out").ok
    for side in ("train", "val"):
        assert augury.dataset.replay(tmp_path / "out", seen[side][0]["augury_id"]).equal


def test_a_planted_future_event_is_found(tmp_path):
    """Verify names the training row that knows of a later time."""
    histories(tmp_path)
    augury.load(tmp_path / "recipe.yaml").run(tmp_path / "out")
    path = next((tmp_path / "out/data/users").glob("train-*"))
    table = pq.read_table(path)
    rows = table.to_pylist()
    rows[3]["history"][-1]["time"] = 999.5
    pq.write_table(type(table).from_pylist(rows, schema=table.schema), path)
    problems = [finding.problem for finding in verify(tmp_path / "out").findings]
    assert any("on train knows 1 events of history at" in problem for problem in problems), problems


def test_a_lookalike_on_another_side_is_found(tmp_path):
    """A training row written over a test row but for rounding is found by another way than the run looked for it."""
    clean = "clean: [dedup: {field: [when, age]}]"
    run(make(tmp_path, people(0, 80), clean, "split: {train: 0.6, test: 0.4}"), tmp_path / "out")
    path = next((tmp_path / "out/data/people").glob("test-*"))
    table = pq.read_table(path)
    rows, train = table.to_pylist(), rows_of(tmp_path / "out", "train")
    rows[0] |= {"when": train[0]["when"], "age": train[0]["age"] * (1 + 1e-6)}
    pq.write_table(type(table).from_pylist(rows, schema=table.schema), path)
    problems = [finding.problem for finding in verify(tmp_path / "out").findings]
    assert any("looks like" in problem for problem in problems), problems
