"""The nearest points, by tree and by products, against every distance worked out in whole numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury_tabular import search


def every_distance(queries, points, own):
    """Return the squared distances, the own point's infinite."""
    apart = ((queries[:, None, :] - points[None, :, :]) ** 2).sum(axis=2)
    if own is not None:
        apart[np.arange(len(queries)), own] = np.inf
    return apart


@given(st.data())
def test_none_nearer_is_passed_over(data):
    """On small whole numbers, where distances are exact and ties common, for both ways and with and without own."""
    coordinates = data.draw(st.sampled_from([1, 3, 9, 20]))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    points = rng.integers(-3, 4, (data.draw(st.integers(2, 60)), coordinates)).astype(float)
    points[0] *= data.draw(st.sampled_from([1, 1000]))  # one far out
    alone = data.draw(st.booleans())
    own = np.arange(len(points)) if alone else None
    k = data.draw(st.integers(1, len(points) - alone))
    queries = points if alone else rng.integers(-3, 4, (7, coordinates)).astype(float)
    found = search.nearest(queries, points, k, own)
    apart = every_distance(queries, points, own)
    assert all(len(set(row)) == k for row in found.tolist())
    np.testing.assert_array_equal(np.take_along_axis(apart, found, axis=1), np.sort(apart, axis=1)[:, :k])


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e4])
def test_products_find_what_the_tree_finds(scale):
    """Where no two distances are equal both give the same, in clusters far from the origin too."""
    rng = np.random.default_rng(3)
    points = scale * (rng.normal(size=(600, 10)) + 100 * rng.integers(0, 3, (600, 1)))
    own = np.arange(600)
    tree = search.cKDTree(points).query(points, 6)[1][:, 1:]
    np.testing.assert_array_equal(search._by_products(points, points, 5, own), tree)


def test_what_is_asked_beside_does_not_matter():
    """Equal points in many coordinates: a query alone gives what it gives among others, the first places first."""
    points = np.repeat(np.random.default_rng(4).normal(size=(8, 20)), 5, axis=0)
    own = np.arange(len(points))
    together = search.nearest(points, points, 4, own)
    for i in own:
        np.testing.assert_array_equal(search.nearest(points[i : i + 1], points, 4, own[i : i + 1])[0], together[i])
        assert together[i].tolist() == [j for j in range(i // 5 * 5, i // 5 * 5 + 5) if j != i]
