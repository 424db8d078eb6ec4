"""The points nearest to each of some: exact, and a function of the points alone, whatever else is asked."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

TREE_COORDINATES = 15
"""Above this many coordinates a KD-tree looks at nearly all points, and products of matrices are faster."""

SMALL = 60_000
"""Up to this many points, and from `FEW` coordinates on, they are faster too."""

FEW = 8

_CHUNK_BYTES = 4 << 20


def nearest(queries: np.ndarray, points: np.ndarray, k: int, own: np.ndarray | None = None) -> np.ndarray:
    """Return int64 (m, k): the places of the ``k`` points nearest to each query, nearest first.

    Args:
        queries: float64 (m, coordinates), finite.
        points: float64 (n, coordinates), finite.
        k: How many; at most n, and fewer than n with ``own``.
        own: Which point each query is, which is left out; another one that equals it counts. None leaves out none.

    Cost: by a KD-tree some 5 us a query for three coordinates, 100 us for ten; by products 12 ns a query and point.
    """
    count, coordinates = points.shape
    if coordinates > TREE_COORDINATES or (count <= SMALL and coordinates >= FEW):
        return _by_products(queries, points, k, own)
    if own is None:
        return np.asarray(cKDTree(points).query(queries, k)[1]).reshape(len(queries), k)
    found = np.asarray(cKDTree(points).query(queries, k + 1)[1])
    other = found != own[:, None]
    other[other.all(axis=1), -1] = False
    return found[other].reshape(len(queries), k)


def _by_products(queries: np.ndarray, points: np.ndarray, k: int, own: np.ndarray | None) -> np.ndarray:
    """Take all points that may be among the nearest by matrix products, then order these by their exact distances.

    Equally near points come in the order of their places. A squared distance d from p is found to within
    e (d + p^2), e some units of float32 for each coordinate: what lies further off than that is left out.
    """
    single = points.astype(np.float32)
    squares = np.einsum("ij,ij->i", single, single)
    doubled = np.ascontiguousarray(-2 * single.T)
    loose = 8 * (points.shape[1] + 8) * 2.0**-24
    chunk = max(1, _CHUNK_BYTES // (4 * len(points)))
    out = np.empty((len(queries), k), np.int64)
    for start in range(0, len(queries), chunk):
        part = queries[start : start + chunk]
        square = np.einsum("ij,ij->i", part, part)
        apart = part.astype(np.float32) @ doubled
        apart += squares
        if own is not None:
            apart[np.arange(len(part)), own[start : start + chunk]] = np.inf
        last = np.partition(apart, k - 1, axis=1)[:, k - 1]
        reach = last + loose * (np.maximum(last + square, 0.0) + square)
        row, other = np.divmod(np.flatnonzero(apart <= reach.astype(np.float32)[:, None]), len(points))
        order = np.lexsort((other, _exact(part, row, points, other), row))
        first = np.searchsorted(row, np.arange(len(part)))
        out[start : start + chunk] = other[order[first[:, None] + np.arange(k)]]
    return out


def _exact(queries: np.ndarray, row: np.ndarray, points: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the squared distance of each pair."""
    chunk = max(1, _CHUNK_BYTES // (8 * points.shape[1]))
    out = np.empty(len(row))
    for start in range(0, len(row), chunk):
        part = slice(start, start + chunk)
        apart = queries[row[part]] - points[other[part]]
        out[part] = np.einsum("ij,ij->i", apart, apart)
    return out
