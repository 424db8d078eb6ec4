"""Pixels of every dtype, channel count and shape: against definitions written out in numpy."""

import cv2
import numpy as np
import pytest
from skimage import data

import augury
from augury.errors import FieldError
from augury.spaces import geometry as geo
from augury_image.warp import block_means, resample, resample_dense

PHOTO = {"photo": "image"}
STEPS = [
    {"image.rotate": {}}, {"image.translate": {"border": "reflect"}}, {"image.scale": {"scale_range": [0.3, 0.4]}},
    {"image.shear": {}}, {"image.affine": {"interpolation": "cubic"}}, {"image.perspective": {}}, "image.flip",
    "image.crop", "image.box_safe_crop", {"image.resized_crop": {"size": [40, 50]}}, {"image.resize": {"size": [33, 55]}},
    {"image.pad": {"fill": 0.3}}, "image.brightness", "image.contrast", "image.brightness_contrast", "image.gamma",
    {"image.posterize": {"bits_range": [8, 8]}}, "image.invert", "image.blur", "image.noise", "image.erasing",
]  # fmt: skip
COLOURS = ["image.saturation", "image.hue", "image.color_jitter"]


def run(steps, photo, **keys):
    """Return the output photo of a pipeline."""
    steps = steps if isinstance(steps, list) else [steps]
    return augury.pipeline(steps, fields=PHOTO)({"photo": photo}, seed=7, id="a", copy=0, **keys)["photo"]


def name_of(step):
    """Return the op of a step."""
    return step if isinstance(step, str) else next(iter(step))


@pytest.fixture(scope="module")
def photo():
    """A piece of a photograph."""
    return np.ascontiguousarray(data.astronaut()[100:260, 150:350])


@pytest.mark.parametrize("step", STEPS + COLOURS, ids=name_of)
def test_dtypes_agree(photo, step):
    """8 bit, 16 bit and float give the same picture up to their rounding."""
    eight = run(step, photo)
    sixteen = run(step, photo.astype(np.uint16) * 257)
    floats = run(step, photo.astype(np.float32) / 255)
    assert eight.dtype == np.uint8 and sixteen.dtype == np.uint16 and floats.dtype == np.float32
    slack = 2.5 if name_of(step) == "image.noise" else 1.6
    assert np.abs(eight - floats * 255.0).max() <= slack
    assert np.abs(sixteen / 257.0 - floats * 255.0).max() <= slack - 0.5
    assert floats.min() >= 0 and floats.max() <= 1


@pytest.mark.parametrize("channels", [1, 2, 4, 5, 9])
@pytest.mark.parametrize("step", STEPS, ids=name_of)
def test_any_number_of_channels(photo, step, channels):
    """Warps treat every channel alike; tones leave the last of two or four, the opacity, as it is."""
    image = np.ascontiguousarray(np.concatenate([photo] * 3, axis=2)[:, :, :channels])
    if channels == 1 or name_of(step) == "image.noise":
        assert run(step, image).shape[2] == channels
        return
    whole = run(step, image)
    ops_on_tones = ("brightness", "contrast", "brightness_contrast", "gamma", "posterize", "invert")
    for c in range(channels):
        if name_of(step).split(".")[1] in ops_on_tones and channels in (2, 4) and c == channels - 1:
            np.testing.assert_array_equal(whole[:, :, c], image[:, :, c])
        else:
            alone = run(step, np.ascontiguousarray(image[:, :, c : c + 1]))
            assert np.abs(whole[:, :, c].astype(int) - alone[:, :, 0]).max() <= 1


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 40, 3), (40, 1, 1), (2, 3, 4), (3, 2, 5)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("step", [*STEPS, "image.mixup", "image.mosaic"], ids=name_of)
def test_degenerate_shapes(step, shape, dtype):
    """Pictures of one pixel, one row and one column go through every op."""
    image = (
        np.linspace(0, 1, np.prod(shape)).reshape(shape) * {"u": np.iinfo(dtype).max if dtype != np.float32 else 1}["u"]
    ).astype(dtype)
    pool = {f"d{k}": {"photo": image} for k in range(4)}
    pipe = augury.pipeline([step], fields=PHOTO)
    out = pipe({"photo": image}, seed=7, id="a", copy=0, **({"pool": pool} if pipe.needs_pool else {}))["photo"]
    assert out.dtype == dtype and out.ndim == 3 and out.size and out.shape[2] == shape[2]


