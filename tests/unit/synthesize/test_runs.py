"""Runs that synthesize: rows on the training side alone, as asked, the same however they are made, and replayable."""

import json
from collections import Counter

import pytest

import augury
from augury.dataset import replay, verify
from augury.dataset.manifest import Manifest
from augury.errors import CheckFailed, DataError
from augury.recipe import load
from tests.unit.synthesize.conftest import people

pytest.importorskip("augury_synthesis", reason="the plugin is installed with torch, not here")


def _values(rows, *names):
    return [tuple(row[n] for n in names) for row in rows]


def test_rows_join_the_training_side(home):
    """Rows of the kind the recipe says, keys made anew, the rule kept, derived fields computed, all else untouched."""
    manifest = home.run("- {model: forest, rows: 250}")
    counts = manifest.counts["people"]
    assert counts["train"]["synthetic"] == 250 and counts["test"]["synthetic"] == 0
    assert counts["train"]["rows"] == counts["train"]["originals"] + 250
    made, real = home.rows(), home.rows(origin="original")
    assert len({row["id"] for row in made} | {row["id"] for row in real}) == 250 + len(real)
    assert all(row["spent"] <= row["earned"] and row["thrifty"] == (row["spent"] < row["earned"] / 2) for row in made)
    assert all(isinstance(row["age"], int | float) and row["age"] == int(row["age"]) for row in made)
    assert {row["city"] for row in made} == {"Rome", "Oslo"} and {row["rich"] for row in made} == {"yes", "no"}
    assert all(row["note"] is None and row["site"] is None and row["augury_parents"] == [] for row in made)
    assert made[0]["augury_id"].startswith("people@forest/0.0.") and {row["augury_copy"] for row in made} == {None}
    assert verify(manifest.folder).ok
    plain = augury.load(home.folder / "r.yaml", overrides=["synthesize=null"]).run(home.folder / "plain")
    assert home.rows("plain", origin="original") == real and plain.content_hash != manifest.content_hash
    assert home.rows("plain", "test", "original") == home.rows("out", "test", "original")


def test_workers_change_nothing(home):
    """Several chunks of several models on one process or two: the same content."""
    entries = "- {model: smotenc, rows: 2500}\n- {model: marginals, rows: 30}"
    one, two = (home.run(entries, f"out{n}", workers=n) for n in (1, 2))
    assert one.content_hash == two.content_hash and one.counts["people"]["train"]["synthetic"] == 2530


def test_fewer_rows_are_the_first_of_more(home):
    """Raising the number adds rows behind those that were there; another model's rows are not touched."""
    home.run("- {model: forest, rows: 40}\n- {model: marginals, rows: 10}", "few")
    home.run("- {model: forest, rows: 1200}\n- {model: marginals, rows: 10}", "many")
    few, many = ({row["augury_id"]: row for row in home.rows(out)} for out in ("few", "many"))
    assert len(few) == 50 and len(many) == 1210 and few.items() <= many.items()


def test_classes_come_as_asked(home):
    """Equal shares, given shares and level classes are exact; a level class is not made where it leads."""
    home.run(
        """
        - {model: forest, name: equal, rows: 101, balance: rich}
        - {model: forest, name: given, rows: 40, balance: {field: rich, to: {yes: 0.25, no: 0.75}}}
        - {model: forest, name: level, rows: {balance: rich}}
        """
    )
    found = {name: Counter() for name in ("equal", "given", "level")}
    for row in home.rows():
        found[row["augury_id"].partition("@")[2].partition("/")[0]][row["rich"]] += 1
    assert sorted(found["equal"].values()) == [50, 51] and found["given"] == {"yes": 10, "no": 30}
    real = Counter(row["rich"] for row in home.rows(origin="original"))
    assert found["level"] == {min(real, key=real.get): max(real.values()) - min(real.values())}


def test_conditions_hold(home):
    """Values, lists and ranges hold of every row, a range of a column that a rule rewrites too."""
    home.run(
        """
        - {model: forest, rows: 60, where: {city: Rome, age: {lo: 30, hi: 50}}}
        - {model: smotenc, rows: 30, where: {rich: [yes], earned: {lo: 90}}}
        """
    )
    for row in home.rows():
        if "forest" in row["augury_id"]:
            assert row["city"] == "Rome" and 30 <= row["age"] <= 50
        else:
            assert row["rich"] == "yes" and row["earned"] >= 90
    assert len(home.rows()) == 90


