"""What the ops of geometry, masking and pasting promise, measured from their output."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.draw import polygon2mask

import augury
from augury_image import boxing, distort
from augury_image.ops.geometry import inner_rectangle
from augury_image.ops.symmetries import symmetry

H, W = 120, 160
FIELDS = {
    "photo": "image",
    "boxes": {"kind": "boxes", "of": "photo"},
    "outline": {"kind": "polygons", "of": "photo"},
    "points": {"kind": "keypoints", "of": "photo"},
    "mask": {"kind": "mask", "of": "photo"},
}
STAR = [
    (60 + r * np.cos(a), 50 + r * np.sin(a))
    for a, r in zip(np.linspace(0, 2 * np.pi, 11)[:-1], [30, 12] * 5, strict=True)
]


def record(outlines=(STAR,), shade=90):
    """A picture whose objects are bright, with boxes, outlines, their middles and a mask of them."""
    mask = np.zeros((H, W), np.uint8)
    for k, ring in enumerate(outlines):
        mask[polygon2mask((H, W), np.array(ring)[:, ::-1] - 0.5)] = k + 1
    noise = np.random.default_rng(len(outlines)).integers(0, 60, (H, W, 3))
    photo = np.where(mask[:, :, None] > 0, 200 + noise % 50, shade + noise // 2).astype(np.uint8)
    rings = [np.array(ring, float) for ring in outlines]
    names = [f"o{k}" for k in range(len(rings))]
    return {
        "photo": photo,
        "boxes": {"boxes": [[*r.min(axis=0), *r.max(axis=0)] for r in rings], "labels": names},
        "outline": {"polygons": [ring.tolist() for ring in rings], "labels": names},
        "points": {"points": [r.mean(axis=0) for r in rings], "labels": names},
        "mask": mask,
    }


def square(x, y, side):
    """A square's corners."""
    return [(x, y), (x + side, y), (x + side, y + side), (x, y + side)]


def run(step, given=None, copies=12, fields=FIELDS, **rest):
    """Yield outputs of one step on one record, copy after copy."""
    pipe = augury.pipeline([step], fields=fields)
    for copy in range(copies):
        yield pipe(given or record(), seed=9, id="a", copy=copy, **rest)


def drawn(out, name="draw"):
    """The draw of the only step."""
    return out.lineage["steps"][0][name]


def test_symmetries_are_numpys():
    """All eight are np.rot90 of the picture or its transpose."""
    photo = record()["photo"]
    seen = {}
    for out in run("image.symmetry", copies=60):
        element = drawn(out)["element"]
        base = photo.transpose(1, 0, 2) if element >= 4 else photo
        np.testing.assert_array_equal(out["photo"], np.rot90(base, element % 4))
        seen[element] = out["photo"].tobytes()
    assert len(seen) == 8 and len(set(seen.values())) == 8
    assert symmetry(2, 3, 5).size == (3, 5)
    np.testing.assert_array_equal(next(run("image.transpose"))["photo"], photo.transpose(1, 0, 2))


@settings(max_examples=200, deadline=None)
@given(st.integers(20, 300), st.integers(20, 300), st.floats(-180, 180))
def test_the_inner_rectangle_is_inside_and_large(height, width, degrees):
    """Its corners turned back lie in the picture, and no rectangle of the same ratio two pixels larger fits."""
    h, w = inner_rectangle(height, width, degrees)
    turn = np.radians(degrees)
    c, s = abs(np.cos(turn)), abs(np.sin(turn))
    assert w * c + h * s <= width + 1e-6 + 2 * (h == 1 or w == 1)
    assert w * s + h * c <= height + 1e-6 + 2 * (h == 1 or w == 1)
    wider, higher = w + 2, (w + 2) * h / w
    assert wider * c + higher * s > width - 2 or wider * s + higher * c > height - 2


