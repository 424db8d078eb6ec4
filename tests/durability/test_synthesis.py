"""Death while rows are synthesized: in a gate, in training, in saving, in sampling; the same model and rows follow."""

import os
import signal
import subprocess
import sys
import time

import pytest

import augury
from augury import durable
from augury.dataset import verify
from tests.durability.conftest import content

pytest.importorskip("augury_synthesis", reason="the plugin is installed with torch, not here")

RECIPE = """\
recipe: 1
seed: 5
collect: [{path: rows.jsonl}]
fields: {age: number, income: number, label: {kind: category, role: label}}
split: {train: 0.75, test: 0.25}
report: {page: false, evaluate: false}
synthesize:
- {model: marginals, rows: 1100, gate: {copies: 1.0}}
- {model: {autoregressive: {width: 16}}, rows: 20, balance: label, budget: {steps: STEPS}}
"""
EVERY = 29
"""Of the points in the stage every so many is one to crash at: no divisor of how many a chunk or model passes."""


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """60 rows and a recipe that makes rows by a model without a network and by one with."""
    folder = tmp_path_factory.mktemp("home")
    lines = (f'{{"age": {20 + i}, "income": {1000.5 + 7 * (i % 23)}, "label": "{"ab"[i % 2]}"}}\n' for i in range(60))
    (folder / "rows.jsonl").write_text("".join(lines))
    (folder / "recipe.yaml").write_text(RECIPE.replace("STEPS", "12"))
    return folder


class _Points:
    """An observer that keeps how many points had been passed when each stage was done."""

    def __init__(self):
        self.passed = {}

    def augury_stage_done(self, run, stage, seconds, records):
        self.passed[stage] = durable._passed["crash"]


def _forked(recipe, out, crash):
    """Run in a forked copy of this process that dies at a point; return its exit status."""
    pid = os.fork()
    if pid:
        return os.waitpid(pid, 0)[1]
    try:
        durable._CRASH = crash
        durable._passed.update(crash=0)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        augury.load(recipe).run(out)
    except BaseException:
        os._exit(99)
    os._exit(0)


@pytest.mark.timeout(300)
def test_crash_points_of_the_stage(home, tmp_path):
    """Killed at points of every kind in the stage, the run goes on to the content of one that nothing disturbed."""
    points = _Points()
    durable._passed.update(crash=0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(durable, "_CRASH", 10**9)
        augury.load(home / "recipe.yaml").run(tmp_path / "untouched", observers=[points])
    first, last = points.passed["augment"] + 1, points.passed["synthesize"]
    assert last - first > 60
    for n in range(first, last + 1, EVERY):
        out = tmp_path / str(n) / "out"
        assert os.WTERMSIG(_forked(home / "recipe.yaml", out, n)) == signal.SIGKILL and not out.exists()
        assert _forked(home / "recipe.yaml", out, 0) == 0, f"going on after a crash at point {n}"
        assert content(out) == content(tmp_path / "untouched"), f"after a crash at point {n}"
        assert [p.name for p in out.parent.iterdir()] == ["out"], f"left behind after a crash at point {n}"
    assert verify(tmp_path / "untouched").ok


@pytest.mark.timeout(300)
def test_killed_in_training_the_same_model_follows(home, tmp_path):
    """SIGKILL when the first checkpoint lies there: the next run goes on from it, to the same model and rows."""
    recipe = home / "long.yaml"
    recipe.write_text(RECIPE.replace("STEPS", "300"))
    model = "models/rows@autoregressive/model"
    augury.load(recipe).run(tmp_path / "untouched")
    command = [sys.executable, "-m", "augury", "run", str(recipe), "-o", str(tmp_path / "out"), "--workers", "1"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and not list(tmp_path.glob(".out.partial/models/*.checkpoint/step-*/model.json")):
        time.sleep(0.005)
    process.kill()
    process.wait()
    assert not (tmp_path / "out").exists()
    started = [int(p.name[5:]) for p in tmp_path.glob(".out.partial/models/*.checkpoint/step-*")]
    steps = []

    class Watch:
        def augury_model_progress(self, run, model, progress):
            if model == "rows@autoregressive":
                steps.append(progress["step"])

    augury.load(recipe).run(tmp_path / "out", observers=[Watch()])
    assert started and min(steps) > min(started) > 0
    assert content(tmp_path / "out") == content(tmp_path / "untouched")
    files = [sorted((tmp_path / out / model).iterdir()) for out in ("out", "untouched")]
    assert [p.read_bytes() for p in files[0]] == [p.read_bytes() for p in files[1]]