def test_a_condition_that_no_row_meets_ends_the_run(home):
    """The error names the model and the value, and no dataset is there."""
    with pytest.raises(DataError, match=r"synthesize people@forest: .*Paris"):
        home.run("- {model: forest, rows: 5, where: {city: Paris}}")
    assert not (home.folder / "out").exists()


def test_replay_makes_a_row_again(home):
    """Any row is made again from the model beside the rows, bit for bit, and says how it came to be."""
    home.run("- {model: forest, rows: 1100, balance: rich}\n- {model: bootstrap, rows: 5, where: {age: {hi: 40}}}")
    for row in ("people@forest/1.0.77", "people@bootstrap/0.0.4"):
        found = replay(home.folder / "out", row)
        assert found.equal and "training records, sha256" in found.explanation
    assert "where rich is " in replay(home.folder / "out", "people@forest/1.0.77").explanation


def test_replay_refuses_another_model(home):
    """A model whose bytes have changed, or a recipe that says another, is not taken for the one that made the row."""
    home.run("- {model: marginals, rows: 5}")
    other = home.load("- {model: {forest: {trees: 2}}, name: marginals, rows: 5}")
    with pytest.raises(CheckFailed, match="the model that made the row, got another"):
        replay(home.folder / "out", "people@marginals/0.0.1", recipe=other)
    (home.folder / "out/models/people@marginals/generator.json").write_text("{}")
    with pytest.raises(CheckFailed, match="the model that made the row, got another"):
        replay(home.folder / "out", "people@marginals/0.0.1")
    assert any("models/people@marginals" in f.place for f in verify(home.folder / "out").findings)


def test_a_model_in_the_dataset_can_be_used(home):
    """The folder is what ``augury synth sample`` takes; it makes the rows of the dataset, and more."""
    from augury.generate import load as load_generator

    home.run("- {model: forest, rows: 20}")
    model = load_generator(home.folder / "out/models/people@forest")
    rows = model.sample(50)
    assert rows["earned"][:20] == [row["earned"] for row in home.rows()] and len(rows["age"]) == 50


@pytest.mark.parametrize("gate", ["", ", gate: {utility: not_worse}"])
def test_poisoned_test_rows_change_no_row(home, gate):
    """Absurd values of test records move no made row, and no figure of a gate."""
    entry, change = f"- {{model: forest, rows: 80{gate}}}", {"{train: 0.7, test: 0.3}": "{field: site}"}
    rows = [[*row[:6], "test" if i % 4 == 0 else "train", row[7]] for i, row in enumerate(people())]
    home.write(rows)
    home.run(entry, "before", **change)
    for row in rows[::4]:
        row[1], row[2], row[3], row[4], row[5] = 999999, "Nowhere", 1e9, 1.0, "yes"
    home.write(rows)
    manifest = home.run(entry, "after", **change)
    assert home.rows("after") == home.rows("before")
    gates = [Manifest.load(home.folder / out).synthesis[0]["inner"] for out in ("before", "after")]
    assert gates[0] == gates[1] and manifest.synthesis[0]["rows"] == 80


DISCRETE = """\
recipe: 1
seed: 7
collect: [{path: d.csv}]
fields: {key: {kind: id, role: key}, a: category, b: category, c: category, d: category}
split: {train: 0.5, test: 0.5}
report: {page: false, evaluate: false}
"""


def _discrete(home):
    cells = [(a, b, c, d) for a in "abcd" for b in "abcd" for c in "abcd" for d in "abcd"]
    lines = ["key,a,b,c,d", *(f"k{i},{','.join(row)}" for i, row in enumerate(cells) if i % 2)]
    (home.folder / "d.csv").write_text("\n".join(lines) + "\n")


def test_rows_that_equal_a_held_out_record_are_left_out(home):
    """In a table of few values made rows meet test records by chance: they are turned away, counted and named."""
    _discrete(home)
    manifest = home.run("- {model: marginals, rows: 300}", recipe=DISCRETE)
    facts = manifest.synthesis[0]
    held = set(_values(home.rows(side="test", origin="original"), *"abcd"))
    made = set(_values(home.rows(), *"abcd"))
    assert facts["turned_away"] > 20 and facts["rows"] == 300 - facts["turned_away"] and not made & held
    assert manifest.rejected == {"equals_held_out": facts["turned_away"]} and verify(manifest.folder).ok
    assert any("equal a record of val or test" in text for text in manifest.warnings)


