"""Real annotations follow geometry: masks against boxes and polygons, keypoints against rendered blobs."""

import json
import xml.etree.ElementTree as ElementTree

import cv2
import numpy as np
import pytest

import augury

pytestmark = pytest.mark.real

FIELDS = {
    "photo": "image",
    "boxes": {"kind": "boxes", "of": "photo"},
    "outline": {"kind": "polygons", "of": "photo"},
    "mask": {"kind": "mask", "of": "photo"},
    "points": {"kind": "keypoints", "of": "photo"},
}
STEPS = {
    "rotate": {"image.rotate": {}},
    "rotate_inside": {"image.rotate": {"canvas": "inside"}},
    "affine": {"image.affine": {}},
    "perspective": {"image.perspective": {}},
    "flip": "image.flip",
    "transpose": "image.transpose",
    "rotate90": "image.rotate90",
    "symmetry": "image.symmetry",
    "crop": "image.crop",
    "box_crop": {"image.box_crop": {"size": [200, 260]}},
    "border_crop": "image.border_crop",
    "iou_crop": "image.iou_crop",
    "resized_crop": {"image.resized_crop": {"size": [256, 256], "area_frac_range": [0.4, 1.0]}},
    "resize_side": "image.resize_side",
    "zoom_out": {"image.zoom_out": {"side_factor_range": [1.2, 1.6]}},
    "elastic": "image.elastic",
    "grid_distortion": "image.grid_distortion",
    "optical_distortion": {"image.optical_distortion": {"k1_range": [-0.2, 0.3]}},
    "fisheye": {"image.optical_distortion": {"model": "fisheye"}},
    "piecewise_affine": "image.piecewise_affine",
    "thin_plate_spline": "image.thin_plate_spline",
    "grid_dropout": "image.grid_dropout",
    "chain": ["image.affine", "image.elastic", "image.perspective", "image.flip"],
}


def filled(rings, height, width):
    """A mask of rings, to the pixel."""
    out = np.zeros((height, width), np.uint8)
    for ring in rings:
        cv2.fillPoly(out, [np.rint(np.asarray(ring) * 16 - 8).astype(np.int32)], 1, cv2.LINE_8, 4)
    return out


@pytest.fixture(scope="module")
def people(real_data):
    """Photographs of coco_mini_cc with one person: its box, outline, mask, keypoints and blobs drawn at these."""
    folder = real_data / "coco_mini_cc"
    if not folder.is_dir():
        pytest.skip(f"no coco_mini_cc at {real_data}")
    out = []
    for split in ("train2017", "val2017"):
        found = json.loads((folder / f"annotations/person_keypoints_{split}.json").read_text())
        names = {image["id"]: image["file_name"] for image in found["images"]}
        for one in found["annotations"]:
            path = folder / "images" / split / names[one["image_id"]]
            large = one["area"] > 8000 and one["num_keypoints"] >= 5 and not one["iscrowd"]
            if large and len(one["segmentation"]) == 1 and path.is_file():
                out.append(_person(cv2.imread(str(path)), one))
    assert len(out) >= 5
    return out[:6]


def _person(photo, one):
    height, width = photo.shape[:2]
    ring = np.reshape(one["segmentation"][0], (-1, 2))
    points = np.reshape(one["keypoints"], (-1, 3)).astype(float)
    points = points[points[:, 2] > 0]
    return {
        "photo": np.ascontiguousarray(photo[:, :, ::-1]),
        "boxes": {"boxes": [[*ring.min(axis=0), *ring.max(axis=0)]], "labels": ["person"]},
        "outline": {"polygons": [ring.tolist()], "labels": ["person"]},
        "mask": filled([ring], height, width),
        "points": points,
    }


@pytest.mark.parametrize("name", sorted(STEPS))
def test_masks_boxes_and_outlines_agree(people, name):
    """The warped mask fills the warped outline, and the warped box bounds both."""
    steps = STEPS[name] if isinstance(STEPS[name], list) else [STEPS[name]]
    pipe = augury.pipeline(steps, fields=FIELDS)
    checked = 0
    for k, record in enumerate(people):
        out = pipe(record, seed=2, id=str(k), copy=0)
        mask = out["mask"] > 0
        if mask.sum() < 1500 or not len(out["outline"]):
            continue
        drawn = filled(out["outline"].objects[0], *mask.shape) > 0
        overlap = (mask & drawn).sum() / (mask | drawn).sum()
        assert overlap > 0.93, (name, k, overlap)
        ys, xs = np.nonzero(drawn)
        bounds = np.array([xs.min(), ys.min(), xs.max() + 1, ys.max() + 1])
        box = out["boxes"].xyxy[0]
        slack = np.array([-2.5, -2.5, 2.5, 2.5])
        assert ((bounds - box) * np.sign(slack) <= 2.5).all(), (name, k, bounds, box)
        if name in ("flip", "transpose", "rotate90", "symmetry", "resize_side", "zoom_out", "grid_distortion"):
            np.testing.assert_allclose(box, bounds, atol=2.5)
        checked += 1
    assert checked >= 3


