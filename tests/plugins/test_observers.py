"""Trackers: what they keep of a run is what the run's manifest says, and a missing package is told before it starts."""

import json
import struct
import sys
from collections import Counter
from types import ModuleType, SimpleNamespace

import pytest

from augury.cli.main import main
from augury.dataset import Manifest
from tests.plugins.demo_dist import installed, write_dist

RECIPE = """recipe: 1
seed: 7
collect: [{path: rows.jsonl}]
fields: {key: {kind: id, role: key}, size: number}
split: {train: 0.8, val: 0.1, test: 0.1}
augment: {copies: 2, steps: [table.jitter]}
limits: {unit_records: 16, max_quarantined: 0.5}
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a recipe of a hundred rows, one of which is broken; the current one."""
    rows = [json.dumps({"key": f"k{i}", "size": i / 7}) for i in range(100)]
    (tmp_path / "rows.jsonl").write_text("\n".join([*rows, "{broken"]) + "\n")
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _run(*tracks):
    options = [option for track in tracks for option in ("--track", track)]
    return main(["run", "recipe.yaml", "-o", "out", "--fresh", "--workers", "1", *options])


def test_the_journal_tells_what_the_manifest_says(folder):
    """Rows by side add up to the manifest's, every stage is timed once, a second run is appended."""
    assert _run("jsonl:logs/runs.jsonl") == 0
    events = [json.loads(line) for line in (folder / "logs" / "runs.jsonl").read_text().splitlines()]
    manifest = Manifest.load(folder / "out")
    assert events[0]["event"] == "run_started"
    assert (events[0]["recipe_hash"], events[0]["seed"]) == (manifest.data["recipe_hash"], 7)
    assert events[-1]["event"] == "run_finished"
    assert (events[-1]["rows"], events[-1]["content_hash"]) == (manifest.rows, manifest.content_hash)
    rows = Counter()
    for event in events:
        if event["event"] == "records_written":
            rows[event["side"]] += event["rows"]
    (counts,) = manifest.counts.values()
    assert rows == {side: n["rows"] for side, n in counts.items()}
    stages = [event["stage"] for event in events if event["event"] == "stage_done"]
    assert stages == ["collect", "assign", "fit", "augment", "write"]
    assert [e["time"] for e in events] == sorted(e["time"] for e in events)
    assert _run("jsonl:logs/runs.jsonl") == 0
    assert len((folder / "logs" / "runs.jsonl").read_text().splitlines()) == 2 * len(events)


class _Writer:
    """Stands for a SummaryWriter: keeps what it is given."""

    made = []

    def __init__(self, where):
        self.where, self.numbers, self.texts, self.closed = where, [], {}, False
        _Writer.made.append(self)

    def add_scalar(self, name, value, step):
        self.numbers.append((name, value, step))

    def add_text(self, name, text):
        self.texts[name] = text

    def close(self):
        self.closed = True


@pytest.fixture
def stand_in(monkeypatch):
    """Return a function that puts a module in the place of a package."""

    def put(name, **content):
        module = ModuleType(name)
        module.__dict__.update(content)
        monkeypatch.setitem(sys.modules, name, module)

    return put


def _last(numbers):
    return {name: value for name, value, _ in numbers}


def test_tensorboard_is_given_the_series(folder, stand_in):
    """Rows, seconds and records come as scalars over the rows written; the recipe as text; the writer is closed."""
    stand_in("tensorboardX", SummaryWriter=_Writer)
    _Writer.made.clear()
    assert _run("tensorboard:board") == 0
    (writer,) = _Writer.made
    manifest = Manifest.load(folder / "out")
    numbers = _last(writer.numbers)
    (counts,) = manifest.counts.values()
    assert numbers["rows"] == manifest.rows
    assert {f"rows/rows/{side}": n["rows"] for side, n in counts.items()}.items() <= numbers.items()
    assert numbers["records/collect"] == 101
    steps = [step for _, _, step in writer.numbers]
    assert steps == sorted(steps) and steps[-1] == manifest.rows
    assert '"seed": 7' in writer.texts["recipe"]
    assert writer.where == "board" and writer.closed


