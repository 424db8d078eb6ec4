"""COCO in, COCO out: what pycocotools reads of both."""

import json

import cv2
import numpy as np
import pytest
from pycocotools import mask as masks
from pycocotools.coco import COCO

import augury
from augury.dataset import verify
from augury.errors import DataError
from augury_image.rle import read_runs, runs_of

# pycocotools 2.0.11 under NumPy 2.4.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning")

STEPS = [{"image.flip": {"axis": "horizontal"}}]


def _load(path):
    import contextlib
    import io

    with contextlib.redirect_stdout(io.StringIO()):
        return COCO(str(path))


def _shard(out, side="train"):
    (folder,) = (out / "data" / "data").glob(f"{side}-*")
    return folder


def test_originals_come_back_as_they_were(tmp_path, coco_data, five_lines):
    """Image ids, annotation ids, category ids, boxes, areas, crowd flags, outlines, keypoints and other keys stand."""
    out = five_lines(tmp_path, "coco", steps=STEPS)
    found = _load(_shard(out) / "instances.json")
    assert {c["id"]: c["name"] for c in found.cats.values()} == {1: "person", 18: "dog", 90: "toothbrush"}
    assert found.cats[18]["supercategory"] == "animal"
    assert found.cats[1]["keypoints"] == ["left_eye", "right_eye", "nose"]
    before = _load(tmp_path / "data" / "annotations" / "instances.json")
    for number, image in before.imgs.items():
        assert {k: v for k, v in found.imgs[number].items() if not k.startswith("augury_")} == image
    for number, one in before.anns.items():
        again = found.anns[number]
        assert {k: again[k] for k in one if k != "segmentation"} == {
            k: v for k, v in one.items() if k != "segmentation"
        }
        assert np.array_equal(found.annToMask(again), before.annToMask(one))
    assert found.dataset["licenses"] == before.dataset["licenses"]


def test_copies_have_their_own_numbers_and_the_same_categories(tmp_path, coco_data, five_lines):
    """Three copies of each image: every id differs, every box lies on its picture, an empty image stays empty."""
    out = five_lines(tmp_path, "coco", steps=STEPS)
    found = _load(_shard(out) / "instances.json")
    assert len(found.imgs) == 12 and len(found.anns) == 12
    copies = [i for i in found.imgs.values() if "augury_copy" in i]
    assert sorted(i["augury_copy"] for i in copies) == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    for image in copies:
        height, width = cv2.imread(str(_shard(out) / "images" / image["file_name"])).shape[:2]
        assert (height, width) == (image["height"], image["width"])
        whence = next(i for i in coco_data["images"] if image["augury_parents"][0].endswith(i["file_name"]))
        expected = [a for a in coco_data["annotations"] if a["image_id"] == whence["id"]]
        got = found.imgToAnns[image["id"]]
        assert [a["category_id"] for a in got] == [a["category_id"] for a in expected]
        assert [a["iscrowd"] for a in got] == [a["iscrowd"] for a in expected]
        for one, old in zip(got, expected, strict=True):
            x, y, w, h = old["bbox"]
            assert one["bbox"] == pytest.approx([width - x - w, y, w, h])
            assert one["area"] == pytest.approx(old["area"])
    assert verify(out).ok


def test_a_flip_is_exact_to_the_pixel(tmp_path, coco_data, five_lines):
    """The flipped masks are the masks, flipped; keypoints trade left and right."""
    out = five_lines(tmp_path, "coco", steps=STEPS, copies=1)
    found, before = _load(_shard(out) / "instances.json"), _load(tmp_path / "data" / "annotations" / "instances.json")
    for image in (i for i in found.imgs.values() if "augury_copy" in i):
        old = next(i for i in before.imgs.values() if image["augury_parents"][0].endswith(i["file_name"]))
        for one, was in zip(found.imgToAnns[image["id"]], before.imgToAnns[old["id"]], strict=True):
            mask, expected = found.annToMask(one), before.annToMask(was)[:, ::-1]
            assert (mask != expected).sum() <= 0.02 * max(1, expected.sum())  # outlines are drawn on whole pixels
            if was["iscrowd"]:
                assert np.array_equal(mask, expected)
            if "keypoints" in was:
                left, right, nose = np.reshape(one["keypoints"], (3, 3)).tolist()
                assert left == [70 - 30.0, 10.0, 1] and right == [70 - 10.0, 10.0, 2] and nose == [0, 0, 0]


