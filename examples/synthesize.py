"""A table with a rare class, brought level by rows of a model, behind a gate, with a verdict on what they are worth."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from sklearn.datasets import load_breast_cancer

import augury
from augury.dataset import replay
from augury.dataset.reading import Dataset

RECIPE = """\
recipe: 1
seed: 7
collect: [{path: cells.csv}]
fields:
  radius: {kind: number, decimals: 2}
  texture: {kind: number, decimals: 2}
  concavity: {kind: number, decimals: 4, lo: 0}
  found: {kind: category, role: label}
split: {train: 0.7, test: 0.3, stratify: found}
report: {target: found, evaluate: {seeds: 1, baselines: false}}
synthesize:
  - {model: forest, rows: {balance: found}, gate: {utility: not_worse, two_sample_auc: 0.75}}
"""


def main() -> None:
    """Bring the malignant cells level with the benign ones, and say what that adds."""
    cells = load_breast_cancer(as_frame=True).frame
    cells["found"] = cells["target"].map({0: "malignant", 1: "benign"})
    cells = cells.rename(columns={f"mean {name}": name for name in ("radius", "texture", "concavity")})
    cells = cells[(cells["found"] == "benign") | (cells.index % 3 == 0)]
    with TemporaryDirectory() as folder:
        cells[["radius", "texture", "concavity", "found"]].to_csv(Path(folder) / "cells.csv", index=False)
        (Path(folder) / "recipe.yaml").write_text(RECIPE)
        manifest = augury.load(Path(folder) / "recipe.yaml").run(Path(folder) / "out")

        (made,) = manifest.synthesis
        data = Dataset(manifest.folder)
        train = [shard for shard in data.shards if shard["side"] == "train"]
        rows = [row for shard in train for table in data.tables(shard) for row in table.to_pylist()]
        print("before", dict(Counter(row["found"] for row in rows if row["augury_origin"] == "original")))
        print("made  ", dict(Counter(row["found"] for row in rows if row["augury_origin"] == "synthetic")))
        for check in made["gate"]["checks"]:
            print("gate  ", check["asked"], "->", check["got"])
        verdict = made["evaluation"]["model"]
        print("verdict on the test side:", verdict["verdict"], "-", "; ".join(verdict["reasons"]))
        print(replay(manifest.folder, f"{made['title']}/0.0.0").explanation)


if __name__ == "__main__":
    main()
