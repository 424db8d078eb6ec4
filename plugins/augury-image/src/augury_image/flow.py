"""Optical flow under maps of the plane: vectors are carried by the map that carries the points they start from."""

from __future__ import annotations

import numpy as np

from augury.spaces import geometry as geo
from augury.spaces.plane import PlaneMap
from augury_image.dense import trace


def turned(flow: np.ndarray, where: PlaneMap) -> np.ndarray:
    """Return flow (height, width, 2), already in its pixels' new places, with its vectors sent through the map."""
    if where.segment is not None and where.segment.dense:
        found = trace(where.segment)
        return _by_slopes(flow, np.stack([found.x, found.y], axis=2))
    assert where.matrix is not None
    m = np.array(where.matrix).reshape(3, 3)
    if geo.is_affine(where.matrix):
        return flow if np.array_equal(m[:2, :2], np.eye(2)) else (flow @ m[:2, :2].T).astype(np.float32)
    height, width = flow.shape[:2]
    x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    here = np.stack([x, y], axis=2)
    start = _through(np.linalg.inv(m), here)
    return (_through(m, start + flow) - here).astype(np.float32)


def _through(m: np.ndarray, xy: np.ndarray) -> np.ndarray:
    out = xy @ m[:2, :2].T + m[:2, 2]
    w = xy @ m[2, :2] + m[2, 2]
    with np.errstate(divide="ignore", invalid="ignore"):
        moved: np.ndarray = np.where(np.abs(w)[:, :, None] > 1e-9, out / w[:, :, None], np.nan)
    return moved


def _by_slopes(flow: np.ndarray, source: np.ndarray) -> np.ndarray:
    """Multiply vectors by the inverse of the slope of the map from output to source; NaN where it has none."""
    height, width = source.shape[:2]
    along = np.gradient(source, axis=1) if width > 1 else np.broadcast_to(np.array([1, 0], np.float32), source.shape)
    down = np.gradient(source, axis=0) if height > 1 else np.broadcast_to(np.array([0, 1], np.float32), source.shape)
    a, c, b, d = along[:, :, 0], along[:, :, 1], down[:, :, 0], down[:, :, 1]
    det = a * d - b * c
    u, v = flow[:, :, 0], flow[:, :, 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        out = np.stack([(d * u - b * v) / det, (a * v - c * u) / det], axis=2)
    out[np.abs(det) < 1e-6] = np.nan
    return out.astype(np.float32)
