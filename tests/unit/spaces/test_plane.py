"""The plane: fused warps against walking every output pixel back step by step; what may fuse and what may not."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augury.effects import Color, Curve, Field, Layers, Pixels, Warp
from augury.spaces import geometry as geo
from augury.spaces.plane import PlaneMap, PlaneSegment, PlaneSize, greatest_jump

SIZE = PlaneSize(24, 32, 3)


@st.composite
def warps(draw, size=(24, 32)):
    """A warp as ops make them: about the middle, onto a canvas of another size, with a fill of its own."""
    height, width = size
    m = geo.about(geo.rotation(draw(st.floats(-180, 180))), width / 2, height / 2)
    m = geo.compose(geo.scaling(draw(st.floats(0.5, 2)), draw(st.floats(0.5, 2))), m)
    m = geo.compose(geo.translation(draw(st.floats(-9, 9)), draw(st.floats(-9, 9))), m)
    out = draw(st.integers(12, 40)), draw(st.integers(12, 40))
    return Warp(m, out, "constant", draw(st.integers(1, 9)) / 10)


@st.composite
def chains(draw):
    """One to four warps, each on the canvas of the one before."""
    out, size = [], SIZE[:2]
    for _ in range(draw(st.integers(1, 4))):
        out.append(draw(warps(size)))
        size = out[-1].size
    return out


def _segment(effects, size=SIZE):
    segment = PlaneSegment(size)
    assert all(segment.push(e) for e in effects)
    return segment


def _centres(size):
    ys, xs = np.mgrid[0 : size[0], 0 : size[1]] + 0.5
    return np.stack([xs.ravel(), ys.ravel()], 1)


def _walked_back(chain, margin=1e-6):
    """For every output pixel: the source point, or the number of the step whose fill it shows; doubtful ones are None."""
    sizes = [SIZE[:2], *(w.size for w in chain)]
    out = []
    for x, y in _centres(chain[-1].size):
        seen = None
        for k in range(len(chain) - 1, -1, -1):
            x, y = geo.apply(geo.invert(chain[k].matrix), x, y)
            height, width = sizes[k]
            depth = min(x, y, width - x, height - y)
            if abs(depth) < margin:
                seen = "doubtful"
                break
            if depth < 0:
                seen = k
                break
        out.append((x, y) if seen is None else seen)
    return out


@settings(max_examples=40, deadline=None)
@given(chains())
def test_fused_warps_show_what_single_ones_show(chain):
    """Every output pixel shows the same source point, or the same step's fill, as running the warps one by one."""
    segment = _segment(chain)
    back = geo.invert(segment.matrix)
    xy = _centres(chain[-1].size)
    painted = np.full(len(xy), -1)
    canvases = segment.canvases()
    fills = {c.fill for c in canvases}
    assert fills <= {w.fill for w in chain}
    for canvas in canvases:
        inside = PlaneMap(None, SIZE, SIZE, [canvas.outline], []).inside(xy)
        step = [k for k, w in enumerate(chain) if w.fill == canvas.fill]
        painted[~inside] = step[0] if len(step) == 1 else 100
    for (x, y), expected, got in zip(xy, _walked_back(chain), painted, strict=True):
        if expected == "doubtful" or got == 100:
            continue
        if isinstance(expected, tuple):
            assert got == -1, f"{(x, y)} shows fill {got}"
            assert geo.apply(back, x, y) == pytest.approx(expected, abs=1e-6)
        else:
            assert chain[got].fill == chain[expected].fill, f"{(x, y)} shows {got}, not {expected}"


@settings(max_examples=40, deadline=None)
@given(chains(), st.lists(st.tuples(st.floats(0, 32), st.floats(0, 24)), min_size=1, max_size=30))
def test_points_survive_as_one_by_one(chain, points):
    """A point of the source is visible in the output exactly when every canvas on its way held it."""
    where = _segment(chain).map()
    moved = where.points(np.array(points))
    for (x, y), (u, v), seen in zip(points, moved, where.inside(moved), strict=True):
        depth = min(x, y, SIZE.width - x, SIZE.height - y)
        for warp in chain:
            x, y = geo.apply(warp.matrix, x, y)
            depth = min(depth, x, y, warp.size[1] - x, warp.size[0] - y)
        assert (u, v) == pytest.approx((x, y), abs=1e-6)
        if abs(depth) > 1e-4:
            assert seen == (depth > 0)


