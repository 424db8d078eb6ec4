"""Targets follow the pixels: shapes are drawn, warped as pictures, and measured again."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

import augury

_spec = importlib.util.spec_from_file_location("scenes", Path(__file__).with_name("conftest.py"))
scenes = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(scenes)

ALL = {
    "angle_deg_range": [-40, 40],
    "scale_range": [0.7, 1.4],
    "shear_deg_range": [-15, 15],
    "offset_frac_range": [-0.2, 0.2],
}
STEPS = {
    "rotate": [{"image.rotate": {"angle_deg_range": [-180, 180]}}],
    "rotate_grown": [{"image.rotate": {"angle_deg_range": [-60, 60], "canvas": "grow"}}],
    "translate": [{"image.translate": {"offset_frac_range": [-0.3, 0.3]}}],
    "scale": [{"image.scale": {"scale_range": [0.4, 2.0], "keep_ratio": False}}],
    "shear": [{"image.shear": {"shear_deg_range": [-30, 30], "axis": "both"}}],
    "affine": [{"image.affine": ALL}],
    "perspective": [{"image.perspective": {"distortion_frac_range": [0.0, 0.2]}}],
    "flip": ["image.flip"],
    "flip_both": [{"image.flip": {"axis": "both"}}],
    "crop": [{"image.crop": {"side_frac_range": [0.5, 0.8]}}],
    "crop_larger": [{"image.crop": {"size": [300, 280]}}],
    "box_safe_crop": ["image.box_safe_crop"],
    "resized_crop": [{"image.resized_crop": {"size": [150, 170], "area_frac_range": [0.4, 1.0]}}],
    "resize": [{"image.resize": {"size": [333, 222]}}],
    "letterbox": [{"image.resize": {"size": [200, 200], "mode": "letterbox"}}],
    "cover": [{"image.resize": {"size": [200, 200], "mode": "cover"}}],
    "pad": [{"image.pad": {"margin_px": [5, 10, 20, 40], "multiple_of": 32}}],
    "erasing": [{"image.erasing": {"holes_range": [2, 3]}}],
    "there_and_back": [
        {"image.rotate": {"angle_deg_range": [35, 35]}},
        {"image.rotate": {"angle_deg_range": [-35, -35], "name": "back"}},
    ],
    "long": [
        {"image.affine": ALL},
        "image.flip",
        {"image.perspective": {}},
        {"image.crop": {"side_frac_range": [0.7, 0.9]}},
        {"image.resize": {"size": [180, 240]}},
    ],
    "crop_pad_rotate": [
        {"image.crop": {"side_frac_range": [0.6, 0.8]}},
        {"image.pad": {"margin_px": [30, 30, 30, 30]}},
        {"image.rotate": {}},
    ],
    "warp_erase_warp": [{"image.rotate": {}}, "image.erasing", {"image.affine": ALL}],
}


def pixels_of(outlines, shape):
    """Rasterize convex or simple outlines by coverage of at least a half."""
    seen = np.zeros(shape, bool)
    for outline in outlines:
        seen |= scenes.drawn(outline, *shape) > 0.5
    return seen


def near_the_edge(mask):
    """Pixels within about one pixel of a mask's edge."""
    wide = np.pad(mask, 1, mode="edge")
    shifts = [
        wide[1 + dy : wide.shape[0] - 1 + dy, 1 + dx : wide.shape[1] - 1 + dx] for dy in (-1, 0, 1) for dx in (-1, 0, 1)
    ]
    return np.any(shifts, axis=0) & ~np.all(shifts, axis=0)


def bounds_of(mask):
    """Return the pixel bounds of a mask: left, top, right, bottom."""
    ys, xs = np.nonzero(mask)
    return np.array([xs.min(), ys.min(), xs.max() + 1, ys.max() + 1], float)


@pytest.fixture(params=sorted(STEPS))
def name(request):
    """Name a pipeline of ``STEPS``."""
    return request.param