@pytest.mark.parametrize("name", sorted(set(STEPS) - {"grid_dropout"}))
def test_keypoints_lie_on_their_blobs(people, name):
    """A blob drawn at a keypoint of the photograph is, after the step, where the keypoint is."""
    steps = STEPS[name] if isinstance(STEPS[name], list) else [STEPS[name]]
    fields = {"photo": "image", "points": FIELDS["points"]}
    pipe = augury.pipeline(steps, fields=fields)
    checked = 0
    for k, record in enumerate(people):
        height, width = record["photo"].shape[:2]
        for point in record["points"][:4]:
            y, x = np.mgrid[0:height, 0:width] + 0.5
            blob = np.exp(-((x - point[0]) ** 2 + (y - point[1]) ** 2) / 8.0)
            drawn = np.repeat(np.rint(blob * 255).astype(np.uint8)[:, :, None], 3, axis=2)
            out = pipe({"photo": drawn, "points": [point]}, seed=2, id=str(k), copy=0)
            if not out["points"].visibility[0]:
                continue
            (px, py), shown = out["points"].xy[0], out["photo"][:, :, 0].astype(float)
            if not (12 < px < shown.shape[1] - 12 and 12 < py < shown.shape[0] - 12):
                continue
            v, u = np.mgrid[0 : shown.shape[0], 0 : shown.shape[1]] + 0.5
            total = shown.sum()
            gap = np.hypot((shown * u).sum() / total - px, (shown * v).sum() / total - py)
            assert gap < 1.2, (name, k, gap)
            checked += 1
    assert checked >= 4 or name in ("box_crop", "iou_crop")


def test_pasted_people_bring_their_annotations(people):
    """What changed in the photograph is the pasted outline, and the mask gained it."""
    pool = {
        f"d{k}": augury.pipeline([], fields=FIELDS)(record, seed=0, id="d", copy=0) for k, record in enumerate(people)
    }
    pipe = augury.pipeline([{"image.copy_paste": {"scale_range": [0.4, 0.5]}}], fields=FIELDS)
    for k, record in enumerate(people):
        blank = record | {"mask": np.zeros_like(record["mask"]), "boxes": [], "outline": [], "points": np.zeros((0, 3))}
        out = pipe(blank, seed=6, id=str(k), copy=0, pool=pool)
        changed = (out["photo"] != record["photo"]).any(axis=2)
        drawn = filled(out["outline"].objects[0], *changed.shape) > 0
        assert (changed & drawn).sum() > 0.9 * drawn.sum()
        assert (changed & ~cv2.dilate(drawn.astype(np.uint8), np.ones((5, 5))).astype(bool)).sum() == 0
        assert (drawn & (out["mask"] > 0)).sum() / (drawn | (out["mask"] > 0)).sum() > 0.9
        assert len(out["boxes"]) == 1


def test_semantic_masks_and_cells_follow(real_data):
    """Class masks keep their classes through a dense chain; cells' boxes stay around their cells."""
    masks = sorted((real_data / "coco128_masks_cc/semantic_segmentation/masks").rglob("*.png"))[:4]
    cells = sorted((real_data / "bccd/BCCD/Annotations").glob("*.xml"))[:4]
    if not masks or not cells:
        pytest.skip(f"no coco128_masks_cc or bccd at {real_data}")
    chain = ["image.affine", "image.elastic"]
    for path in masks:
        mask = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        mask = mask if mask.ndim == 2 else mask[:, :, 0]
        record = {"photo": np.repeat(mask[:, :, None], 3, axis=2), "mask": mask}
        fields = {"photo": "image", "mask": {"kind": "mask", "of": "photo", "background": 255}}
        out = augury.pipeline(chain, fields=fields)(record, seed=1, id=path.name, copy=0)
        assert set(np.unique(out["mask"])) <= {*np.unique(mask), 255}
        assert np.mean(out["photo"][:, :, 0] == out["mask"]) > 0.6
    for path in cells:
        size, boxes = _voc(path)
        photo = np.zeros((*size, 3), np.uint8)
        for x0, y0, x1, y1 in boxes:
            photo[y0:y1, x0:x1] = 255
        fields = {"photo": "image", "boxes": {"kind": "boxes", "of": "photo", "min_area_px": 20.0}}
        out = augury.pipeline(chain, fields=fields)({"photo": photo, "boxes": boxes}, seed=1, id=path.name, copy=0)
        around = np.zeros(out["photo"].shape[:2], bool)
        for x0, y0, x1, y1 in np.rint(out["boxes"].xyxy).astype(int):
            around[max(0, y0 - 1) : y1 + 1, max(0, x0 - 1) : x1 + 1] = True
        bright = out["photo"][:, :, 0] > 127
        assert (bright & ~around).sum() <= 0.002 * bright.sum() + 20


def _voc(path):
    tree = ElementTree.parse(path)
    size = tuple(int(tree.findtext(f"size/{side}")) for side in ("height", "width"))
    sides = ("xmin", "ymin", "xmax", "ymax")
    boxes = [[int(one.findtext(f"bndbox/{side}")) for side in sides] for one in tree.iter("object")]
    return size, [b for b in boxes if b[0] < b[2] and b[1] < b[3]]
