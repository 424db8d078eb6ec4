"""Boxes and intervals go where a library moved what they lie on: held against pixels and samples, not against the probe."""

import numpy as np
import pytest

import augury
from augury.errors import DataError

FIELDS = {"photo": "image", "points": {"kind": "keypoints", "of": "photo"}, "area": {"kind": "mask", "of": "photo"}}
SIZE = (96, 128)

MOVING = [
    ("albumentations", "Affine", {"rotate": 25, "scale": 1.1, "translate_px": 5}, 1.5),
    ("albumentations", "Perspective", {"scale": 0.08}, 1.5),
    ("albumentations", "RandomResizedCrop", {"size": [80, 80], "scale": [0.6, 0.9]}, 1.5),
    ("albumentations", "D4", {}, 0.5),
    ("albumentations", "SafeRotate", {"limit": [30, 30]}, 1.5),
    ("albumentations", "ElasticTransform", {"alpha": 30, "sigma": 12}, 2.0),
    ("albumentations", "ShiftScaleRotate", {"border_mode": 4, "rotate_limit": [20, 20]}, 1.5),
    ("torchvision", "RandomRotation", {"degrees": 30}, 1.5),
    ("torchvision", "RandomRotation", {"degrees": 30, "expand_": True, "interpolation": "bilinear"}, 1.5),
    ("torchvision", "RandomHorizontalFlip", {}, 0.5),
    ("torchvision", "RandomPerspective", {"distortion_scale": 0.3}, 1.5),
    ("torchvision", "Resize", {"size": [48, 200]}, 1.5),
    ("torchvision", "Pad", {"padding": [3, 7, 11, 2]}, 0.5),
    ("kornia", "RandomAffine", {"degrees": 25.0, "translate": [0.1, 0.1]}, 1.5),
    ("kornia", "RandomPerspective", {"distortion_scale": 0.3}, 1.5),
    ("kornia", "RandomVerticalFlip", {}, 0.5),
    ("kornia", "RandomThinPlateSpline", {"scale": 0.05}, 2.0),
]


def spots():
    """Return an image with four bright discs of different sizes on black, their centres, and a mask of one of them."""
    y, x = np.mgrid[0 : SIZE[0], 0 : SIZE[1]] + 0.5
    centres = np.array([[44.0, 36.0], [84.0, 36.0], [44.0, 62.0], [84.0, 62.0]])
    image = np.zeros((*SIZE, 3), np.uint8)
    for cx, cy in centres:
        image[np.hypot(x - cx, y - cy) < 4] = 255
    return image, centres, (np.hypot(x - 44, y - 36) < 4).astype(np.uint8)


@pytest.mark.parametrize(
    ("library", "name", "given", "tolerance"), MOVING, ids=lambda v: v if isinstance(v, str) else ""
)
def test_points_and_masks_stay_on_what_they_mark(library, name, given, tolerance):
    """Each visible keypoint is the centre of the bright disc that the library drew; the mask covers its disc."""
    pytest.importorskip(library)
    image, centres, mask = spots()
    pipe = augury.pipeline([{f"{library}.{name}": {**given, "field": "photo"}}], fields=FIELDS)
    seen = 0
    for copy in range(4):
        out = pipe({"photo": image, "points": centres.tolist(), "area": mask}, seed=5, id="a", copy=copy)
        bright = out["photo"].mean(axis=2)
        height, width = bright.shape
        assert out["area"].shape[:2] == (height, width)
        y, x = np.mgrid[0:height, 0:width] + 0.5
        for (px, py), visibility in zip(out["points"].xy, out["points"].visibility, strict=True):
            if visibility == 0 or not (14 < px < width - 14 and 14 < py < height - 14):
                continue
            near = bright * (np.hypot(x - px, y - py) < 10)
            found = (near * x).sum() / near.sum(), (near * y).sum() / near.sum()
            assert np.hypot(found[0] - px, found[1] - py) < tolerance
            seen += 1
        area = np.asarray(out["area"]).squeeze() > 0
        if area.sum() > 30 and library != "torchvision":
            assert bright[area].mean() > 150
    assert seen >= 4


def test_boxes_of_a_flip_are_exact():
    """A flip is a whole-pixel map: boxes come out without rounding."""
    pytest.importorskip("albumentations")
    fields = {"photo": "image", "boxes": {"kind": "boxes", "of": "photo"}}
    pipe = augury.pipeline(["albumentations.HorizontalFlip"], fields=fields)
    out = pipe({"photo": spots()[0], "boxes": {"boxes": [[10, 5, 30.5, 20]], "labels": ["a"]}}, seed=1, id="a")
    assert out["boxes"].xyxy.tolist() == [[97.5, 5, 118, 20]]


