"""Tables that are wrong, through the command: constraints that rows break, keys without a parent, odd columns."""

import json

import pytest

from tests.e2e.commands.conftest import command

RECIPE = """\
recipe: 1
seed: 3
collect:
  - path: users.csv
  - path: trips.csv
fields:
  user: {kind: id, role: key}
  age: {kind: number, integer: true}
  trip: {kind: id, role: key}
  rider: id
  start: {kind: number, integer: true}
  end: {kind: number, integer: true}
  price: {kind: number, decimals: 2}
  total: {kind: number, decimals: 2}
constraints:
  - order: {low: start, high: end}
  - formula: {rule: total = price * 2}
  - reference: {field: rider, parent: users.user}
  - unique: {fields: [start], collection: trips}
split: {train: 1}
limits: {max_quarantined: 0.9}
augment:
  copies: 3
  steps:
    - table.jitter: {field: [start, end, price, total], scale: 0.8}
"""
USERS = "user,age\nu1,30\nu2,40\n"
TRIPS = ["trip,rider,start,end,price,total"] + [f"t{i},u{1 + i % 2},{i},{i + 2},{i + 1},{2 * i + 2}" for i in range(12)]


@pytest.fixture
def tables(tmp_path):
    """Return a folder with two tables and a recipe."""

    def make(*trips, users=USERS, recipe=RECIPE):
        (tmp_path / "users.csv").write_text(users)
        (tmp_path / "trips.csv").write_text("\n".join([*TRIPS, *trips]) + "\n")
        (tmp_path / "r.yaml").write_text(recipe)
        return tmp_path

    return make


def run(folder, *more):
    """Run the recipe."""
    return command("run", "r.yaml", "--fresh", "--workers", "1", *more, cwd=folder)


def told(folder):
    """Return the reasons of the quarantine."""
    return [json.loads(line)["reason"] for line in (folder / "r" / "quarantine.jsonl").read_text().splitlines()]


@pytest.mark.parametrize(
    ("trip", "expected"),
    [
        ("t90,u1,70,60,1,2", "constraint: expected start <= end, got start = 70, end = 60."),
        ("t90,u1,70,80,1,3", "constraint: expected total = price * 2, got price = 1.0, total = 3.0."),
        ("t90,u7,70,80,1,2", "constraint: expected rider in users.user, got rider = 'u7'."),
        ("t90,u1,5,80,1,2", "constraint: expected unique (start), got start = 5."),
    ],
    ids=["order", "formula", "foreign key without parent", "unique"],
)
def test_a_row_that_breaks_a_constraint_is_counted_and_shown(tables, trip, expected):
    """It is quarantined with the constraint's name and its place, counted in what is printed, and not repaired."""
    folder = tables(trip)
    ran = run(folder)
    assert ran.code == 0, ran.err
    assert "left out at constraint: 1" in ran.out
    assert "1 record of trips break it and were quarantined" in ran.out
    (reason,) = told(folder)
    assert expected in reason and reason.startswith("trips.csv:") and "Fix: correct the row" in reason


def test_broken_rows_over_the_limit_end_the_run(tables):
    """With the default limit the run ends with 3 and shows the first reasons; nothing is written."""
    folder = tables("t90,u1,70,60,1,2", recipe=RECIPE.replace("limits: {max_quarantined: 0.9}\n", ""))
    ran = run(folder)
    assert ran.code == 3 and "expected start <= end" in ran.err and not (folder / "r").exists()
    assert run(folder, "--set", "on_error=raise").code == 3


def test_a_child_whose_parent_was_quarantined_goes_too(tables):
    """Foreign keys are judged after the parents' own constraints."""
    recipe = RECIPE.replace("constraints:\n", "constraints:\n  - range: {field: age, hi: 100}\n")
    folder = tables("t90,u9,70,80,1,2", users=USERS + "u9,190\n", recipe=recipe)
    assert run(folder).code == 0
    assert sorted(reason.split(":")[0] for reason in told(folder)) == ["trips.csv", "users.csv"]


