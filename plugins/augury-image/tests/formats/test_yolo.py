"""YOLO in, YOLO out: numbers are computed here from the files alone."""

import json

import cv2
import numpy as np
import pytest
import yaml

import augury
from augury.errors import AuguryError

FLIP = [{"image.flip": {"axis": "horizontal"}}]


def _dataset(folder, picture, lines, **config):
    picture(folder / "images" / "train" / "a.jpg", 50, 100)
    picture(folder / "images" / "train" / "empty.jpg", 50, 100)
    picture(folder / "images" / "val" / "b.jpg", 40, 40)
    for side, name in (("train", "a"), ("val", "b")):
        (folder / "labels" / side).mkdir(parents=True)
        (folder / "labels" / side / f"{name}.txt").write_text("\n".join(lines) + "\n")
    base = {"path": ".", "train": "images/train", "val": "images/val", "names": {0: "cat", 3: "dog"}}
    (folder / "data.yaml").write_text(yaml.safe_dump(base | config))


def _labels(out, side):
    """Image name to rows of numbers, of one side; an original first."""
    found = {}
    for image in sorted(out.glob(f"data/data/{side}-*/images/{side}/*")):
        label = image.parents[2] / "labels" / side / f"{image.stem}.txt"
        found[image.name] = [[float(w) for w in line.split()] for line in label.read_text().splitlines()]
    return found


@pytest.mark.parametrize(
    ("task", "line", "flipped", "config"),
    [
        ("detect", [3, 0.3, 0.5, 0.2, 0.4], [3, 0.7, 0.5, 0.2, 0.4], {}),
        ("segment", [0, 0.1, 0.2, 0.5, 0.2, 0.3, 0.8], [0, 0.9, 0.2, 0.5, 0.2, 0.7, 0.8], {}),
        (
            "pose",
            [3, 0.3, 0.5, 0.2, 0.4, 0.25, 0.5, 2, 0.35, 0.5, 1],
            [3, 0.7, 0.5, 0.2, 0.4, 0.65, 0.5, 1, 0.75, 0.5, 2],
            {"kpt_shape": [2, 3], "flip_idx": [1, 0]},
        ),
    ],
)
def test_labels_follow_their_images(tmp_path, picture, five_lines, task, line, flipped, config):
    """Originals' lines come back, a mirrored copy's are mirrored, class numbers with gaps stand."""
    _dataset(tmp_path / "data", picture, [" ".join(map(str, line))], **config)
    out = five_lines(tmp_path, "yolo", steps=FLIP, copies=1, split={"field": "side"})
    found = _labels(out, "train")
    assert len(found) == 4 and found["a.jpg"] == [pytest.approx(line)] and found["empty.jpg"] == []
    (copy,) = (rows for name, rows in found.items() if name.startswith("a.") and name != "a.jpg")
    assert _same_shape(copy[0], flipped, task)
    data = yaml.safe_load((out / "data" / "data" / "data.yaml").read_text())
    assert data["names"] == {0: "cat", 3: "dog"}
    assert all((out / "data" / "data" / place).is_dir() for side in ("train", "val") for place in data[side])
    assert {k: data[k] for k in config} == config


def _same_shape(got, expected, task):
    if task != "segment":
        return got == pytest.approx(expected)
    rings = [np.float32(v[1:]).reshape(-1, 2) for v in (got, expected)]
    areas = [cv2.contourArea(ring) for ring in rings]
    return got[0] == expected[0] and areas[0] == pytest.approx(areas[1]) and len(rings[0]) == len(rings[1])


def test_turned_boxes_stay_rectangles(tmp_path, picture, five_lines):
    """After a rotation each line is four corners with right angles, of the same sides as before."""
    corners = np.array([[40, 20], [60, 20], [60, 30], [40, 30]], float) / [100, 50]
    _dataset(tmp_path / "data", picture, ["0 " + " ".join(map(str, corners.ravel()))])
    steps = [{"image.rotate": {"angle_deg_range": [17, 17]}}]
    options = {"task": "obb"}
    out = five_lines(tmp_path, "yolo", steps=steps, copies=1, options=options, split={"field": "side"})
    found = _labels(out, "train")
    (copy,) = (rows for name, rows in found.items() if name.startswith("a.") and name != "a.jpg")
    points = np.array(copy[0][1:]).reshape(4, 2) * [100, 50]
    sides = np.diff(np.vstack([points, points[:1]]), axis=0)
    assert sorted(np.linalg.norm(sides, axis=1)) == pytest.approx([10, 10, 20, 20], abs=1e-3)
    assert abs(sides[0] @ sides[1]) < 1e-2
    assert found["a.jpg"][0][1:] == pytest.approx(corners.ravel().tolist())


def test_lines_that_may_be_either_are_asked_about(tmp_path, picture, five_lines):
    """Four corners may be a turned box or an outline; nothing is guessed."""
    _dataset(tmp_path / "data", picture, ["0 0.1 0.1 0.5 0.1 0.5 0.5 0.1 0.5"])
    with pytest.raises(AuguryError, match="task: obb or segment"):
        five_lines(tmp_path, "yolo", steps=FLIP)


