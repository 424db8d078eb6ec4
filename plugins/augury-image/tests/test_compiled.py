"""What a compiled pipeline means: the hard cases, and its pixels against an ideal worked out step by step in float."""

import numpy as np
import pytest
from scipy.ndimage import map_coordinates
from skimage import data

import augury

PHOTO = {"photo": "image"}


def run(steps, photo, compiled=True, seed=1, record_id="a"):
    """Return the output of a pipeline on one photo."""
    return augury.pipeline(steps, fields=PHOTO, compile=compiled)({"photo": photo}, seed=seed, id=record_id, copy=0)


def both(steps, photo):
    """Return the compiled and the plain output photo."""
    return run(steps, photo)["photo"], run(steps, photo, compiled=False)["photo"]


@pytest.fixture(scope="module")
def photo():
    """A photograph with detail in its corners."""
    return np.ascontiguousarray(data.coffee()[:300, :400])


def test_crop_then_pad_does_not_bring_content_back(photo):
    """What was cropped away is filled, exactly, and what stayed is copied, exactly."""
    steps = [
        {"image.crop": {"size": [100, 120], "position": "center"}},
        {"image.pad": {"margin_px": [30, 40, 50, 60], "fill": 0.5}},
    ]
    compiled, plain = both(steps, photo)
    np.testing.assert_array_equal(compiled, plain)
    np.testing.assert_array_equal(compiled[30:130, 60:180], photo[100:200, 140:260])
    outside = np.ones(compiled.shape[:2], bool)
    outside[30:130, 60:180] = False
    assert (compiled[outside] == 128).all()


def test_crop_then_pad_under_a_rotation_does_not_bring_content_back():
    """White content that was cropped away stays away when a warp follows."""
    white = np.full((200, 200, 3), 255, np.uint8)
    steps = [
        {"image.crop": {"size": [80, 80], "position": "center"}},
        {"image.pad": {"margin_px": [60, 60, 60, 60]}},
        {"image.rotate": {"angle_deg_range": [45, 45]}},
    ]
    compiled, plain = both(steps, white)
    y, x = np.mgrid[0:200, 0:200] + 0.5
    diamond = np.abs(x - 100) + np.abs(y - 100)
    assert (compiled[diamond > 40 * 2**0.5 + 1.5] == 0).all()
    assert (compiled[diamond < 40 * 2**0.5 - 1.5] == 255).all()
    assert np.abs(compiled.astype(int) - plain).mean() < 1.0


def test_rotating_there_and_back_has_lost_the_corners(photo):
    """+20 then -20 degrees: the middle is the photograph again, the corners are the fill."""
    steps = [
        {"image.rotate": {"angle_deg_range": [20, 20], "fill": 1.0, "name": "there"}},
        {"image.rotate": {"angle_deg_range": [-20, -20], "name": "back"}},
    ]
    compiled, plain = both(steps, photo)
    # The square's corner leaves the canvas turned by 20 degrees and never returns: black from the second canvas.
    for corner in (compiled[0, 0], compiled[-1, -1], compiled[0, -1], compiled[-1, 0]):
        assert (corner == 0).all()
    middle = np.s_[100:200, 100:300]
    assert np.abs(compiled[middle].astype(int) - photo[middle]).max() <= 1
    assert np.abs(compiled.astype(int) - plain).mean() < 4.0


def test_a_visible_reflection_ends_the_segment(photo):
    """What is reflected is the first step's output with its fill, not the source behind it."""
    steps = [
        {"image.translate": {"offset_frac_range": [0.2, 0.2], "fill": [1.0, 0.0, 0.0], "name": "one"}},
        {"image.translate": {"offset_frac_range": [0.3, 0.3], "border": "reflect", "name": "two"}},
    ]
    compiled, plain = both(steps, photo)
    np.testing.assert_array_equal(compiled, plain)
    # The 80 columns of red fill are mirrored: 120 columns come in from the left, the nearest 80 of them red.
    assert (compiled[150, 45:195] == (255, 0, 0)).all()


