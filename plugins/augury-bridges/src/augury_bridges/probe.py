"""Where an image transform moves things, seen by what it does to a picture whose pixels hold their own coordinates.

The picture's third channel is the same everywhere: where it is not any more, the transform has painted something.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from augury.effects import Field, Matrix, Warp
from augury.spaces.plane import PlaneSegment, PlaneSize

_LO, _SPAN, _CONSTANT = 0.1, 0.8, 0.5

EXACT_PX = 0.1
"""How far, in the source, a pixel may lie from the fitted map; libraries interpolate in steps of 1/32."""
NEAREST_PX = 0.75
"""The same where the library copies the nearest pixel, so that coordinates are rounded."""
_PARTS = (
    (0.25, 0.75, 0.25, 0.75),
    (0.4, 0.6, 0.4, 0.6),
    (0.0, 0.5, 0.0, 0.5),
    (0.0, 0.5, 0.5, 1.0),
    (0.5, 1.0, 0.0, 0.5),
    (0.5, 1.0, 0.5, 1.0),
)
LEAST_SHARE = 0.02
"""The least share of the output that must show the source, to fit a map to it."""


def coordinates(height: int, width: int) -> np.ndarray:
    """Return float32 (height, width, 3): the pixel centres' x and y in the source, scaled into [0.1, 0.9], and 0.5."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) + np.float32(0.5)
    constant = np.full((height, width), _CONSTANT, np.float32)
    return np.stack([_LO + _SPAN * x / width, _LO + _SPAN * y / height, constant], axis=2).astype(np.float32)


def located(moved: np.ndarray, height: int, width: int) -> Warp | Field | None:
    """Return the effect that did this to the picture of coordinates; None where content was hidden or torn apart.

    Args:
        moved: What the transform made of ``coordinates(height, width)``.
        height: Of the source, in pixels.
        width: Of the source, in pixels.
    """
    if moved.shape[2] != 3:
        return None
    size = (moved.shape[0], moved.shape[1])
    if moved.shape == (height, width, 3) and np.abs(moved - coordinates(height, width)).max() < 1e-6:
        return Warp((1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0), size)
    source = (moved[:, :, :2].astype(np.float64) - _LO) / _SPAN * (width, height)
    shows = np.abs(moved[:, :, 2] - _CONSTANT) < 1e-3
    if shows.sum() < max(12, LEAST_SHARE * shows.size) or min(size) < 3:
        return None
    rounded = np.abs(source[shows] - np.floor(source[shows]) - 0.5).max() < 1e-3
    matrix = _homography(source, shows, NEAREST_PX if rounded else EXACT_PX, height, width)
    if matrix is not None:
        return Warp(matrix, size)
    return _field(source, shows, height, width)


def _centres(height: int, width: int) -> np.ndarray:
    y, x = np.mgrid[0:height, 0:width] + 0.5
    return np.stack([x, y], axis=2)


def _homography(source: np.ndarray, shows: np.ndarray, tolerance: float, height: int, width: int) -> Matrix | None:
    """Fit one homography; pixels it does not explain must lie outside the source, where the border is painted."""
    output = _centres(*shows.shape)
    for window in _windows(shows):
        if window.sum() < 12:
            continue
        back = _fit(output[window], source[window])
        for _ in range(2):
            if back is None:
                break
            near = shows & (np.linalg.norm(_apply(back, output) - source, axis=2) < tolerance)
            back = _fit(output[near], source[near]) if near.sum() >= 12 else None
        if back is None:
            continue
        predicted = _apply(back, output)
        near = shows & (np.linalg.norm(predicted - source, axis=2) < tolerance)
        if (
            near.sum() >= max(12, LEAST_SHARE * near.size)
            and not (_inside(predicted, back, height, width) & ~near).any()
        ):
            return _rounded(np.linalg.inv(back))
    return None


def _windows(shows: np.ndarray) -> Iterator[np.ndarray]:
    """All that shows the source, then parts of it: with a mirrored border the whole is no one map."""
    yield shows
    height, width = shows.shape
    for top, bottom, left, right in _PARTS:
        part = np.zeros_like(shows)
        part[int(top * height) : int(bottom * height), int(left * width) : int(right * width)] = True
        yield shows & part