def test_real_event_files_hold_the_series(folder):
    """The files that tensorboardX writes hold the manifest's rows."""
    pytest.importorskip("tensorboardX")
    from tensorboardX.proto.event_pb2 import Event

    assert _run("tensorboard:board") == 0
    (path,) = (folder / "board").glob("events.*")
    data, found = path.read_bytes(), {}
    while data:
        (length,) = struct.unpack("<Q", data[:8])
        for value in Event.FromString(data[12 : 12 + length]).summary.value:
            found[value.tag] = value.simple_value
        data = data[12 + length + 4 :]
    assert found["rows"] == Manifest.load(folder / "out").rows


def test_wandb_is_given_the_series(folder, stand_in):
    """A run of theirs is begun with the recipe, logged to and finished; one that fails is finished as failed."""
    runs = []

    def init(**about):
        run = SimpleNamespace(about=about, logged={}, summary={}, ended=[])
        run.log = lambda numbers, step: run.logged.update(numbers)
        run.finish = lambda exit_code=0: run.ended.append(exit_code)
        runs.append(run)
        return run

    stand_in("wandb", init=init)
    assert _run("wandb:wines") == 0
    (run,) = runs
    manifest = Manifest.load(folder / "out")
    assert run.about["project"] == "wines" and run.about["config"]["seed"] == 7
    assert run.logged["rows"] == manifest.rows
    assert run.summary == {"content_hash": manifest.content_hash} and run.ended == [0]
    (folder / "rows.jsonl").write_text('{"key": "k", "size": 1}\n' + "{broken\n" * 9)
    assert _run("wandb:wines") == 3
    assert runs[1].ended == [1]


@pytest.mark.parametrize(
    ("track", "package"), [("tensorboard:x", "tensorboardX"), ("wandb:x", "wandb")], ids=["tensorboard", "wandb"]
)
def test_a_missing_package_is_told_before_the_run(folder, monkeypatch, capsys, track, package):
    """Nothing is collected, and the message has the pip line."""
    for name in (package, "torch.utils.tensorboard"):
        monkeypatch.setitem(sys.modules, name, None)
    assert _run(track) == 2
    assert f"Fix: pip install {package}." in capsys.readouterr().err
    assert not (folder / "out").exists()


HOOKS = """
from pathlib import Path
from augury.plugin import Plugin, hookimpl
@hookimpl
def augury_plugin():
    return Plugin()
@hookimpl
def augury_stage_done(stage, records):
    with Path("seen.txt").open("a") as file:
        print(stage, records, file=file)
@hookimpl
def augury_run_finished(manifest):
    Path("finished.txt").write_text(manifest.content_hash)
"""


@pytest.fixture
def watching(tmp_path):
    """Return a function that installs a distribution whose hooks module observes."""

    def install(hooks):
        site = tmp_path / "site"
        site.mkdir()
        (site / "augury_watching_hooks.py").write_text(hooks)
        write_dist(site, "augury-watching", entries={"watching": "augury_watching_hooks"})
        return installed(site, only="augury-watching,augury-tabular")

    return install


def test_a_plugin_observes_with_the_arguments_it_names(folder, watching):
    """Functions of a hooks module are called in every run, in order, with what they ask for."""
    with watching(HOOKS):
        assert _run() == 0
    stages = [line.split()[0] for line in (folder / "seen.txt").read_text().splitlines()]
    assert stages == ["collect", "assign", "fit", "augment", "write"]
    assert (folder / "finished.txt").read_text() == Manifest.load(folder / "out").content_hash


def test_a_plugin_that_fails_to_observe_is_named(folder, watching, capsys):
    """The run stops with the hook, the plugin, the cause and the fix; without the plugin it runs."""
    with watching(HOOKS.replace("with Path", "raise KeyError('no such disk')\n    with Path")):
        assert _run() == 2
    err = capsys.readouterr().err
    assert "augury_stage_done of augury-watching:watching: expected no error, got KeyError: 'no such disk'" in err
    assert "Fix: correct it, uninstall it, or leave it out with AUGURY_PLUGINS" in err
    assert _run() == 0


@pytest.mark.parametrize("track", ["jsonl", "jsonl:", "jsnol:x"])
def test_unknown_trackers_are_refused(folder, capsys, track):
    """A switch that names none says what there is."""
    assert _run(track) == 2
    err = capsys.readouterr().err
    assert "expected jsonl:PATH or tensorboard:FOLDER or wandb:PROJECT" in err
    assert ("Did you mean jsonl?" in err) == track.startswith("js")


def test_trackers_are_imported_when_used():
    """A run without trackers imports none of them."""
    import subprocess

    code = "import sys, augury.observers; print([n for n in sys.modules if n.startswith('augury.observers.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
