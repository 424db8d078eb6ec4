"""`augury synth` as a user types it: a table in, a model, rows, a verdict; every mistake in one line."""

import csv
import json
import random
import re
import resource
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.e2e.commands.conftest import command as run

pytest.importorskip("augury_synthesis", reason="the plugin is installed with torch, not here")


class Done(NamedTuple):
    """An exit code, and all that was printed."""

    code: int
    text: str


def command(folder, *arguments):
    """Run the command in a folder."""
    ran = run(*arguments, cwd=folder)
    return Done(ran.code, ran.out + ran.err)


def _write(path, rows, head=("age", "city", "spent", "rich")):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([head, *rows])


def _read(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def _rows(n=300):
    chance = random.Random(5)
    for _ in range(n):
        age = chance.randint(18, 80)
        spent = round(age * chance.uniform(0.5, 2.0), 2)
        city = chance.choices(["Rome", "Oslo", "?"], [6, 3, 1])[0]
        yield age, city, spent, "yes" if spent > 60 else "no"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder with a table and a model of it."""
    folder = tmp_path_factory.mktemp("synth")
    _write(folder / "people.csv", _rows())
    done = command(folder, "synth", "fit", "people.csv", "--target", "rich", "-o", "model")
    assert done.code == 0, done.text
    assert "learned 300 rows" in done.text and "whole numbers" in done.text
    return folder


def test_rows_as_asked(home):
    """Conditions and balance hold in the file; a second run writes the same bytes; parquet works as well."""
    asked = (
        "--rows",
        "400",
        "--where",
        "city=Oslo",
        "--where",
        "city=Rome",
        "--where",
        "age=30..50",
        "--balance",
        "rich",
    )
    for name in ("a.csv", "b.csv"):
        assert command(home, "synth", "sample", "model", *asked, "-o", name).code == 0
    assert (home / "a.csv").read_bytes() == (home / "b.csv").read_bytes()
    rows = _read(home / "a.csv")
    assert len(rows) == 400 and {r["city"] for r in rows} == {"Oslo", "Rome"}
    assert all(30 <= int(r["age"]) <= 50 for r in rows)
    assert sum(r["rich"] == "yes" for r in rows) == 200
    assert command(home, "synth", "sample", "model", "--rows", "50", "-o", "c.parquet").code == 0
    import pandas as pd

    assert pd.read_parquet(home / "c.parquet").shape == (50, 4)


def test_a_verdict(home):
    """`evaluate` prints figures, controls and the verdict; JSON and page say the same."""
    done = command(home, "synth", "evaluate", "model", "people.csv", "--seeds", "1", "--no-baselines",
                   "--json", "e.json", "--html", "e.html")  # fmt: skip
    assert done.code == 0, done.text
    found = json.loads((home / "e.json").read_text())
    word = found["model"]["verdict"]
    assert f"verdict: {word}" in done.text and word.capitalize() in (home / "e.html").read_text()
    assert "copy of T" in done.text and found["controls"]["copy of T"]["closer"] > 0.99


def test_a_verdict_on_histories(tmp_path):
    """A saved model of histories is judged on the users' file: figures beside fresh users', and a verdict in words."""
    pytest.importorskip("torch")
    import pyarrow as pa
    import pyarrow.parquet as pq

    from augury import generate
    from augury.catalog import registry
    from augury.record import FieldSpec
    from augury.synthesis import Budget

    kind = registry().load("kinds", "interactions").build({"rating": False, "time": "none"}, "history")
    chance = random.Random(3)
    users = [kind.check([chance.choice("abcdef") for _ in range(chance.randint(2, 9))]) for _ in range(80)]
    pq.write_table(pa.table({"history": pa.array([kind.pack(u) for u in users], kind.arrow())}), tmp_path / "u.parquet")
    made = generate.fit({"history": users}, {"history": FieldSpec("history", kind)}, model="synth.vae",
                        codec="codec.history_counts", params={"width": 16, "epochs": 1}, budget=Budget(steps=5))  # fmt: skip
    made.save(tmp_path / "model")
    done = command(tmp_path, "synth", "evaluate", "model", "u.parquet", "--seeds", "1", "--json", "h.json")
    assert done.code == 0, done.text
    found = json.loads((tmp_path / "h.json").read_text())
    assert f"verdict: {found['verdict']}" in done.text and "held out" in done.text and found["users"] == 20
    assert f"{found['sides']['made']['popularity']:.3f}" in done.text
    refused = command(tmp_path, "synth", "evaluate", "model", "u.parquet", "--html", "h.html")
    assert refused.code == 2 and "take --html away" in refused.text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("fit", "people.csv", "--model", "forrest", "-o", "x"), "Did you mean synth.forest"),
        (("fit", "people.csv", "--drop", "agee", "-o", "x"), "Did you mean age"),
        (("fit", "people.csv", "--target", "rihc", "-o", "x"), "Did you mean rich"),
        (("fit", "people.csv", "--set", "tree=3", "-o", "x"), "trees"),
        (("fit", "nothing.csv", "-o", "x"), "nothing.csv"),
        (("fit", "people.csv", "-o", "model"), "a new folder"),
        (("sample", "model", "--rows", "5", "--where", "city=Room", "-o", "x"), "Did you mean Rome"),
        (("sample", "model", "--rows", "5", "--where", "age=200..", "-o", "x"), "values between"),
        (("sample", "model", "--rows", "5", "--where", "city", "-o", "x"), "COLUMN=VALUE"),
        (("sample", "model", "--rows", "5", "--balance", "spent", "-o", "x"), "few categories"),
        (("sample", "people.csv", "--rows", "5", "-o", "x"), "a saved model"),
    ],
)
def test_mistakes_are_one_line(home, arguments, words):
    """A wrong name, value or place gives one line that says what to do, and leaves nothing behind."""
    done = command(home, "synth", *arguments)
    assert done.code in (2, 3, 4) and words in done.text and "Fix:" in done.text
    assert "Traceback" not in done.text and not (home / "x").exists() and not list(home.glob(".x*"))


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([(1, "a", 2.5, "x")], "a column that varies|2 rows"),
        ([(i % 7, "a", "inf" if i == 3 else i, "x") for i in range(50)], "infinite"),
        ([(i % 7, f"some word {i}", i % 5, "x") for i in range(50)], "categories that repeat"),
        ([(1, "a", 2.5, "x")] * 50, "a column that varies"),
    ],
)
def test_tables_that_cannot_be_learned(tmp_path, rows, words):
    """One row, infinite values, categories that never repeat and constants only: told, and no model is left."""
    _write(tmp_path / "t.csv", rows)
    done = command(tmp_path, "synth", "fit", "t.csv", "-o", "m")
    assert done.code == 3 and re.search(words, done.text) and "Fix:" in done.text, done.text
    assert [p.name for p in tmp_path.iterdir()] == ["t.csv"]


def test_empty_and_constant_columns_are_learned_around(tmp_path):
    """A column without values is left out and said; a constant one is kept and said."""
    _write(tmp_path / "t.csv", [(i % 7, "a", "", "x" if i % 2 else "y") for i in range(60)])
    done = command(tmp_path, "synth", "fit", "t.csv", "-o", "m")
    assert done.code == 0 and "left out: spent" in done.text and "always 'a'" in done.text
    assert command(tmp_path, "synth", "sample", "m", "--rows", "5", "-o", "o.csv").code == 0
    assert {r["city"] for r in _read(tmp_path / "o.csv")} == {"a"}


def test_a_full_disk_leaves_no_model(home, tmp_path):
    """Where no file may grow past a few kilobytes, saving fails in one line and leaves nothing."""

    def small():
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    code = "import signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); from augury.cli.main import main; sys.exit(main())"
    arguments = ["synth", "fit", str(home / "people.csv"), "-o", str(tmp_path / "m")]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], preexec_fn=small, capture_output=True, text=True, check=False
    )
    assert done.returncode == 4 and "Fix:" in done.stderr and "Traceback" not in done.stderr, done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_example_of_a_recipe():
    """The script brings the rare class level through its gate, and says what the rows are worth and where from."""
    script = Path(__file__).parents[3] / "examples" / "synthesize.py"
    ran = subprocess.run([sys.executable, "-W", "error", script], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    before, made = (int(n) for n in re.findall(r"'malignant': (\d+)", ran.stdout))
    assert before + made == int(re.search(r"'benign': (\d+)", ran.stdout)[1])
    assert "verdict on the test side: " in ran.stdout and "where found is malignant" in ran.stdout


def test_a_recipe_from_check_to_replay(home):
    """The plan names gate, model and rows; the run counts them, tracks the losses, and every command knows them."""
    (home / "r.yaml").write_text(
        "recipe: 1\ncollect: [{path: people.csv}]\n"
        "fields: {age: {kind: number, integer: true}, city: category, rich: {kind: category, role: label}}\n"
        "report: {evaluate: {seeds: 1, baselines: false}}\nsynthesize:\n"
        "- {model: {autoregressive: {width: 16}}, rows: 40, balance: rich, budget: {steps: 30}, gate: {copies: 1}}\n"
    )
    plan = command(home, "check", "r.yaml", "--plan")
    assert "a gate on an inner split (1 seeds), synth.autoregressive of 3 fields" in plan.text
    assert "40 rows, balanced by rich" in plan.text and "use, likeness and privacy on held-out records" in plan.text
    ran = command(home, "run", "r.yaml", "-o", "out", "--workers", "1", "--track", "jsonl:log.jsonl")
    assert ran.code == 0 and "SYNTHETIC" in ran.text and "people@autoregressive: gate" in ran.text
    told = [json.loads(line) for line in (home / "log.jsonl").read_text().splitlines()]
    assert any(t["event"] == "model_progress" and t["model"] == "people@autoregressive" and "loss" in t for t in told)
    assert command(home, "verify", "out").code == 0
    replayed = command(home, "replay", "out", "people@autoregressive/1.0.3", "--explain")
    assert replayed.code == 0 and "made by a model, from no single record" in replayed.text
    done = command(home, "synth", "sample", "out/models/people@autoregressive", "--rows", "5", "-o", "more.csv")
    assert done.code == 0 and len(_read(home / "more.csv")) == 5
    assert command(home, "report", "out").code == 0