def test_safe_rotation_shows_everything():
    """Canvas ``shrink`` keeps size and every corner; ``inside`` shows nothing of the fill."""
    white = {"photo": np.full((H, W, 3), 255, np.uint8)}
    fields = {"photo": "image"}
    for out in run({"image.rotate": {"canvas": "inside", "angle_deg_range": [-90, 90]}}, white, fields=fields):
        assert (out["photo"] >= 253).all()
    marks = {"photo": white["photo"], "points": [[0.5, 0.5], [W - 0.5, 0.5], [0.5, H - 0.5], [W - 0.5, H - 0.5]]}
    fields = {"photo": "image", "points": {"kind": "keypoints", "of": "photo"}}
    for out in run({"image.rotate": {"canvas": "shrink", "angle_deg_range": [-90, 90]}}, marks, fields=fields):
        assert out["photo"].shape == (H, W, 3)
        assert (out["points"].visibility == 2).all()


@pytest.mark.parametrize("shown", [1.0, 0.5])
def test_box_crops_show_an_object(shown):
    """In every crop some object shows at least the asked part of both sides."""
    given = record([square(10, 10, 20), square(100, 70, 30)])
    step = {"image.box_crop": {"size": [50, 60], "shown_frac": shown}}
    for out in run(step, given, copies=40):
        assert out["photo"].shape == (50, 60, 3)
        sides = out["boxes"].xyxy[:, 2:] - out["boxes"].xyxy[:, :2]
        wanted = [20 if label == "o0" else 30 for label in out["boxes"].labels]
        assert any((side >= shown * want - 1).all() for side, want in zip(sides, wanted, strict=True))


def test_aimed_crops_without_targets_take_any_part():
    """Without boxes or mask the crops still cut."""
    for name in ("box_crop", "mask_crop"):
        out = next(run({f"image.{name}": {"size": [30, 40]}}, record([])))
        assert out["photo"].shape == (30, 40, 3)
    assert next(run("image.crop_to_box", record([])))["photo"].shape == (H, W, 3)
    assert next(run("image.iou_crop", record([])))["photo"].shape == (H, W, 3)


def test_mask_crops_show_some_mask():
    """A small object is in every crop, even in a corner."""
    given = record([square(150, 3, 6)])
    for out in run({"image.mask_crop": {"size": [20, 20]}}, given, copies=30):
        assert (out["mask"] == 1).any()
    other = {"image.mask_crop": {"size": [20, 20], "ignore_labels": [1]}}
    assert not all((out["mask"] == 1).any() for out in run(other, given, copies=30))


def test_crop_to_box_has_its_margins():
    """The crop is the object's bounds and its margins."""
    for out in run({"image.crop_to_box": {"margin_frac_range": [0.5, 0.5]}}, record([square(60, 40, 20)])):
        assert out["photo"].shape[:2] == (40, 40)
        np.testing.assert_allclose(out["boxes"].xyxy, [[10, 10, 30, 30]])


def test_iou_crops_overlap_as_asked():
    """Crops that are not the whole picture overlap some object by the least asked share."""
    given = record([square(40, 30, 60)])
    whole = 0
    for out in run({"image.iou_crop": {"min_overlaps": [0.5]}}, given, copies=40):
        d = drawn(out)
        crop = np.array([d["x0"], d["y0"], d["x1"], d["y1"]], float)
        box = np.array([40, 30, 100, 90], float)
        common = np.prod(np.clip(np.minimum(crop[2:], box[2:]) - np.maximum(crop[:2], box[:2]), 0, None))
        union = np.prod(crop[2:] - crop[:2]) + 3600 - common
        whole += out["photo"].shape[:2] == (H, W)
        assert out["photo"].shape[:2] == (H, W) or common / union >= 0.5
    assert whole < 35


