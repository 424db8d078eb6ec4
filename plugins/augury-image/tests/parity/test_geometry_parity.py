"""Geometry with fixed parameters against albumentations and torchvision, where both have the op and mean the same by it.

Run in an environment that has them; skipped elsewhere. Tolerances are mean absolute differences of 8-bit levels away from
the border, where the libraries place pixel centres and edges differently by half a pixel.
"""

import numpy as np
import pytest
from skimage import data

import augury
from augury.effects import Warp
from augury_image.ops.geometry import Perspective
from augury_image.warp import resample

PHOTO = np.ascontiguousarray(data.coffee()[50:290, 60:380])
HEIGHT, WIDTH = PHOTO.shape[:2]
POINTS = np.array([[100.5, 80.5], [200.5, 120.5], [160.25, 190.75]])
BOX = np.array([[90.0, 60.0, 170.0, 130.0]])

pytestmark = pytest.mark.filterwarnings("ignore")


def ours(step):
    """Return our picture, points and boxes after a step."""
    fields = {
        "photo": "image",
        "points": {"kind": "keypoints", "of": "photo"},
        "boxes": {"kind": "boxes", "of": "photo"},
    }
    record = {"photo": PHOTO, "points": POINTS, "boxes": BOX}
    return augury.pipeline([step], fields=fields)(record, seed=0, id="a", copy=0)


def gap(a, b, margin=8):
    """Mean absolute difference away from the border; sizes must agree."""
    assert a.shape == b.shape
    inner = np.s_[margin:-margin, margin:-margin]
    return np.abs(a[inner].astype(float) - b[inner]).mean()


def peers():
    """Ours, albumentations' transform, and the tolerance."""
    peer = pytest.importorskip("albumentations")
    return {
        "flip": ("image.flip", peer.HorizontalFlip(p=1), 0.0),
        "flip_vertical": ({"image.flip": {"axis": "vertical"}}, peer.VerticalFlip(p=1), 0.0),
        "transpose": ("image.transpose", peer.Transpose(p=1), 0.0),
        "rotate": ({"image.rotate": {"angle_deg_range": [25, 25]}}, peer.Rotate(limit=(25, 25), p=1), 0.8),
        "affine": (
            {
                "image.affine": {
                    "angle_deg_range": [-15, -15],
                    "scale_range": [1.2, 1.2],
                    "shear_deg_range": [0, 0],
                    "offset_frac_range": [0.1, 0.1],
                }
            },
            peer.Affine(rotate=(-15, -15), scale=(1.2, 1.2), shear=0, translate_percent=(0.1, 0.1), p=1),
            0.8,
        ),
        "center_crop": (
            {"image.crop": {"size": [100, 140], "position": "center"}},
            peer.CenterCrop(height=100, width=140, p=1),
            0.0,
        ),
        "crop": (
            {"image.crop": {"size": [100, 140], "position": "fixed", "corner_px": [20, 30]}},
            peer.Crop(x_min=30, y_min=20, x_max=170, y_max=120, p=1),
            0.0,
        ),
        "pad": ({"image.pad": {"margin_px": [5, 10, 15, 20]}}, peer.Pad(padding=(20, 5, 10, 15), p=1), 0.0),
        "resize": ({"image.resize": {"size": [360, 500]}}, peer.Resize(height=360, width=500, p=1), 0.1),
        "longest": (
            {"image.resize_side": {"length_px_range": [480, 480]}},
            peer.LongestMaxSize(max_size=480, p=1),
            0.1,
        ),
        "shortest": (
            {"image.resize_side": {"length_px_range": [300, 300], "side": "shortest"}},
            peer.SmallestMaxSize(max_size=300, p=1),
            0.1,
        ),
        "rescale": ({"image.rescale": {"scale_range": [1.5, 1.5]}}, peer.RandomScale(scale_limit=(0.5, 0.5), p=1), 0.1),
    }


NAMES = (
    "flip",
    "flip_vertical",
    "transpose",
    "rotate",
    "affine",
    "center_crop",
    "crop",
    "pad",
    "resize",
    "longest",
    "shortest",
    "rescale",
)