@pytest.mark.parametrize("copy", range(3))
@pytest.mark.parametrize("compiled", [True, False], ids=["compiled", "plain"])
def test_targets_lie_where_their_pixels_are(scene, name, copy, compiled):
    """Boxes, turned boxes, outlines, points and masks agree with the warped picture within a pixel."""
    pipe = augury.pipeline(STEPS[name], fields=scenes.FIELDS, compile=compiled)
    out = pipe(scene, seed=11, id=name, copy=copy)
    photo = out["photo"]
    shape = photo.shape[:2]
    shown = photo > 127

    box = shown[:, :, 0]
    if box.sum() > 20:
        assert np.abs(bounds_of(box) - out["boxes"].xyxy[0]).max() <= 1.0 + 0.51
    assert len(out["boxes"]) <= 1
    if not len(out["boxes"]):
        assert box.sum() <= 20

    outline = shown[:, :, 2]
    drawn = pixels_of([r for rings in out["outline"].objects for r in rings], shape)
    assert not ((drawn ^ outline) & ~near_the_edge(drawn) & ~near_the_edge(outline)).any()
    mask = out["mask"].astype(bool)
    assert not ((mask ^ outline) & ~near_the_edge(outline) & ~near_the_edge(mask)).any()

    turned = shown[:, :, 1]
    held = pixels_of(out["turned"].corners(), shape)
    assert not (turned & ~held & ~near_the_edge(held)).any()
    if name in ("rotate", "translate", "flip", "flip_both", "resize_same", "pad") and len(out["turned"]):
        cut = bounds_of(turned)
        if cut[0] > 1 and cut[1] > 1 and cut[2] < shape[1] - 1 and cut[3] < shape[0] - 1:
            assert not (held & ~turned & ~near_the_edge(turned)).any()

    for k, (x, y) in enumerate(out["points"].xy):
        spot = photo[:, :, 3 + k].astype(float)
        if out["points"].visibility[k] == 0:
            continue
        margin = 14
        if not (margin < x < shape[1] - margin and margin < y < shape[0] - margin) or name in (
            "erasing",
            "warp_erase_warp",
        ):
            continue
        if name == "crop_pad_rotate":  # the disc may be cut by the crop inside the picture
            continue
        v, u = np.mgrid[0 : shape[0], 0 : shape[1]] + 0.5
        assert abs((spot * u).sum() / spot.sum() - x) < 0.5 + 0.5 * ("perspective" in name or name == "long")
        assert abs((spot * v).sum() / spot.sum() - y) < 0.5 + 0.5 * ("perspective" in name or name == "long")


def test_compiled_and_plain_agree_on_everything_but_pixels(scene, name):
    """The same draws, sizes, surviving targets and coordinates."""
    for copy in range(3):
        one, two = (
            augury.pipeline(STEPS[name], fields=scenes.FIELDS, compile=on)(scene, seed=3, id=name, copy=copy)
            for on in (True, False)
        )
        assert one.lineage["steps"] == two.lineage["steps"]
        assert one["photo"].shape == two["photo"].shape
        assert one["boxes"].labels == two["boxes"].labels
        np.testing.assert_allclose(one["boxes"].xyxy, two["boxes"].xyxy, atol=1e-6)
        np.testing.assert_allclose(one["turned"].cxcywha, two["turned"].cxcywha, atol=1e-6)
        np.testing.assert_array_equal(one["points"].visibility, two["points"].visibility)
        np.testing.assert_allclose(one["points"].xy, two["points"].xy, atol=1e-6)
        assert one["outline"].labels == two["outline"].labels
        difference = np.abs(one["photo"].astype(int) - two["photo"])
        assert np.mean(difference > 64) < 0.02


def test_mirroring_swaps_left_and_right(scene):
    """A mirrored face's left eye is at the mirror of its right eye, row for row; two mirrors change nothing."""
    fields = {"photo": "image", "points": {"kind": "keypoints", "of": "photo", "swap": [["left", "right"]]}}
    record = {
        "photo": scene["photo"],
        "points": {"points": [[10, 20], [110, 25], [60, 60]], "labels": ["left", "right", "nose"]},
    }
    once = augury.pipeline(["image.flip"], fields=fields)(record, seed=1, id="a", copy=0)
    assert once["points"].labels == ("left", "right", "nose")
    np.testing.assert_allclose(once["points"].xy, [[210, 25], [310, 20], [260, 60]])
    steps = [{"image.flip": {"name": "one"}}, {"image.flip": {"name": "two"}}]
    twice = augury.pipeline(steps, fields=fields)(record, seed=1, id="a", copy=0)
    np.testing.assert_allclose(twice["points"].xy, record["points"]["points"])


def test_rows_swap_by_number(scene):
    """A skeleton without labels swaps rows by their numbers."""
    fields = {"photo": "image", "points": {"kind": "keypoints", "of": "photo", "swap": [[0, 1]]}}
    record = {"photo": scene["photo"], "points": [[10, 20], [110, 25], [60, 60]]}
    out = augury.pipeline(["image.flip"], fields=fields)(record, seed=1, id="a", copy=0)
    np.testing.assert_allclose(out["points"].xy, [[210, 25], [310, 20], [260, 60]])