@pytest.mark.parametrize(
    ("line", "word"),
    [("2 0.5 0.5 0.1 0.1", "class 2"), ("0 0.5 nan 0.1 0.1", "finite"), ("0 0.5 0.5", "numbers"), ("x 1 1 1 1", "x")],
)
def test_a_bad_line_is_named(tmp_path, picture, five_lines, line, word):
    """Its image is quarantined; the file and the line are in the reason."""
    _dataset(tmp_path / "data", picture, ["0 0.5 0.5 0.1 0.1"])
    (tmp_path / "data" / "labels" / "val" / "b.txt").write_text(f"0 0.5 0.5 0.1 0.1\n{line}\n")
    out = five_lines(tmp_path, "yolo", steps=FLIP, options={"task": "detect"}, limits={"max_quarantined": 0.9})
    (bad,) = (json.loads(one) for one in (out / "quarantine.jsonl").read_text().splitlines())
    assert "line 2" in bad["reason"] and word in bad["reason"] and "labels/val/b.txt" in bad["reason"]


def test_labels_without_an_image_are_reported(tmp_path, picture, five_lines):
    """A label file whose image is gone is quarantined, not passed over."""
    _dataset(tmp_path / "data", picture, ["0 0.5 0.5 0.1 0.1"])
    (tmp_path / "data" / "labels" / "val" / "lost.txt").write_text("")
    out = five_lines(tmp_path, "yolo", steps=FLIP, limits={"max_quarantined": 0.9})
    assert "lost.txt" in (out / "quarantine.jsonl").read_text()


def test_folders_for_each_side_and_a_path_that_climbs(tmp_path, picture, five_lines):
    """``train/images`` beside ``train/labels``, and a YAML file whose paths leave the folder, as exports have them."""
    base = tmp_path / "data"
    for number, side in enumerate(("train", "valid")):
        picture(base / side / "images" / "a.jpg", 20, 20, number)
        (base / side / "labels").mkdir()
        (base / side / "labels" / "a.txt").write_text("0 0.5 0.5 0.2 0.2\n")
    (base / "train" / "labels" / "lost.txt").write_text("")
    data = {"names": ["cat"], "train": "../train/images", "val": "../valid/images"}
    (base / "data.yaml").write_text(yaml.safe_dump(data))
    options = {"split": {"field": "side"}, "limits": {"max_quarantined": 0.5}}
    out = five_lines(tmp_path, "yolo", steps=FLIP, copies=1, **options)
    assert len(_labels(out, "train")) == 2 and len(_labels(out, "val")) == 1
    assert "train/labels/lost.txt" in (out / "quarantine.jsonl").read_text()


def test_an_image_that_is_a_link_out_of_the_folder_is_left_out(tmp_path, picture, five_lines):
    """It is quarantined alone."""
    _dataset(tmp_path / "data", picture, ["0 0.5 0.5 0.1 0.1"])
    secret = picture(tmp_path / "secret.jpg", 20, 20)
    (tmp_path / "data" / "images" / "train" / "link.jpg").symlink_to(secret)
    out = five_lines(tmp_path, "yolo", steps=FLIP, limits={"max_quarantined": 0.5})
    (bad,) = (json.loads(line) for line in (out / "quarantine.jsonl").read_text().splitlines())
    assert bad["id"].endswith("link.jpg") and "inside the source" in bad["reason"]


def test_coco_becomes_yolo(tmp_path, coco_data, five_lines):
    """The boxes of one format are those of the other; a category is its number."""
    steps = [{"image.brightness": {}}]
    write = {"format": "yolo", "task": "detect"}
    out = five_lines(tmp_path, "coco", steps=steps, copies=1, write=write)
    found = _labels(out, "train")
    one = coco_data["annotations"][0]
    x, y, w, h = one["bbox"]
    expected = [18, (x + w / 2) / 80, (y + h / 2) / 60, w / 80, h / 60]
    assert found["a.jpg"][0] == pytest.approx(expected, rel=1e-5)


def test_boxes_without_names_in_order_are_refused_before_the_run(tmp_path, picture):
    """YOLO numbers its classes; a recipe that gives no order is told so by check."""
    picture(tmp_path / "data" / "a.jpg", 20, 20)
    row = {"file_name": "a.jpg", "boxes": [{"box": [1, 1, 5, 5], "label": "cat"}]}
    (tmp_path / "data" / "metadata.jsonl").write_text(json.dumps(row))
    recipe = tmp_path / "r.yaml"
    fields = "fields: {image: image, boxes: {kind: boxes, of: image}}"
    recipe.write_text(f"recipe: 1\ncollect: [{{path: data}}]\n{fields}\nwrite: {{format: yolo}}\n")
    with pytest.raises(AuguryError, match=r"names of the classes.*names:"):
        augury.load(recipe)
    recipe.write_text(recipe.read_text().replace("yolo}", "yolo, names: [dog, cat]}"))
    augury.load(recipe).run(tmp_path / "out")
    (label,) = (tmp_path / "out").glob("data/data/*/labels/*/a.txt")
    assert label.read_text() == "1 0.15 0.15 0.2 0.2\n"
