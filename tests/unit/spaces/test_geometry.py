"""Matrices and convex polygons, against numpy and against counting points."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from augury.spaces import geometry as geo

coordinate = st.floats(-50, 50).map(lambda v: round(v, 3))
angle = st.floats(-180, 180)
GRID = np.stack(np.meshgrid(np.linspace(-60, 60, 121) + 0.137, np.linspace(-60, 60, 121) + 0.291), -1).reshape(-1, 2)


@st.composite
def matrices(draw):
    """An invertible map: rotations, scales, shears and shifts, at times with a perspective."""
    m = geo.rotation(draw(angle))
    m = geo.compose(geo.scaling(draw(st.floats(0.2, 4)) * draw(st.sampled_from([-1, 1])), draw(st.floats(0.2, 4))), m)
    m = geo.compose(geo.shearing(draw(st.floats(-40, 40)), 0), m)
    m = geo.compose(geo.translation(draw(coordinate), draw(coordinate)), m)
    if draw(st.booleans()):
        m = (*m[:6], draw(st.floats(-0.002, 0.002)), draw(st.floats(-0.002, 0.002)), 1.0)
    return m


@st.composite
def polygons(draw):
    """A convex polygon: corners on an ellipse, turned, in either direction."""
    gaps = np.array(draw(st.lists(st.floats(0.3, 1.0), min_size=3, max_size=7)))
    turns = np.cumsum(gaps / gaps.sum()) * 2 * math.pi
    a, b = draw(st.floats(5, 40)), draw(st.floats(5, 40))
    x, y = draw(st.floats(-20, 20)), draw(st.floats(-20, 20))
    corners = tuple((x + a * math.cos(t), y + b * math.sin(t)) for t in turns)
    return corners if draw(st.booleans()) else corners[::-1]


def _array(m):
    return np.array(m).reshape(3, 3)


def _inside(polygon, xy, margin=0.0):
    """Which points lie inside a convex polygon by at least ``margin``: all on one side of every edge."""
    p = np.array(polygon).reshape(-1, 2)
    edge = np.roll(p, -1, 0) - p
    length = np.hypot(*edge.T)
    if len(p) < 3 or not length.any():
        return np.zeros(len(xy), bool)
    p, edge, length = p[length > 1e-9], edge[length > 1e-9], length[length > 1e-9]
    turn = np.sign((np.roll(p, -1, 0)[:, 1] * p[:, 0] - np.roll(p, -1, 0)[:, 0] * p[:, 1]).sum())
    side = edge[:, 0] * (xy[:, None, 1] - p[:, 1]) - edge[:, 1] * (xy[:, None, 0] - p[:, 0])
    return (turn * side / length > margin).all(1)


def _shoelace(polygon):
    x, y = np.array(polygon).T
    return abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2


@given(matrices(), matrices())
def test_compose_is_the_product(a, b):
    """Composition is the matrix product, the second map on the left."""
    np.testing.assert_allclose(_array(geo.compose(a, b)), _array(a) @ _array(b), rtol=1e-9, atol=1e-9)


@given(matrices())
def test_invert_undoes(m):
    """A map and its inverse compose to the identity, up to scale; determinants agree with numpy's."""
    product = _array(geo.compose(geo.invert(m), m))
    np.testing.assert_allclose(product / product[2, 2], np.eye(3), atol=1e-6)
    assert geo.determinant(m) == pytest.approx(np.linalg.det(_array(m)), rel=1e-6, abs=1e-9)


def test_a_flat_map_cannot_be_inverted():
    """A map onto a line is refused."""
    with pytest.raises(ZeroDivisionError, match="cannot be inverted"):
        geo.invert(geo.scaling(1.0, 0.0))


def test_rotation_is_anticlockwise_on_a_screen():
    """With y pointing down, a quarter turn takes a point on the right to the top."""
    x, y = geo.apply(geo.rotation(90), 1.0, 0.0)
    assert (x, y) == pytest.approx((0.0, -1.0))


@given(matrices(), coordinate, coordinate)
def test_about_keeps_its_centre(m, x, y):
    """A map about a point leaves a linear map's centre where it is."""
    linear = (*m[:2], 0.0, *m[3:5], 0.0, 0.0, 0.0, 1.0)
    assert geo.apply(geo.about(linear, x, y), x, y) == pytest.approx((x, y), abs=1e-9)


@given(matrices(), coordinate, coordinate)
def test_jacobian_is_the_derivative(m, x, y):
    """The derivative agrees with differences."""
    assume(abs(m[6] * x + m[7] * y + m[8]) > 0.5)
    h = 1e-4
    a, b = np.array(geo.apply(m, x + h, y)), np.array(geo.apply(m, x - h, y))
    c, d = np.array(geo.apply(m, x, y + h)), np.array(geo.apply(m, x, y - h))
    dx, dy = (a - b) / (2 * h), (c - d) / (2 * h)
    np.testing.assert_allclose(geo.jacobian(m, x, y), (dx[0], dy[0], dx[1], dy[1]), rtol=1e-3, atol=1e-3)


