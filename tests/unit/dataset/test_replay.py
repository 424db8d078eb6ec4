"""Rows made again from their source, of every modality; sources that changed or went."""

import io
import json
import wave
from collections import Counter

import numpy as np
import pytest

from augury.catalog import registry
from augury.dataset import Manifest, replay, run, verify
from augury.errors import CheckFailed, RecipeError
from augury.recipe.model import Limits, Source, Split

CORPUS = {
    "photo": "image",
    "boxes": {"kind": "boxes", "of": "photo"},
    "caption": {"kind": "text", "about": "photo"},
    "clip": "audio",
    "words": {"kind": "intervals", "of": "clip"},
    "age": "number",
    "income": "number",
    "label": {"kind": "category", "role": "label"},
}
STEPS = [
    {"image.rotate": {"angle_deg_range": [-20, 20]}},
    {"image.flip": {"p": 0.5}},
    {"text.delete": {"fraction": 0.2, "p": 0.5}},
    {"audio.gain": {"gain_db_range": [-6, 0]}},
    {"table.jitter": {"field": ["age", "income"]}},
]


def picture(i: int) -> bytes:
    """A small PNG that differs by ``i``."""
    ys, xs = np.mgrid[0:24, 0:32]
    pixels = np.stack([xs * 8 % 256, ys * 10 % 256, (xs + ys + 9 * i) % 256], -1).astype(np.uint8)
    return registry().load("kinds", "image")().pack(pixels)


def sound(i: int) -> bytes:
    """A quarter second of a 16-bit WAV that differs by ``i``."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes((8000 * np.sin(np.arange(2000) * (i + 5) / 40)).astype("<i2").tobytes())
    return out.getvalue()


@pytest.fixture
def corpus(tmp_path, people, write_jsonl, make_recipe):
    """A recipe of photographs with boxes and captions, clips with words, and rows."""
    for i in range(12):
        for folder, name, data in (("photos", f"{i}.png", picture(i)), ("clips", f"{i}.wav", sound(i))):
            (tmp_path / folder).mkdir(exist_ok=True)
            (tmp_path / folder / name).write_bytes(data)
    photos = [
        {
            "file_name": f"{i}.png",
            "boxes": [{"box": [4, 4, 20, 16], "label": "cat"}],
            "caption": f"The {i} small cat on the left looks at a bird.",
        }
        for i in range(12)
    ]
    write_jsonl(tmp_path / "photos" / "metadata.jsonl", photos)
    clips = [{"file_name": f"{i}.wav", "words": [{"start": 0.05, "end": 0.1, "label": "hey"}]} for i in range(12)]
    write_jsonl(tmp_path / "clips" / "metadata.jsonl", clips)
    write_jsonl(tmp_path / "rows.jsonl", people[:40])
    sources = [
        Source("photos", "folder", "photos", {"image": "photo"}),
        Source("clips", "folder", "clips", {"audio": "clip"}),
        Source("rows", "jsonl", "rows.jsonl"),
    ]
    return make_recipe(
        tmp_path, sources, fields=CORPUS, steps=STEPS, copies=1, split=Split({"train": 0.7, "test": 0.3}),
        limits=Limits(unit_records=4),
    )  # fmt: skip


def ids_of(folder, collection, copy):
    """The row ids of a collection's copies, or originals."""
    import pyarrow.parquet as pq

    rows = [r for p in sorted((folder / "data" / collection).glob("*.parquet")) for r in pq.read_table(p).to_pylist()]
    return [r["augury_id"] for r in rows if (r["augury_copy"] is not None) == copy]


def test_rows_of_every_modality_are_rebuilt_bit_for_bit(tmp_path, corpus):
    """A copy and an original of each collection equal what is stored, and the copy is explained."""
    run(corpus, tmp_path / "out", workers=2)
    assert verify(tmp_path / "out").ok
    for collection, op in (("photos", "image.rotate"), ("clips", "audio.gain"), ("rows", "table.jitter")):
        for row in ids_of(tmp_path / "out", collection, copy=True)[:3]:
            again = replay(tmp_path / "out", row, recipe=corpus)
            assert again.equal, again.differences
            assert op in again.explanation
        original = replay(tmp_path / "out", ids_of(tmp_path / "out", collection, copy=False)[0], recipe=corpus)
        assert original.equal and "original" in original.explanation