def test_what_was_written_is_read_again_the_same(tmp_path, coco_data, five_lines):
    """A finished collection is a COCO source: the same boxes, labels and side."""
    out = five_lines(tmp_path, "coco", steps=STEPS)
    recipe = tmp_path / "again.yaml"
    recipe.write_text("recipe: 1\ncollect: [{path: out/data/data, format: coco}]\nsplit: {field: side}\n")
    augury.load(recipe).run(tmp_path / "again")
    first, second = (_rows(folder) for folder in (out, tmp_path / "again"))
    assert len(first) == 12 and first == second


def _rows(out):
    import pyarrow.parquet as pq

    rows = []
    for path in sorted(out.glob("data/*/*.parquet")) + sorted(out.glob("data/*/*/augury.parquet")):
        for row in pq.read_table(path).to_pylist():
            rows.append(sorted((i["label"], tuple(i["box"]), i["crowd"], len(i["rings"])) for i in row["instances"]))
    return sorted(rows)


def test_an_annotation_without_its_image_is_reported(tmp_path, coco_data, five_lines):
    """It is quarantined with its number; the rest is written."""
    coco_data["annotations"].append(coco_data["annotations"][0] | {"id": 77, "image_id": 4040})
    (tmp_path / "data" / "annotations" / "instances.json").write_text(json.dumps(coco_data))
    out = five_lines(tmp_path, "coco", steps=STEPS, limits={"max_quarantined": 0.5})
    (line,) = (out / "quarantine.jsonl").read_text().splitlines()
    assert "annotation 77" in line and "4040" in line
    assert len(_load(_shard(out) / "instances.json").imgs) == 12


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda d: d["images"][0].update(file_name="../../etc/passwd"), "inside the source"),
        (lambda d: d["images"][0].update(file_name="gone.jpg"), "gone.jpg"),
        (lambda d: d["annotations"][0].update(category_id=5), "category_id"),
        (lambda d: d["annotations"][0].update(bbox=[1, 2, -3, 4]), "box"),
        (lambda d: d["annotations"][1]["segmentation"].update(counts=[1, 2]), "fill the mask"),
        (lambda d: d["annotations"][1]["segmentation"].update(size=[10**6, 10**6]), "pixels"),
        (lambda d: d["annotations"][1]["segmentation"].update(counts="\x7f\x7f"), "compressed runs"),
        (lambda d: d["annotations"][2].update(keypoints=[1, 2, 9]), "visibility"),
    ],
)
def test_a_bad_annotation_takes_its_image_out_alone(tmp_path, coco_data, five_lines, change, word):
    """The image is quarantined with the reason; the others are written."""
    change(coco_data)
    (tmp_path / "data" / "annotations" / "instances.json").write_text(json.dumps(coco_data))
    out = five_lines(tmp_path, "coco", steps=STEPS, limits={"max_quarantined": 0.5})
    (line,) = (out / "quarantine.jsonl").read_text().splitlines()
    assert word in json.loads(line)["reason"]


def test_a_torn_file_is_refused_with_its_name(tmp_path, coco_data, five_lines):
    """Half a JSON file is an error of the source, not a dataset of half the annotations."""
    path = tmp_path / "data" / "annotations" / "instances.json"
    path.write_text(path.read_text()[:-400])
    with pytest.raises(Exception, match=r"instances\.json.*whole JSON"):
        five_lines(tmp_path, "coco", steps=STEPS)


def test_changed_annotations_are_found_by_verify(tmp_path, coco_data, five_lines):
    """A box changed in the JSON is not what was written."""
    out = five_lines(tmp_path, "coco", steps=STEPS)
    path = _shard(out) / "instances.json"
    path.write_text(path.read_text().replace('"iscrowd": 1', '"iscrowd": 0'))
    report = verify(out)
    assert not report.ok and "annotations" in report.findings[0].problem


def test_captions_are_text_and_come_back(tmp_path, coco_data, five_lines):
    """Captions of an image are columns; written, they are annotations of it again."""
    notes = [{"id": i, "image_id": 7, "caption": text} for i, text in enumerate(["A dog.", "Ein Hund <b>.", "犬"], 1)]
    notes.append({"id": 9, "image_id": 12, "caption": "A person."})
    document = {"images": coco_data["images"], "annotations": notes}
    (tmp_path / "data" / "annotations" / "captions.json").write_text(json.dumps(document))
    out = five_lines(tmp_path, "coco", steps=STEPS, copies=1)
    found = json.loads((_shard(out) / "captions.json").read_text())
    said = {(n["image_id"], n["caption"]) for n in found["annotations"] if n["image_id"] in (7, 12)}
    assert said == {(n["image_id"], n["caption"]) for n in notes}
    assert len(found["annotations"]) == 8