@given(matrices(), st.floats(1, 100), st.floats(1, 100))
def test_least_scale_is_a_singular_value(m, width, height):
    """The least local scale over the corners is numpy's smallest singular value there."""
    assume(all(m[6] * x + m[7] * y + 1 > 0.2 for x, y in geo.rectangle(width, height)))
    expected = min(
        np.linalg.svd(np.array(geo.jacobian(m, x, y)).reshape(2, 2))[1][1] for x, y in geo.rectangle(width, height)
    )
    assert geo.least_scale(m, width, height) == pytest.approx(expected, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize(
    ("m", "exact"),
    [
        (geo.IDENTITY, True),
        (geo.translation(3, -2), True),
        (geo.translation(0.5, 0), False),
        ((-1.0, 0.0, 9.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0), True),
        ((0.0, 1.0, 0.0, -1.0, 0.0, 7.0, 0.0, 0.0, 1.0), True),
        (geo.scaling(2, 2), False),
        (geo.rotation(45), False),
        ((1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.001, 0.0, 1.0), False),
    ],
)
def test_whole_pixel_maps(m, exact):
    """Flips, quarter turns and integer shifts, and nothing else, only permute pixels."""
    assert geo.is_whole_pixel(m) is exact


@given(polygons())
def test_area_is_the_share_of_points(polygon):
    """The area is the shoelace formula's, and about the number of points inside."""
    assert geo.area(polygon) == pytest.approx(_shoelace(polygon))
    assert geo.area(polygon) == pytest.approx(_inside(polygon, GRID).sum(), abs=120)
    assert geo.signed_area(polygon) == pytest.approx(-geo.signed_area(polygon[::-1]))


@settings(max_examples=60)
@given(polygons(), polygons())
def test_intersection_holds_the_common_points(a, b):
    """A point is in the intersection exactly when it is in both, away from the edges."""
    both = geo.intersect(a, b)
    clearly = _inside(a, GRID, 1e-3) & _inside(b, GRID, 1e-3)
    outside = ~_inside(a, GRID, -1e-3) | ~_inside(b, GRID, -1e-3)
    assert not (outside & _inside(both, GRID, 1e-3)).any()
    assert _inside(both, GRID, -1e-2)[clearly].all()
    assert geo.area(both) == pytest.approx(geo.area(geo.intersect(b, a)), abs=1e-6)


@settings(max_examples=60)
@given(polygons(), polygons())
def test_difference_is_what_is_left(a, b):
    """The pieces of a difference are disjoint, and with the intersection make up the whole."""
    pieces = geo.subtract(a, b)
    assert sum(map(geo.area, pieces)) + geo.area(geo.intersect(a, b)) == pytest.approx(geo.area(a), abs=1e-5)
    counts = sum((_inside(p, GRID, 1e-3).astype(int) for p in pieces), np.zeros(len(GRID), int))
    assert counts.max(initial=0) <= 1
    assert not (counts.astype(bool) & _inside(b, GRID, 1e-3)).any()


@given(polygons(), matrices())
def test_transform_maps_corners(polygon, m):
    """Each corner goes where its point goes; the area of an affine image is the determinant's."""
    assume(all(m[6] * x + m[7] * y + m[8] > 0.1 for x, y in polygon))
    moved = geo.transform(m, polygon)
    np.testing.assert_allclose(moved, [geo.apply(m, *p) for p in polygon], rtol=1e-9)
    if geo.is_affine(m):
        assert geo.area(moved) == pytest.approx(geo.area(polygon) * abs(geo.determinant(m)), rel=1e-6, abs=1e-6)


def test_what_lies_behind_the_horizon_is_cut():
    """A homography's horizon cuts a polygon; what is left is finite and in front."""
    m = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, -0.02, 0.0, 1.0)
    moved = geo.transform(m, geo.rectangle(100, 10))
    assert len(moved) >= 3
    assert np.isfinite(np.array(moved)).all()
    assert all(x >= -1e-6 for x, _ in moved)
    assert geo.transform(m, ((60, 0), (100, 0), (100, 10))) == ()


@given(polygons(), polygons())
def test_contains_agrees_with_the_corners(a, b):
    """A polygon contains another exactly when it contains all its corners, to a millionth of a pixel."""
    corners = np.array(b)
    if _inside(a, corners, 1e-4).all():
        assert geo.contains(a, b)
    if not _inside(a, corners, -1e-4).all():
        assert not geo.contains(a, b)
    assert geo.contains(a, a)
    assert not geo.contains((), a)


def test_degenerate_polygons_have_no_area():
    """Points and lines have no area, meet nothing and leave everything."""
    line = ((0.0, 0.0), (5.0, 5.0))
    square = geo.rectangle(10, 10)
    assert geo.area(line) == 0
    assert geo.area(()) == 0
    assert geo.intersect(geo.rectangle(5, 5), geo.transform(geo.translation(20, 0), square)) == ()
    assert sum(map(geo.area, geo.subtract(square, geo.transform(geo.translation(20, 0), square)))) == pytest.approx(100)
    assert geo.subtract(geo.rectangle(5, 5), square) == []
    assert geo.intersect(square, ()) == ()
    assert sum(map(geo.area, geo.subtract(square, ()))) == pytest.approx(100)
    assert geo.bounds(((1.0, 7.0), (4.0, -2.0), (3.0, 3.0))) == (1.0, -2.0, 4.0, 7.0)