@settings(max_examples=40, deadline=None)
@given(chains(), st.integers(1, 5))
def test_visible_area_is_what_survives(chain, seed):
    """The visible part of a box has the area of the box's points that survive every canvas."""
    rng = np.random.default_rng(seed)
    x0, y0 = rng.uniform(0, 20), rng.uniform(0, 14)
    box = ((x0, y0), (x0 + 10, y0), (x0 + 10, y0 + 8), (x0, y0 + 8))
    segment = _segment(chain)
    where = segment.map()
    pieces = where.visible(geo.transform(segment.matrix, box))
    points = np.stack([rng.uniform(x0, x0 + 10, 20000), rng.uniform(y0, y0 + 8, 20000)], 1)
    share = where.inside(where.points(points)).mean()
    expected = share * 80 * abs(geo.determinant(segment.matrix))
    assert sum(map(geo.area, pieces)) == pytest.approx(expected, rel=0.05, abs=2.0)


def test_cropped_content_does_not_come_back():
    """Crop then pad shows fill where the crop cut; turning there and back has lost its corners."""
    crop = Warp(geo.translation(-8, 0), (24, 16))
    pad = Warp(geo.translation(8, 0), (24, 32))
    where = _segment([crop, pad]).map()
    assert where.inside(np.array([[4.0, 12.0], [12.0, 12.0]])).tolist() == [False, True]
    turn, back = (Warp(geo.about(geo.rotation(a), 16, 12), (24, 32)) for a in (20, -20))
    where = _segment([turn, back]).map()
    assert where.matrix == pytest.approx(geo.IDENTITY, abs=1e-12)
    assert where.inside(np.array([[0.5, 0.5], [16.0, 12.0]])).tolist() == [False, True]


TURN = Warp(geo.about(geo.rotation(10), 16, 12), (24, 32))
FLIP = Warp((-1.0, 0.0, 32.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0), (24, 32))
INSIDE = Warp(geo.compose(geo.translation(-16, -12), geo.scaling(2, 2)), (24, 32))


def _soft(x):
    return x**0.9


def _hard(x):
    return np.round(x * 3) / 3


SOFT, HARD = Curve(_soft), Curve(_hard)
HALF = Warp(geo.scaling(0.4, 0.4), (10, 13))


@pytest.mark.parametrize(
    ("pending", "effect", "fuses"),
    [
        ([], TURN, True),
        ([TURN], TURN, True),
        ([TURN], TURN._replace(interpolation="nearest"), False),
        ([FLIP], TURN._replace(interpolation="nearest"), True),
        ([TURN._replace(interpolation="cubic")], FLIP, True),
        ([], TURN._replace(border="reflect"), True),
        ([TURN], TURN._replace(border="reflect"), False),
        ([TURN], INSIDE._replace(border="reflect"), True),
        ([TURN._replace(border="reflect")], TURN, True),
        ([SOFT], TURN, True),
        ([HARD], TURN, False),
        ([HARD], FLIP, True),
        ([SOFT], HALF, False),
        ([SOFT], TURN._replace(border="replicate"), False),
        ([TURN], HARD, True),
        ([TURN, SOFT], FLIP, True),
        ([Color((1.0,) + (0.0,) * 11)], TURN, True),
        ([Color((9.0,) + (0.0,) * 11)], TURN, False),
        ([TURN], Field(_soft, {}, (4, 4)), True),
        ([], Field(_soft, {}, (4, 4)), True),
        ([], Pixels(_soft), False),
        ([], Layers((4, 4), ()), False),
    ],
)
def test_what_may_run_together(pending, effect, fuses):
    """Own borders and interpolations survive fusion; tones cross later warps only where that changes little."""
    segment = _segment(pending)
    before = segment.size
    assert segment.push(effect) is fuses
    if not fuses:
        assert segment.size == before, "a refused effect left a trace"


def test_shrinking_adds_up_before_tones_cross():
    """Two warps that each shrink by 0.6 shrink by less than half together: a tone may not cross both."""
    shrink = Warp(geo.scaling(0.6, 0.6), (20, 20))
    segment = _segment([SOFT, shrink])
    assert not segment.push(shrink)


def test_sizes_and_emptiness():
    """The size is that after everything pending, channels kept; tones alone move nothing."""
    segment = PlaneSegment(SIZE)
    assert segment.empty
    assert segment.map() is None
    assert segment.push(SOFT)
    assert not segment.empty
    assert segment.map() is None
    assert segment.push(HALF._replace(matrix=geo.translation(1, 0), size=(7, 9)))
    assert segment.size == PlaneSize(7, 9, 3)


def test_mirrors():
    """One flip mirrors, two do not, a turn does not."""
    assert _segment([FLIP]).map().mirrors
    assert not _segment([FLIP, FLIP]).map().mirrors
    assert not _segment([TURN]).map().mirrors
    assert _segment([TURN, FLIP]).map().mirrors


