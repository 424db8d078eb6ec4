"""Real annotated datasets, read and written three times over."""

import contextlib
import io
import json
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest
import yaml
from pycocotools import mask as masks
from pycocotools.coco import COCO

import augury
from augury.dataset import verify

pytestmark = [
    pytest.mark.real,
    # pycocotools 2.0.11 under NumPy 2.4.
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning"),
]
STEPS = ["image.flip", {"image.rotate": {"angle_deg_range": [-20, 20]}}, {"image.crop": {"size": [200, 200]}}]


def _run(folder, form, path, steps=STEPS, **options):
    recipe = {"recipe": 1, "collect": [{"path": str(path), "format": form, "collection": "c", **options}]}
    # JPEG copies: PNG would take most of the time.
    labels = {"mask": "mask"} if form == "image_masks" else {"instances": "instances"}
    recipe["fields"] = {"image": {"kind": "image", "encoding": "jpeg"}, **labels}
    recipe["fields"] |= {"image_id": "id"} if form == "coco" else {}
    recipe |= {"augment": {"copies": 3, "steps": steps}, "write": {"format": form}, "limits": {"max_quarantined": 0.02}}
    (folder / "r.yaml").write_text(yaml.safe_dump(recipe))
    augury.load(folder / "r.yaml").run(folder / "out")
    (shard,) = (folder / "out" / "data" / "c").glob("train-*")
    return shard


def _load(path):
    with contextlib.redirect_stdout(io.StringIO()):
        return COCO(str(path))


def test_coco(tmp_path, real_data):
    """Ids, categories, crowd flags and areas of originals stand; copies' boxes hold their masks, areas are theirs."""
    shard = _run(tmp_path, "coco", real_data / "coco_mini_cc")
    found = _load(shard / "instances.json")
    before = {}
    for side in ("train", "val"):
        source = _load(real_data / "coco_mini_cc" / "annotations" / f"instances_{side}2017.json")
        before |= source.anns
        assert {c["id"]: c["name"] for c in source.cats.values()}.items() <= {
            c["id"]: c["name"] for c in found.cats.values()
        }.items()
    originals = [a for a in found.anns.values() if "augury_copy" not in found.imgs[a["image_id"]]]
    assert {a["id"] for a in originals} == set(before)
    for one in originals:
        keys = ("image_id", "category_id", "bbox", "area", "iscrowd")
        assert [one[k] for k in keys] == [before[one["id"]][k] for k in keys]
    ratios = []
    for one in found.anns.values():
        image = found.imgs[one["image_id"]]
        if "augury_copy" in image and "segmentation" in one:
            mask = masks.decode(found.annToRLE(one))
            ys, xs = np.nonzero(mask)
            x, y, w, h = one["bbox"]
            if len(xs):
                # Outlines are drawn on whole pixels: up to one and a half beside the box.
                assert x - 1.5 <= xs.min() and xs.max() < x + w + 1.5 and y - 1.5 <= ys.min() and ys.max() < y + h + 1.5
            if mask.sum() > 400:
                ratios.append(mask.sum() / one["area"])
    assert len(ratios) > 100 and 0.97 < np.median(ratios) < 1.03 and min(ratios) > 0.9 and max(ratios) < 1.1


def test_yolo(tmp_path, real_data):
    """Boxes of originals come back to six digits, all of them."""
    base = real_data / "coco128_masks_cc"
    options = {"labels": "object_detection/labels", "config": "object_detection/config.yaml"}
    shard = _run(tmp_path, "yolo", base, **options)
    checked = 0
    for path in sorted((base / "object_detection" / "labels").glob("*/*.txt")):
        rows = np.loadtxt(path, ndmin=2)
        again = np.loadtxt(shard / "labels" / "train" / path.name, ndmin=2)
        assert np.allclose(rows, again, atol=2e-6)
        checked += len(rows)
    assert checked > 300


def test_outlines_of_yolo_hold_their_area(tmp_path, real_data):
    """Flipped outlines have the area they had."""
    base = real_data / "coco128_masks_cc"
    options = {"labels": "instance_segmentation/labels", "config": "instance_segmentation/config.yaml"}
    shard = _run(tmp_path, "yolo", base, steps=["image.flip"], **options)
    assert verify(tmp_path / "out").ok
    total = {True: 0.0, False: 0.0}
    names = {path.stem for path in (base / "images").glob("*/*")}
    for path in (shard / "labels" / "train").iterdir():
        for line in path.read_text().splitlines():
            x, y = np.array(line.split()[1:], float).reshape(-1, 2).T
            total[path.stem in names] += abs(x @ np.roll(y, 1) - y @ np.roll(x, 1)) / 2
    assert total[False] == pytest.approx(3 * total[True], rel=1e-3)


def test_panoptic(tmp_path, real_data):
    """Every pixel's category and the stated areas of originals stand; copies' areas are those of their pixels."""
    options = {
        "annotations": ["panoptic_segmentation/annotations/panoptic_train2017.json"],
        "images": "images/train2017",
    }
    shard = _run(tmp_path, "coco", real_data / "coco128_masks_cc", steps=["image.flip"], **options)
    found = json.loads((shard / "panoptic.json").read_text())
    assert len(found["annotations"]) == 4 * 26
    for note in found["annotations"][::7]:
        image = cv2.imread(str(shard / "panoptic" / note["file_name"])).astype(np.uint32)
        numbers = image[..., 2] | image[..., 1] << 8 | image[..., 0] << 16
        for segment in note["segments_info"]:
            assert (numbers == segment["id"]).sum() == segment["area"]


def test_voc(tmp_path, real_data):
    """Names, boxes and flags of originals come back word for word."""
    shard = _run(tmp_path, "voc", real_data / "bccd" / "BCCD", steps=["image.flip"])
    checked = 0
    for path in (real_data / "bccd" / "BCCD" / "Annotations").glob("*.xml"):
        pair = [ElementTree.parse(p).getroot() for p in (path, shard / "Annotations" / path.name)]
        texts = [[o.findtext(k) for o in root.iter("object") for k in KEYS] for root in pair]
        assert texts[0] == texts[1]
        checked += len(texts[0])
    assert checked > 5000


KEYS = ("name", "bndbox/xmin", "bndbox/ymin", "bndbox/xmax", "bndbox/ymax", "difficult", "truncated", "pose")


def test_masks(tmp_path, real_data):
    """Class numbers of mirrored masks are those of the originals, count by count."""
    base = real_data / "coco128_masks_cc"
    shard = _run(tmp_path, "image_masks", base, steps=["image.flip"], masks="semantic_segmentation/masks")
    before = np.zeros(256, int)
    after = np.zeros(256, int)
    for path in (base / "semantic_segmentation" / "masks").glob("*/*.png"):
        before += np.bincount(cv2.imread(str(path), cv2.IMREAD_UNCHANGED).ravel(), minlength=256)
    for path in (shard / "masks").iterdir():
        after += np.bincount(cv2.imread(str(path), cv2.IMREAD_UNCHANGED).ravel(), minlength=256)
    assert np.array_equal(after, 4 * before)
