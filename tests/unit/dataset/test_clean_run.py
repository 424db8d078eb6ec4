"""Cleaning and deduplicating in a run: what the plugins give, on pictures, texts, recordings and rows at once."""

import io
import json
from collections import Counter

import cv2
import numpy as np
import pyarrow.parquet as pq
import pytest
import soundfile

from augury.dataset import run, verify
from augury.recipe import load
from augury.recipe.problems import RecipeErrors

RECIPE = """\
recipe: 1
seed: 7
collect:
  - {path: pictures, collection: pictures, as: {image: photo}}
  - {path: texts.jsonl, collection: texts}
  - {path: sounds, collection: sounds, as: {audio: clip}}
fields:
  photo: image
  clip: audio
  said: text
  names: {kind: spans, of: said}
  age: number
  size: number
clean:
  - image.valid
  - image.blank
  - image.tiles: {size: [64, 64]}
  - text.fix_mojibake
  - text.normalize: {quotes: true}
  - text.blank
  - audio.silent
  - audio.resample: {rate_hz: 8000}
  - audio.windows: {seconds: 1.0}
  - table.range: {field: age, hi: 120}
  - table.unit: {field: size, factor: 2.54}
  - table.outlier: {field: age}
  - dedup: {field: photo}
  - dedup: {field: said, near: 0.95}
  - dedup: {field: clip}
split: {train: 1.0}
write: {format: parquet}
"""


def picture(seed, side=64):
    """Smooth blobs, no two alike."""
    rng = np.random.Generator(np.random.Philox(key=seed))
    small = rng.integers(0, 256, (6, 6, 3)).astype(np.uint8)
    return cv2.resize(small, (side, side), interpolation=cv2.INTER_CUBIC)


def beats(seed, seconds=1.0, rate=16000):
    """Noise in a rhythm of its own."""
    rng = np.random.Generator(np.random.Philox(key=seed))
    n = round(seconds * rate)
    return (0.3 * rng.standard_normal(n) * np.repeat(rng.uniform(0, 1, n // 1000 + 1) ** 2, 1000)[:n]).astype(
        np.float32
    )


@pytest.fixture
def folder(tmp_path):
    """Pictures, texts with columns, and recordings: some good, one of each bad sort, one copy of each."""
    (tmp_path / "pictures").mkdir()
    (tmp_path / "sounds").mkdir()
    pictures = {f"p{i}": picture(i) for i in range(4)} | {"wide": np.hstack([picture(8), picture(9)])}
    pictures |= {
        "copy": cv2.GaussianBlur(picture(0), (0, 0), 1),
        "tiny": picture(5, 8),
        "plain": np.full((64, 64, 3), 90, np.uint8),
    }
    for name, image in pictures.items():
        cv2.imwrite(str(tmp_path / "pictures" / f"{name}.png"), image)
    sounds = {f"s{i}": beats(i) for i in range(3)} | {"long": beats(9, 3.0)}
    sounds |= {"louder": sounds["s0"] * np.float32(1.5), "silence": np.zeros(16000, np.float32)}
    for name, samples in sounds.items():
        soundfile.write(tmp_path / "sounds" / f"{name}.wav", samples, 16000)
    rows = [{"said": f"{word} went to the {place}", "age": 20 + i, "size": 1.0}
            for i, (word, place) in enumerate([("Anna", "market"), ("Ben", "library"), ("Cleo", "old harbour"), ("Dora", "moon"),
                                               ("Emil", "theatre"), ("Finn", "airport"), ("Gus", "swimming pool")])]  # fmt: skip
    rows += [
        {"said": "ANNA  went to the market!", "age": 30, "size": 1.0},
        {"said": "\u200b ", "age": 30, "size": 1.0},
        {"said": "a quite impossible age", "age": 999, "size": 1.0},
        {"said": "nearly impossible, and kept out of training", "age": 119, "size": 1.0},
        {"said": "  Jos\u00c3\u00a9 said \u201cno\u201d", "names": [[2, 7, "PER"]], "age": 31, "size": 10.0},
    ]
    (tmp_path / "texts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    (tmp_path / "r.yaml").write_text(RECIPE, "utf-8")
    return tmp_path


def test_everything_at_once(folder):
    """Bad records leave, each by its reason; long ones are cut; copies go; values are changed, labels follow."""
    run(load(folder / "r.yaml"), folder / "out")
    verify(folder / "out")
    rejected = [json.loads(line) for line in (folder / "out/rejected.jsonl").read_text("utf-8").splitlines()]
    assert Counter((r["collection"], r["code"]) for r in rejected) == {
        ("pictures", "too_small"): 1,
        ("pictures", "blank"): 1,
        ("pictures", "near_duplicate"): 1,
        ("texts", "blank"): 1,
        ("texts", "out_of_range"): 1,
        ("texts", "outlier"): 1,
        ("texts", "near_duplicate"): 1,
        ("sounds", "silent"): 1,
        ("sounds", "near_duplicate"): 1,
    }
    rows = {name: pq.read_table(folder / "out/data" / name).to_pylist() for name in ("pictures", "texts", "sounds")}
    ids = sorted(row["augury_id"] for row in rows["pictures"])
    assert len(ids) == 6 and ids[-2:] == ["pictures/wide.png/0", "pictures/wide.png/1"]
    assert len(rows["sounds"]) == 6
    assert {soundfile.info(io.BytesIO(r["clip"]["bytes"])).samplerate for r in rows["sounds"]} == {8000}
    (jose,) = (row for row in rows["texts"] if row["names"])
    assert jose["said"] == 'Jos\u00e9 said "no"' and jose["size"] == 25.4
    assert [jose["said"][n["start"] : n["end"]] for n in jose["names"]] == ["Jos\u00e9"]


def test_cutting_after_dedup_is_refused(folder):
    """Pieces would have their record's sketch and leave as repeats of each other: the order is a mistake."""
    text = RECIPE.replace("  - image.tiles: {size: [64, 64]}\n", "").replace(
        "  - dedup: {field: clip}\n", "  - dedup: {field: clip}\n  - image.tiles\n"
    )
    (folder / "r.yaml").write_text(text, "utf-8")
    with pytest.raises(
        RecipeErrors, match=r"image.tiles: expected a cleaner that cuts to come before dedup.*move it above"
    ):
        load(folder / "r.yaml")
