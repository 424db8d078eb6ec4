"""The demo as a newcomer meets it, and the examples beside it, held against what can be known without them."""

import io
import json
import re
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import soundfile
from PIL import Image

from tests.e2e.conftest import ROOT, run

pytestmark = pytest.mark.slow

EXAMPLES = (
    "one_function.py",
    "image_folder.py",
    "coco_roundtrip.py",
    "text_with_spans.py",
    "audio_with_intervals.py",
    "table.py",
    "next_item.py",
)


def rows_of(dataset, collection, side="train"):
    """Return the rows of one side of a collection."""
    return [row for path in (dataset / "data" / collection).glob(f"{side}-*.parquet") for row in pq.read_table(path).to_pylist()]  # fmt: skip


def lines_of(path):
    """Return the objects of a JSON lines file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def picture(payload):
    """Return a stored picture as an array."""
    return np.asarray(Image.open(io.BytesIO(payload["bytes"])))


def size_of(path):
    """Return a picture's width and height."""
    with Image.open(path) as image:
        return image.size


def pixels_of(path):
    """Return a picture as an array of RGB or labels."""
    with Image.open(path) as image:
        return np.asarray(image)


# -- the corpus --------------------------------------------------------------------------------------------------------


def test_the_corpus_says_what_lies_where(demo):
    """Boxes and points lie inside their photographs, masks have their size, every photograph states its licence."""
    photos = demo.home / "corpus" / "photos"
    rows = lines_of(photos / "metadata.jsonl")
    assert len(rows) == len(list(photos.glob("*.jpg"))) == 14
    for row in rows:
        width, height = size_of(photos / row["file_name"])
        for entry in row.get("boxes", ()):
            left, top, right, bottom = entry["box"]
            assert 0 <= left < right <= width and 0 <= top < bottom <= height, row["file_name"]
        for entry in row.get("points", ()):
            assert 0 < entry["point"][0] < width and 0 < entry["point"][1] < height, row["file_name"]
        if "near_file_name" in row:
            mask = pixels_of(photos / row["near_file_name"])
            assert mask.shape == (height, width) and set(np.unique(mask)) == {0, 1}
        assert row["licence"]
        assert ("caption" in row) == (row["file_name"] != "stereo_motorcycle.jpg")


def test_captions_are_the_documentations_words(demo):
    """A caption's sentences stand in the documentation of its picture; the retina's is the title of its source."""
    from skimage import data

    for row in lines_of(demo.home / "corpus" / "photos" / "metadata.jsonl"):
        name = row["file_name"].removesuffix(".jpg")
        if "caption" in row:
            document = " ".join(getattr(data, name).__doc__.split()).replace("_", " ")
            first, _, rest = row["caption"].rstrip(".").partition(". ")
            assert first in document and rest in document, name


def test_calls_are_cut_where_the_transcript_says(demo):
    """Clips are as long as the utterances of the wheel's .stm file, hold their sound, and speakers lie inside them."""
    from importlib.metadata import files

    found = {f.name: Path(str(f.locate())) for f in files("pyannote-audio") if f.parent.name == "sample"}
    sound, rate = soundfile.read(found["sample.wav"], dtype="int16")
    told = [line.split(maxsplit=5) for line in found["sample.stm"].read_text().splitlines()]
    rows = lines_of(demo.home / "corpus" / "calls" / "metadata.jsonl")
    assert [row["said"] for row in rows] == [line[5] for line in told]
    for row, (_, _, _, begin, end, _) in zip(rows, told, strict=True):
        clip, _ = soundfile.read(demo.home / "corpus" / "calls" / row["file_name"], dtype="int16")
        assert np.array_equal(clip, sound[round(float(begin) * rate) : round(float(end) * rate)])
        assert row["speakers"]
        assert all(0 <= s["start"] < s["end"] <= len(clip) / rate + 1e-3 for s in row["speakers"])


# -- what came out -----------------------------------------------------------------------------------------------------


