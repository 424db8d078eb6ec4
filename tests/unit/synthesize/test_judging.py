"""Gates and the report: what is asked of made rows, what they are worth, and what follows from it."""

import json
from dataclasses import replace

import pytest

from augury.catalog import registry
from augury.cli.main import main
from augury.dataset.manifest import Manifest
from augury.dataset.synthesizing import Synthesizing
from augury.errors import CheckFailed
from augury.quality import Evaluation, Protocol, evaluate, hold
from augury.recipe.synthesis import LEAST, MOST, Gate
from augury.record import FieldSpec
from augury.report.writing import write_again
from tests.unit.synthesize.conftest import people

pytest.importorskip("augury_synthesis", reason="the plugin is installed with torch, not here")

JUDGED = {"{page: false, evaluate: false}": "{evaluate: {seeds: 1, baselines: false}}"}


def test_a_gate_that_does_not_pass_drops_the_rows(home):
    """Independent columns teach nothing: no row of theirs is written, the reasons are told, other models go on."""
    manifest = home.run(
        """
        - {model: marginals, gate: {}}
        - {model: forest, rows: 20, gate: {two_sample_auc: 0.9, others: 0.1}}
        """
    )
    failed, passed = manifest.synthesis
    assert failed["gate"]["passed"] is False and failed["rows"] == 0 and "folder" not in failed
    assert failed["gate"]["checks"][0]["got"].startswith("do not use: ")
    assert passed["gate"]["passed"] is True and passed["rows"] == 20 == len(home.rows())
    assert any(w.startswith("synthesize people@marginals: its gate did not pass") for w in manifest.warnings)


def test_a_gate_may_end_the_run(home, capsys):
    """With ``on_fail: fail`` the command exits with 1, says what was asked and what came, and leaves no dataset."""
    entry = "- {model: bootstrap, gate: {closer: 0.6, on_fail: fail}}"
    with pytest.raises(CheckFailed, match=r"gate of people@bootstrap: .*\n  asked closer at most 0.6: 0\.\d+"):
        home.run(entry)
    assert main(["run", str(home.folder / "r.yaml"), "-o", str(home.folder / "out"), "--workers", "1"]) == 1
    assert "asked closer at most 0.6" in capsys.readouterr().err and not (home.folder / "out").exists()


def test_what_cannot_be_judged_does_not_pass(home):
    """Twenty records are too few to split in four: the gate says so, and no row is made."""
    home.write(people(24))
    manifest = home.run("- {model: forest, gate: {}}")
    (check,) = manifest.synthesis[0]["gate"]["checks"]
    assert "at least 40 rows" in check["got"] and not manifest.synthesis[0]["gate"]["passed"]


@pytest.fixture(scope="module")
def found():
    """A forest's figures on a small table."""
    rows = people(200)
    columns = {name: [row[i] for row in rows] for i, name in ((1, "age"), (3, "earned"), (5, "rich"))}
    kinds = {"age": "number", "earned": "number", "rich": "category"}
    fields = {name: FieldSpec(name, registry().load("kinds", kind)()) for name, kind in kinds.items()}
    return evaluate(
        columns, fields, model="synth.forest", target="rich", protocol=Protocol(seeds=1), baselines=("synth.marginals",)
    )


def test_each_figure_has_its_direction(found):
    """A figure that must be reached passes at its value and fails above; one that must not be passed the other way."""
    for name in (*LEAST, *MOST):
        mean = found.model.mean(name)
        for bound, passes in ((mean, True), (mean - 0.01, name in LEAST), (mean + 0.01, name in MOST)):
            if name in LEAST or 0 <= bound <= 1:
                (check,) = hold(Gate(**{name: bound}), found)
                assert check.passed is passes, (name, bound)
                assert check.asked.startswith(name) and check.got == f"{mean:.3f}"


