"""Writing: three files beside a dataset, the same for the same rows; the page again from what is kept."""

import json

import numpy as np
import pytest

from augury.cli.main import main
from augury.dataset import Manifest, run
from augury.dataset.reading import Dataset
from augury.pipelines import parse_schema, pipeline
from augury.recipe.model import Augment, Limits, Recipe, Source, Split, Write
from augury.report.facts import Facts
from augury.report.remembered import facts_of
from augury.report.writing import write_again, write_report
from tests.unit.report.conftest import Tree

FIELDS = {"x": "number", "label": {"kind": "category", "role": "label"}}
ROWS = [("c", "train", f"c/{i}{copy}", {"x": float(i), "label": "ab"[i % 2]}) for i in range(30) for copy in ("", "@0")]


def test_three_files_the_same_twice(finished, facts, tmp_path):
    """The same facts and rows give the same bytes, wherever they lie."""
    made = []
    for name in ("one", "two"):
        dataset = finished(FIELDS, ROWS, folder=tmp_path / name, group_rows=7 if name == "two" else 100)
        names = write_report(dataset.folder, facts(), dataset)
        assert names == ["report.html", "report.json", "README.md"]
        made.append([(dataset.folder / n).read_bytes() for n in names])
    assert made[0] == made[1]
    document = json.loads(made[0][1])
    assert document["facts"] == facts().to_dict() | {
        k: document["facts"][k] for k in ("classes_before", "classes_after")
    }
    (collection,) = document["collections"]
    assert [g["rows"] for g in collection["groups"]] == [30, 30]
    assert len(made[0][0]) < 200_000


def test_page_again(finished, facts, capsys):
    """`augury report DIR` writes the page that the run wrote, and touches nothing else."""
    dataset = finished(FIELDS, ROWS)
    write_report(dataset.folder, facts(), dataset)
    before = (dataset.folder / "report.html").read_bytes()
    (dataset.folder / "report.html").unlink()
    (dataset.folder / "README.md").write_text("mine")
    assert main(["report", str(dataset.folder)]) == 0
    assert "report.html" in capsys.readouterr().out
    assert (dataset.folder / "report.html").read_bytes() == before
    assert (dataset.folder / "README.md").read_text() == "mine"


@pytest.mark.parametrize("damage", ["{", '{"facts": {"name": 3}}', "other"])
def test_a_wrong_report_is_told(finished, facts, capsys, damage):
    """A damaged report, and one of another dataset, end in one message and exit code 3."""
    dataset = finished(FIELDS, ROWS)
    write_report(dataset.folder, facts(content_hash="dead" * 16), dataset)
    if damage != "other":
        (dataset.folder / "report.json").write_text(damage)
    assert main(["report", str(dataset.folder)]) == 3
    error = capsys.readouterr().err
    assert "report.json" in error and "Fix: " in error and "Traceback" not in error
    assert main(["report", str(dataset.folder / "nowhere")]) == 3


def test_a_damaged_shard_is_told(finished, facts, capsys):
    """A shard that cannot be read ends in one message, not a traceback."""
    dataset = finished(FIELDS, ROWS)
    write_report(dataset.folder, facts(), dataset)
    (dataset.folder / dataset.shards[0]["path"]).write_bytes(b"PAR1 no more")
    assert main(["report", str(dataset.folder)]) == 3
    assert "Traceback" not in capsys.readouterr().err


def test_rows_that_cannot_be_read_back(finished, facts):
    """A format that only writes costs the figures, not the report: rows are counted, and it says why there are no more."""
    dataset = finished(FIELDS, ROWS)
    (dataset.folder / dataset.shards[0]["path"]).write_bytes(b"PAR1 no more")
    write_report(dataset.folder, facts(), dataset)
    tree = Tree((dataset.folder / "report.html").read_text(encoding="utf-8"))
    assert any("came 60 rows. They lie in 1 collection, 60 on train." in text for text in tree.within("p"))
    assert any("were not measured" in text for text in tree.within("li"))
    assert "were not measured" in (dataset.folder / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def real(tmp_path):
    """A dataset that a run made of 60 rows, one of them damaged, some of them repeats."""
    rng = np.random.Generator(np.random.Philox(key=4))
    rows = [{"x": float(v), "label": "ab"[i % 2]} for i, v in enumerate(rng.normal(size=57))]
    lines = [json.dumps(row) for row in (*rows, rows[0], rows[1], {"x": "no number", "label": "a"})]
    (tmp_path / "people.jsonl").write_text("\n".join(lines))
    schema = parse_schema(FIELDS)
    recipe = Recipe(
        seed=3,
        collect=(Source(collection="people", path="people.jsonl", format="jsonl"),),
        schema=schema,
        split=Split(),
        augment=Augment(copies=2),
        pipelines={"people": pipeline([{"table.jitter": {"scale": 0.1}}], schema)},
        write=Write(),
        limits=Limits(max_quarantined=0.1),
        on_error="quarantine",
        document={"seed": 3},
        hash="ab" * 32,
        folder=tmp_path,
    )
    return run(recipe, tmp_path / "out").folder


def test_a_run_without_a_report_gets_a_page(real):
    """What the manifest and the quarantine know is on the page."""
    (real / "report.json").unlink(missing_ok=True)
    text = write_again(real).read_text(encoding="utf-8")
    tree = Tree(text)
    counts = Manifest.load(real).counts["people"]["train"]
    assert any(f"{counts['rows'] - counts['originals']} copies" in text for text in tree.within("p"))
    assert any("1 record or copy failed" in text for text in tree.within("li"))
    assert any("2 records were turned away" in text for text in tree.within("li"))
    facts = facts_of(Manifest.load(real))
    assert (
        facts.quarantine["collect"]["count"] == 1
        and "expected a number" in facts.quarantine["collect"]["examples"][0]["detail"]
    )
    assert facts.rejected["duplicate"]["count"] == facts.duplicates["exact"] == 2
    assert [s["name"] for s in facts.stages] == ["collect", "assign", "fit", "augment", "write"]
    assert facts.stages[-1]["records_out"] == Manifest.load(real).rows


def test_classes_are_counted_in_the_rows(finished, facts):
    """Where the run gave no classes, those of the label are the rows' own."""
    dataset = finished(FIELDS, ROWS)
    write_report(dataset.folder, facts(), dataset)
    counted = Facts.load(dataset.folder)
    assert counted.classes_before == {"c": {"train": {"a": 15, "b": 15}}}
    assert counted.classes_after == {"c": {"train": {"a": 30, "b": 30}}}


def test_a_damaged_quarantine_is_told(real, capsys):
    """A quarantine that is no JSON is named."""
    (real / "report.json").unlink(missing_ok=True)
    (real / "quarantine.jsonl").write_text("{")
    assert main(["report", str(real)]) == 3
    assert "quarantine.jsonl" in capsys.readouterr().err


def test_verify_is_not_disturbed(real):
    """A dataset with its report is still whole."""
    write_report(real, facts_of(Manifest.load(real)), Dataset(real))
    assert main(["verify", str(real)]) == 0