def test_the_demo_says_what_it_made_and_where(demo):
    """All that is named at the end exists; every row asked for was replayed; verify was content."""
    end = demo.printed.partition("# done in ")[2]
    for name in ("contact-sheet.png", "preview.html", "out"):
        assert f"examples/demo/{name}" in end
        assert (demo.home / name).exists()
    assert demo.printed.count("equal bit for bit") >= 4
    assert "all is well" in demo.printed
    counts = json.loads((demo.home / "out" / "manifest.json").read_text())["counts"]
    originals = {name: sum(side["originals"] for side in sides.values()) for name, sides in counts.items()}
    assert originals == {"photos": 14, "calls": 13, "wine": 178, "patients": 442}
    assert not (demo.home / "out" / "quarantine.jsonl").read_text()
    for name, count in originals.items():
        assert re.search(rf"  {name} +{count} records", end)


def test_the_contact_sheet_shows_boxes_masks_and_marked_words(demo):
    """The picture is large, and has the colours that targets and changed words are drawn in."""
    sheet = pixels_of(demo.home / "contact-sheet.png").reshape(-1, 3)
    assert len(sheet) > 1_000_000
    for color in ((255, 214, 0), (196, 40, 28), (38, 104, 200)):
        assert (sheet == color).all(axis=1).sum() > 500, color


def test_only_the_recipe_is_the_projects(demo):
    """What the demo makes is ignored by git: no third party's file is in the repository."""
    ignored = (ROOT / "examples" / "demo" / ".gitignore").read_text().split()
    assert ignored == ["*", "!.gitignore", "!recipe.yaml"]


