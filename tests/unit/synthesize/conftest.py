"""A small table with a rule, a key, a derived field and a label, and recipes that make further rows of it."""

import csv
import random
import textwrap
from pathlib import Path

import pytest

from augury.dataset.reading import Dataset
from augury.recipe import load

RECIPE = """\
recipe: 1
seed: 7
collect: [{path: people.csv}]
fields:
  id: {kind: id, role: key}
  age: {kind: number, integer: true}
  city: category
  earned: {kind: number, decimals: 2}
  spent: {kind: number, decimals: 2}
  rich: {kind: category, role: label}
  site: {kind: category, role: meta}
  note: text
derive:
  thrifty: {kind: boolean, from: "spent < earned / 2"}
constraints:
  - order: {low: spent, high: earned}
split: {train: 0.7, test: 0.3}
report: {page: false, evaluate: false}
"""


def people(rows=300, seed=7):
    """Rows of people: who earns much is rich, and spends less than that; names of notes never repeat."""
    chance = random.Random(seed)
    out = []
    for i in range(rows):
        age = chance.randint(18, 80)
        earned = round(age * chance.uniform(0.5, 2.0), 2)
        spent = round(earned * chance.uniform(0.1, 0.9), 2)
        rich = "yes" if earned > 80 else "no"
        out.append([f"u{i:04d}", age, chance.choice(["Rome", "Oslo"]), earned, spent, rich, "north", f"note {i}"])
    return out


class Home:
    """A folder with the table, in which recipes are run."""

    def __init__(self, folder: Path):
        """Write the table."""
        self.folder = folder
        self.write(people())

    def write(self, rows):
        """Write the table."""
        with (self.folder / "people.csv").open("w", newline="") as file:
            names = ["id", "age", "city", "earned", "spent", "rich", "site", "note"]
            csv.writer(file).writerows([names, *rows])

    def load(self, synthesize, recipe=RECIPE, **changes):
        """Read the recipe with a ``synthesize`` section; ``changes`` replace texts of it, old to new."""
        text = recipe + "synthesize:\n" + textwrap.indent(textwrap.dedent(synthesize).strip(), "  ") + "\n"
        for old, new in changes.items():
            text = text.replace(old, new)
        (self.folder / "r.yaml").write_text(text)
        return load(self.folder / "r.yaml")

    def run(self, synthesize, out="out", workers=1, **changes):
        """Run the recipe and return its manifest."""
        return self.load(synthesize, **changes).run(self.folder / out, workers=workers)

    def rows(self, out="out", side="train", origin="synthetic"):
        """Return the rows of one side and origin."""
        data = Dataset(self.folder / out)
        tables = [t for shard in data.shards if shard["side"] == side for t in data.tables(shard)]
        return [r for t in tables for r in t.to_pylist() if r["augury_origin"] == origin]


@pytest.fixture
def home(tmp_path):
    """A folder with a table of 300 people."""
    return Home(tmp_path)