@pytest.mark.parametrize("least, kept", [(0.0, 1), (0.3, 1), (0.6, 0)])
def test_visibility_is_of_the_whole_quad(scene, least, kept):
    """Half of the box is moved out: it stays while min_visibility is below a half."""
    fields = {"photo": "image", "boxes": {"kind": "boxes", "of": "photo", "min_visibility": least}}
    record = {"photo": scene["photo"], "boxes": [[0, 100, 64, 150]]}
    steps = [{"image.translate": {"offset_frac_range": [-0.1, -0.1]}}]
    out = augury.pipeline(steps, fields=fields)(record, seed=1, id="a", copy=0)
    assert len(out["boxes"]) == kept
    if kept:
        np.testing.assert_allclose(out["boxes"].xyxy, [[0, 76, 32, 126]])


def test_small_boxes_are_left_out(scene):
    """min_area_px counts seen square pixels after the warp."""
    fields = {"photo": "image", "boxes": {"kind": "boxes", "of": "photo", "min_area_px": 30.0}}
    record = {"photo": scene["photo"], "boxes": {"boxes": [[10, 10, 20, 20], [50, 50, 90, 90]], "labels": ["s", "l"]}}
    out = augury.pipeline([{"image.resize": {"size": [120, 160]}}], fields=fields)(record, seed=1, id="a", copy=0)
    assert out["boxes"].labels == ("l",)


def test_erased_parts_take_targets_along(scene):
    """A hole over the left half of a box leaves its right half; a covered point is gone; the mask shows background."""
    fields = scenes.FIELDS | {"mask": {"kind": "mask", "of": "photo", "background": 9}}
    pipe = augury.pipeline(
        [{"image.erasing": {"height_frac_range": [1, 1], "width_frac_range": [0.4, 0.4]}}], fields=fields
    )
    out = pipe(scene, seed=5, id="a", copy=0)
    left, _, w, _, _ = out.lineage["steps"][0]["draw"]["holes"][0]
    assert (out["mask"][:, left : left + w] == 9).all()
    assert (out["photo"][:, left : left + w] == 0).all()
    for (x, _), seen in zip(scenes.POINTS, out["points"].visibility, strict=True):
        assert (seen == 0) == (left <= x <= left + w)


def test_mosaic_and_mixup_keep_targets_of_all(scene):
    """Donors' boxes, masks and points come along, cut to what is seen of them."""
    pool = {f"d{k}": scene for k in range(4)}
    fields = scenes.FIELDS
    checked = {i: augury.pipeline([], fields=fields)(r, seed=0, id=i, copy=0) for i, r in pool.items()}
    mosaic = augury.pipeline([{"image.mosaic": {"size": [400, 400]}}], fields=fields)(
        scene, seed=2, id="x", copy=0, pool=checked
    )
    shown = mosaic["photo"] > 127
    assert mosaic["photo"].shape == (400, 400, 6)
    drawn = pixels_of([r for rings in mosaic["outline"].objects for r in rings], (400, 400))
    assert not ((drawn ^ shown[:, :, 2]) & ~near_the_edge(drawn) & ~near_the_edge(shown[:, :, 2])).any()
    assert not ((mosaic["mask"].astype(bool) ^ shown[:, :, 2]) & ~near_the_edge(shown[:, :, 2])).any()
    mixed = augury.pipeline(["image.mixup"], fields=fields)(scene, seed=2, id="x", copy=0, pool=checked)
    assert len(mixed["boxes"]) == 2
    np.testing.assert_allclose(mixed["photo"].astype(int), scene["photo"], atol=1)


def test_boxes_cut_by_the_edge_end_on_it():
    """Rounding leaves no corner outside the picture, not by the last bit."""
    pipe = augury.pipeline(
        [{"image.affine": {"angle_deg_range": (-40, 40)}}, "image.flip"],
        fields={"photo": "image", "boxes": {"kind": "boxes", "of": "photo"}},
    )
    record = {"photo": np.zeros((37, 53, 3), np.uint8), "boxes": [[0, 0, 53, 37], [-5, -5, 20, 20], [30, 10, 60, 50]]}
    for copy in range(40):
        found = pipe(record, seed=3, id="a", copy=copy)["boxes"].xyxy
        assert (found >= 0).all()
        assert (found <= [53, 37, 53, 37]).all()
