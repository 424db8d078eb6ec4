"""What becomes of copies: failed ones, dropped ones, sides and originals left out, folders as output."""

import io
import json

import numpy as np
import pytest

from augury.catalog import registry
from augury.dataset import run, verify
from augury.errors import RecipeError
from augury.recipe.model import Limits, Source, Split, Write

BOXES = {"photo": "image", "boxes": {"kind": "boxes", "of": "photo", "on_empty": "drop"}}


@pytest.fixture
def photos(tmp_path, write_jsonl):
    """Twelve photographs, each with a box near its edge."""
    kind = registry().load("kinds", "image")()
    (tmp_path / "photos").mkdir()
    for i in range(12):
        pixels = np.full((40, 40, 3), i * 20, np.uint8)
        pixels[:8, :8] = 255
        (tmp_path / "photos" / f"{i}.png").write_bytes(kind.pack(pixels))
    rows = [{"file_name": f"{i}.png", "boxes": [{"box": [0, 0, 8, 8], "label": "corner"}]} for i in range(12)]
    write_jsonl(tmp_path / "photos" / "metadata.jsonl", rows)
    return Source("photos", "folder", "photos", {"image": "photo"})


def rows_of(folder, collection):
    """All rows of a parquet dataset."""
    import pyarrow.parquet as pq

    return [r for p in sorted((folder / "data" / collection).glob("*.parquet")) for r in pq.read_table(p).to_pylist()]


def test_a_copy_whose_boxes_left_is_dropped_and_counted(tmp_path, photos, make_recipe):
    """on_empty: drop takes the copy alone; it is counted apart and is no quarantine."""
    steps = [{"image.crop": {"size": [16, 16]}}]
    recipe = make_recipe(tmp_path, [photos], fields=BOXES, steps=steps, split=None, copies=4)
    manifest = run(recipe, tmp_path / "out")
    dropped = manifest.data["quarantine"]["dropped"]
    rows = rows_of(tmp_path / "out", "photos")
    assert dropped > 0 and len(rows) == 12 + 48 - dropped and manifest.quarantined == {}
    assert all(r["boxes"] for r in rows)
    assert verify(tmp_path / "out").ok


def test_a_copy_that_fails_loses_that_copy_alone(tmp_path, write_jsonl, make_recipe):
    """A donor without a value fails the copies that picked it; their records and other copies stay."""
    rows = [{"name": str(i), "label": "ab"[i % 2] if i % 3 else None} for i in range(10)]
    kind = registry().load("kinds", "image")()
    (tmp_path / "p").mkdir()
    for i, row in enumerate(rows):
        (tmp_path / "p" / f"{i}.png").write_bytes(kind.pack(np.full((8, 8, 3), i * 9, np.uint8)))
        row["photo"] = f"p/{i}.png"
    write_jsonl(tmp_path / "rows.jsonl", rows)
    fields = {"name": {"kind": "id", "role": "key"}, "photo": "image", "label": {"kind": "category", "role": "label"}}
    source = Source("rows", "jsonl", "rows.jsonl")
    limits = Limits(max_quarantined=0.5, unit_records=3)
    recipe = make_recipe(tmp_path, [source], fields=fields, steps=["image.mixup"], split=None, copies=4, limits=limits)
    manifest = run(recipe, tmp_path / "out")
    bad = [json.loads(line) for line in (tmp_path / "out" / "quarantine.jsonl").read_text().splitlines()]
    assert bad and manifest.quarantined == {"augment": len(bad)}
    assert all("donor 'rows/" in b["reason"] and b["copy"] is not None for b in bad)
    written = rows_of(tmp_path / "out", "rows")
    assert len(written) == 50 - len(bad)
    assert sum(r["augury_copy"] is None for r in written) == 10
    assert run(recipe, tmp_path / "two", workers=2).content_hash == manifest.content_hash


def test_originals_left_out_and_other_sides_augmented(tmp_path, people, write_jsonl, make_recipe):
    """originals: false leaves them out of the augmented sides only; donors and parents stay true."""
    write_jsonl(tmp_path / "rows.jsonl", people)
    recipe = make_recipe(
        tmp_path, [Source("rows", "jsonl", "rows.jsonl")], steps=[{"table.jitter": {"field": ["age"]}}],
        originals=False, sides=("train", "val"), split=Split(exact=True),
    )  # fmt: skip
    counts = run(recipe, tmp_path / "out").counts["rows"]
    assert counts["train"]["originals"] == counts["val"]["originals"] == 0
    assert counts["train"]["rows"] == 2 * counts["train"]["records"] > 0
    assert counts["test"]["originals"] == counts["test"]["rows"] == 12
    assert verify(tmp_path / "out").ok


