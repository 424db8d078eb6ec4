"""Neighbours against a brute-force search that knows nothing of trees or coordinates."""

import math
import statistics

import numpy as np
import pytest
from sklearn.datasets import load_wine

from augury_tabular.neighbours import MOST_COORDINATES, NOBODY, Neighbourhood, read_rows


def brute_force(rows, numbers, categories):
    """Return the squared distance of every pair as the docstring defines it, column by column in plain Python."""
    squares = np.zeros((len(rows), len(rows)))
    for name in numbers:
        known = [r[name] for r in rows if r.get(name) is not None]
        mean, std = statistics.fmean(known), statistics.pstdev(known)
        units = [0.0 if r.get(name) is None else (r[name] - mean) / std for r in rows]
        squares += [[(a - b) ** 2 for b in units] for a in units]
    for name in categories:
        squares += [[float(a.get(name) != b.get(name)) for b in rows] for a in rows]
    return squares


def same_class(fitted, k):
    """Return the neighbours of every row."""
    return Neighbourhood(fitted).near(np.arange(len(fitted["ids"])), k)


def check_neighbours(rows, label, found, squares, k):
    """Assert that each row's found neighbours are others of its class, and none nearer was passed over."""
    for i, row in enumerate(rows):
        others = sorted(squares[i][j] for j in range(len(rows)) if j != i and rows[j][label] == row[label])
        positions = [j for j in found[i] if j != NOBODY]
        assert len(positions) == len(set(positions)) == min(k, len(others))
        assert i not in positions
        assert all(rows[j][label] == row[label] for j in positions)
        assert [squares[i][j] for j in positions] == pytest.approx(others[: len(positions)], abs=1e-9)


def test_mixed_columns_with_gaps(records):
    """Numbers, categories and booleans with missing values: the k nearest of the class, ties aside."""
    rows = list(records.values())
    numbers, categories = ["age", "height", "income"], ["city", "zone", "member"]
    table = read_rows([list(records.items())], numbers, categories, "plan")
    squares = brute_force(rows, numbers, categories)
    check_neighbours(rows, "plan", same_class(table, 5), squares, 5)


def test_wine():
    """Thirteen measured columns of 178 wines."""
    data = load_wine()
    rows = [
        dict(zip(data.feature_names, x, strict=True), y=int(y)) for x, y in zip(data.data, data.target, strict=True)
    ]
    table = read_rows([[(f"{i:03d}", r) for i, r in enumerate(rows)]], data.feature_names, [], "y")
    squares = brute_force(rows, data.feature_names, [])
    check_neighbours(rows, "y", same_class(table, 4), squares, 4)


def test_equal_rows_are_neighbours_and_never_their_own():
    """Ten equal rows have nine others at distance zero."""
    table = read_rows([[(str(i), {"x": 1.0}) for i in range(10)]], ["x"], [], None)
    found = same_class(table, 3)
    assert (found != np.arange(10)[:, None]).all()
    assert (found != NOBODY).all()


def test_small_classes_and_rows_without_a_label():
    """A class of three has two neighbours each; the only one of a class, and a row without a label, have none."""
    labels = ["a", "a", "a", "b", None]
    rows = [(str(i), {"x": float(i), "y": y}) for i, y in enumerate(labels)]
    found = same_class(read_rows([rows], ["x"], [], "y"), 5)
    assert (found != NOBODY).sum(axis=1).tolist() == [2, 2, 2, 0, 0]


def test_a_column_of_too_many_categories_stays_out():
    """A near-unique column adds no coordinates; small ones are in."""
    rows = [(f"{i:04d}", {"x": float(i), "many": f"m{i}", "few": i % 4}) for i in range(MOST_COORDINATES + 20)]
    table = read_rows([rows], ["x"], ["many", "few"], None)
    points = Neighbourhood(table)._points(slice(None))
    assert points.shape == (len(rows), 5)
    apart = points[0, 1:] - points[1, 1:]
    assert math.isclose(float(apart @ apart), 1.0)
