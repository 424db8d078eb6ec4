"""Dense maps of the distortions: for the centre of every output pixel the point of the source that is shown there.

Every function is the ``fn`` of a `augury.effects.Field`: it takes the size (height, width), returns float32 (height,
width, 2) and keeps the canvas. Numbers that scale with the picture are fractions of its sides.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np

from augury.rng import generator

NODES_PER_SIGMA = 3
"""Noise is drawn this finely against its smoothing length, and interpolated between."""


def elastic(size: tuple[int, int], seed: int, amplitude_px: float, sigma_px: float) -> np.ndarray:
    """Return a smooth random displacement: noise smoothed by ``sigma_px``, ``amplitude_px`` in root mean square.

    Reference: Simard, Steinkraus and Platt, Best Practices for Convolutional Neural Networks, 2003, section 2.
    """
    height, width = size
    step = max(sigma_px / NODES_PER_SIGMA, 1.0)
    sigma = sigma_px / step
    reach = math.ceil(4 * sigma) + 2
    rows, columns = math.ceil(height / step) + 2 * reach, math.ceil(width / step) + 2 * reach
    noise = generator(seed).standard_normal((rows, columns, 2), dtype=np.float32)
    smooth = cv2.GaussianBlur(noise, (2 * reach - 1, 2 * reach - 1), sigma)
    # White noise smoothed by sigma nodes has a standard deviation of 1 / (2 sqrt(pi) sigma).
    gain = np.float32(amplitude_px * 2.0 * math.sqrt(math.pi) * sigma / math.sqrt(2.0))
    return _centres(size) + _spread(smooth * gain, size, step, reach)


def _spread(nodes: np.ndarray, size: tuple[int, int], step: float, first: float) -> np.ndarray:
    """Interpolate nodes that lie ``step`` pixels apart, node ``first`` at the picture's corner, to its pixels."""
    height, width = size
    matrix = np.array([[1 / step, 0.0, first + 0.5 / step], [0.0, 1 / step, first + 0.5 / step]])
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    out: np.ndarray = cv2.warpAffine(nodes, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return out


def grid(size: tuple[int, int], x_knots: Sequence[float], y_knots: Sequence[float]) -> np.ndarray:
    """Return a map whose equal columns and rows show unequal ones: knots rise from 0 to 1, fractions of a side."""
    height, width = size
    x = np.interp(_middles(width), np.linspace(0.0, width, len(x_knots)), np.array(x_knots) * width)
    y = np.interp(_middles(height), np.linspace(0.0, height, len(y_knots)), np.array(y_knots) * height)
    return _separable(x, y)


def lens(
    size: tuple[int, int], k1: float, k2: float, center_frac: tuple[float, float], model: str = "brown_conrady"
) -> np.ndarray:
    """Return a radial distortion about ``center_frac``; radii are counted in half diagonals.

    Args:
        size: Height and width.
        k1: Coefficient of r^2; for ``fisheye`` half the angle of view, in radians, in (0, pi / 2).
        k2: Coefficient of r^4; not used for ``fisheye``.
        center_frac: (x, y) as fractions of the sides.
        model: ``brown_conrady`` shows r (1 + k1 r^2 + k2 r^4) at r; ``fisheye`` is the equidistant projection: at r it
            shows tan(k1 r) / tan(k1), so that straight lines bulge.

    Reference: Brown, Decentering Distortion of Lenses, 1966; Kannala and Brandt, A Generic Camera Model, 2006.
    """
    height, width = size
    middle_x, middle_y = center_frac[0] * width, center_frac[1] * height
    half = math.hypot(height, width) / 2
    dx, dy = ((_middles(width) - middle_x) / half).astype(np.float32), ((_middles(height) - middle_y) / half)[:, None]
    r2 = dx * dx + (dy * dy).astype(np.float32)
    if model == "fisheye":
        r = np.sqrt(np.maximum(r2, np.float32(1e-12)))
        factor = np.tan(np.minimum(r * np.float32(k1), np.float32(1.55))) / (r * np.float32(math.tan(k1)))
    else:
        factor = 1 + r2 * (np.float32(k1) + r2 * np.float32(k2))
    out = np.empty((height, width, 2), np.float32)
    out[:, :, 0] = middle_x + half * dx * factor
    out[:, :, 1] = middle_y + (half * dy).astype(np.float32) * factor
    return out


def mesh(size: tuple[int, int], offsets_px: Sequence[Sequence[Sequence[float]]]) -> np.ndarray:
    """Return a map that is affine on each triangle of a regular mesh.

    ``offsets_px`` (rows, columns, 2) displaces the nodes, the outermost of which lie on the picture's edge; every cell
    is cut along its falling diagonal.
    """
    height, width = size
    nodes = np.array(offsets_px, np.float32)
    rows, columns = nodes.shape[0] - 1, nodes.shape[1] - 1
    out = _centres(size)
    u, v = _middles(width) / width * columns, _middles(height) / height * rows
    across, down = np.searchsorted(u, np.arange(columns + 1)), np.searchsorted(v, np.arange(rows + 1))
    for i in range(rows):
        b = (v[down[i] : down[i + 1]] - i).astype(np.float32)[:, None, None]
        for j in range(columns):
            a = (u[across[j] : across[j + 1]] - j).astype(np.float32)[None, :, None]
            here, right, below, far = nodes[i, j], nodes[i, j + 1], nodes[i + 1, j], nodes[i + 1, j + 1]
            upper = here + (right - here) * a + (far - right) * b
            lower = here + (far - below) * a + (below - here) * b
            out[down[i] : down[i + 1], across[j] : across[j + 1]] += np.where(a >= b, upper, lower)
    return out


def thin_plate(
    size: tuple[int, int], points_frac: Sequence[Sequence[float]], offsets_frac: Sequence[Sequence[float]]
) -> np.ndarray:
    """Return the map of least bending that shows ``points + offsets`` at ``points``, fractions of the sides (x, y).

    Reference: Bookstein, Principal Warps: Thin-Plate Splines, 1989.
    """
    height, width = size
    limits = np.array([width, height], np.float64)
    points = np.array(points_frac, np.float64) * limits
    offsets = np.array(offsets_frac, np.float64) * limits
    n = len(points)
    system = np.zeros((n + 3, n + 3))
    system[:n, :n] = _bend(points[:, None] - points[None])
    system[:n, n], system[:n, n + 1 :] = 1.0, points
    system[n, :n], system[n + 1 :, :n] = 1.0, points.T
    weights = np.linalg.solve(system, np.concatenate([offsets, np.zeros((3, 2))]))
    # The spline is smooth between its points: a lattice a sixteenth of a side fine is enough, cubic between.
    step = max(min(height, width) / 64.0, 1.0)
    reach = 3
    down, across = math.ceil(height / step) + 2 * reach + 1, math.ceil(width / step) + 2 * reach + 1
    y, x = (np.mgrid[0:down, 0:across] - reach) * step
    at = np.stack([x, y], axis=2).reshape(-1, 2)
    moved = _bend(at[:, None] - points[None]) @ weights[:n] + weights[n] + at @ weights[n + 1 :]
    return _centres(size) + _spread(moved.reshape(down, across, 2).astype(np.float32), size, step, reach)


def _bend(difference: np.ndarray) -> np.ndarray:
    r2 = np.sum(difference**2, axis=-1)
    out: np.ndarray = r2 * np.log(np.maximum(r2, 1e-12))
    return out


def _middles(side: int) -> np.ndarray:
    return np.arange(side) + 0.5


def _centres(size: tuple[int, int]) -> np.ndarray:
    return _separable(_middles(size[1]), _middles(size[0]))


def _separable(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return float32 (height, width, 2) of x by column and y by row."""
    out = np.empty((len(y), len(x), 2), np.float32)
    out[:, :, 0], out[:, :, 1] = x, y[:, None]
    return out
