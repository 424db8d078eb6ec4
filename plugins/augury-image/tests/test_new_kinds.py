"""Lines, depth, optical flow and camera intrinsics follow what is done to their picture."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.draw import line as drawn_line

import augury
from augury.effects import SELF, Layer, Layers
from augury.errors import AuguryError, DataError, FieldError
from augury.spaces import geometry as geo
from augury.spaces.plane import PlaneMap, PlaneSize
from augury_image.kinds.lines import LinesKind

H, W = 120, 160
WARPS = {
    "rotate": {"image.rotate": {"angle_deg_range": [20, 20]}},
    "affine": {"image.affine": {}},
    "perspective": {"image.perspective": {"distortion_frac_range": [0.05, 0.2]}},
    "flip": "image.flip",
    "transpose": "image.transpose",
    "crop": {"image.crop": {"side_frac_range": [0.6, 0.7]}},
    "resize": {"image.resize": {"size": [90, 200]}},
    "elastic": "image.elastic",
    "optical": {"image.optical_distortion": {"k1_range": [0.2, 0.3]}},
}


def run(step, fields, record, copy=0, **rest):
    """Return the output of one step on a picture of H x W and what lies on it."""
    fields = {"photo": "image"} | {name: {**spec, "of": "photo"} for name, spec in fields.items()}
    record = {"photo": np.zeros((H, W, 3), np.uint8), **record}
    steps = step if isinstance(step, list) else [step]
    return augury.pipeline(steps, fields=fields)(record, seed=4, id="a", copy=copy, **rest)


@pytest.mark.parametrize("name", sorted(WARPS))
def test_lines_lie_on_their_drawn_pixels(name):
    """A line drawn in the picture and warped has its bright pixels along the followed line, all of it."""
    ends = [(30.0, 25.0), (80.0, 60.0), (130.0, 95.0)]
    photo = np.zeros((H, W, 3), np.uint8)
    for (x0, y0), (x1, y1) in pairwise(ends):
        rows, columns = drawn_line(int(y0), int(x0), int(y1), int(x1))
        for dy in (-1, 0, 1):
            photo[rows + dy, columns] = 255
    out = run(
        WARPS[name], {"lines": {"kind": "lines"}}, {"photo": photo, "lines": [[(x + 0.5, y + 0.5) for x, y in ends]]}
    )
    shown = out["photo"][:, :, 0].astype(float)
    chains = out["lines"].objects[0]
    for chain in chains:
        for a, b in pairwise(chain):
            for k in np.linspace(0, 1, 9):
                x, y = a + k * (b - a)
                i, j = min(int(y), shown.shape[0] - 1), min(int(x), shown.shape[1] - 1)
                near = shown[max(0, i - 1) : i + 2, max(0, j - 1) : j + 2]
                assert near.max() > 100, (name, x, y)
    vertices = np.concatenate(chains)
    ys, xs = np.nonzero(shown > 180)
    for x, y in zip(xs + 0.5, ys + 0.5, strict=True):
        gaps = [_gap(np.array([x, y]), a, b) for c in chains for a, b in pairwise(c)]
        assert min(gaps) < 3.5, (name, x, y, vertices)


def _gap(p, a, b):
    along = b - a
    k = np.clip((p - a) @ along / max(along @ along, 1e-12), 0, 1)
    return np.hypot(*(p - a - k * along))


points = st.tuples(*[st.integers(-2000, 6000).map(lambda n: n / 100 + 0.0037)] * 2)


@settings(max_examples=150, deadline=None)
@given(st.lists(points, min_size=2, max_size=6), st.tuples(st.integers(5, 20), st.integers(5, 20), st.integers(3, 20)))
def test_lines_are_cut_as_sampled_points_are(chain, hide):
    """What is left of a line has the length that finely sampled points on it say."""
    kind, size = LinesKind(), PlaneSize(40, 40)
    x, y, side = hide
    cover = ((x, y), (x + side, y), (x + side, y + side), (x, y + side))
    where = PlaneMap(geo.IDENTITY, size, size, [geo.rectangle(40, 40)], [cover])
    value = kind.check([chain])
    left = kind.close(kind.follow(kind.open(value, size), where), size)
    length = sum(np.hypot(*np.diff(c, axis=0).T).sum() for chains in left.objects for c in chains)
    pieces = np.array(chain)
    k = (np.arange(4000) + 0.5)[:, None] / 4000
    seen = 0.0
    for a, b in pairwise(pieces):
        at = a + k * (b - a)
        inside = ((at >= 0) & (at <= 40)).all(axis=1)
        covered = (at[:, 0] > x) & (at[:, 0] < x + side) & (at[:, 1] > y) & (at[:, 1] < y + side)
        seen += np.hypot(*(b - a)) * np.mean(inside & ~covered)
    assert abs(length - seen) < 0.002 * max(1.0, np.hypot(*np.diff(pieces, axis=0).T).sum())


def test_lines_below_their_least_length_go():
    """min_visibility is a share of the length, min_length_px a length."""
    given_lines = {"lines": [[[10, 60], [110, 60]], [[70, 20], [78, 20]]], "labels": ["long", "short"]}
    half = {"image.crop": {"size": [H, W // 2], "position": "fixed"}}
    for options, labels in (
        ({}, ("long", "short")),
        ({"min_visibility": 0.75}, ("short",)),
        ({"min_length_px": 9}, ("long",)),
    ):
        out = run(half, {"lines": {"kind": "lines", **options}}, {"lines": given_lines})
        assert out["lines"].labels == labels
    assert out["lines"].objects[0][0].tolist() == [[10, 60], [80, 60]]


@pytest.mark.parametrize("name", sorted(WARPS))
def test_depth_shows_the_same_numbers_elsewhere(name):
    """Depth values are moved, never changed; outside there is nothing known."""
    y, x = np.mgrid[0:H, 0:W].astype(np.float32)
    blocks = np.floor(x / 8) + 100 * np.floor(y / 8)
    photo = np.full((H, W, 3), 255, np.uint8)
    out = run(WARPS[name], {"depth": {"kind": "depth"}}, {"photo": photo, "depth": blocks})
    known = np.isfinite(out["depth"])
    assert set(np.unique(out["depth"][known])) <= set(np.unique(blocks))
    assert np.mean(known != (out["photo"][:, :, 0] > 127)) < 0.01


def flowing(vectors, step, **options):
    """Return the flow after one step."""
    return run(step, {"flow": {"kind": "flow", **options}}, {"flow": vectors})["flow"]


@pytest.mark.parametrize("name", ["rotate", "affine", "perspective", "flip", "transpose", "crop", "resize"])
def test_flow_points_to_where_points_went(name):
    """A vector leads from a moved point to the moved end: the definition, by the keypoints' own way."""
    vectors = np.full((H, W, 2), (7.0, -3.0), np.float32)
    starts = np.array([[x, y] for x in (40.5, 80.5, 120.5) for y in (30.5, 60.5, 90.5)])
    fields = {"flow": {"kind": "flow"}, "starts": {"kind": "keypoints"}, "ends": {"kind": "keypoints"}}
    out = run(WARPS[name], fields, {"flow": vectors, "starts": starts, "ends": starts + np.array([7.0, -3.0])})
    checked = 0
    for (x, y), (u, v), a, b in zip(
        out["starts"].xy, out["ends"].xy, out["starts"].visibility, out["ends"].visibility, strict=True
    ):
        if a and b:
            np.testing.assert_allclose(out["flow"][int(y), int(x)], (u - x, v - y), atol=0.15)
            checked += 1
    assert checked >= 3