def test_hides_cut_like_clips():
    """What lies under a cover is gone; the rest of a box is what is left of its area."""
    cover = geo.transform(geo.translation(4, 4), geo.rectangle(8, 8))
    where = PlaneMap(geo.IDENTITY, SIZE, SIZE, [geo.rectangle(32, 24)], [cover])
    assert where.inside(np.array([[5.0, 5.0], [3.0, 3.0], [np.nan, 1.0]])).tolist() == [False, True, False]
    assert sum(map(geo.area, where.visible(geo.rectangle(8, 8)))) == pytest.approx(64 - 16)
    assert where.visible(cover) == []
    nothing = PlaneMap(geo.IDENTITY, SIZE, SIZE, [geo.rectangle(32, 24)], [()])
    assert sum(map(geo.area, nothing.visible(geo.rectangle(8, 8)))) == pytest.approx(64)
    assert PlaneMap(geo.IDENTITY, SIZE, SIZE, [()], []).visible(cover) == []


def _waves(size, height, width, strength):
    """A smooth field: every pixel looks a little aside."""
    ys, xs = np.mgrid[0 : size[0], 0 : size[1]].astype(np.float32) + 0.5
    xs, ys = xs * width / size[1], ys * height / size[0]
    u = xs + strength * np.sin(2 * math.pi * ys / height * 2)
    v = ys + strength * np.cos(2 * math.pi * xs / width * 2)
    return np.stack([u, v], -1).astype(np.float32)


def _collapsed(size):
    """A field that shows one source point everywhere: it has no inverse."""
    return np.full((*size, 2), 5.0, np.float32)


@pytest.mark.parametrize("size", [(24, 32), (48, 40), (12, 20)])
@pytest.mark.parametrize("strength", [0.0, 0.5, 1.2])
def test_fields_are_inverted_for_points(size, strength):
    """A mapped point, looked up in the field, is the source point again, to 0.1 px."""
    segment = _segment([Field(_waves, {"height": 24, "width": 32, "strength": strength}, size)])
    where = segment.map()
    rng = np.random.default_rng(3)
    points = np.stack([rng.uniform(4, 28, 200), rng.uniform(4, 20, 200)], 1)
    moved = where.points(points)
    assert np.isfinite(moved).all()
    x, y = moved.T
    v, u = (y - 0.5), (x - 0.5)
    dense = where.dense()
    i, j = np.clip(np.floor(v).astype(int), 0, size[0] - 2), np.clip(np.floor(u).astype(int), 0, size[1] - 2)
    a, b = (u - j)[:, None], (v - i)[:, None]
    shown = (dense[i, j] * (1 - a) + dense[i, j + 1] * a) * (1 - b) + (
        dense[i + 1, j] * (1 - a) + dense[i + 1, j + 1] * a
    ) * b
    assert np.hypot(*(shown - points).T).max() < 0.1


def test_points_without_an_inverse_are_dropped():
    """Where no output shows a point, its position is NaN and it is not inside."""
    where = _segment([Field(_collapsed, {}, (24, 32))]).map()
    moved = where.points(np.array([[20.0, 20.0]]))
    assert np.isnan(moved).all()
    assert not where.inside(moved).any()


def test_homographies_send_points_behind_the_horizon_nowhere():
    """Points behind the horizon are NaN; those in front follow the map."""
    m = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, -0.05, 0.0, 1.0)
    where = _segment([Warp(m, (24, 32))]).map()
    moved = where.points(np.array([[30.0, 5.0], [10.0, 5.0]]))
    assert np.isnan(moved[0]).all()
    assert moved[1] == pytest.approx(geo.apply(m, 10.0, 5.0))


@given(st.floats(0.2, 5.0))
def test_greatest_jump_is_between_neighbouring_levels(gamma):
    """The jump of a curve is the greatest step of its 8-bit table."""
    table = np.clip((np.arange(256) / 255) ** gamma, 0, 1)
    assert greatest_jump(Curve(_power, {"gamma": gamma})) == pytest.approx(np.abs(np.diff(table)).max())


def _power(x, gamma):
    return x**gamma


def _steeper(x):
    return (x - 0.5) * 6.0 + 0.5


def test_tones_that_jump_only_together_stop_a_warp():
    """One steep curve may cross a later warp; two of them make a jump of 36 levels and may not."""
    warp = Warp(geo.about(geo.rotation(10), 16, 12), SIZE[:2])
    once, twice = _segment([Curve(_steeper)]), _segment([Curve(_steeper), Curve(_steeper)])
    assert once.push(warp)
    assert not twice.push(warp)