@pytest.mark.parametrize("tone, value", [({"image.invert": {}}, 191), ({"image.gamma": {"gamma_range": [2, 2]}}, 16)])
def test_fills_go_through_later_tones(photo, tone, value):
    """A fill of 0.25 that a curve follows is the curve of 0.25; one that follows the curve is 0.25."""
    turned = {"image.rotate": {"angle_deg_range": [30, 30], "fill": 0.25}}
    compiled, plain = both([turned, tone], photo)
    assert (compiled[0, 0] == value).all() and (plain[0, 0] == value).all()
    compiled, plain = both([tone, turned], photo)
    assert (compiled[0, 0] == 64).all() and (plain[0, 0] == 64).all()


def test_fills_of_several_steps_keep_their_colours_through_tones(photo):
    """Each canvas keeps its own fill and takes only the tones after it."""
    steps = [
        {"image.translate": {"offset_frac_range": [0.25, 0.25], "fill": 0.2, "name": "one"}},
        "image.invert",
        {"image.rotate": {"angle_deg_range": [45, 45], "fill": 0.4}},
        {"image.solarize": {"threshold_range": [0.5, 0.5]}},
    ]
    compiled, plain = both(steps, photo)
    assert (compiled[2, 2] == 102).all()  # 0.4, below the threshold
    assert (compiled[270, 80] == 51).all()  # 0.2, inverted to 0.8, solarized to 0.2
    assert np.abs(compiled.astype(int) - plain).mean() < 2.0


def test_posterize_and_resize_do_not_commute(photo):
    """Posterized, then enlarged: new levels between; enlarged, then posterized: none."""
    posterize, resize = {"image.posterize": {"bits_range": [2, 2]}}, {"image.resize": {"size": [500, 640]}}
    assert len(np.unique(run([posterize, resize], photo)["photo"])) > 10
    assert len(np.unique(run([resize, posterize], photo)["photo"])) <= 4
    for steps in ([posterize, resize], [resize, posterize]):
        compiled, plain = both(steps, photo)
        np.testing.assert_array_equal(compiled, plain)


def test_interpolation_border_and_fill_of_each_step_survive(photo):
    """A nearest step makes no new levels, and the linear one after it does, as without compiling."""
    steps = [
        {"image.scale": {"scale_range": [1.7, 1.7], "interpolation": "nearest"}},
        {"image.rotate": {"angle_deg_range": [10, 10], "border": "replicate"}},
        {"image.translate": {"offset_frac_range": [0.1, 0.1], "fill": 0.75}},
    ]
    two = (photo > 127).astype(np.uint8) * 255
    nearest = run(steps[:1], two)["photo"]
    assert set(np.unique(nearest)) <= {0, 255}
    compiled, plain = both(steps, two)
    assert len(np.unique(compiled)) > 20
    assert (compiled[:28] == 191).all() and (compiled[:, :38] == 191).all()
    assert np.abs(compiled.astype(int) - plain).mean() < 4.0


def test_tones_do_not_cross_a_strong_shrink(photo):
    """A curve before a chain of shrinks runs before them: many small steps count together."""
    steep = {"image.gamma": {"gamma_range": [3, 3]}}
    halves = [{"image.scale": {"scale_range": [0.6, 0.6], "name": f"s{k}"}} for k in range(3)]
    compiled, plain = both([steep, *halves], photo)
    middle = np.s_[125:175, 170:230]
    assert np.abs(compiled[middle].astype(int) - plain[middle]).mean() < 6.0


def test_box_safe_crop_sees_boxes_through_pending_warps(photo):
    """Whatever is pending, every box that is on the canvas stays whole."""
    fields = PHOTO | {"boxes": {"kind": "boxes", "of": "photo"}}
    record = {"photo": photo, "boxes": [[50, 60, 90, 100], [300, 200, 340, 260]]}
    before = [{"image.rotate": {"name": "r"}}, "image.flip", {"image.scale": {"name": "s"}}]
    for compiled in (True, False):
        warp = augury.pipeline(before, fields=fields, compile=compiled)
        crop = augury.pipeline([*before, "image.box_safe_crop"], fields=fields, compile=compiled)
        for k in range(20):
            whole, cropped = warp(record, seed=4, id=str(k), copy=0), crop(record, seed=4, id=str(k), copy=0)
            draw = cropped.lineage["steps"][-1]["draw"]
            shift = np.array([draw["x0"], draw["y0"]] * 2)
            np.testing.assert_allclose(cropped["boxes"].xyxy, whole["boxes"].xyxy - shift, atol=1e-6)


