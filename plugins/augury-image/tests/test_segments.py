"""The plane's geometry that rendering stands on, against plain definitions."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from augury.effects import Curve, Warp
from augury.spaces import geometry as geo
from augury.spaces.plane import PlaneSegment, PlaneSize

numbers = st.floats(-3, 3, allow_nan=False)
shifts = st.floats(-60, 60, allow_nan=False)


def lighter(x):
    """Return a gentle curve."""
    return x**0.9


@given(numbers, numbers, numbers, numbers, shifts, shifts)
def test_covers_is_contains_of_the_canvas(a, b, d, e, c, f):
    """The quick test for the canvas agrees with the general one, mirrored outlines too."""
    outline = geo.transform((a, b, c, d, e, f, 0.0, 0.0, 1.0), geo.rectangle(50, 40))
    area = geo.area(outline)
    if area > 1.0:
        assert geo.covers(outline, 20, 30) == geo.contains(outline, geo.rectangle(20, 30))
    assert not geo.covers((), 20, 30)


@given(st.lists(st.tuples(numbers, numbers, numbers, numbers, shifts, shifts), min_size=1, max_size=4))
def test_the_matrix_of_a_segment_is_the_product(rows):
    """Pending warps compose in order, whatever they are."""
    segment, want = PlaneSegment(PlaneSize(30, 40, 3)), np.eye(3)
    for a, b, d, e, c, f in rows:
        matrix = (a, b, c, d, e, f, 0.0, 0.0, 1.0)
        assert segment.push(Warp(matrix, (30, 40)))
        want = np.reshape(matrix, (3, 3)) @ want
    np.testing.assert_allclose(np.reshape(segment.matrix, (3, 3)), want, atol=1e-6, rtol=1e-6)


def test_tones_cross_warps_that_together_keep_half_the_scale():
    """Two warps to 0.75 and one more to 0.9 may follow a curve; one more to 0.9 begins a new segment."""
    segment = PlaneSegment(PlaneSize(100, 100, 3))
    assert segment.push(Curve(lighter))
    for scale, taken in ((0.75, True), (0.75, True), (0.9, True), (0.9, False)):
        assert segment.push(Warp(geo.scaling(scale, scale), (100, 100))) is taken


def test_canvases_hidden_by_later_ones_are_left_out():
    """Of a crop, a pad and a flip, one outline paints everything outside."""
    segment = PlaneSegment(PlaneSize(100, 100, 3))
    segment.push(Warp(geo.translation(-20, -20), (50, 50), fill=0.1))
    segment.push(Warp(geo.translation(10, 10), (70, 70), fill=0.2))
    segment.push(Warp((-1.0, 0.0, 70.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0), (70, 70), fill=0.3))
    (canvas,) = segment.canvases()
    assert canvas.fill == 0.2 and geo.bounds(canvas.outline) == (10, 10, 60, 60)
    assert PlaneSegment(PlaneSize(3, 3, 3)).canvases() == []