@pytest.mark.parametrize("step", COLOURS)
def test_colour_keeps_grey_and_opacity(photo, step):
    """Saturation and hue leave grey alone; opacity is not a colour; five channels are refused."""
    if step != "image.color_jitter":
        grey = np.repeat(photo[:, :, :1], 3, axis=2)
        assert np.abs(run(step, grey).astype(int) - grey).max() <= 1
        assert np.abs(run(step, photo[:, :, :1]).astype(int) - photo[:, :, :1]).max() <= 1
    opacity = np.ascontiguousarray(np.dstack([photo, photo[:, ::-1, :1]]))
    out = run(step, opacity)
    np.testing.assert_array_equal(out[:, :, 3], opacity[:, :, 3])
    assert np.abs(out[:, :, :3].astype(int) - run(step, photo)).max() <= 1
    with pytest.raises(FieldError, match="1 to 4 channels"):
        run(step, np.zeros((4, 4, 5), np.uint8))


def test_colour_matrices_do_what_they_say(photo):
    """Saturation 0 is the luma; a hue turn of 360 degrees is nothing; of 120 in steps of three too."""
    luma = photo @ np.array([0.299, 0.587, 0.114])
    none = run({"image.saturation": {"factor_range": [0, 0]}}, photo)
    assert np.abs(none - luma[:, :, None]).max() <= 1
    assert np.abs(run({"image.hue": {"shift_deg_range": [360, 360]}}, photo).astype(int) - photo).max() <= 1
    jitter = {
        "image.color_jitter": {
            "brightness_factor_range": [0.9, 0.9],
            "contrast_factor_range": [1.2, 1.2],
            "saturation_factor_range": [1, 1],
            "hue_deg_range": [0, 0],
        }
    }
    want = np.clip((photo / 255.0 * 0.9 - 0.5) * 1.2 + 0.5, 0, 1) * 255
    # The last clip is the only one: contrast may bring back what brightness pushed out.
    want = np.clip(photo / 255.0 * 1.08 - 0.1, 0, 1) * 255
    assert np.abs(run(jitter, photo) - want).max() <= 1


def test_tones_are_their_formulas(photo):
    """Each curve against its definition, exactly."""
    v = photo / 255.0
    cases = [
        ({"image.brightness": {"shift_range": [0.1, 0.1]}}, v + 0.1),
        ({"image.contrast": {"factor_range": [1.5, 1.5]}}, (v - 0.5) * 1.5 + 0.5),
        (
            {"image.brightness_contrast": {"shift_range": [-0.1, -0.1], "factor_range": [0.5, 0.5]}},
            (v - 0.5) * 0.5 + 0.4,
        ),
        ({"image.gamma": {"gamma_range": [2, 2]}}, v**2),
        ("image.invert", 1 - v),
    ]
    for step, want in cases:
        assert np.abs(run(step, photo) - np.floor(np.clip(want, 0, 1) * 255 + 0.5)).max() <= 1
    np.testing.assert_array_equal(run({"image.posterize": {"bits_range": [3, 3]}}, photo), photo & 0b11100000)
    half = {"image.solarize": {"threshold_range": [0.5, 0.5]}}
    np.testing.assert_array_equal(run(half, photo), np.where(photo >= 128, 255 - photo, photo))