def test_panoptic_segments_follow_and_come_back(tmp_path, picture, five_lines):
    """Segments are repainted where they went; ids, categories, areas and boxes are those of the pixels."""
    base = tmp_path / "data"
    picture(base / "images" / "a.jpg", 40, 60)
    numbers = np.zeros((40, 60), np.uint32)
    numbers[5:20, 10:30], numbers[25:38, 40:60] = 7_000_001, 300
    bgr = np.stack([numbers >> 16, numbers >> 8 & 255, numbers & 255], axis=2).astype(np.uint8)
    (base / "annotations" / "panoptic_x").mkdir(parents=True)
    cv2.imwrite(str(base / "annotations" / "panoptic_x" / "a.png"), bgr)
    segments = [
        {"id": 7_000_001, "category_id": 3, "iscrowd": 0, "bbox": [10, 5, 20, 15], "area": 300},
        {"id": 300, "category_id": 200, "iscrowd": 0, "bbox": [40, 25, 20, 13], "area": 260},
    ]
    document = {
        "images": [{"id": 1, "file_name": "a.jpg", "height": 40, "width": 60}],
        "annotations": [{"image_id": 1, "file_name": "a.png", "segments_info": segments}],
        "categories": [{"id": 3, "name": "car", "isthing": 1}, {"id": 200, "name": "sky", "isthing": 0}],
    }
    (base / "annotations" / "panoptic_x.json").write_text(json.dumps(document))
    out = five_lines(tmp_path, "coco", steps=[{"image.flip": {"axis": "horizontal"}}], copies=1)
    found = json.loads((_shard(out) / "panoptic.json").read_text())
    by_image = {n["image_id"]: n for n in found["annotations"]}
    assert by_image[1]["segments_info"] == segments
    (copy,) = (n for number, n in by_image.items() if number != 1)
    image = cv2.imread(str(_shard(out) / "panoptic" / copy["file_name"])).astype(np.uint32)
    painted = image[..., 2] | image[..., 1] << 8 | image[..., 0] << 16
    assert np.array_equal(painted, numbers[:, ::-1])
    assert [s["bbox"] for s in copy["segments_info"]] == [[30, 5, 20, 15], [0, 25, 20, 13]]


def test_two_sets_that_count_alike_get_numbers_of_their_own(tmp_path, coco_data, five_lines):
    """Images and annotations of the same number from two files are told apart; each finds its own."""
    (tmp_path / "data" / "more").mkdir()
    (tmp_path / "data" / "more" / "set.json").write_text(json.dumps(coco_data))
    for image in (tmp_path / "data" / "images").iterdir():
        (tmp_path / "data" / "more" / image.name).write_bytes(image.read_bytes())
    out = five_lines(tmp_path, "coco", steps=STEPS, copies=1)
    found = json.loads((_shard(out) / "instances.json").read_text())
    for key, count in (("images", 12), ("annotations", 12)):
        assert len({one["id"] for one in found[key]}) == len(found[key]) == count
    assert {n["image_id"] for n in found["annotations"]} <= {i["id"] for i in found["images"]}
    assert len({i["file_name"] for i in found["images"]}) == 12


@pytest.mark.parametrize("seed", range(6))
def test_runs_are_those_of_pycocotools(seed):
    """Encoding, decoding, area and bounds, of plain and compressed runs, with an empty and a full mask among them."""
    rng = np.random.default_rng(seed)
    mask = rng.random((rng.integers(1, 30), rng.integers(1, 30))) < [0.0, 1.0, 0.5, 0.1, 0.9, 0.3][seed]
    theirs = masks.encode(np.asfortranarray(mask[:, :, None].astype(np.uint8)))[0]
    ours = runs_of(mask)
    assert read_runs({"size": theirs["size"], "counts": theirs["counts"].decode()}, 1000) == ours
    assert np.array_equal(ours.decode(), mask)
    assert ours.area == masks.area([theirs])[0]
    x, y, w, h = masks.toBbox([theirs])[0].tolist()
    assert ours.bounds() == ((x, y, x + w, y + h) if mask.any() else None)


def test_runs_that_lie_are_refused():
    """Runs that do not fill their mask would make a reader in C read past its end."""
    with pytest.raises(DataError, match="fill the mask"):
        read_runs({"size": [4, 4], "counts": [3, 900]}, 1000)
    with pytest.raises(DataError, match="fill the mask"):
        read_runs({"size": [4, 4], "counts": [20, -4]}, 1000)
