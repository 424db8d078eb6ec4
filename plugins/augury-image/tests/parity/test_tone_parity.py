"""Tones, blurs and noise with fixed parameters against albumentations and torchvision, where both mean the same.

Run in an environment that has them; skipped elsewhere. Tolerances are mean absolute differences of 8-bit levels: the
peers round tables, hues and kernels otherwise.
"""

import numpy as np
import pytest
from skimage import data

import augury
from augury.effects import Color
from augury_image.ops import blurs
from augury_image.ops.color import color_matrix
from augury_image.tones import tone

PHOTO = np.ascontiguousarray(data.coffee()[50:290, 60:380])
OTHER = np.ascontiguousarray(data.astronaut()[50:290, 60:380])

pytestmark = pytest.mark.filterwarnings("ignore")


def ours(step):
    """Return our picture after a step, whose donor is OTHER."""
    pipe = augury.pipeline([step], fields={"photo": "image"})
    more = {"pool": {"other": {"photo": OTHER}}} if pipe.needs_pool else {}
    return pipe({"photo": PHOTO}, seed=0, id="a", copy=0, **more)["photo"]


def gap(a, b):
    """Mean absolute difference."""
    assert a.shape == b.shape
    return np.abs(a.astype(float) - b).mean()


CASES = {
    "invert": ("image.invert", lambda p: p.InvertImg(p=1), 0.0),
    "posterize": ({"image.posterize": {"bits_range": [4, 4]}}, lambda p: p.Posterize((4, 4), p=1), 0.0),
    "solarize": ({"image.solarize": {"threshold_range": [0.5, 0.5]}}, lambda p: p.Solarize((0.5, 0.5), p=1), 0.1),
    "gamma": ({"image.gamma": {"gamma_range": [1.2, 1.2]}}, lambda p: p.RandomGamma((120, 120), p=1), 0.6),
    "to_gray": ("image.to_gray", lambda p: p.ToGray(p=1), 0.1),
    "to_sepia": ({"image.to_sepia": {"strength_range": [1, 1]}}, lambda p: p.ToSepia(p=1), 0.6),
    "hue_saturation_value": (
        {
            "image.hue_saturation_value": {
                "hue_deg_range": [20, 20],
                "saturation_range": [0.08, 0.08],
                "value_range": [-0.04, -0.04],
            }
        },
        lambda p: p.HueSaturationValue((10, 10), (20, 20), (-10, -10), p=1),
        3.0,
    ),
    "rgb_shift": (
        {"image.rgb_shift": {"shift_range": [20 / 255, 20 / 255]}},
        lambda p: p.RGBShift((20, 20), (20, 20), (20, 20), p=1),
        0.1,
    ),
    "normalize": ("image.normalize", lambda p: p.Normalize(p=1), 1e-5),
    "box_blur": ({"image.box_blur": {"radius_px_range": [2, 2]}}, lambda p: p.Blur((5, 5), p=1), 0.1),
    "median_blur": ({"image.median_blur": {"radius_px_range": [2, 2]}}, lambda p: p.MedianBlur((5, 5), p=1), 0.0),
    "sharpen": (
        {"image.sharpen": {"strength_range": [0.4, 0.4]}},
        lambda p: p.Sharpen((0.4, 0.4), (1.0, 1.0), p=1),
        0.6,
    ),
    "emboss": (
        {"image.emboss": {"opacity_range": [0.3, 0.3], "strength_range": [0.5, 0.5]}},
        lambda p: p.Emboss((0.3, 0.3), (0.5, 0.5), p=1),
        0.6,
    ),
    "defocus": (
        {"image.defocus": {"radius_px_range": [4.3, 4.3]}},
        lambda p: p.Defocus((4, 4), (0.1, 0.1), p=1),
        1.5,
    ),
    "jpeg": (
        {"image.jpeg": {"quality_range": [50, 50]}},
        lambda p: p.ImageCompression("jpeg", (50, 50), p=1),
        3.0,  # theirs hands RGB to OpenCV, which reads it as BGR: other weights of the luma
    ),
    "downscale": (
        {"image.downscale": {"scale_range": [0.5, 0.5], "shrink": "nearest", "grow": "nearest"}},
        lambda p: p.Downscale((0.5, 0.5), p=1),
        0.0,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_as_albumentations(name):
    """The same picture within the stated tolerance."""
    peer = pytest.importorskip("albumentations")
    step, make, tolerance = CASES[name]
    assert gap(ours(step), peer.Compose([make(peer)])(image=PHOTO)["image"]) <= tolerance


def test_clahe_of_grey_as_albumentations():
    """Of grey; in colours ours keeps colour differences where theirs equalizes CIELAB's L."""
    peer = pytest.importorskip("albumentations")
    grey = np.ascontiguousarray(PHOTO[:, :, :1])
    pipe = augury.pipeline([{"image.clahe": {"clip_limit_range": [3, 3]}}], fields={"photo": "image"})
    theirs = peer.Compose([peer.CLAHE((3, 3), (8, 8), p=1)])(image=grey)["image"]
    assert gap(pipe({"photo": grey}, seed=0, id="a", copy=0)["photo"], theirs.reshape(grey.shape)) == 0


def test_histograms_as_albumentations():
    """Whole matching to the same picture."""
    peer = pytest.importorskip("albumentations")
    theirs = peer.Compose([peer.HistogramMatching(blend_ratio=(1, 1), p=1, metadata_key="donors")])
    want = theirs(image=PHOTO, donors=[OTHER])["image"]
    assert gap(ours({"image.histogram_matching": {"blend_range": [1, 1]}}), want) <= 1.5


def test_colours_as_torchvision():
    """Saturation and grey as torchvision's functions; contrast and hue differ: fixed middle grey, linear hue."""
    torch = pytest.importorskip("torch")
    functional = pytest.importorskip("torchvision.transforms.v2.functional")
    tensor = torch.from_numpy(PHOTO.transpose(2, 0, 1).copy())
    for factor in (0.0, 0.5, 1.4):
        want = functional.adjust_saturation(tensor, factor).numpy().transpose(1, 2, 0)
        assert gap(tone(PHOTO, [Color(color_matrix(saturation=factor))]), want) <= 0.8
    grey = functional.rgb_to_grayscale(tensor, 3).numpy().transpose(1, 2, 0)
    assert gap(ours("image.to_gray"), grey) <= 0.6


def test_jpeg_as_torchvision():
    """The same quality loses about as much."""
    torch = pytest.importorskip("torch")
    functional = pytest.importorskip("torchvision.transforms.v2.functional")
    tensor = torch.from_numpy(PHOTO.transpose(2, 0, 1).copy())
    want = functional.jpeg(tensor, 40).numpy().transpose(1, 2, 0)
    assert gap(ours({"image.jpeg": {"quality_range": [40, 40]}}), want) <= 1.5


def test_kernels_as_scipy_sees_them():
    """The generalised Gaussian with beta 1 is SciPy's Gaussian."""
    ndimage = pytest.importorskip("scipy.ndimage")
    point = np.zeros((31, 31))
    point[15, 15] = 1
    kernel = blurs.shaped_kernel([2.0, 2.0], 30.0, 1.0, 0.0, 0)
    want = ndimage.gaussian_filter(point, 2.0, truncate=3.0)[9:22, 9:22]
    np.testing.assert_allclose(kernel, want, atol=1e-5)
