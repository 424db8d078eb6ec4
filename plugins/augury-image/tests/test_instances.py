"""Objects as one value: what belongs together stays together, and masks, outlines and boxes agree."""

import numpy as np
import pytest

from augury import pipeline
from augury.errors import FieldError
from augury_image.kinds.instances import Instance, Instances, InstancesKind
from augury_image.rle import runs_of

FIELDS = {
    "photo": "image",
    "things": {"kind": "instances", "of": "photo"},
    "mask": {"kind": "mask", "of": "photo"},
    "boxes": {"kind": "boxes", "of": "photo"},
    "outline": {"kind": "polygons", "of": "photo"},
    "points": {"kind": "keypoints", "of": "photo", "swap": [[0, 1]]},
}
STEPS = [
    [{"image.rotate": {"angle_deg_range": [-40, 40]}}],
    [{"image.flip": {"axis": "both"}}, {"image.crop": {"size": [60, 70]}}],
    [{"image.perspective": {}}],
    [{"image.scale": {"scale_range": [0.5, 1.5], "keep_ratio": False}}, {"image.translate": {}}],
    [{"image.erasing": {"holes_range": [2, 3]}}],
]


def _area(ring):
    """Area of a ring by the shoelace formula."""
    x, y = ring.T
    return abs(x @ np.roll(y, 1) - y @ np.roll(x, 1)) / 2


@pytest.fixture
def record():
    """An object by box, one by outline with keypoints, one by mask; each also as a value of its own kind."""
    height, width = 96, 128
    y, x = np.mgrid[0:height, 0:width]
    disc = (x - 80) ** 2 + (y - 50) ** 2 < 400
    ring = (20.0, 20.0, 60.0, 25.0, 50.0, 70.0, 25.0, 60.0)
    box = (30.0, 40.0, 90.0, 80.0)
    points = ((30.0, 30.0, 2), (50.0, 30.0, 1), (40.0, 60.0, 2))
    things = Instances(
        (
            Instance("box", box),
            Instance("ring", (20.0, 20.0, 60.0, 70.0), (ring,), points=points),
            Instance("disc", (60.0, 30.0, 101.0, 71.0), mask=runs_of(disc), crowd=True),
        )
    )
    return {
        "photo": np.zeros((height, width, 3), np.uint8),
        "things": things,
        "mask": disc.astype(np.uint8),
        "boxes": {"boxes": [box], "labels": ["box"]},
        "outline": {"polygons": [[ring]], "labels": ["ring"]},
        "points": {"points": [list(p) for p in points], "labels": ["a", "b", "c"]},
    }


@pytest.mark.parametrize("steps", STEPS, ids=lambda s: next(iter(s[0])))
@pytest.mark.parametrize("seed", range(4))
def test_each_part_goes_where_its_own_kind_goes(record, steps, seed):
    """The box, the outline, the mask and the keypoints are those of boxes, polygons, mask and keypoints."""
    fields = FIELDS | {"things": FIELDS["things"] | {"swap": [[0, 1]]}}
    out = pipeline(steps, fields)(record, seed=seed, id="a")
    found = {item.label: item for item in out["things"].items}
    assert ("box" in found) == (len(out["boxes"]) == 1)
    if "box" in found:
        assert found["box"].box == pytest.approx(out["boxes"].xyxy[0].tolist())
    assert ("ring" in found) == (len(out["outline"]) == 1)
    if "ring" in found:
        areas = [
            [_area(np.reshape(r, (-1, 2))) for r in rings] for rings in (found["ring"].rings, out["outline"].objects[0])
        ]
        assert sum(areas[0]) == pytest.approx(sum(areas[1]))
        rows = np.array(found["ring"].points)
        assert np.allclose(rows[:, :2], out["points"].xy) and rows[:, 2].tolist() == out["points"].visibility.tolist()
    assert ("disc" in found) == bool(out["mask"].any())
    if "disc" in found:
        assert np.array_equal(found["disc"].mask.decode(), out["mask"] > 0) and found["disc"].crowd