def test_a_mirrored_retina_is_the_other_eye(demo):
    """The optic disc, the brightest green of the picture, lies left in a left eye's caption and right in a right's."""
    retinas = [r for r in rows_of(demo.home / "out", "photos") if r["augury_id"].startswith("photos/retina.jpg")]
    sides = Counter()
    for row in retinas:
        green = picture(row["photo"])[:, :, 1].astype(float)
        rows, columns = (n // 15 for n in green.shape)
        coarse = green[: rows * 15, : columns * 15].reshape(rows, 15, columns, 15).mean(axis=(1, 3))
        disc = np.unravel_index(coarse.argmax(), coarse.shape)[1] / columns
        side = "left" if disc < 0.5 else "right"
        assert side in row["caption"], (row["augury_id"], disc, row["caption"])
        sides[side] += 1
    assert set(sides) == {"left", "right"}


def test_a_left_eye_stays_the_subjects_left(demo):
    """In every copy, mirrored or not, the left eye is further right in the picture than the right eye."""
    seen = 0
    for row in rows_of(demo.home / "out", "photos"):
        points = {p["label"]: p["point"] for p in row["points"] or () if p["visibility"]}
        if {"left_eye", "right_eye"} <= set(points):
            assert points["left_eye"][0] > points["right_eye"][0], row["augury_id"]
            seen += 1
    assert seen >= 4


def test_speakers_follow_the_speed(demo):
    """An utterance's only speaker ends at the same share of every copy of it."""
    families = {}
    for row in rows_of(demo.home / "out", "calls"):
        length = soundfile.info(io.BytesIO(row["clip"]["bytes"])).duration
        key = row["augury_id"].partition("@")[0]
        families.setdefault(key, []).append(
            (length, [(s["start"] / length, s["end"] / length) for s in row["speakers"]])
        )
    for key, copies in families.items():
        assert len({round(length, 3) for length, _ in copies}) > 1, key
        for length, speakers in copies[1:]:
            assert np.allclose(speakers, copies[0][1], atol=2 / (16_000 * length) + 1e-4), key


def test_a_changed_number_makes_another_dataset_and_back(demo, tmp_path):
    """A newcomer changes the angle and runs again: other photographs, the same tables; the old number, the old hash."""
    mine = demo.copy(tmp_path / "repository")
    recipe = mine.home / "recipe.yaml"
    before = recipe.read_text()

    def again():
        done = run("augury run examples/demo/recipe.yaml -o examples/demo/out --fresh --workers 1 --json", mine.folder)
        assert done.returncode == 0, done.stdout
        return re.search(r'"content_hash": "(\w+)"', done.stdout)[1]

    first = json.loads((mine.home / "out" / "manifest.json").read_text())["content_hash"]
    recipe.write_text(before.replace("angle_deg_range: [-20, 20]", "angle_deg_range: [-45, 45]"))
    assert recipe.read_text() != before
    assert again() != first
    for collection in ("calls", "wine", "patients"):
        assert rows_of(mine.home / "out", collection) == rows_of(demo.home / "out", collection)
    photos = {r["augury_id"]: r["photo"]["bytes"] for r in rows_of(demo.home / "out", "photos")}
    changed = [r for r in rows_of(mine.home / "out", "photos") if r["photo"]["bytes"] != photos[r["augury_id"]]]
    assert changed and all(r["augury_copy"] is not None for r in changed)
    recipe.write_text(before)
    assert again() == first


def test_the_contact_sheet_bears_a_changed_recipe(demo, tmp_path):
    """Fewer copies and no calls still give a picture."""
    mine = demo.copy(tmp_path / "repository")
    text = (mine.home / "recipe.yaml").read_text().replace("copies: 3", "copies: 1")
    drop = ("corpus/calls", "clip:", "speakers:", "said:", "audio.")
    kept = [line for line in text.splitlines() if not any(word in line for word in drop)]
    (mine.home / "recipe.yaml").write_text("\n".join(kept))
    done = run(
        "augury run examples/demo/recipe.yaml -o examples/demo/out --fresh && "
        "python examples/contact_sheet.py examples/demo/out examples/demo/small.png",
        mine.folder,
    )
    assert done.returncode == 0, done.stdout
    assert size_of(mine.home / "small.png")[1] < size_of(mine.home / "contact-sheet.png")[1]


# -- the other examples ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def printed(demo, tmp_path_factory):
    """Each example's output, run without a warning."""
    out = tmp_path_factory.mktemp("examples")
    arguments = {
        "one_function.py": [out / "sepia.png"],
        "image_folder.py": [demo.home / "corpus" / "photos", out / "pictures"],
        "coco_roundtrip.py": [demo.home / "corpus" / "photos", out / "roundtrip"],
        "audio_with_intervals.py": [out / "beeps.wav"],
    }
    texts = {}
    for name in EXAMPLES:
        done = run([sys.executable, "-W", "error", ROOT / "examples" / name, *arguments.get(name, [])], out)
        assert done.returncode == 0, f"{name}\n{done.stdout}"
        texts[name] = done.stdout
    return texts, out


def test_every_example_is_run_here():
    """No example without a test; that of synthesis needs its plugin, and is run where the command is tested."""
    others = {"corpus.py", "demo.py", "contact_sheet.py", "synthesize.py"}
    assert {p.name for p in (ROOT / "examples").glob("*.py")} == {*EXAMPLES, *others}


def test_one_function(printed):
    """The transform is applied and replayed, and takes the blue out of the picture."""
    texts, out = printed
    assert "replayed, equal: True" in texts["one_function.py"]
    assert texts["one_function.py"].count("image.sepia on photo") == 4
    pictures = pixels_of(out / "sepia.png").astype(int)
    blue = [(part[:, :, 2] > part[:, :, 0] + 10).mean() for part in np.split(pictures, 5, axis=1)]
    assert blue[0] > 0.02 and max(blue[1:]) < blue[0] / 2


def test_image_folder(printed):
    """Three copies of each picture, whose boxes lie in them and keep their labels."""
    rows = lines_of(printed[1] / "pictures" / "metadata.jsonl")
    assert len(rows) == 42
    for row in rows:
        assert size_of(printed[1] / "pictures" / row["file_name"]) == (256, 256)
        for entry in row["boxes"]:
            left, top, right, bottom = entry["box"]
            assert -1e-9 <= left < right <= 256 + 1e-9 and -1e-9 <= top < bottom <= 256 + 1e-9 and entry["label"]


def test_coco_roundtrip(printed):
    """Originals of both sides have the ids and boxes they came with; every copy of the training side its categories."""
    out = printed[1] / "roundtrip"
    before = json.loads((out / "coco" / "instances.json").read_text(encoding="utf-8"))
    found = [json.loads(p.read_text(encoding="utf-8")) for p in (out / "augmented").glob("data/coco/*/instances.json")]
    assert len(found) == 2
    originals = {i["id"] for f in found for i in f["images"] if "augury_copy" not in i}
    assert originals == {i["id"] for i in before["images"]}
    kept = {n["id"]: n for f in found for n in f["annotations"] if n["image_id"] in originals}
    assert kept.keys() == {n["id"] for n in before["annotations"]}
    for note in before["annotations"]:
        assert {k: kept[note["id"]][k] for k in ("image_id", "category_id", "iscrowd", "area")}.items() <= note.items()
        assert np.allclose(kept[note["id"]]["bbox"], note["bbox"])
    assert all(f["categories"] == before["categories"] for f in found)
    assert sum("augury_copy" in i for f in found for i in f["images"]) % 3 == 0


def test_text_with_spans(printed):
    """The names stand where the offsets say, in every copy."""
    found = re.findall(r"^ +(\d+)-(\d+) +(\w+) +(.+)$", printed[0]["text_with_spans.py"], re.MULTILINE)
    names = Counter(text for *_, text in found)
    assert set(names) == {"Marie Curie", "Warsaw", "Paris", "1891"} and set(names.values()) == {5}


def test_audio_with_intervals(printed):
    """The beeps of the written copy sound at the times that were printed for it, at their pitch."""
    line = printed[0]["audio_with_intervals.py"].splitlines()[2]
    beeps = re.findall(r"\(([\d.]+), ([\d.]+), '(\w+)'\)", line)
    sound, rate = soundfile.read(printed[1] / "beeps.wav")
    assert beeps
    for start, end, label in beeps:
        middle = (float(start) + float(end)) / 2
        part = sound[round((middle - 0.03) * rate) : round((middle + 0.03) * rate)]
        spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part)), 16 * len(part)))
        pitch = spectrum.argmax() / (16 * len(part)) * rate
        assert abs(pitch / {"low": 440, "high": 1320}[label] - 1) < 0.03