def _fit(points: np.ndarray, values: np.ndarray) -> np.ndarray | None:
    """Return the 3x3 homography from points to values by the normalised direct linear transform."""
    a, b = _normaliser(points), _normaliser(values)
    if a is None or b is None:
        return None
    x, y = _apply(a, points).T
    u, v = _apply(b, values).T
    one, zero = np.ones_like(x), np.zeros_like(x)
    rows = np.concatenate(
        [
            np.stack([x, y, one, zero, zero, zero, -u * x, -u * y, -u], axis=1),
            np.stack([zero, zero, zero, x, y, one, -v * x, -v * y, -v], axis=1),
        ]
    )
    _, vectors = np.linalg.eigh(rows.T @ rows)
    found = np.linalg.inv(b) @ vectors[:, 0].reshape(3, 3) @ a
    if abs(found[2, 2]) < 1e-9 or not np.isfinite(found).all():
        return None
    found = found / found[2, 2]
    return found if abs(np.linalg.det(found)) > 1e-9 else None


def _normaliser(points: np.ndarray) -> np.ndarray | None:
    centre, spread = points.mean(axis=0), points.std(axis=0)
    if (spread < 1e-6).any():
        return None
    sx, sy = 1.0 / spread
    return np.array([[sx, 0, -sx * centre[0]], [0, sy, -sy * centre[1]], [0, 0, 1.0]])


def _apply(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    out = points @ matrix[:, :2].T + matrix[:, 2]
    depth = np.where(out[..., 2] > 1e-9, out[..., 2], np.nan)
    return out[..., :2] / depth[..., None]


def _inside(predicted: np.ndarray, back: np.ndarray, height: int, width: int) -> np.ndarray:
    """Which output pixels must show the source.

    Not those near the source's edge, nor those near the output's, which may be that of a crop: there a kernel that
    reaches over the edge bends the coordinates.
    """
    scales = np.linalg.svd(back[:2, :2], compute_uv=False)
    margin = 1.5 * max(1.0, float(scales[0]))
    x, y = predicted[..., 0], predicted[..., 1]
    inside = (x > margin) & (x < width - margin) & (y > margin) & (y < height - margin)
    rim = int(np.ceil(1 + 2 / max(float(scales[1]), 1e-3)))
    middle = np.zeros_like(inside)
    middle[rim:-rim, rim:-rim] = True
    return inside & middle


def _rounded(matrix: np.ndarray) -> Matrix:
    """Return the matrix as a tuple: whole-pixel maps exactly, affine ones without a trace of perspective."""
    matrix = matrix / matrix[2, 2]
    whole = np.rint(matrix)
    if np.abs(matrix - whole)[:2, :2].max() < 2e-4 and np.abs(matrix - whole)[:2, 2].max() < 0.02:
        if np.abs(matrix[2, :2]).max() < 1e-5:
            matrix = whole
    elif np.abs(matrix[2, :2]).max() < 1e-7:
        matrix[2, :2] = 0.0
    return tuple(map(float, matrix.ravel()))  # type: ignore[return-value]


def dense(size: tuple[int, int], *, source: np.ndarray) -> np.ndarray:
    """Return the map of a `Field` that was seen before."""
    return source


def _field(source: np.ndarray, shows: np.ndarray, height: int, width: int) -> Field | None:
    """Return the seen map as a field, if points find their way through it and nothing inside is hidden."""
    output = _centres(*shows.shape)
    ones = np.concatenate([output[shows], np.ones((int(shows.sum()), 1))], axis=1)
    affine, *_ = np.linalg.lstsq(ones, source[shows], rcond=None)
    predicted = output @ affine[:2] + affine[2]
    centre = np.array([width, height]) / 2
    reach = np.abs((predicted - centre) / centre).max(axis=2)
    if (~shows & (reach < 0.75)).any():
        return None
    outside = centre + (predicted - centre) * (1.05 / np.maximum(reach, 1e-6))[..., None]
    source = np.where(shows[..., None], source, np.where((reach > 1.05)[..., None], predicted, outside))
    field = Field(dense, {"source": source.astype(np.float32)}, shows.shape)
    return field if _round_trips(field, shows, height, width) else None


def _round_trips(field: Field, shows: np.ndarray, height: int, width: int) -> bool:
    """Whether the sources of output pixels are found again at these pixels."""
    segment = PlaneSegment(PlaneSize(height, width))
    segment.push(field)
    rows, columns = np.nonzero(shows)
    picked = np.linspace(0, len(rows) - 1, min(len(rows), 200)).astype(int)
    pixels = np.stack([columns[picked], rows[picked]], axis=1) + 0.5
    where = segment.map()
    assert where is not None
    back = where.points(where.dense()[rows[picked], columns[picked]])
    apart = np.linalg.norm(back - pixels, axis=1)
    return float(np.mean(np.nan_to_num(apart, nan=np.inf) < 1.0)) >= 0.95
