"""Dense fields backwards: what is found shows its source, by itself, on the thinnest pictures too."""

import numpy as np
import pytest
from scipy.interpolate import RegularGridInterpolator

from augury.spaces.inversion import FOUND_PX, invert


def _wavy(height, width, amplitude):
    """A smooth field float32 (height, width, 2) that displaces by at most ``amplitude`` pixels."""
    y, x = np.mgrid[0:height, 0:width] + 0.5
    return np.stack([x + amplitude * np.sin(y / 9), y + amplitude * np.cos(x / 7)], axis=2).astype(np.float32)


def test_what_is_found_shows_its_source():
    """SciPy's interpolation of the field at the points found gives back the points asked for."""
    field = _wavy(60, 80, 3.0)
    asked = np.random.default_rng(0).uniform(8, 52, (500, 2))
    found = invert(field, asked, (60, 80))
    shown = RegularGridInterpolator((np.arange(60) + 0.5, np.arange(80) + 0.5), field)(found[:, ::-1])
    assert np.abs(shown - asked).max() < 1e-3


def test_a_point_comes_where_it_comes_whatever_else_is_asked():
    """Beside points that no output shows, or alone: the same, bit for bit."""
    field = _wavy(60, 80, 14.0)
    asked = np.random.default_rng(1).uniform(-40, 120, (200, 2))
    together = invert(field, asked, (60, 80))
    assert np.isnan(together).any() and np.isfinite(together).any()
    for k in range(0, 200, 7):
        np.testing.assert_array_equal(invert(field, asked[k : k + 1], (60, 80))[0], together[k])


def test_most_of_a_hard_field_is_found():
    """Of the points that some pixel shows within half a pixel, 95 % are found where the field folds."""
    field = _wavy(60, 80, 14.0)
    asked = field.reshape(-1, 2)[::7].astype(np.float64)
    found = invert(field, asked, (60, 80))
    assert np.isfinite(found).all(axis=1).mean() > 0.95
    assert FOUND_PX < 0.5


@pytest.mark.parametrize(("height", "width"), [(1, 9), (9, 1), (1, 1)])
def test_a_picture_of_one_row_or_column_has_a_slope(height, width):
    """Where there is no second row its slope is that of the scale, so that points beside the middle are found."""
    y, x = np.mgrid[0:height, 0:width] + 0.5
    field = np.stack([x * 2, y * 2], axis=2).astype(np.float32)
    asked = np.array([[0.3, 0.2], [width * 1.5, height * 1.7]])
    found = invert(field, asked, (2 * height, 2 * width))
    np.testing.assert_allclose(found, asked / 2, atol=1e-3)
