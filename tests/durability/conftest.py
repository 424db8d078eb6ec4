"""A tiny mixed corpus and the command that makes a dataset of it, in processes of their own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

RECIPE = """\
recipe: 1
seed: 5
collect:
- {path: rows.jsonl, collection: rows}
- {path: photos, collection: photos, as: {image: photo}}
fields:
  age: number
  income: number
  label: {kind: category, role: label}
  photo: image
split: {train: 0.75, test: 0.25}
report: {page: false}
augment:
  copies: 1
  steps:
  - table.smote: {k: 2}
  - image.rotate
limits: {unit_records: 4, max_quarantined: 0.5}
"""


@pytest.fixture(scope="session")
def corpus(tmp_path_factory) -> Path:
    """14 rows (two the same, one damaged) and 6 photographs of noise, with a recipe."""
    folder = tmp_path_factory.mktemp("corpus")
    rows = [{"age": 20 + i, "income": 1000.5 + 7 * i, "label": "ab"[i % 2]} for i in range(12)]
    rows += [rows[3], {"age": "no number", "label": "a"}]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "photos").mkdir()
    rng = np.random.default_rng(3)
    for i in range(6):
        cv2.imwrite(str(folder / "photos" / f"{i}.png"), rng.integers(0, 255, (12, 16, 3), dtype=np.uint8))
    (folder / "recipe.yaml").write_text(RECIPE)
    return folder


def start(corpus: Path, out: Path, *more: str, prefix: tuple[str, ...] = (), **variables: str) -> subprocess.Popen:
    """Start ``augury run`` on the corpus in a session of its own."""
    command = [*prefix, sys.executable, "-m", "augury", "run", str(corpus / "recipe.yaml"), "-o", str(out), *more]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, **variables},
    )


def outcome(process: subprocess.Popen) -> tuple[int, str]:
    """Wait for a process; return its exit code and what it said."""
    said, errors = process.communicate(timeout=120)
    return process.returncode, said + errors


def content(folder: Path) -> str:
    """Return the content hash that the manifest states."""
    return json.loads((folder / "manifest.json").read_text())["content_hash"]


@pytest.fixture(scope="session")
def untouched(corpus, tmp_path_factory) -> str:
    """The content hash of a run that nothing disturbed."""
    out = tmp_path_factory.mktemp("untouched") / "out"
    code, said = outcome(start(corpus, out, "--workers", "1"))
    assert code == 0, said
    return content(out)