@pytest.mark.parametrize("name", NAMES)
def test_albumentations_gives_the_same(name):
    """Pictures within the tolerance; points within a pixel, whose coordinates it counts from pixel centres."""
    import_or_skip = pytest.importorskip("albumentations")
    step, transform, tolerance = peers()[name]
    compose = import_or_skip.Compose(
        [transform],
        keypoint_params=import_or_skip.KeypointParams(format="xy", remove_invisible=False),
        bbox_params=import_or_skip.BboxParams(format="pascal_voc", label_fields=[]),
    )
    theirs = compose(image=PHOTO, keypoints=POINTS - 0.5, bboxes=BOX)
    mine = ours(step)
    assert gap(mine["photo"], theirs["image"]) <= tolerance
    found = np.array(theirs["keypoints"])[:, :2] + 0.5
    seen = mine["points"].visibility > 0
    np.testing.assert_allclose(mine["points"].xy[seen], found[seen], atol=1.0)
    if name not in ("rotate", "affine"):  # theirs bound an ellipse in the box or round to pixels
        np.testing.assert_allclose(mine["boxes"].xyxy, np.array(theirs["bboxes"])[:, :4], atol=1.0)


def tensors():
    """Ours, torchvision's functional, and the tolerance."""
    f = pytest.importorskip("torchvision.transforms.v2.functional")
    bilinear = __import__("torchvision").transforms.InterpolationMode.BILINEAR
    return {
        "flip": ("image.flip", lambda x: f.horizontal_flip(x), 0.0),
        "rotate": (
            {"image.rotate": {"angle_deg_range": [25, 25]}},
            lambda x: f.rotate(x, 25, interpolation=bilinear),
            0.8,
        ),
        "shear": (
            {"image.shear": {"shear_deg_range": [12, 12]}},
            lambda x: f.affine(x, 0, [0, 0], 1.0, [-12.0, 0.0], interpolation=bilinear),
            0.8,
        ),
        "center_crop": (
            {"image.crop": {"size": [100, 140], "position": "center"}},
            lambda x: f.center_crop(x, [100, 140]),
            0.0,
        ),
        "pad_reflect": (
            {"image.pad": {"margin_px": [5, 10, 15, 20], "border": "reflect"}},
            lambda x: f.pad(x, [20, 5, 10, 15], padding_mode="symmetric"),
            0.0,
        ),
        "resize_smaller": (
            {"image.resize": {"size": [120, 160]}},
            lambda x: f.resize(x, [120, 160], antialias=True),
            1.6,
        ),
    }


@pytest.mark.parametrize("name", ["flip", "rotate", "shear", "center_crop", "pad_reflect", "resize_smaller"])
def test_torchvision_gives_the_same(name):
    """Pictures within the tolerance."""
    torch = pytest.importorskip("torch")
    step, function, tolerance = tensors()[name]
    theirs = function(torch.from_numpy(PHOTO.transpose(2, 0, 1).copy())).numpy().transpose(1, 2, 0)
    assert gap(ours(step)["photo"], theirs) <= tolerance


def test_torchvision_sees_the_same_perspective():
    """The same four corners give the same picture."""
    torch = pytest.importorskip("torch")
    f = pytest.importorskip("torchvision.transforms.v2.functional")
    bilinear = __import__("torchvision").transforms.InterpolationMode.BILINEAR
    fractions = [0.05, 0.1, 0.08, 0.02, 0.1, 0.06, 0.03, 0.09]
    info = type("Info", (), {"size": type("Size", (), {"height": HEIGHT, "width": WIDTH})})
    warp = Perspective().effect({"corners_frac": fractions}, info)
    assert isinstance(warp, Warp)
    mine = resample(PHOTO, warp.matrix, warp.size, "constant", (0.0, 0.0, 0.0), "linear")
    a = fractions
    start = [
        [a[0] * WIDTH, a[1] * HEIGHT],
        [(1 - a[2]) * WIDTH, a[3] * HEIGHT],
        [(1 - a[4]) * WIDTH, (1 - a[5]) * HEIGHT],
        [a[6] * WIDTH, (1 - a[7]) * HEIGHT],
    ]
    end = [[0, 0], [WIDTH, 0], [WIDTH, HEIGHT], [0, HEIGHT]]
    tensor = torch.from_numpy(PHOTO.transpose(2, 0, 1).copy())
    theirs = f.perspective(tensor, start, end, interpolation=bilinear).numpy().transpose(1, 2, 0)
    assert gap(mine, theirs) <= 1.0


def test_torchvision_has_the_same_policies():
    """The tables of AutoAugment are torchvision's, operation by operation."""
    found = pytest.importorskip("torchvision.transforms.autoaugment")
    from augury_image.policy_tables import SUB_POLICIES

    for policy in found.AutoAugmentPolicy:
        pairs = [
            [tuple(text.split()) for text in line.split(",")]
            for line in SUB_POLICIES[policy.name.lower()].strip().splitlines()
        ]
        mine = [[(n, float(p), int(m[0]) if m else None) for n, p, *m in pair] for pair in pairs]
        assert mine == [[tuple(one) for one in pair] for pair in found.AutoAugment(policy).policies]