def test_chains_of_tones_round_once(photo):
    """Brighter and darker again through clipping, against float with one rounding."""
    steps = [
        {"image.gamma": {"gamma_range": [2.5, 2.5], "name": "a"}},
        {"image.gamma": {"gamma_range": [0.4, 0.4], "name": "b"}},
    ]
    np.testing.assert_array_equal(run(steps, photo), photo)
    mixed = [
        {"image.gamma": {"gamma_range": [2, 2]}},
        {"image.saturation": {"factor_range": [0.5, 0.5]}},
        "image.invert",
    ]
    v = (photo / 255.0) ** 2
    luma = (v @ np.array([0.299, 0.587, 0.114]))[:, :, None]
    want = 255 * (1 - np.clip(luma + 0.5 * (v - luma), 0, 1))
    assert np.abs(run(mixed, photo) - want).max() <= 0.51


def test_whole_pixel_warps_are_copies(photo):
    """Flips, crops and pads move pixels and change none, for any border."""
    np.testing.assert_array_equal(run("image.flip", photo), photo[:, ::-1])
    np.testing.assert_array_equal(run({"image.flip": {"axis": "both"}}, photo), photo[::-1, ::-1])
    modes = {"reflect": cv2.BORDER_REFLECT, "replicate": cv2.BORDER_REPLICATE}
    for border, mode in modes.items():
        padded = run({"image.pad": {"margin_px": [7, 9, 500, 11], "border": border}}, photo)
        np.testing.assert_array_equal(padded, cv2.copyMakeBorder(photo, 7, 500, 11, 9, mode))