def test_boxes_that_were_turned_hug_their_object(record):
    """After a turn the box of a disc is the disc's, not that of the turned square; a flip only mirrors it."""
    turned = pipeline([{"image.rotate": {"angle_deg_range": [45, 45]}}], FIELDS)(record, seed=1, id="a")
    (disc,) = (item for item in turned["things"].items if item.label == "disc")
    ys, xs = np.nonzero(disc.mask.decode())
    assert disc.box == (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1)
    flipped = pipeline([{"image.flip": {"axis": "horizontal"}}], FIELDS)(record, seed=1, id="a")
    boxes = {item.label: item.box for item in flipped["things"].items}
    assert boxes["ring"] == (68.0, 20.0, 108.0, 70.0)


def test_masks_that_overlap_stay_apart():
    """Overlapping masks take a map each and come back whole."""
    left, right = np.zeros((20, 30), bool), np.zeros((20, 30), bool)
    left[5:15, 2:20], right[8:18, 10:28] = True, True
    things = [Instance(str(i), (0, 0, 30, 20), mask=runs_of(m)) for i, m in enumerate((left, right, ~left))]
    kind = InstancesKind()
    carried = kind.open(Instances(tuple(things)), type("S", (tuple,), {"height": 20, "width": 30})((20, 30)))
    assert len(carried.maps) == 2
    pipe = pipeline([{"image.flip": {"axis": "horizontal"}}], {k: FIELDS[k] for k in ("photo", "things")})
    out = pipe({"photo": np.zeros((20, 30, 3), np.uint8), "things": things})
    found = [item.mask.decode() for item in out["things"].items]
    assert all(np.array_equal(a, b[:, ::-1]) for a, b in zip(found, (left, right, ~left), strict=True))


def test_a_mosaic_gathers_objects_of_four_pictures(record):
    """Masks and boxes of donors come with them; numbers of other pictures are left behind."""
    fields = {k: FIELDS[k] for k in ("photo", "things", "mask")}
    own = {k: record[k] for k in fields}
    numbered = Instances(tuple(item._replace(id=i) for i, item in enumerate(record["things"].items)))
    pool = {name: own | {"things": numbered} for name in "abcde"}
    pipe = pipeline([{"image.mosaic": {"size": [192, 256]}}], fields)
    out = pipe(pool["a"], seed=3, id="a", pool=pool)
    discs = [item for item in out["things"].items if item.label == "disc"]
    assert 2 <= len(discs) <= 4 and sum(item.id is not None for item in out["things"].items) <= 3
    assert np.array_equal(np.any([d.mask.decode() for d in discs], axis=0), out["mask"] > 0)


def test_what_is_hardly_seen_leaves_whole(record):
    """``min_visibility`` takes the object's box, outline and keypoints together."""
    fields = FIELDS | {"things": FIELDS["things"] | {"min_visibility": 0.9}}
    steps = [{"image.crop": {"size": [40, 40], "position": "center"}}]
    things = pipeline(steps, fields)(record, seed=0, id="a")["things"]
    assert not [item for item in things.items if item.label in ("ring", "disc", "box")]


@pytest.mark.parametrize(
    ("value", "word"),
    [
        (5, "list of objects"),
        ([{"label": "a"}], "label and a box"),
        ([{"box": [5, 5, 1, 1]}], "swap its corners"),
        ([{"box": [0, 0, 1, float("nan")]}], "finite"),
        ([{"box": [0, 0, 1, 1], "rings": [[0, 0, 1, 1]]}], "at least 3 points"),
        ([{"box": [0, 0, 1, 1], "rings": [[0, 0, 1, 1, 2]]}], "pairs"),
        ([{"box": [0, 0, 1, 1], "points": [1, 2, 7]}], "visibility"),
        ([{"box": [0, 0, 1, 1], "mask": {"size": [2, 2]}}], "mask {size, counts}"),
    ],
)
def test_bad_objects_are_refused(value, word):
    """Each with what was expected."""
    with pytest.raises(FieldError, match=word.replace("{", r"\{")):
        InstancesKind().check(value)