def test_originals_keep_their_very_bytes_and_open_in_the_usual_libraries(tmp_path, corpus):
    """Hugging Face datasets, pandas and polars read what is written; payloads are the source's files."""
    import datasets
    import pandas as pd
    import polars as pl
    import soundfile

    manifest = run(corpus, tmp_path / "out")
    photos = datasets.load_dataset(str(tmp_path / "out"), "photos", cache_dir=str(tmp_path / "cache"), split="train")
    assert photos.features["photo"] == datasets.Image()
    assert photos[0]["photo"].size == (32, 24)
    clips = datasets.load_dataset(str(tmp_path / "out"), "clips", cache_dir=str(tmp_path / "cache"))
    assert isinstance(clips["train"].features["clip"], datasets.Audio)
    raw = clips["test"].cast_column("clip", datasets.Audio(decode=False))[0]
    source = raw["augury_id"].removeprefix("clips/")
    assert raw["clip"]["bytes"] == (tmp_path / "clips" / source).read_bytes()
    samples, rate = soundfile.read(io.BytesIO(raw["clip"]["bytes"]))
    assert rate == 8000 and len(samples) == 2000
    shard = tmp_path / "out" / next(s["path"] for s in manifest.data["shards"] if s["collection"] == "photos")
    frame, polar = pd.read_parquet(shard), pl.read_parquet(shard)
    assert list(frame.columns) == polar.columns and len(frame) == polar.height
    first = frame[frame["augury_copy"].isna()].iloc[0]
    assert first["photo"]["bytes"] == (tmp_path / "photos" / first["augury_id"].removeprefix("photos/")).read_bytes()


def test_a_payload_that_no_step_touched_keeps_its_bytes(tmp_path, make_recipe, write_jsonl):
    """A pipeline on captions leaves each photograph's file as it is."""
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.png").write_bytes(picture(1))
    write_jsonl(tmp_path / "photos" / "metadata.jsonl", [{"file_name": "a.png", "caption": "one two three four five"}])
    fields = {"photo": "image", "caption": "text"}
    source = Source("photos", "folder", "photos", {"image": "photo"})
    recipe = make_recipe(tmp_path, [source], fields=fields, steps=["text.swap"], split=None)
    run(recipe, tmp_path / "out")
    import pyarrow.parquet as pq

    rows = pq.read_table(tmp_path / "out/data/photos/train-00000-of-00001.parquet").to_pylist()
    assert len(rows) == 3 and {r["photo"]["bytes"] for r in rows} == {picture(1)}
    assert len({r["caption"] for r in rows}) > 1


def test_donor_rows_are_replayed_with_their_parents(tmp_path, make_recipe, write_jsonl):
    """A mixed photograph names both parents and is rebuilt from them; its label is a distribution, originals too."""
    (tmp_path / "photos").mkdir()
    for i in range(8):
        (tmp_path / "photos" / f"{i}.png").write_bytes(picture(i))
    write_jsonl(
        tmp_path / "photos" / "metadata.jsonl", [{"file_name": f"{i}.png", "label": "ab"[i % 2]} for i in range(8)]
    )
    fields = {"photo": "image", "label": {"kind": "category", "role": "label"}}
    source = Source("photos", "folder", "photos", {"image": "photo"})
    recipe = make_recipe(tmp_path, [source], fields=fields, steps=["image.mixup"], split=None, copies=1)
    run(recipe, tmp_path / "out", workers=2)
    row = ids_of(tmp_path / "out", "photos", copy=True)[0]
    again = replay(tmp_path / "out", row, recipe=recipe)
    assert again.equal, again.differences
    assert len(again.values["augury_parents"]) == 2
    assert sum(part["weight"] for part in again.values["label"]) == pytest.approx(1)
    assert replay(tmp_path / "out", "photos/0.png", recipe=recipe).values["label"] == [{"value": "a", "weight": 1.0}]
    assert verify(tmp_path / "out").ok


