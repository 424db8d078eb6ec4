"""Chains of warps and dense fields: one resample that means the same as step by step, and is nearer the ideal."""

import numpy as np
import pytest
from scipy.ndimage import map_coordinates
from skimage import data

import augury
from augury.effects import Curve, Field, Warp
from augury.spaces import geometry as geo
from augury.spaces.plane import PlaneSegment, PlaneSize
from augury_image.dense import trace
from augury_image.kinds.image import Image
from augury_image.kinds.keypoints import KeypointsKind
from augury_image.kinds.mask import Mask
from augury_image.kinds.polygons import PolygonsKind

H, W = 240, 320


def wave_at(x, y, amplitude):
    """The wave as a function of any point: what it shows there, x and y in the source."""
    return x + amplitude * np.sin(y / 23), y + amplitude * np.cos(x / 31)


def wave(size, amplitude):
    """The wave as a field."""
    y, x = np.mgrid[0 : size[0], 0 : size[1]] + 0.5
    return np.stack(wave_at(x, y, amplitude), axis=2).astype(np.float32)


def turn(degrees, **rest):
    """A rotation about the middle."""
    return Warp(geo.about(geo.rotation(degrees), W / 2, H / 2), (H, W), **rest)


def tilt(**rest):
    """A homography."""
    return Warp((1.05, 0.1, -12.0, 0.02, 0.95, 5.0, 2e-4, -1e-4, 1.0), (H, W), **rest)


def negative(x):
    """Return the negative."""
    return 1.0 - x


CHAINS = {
    "warp_field": [turn(11), Field(wave, {"amplitude": 4.0}, (H, W))],
    "field_warp": [Field(wave, {"amplitude": 4.0}, (H, W)), tilt()],
    "warp_field_warp": [turn(-8), Field(wave, {"amplitude": 3.0}, (H, W)), turn(13)],
    "two_fields": [
        Field(wave, {"amplitude": 4.0}, (H, W)),
        tilt(),
        Field(wave, {"amplitude": -3.0}, (H, W)),
        turn(5),
    ],
}


def ideal_points(chain):
    """Where each output pixel's centre comes from, by the definitions, and whether it lies on every canvas."""
    y, x = np.mgrid[0:H, 0:W] + 0.5
    inside = np.ones((H, W), bool)
    for effect in reversed(chain):
        if isinstance(effect, Field):
            x, y = wave_at(x, y, effect.args["amplitude"])
        else:
            m = np.linalg.inv(np.array(effect.matrix).reshape(3, 3))
            x, y, w = (m[k, 0] * x + m[k, 1] * y + m[k, 2] for k in range(3))
            x, y = x / w, y / w
        inside &= (x > 1) & (y > 1) & (x < W - 1) & (y < H - 1)
    return x, y, inside


def together(chain):
    """A segment that holds the whole chain."""
    segment = PlaneSegment(PlaneSize(H, W, 3))
    assert all(segment.push(effect) for effect in chain)
    return segment


def one_by_one(kind, value, chain, follow=False):
    """The value after a segment for each effect."""
    for effect in chain:
        segment = PlaneSegment(PlaneSize(H, W, 3))
        assert segment.push(effect)
        value = kind.follow(value, segment.map()) if follow else kind.render(value, segment)
    return value


@pytest.fixture(scope="module")
def photo():
    """A photograph."""
    return np.ascontiguousarray(data.astronaut()[60 : 60 + H, 60 : 60 + W])


@pytest.mark.parametrize("name", sorted(CHAINS))
def test_fused_chains_are_nearer_the_ideal(photo, name):
    """Against cubic splines of the photograph at the exact points, one resample beats one for each step."""
    chain = CHAINS[name]
    x, y, inside = ideal_points(chain)
    at = [y - 0.5, x - 0.5]
    ideal = np.stack([map_coordinates(photo[:, :, c].astype(float), at, order=3, mode="nearest") for c in range(3)], 2)
    fused = Image().render(photo, together(chain)).astype(float)
    apart = one_by_one(Image(), photo, chain).astype(float)
    errors = [np.mean((one - ideal)[inside] ** 2) for one in (fused, apart)]
    assert inside.mean() > 0.5
    assert 10 * np.log10(errors[1] / errors[0]) > 0.8, errors


@pytest.mark.parametrize("name", sorted(CHAINS))
def test_traces_are_the_exact_points(name):
    """The traced source points are those of the definitions; what lies off a canvas is hidden."""
    x, y, inside = ideal_points(CHAINS[name])
    found = trace(together(CHAINS[name]))
    np.testing.assert_allclose(found.x[inside], x[inside], atol=0.02)
    np.testing.assert_allclose(found.y[inside], y[inside], atol=0.02)
    assert not found.hidden[inside].any()
    assert found.hidden.any()


@pytest.mark.parametrize("border", ["constant", "reflect", "replicate"])
@pytest.mark.parametrize("fill", [0.0, 0.75])
def test_borders_of_every_step_survive(photo, border, fill):
    """Whatever each step's border is, the chain shows what one step after the other shows."""
    chain = [
        turn(25, border=border, fill=fill),
        Field(wave, {"amplitude": 9.0}, (H, W), border=border, fill=0.25),
        Warp(geo.translation(40.0, -30.0), (H, W), border, fill),
    ]
    smooth = np.ascontiguousarray(np.mgrid[0:H, 0:W].transpose(1, 2, 0).astype(np.float32)[:, :, [0, 1, 1]] / W)
    fused = Image().render(smooth, together(chain))
    apart = one_by_one(Image(), smooth, chain)
    difference = np.abs(fused - apart).max(axis=2)
    assert np.mean(difference > 0.02) < 0.03
    assert difference.mean() < 0.004


