"""A log through the command line's own way: recipe, run, verify, replay, and the flat log written again."""

import csv
import json
import random

import polars

import augury
from augury.cli.main import main

RECIPE = """
recipe: 1
seed: 3
collect:
- path: log.csv
  format: log
  user: [who]
  item: what
  time: at
  rating: stars
fields:
  who: {kind: id, role: group}
  age: number
  history: {kind: interactions, rating_range: [0, 5], context: {device: category}}
split: {group: who, train: 0.8, test: 0.2}
augment:
  copies: 2
  steps:
  - recsys.insert: {fraction: 0.3}
  - recsys.recombine: {p: 0.5}
  - recsys.negatives: {per_event: 1}
  - recsys.reorder
write: FORMAT
"""


def write_log(folder, rows=400, change=lambda row: row):
    """Write a log in no order, one row of it without item."""
    chance = random.Random(8)
    ages = {f"u{i}": chance.randint(18, 80) for i in range(40)}
    with (folder / "log.csv").open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["who", "what", "at", "stars", "device", "age"])
        for _ in range(rows):
            user = chance.choice(list(ages))
            moment = f"2024-03-{chance.randint(1, 28):02d}T{chance.randrange(24):02d}:00:00+00:00"
            stars, device = chance.choice([1, 4.5, ""]), chance.choice("ab")
            out.writerow(change([user, f"i{chance.randrange(25)}", moment, stars, device, ages[user]]))


def run(folder, form, change=lambda row: row):
    """Run the recipe and return the output folder."""
    write_log(folder, change=change)
    (folder / "recipe.yaml").write_text(RECIPE.replace("FORMAT", form))
    out = folder / "out"
    assert main(["run", str(folder / "recipe.yaml"), "-o", str(out), "--workers", "1"]) == 0
    return out


def test_a_log_is_augmented_verified_and_replayed(tmp_path, capsys):
    """Two copies of each training user; the audit holds; a row replays."""
    out = run(tmp_path, "{format: parquet}")
    assert main(["verify", str(out)]) == 0
    frame = polars.read_parquet(f"{out}/data/log/train-*.parquet")
    originals = frame.filter(polars.col("augury_copy").is_null())
    assert len(frame) == 3 * len(originals)
    assert frame["history"].list.len().min() > 0
    made = frame.filter(polars.col("augury_copy") == 1)["augury_id"][0]
    assert main(["replay", str(out), made]) == 0
    recipe = augury.load(str(tmp_path / "recipe.yaml"))
    assert recipe.schema["history"].kind_id == "interactions"


def test_poisoned_test_users_move_no_training_row(tmp_path):
    """Other items, times and ratings in the histories of the test side: every training row is the same to the byte."""
    for name in ("clean", "poisoned"):
        (tmp_path / name).mkdir()
    clean = run(tmp_path / "clean", "{format: parquet}")
    test = {i.split("/")[1] for i in polars.read_parquet(f"{clean}/data/log/test-*.parquet")["augury_id"]}
    poisoned = run(
        tmp_path / "poisoned", "{format: parquet}", lambda row: [row[0], "poison", *row[2:]] if row[0] in test else row
    )
    one, two = (polars.read_parquet(f"{o}/data/log/train-*.parquet") for o in (clean, poisoned))
    assert one.equals(two)
    rows = polars.read_parquet(f"{poisoned}/data/log/test-*.parquet")
    assert {e["item"] for history in rows["history"] for e in history} == {"poison"}


def test_the_output_may_be_a_flat_log_again(tmp_path):
    """A row an event, which polars groups to the histories that the parquet output holds; verify reads it too."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    whole = run(tmp_path / "a", "{format: parquet}")
    flat = run(tmp_path / "b", "{format: log, of: csv}")
    assert main(["verify", str(flat)]) == 0
    one = polars.read_parquet(f"{whole}/data/log/train-*.parquet")
    two = polars.read_csv(f"{flat}/data/log/train-*.csv")
    wanted = {r["augury_id"]: [e["item"] for e in r["history"]] for r in one.to_dicts()}
    found = {}
    for row in two.to_dicts():
        found.setdefault(row["augury_id"], []).append(row["item"])
    assert found == wanted
    hashes = [json.loads((o / "manifest.json").read_text())["content_hash"] for o in (whole, flat)]
    assert hashes[0] == hashes[1]