def test_named_forms(found):
    """``not_worse`` compares with real rows alone, a share with what they teach, ``dcr`` with the verdict's limits."""
    assert all(c.passed for c in hold(Gate(utility="not_worse"), found))
    worse = {name: (0.5,) if name.startswith("added") else v for name, v in found.model.values.items()}
    spoiled = replace(found, model=found.model._replace(values=worse))
    assert not any(c.passed for c in hold(Gate(utility="not_worse"), spoiled))
    asked = replace(spoiled, written={"rows": 9, "added_main": 1.0, "added_f1": 1.0})
    assert all(c.passed for c in hold(Gate(utility="not_worse"), asked))
    assert all(c.passed for c in hold(Gate(utility=0.5), found)) and not all(
        c.passed for c in hold(Gate(utility=1.0), replace(found, model=found.beside[0]))
    )
    copied = dict(found.model.values) | {"closer": (1.0,), "copies": (1.0,)}
    checks = hold(Gate(privacy="dcr"), replace(found, model=found.model._replace(values=copied)))
    assert {c.asked.split()[0] for c in checks if not c.passed} == {"closer", "copies"} and len(checks) == 4


def test_the_report_says_what_rows_are_worth(home):
    """Page, JSON and card hold model, verdict, controls and plots; written again, the page is the same."""
    manifest = home.run("- {model: forest, rows: 60, gate: {copies: 0.5}}", **JUDGED)
    out = home.folder / "out"
    (facts,) = manifest.synthesis
    judged = Evaluation.from_dict(facts["evaluation"])
    assert facts["held"] == "the test side"
    assert judged.sizes["test"] == manifest.counts["people"]["test"]["originals"]
    assert judged.written["rows"] == 60 and 0 < judged.written["added_main"] <= 1
    page = (out / "report.html").read_text()
    for words in ("Synthetic rows", "people@forest", "The gate passed", "copy of T", judged.verdict.word.capitalize()):
        assert words in page
    assert page.count("Column ") >= 3 and "http://" not in page.replace("http://www.w3.org", "")
    assert json.loads((out / "report.json").read_text())["facts"]["synthesis"] == [facts]
    card = (out / "README.md").read_text()
    assert "60 synthetic rows" in card and "| people\\@forest | synth.forest | 60 | passed |" in card
    write_again(out)
    assert (out / "report.html").read_text() == page


def test_judging_changes_no_row(home):
    """The dataset is the same whether its rows were judged or not; without a test side training records are held out."""
    plain = home.run("- {model: forest, rows: 30}", "plain")
    judged = home.run("- {model: forest, rows: 30}", "judged", **JUDGED)
    assert plain.content_hash == judged.content_hash and plain.synthesis[0]["evaluation"] is None
    alone = home.run("- {model: forest, rows: 30}", "alone", **JUDGED, **{"split: {train: 0.7, test: 0.3}\n": ""})
    assert "a quarter of the training side" in alone.synthesis[0]["held"]
    assert Manifest.load(home.folder / "alone").synthesis[0]["evaluation"]["sizes"]["test"] == 75


def test_inner_splits_keep_groups_whole(home):
    """Where the run splits by group, so does the gate: no group lies on both sides of its split."""
    change = {"site: {kind: category, role: meta}": "site: {kind: category, role: group}"}
    home.write([[*row[:6], f"site {i % 40}", row[7]] for i, row in enumerate(people())])
    seen = {}
    inner = Synthesizing._inner

    def look(self, entry):
        held = inner(self, entry)
        values = self.rows(replace(entry, fields=("site",)))["site"]
        seen.update(held={values[i] for i in held}, rest={v for i, v in enumerate(values) if i not in set(held)})
        return held

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Synthesizing, "_inner", look)
        home.run("- {model: forest, rows: 5, gate: {}}", **{"{train: 0.7,": "{group: site, train: 0.7,"}, **change)
    assert seen["held"] and seen["rest"] and not seen["held"] & seen["rest"]