def test_donors_of_a_named_pool(tmp_path, corpus, make_recipe):
    """A collection that only serves donors is not written; rows name its records as parents and are replayed."""
    (tmp_path / "noise").mkdir()
    for i in range(4):
        (tmp_path / "noise" / f"n{i}.wav").write_bytes(sound(50 + i))
    sources = [
        Source("clips", "folder", "clips", {"audio": "clip"}),
        Source("noise", "folder", "noise", {"audio": "clip"}, pool=True),
    ]
    steps = [{"audio.background": {"pool": "noise"}}]
    fields = {"clip": "audio", "words": {"kind": "intervals", "of": "clip"}}
    split = Split({"train": 0.5, "test": 0.5}, exact=True)
    recipe = make_recipe(tmp_path, sources, fields=fields, steps=steps, split=split, sides=("train", "test"), copies=1)
    manifest = run(recipe, tmp_path / "out")
    assert run(recipe, tmp_path / "two", workers=2).content_hash == manifest.content_hash
    assert list(manifest.counts) == ["clips"] and manifest.counts["clips"]["train"]["rows"] == 12
    assert verify(tmp_path / "out").ok
    again = replay(tmp_path / "out", ids_of(tmp_path / "out", "clips", copy=True)[0], recipe=recipe)
    assert again.equal and again.values["augury_parents"][1].startswith("noise/n")


def test_changed_and_missing_sources_are_named(tmp_path, corpus):
    """Replay refuses a source that is not what it was, and a row that never was."""
    run(corpus, tmp_path / "out")
    row = ids_of(tmp_path / "out", "photos", copy=True)[0]
    file = tmp_path / "photos" / row.removeprefix("photos/").split("@")[0]
    file.write_bytes(picture(99))
    with pytest.raises(CheckFailed, match=r"record photos/.*: expected what the source held, got another content"):
        replay(tmp_path / "out", row, recipe=corpus)
    file.unlink()
    with pytest.raises(CheckFailed, match="expected a file, got none there"):
        replay(tmp_path / "out", row, recipe=corpus)
    with pytest.raises(RecipeError, match="a row of the dataset, got 'photos/none'"):
        replay(tmp_path / "out", "photos/none", recipe=corpus)


def test_damaged_payloads_are_quarantined(tmp_path, corpus):
    """A cut JPEG, a truncated WAV and an empty file leave the run with their reasons; the rest is written."""
    from dataclasses import replace

    (tmp_path / "photos" / "3.png").write_bytes(picture(3)[:60])
    (tmp_path / "photos" / "4.png").write_bytes(b"")
    (tmp_path / "clips" / "5.wav").write_bytes(sound(5)[:30])
    (tmp_path / "clips" / "6.wav").unlink()
    recipe = replace(corpus, limits=Limits(unit_records=4, max_quarantined=0.2))
    manifest = run(recipe, tmp_path / "out")
    bad = [json.loads(line) for line in (tmp_path / "out" / "quarantine.jsonl").read_text().splitlines()]
    assert {b["id"] for b in bad} == {"photos/3.png", "photos/4.png", "clips/5.wav", "clips/6.wav"}
    assert all(b["reason"].startswith("metadata.jsonl:") and "Fix:" in b["reason"] for b in bad)
    assert manifest.quarantined == {"collect": 4}
    counts = Counter(r.split("/")[0] for c in ("photos", "clips") for r in ids_of(tmp_path / "out", c, copy=False))
    assert counts == {"photos": 10, "clips": 10}
    assert verify(tmp_path / "out").content_hash == Manifest.load(tmp_path / "out").content_hash