def test_verify_finds_a_made_row_that_equals_a_held_out_record(home, monkeypatch):
    """A leak that the run lets through is found by another way than the run's, and named by its row."""
    _discrete(home)
    monkeypatch.setattr("augury.dataset.made._among", lambda point, held: False)
    manifest = home.run("- {model: marginals, rows: 300}", recipe=DISCRETE)
    found = verify(manifest.folder)
    assert not found.ok and any("d@marginals/" in f.problem and "on test,train" in f.problem for f in found.findings)


def test_rows_of_a_mixed_corpus(home):
    """Only the collection that is meant gets rows, beside copies, with weights by origin."""
    (home.folder / "lines.jsonl").write_text("".join(json.dumps({"text": f"line {i}"}) + "\n" for i in range(40)))
    changes = {
        "{path: people.csv}": "{path: people.csv}, {path: lines.jsonl}",
        "  note: text": "  note: text\n  text: text",
        "report:": "augment: {copies: 1, steps: [table.jitter: {field: age}]}\nmix: {origins: {synthetic: 0.5}}\nreport:",
    }
    manifest = home.run("- {model: forest, ratio: 0.1}", **changes)
    train = manifest.counts["people"]["train"]
    assert manifest.counts["lines"]["train"]["synthetic"] == 0
    assert train["synthetic"] == round(0.1 * train["records"])
    assert train["rows"] == 2 * train["records"] + train["synthetic"]
    rows = [row for o in ("original", "synthetic") for row in home.rows(origin=o) if row["augury_id"][0] == "p"]
    weights = {row["augury_origin"]: row["augury_weight"] for row in rows}
    assert weights["synthetic"] == pytest.approx(weights["original"] / 2) and verify(manifest.folder).ok


def _log(home, entries):
    """A log of 60 users, and a recipe that makes more of them."""
    log = home.folder / "log"
    log.mkdir(exist_ok=True)
    events = [(f"u{u}", f"i{(u * k) % 7}", u + k) for u in range(60) for k in range(1, 3 + u % 4)]
    (log / "log.csv").write_text("user,item,time\n" + "".join(f"{u},{i},{t}\n" for u, i, t in events))
    (home.folder / "h.yaml").write_text(
        "recipe: 1\ncollect: [{format: log, path: log, user: [user]}]\n"
        "fields: {user: {kind: id, role: key}, history: interactions}\nsplit: {train: 0.8, test: 0.2}\n"
        f"report: {{page: true}}\nsynthesize:\n{entries}"
    )
    return load(home.folder / "h.yaml")


def test_histories_are_gated(home):
    """A gate measures what a model makes of a part of the users: it lets pass, or drops and says what was not reached."""
    entry = (
        "- {{name: {}, model: {{vae: {{width: 16}}}}, codec: history_counts, fields: [user, history], rows: 20,"
        " budget: {{steps: 5}}, gate: {}}}\n"
    )
    gates = {"some": "{popularity: 1.0, copies: 1}", "none": "{length: 0.0, popularity: 1}"}
    manifest = _log(home, "".join(entry.format(*one) for one in gates.items())).run(home.folder / "out")
    some, none = manifest.synthesis
    assert some["gate"]["passed"] and some["rows"] == 20 and len(some["gate"]["checks"]) == 2
    assert not none["gate"]["passed"] and none["rows"] == 0
    assert [c["asked"] for c in none["gate"]["checks"] if not c["passed"]] == ["length at most 0"]
    page = (manifest.folder / "report.html").read_text()
    assert "users of each kind compared" in page and some["judged"]["reasons"][-1][1:] in page


def test_neural_models_and_histories(home):
    """A network's rows, and synthetic users of a log, are made, told how near they lie, verified and replayed."""
    manifest = _log(
        home,
        "- {model: {vae: {width: 16}}, codec: history_counts, fields: [user, history], rows: 20, budget: {steps: 5}}\n"
        "- {model: {autoregressive: {width: 16}}, codec: history_sequence, fields: [user, history], rows: 20,"
        " budget: {steps: 5}}\n",
    ).run(home.folder / "out")
    assert manifest.counts["log"]["train"]["synthetic"] == 40 and verify(manifest.folder).ok
    for facts in manifest.synthesis:
        assert {"popularity", "length", "copies"} == facts["histories"]["history"]["made"].keys()
        assert facts["judged"]["verdict"] in ("use with care", "do not use") and facts["judged"]["users"] > 0
        assert replay(manifest.folder, f"{facts['title']}/0.0.3").equal