def test_flow_through_fields_follows_their_slope():
    """Short vectors through elastic lead to where the points went, within a tenth of their length."""
    vectors = np.full((H, W, 2), (1.0, 0.5), np.float32)
    starts = np.array([[x, y] for x in (40.5, 80.5, 120.5) for y in (30.5, 60.5, 90.5)])
    fields = {"flow": {"kind": "flow"}, "starts": {"kind": "keypoints"}, "ends": {"kind": "keypoints"}}
    out = run("image.elastic", fields, {"flow": vectors, "starts": starts, "ends": starts + np.array([1.0, 0.5])})
    moved = out["ends"].xy - out["starts"].xy
    found = np.array([out["flow"][int(y), int(x)] for x, y in out["starts"].xy])
    np.testing.assert_allclose(found, moved, atol=0.12)


@pytest.mark.parametrize("name", ["rotate", "affine", "perspective", "flip", "transpose", "crop", "resize"])
@pytest.mark.parametrize("centers", ["half", "whole"])
def test_cameras_project_to_the_moved_pixels(name, centers):
    """Points in space projected by the new matrix lie where the old projections went."""
    camera = np.array([[150.0, 0.3, 82.0], [0.0, 148.0, 61.0], [0.0, 0.0, 1.0]])
    space = np.array([[0.1, 0.05, 1.0], [-0.5, 0.3, 2.0], [1.0, -0.6, 3.0]])
    shift = 0.5 if centers == "whole" else 0.0
    pixels = space @ camera.T
    pixels = pixels[:, :2] / pixels[:, 2:] + shift
    fields = {"camera": {"kind": "intrinsics", "pixel_centers": centers}, "points": {"kind": "keypoints"}}
    out = run(WARPS[name], fields, {"camera": camera, "points": pixels})
    again = space @ out["camera"].T
    again = again[:, :2] / again[:, 2:] + shift
    seen = out["points"].visibility > 0
    assert seen.any()
    np.testing.assert_allclose(again[seen], out["points"].xy[seen], atol=1e-6)
    assert out["camera"][2, 2] == 1.0