@pytest.mark.parametrize("step", ["albumentations.CoarseDropout", "torchvision.AutoAugment", "kornia.RandomJigsaw"])
def test_what_cannot_be_told_is_refused(step):
    """Transforms that hide, shuffle or mix geometry with colours are refused where points lie on the image."""
    pytest.importorskip(step.split(".")[0])
    image, centres, _ = spots()
    pipe = augury.pipeline([{step: {"field": "photo"}}], fields=FIELDS)
    with pytest.raises(DataError, match="a step that points can follow, got one that cannot tell where it goes"):
        pipe({"photo": image, "points": centres.tolist()}, seed=5, id="a")
    assert pipe({"photo": image}, seed=5, id="a")["photo"].shape == image.shape


def test_a_caption_is_mirrored_by_a_bridged_flip():
    """Couplings see what a bridged transform does."""
    pytest.importorskip("torchvision")
    fields = {"photo": "image", "text": {"kind": "text", "about": "photo"}}
    pipe = augury.pipeline(["torchvision.RandomHorizontalFlip"], fields=fields)
    assert (
        pipe({"photo": spots()[0], "text": "A cat left of a dog."}, seed=1, id="a")["text"] == "A cat right of a dog."
    )


def test_brightness_is_no_zoom():
    """A picture of coordinates that was only made brighter is not taken for a smaller part of it."""
    from augury_bridges.probe import coordinates, located

    probe = coordinates(40, 60)
    for changed in (probe * 1.1, (probe - 0.5) * 1.1 + 0.45, probe[:, :, [1, 0, 2]] * np.float32(0.9)):
        assert located(np.clip(changed, 0, 1).astype(np.float32), 40, 60) is None


def test_a_known_warp_is_found_again():
    """A homography of the probe, sampled exactly, comes out to a thousandth of a pixel."""
    from augury_bridges.probe import coordinates, located

    known = (1.2, 0.2, -8.0, -0.15, 0.9, 6.0, 0.0008, -0.0004, 1.0)
    y, x = np.mgrid[0:50, 0:70] + 0.5
    back = np.linalg.inv(np.reshape(known, (3, 3)))
    u, v, w = np.tensordot(back, np.stack([x, y, np.ones_like(x)]), 1)
    sx, sy = u / w, v / w
    inside = (sx > 0) & (sx < 60) & (sy > 0) & (sy < 40)
    moved = np.zeros((50, 70, 3), np.float32)
    moved[inside] = np.stack([0.1 + 0.8 * sx / 60, 0.1 + 0.8 * sy / 40, np.full_like(sx, 0.5)], axis=2)[inside]
    found = located(moved, 40, 60)
    assert coordinates(40, 60).shape == (40, 60, 3)
    for corner in ((5, 5), (55, 5), (55, 35), (5, 35)):
        one, two = (np.reshape(m, (3, 3)) @ (*corner, 1.0) for m in (known, found.matrix))
        assert np.abs(one[:2] / one[2] - two[:2] / two[2]).max() < 1e-3


TIMED = [
    ("audiomentations", "Shift", {"min_shift": -0.3, "max_shift": 0.3}, 0.03),
    ("audiomentations", "Reverse", {}, 0.03),
    ("audiomentations", "TimeStretch", {}, 0.03),
    ("audiomentations", "Padding", {}, 0.03),
    ("torchaudio", "Speed", {"factor": 1.25}, 0.03),
    ("librosa", "time_stretch", {"rate": 0.8}, 0.1),
    ("librosa", "trim", {"top_db": 30}, 0.03),
]


@pytest.mark.parametrize(
    ("library", "name", "given", "tolerance_s"), TIMED, ids=lambda v: v if isinstance(v, str) else ""
)
def test_intervals_stay_on_what_is_heard(library, name, given, tolerance_s):
    """A burst of noise in silence is where its interval says, after the library moved it."""
    pytest.importorskip(library)
    rate = 16000
    samples = np.random.default_rng(1).normal(0, 1e-5, rate).astype(np.float32)
    samples[6000:8000] = np.random.default_rng(0).uniform(-0.5, 0.5, 2000)
    fields = {"clip": "audio", "bursts": {"kind": "intervals", "of": "clip"}}
    pipe = augury.pipeline([{f"{library}.{name}": given}], fields=fields)
    record = {"clip": (samples, rate), "bursts": [(6000 / rate, 8000 / rate, "burst")]}
    for copy in range(3):
        out = pipe(record, seed=3, id="a", copy=copy)
        heard = np.flatnonzero(np.abs(out["clip"].samples[0]) > 0.05) / rate
        assert len(out["bursts"]) == (1 if len(heard) else 0)
        for interval in out["bursts"]:
            assert abs(interval.start - heard[0]) < tolerance_s
            assert abs(interval.end - heard[-1]) < tolerance_s