def test_what_was_cropped_away_stays_away(photo):
    """A crop, a larger canvas and a field: outside the crop there is fill, as without fusing."""
    chain = [
        Warp(geo.translation(-80.0, -60.0), (120, 160)),
        Warp(geo.translation(80.0, 60.0), (H, W), "constant", 1.0),
        Field(wave, {"amplitude": 6.0}, (H, W)),
    ]
    black = np.zeros((H, W, 3), np.uint8)
    out = Image().render(black, together(chain))
    y, x = np.mgrid[0:H, 0:W] + 0.5
    sx, sy = wave_at(x, y, 6.0)
    outside = (sx < 78) | (sx > 242) | (sy < 58) | (sy > 182)
    on_canvas = (sx > 1) & (sy > 1) & (sx < W - 1) & (sy < H - 1)
    assert (out[outside & on_canvas] == 255).all()
    assert (out[~outside & (np.abs(sx - 160) < 76) & (np.abs(sy - 120) < 56)] == 0).all()


def test_fills_go_through_later_tones():
    """A field's fill of 0.25 is 0.75 after an inversion; tones run once, after the resample."""
    segment = together([Field(wave, {"amplitude": 30.0}, (H, W), fill=0.25), Curve(negative), turn(3)])
    out = Image().render(np.zeros((H, W, 3), np.uint8), segment)
    assert (out == 191).any() and (out == 255).any() and (out == 0).any()


def test_shrinking_through_a_field_does_not_alias():
    """A fine checkerboard through a field and down to a fifth is grey, not a pattern."""
    board = np.indices((H, W)).sum(axis=0) % 2 * 255
    picture = np.repeat(board[:, :, None], 3, axis=2).astype(np.uint8)
    segment = PlaneSegment(PlaneSize(H, W, 3))
    assert segment.push(Field(wave, {"amplitude": 2.0}, (H, W)))
    assert segment.push(Warp(geo.scaling(0.2, 0.2), (H // 5, W // 5)))
    out = Image().render(picture, segment)[3:-3, 3:-3].astype(float)
    assert np.abs(out - 127.5).max() < 12


@pytest.mark.parametrize("name", sorted(CHAINS))
def test_targets_follow_part_by_part(name):
    """Points lie where a spot drawn in the picture went; masks are the picture's own shape; outlines bound it."""
    size = PlaneSize(H, W, 3)
    v, u = np.mgrid[0:H, 0:W] + 0.5
    points = [(110.0, 90.0), (200.0, 130.0)]
    spots = np.stack([((u - x) ** 2 + (v - y) ** 2 < 64) for x, y in points] + [np.zeros((H, W), bool)], 2)
    square = np.array([[130.0, 80.0], [190.0, 80.0], [190.0, 140.0], [130.0, 140.0]])
    spots[80:140, 130:190, 2] = True
    shown = Image().render(spots.astype(np.uint8) * 255, together(CHAINS[name]))
    kind = KeypointsKind()
    where = together(CHAINS[name]).map()
    carried = kind.open(kind.check(points), size)
    whole = kind.close(kind.follow(carried, where), size)
    for part in where.stages:
        carried = kind.follow(carried, part)
    moved = kind.close(carried, size)
    np.testing.assert_allclose(moved.xy, whole.xy, atol=1e-6)
    for k, (x, y) in enumerate(moved.xy):
        spot = shown[:, :, k].astype(float)
        np.testing.assert_allclose([(spot * u).sum() / spot.sum(), (spot * v).sum() / spot.sum()], [x, y], atol=0.5)
    mask = Mask().follow(np.ascontiguousarray(spots[:, :, 2].astype(np.uint8)), together(CHAINS[name]).map())
    assert np.mean((mask > 0) != (shown[:, :, 2] > 127)) < 0.003
    outlines = PolygonsKind()
    shapes = outlines.open(outlines.check([square]), size)
    for part in where.stages:
        shapes = outlines.follow(shapes, part)
    ring = outlines.close(shapes, size).objects[0][0]
    ys, xs = np.nonzero(shown[:, :, 2] > 127)
    np.testing.assert_allclose(ring.min(axis=0), [xs.min(), ys.min()], atol=1.5)
    np.testing.assert_allclose(ring.max(axis=0), [xs.max() + 1, ys.max() + 1], atol=1.5)


def test_a_pipeline_fuses_them(photo):
    """Elastic between two warps runs as one resample, and draws what it draws alone."""
    steps = ["image.rotate", "image.elastic", {"image.crop": {"side_frac_range": [0.7, 0.7]}}]
    pipe = augury.pipeline(steps, fields={"photo": "image", "mask": {"kind": "mask", "of": "photo"}})
    record = {"photo": photo, "mask": (photo[:, :, 0] > 120).astype(np.uint8)}
    out = pipe(record, seed=3, id="a", copy=0)
    lines = []
    pipe.replay(record, out.lineage, trace=lines)
    assert lines == ["photo: 3 warps and fields as one resample"]
    apart = augury.pipeline(steps, fields=pipe.schema, compile=False)(record, seed=3, id="a", copy=0)
    assert apart.lineage["steps"] == out.lineage["steps"]
    assert apart["photo"].shape == out["photo"].shape
    assert np.abs(apart["photo"].astype(int) - out["photo"]).mean() < 6
    assert np.mean(apart["mask"] != out["mask"]) < 0.06
