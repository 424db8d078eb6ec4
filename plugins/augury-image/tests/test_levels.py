"""Autocontrast, equalize and sharpness are Pillow's, and the policies expand to what their papers say."""

from collections import Counter

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageOps
from skimage import data

import augury
from augury_image.ops.levels import equalize_levels, sharpened, stretch_levels

PHOTO = np.ascontiguousarray(data.coffee()[100:200, 100:260])
DULL = (PHOTO // 3 + 40).astype(np.uint8)


def test_pillow_stretches_and_equalizes_alike():
    """On 8 bit autocontrast is within a level of Pillow's, equalize its own bytes."""
    pillow = Image.fromarray(DULL)
    stretched = np.asarray(ImageOps.autocontrast(pillow)).astype(int)
    assert np.abs(stretched - stretch_levels(DULL)).max() <= 1
    np.testing.assert_array_equal(np.asarray(ImageOps.equalize(pillow)), equalize_levels(DULL))
    flat = np.full((5, 5, 3), 7, np.uint8)
    np.testing.assert_array_equal(stretch_levels(flat), flat)
    np.testing.assert_array_equal(equalize_levels(flat), flat)


@pytest.mark.parametrize("factor", [0.0, 0.5, 1.0, 1.9])
def test_pillow_sharpens_alike(factor):
    """Inside the outermost pixels, whose treatment differs, within a level."""
    theirs = np.asarray(ImageEnhance.Sharpness(Image.fromarray(PHOTO)).enhance(factor)).astype(int)
    inner = np.s_[1:-1, 1:-1]
    assert np.abs(theirs - sharpened(PHOTO, factor))[inner].max() <= 1 + factor


@pytest.mark.parametrize("function", [stretch_levels, equalize_levels])
def test_floats_are_near_bytes(function):
    """Float pictures give what 8 bit ones give, within a level or two."""
    unit = DULL.astype(np.float32) / 255
    assert np.abs(function(unit) * 255 - function(DULL)).max() <= 2.0


def chosen(step, n=600):
    """Count the ops that a policy applies, and how many a record."""
    pipe = augury.pipeline([step], fields={"photo": "image"})
    small = {"photo": PHOTO[:16, :16]}
    runs = [[s["op"] for s in pipe(small, seed=1, id=str(i), copy=0).lineage["steps"]] for i in range(n)]
    return Counter(op for ops in runs for op in ops), Counter(map(len, runs))


def test_rand_augment_applies_its_operations_alike():
    """Two operations a record, each of fourteen with the same chance, identity among them."""
    ops, lengths = chosen("image.rand_augment")
    assert set(lengths) <= {0, 1, 2}
    assert abs(ops["image.posterize"] - 1200 / 14) < 40
    assert abs(ops["image.color_jitter"] - 3 * 1200 / 14) < 70
    assert abs(ops["image.shear"] + ops["image.translate"] - 4 * 1200 / 14) < 80


def test_trivial_augment_applies_one():
    """One operation or none."""
    ops, lengths = chosen("image.trivial_augment")
    assert set(lengths) == {0, 1}
    assert abs(lengths[0] - 600 / 14) < 30
    assert len(ops) == 9


def test_auto_augment_applies_pairs_by_their_chances():
    """Rotations of the ImageNet policy: the mean of what its 25 pairs say."""
    ops, lengths = chosen("image.auto_augment", 1500)
    assert max(lengths) == 2
    want = 1500 / 25 * (0.6 + 0.8 + 0.2 + 0.8 + 0.4 + 0.8)
    assert abs(ops["image.rotate"] - want) < 60


def test_aug_mix_has_uniform_depths():
    """Three chains of one to three operations, each depth alike: six operations a record."""
    ops, lengths = chosen("image.aug_mix", 400)
    assert min(lengths) >= 3 and max(lengths) <= 9
    assert abs(sum(ops.values()) / 400 - 6) < 0.25
    assert "image.rotate" not in ops
    moving, _ = chosen({"image.aug_mix": {"moving": True}}, 100)
    assert "image.rotate" in moving


def test_policies_move_targets():
    """Boxes follow a policy's warps as they follow the ops themselves."""
    fields = {"photo": "image", "boxes": {"kind": "boxes", "of": "photo"}}
    pipe = augury.pipeline(["image.trivial_augment"], fields=fields)
    moved = 0
    for i in range(40):
        out = pipe({"photo": PHOTO, "boxes": [[40, 30, 90, 70]]}, seed=2, id=str(i), copy=0)
        geometric = any(s["op"] in ("image.shear", "image.translate", "image.rotate") for s in out.lineage["steps"])
        same = len(out["boxes"]) == 1 and np.allclose(out["boxes"].xyxy, [[40, 30, 90, 70]])
        assert geometric or same
        moved += geometric and not same
    assert moved > 5