def psnr(a, b):
    """Peak signal to noise ratio in dB of images in [0, 255]."""
    return 10 * np.log10(255.0**2 / np.mean((np.asarray(a, float) - b) ** 2))


def ideal(photo, steps, lineage, fine=4):
    """The single resample at ``fine`` x supersampling in float, each output point traced back through the steps.

    The continuous picture is its cubic spline: a bilinear one, averaged over pixels, would be a blurred picture even where
    nothing moves, and so reward the blur of a second interpolation.
    """
    from augury.effects import Curve, Warp
    from augury.spaces.plane import PlaneSize

    pipe = augury.pipeline(steps, fields=PHOTO)
    ops = {node.path: node.op for node in pipe.ops}
    size = PlaneSize(*photo.shape)
    effects = []

    class Seen:
        pass

    for step in lineage["steps"]:
        info = Seen()
        info.size = size
        effect = ops[step["path"]].effect(step.get("draw"), info)
        effects.append((effect, size))
        if isinstance(effect, Warp):
            size = PlaneSize(*effect.size, size.channels)
    v, u = (np.mgrid[0 : size.height * fine, 0 : size.width * fine] + 0.5) / fine
    trail, fills = [], []
    for effect, before in reversed(effects):
        if isinstance(effect, Warp):
            m = np.linalg.inv(np.reshape(effect.matrix, (3, 3)))
            w = m[2, 0] * u + m[2, 1] * v + m[2, 2]
            u, v = (m[0, 0] * u + m[0, 1] * v + m[0, 2]) / w, (m[1, 0] * u + m[1, 1] * v + m[1, 2]) / w
            fills.append((u < 0) | (v < 0) | (u > before.width) | (v > before.height))
        trail.append(effect)
    value = np.stack(
        [map_coordinates(photo[:, :, c] / 255.0, [v - 0.5, u - 0.5], order=3, mode="nearest") for c in range(3)], axis=2
    ).clip(0, 1)
    for effect in reversed(trail):
        if isinstance(effect, Curve):
            value = np.clip(effect.fn(value, **effect.args), 0, 1)
        else:
            value = np.where(fills.pop()[:, :, None], effect.fill, value)
    return value.reshape(size.height, fine, size.width, fine, 3).mean(axis=(1, 3)) * 255.0


AFFINE = {"angle_deg_range": [-20, 20], "scale_range": [0.8, 1.2], "shear_deg_range": [-10, 10]}
CHAINS = {
    "seed": [
        {"image.rotate": {}},
        {"image.flip": {"p": 0.5}},
        {"image.affine": AFFINE | {"offset_frac_range": [0, 0]}},
    ],
    "long": [
        {"image.rotate": {}},
        "image.flip",
        {"image.affine": AFFINE},
        {"image.resized_crop": {"size": [160, 160], "area_frac_range": [0.3, 1.0]}},
        "image.brightness_contrast",
        "image.gamma",
    ],
    "perspective": [{"image.perspective": {}}, "image.gamma", {"image.rotate": {}}, {"image.scale": {}}],
}


@pytest.mark.parametrize("picture", ["astronaut", "chelsea", "coffee", "rocket"])
@pytest.mark.parametrize("chain", sorted(CHAINS))
def test_compiled_pixels_are_nearer_the_ideal(picture, chain):
    """By PSNR on photographs, one resample beats one after another."""
    photo = np.ascontiguousarray(getattr(data, picture)()[:300, :400])
    gains = []
    for k in range(3):
        one = run(CHAINS[chain], photo, seed=k)
        two = run(CHAINS[chain], photo, seed=k, compiled=False)
        target = ideal(photo, CHAINS[chain], one.lineage)
        gains.append(psnr(one["photo"], target) - psnr(two["photo"], target))
        assert psnr(one["photo"], target) > 28.0
    assert min(gains) > 0.0, gains
