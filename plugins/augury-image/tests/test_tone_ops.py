"""Tones, blurs, noise, light and compression against physics, closed forms and other libraries."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage import data, exposure

import augury
from augury.effects import Color
from augury.errors import FieldError
from augury_image.ops import adaptation, blurs, channels, color, compression, details, lighting, medical, noises
from augury_image.specs_tone import TONE
from augury_image.tones import tone

PHOTO = {"photo": "image"}
ALL = [spec.id for spec in TONE if spec.id != "image.normalize"]
DONORS = ("image.histogram_matching", "image.fourier_domain_adaptation", "image.pixel_distribution_adaptation")
COLOURS = ("image.to_gray", "image.to_sepia", "image.saturation", "image.hue", "image.color_jitter")


def run(step, photo, **keys):
    """Return the output photo of one step, or several."""
    steps = step if isinstance(step, list) else [step]
    pipe = augury.pipeline(steps, fields=PHOTO)
    if pipe.needs_pool:
        keys["pool"] = {"other": {"photo": np.ascontiguousarray(photo[::-1, ::-1] // 2)}, "b": {"photo": photo}}
    return pipe({"photo": photo}, seed=7, id="a", copy=0, **keys)["photo"]


@pytest.fixture(scope="module")
def photo():
    """A piece of a photograph."""
    return np.ascontiguousarray(data.astronaut()[100:180, 150:250])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("op", ALL)
def test_every_dtype_and_channel_count(photo, op, dtype, count):
    """Shape, dtype and range stay; what an op cannot take it refuses by name."""
    unit = 1.0 if dtype == np.float32 else np.iinfo(dtype).max
    image = (np.dstack([photo, photo])[:, :, :count] / 255.0 * unit).astype(dtype)
    if dtype == np.uint16 and op in ("image.jpeg", "image.webp"):
        with pytest.raises(FieldError, match="uint8 or float32"):
            run(op, image)
        return
    if count == 5 and op in (*COLOURS, "image.planckian_jitter"):
        with pytest.raises(FieldError, match="1 to 4 channels"):
            run(op, image)
        return
    out = run(op, image)
    assert out.shape == image.shape and out.dtype == dtype
    assert np.isfinite(out).all() and out.min() >= 0 and out.max() <= unit


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 40, 1), (40, 1, 3), (2, 3, 4), (3, 2, 5)])
@pytest.mark.parametrize("op", [op for op in ALL if op not in (*COLOURS, "image.planckian_jitter")])
def test_degenerate_shapes(op, shape):
    """One pixel, one row, one column."""
    image = np.linspace(0, 255, int(np.prod(shape))).reshape(shape).astype(np.uint8)
    assert run(op, image).shape == shape


@pytest.mark.parametrize("op", ["box_blur", "median_blur", "motion_blur", "defocus", "zoom_blur", "advanced_blur",
                                "unsharp_mask", "sharpen", "emboss", "ringing_overshoot", "gibbs_ringing", "downscale",
                                "glass_blur", "to_gray", "white_balance"])  # fmt: skip
def test_flat_pictures_stay_flat(op):
    """Kernels sum to 1: a picture of one grey is not changed by any blur or sharpening."""
    flat = np.full((40, 50, 3), 131, np.uint8)
    assert np.abs(run(f"image.{op}", flat).astype(int) - 131).max() <= 1


@given(st.floats(0.2, 40), st.floats(-180, 180))
def test_motion_kernels_are_centred(length, angle):
    """The line's mass is 1, its centre the middle pixel, its spread that of a line of that length."""
    kernel = blurs.line_kernel(length, angle).astype(float)
    y, x = np.mgrid[: len(kernel), : len(kernel)] - (len(kernel) // 2)
    assert kernel.sum() == pytest.approx(1, abs=1e-5)
    assert abs((kernel * x).sum()) < 1e-3 and abs((kernel * y).sum()) < 1e-3
    spread = (kernel * (x * x + y * y)).sum()
    assert length**2 / 12 - 0.05 <= spread <= length**2 / 12 + 0.55


@pytest.mark.parametrize("radius", [0.3, 1.0, 2.5, 7.0])
def test_disc_kernels_cover_discs(radius):
    """Sum 1, and as many pixels as the disc has area."""
    kernel = blurs.disc_kernel(radius)
    assert kernel.sum() == pytest.approx(1, abs=1e-5)
    if radius >= 1:
        assert 1 / kernel.max() == pytest.approx(np.pi * radius**2, rel=0.05)


def test_blurs_move_nothing():
    """The centre of mass of a point stays, for zoom and glass too."""
    point = np.zeros((61, 61, 1), np.float32)
    point[20:23, 34:37] = 1
    for op in ("box_blur", "motion_blur", "defocus", "advanced_blur", "zoom_blur"):
        step = {"image.zoom_blur": {"zoom_range": [1.1, 1.1]}} if op == "zoom_blur" else f"image.{op}"
        out = run(step, point)[:, :, 0].astype(float)
        y, x = np.mgrid[0:61, 0:61]
        assert (out * y).sum() / out.sum() == pytest.approx(21, abs=0.1)
        assert (out * x).sum() / out.sum() == pytest.approx(35, abs=0.1)


def test_glass_reaches_no_further_than_it_says(photo):
    """Every scattered value lies within the reach."""
    ramp = np.tile(np.arange(0, 200, 2, dtype=np.uint8)[None, :, None], (60, 1, 1))
    out = blurs.scattered(ramp, 0.01, 3, 11)
    assert np.abs(out.astype(int) - ramp).max() <= 6 and np.abs(out.astype(int) - ramp).max() > 2


def test_compression_is_opencvs(photo):
    """JPEG and WebP at a quality are what OpenCV encodes and decodes; lower qualities are further away."""
    blue_first = np.ascontiguousarray(photo[:, :, ::-1])
    for suffix, flag, ours in (
        (".jpg", cv2.IMWRITE_JPEG_QUALITY, compression.through_jpeg(photo, 40, "4:2:0")),
        (".webp", cv2.IMWRITE_WEBP_QUALITY, compression.through_webp(photo, 40)),
    ):
        want = cv2.imdecode(cv2.imencode(suffix, blue_first, [flag, 40])[1], cv2.IMREAD_COLOR)[:, :, ::-1]
        np.testing.assert_array_equal(ours, want)
    errors = [np.square(compression.through_jpeg(photo, q, "4:4:4").astype(float) - photo).mean() for q in (95, 50, 10)]
    assert errors == sorted(errors) and errors[0] < 20 < errors[2]


def test_clahe_is_opencvs(photo):
    """Grey of 8 and 16 bit equals OpenCV's own; in colours the differences between channels stay."""
    grey = np.ascontiguousarray(photo[:, :, :1])
    clahe = cv2.createCLAHE(3.0, (8, 8))
    np.testing.assert_array_equal(details.locally_equalized(grey, 3.0, (8, 8))[:, :, 0], clahe.apply(grey[:, :, 0]))
    deep = grey.astype(np.uint16) * 257
    np.testing.assert_array_equal(details.locally_equalized(deep, 3.0, (8, 8))[:, :, 0], clahe.apply(deep[:, :, 0]))
    middle = (photo // 4 + 96).astype(np.uint8)
    out = details.locally_equalized(middle, 1.0, (4, 4)).astype(int)
    inside = ((out > 2) & (out < 253)).all(axis=2)
    kept = np.abs((out[:, :, 0] - out[:, :, 1]) - (middle[:, :, 0].astype(int) - middle[:, :, 1]))[inside]
    assert kept.max() <= 3


def test_histograms_match_scikit_image(photo):
    """Whole matching against scikit-image's."""
    other = np.ascontiguousarray(data.coffee()[50:150, 100:250])
    want = exposure.match_histograms(photo, other, channel_axis=2)
    assert np.abs(adaptation.histograms_matched(photo, other, 1.0) - want).max() <= 2


def test_distributions_are_taken_over(photo):
    """Mean and covariance become the donor's, and nothing changes towards oneself."""
    unit = (photo / 255.0 * 0.3 + 0.35).astype(np.float32)
    other = (data.coffee()[50:150, 100:250] / 255.0 * 0.2 + 0.4).astype(np.float32)
    out = adaptation.distribution_matched(unit, other, 1.0)
    np.testing.assert_allclose(out.mean(axis=(0, 1)), other.mean(axis=(0, 1)), atol=2e-3)
    np.testing.assert_allclose(np.cov(out.reshape(-1, 3).T), np.cov(other.reshape(-1, 3).T), atol=1e-3)
    np.testing.assert_allclose(adaptation.distribution_matched(unit, unit, 1.0), unit, atol=1e-3)
    np.testing.assert_allclose(adaptation.amplitudes_exchanged(unit, unit, 0.1), unit, atol=1e-4)


def test_noise_has_the_stated_moments():
    """Deviations as stated for every distribution; Poisson counts have the variance of their mean."""
    grey = np.full((200, 200, 3), 0.5, np.float32)
    for distribution in ("uniform", "laplace", "gaussian", "beta"):
        out = noises.added(grey, 0.05, 3, distribution, "none") - grey
        assert out.std() == pytest.approx(0.05, rel=0.03) and abs(out.mean()) < 1e-3
    counts = noises.counted(grey, 400.0, 5, linear=False)
    assert counts.var() == pytest.approx(0.5 / 400, rel=0.05) and counts.mean() == pytest.approx(0.5, abs=1e-3)
    speckle = noises.multiplied(grey, 5, (0.8, 1.2), "none") / grey
    assert speckle.min() >= 0.8 - 1e-6 and speckle.max() <= 1.2 + 1e-6
    assert speckle.std() == pytest.approx(0.4 / 12**0.5, rel=0.02)
    salted = noises.peppered(grey, 0.1, 0.25, 9, per_channel=False)
    assert (salted == 1).all(axis=2).mean() == pytest.approx(0.025, abs=0.004)
    assert (salted == 0).all(axis=2).mean() == pytest.approx(0.075, abs=0.006)
    grain = noises.grainy(grey, 0.0, 0.04, 4) - grey
    luma = grain @ np.array([0.299, 0.587, 0.114])
    assert np.abs(luma).max() < 1e-3 and grain[:, :, 0].std() == pytest.approx(0.04, rel=0.1)


def test_planckian_locus():
    """Chromaticities of black bodies as tabulated (CIE 1931); 6500 K is neutral, low is red, high is blue."""
    for kelvin, xy in ((2000, (0.5267, 0.4133)), (2856, (0.4476, 0.4074)), (5000, (0.3451, 0.3516)),
                       (6500, (0.3135, 0.3237)), (10000, (0.2807, 0.2884))):  # fmt: skip
        np.testing.assert_allclose(channels.planckian_xy(kelvin), xy, atol=2e-3)
    red, green, blue = channels.planckian_gains(6500)
    assert (red, green, blue) == (1, 1, 1)
    assert channels.planckian_gains(3000)[0] > 1 > channels.planckian_gains(3000)[2]


def test_colour_ops_are_their_definitions(photo):
    """Grey is the luma; white balance makes means equal; a permutation permutes; a third and two thirds is identity."""
    luma = photo @ np.array([0.299, 0.587, 0.114])
    assert np.abs(run("image.to_gray", photo) - luma[:, :, None]).max() <= 0.52
    dull = (photo // 2 + np.array([0, 20, 40])).astype(np.uint8)
    means = channels.balanced(dull, 1.0, "gray_world").mean(axis=(0, 1))
    assert np.ptp(means) < 0.6
    shuffled = run("image.channel_shuffle", photo)
    assert sorted(map(bytes, np.moveaxis(shuffled, 2, 0))) == sorted(map(bytes, np.moveaxis(photo, 2, 0)))
    same = {"image.tone_curve": {"low_range": [1 / 3, 1 / 3], "high_range": [2 / 3, 2 / 3]}}
    np.testing.assert_array_equal(run(same, photo), photo)
    none = {"hue_deg_range": [0, 0], "saturation_range": [0, 0], "value_range": [0, 0]}
    assert np.abs(run({"image.hue_saturation_value": none}, photo).astype(int) - photo).max() <= 6
    lost = run("image.channel_dropout", photo)
    assert sorted((lost[:, :, c] == 0).all() for c in range(3)) == [False, False, True]


def test_light_is_its_law():
    """cos^4 at the corner; the bias field is the exponential of its polynomial."""
    white = np.ones((101, 101, 1), np.float32)
    out = lighting.vignetted(white, 40.0)[:, :, 0]
    assert out[50, 50] == pytest.approx(1, abs=1e-4)
    assert out[0, 0] == pytest.approx(np.cos(np.radians(40)) ** 4, abs=0.01)
    grey = white * 0.3
    field = lighting.biased(grey, [0.5, 0.0, 0.0, 0.0, 0.0], 2)[:, :, 0] / 0.3
    y = (np.arange(101) + 0.5) / 50.5 - 1
    assert np.allclose(field, np.exp(0.5 * y)[:, None], atol=1e-3)


def test_gibbs_overshoots_by_nine_percent():
    """A step seen through few frequencies overshoots by 9 % of its height."""
    step = np.full((8, 512, 1), 0.2, np.float32)
    step[:, 128:384] = 0.6
    out = medical.frequencies_cut(step, 0.2, "x")
    assert (out.max() - 0.6) / 0.4 == pytest.approx(0.0895, abs=0.012)


def test_stains_are_separated():
    """Macenko's vectors are found in a mixture of two; gains of 1 change nothing; white stays white."""
    rng = np.random.default_rng(3)
    true = medical._unit_rows(medical._HE)[:2]
    amounts = rng.gamma(2.0, 0.5, (20_000, 2)) * rng.choice([[1, 0.02], [0.02, 1], [1, 1]], 20_000)
    found = medical.stain_vectors((amounts @ true).astype(np.float32))
    assert np.degrees(np.arccos(np.clip((found[:2] * true).sum(axis=1), -1, 1))).max() < 6
    picture = np.exp(-(amounts @ true)).reshape(100, 200, 3).astype(np.float32)
    for method in ("hed", "macenko"):
        np.testing.assert_allclose(medical.restained(picture, [1, 1], [0, 0], method), picture, atol=1e-5)
    white = np.full((20, 20, 3), 255, np.uint8)
    np.testing.assert_array_equal(medical.restained(white, [2, 2], [0.1, 0.1], "hed"), white)


def test_superpixels_are_flat_and_keep_their_mean(photo):
    """All replaced: each region has one colour, the mean of what it replaces."""
    labels = details.regions(photo, 60)
    assert 30 <= len(np.unique(labels)) <= 90 and labels.min() == 0
    out = details.regions_averaged(photo, 60, 1.0, 3)
    for label in np.unique(labels)[::7]:
        inside = labels == label
        assert np.ptp(out[inside], axis=0).max() == 0
        assert np.abs(out[inside][0] - photo[inside].mean(axis=0)).max() <= 0.6


matrices = st.lists(st.floats(-1.2, 1.2), min_size=12, max_size=12)


@given(st.lists(matrices, min_size=2, max_size=4), st.booleans())
def test_fused_matrices_mean_what_they_do_alone(rows, keep_inside):
    """Runs of colour matrices, clipped after each, whether or not they can be multiplied."""
    image = np.random.default_rng(0).integers(0, 256, (6, 7, 3), np.uint8)
    if keep_inside:
        rows = [[abs(v) / (sum(map(abs, r[i - i % 4 : i - i % 4 + 4])) or 1) for i, v in enumerate(r)] for r in rows]
    value = image / 255.0
    for row in rows:
        m = np.reshape(row, (3, 4))
        value = np.clip(value @ m[:, :3].T + m[:, 3], 0, 1)
    out = tone(image, [Color(tuple(row)) for row in rows])
    assert np.abs(out - value * 255).max() <= 1.0
    floats = tone((image / 255.0).astype(np.float32), [Color(tuple(row)) for row in rows])
    np.testing.assert_allclose(floats, value, atol=1e-5)


def test_diagonal_matrices_join_the_table(photo):
    """A light source between two curves is part of their one table: rounded once."""
    steps = [
        {"image.gamma": {"gamma_range": [1.7, 1.7], "name": "a"}},
        "image.planckian_jitter",
        {"image.gamma": {"gamma_range": [0.6, 0.6], "name": "b"}},
    ]
    pipe = augury.pipeline(steps, fields=PHOTO)
    out = pipe({"photo": photo}, seed=7, id="a", copy=0)
    kelvin = out.lineage["steps"][1]["draw"]["temperature_k"]
    gains = np.array(channels.planckian_gains(kelvin))
    want = np.clip((photo / 255.0) ** 1.7 * gains, 0, 1) ** 0.6 * 255
    assert np.abs(out["photo"] - want).max() <= 0.5001


def test_saturation_matrices_multiply():
    """Two desaturations are one matrix: that of the product of their factors."""
    image = np.random.default_rng(1).integers(0, 256, (20, 20, 3), np.uint8)
    one = [Color(color.color_matrix(saturation=s)) for s in (0.5, 0.6)]
    np.testing.assert_array_equal(tone(image, one), tone(image, [Color(color.color_matrix(saturation=0.3))]))
