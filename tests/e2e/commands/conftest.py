"""A tiny mixed corpus, and the command."""

import io
import json
import subprocess
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from typing import NamedTuple

import numpy as np
import pytest
import soundfile
from PIL import Image

from augury.cli.main import main

RECIPE = """\
recipe: 1
seed: 7
collect:
  - {path: photos, as: {image: photo}}
  - {path: calls, as: {audio: clip}}
  - path: people.csv
fields:
  photo: image
  boxes: {kind: boxes, of: photo}
  caption: {kind: text, about: photo}
  clip: audio
  words: {kind: intervals, of: clip}
  name: {kind: id, role: key}
  age: {kind: number, integer: true}
  city: category
split: {train: 1}
augment:
  copies: 2
  steps:
    - image.flip
    - image.rotate: {angle_deg_range: [-10, 10]}
    - text.swap: {field: caption, fraction: 0.3}
    - audio.speed
    - table.jitter: {field: age}
    - table.swap: {field: city, fraction: 0.5}
"""

EVIL = "A dog on the left of <script>alert('x')</script> a tree & a \"cat\"."


class Ran(NamedTuple):
    """An exit code and what was printed."""

    code: int
    out: str
    err: str


def make_corpus(folder):
    """Write photos with boxes and captions, recordings with words, and a table."""
    noise = np.random.default_rng(1)
    for name in ("photos", "calls"):
        (folder / name).mkdir()
    photos, calls = [], []
    for i in range(4):
        Image.fromarray(noise.integers(0, 255, (24, 32, 3), dtype=np.uint8)).save(folder / "photos" / f"{i}.png")
        box = {"box": [4, 4, 20 + i, 16], "label": "<i>dog</i>"}
        photos.append({"file_name": f"{i}.png", "boxes": [box], "caption": EVIL})
        soundfile.write(folder / "calls" / f"{i}.wav", noise.uniform(-0.5, 0.5, 4000), 8000)
        calls.append({"file_name": f"{i}.wav", "words": [{"start": 0.1, "end": 0.2 + i / 20, "label": "hello"}]})
    for name, rows in (("photos", photos), ("calls", calls)):
        (folder / name / "metadata.jsonl").write_text("\n".join(map(json.dumps, rows)))
    people = [f"p{i},{20 + i},{('Rome', 'Oslo', '<b>Bern</b>')[i % 3]}" for i in range(9)]
    (folder / "people.csv").write_text("\n".join(["name,age,city", *people]) + "\n")
    (folder / "r.yaml").write_text(RECIPE)
    return folder


@pytest.fixture
def corpus(tmp_path):
    """Return a folder with a corpus and a recipe."""
    return make_corpus(tmp_path)


@pytest.fixture(scope="session")
def dataset(tmp_path_factory):
    """Return a finished dataset, made by the command. Tests must not change it."""
    folder = make_corpus(tmp_path_factory.mktemp("made"))
    ran = command("run", folder / "r.yaml", "-o", folder / "out", "--workers", "1")
    assert ran.code == 0, ran.err
    return folder / "out"


def command(*arguments, cwd=None):
    """Run the command in this process, in a folder."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err), chdir(cwd or "."):
        code = main([str(a) for a in arguments])
    return Ran(code, out.getvalue(), err.getvalue())


def process(*arguments, cwd=None):
    """Run ``python -m augury`` in a process of its own."""
    done = subprocess.run([sys.executable, "-m", "augury", *arguments], capture_output=True, text=True, cwd=cwd)
    return Ran(done.returncode, done.stdout, done.stderr)