def test_sides_and_factors():
    """Longest, shortest and rescaled sizes are those of the definition."""
    assert next(run({"image.resize_side": {"length_px_range": [80, 80]}}))["photo"].shape == (60, 80, 3)
    assert next(run({"image.resize_side": {"length_px_range": [60, 60], "side": "shortest"}}))["photo"].shape == (
        60,
        80,
        3,
    )
    held = {"length_px_range": [120, 120], "side": "shortest", "max_length_px": 80}
    assert next(run({"image.resize_side": held}))["photo"].shape == (60, 80, 3)
    assert next(run({"image.rescale": {"scale_range": [1.5, 1.5]}}))["photo"].shape == (180, 240, 3)
    fitted = {"scale_range": [0.5, 0.5], "from_size": [240, 240]}
    assert next(run({"image.rescale": fitted}))["photo"].shape == (90, 120, 3)
    for out in run({"image.zoom_out": {"side_factor_range": [2, 3]}}):
        assert out["photo"].shape[0] >= 240
        x0, y0, x1, y1 = np.rint(out["boxes"].xyxy[0]).astype(int)
        assert (out["photo"][(y0 + y1) // 2, (x0 + x1) // 2] >= 200).all()
    out = next(run({"image.crop": {"size": [40, 50], "position": "fixed", "corner_px": [7, 11]}}))
    np.testing.assert_array_equal(out["photo"], record()["photo"][7:47, 11:61])


def test_grid_dropout_covers_the_asked_share():
    """Half the side of each cell is a quarter of the picture; masks show background there."""
    white = record([square(0, 0, W)]) | {"photo": np.full((H, W, 3), 255, np.uint8)}
    for out in run({"image.grid_dropout": {"covered_frac": 0.5, "cell_frac_range": [0.1, 0.2]}}, white):
        covered = out["photo"][:, :, 0] == 0
        assert 0.17 < covered.mean() < 0.33
        np.testing.assert_array_equal(covered, out["mask"] == 0)


def test_stripes_and_pixels():
    """Stripes are whole rows and columns; pixel dropout hits its share, per pixel or per number."""
    white = record() | {"photo": np.full((H, W, 3), 255, np.uint8)}
    for out in run("image.xy_masking", white):
        black = out["photo"][:, :, 0] == 0
        rows, columns = black.all(axis=1), black.all(axis=0)
        np.testing.assert_array_equal(black, rows[:, None] | columns[None])
    for per_channel in (False, True):
        step = {"image.pixel_dropout": {"dropped_frac_range": [0.1, 0.1], "per_channel": per_channel}}
        dropped = next(run(step, white))["photo"] == 0
        assert abs(dropped.mean() - 0.1) < 0.02
        assert (dropped.all(axis=2) == dropped.any(axis=2)).all() != per_channel


def test_objects_are_erased_on_themselves():
    """Holes lie on the object, and nowhere else."""
    for out in run({"image.object_erasing": {"objects_frac_range": [1, 1]}}):
        changed = (out["photo"] != record()["photo"]).any(axis=2)
        ys, xs = np.nonzero(changed)
        left, top, right, bottom = record()["boxes"]["boxes"][0]
        assert xs.min() >= left - 1 and xs.max() <= right + 1 and ys.min() >= top - 1 and ys.max() <= bottom + 1


@pytest.mark.parametrize("kept", [("outline",), ("mask",), ("boxes",)])
def test_mask_dropout_takes_whole_objects(kept):
    """One of two objects goes from the picture, and its outline, box and point with it; the other stays whole."""
    given = record([STAR, square(110, 70, 30)])
    names = [*kept, "points"]
    fields = {"photo": "image"} | {name: FIELDS[name] for name in names}
    for out in run("image.mask_dropout", {k: v for k, v in given.items() if k in fields}, fields=fields):
        gone = out["photo"].max(axis=2) < 0.6 * given["photo"].max(axis=2)
        shares = [gone[given["mask"] == label].mean() for label in (1, 2)]
        assert max(shares) > 0.95 and min(shares) < 0.02
        assert (out["points"].visibility > 0).sum() == 1
        if kept == ("outline",):
            assert len(out["outline"]) <= 2
            areas = [
                sum(boxing.cv2.contourArea(r.astype(np.float32)) for r in rings) for rings in out["outline"].objects
            ]
            assert sorted(areas)[-1] > 800 and (len(areas) == 1 or sorted(areas)[0] < 100)


@pytest.mark.parametrize("source", ["outline", "mask", "boxes"])
def test_pasted_objects_bring_their_own(source):
    """A star is pasted: its pixels, one box around them, its outline, mask and point, and nothing of its neighbour."""
    fields = {"photo": "image"} | {n: FIELDS[n] for n in dict.fromkeys([source, "boxes", "points", "mask"])}
    donor = {k: v for k, v in record([STAR, square(110, 70, 30)]).items() if k in fields}
    checked = augury.pipeline([], fields=fields)(donor, seed=0, id="d", copy=0)
    own = {k: v for k, v in record([], shade=10).items() if k in fields}
    step = {"image.copy_paste": {"objects_range": [1, 1], "scale_range": [0.5, 0.7]}}
    for out in run(step, own, copies=8, fields=fields, pool={"d": checked}):
        pasted = out["photo"][:, :, 0] > 120
        assert pasted.sum() > 100
        assert len(out["boxes"]) == 1 and (out["points"].visibility > 0).sum() == 1
        assert out["boxes"].labels == out["points"].labels
        ys, xs = np.nonzero(pasted)
        found = [xs.min(), ys.min(), xs.max() + 1, ys.max() + 1]
        np.testing.assert_allclose(out["boxes"].xyxy[0], found, atol=2.6)
        assert np.mean((out["mask"] > 0) != pasted) < 0.01
        if source == "outline":
            ring = out["outline"].objects[0][0] if len(out["outline"].objects[0]) == 1 else None
            area = sum(abs(_area(r)) for r in out["outline"].objects[0])
            assert abs(area - pasted.sum()) < 0.08 * area + 15, ring


def _area(ring):
    return 0.5 * (np.dot(ring[:, 0], np.roll(ring[:, 1], -1)) - np.dot(ring[:, 1], np.roll(ring[:, 0], -1)))


def test_what_is_pasted_over_is_cut():
    """An own object under a pasted one is hidden: its point gone, its box smaller or gone."""
    checked = augury.pipeline([], fields=FIELDS)(record([square(0, 0, 159)]), seed=0, id="d", copy=0)
    step = {"image.copy_paste": {"scale_range": [1, 1], "keep_place": True, "flip_share": 0.0}}
    out = next(run(step, record([square(40, 40, 20)]), pool={"d": checked}))
    assert out["boxes"].labels == ("o0",)
    np.testing.assert_allclose(out["boxes"].xyxy, [[0, 0, 159, 120]])
    assert out["points"].visibility.tolist().count(0) >= 1


def test_cutmix_mixes_by_area():
    """The label's shares are the shares of the pixels, and targets are cut at the rectangle."""
    fields = {**FIELDS, "label": {"kind": "category", "role": "label"}}
    white = record([]) | {"photo": np.full((H, W, 3), 255, np.uint8), "label": "white"}
    checked = augury.pipeline([], fields=fields)(white, seed=0, id="d", copy=0)
    black = record() | {"photo": np.zeros((H, W, 3), np.uint8), "label": "black"}
    for out in run("image.cutmix", black, fields=fields, pool={"d": checked}):
        share = np.mean(out["photo"] == 255)
        assert dict(out["label"]).get("white", 0.0) == pytest.approx(share, abs=1e-6)


def test_overlays_hide_and_shuffles_keep():
    """An overlay covers its share; shuffled tiles hold the same pixels, each point once, on its own pixel."""
    checked = augury.pipeline([], fields=FIELDS)(
        record([]) | {"photo": np.full((H, W, 3), 255, np.uint8)}, seed=0, id="d", copy=0
    )
    step = {"image.overlay": {"side_frac_range": [0.5, 0.5], "opacity_range": [1, 1]}}
    for out in run(step, pool={"d": checked}):
        assert np.mean((out["photo"] == 255).all(axis=2)) == pytest.approx(0.25, abs=0.01)
    fields = {"photo": "image", "points": FIELDS["points"]}
    given = {"photo": record()["photo"], "points": [[60.5, 50.5], [10.5, 100.5]]}
    for out in run({"image.grid_shuffle": {"grid": [3, 4]}}, given, fields=fields):
        np.testing.assert_array_equal(np.sort(out["photo"].ravel()), np.sort(given["photo"].ravel()))
        assert out["points"].visibility.tolist() == [2, 2]
        for (x, y), (x0, y0) in zip(out["points"].xy, given["points"], strict=True):
            np.testing.assert_array_equal(out["photo"][int(y), int(x)], given["photo"][int(y0), int(x0)])


@pytest.mark.parametrize("seed", range(4))
def test_elastic_is_as_strong_as_it_says(seed):
    """The root mean square shift is the amplitude, and shifts are alike over sigma and unlike over ten."""
    field = distort.elastic((400, 500), seed, 6.0, 20.0)
    y, x = np.mgrid[0:400, 0:500] + 0.5
    shift = field - np.stack([x, y], axis=2)
    assert np.sqrt(np.mean(np.sum(shift**2, axis=2))) == pytest.approx(6.0, rel=0.2)
    far = np.mean(shift[:, :-200] * shift[:, 200:]) / np.mean(shift**2)
    near = np.mean(shift[:, :-10] * shift[:, 10:]) / np.mean(shift**2)
    assert near > 0.85 and abs(far) < 0.4


def test_splines_pass_through_their_points():
    """At its control points the spline shows exactly what it was told, and scipy's spline everywhere."""
    from scipy.interpolate import RBFInterpolator

    rng = np.random.default_rng(0)
    points = np.array([[x, y] for y in (0, 0.5, 1) for x in (0, 0.5, 1)])
    offsets = rng.uniform(-0.05, 0.05, points.shape)
    field = distort.thin_plate((128, 192), points.tolist(), offsets.tolist())
    limits = np.array([192, 128])
    spline = RBFInterpolator(points * limits, (points + offsets) * limits, kernel="thin_plate_spline", degree=1)
    y, x = np.mgrid[0:128:9, 0:192:9]
    want = spline(np.stack([x + 0.5, y + 0.5], axis=2).reshape(-1, 2)).reshape(*x.shape, 2)
    np.testing.assert_allclose(field[::9, ::9], want, atol=0.05)


def test_meshes_and_grids_do_not_fold():
    """Every cell of the densest mesh and grid keeps its orientation."""
    for name in ("piecewise_affine", "grid_distortion"):
        step = {
            f"image.{name}": {"shift_frac_range": [0.24, 0.24]}
            if name == "piecewise_affine"
            else {"factor_range": [0.1, 3]}
        }
        pipe = augury.pipeline([step], fields={"photo": "image"})
        for copy in range(5):
            draw = drawn(pipe({"photo": np.zeros((H, W, 3), np.uint8)}, seed=1, id="a", copy=copy))
            op = pipe.ops[0].op
            info = type("Info", (), {"size": type("Size", (), {"height": H, "width": W})})
            effect = op.effect(draw, info)
            field = effect.fn(effect.size, **effect.args).astype(float)
            along, down = np.diff(field, axis=1)[:-1], np.diff(field, axis=0)[:, :-1]
            assert (along[:, :, 0] * down[:, :, 1] - along[:, :, 1] * down[:, :, 0] > 0).all()


def test_lenses_bend_the_right_way():
    """Positive k1 is a barrel (the corner shows what lies outside), negative a pincushion; the middle stays."""
    for k1, sign in ((0.2, 1), (-0.2, -1)):
        field = distort.lens((100, 140), k1, 0.0, (0.5, 0.5))
        assert sign * (field[0, -1, 0] - 139.5) > 0
        np.testing.assert_allclose(field[50, 70], [70.5, 50.5], atol=0.1)
    fish = distort.lens((100, 140), np.radians(60), 0.0, (0.5, 0.5), "fisheye")
    corner = np.hypot(*(fish[0, 0] - (70, 50))) / np.hypot(69.5, 49.5)
    assert corner == pytest.approx(1.0, abs=0.02)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(5, 40), min_size=3, max_size=14))
def test_pieces_make_up_their_outline(radii):
    """Triangles of a star-shaped ring are disjoint and together have its area."""
    angles = np.linspace(0, 2 * np.pi, len(radii), endpoint=False)
    ring = tuple((50 + r * np.cos(a), 50 + r * np.sin(a)) for a, r in zip(angles, radii, strict=True))
    pieces = boxing.convex_pieces(ring)
    whole = abs(_area(np.array(ring)))
    assert sum(abs(_area(np.array(p))) for p in pieces) == pytest.approx(whole, rel=1e-6)