def test_a_folder_is_written_as_hugging_face_reads_it(tmp_path, photos, make_recipe):
    """Files with metadata, opened by datasets as an image folder, verified here, equal to the parquet dataset."""
    import datasets

    fields = {**BOXES, "boxes": {"kind": "boxes", "of": "photo"}}
    args = {"fields": fields, "steps": ["image.flip"], "split": Split({"train": 0.7, "test": 0.3}, exact=True)}
    plain = run(make_recipe(tmp_path, [photos], **args), tmp_path / "out")
    folder = run(make_recipe(tmp_path, [photos], **args, write=Write("folder")), tmp_path / "folder")
    assert folder.content_hash == plain.content_hash
    assert verify(tmp_path / "folder").ok
    opened = datasets.load_dataset(str(tmp_path / "folder"), "photos", cache_dir=str(tmp_path / "cache"))
    assert {side: len(rows) for side, rows in opened.items()} == {
        s: n["rows"] for s, n in folder.counts["photos"].items()
    }
    assert opened["train"][0]["photo"].size == (40, 40)
    file = next((tmp_path / "folder" / "data" / "photos").glob("train-*/*.png"))
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(bytes(data))
    (finding, *_) = [f for f in verify(tmp_path / "folder").findings if "is not the row" in f.problem]
    assert "train-00000-of-00001/metadata.parquet row" in finding.place


def test_a_folder_needs_files(tmp_path, people, write_jsonl, make_recipe):
    """Rows without payloads cannot be written as a folder."""
    write_jsonl(tmp_path / "rows.jsonl", people)
    recipe = make_recipe(tmp_path, [Source("rows", "jsonl", "rows.jsonl")], write=Write("folder"))
    with pytest.raises(RecipeError, match="a field kept as files"):
        run(recipe, tmp_path / "out")


def test_an_image_over_the_limit_is_quarantined_unless_its_field_allows_it(tmp_path, photos, make_recipe):
    """limits.max_image_pixels holds for fields that state no limit of their own."""
    limits = Limits(max_image_pixels=1000, max_quarantined=1.0)
    manifest = run(make_recipe(tmp_path, [photos], fields=BOXES, split=None, limits=limits), tmp_path / "out")
    assert manifest.quarantined == {"collect": 12}
    assert (
        "1000" in (tmp_path / "out" / "quarantine.jsonl").read_text()
        or "1,000" in (tmp_path / "out" / "quarantine.jsonl").read_text()
    )
    fields = {**BOXES, "photo": {"kind": "image", "max_pixels": 2000}}
    assert (
        run(make_recipe(tmp_path, [photos], fields=fields, split=None, limits=limits), tmp_path / "b").quarantined == {}
    )


def test_nan_audio_and_a_truncated_wav_are_quarantined(tmp_path, make_recipe):
    """Damaged sound leaves with its reason."""
    import soundfile

    (tmp_path / "clips").mkdir()
    good = np.sin(np.arange(2000) / 9).astype(np.float32)
    for name, samples in (("good", good), ("nan", np.where(np.arange(2000) == 7, np.nan, good))):
        out = io.BytesIO()
        soundfile.write(out, samples, 8000, format="WAV", subtype="FLOAT")
        (tmp_path / "clips" / f"{name}.wav").write_bytes(out.getvalue())
    (tmp_path / "clips" / "cut.wav").write_bytes((tmp_path / "clips" / "good.wav").read_bytes()[:3000])
    source = Source("clips", "folder", "clips", {"audio": "clip"})
    limits = Limits(max_quarantined=0.9)
    manifest = run(
        make_recipe(tmp_path, [source], fields={"clip": "audio"}, split=None, limits=limits), tmp_path / "out"
    )
    bad = [json.loads(line)["id"] for line in (tmp_path / "out" / "quarantine.jsonl").read_text().splitlines()]
    assert sorted(bad) == ["clips/cut.wav", "clips/nan.wav"] and manifest.rows == 1


def test_rows_may_hold_missing_values_as_nan_or_null(tmp_path, make_recipe):
    """NaN in a table is a missing value and no error."""
    (tmp_path / "rows.jsonl").write_text('{"age": NaN, "income": 1}\n{"age": 2, "income": null}\n')
    fields = {"age": "number", "income": "number"}
    recipe = make_recipe(tmp_path, [Source("rows", "jsonl", "rows.jsonl")], fields=fields, split=None)
    assert run(recipe, tmp_path / "out").quarantined == {}
    assert sorted(((r["age"], r["income"]) for r in rows_of(tmp_path / "out", "rows")), key=str) == [
        (2.0, None),
        (None, 1.0),
    ]


def test_values_that_cannot_be_stored_are_quarantined(tmp_path, make_recipe):
    """A number past 64 bits and half a surrogate pair take their record, not the run."""
    lines = ['{"name": "a", "age": 1}', '{"name": "b", "age": 36893488147419103232}', '{"name": "\\ud800", "age": 2}']
    (tmp_path / "rows.jsonl").write_text("\n".join(lines))
    fields = {"name": {"kind": "id"}, "age": {"kind": "number", "integer": True}}
    limits = Limits(max_quarantined=0.9)
    recipe = make_recipe(tmp_path, [Source("rows", "jsonl", "rows.jsonl")], fields=fields, split=None, limits=limits)
    assert run(recipe, tmp_path / "out").quarantined == {"collect": 2}
    reasons = (tmp_path / "out" / "quarantine.jsonl").read_text()
    assert "rows.jsonl:2: field 'age': expected a whole number of 64 bits" in reasons
    assert "rows.jsonl:3: field 'name': expected a value that fits string" in reasons
    keyed = {"name": {"kind": "id", "role": "key"}, "age": "number"}
    recipe = make_recipe(tmp_path, [Source("rows", "jsonl", "rows.jsonl")], fields=keyed, split=None, limits=limits)
    assert run(recipe, tmp_path / "keyed").quarantined == {"collect": 1}