def test_table(printed):
    """The rare class has become level with the others, by rows within its own range."""
    before, after = (eval(re.search(rf"{w} +(\{{.*\}})", printed[0]["table.py"])[1]) for w in ("before", "after"))
    assert before["class_2"] == 12 and after["class_2"] == 60
    assert {k: v for k, v in before.items() if k != "class_2"} == {k: v for k, v in after.items() if k != "class_2"}


def test_next_item(printed):
    """Hit rates far above chance (10 of 180 items), each difference with its interval and the verdict that it gives."""
    whole = printed[0]["next_item.py"].split("generated log, 60 users")[0]
    assert float(re.search(r"none +([\d.]+)", whole)[1]) > 4 * 10 / 180
    found = re.findall(r"([+-][\d.]+) \+/- ([\d.]+)  (helps|harms|no difference)", whole)
    assert len(found) == 3
    for gain, half, verdict in found:
        sure = abs(float(gain)) > float(half)
        expected = {"helps", "harms"} if sure else {"no difference"}
        assert verdict in expected or abs(abs(float(gain)) - float(half)) < 0.002


def test_the_example_plugin_passes_its_tests(plugin_site, tmp_path):
    """Installed by pip, it is listed, and the conformance kit and its own tests pass."""
    tests = str(ROOT / "examples" / "augury-vintage" / "tests")
    listed = run("augury plugins list", tmp_path, PYTHONPATH=str(plugin_site))
    assert "augury-vintage" in listed.stdout and "1 op, 1 kind, 1 coupling" in listed.stdout
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "--import-mode=importlib", "-p", "no:cacheprovider"]
    done = run([*command, tests], tmp_path, PYTHONPATH=str(plugin_site))
    assert done.returncode == 0, done.stdout
