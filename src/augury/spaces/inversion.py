"""Dense fields backwards: where in the output a point of the source is shown."""

from __future__ import annotations

import numpy as np

FOUND_PX, NODES = 0.1, 64
"""A point is found to within this; where a first try fails it starts from at most this many nodes a side."""


def invert(dense: np.ndarray, xy: np.ndarray, source: tuple[int, int]) -> np.ndarray:
    """Return output points float64 (n, 2) whose source is ``xy``: NaN for those that none shows.

    Looked for from where they were, then from the node that shows the nearest.

    Args:
        dense: Float32 (height, width, 2): the source point of every output pixel's centre.
        xy: Source points, float64 (n, 2), finite.
        source: Height and width of the source.
    """
    height, width = dense.shape[:2]
    scale = np.array([source[1] / width, source[0] / height])
    if width == 1:
        dense = np.concatenate([dense, dense + np.array([scale[0], 0.0])], axis=1)
    if height == 1:
        dense = np.concatenate([dense, dense + np.array([0.0, scale[1]])], axis=0)
    best, errors = _descend(dense, xy, xy / scale)
    (lost,) = np.nonzero(errors > FOUND_PX)
    if len(lost):
        i, j = (np.unique(np.linspace(0, side - 1, NODES).astype(int)) for side in (height, width))
        nodes = dense[np.ix_(i, j)].reshape(-1, 2)
        nearest = np.concatenate([((nodes - one) ** 2).sum(axis=1).argmin(keepdims=True) for one in xy[lost]])
        start = np.stack([j[nearest % len(j)], i[nearest // len(j)]], axis=1) + 0.5
        best[lost], errors[lost] = _descend(dense, xy[lost], start)
    best[errors > FOUND_PX] = np.nan
    return best


def _descend(dense: np.ndarray, xy: np.ndarray, start: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return output points from ``start`` on and how far from ``xy`` each one's source is, in pixels.

    Newton's steps by the field's slope, halved where they do not help.
    """
    canvas = np.array(dense.shape[1::-1], dtype=np.float64)
    best = start.astype(np.float64)
    value, along, down = _sample_field(dense, best)
    missing = xy - value
    errors, length = np.hypot(*missing.T), np.ones(len(xy))
    for _ in range(40):
        # Each by itself until it is found, so that where a point comes to hangs on no other.
        (rest,) = np.nonzero(errors > 1e-4)
        if not len(rest):
            break
        # Where the field folds the steps run away; what is found a canvas beyond is nowhere.
        step = _slope_inverse(along[rest], down[rest], missing[rest])
        guess = np.clip(best[rest] + length[rest, None] * step, -canvas, 2 * canvas)
        value, right, below = _sample_field(dense, guess)
        left = xy[rest] - value
        size = np.hypot(*left.T)
        better = size < errors[rest]
        found = rest[better]
        best[found], missing[found], errors[found] = guess[better], left[better], size[better]
        along[found], down[found] = right[better], below[better]
        length[rest] = np.where(better, np.minimum(1.0, 2.0 * length[rest]), 0.5 * length[rest])
    return best, errors


def _slope_inverse(along: np.ndarray, down: np.ndarray, by: np.ndarray) -> np.ndarray:
    """Return the steps in the output that move the source by ``by``, by the field's slope; bounded where it is flat."""
    det = along[:, 0] * down[:, 1] - along[:, 1] * down[:, 0]
    safe = np.where(np.abs(det) < 1e-3, np.where(det < 0, -1e-3, 1e-3), det)
    x = (down[:, 1] * by[:, 0] - down[:, 0] * by[:, 1]) / safe
    y = (along[:, 0] * by[:, 1] - along[:, 1] * by[:, 0]) / safe
    return np.stack([x, y], axis=1)


def _sample_field(dense: np.ndarray, xy: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the field at output points, and its slopes along x and down y, each float64 (n, 2).

    Bilinear between pixel centres, at least two each way, and extended linearly beyond them.
    """
    height, width = dense.shape[:2]
    u, v = xy[:, 0] - 0.5, xy[:, 1] - 0.5
    j, i = np.clip(np.floor(u), 0, width - 2).astype(int), np.clip(np.floor(v), 0, height - 2).astype(int)
    a, b = (u - j)[:, None], (v - i)[:, None]
    here, right, below, far = dense[i, j], dense[i, j + 1], dense[i + 1, j], dense[i + 1, j + 1]
    top, low = here + (right - here) * a, below + (far - below) * a
    along = (right - here) + ((far - below) - (right - here)) * b
    return top + (low - top) * b, along, low - top