def test_no_camera_sees_through_a_field():
    """A dense distortion is refused with what to do, or drops the camera; a crop after it does not bring it back."""
    camera = (100.0, 100.0, 80.0, 60.0)
    with pytest.raises(DataError, match=r"step that camera can follow.*on_unmoved: drop"):
        run("image.elastic", {"camera": {"kind": "intrinsics"}}, {"camera": camera})
    steps = ["image.elastic", "image.crop"]
    out = run(steps, {"camera": {"kind": "intrinsics", "on_unmoved": "drop"}}, {"camera": camera})
    assert "camera" not in out


def test_cameras_under_layers():
    """What is erased leaves the camera; a mosaic of several cameras has none."""
    camera = (100.0, 100.0, 80.0, 60.0)
    fields = {"camera": {"kind": "intrinsics"}}
    erased = run("image.erasing", fields, {"camera": camera})
    np.testing.assert_allclose(erased["camera"], [[100, 0, 80], [0, 100, 60], [0, 0, 1]])
    other = {"photo": np.zeros((H, W, 3), np.uint8), "camera": np.array(erased["camera"])}
    pool = {f"d{k}": other for k in range(4)}
    with pytest.raises(DataError, match="camera"):
        run("image.mosaic", fields, {"camera": camera}, pool=pool)
    assert "camera" in run("image.mixup", fields, {"camera": camera}, pool=pool)


@pytest.mark.parametrize(
    "kind, bad",
    [
        ("lines", [[[1, 2]]]),
        ("lines", [[1, 2, 3]]),
        ("depth", np.zeros((3, 4, 2))),
        ("depth", np.full((H, W), np.inf)),
        ("flow", np.zeros((H, W))),
        ("intrinsics", np.zeros((3, 3))),
        ("intrinsics", [1, 2, 3]),
        ("depth", np.zeros((5, 5), np.float32)),
    ],
)
def test_wrong_values_are_refused(kind, bad):
    """Wrong shapes, infinity, singular cameras and other sizes than the picture's are refused by name."""
    with pytest.raises((FieldError, AuguryError), match="expected"):
        run("image.flip", {"it": {"kind": kind}}, {"it": bad})


def test_pieces_of_a_layer_are_a_union():
    """Targets of a layer made of pieces are seen inside any of them, as its pixels are."""
    size = PlaneSize(20, 20)
    left, right = ((2, 2), (8, 2), (8, 8), (2, 8)), ((10, 2), (16, 2), (16, 8), (10, 8))
    where = PlaneMap(geo.IDENTITY, size, size, [geo.rectangle(20, 20)], within=(left, right))
    np.testing.assert_array_equal(
        where.inside(np.array([[5.0, 5], [9, 5], [12, 3], [1, 1]])), [True, False, True, False]
    )
    assert sum(map(geo.area, where.visible(geo.rectangle(20, 20)))) == pytest.approx(72)
    from augury_image.compose import compose

    layers = Layers((20, 20), (Layer(SELF), Layer(0, pieces=(left, right), weight=None)))
    black, white = np.zeros((20, 20, 3), np.uint8), np.full((20, 20, 3), 255, np.uint8)
    out, shares = compose(black, layers, [white])
    assert (out[2:8, 2:8] == 255).all() and (out[2:8, 10:16] == 255).all() and abs(out.sum() / 255 / 3 - 72) < 4
    assert shares[1] == pytest.approx(72 / 400) and shares[0] == pytest.approx(1 - 72 / 400)