def test_copies_keep_the_constraints(tables):
    """Strong noise on both sides of an order, and on a computed column and what it is computed from."""
    import pyarrow.parquet as pq

    folder = tables()
    assert run(folder).code == 0
    assert told(folder) == []
    rows = [r for f in (folder / "r").rglob("*.parquet") for r in pq.read_table(f).to_pylist() if r.get("trip")]
    assert len(rows) == 48
    assert all(r["start"] <= r["end"] and abs(r["total"] - 2 * r["price"]) < 0.006 for r in rows)
    assert len({r["price"] for r in rows}) > 30
    assert command("verify", folder / "r").code == 0
    copy = next(r for r in rows if r["augury_copy"] == 1)
    assert command("replay", folder / "r", copy["augury_id"]).code == 0


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ("- order: {low: start, high: ende}", "expected the name of a field, got 'ende'. Did you mean end?"),
        ("- ordr: {low: start, high: end}", "expected a known constraint, got 'ordr'. Did you mean order?"),
        ("- order: [start, end]", "expected a mapping of parameters"),
        ("- reference: {field: rider, parent: user.user}", "expected the name of a collection, got 'user'."),
        ("- reference: {field: rider, parent: users.uid}", "expected the name of a field, got 'uid'."),
        ("- range: {field: age, lo: 1, collection: user}", "expected the name of a collection, got 'user'."),
        ("- formula: {rule: 'end = open(start)'}", "expected a known function, got 'open'."),
    ],
)
def test_wrong_constraints_are_told_with_their_line(tables, wrong, expected):
    """A mistake in the list ends with 2 and names its line, before anything runs."""
    folder = tables(recipe=RECIPE.replace("- unique: {fields: [start], collection: trips}", wrong))
    ran = run(folder)
    assert ran.code == 2, ran.out
    assert "r.yaml:19 constraints[3]" in ran.err and expected in ran.err and "Fix: " in ran.err


def table(folder, text, *more):
    """Write a table and ask for a recipe of it."""
    (folder / "t.csv").write_text(text)
    return command("new", "recipe", "t.csv", *more, cwd=folder)


def test_a_recipe_is_written_for_a_table_and_runs(tmp_path):
    """What is printed is a recipe: it checks, runs, and keeps missing values missing."""
    rows = [f"u{i},{20 + i % 9},{'?' if i % 5 == 0 else i / 4},{('yes', 'no')[i % 2]},low" for i in range(60)]
    ran = table(tmp_path, "\n".join(["id,age,emp.var,y,level", *rows]) + "\n", "--label", "y", "-o", "r.yaml")
    assert ran.code == 0, ran.err
    assert command("check", "r.yaml", cwd=tmp_path).code == 0
    done = run(tmp_path, "--json")
    assert done.code == 0, done.err
    assert sum(side["records"] for side in json.loads(done.out)["counts"]["t"].values()) == 60
    again = table(tmp_path, "a\n1\n", "-o", "r.yaml")
    assert again.code == 2 and "expected a new file" in again.err


@pytest.mark.parametrize(
    ("text", "code", "expected"),
    [
        ("a,a\n1,2\n", 3, "t.csv:1: expected column names that differ, got 'a'. Fix: rename one of the columns."),
        ("a,b\n", 3, "expected at least one row, got none. Fix: give a table with rows."),
        ("", 3, "t.csv"),
    ],
    ids=["duplicated columns", "no rows", "empty file"],
)
def test_tables_without_a_recipe(tmp_path, text, code, expected):
    """What cannot be a table ends with its place and the fix, never with a traceback."""
    ran = table(tmp_path, text)
    assert ran.code == code and expected in ran.err and "Traceback" not in ran.err and "Fix: " in ran.err


def test_odd_columns_are_said(tmp_path):
    """An all-missing column is left out, one row is enough, mixed types and infinite values are named."""
    ran = table(tmp_path, "gone,one,mixed,endless\n,1,a,inf\n,1,2,3\n")
    assert ran.code == 0
    assert "# gone: no values at all: left out" in ran.out
    assert "mixed: 1 numbers and 1 texts such as 'a'" in ran.out and "1 infinite" in ran.out
    one = table(tmp_path, "a,b\n1,x\n")
    assert one.code == 0 and "constant: always '1'" in one.out


def test_infinite_values_and_one_row_run(tmp_path):
    """Ops leave infinite values alone; statistics of a single row are defined."""
    for text in ("a,c\n" + "inf,x\n1,y\n2,x\n-inf,y\n" * 3, "a,c\n1.5,x\n"):
        ran = table(tmp_path, text, "-o", f"{len(text)}.yaml")
        assert ran.code == 0
        made = command("run", f"{len(text)}.yaml", "--workers", "1", "--set", "split={train: 1}", cwd=tmp_path)
        assert made.code == 0, made.err


def test_marks_that_a_format_keeps_are_said(tmp_path):
    """JSON lines have null: a text that stands for a missing value there is told, since reading keeps it."""
    (tmp_path / "t.jsonl").write_text('{"a": "NA", "b": 1}\n{"a": "x", "b": null}\n')
    ran = command("new", "recipe", "t.jsonl", cwd=tmp_path)
    assert ran.code == 0 and "# 'NA': taken for missing above, but this format keeps it as text" in ran.out