def test_shrinking_reads_every_pixel():
    """A fine checkerboard shrinks to its mean, not to an alias of it."""
    y, x = np.mgrid[0:256, 0:256]
    board = (((x + y) % 2) * 255).astype(np.uint8)
    for step in (
        {"image.resize": {"size": [64, 64]}},
        {"image.resize": {"size": [50, 61]}},
        {"image.rotate": {"angle_deg_range": [30, 30]}},
        {"image.scale": {"scale_range": [0.2, 0.2]}},
    ):
        steps = [step] if "image.rotate" not in step else [step, {"image.resize": {"size": [60, 60]}}]
        out = run(steps, board)[:, :, 0].astype(int)
        middle = out[len(out) // 2 - 4 : len(out) // 2 + 4, len(out) // 2 - 4 : len(out) // 2 + 4]
        assert np.abs(middle - 127.5).max() < 26


@pytest.mark.parametrize("border", ["constant", "reflect", "replicate"])
@pytest.mark.parametrize("factor", [0.1, 0.25, 0.4, 0.55])
def test_borders_hold_under_reduction(border, factor):
    """Where the source ends is where the fill begins, also when the source is first reduced."""
    ramp = np.repeat(np.linspace(40, 210, 101)[None, :, None], 75, axis=0).astype(np.uint8)
    step = {"image.scale": {"scale_range": [factor, factor], "border": border, "fill": 1.0}}
    out = run(step, ramp).astype(float)[37, :, 0]
    x = (np.arange(101) + 0.5 - 50.5) / factor + 50.5
    if border == "reflect":
        x = np.abs((x - 101) % 202 - 101)
    want = np.interp(np.clip(x, 0, 101) - 0.5, np.arange(101), ramp[0, :, 0])
    if border == "constant":
        want = np.where((x < 0) | (x > 101), 255, want)
        near = (np.abs(x) < 1 / factor) | (np.abs(x - 101) < 1 / factor)
        assert np.abs(out - want)[~near].max() < 6
    else:
        assert np.abs(out - want).max() < 12


@pytest.mark.parametrize("border", ["constant", "reflect", "replicate"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_colours_are_resampled_as_single_channels_are(dtype, border):
    """Three channels, which are warped as four from the part that is read, are what each is by itself."""
    rng = np.random.default_rng(5)
    unit = 1 if dtype == np.float32 else np.iinfo(dtype).max
    for k in range(60):
        height, width, down, across = map(int, rng.integers(1, 90, 4))
        image, colour = (rng.random((height, width, 3)) * unit).astype(dtype), tuple(rng.random(3) * unit)
        turn = geo.compose(geo.rotation(rng.uniform(-180, 180)), geo.scaling(*rng.uniform(0.3, 2, 2)))
        slant = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, *rng.uniform(-1e-3, 1e-3, 2), 1.0) if k % 3 == 0 else geo.IDENTITY
        matrix = geo.compose(slant, geo.compose(geo.translation(*rng.uniform(-60, 120, 2)), turn))
        x, y = (rng.uniform(-9, side + 9, (down, across)).astype(np.float32) for side in (width, height))
        planes = [(image[:, :, c : c + 1].copy(), colour[c : c + 1]) for c in range(3)]
        warped = [resample(plane, matrix, (down, across), border, one, "linear") for plane, one in planes]
        dense = [resample_dense(plane, x, y, border, one, "linear") for plane, one in planes]
        ours = resample(image, matrix, (down, across), border, colour, "linear")
        np.testing.assert_array_equal(ours, np.dstack(warped))
        np.testing.assert_array_equal(resample_dense(image, x, y, border, colour, "linear"), np.dstack(dense))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("factors", [(1, 2), (2, 1), (2, 2), (4, 1)])
def test_block_means_are_means(dtype, factors):
    """The mean of a block is that of its pixels, a half rounded to either side."""
    unit = 1 if dtype == np.float32 else np.iinfo(dtype).max
    image = (np.random.default_rng(6).random((62, 96, 3)) * unit).astype(dtype)
    across, down = factors
    want = image.reshape(62 // down, down, 96 // across, across, 3).mean(axis=(1, 3), dtype=np.float64)
    assert np.abs(block_means(image, across, down) - want).max() <= (1e-6 if unit == 1 else 0.5)


def test_painted_edges_cover_their_share():
    """An edge painted over a warp covers each pixel by the area outside it, to a sixth."""
    white = np.full((200, 200, 1), 255, np.uint8)
    for angle in (3, 17, 45, 70):
        steps = [
            {"image.crop": {"size": [120, 120], "position": "center"}},
            {"image.pad": {"margin_px": [40, 40, 40, 40]}},
            {"image.rotate": {"angle_deg_range": [angle, angle]}},
        ]
        out = run(steps, white)[:, :, 0] / 255.0
        fine = (np.mgrid[0:1600, 0:1600] + 0.5) / 8 - 100
        a = np.radians(angle)
        u, v = fine[1] * np.cos(a) - fine[0] * np.sin(a), fine[1] * np.sin(a) + fine[0] * np.cos(a)
        want = ((np.abs(u) < 60) & (np.abs(v) < 60)).reshape(200, 8, 200, 8).mean(axis=(1, 3))
        assert abs(out.sum() - want.sum()) / (4 * 120) < 0.13
        assert np.abs(out - want).max() < 0.5


def test_five_channels_and_floats_are_painted_alike(photo):
    """The general way of painting an edge agrees with the drawn one."""
    steps = [
        {"image.crop": {"size": [120, 120], "position": "center"}},
        {"image.pad": {"margin_px": [40, 40, 40, 40], "fill": 0.7}},
        {"image.rotate": {"angle_deg_range": [20, 20], "fill": 0.2}},
    ]
    eight, floats = run(steps, photo), run(steps, photo.astype(np.float32) / 255)
    five = run(steps, np.ascontiguousarray(np.dstack([photo, photo[:, :, :2]])))
    assert np.abs(eight - floats * 255).max() <= 2
    assert np.abs(eight.astype(int) - five[:, :, :3]).max() <= 2


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_normalize_and_the_curves_before_it_are_one_table(photo, dtype):
    """Nothing is rounded in between; what a warp has painted is not sent through curves that came before it."""
    image = photo if dtype == np.uint8 else (photo / 255.0).astype(np.float32)
    gamma, curve = {"image.gamma": {"gamma_range": (0.7, 0.7)}}, {"image.brightness": {}}
    pipe = augury.pipeline([gamma, curve, "image.normalize"], fields=PHOTO)
    out = pipe({"photo": image}, seed=3, id="a")
    added = out.lineage["steps"][1]["draw"]
    unit = (image.astype(float) / (255 if dtype == np.uint8 else 1)) ** 0.7
    unit = np.clip(unit + added["shift"], 0, 1)
    wanted = (unit - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    assert np.allclose(out["photo"], wanted, atol=2e-6)
    trace = []
    pipe.replay({"photo": image}, out.lineage, trace=trace)
    assert trace == ["photo: converted to raw_image by normalized with 2 tones as one table"]
    turned = [gamma, {"image.rotate": {"angle_deg_range": (30, 30), "fill": 0.5}}, curve, "image.normalize"]
    one, two = (augury.pipeline(turned, PHOTO, compile=on)({"photo": image}, seed=3, id="a") for on in (True, False))
    assert np.median(np.abs(one["photo"] - two["photo"])) < 0.02
    assert np.allclose(one["photo"][0, 0], two["photo"][0, 0], atol=0.02), "the fill"


def test_normalize_is_its_formula(photo):
    """(v - mean) / std, in float32, of a kind that colour ops refuse."""
    out = run("image.normalize", photo)
    want = (photo / 255.0 - (0.485, 0.456, 0.406)) / (0.229, 0.224, 0.225)
    np.testing.assert_allclose(out, want, atol=1e-5)
    with pytest.raises(FieldError, match="mean of one number or 1"):
        run("image.normalize", photo[:, :, :1])
    with pytest.raises(augury.errors.AuguryError):
        augury.pipeline(["image.normalize", "image.gamma"], fields=PHOTO)


def test_noise_has_the_drawn_strength(photo):
    """Standard deviation as drawn; grey noise is the same in all channels."""
    grey = np.full((200, 200, 3), 0.5, np.float32)
    out = run({"image.noise": {"std_range": [0.1, 0.1]}}, grey)
    assert abs(out.std() - 0.1) < 0.002 and abs(out.mean() - 0.5) < 0.002
    same = run({"image.noise": {"std_range": [0.1, 0.1], "per_channel": False}}, grey)
    np.testing.assert_array_equal(same[:, :, 0], same[:, :, 2])


def test_blur_is_a_gaussian():
    """A point becomes the Gaussian's values."""
    point = np.zeros((41, 41, 1), np.float32)
    point[20, 20] = 1
    out = run({"image.blur": {"sigma_px_range": [2, 2], "reach_sigma": 4}}, point)[:, :, 0]
    x = np.arange(41) - 20
    row = np.exp(-(x**2) / 8)
    np.testing.assert_allclose(out, np.outer(row, row) / row.sum() ** 2, atol=1e-4)


def test_labels_mix_by_visible_area(photo):
    """Mosaic weighs labels by area, mixup by its share; a plain class becomes a distribution."""
    fields = PHOTO | {"label": {"kind": "category", "role": "label"}}
    pool = {f"d{k}": {"photo": photo, "label": f"class{k}"} for k in range(3)}
    record = {"photo": photo, "label": "own"}
    mosaic = augury.pipeline(["image.mosaic"], fields=fields)(record, seed=7, id="a", copy=0, pool=pool)
    draw = mosaic.lineage["steps"][0]["draw"]
    h, w = photo.shape[:2]
    x, y = round(draw["x_frac"] * w), round(draw["y_frac"] * h)
    own = [x * y, (w - x) * y, x * (h - y), (w - x) * (h - y)][draw["order"].index(3)]
    assert abs(mosaic["label"]["own"] - own / (w * h)) < 1e-9
    assert abs(sum(mosaic["label"].values()) - 1) < 1e-9
    mixed = augury.pipeline(["image.mixup"], fields=fields)(record, seed=7, id="a", copy=0, pool=pool)
    assert abs(mixed["label"]["own"] - mixed.lineage["steps"][0]["draw"]["share"]) < 1e-9


def test_inputs_are_left_alone_and_outputs_are_their_own(photo):
    """No op writes into its input, and changing an output changes no input."""
    for step in STEPS + COLOURS:
        before = photo.copy()
        out = run(step, photo)
        np.testing.assert_array_equal(photo, before)
        if not np.shares_memory(out, photo):
            out[:] = 0
            np.testing.assert_array_equal(photo, before)
        else:
            np.testing.assert_array_equal(out, photo)
