"""Objects that targets list, as ops see them: bounds, outlines, and the parts of a shape that is not convex."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import cv2
import mapbox_earcut
import numpy as np

from augury.effects import Polygon
from augury_image.kinds.boxes import Boxes
from augury_image.kinds.lines import Lines
from augury_image.kinds.oriented import OrientedBoxes
from augury_image.kinds.polygons import Polygons

Box: TypeAlias = tuple[float, float, float, float]
"""Left, top, right, bottom."""

TOLERANCE_PX = 0.75
"""How far an outline that is kept in a draw may be from its object's own edge."""

LEAST_AREA_PX = 16
"""Parts of a mask that are smaller are no objects."""


def bounds_of(value: Any) -> list[Box]:
    """Return the bounds of each object of a target's value, in its order; none for values that list no objects."""
    if isinstance(value, Boxes):
        return [tuple(row) for row in value.xyxy.tolist()]
    if isinstance(value, OrientedBoxes):
        return [_around(quad) for quad in value.corners()]
    if isinstance(value, Polygons | Lines):
        return [_around(np.concatenate(parts)) for parts in value.objects]
    return []


def boxes_of(targets: Mapping[str, Any], height: int, width: int) -> list[Box]:
    """Return the bounds of the objects of all targets as far as they lie in the picture; those outside are left out."""
    found = [box for value in targets.values() for box in bounds_of(value)]
    cut = [(max(a, 0.0), max(b, 0.0), min(c, float(width)), min(d, float(height))) for a, b, c, d in found]
    return [box for box in cut if box[0] < box[2] and box[1] < box[3]]


def _around(points: np.ndarray) -> Box:
    (x0, y0), (x1, y1) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    return x0, y0, x1, y1


def outlines_of(value: Any) -> list[list[Polygon]]:
    """Return the outlines of each object of a target's value: rings of polygons, corners of boxes; none for others."""
    if isinstance(value, Polygons):
        return [[tuple(map(tuple, ring.tolist())) for ring in rings] for rings in value.objects]
    if isinstance(value, OrientedBoxes):
        return [[tuple(map(tuple, quad.tolist()))] for quad in value.corners()]
    return [[((a, b), (c, b), (c, d), (a, d))] for a, b, c, d in bounds_of(value)] if isinstance(value, Boxes) else []


def masks_of(values: Iterable[Any], size: tuple[int, int]) -> list[np.ndarray]:
    """Return the masks among values: whole numbers (height, width) of a picture's ``size``."""
    return [v for v in values if isinstance(v, np.ndarray) and v.dtype.kind == "u" and v.shape == tuple(size)]


def objects_of(values: Iterable[Any], size: tuple[int, int]) -> list[list[list[list[float]]]]:
    """Return the outlines of the objects that values show, each of one or more rings of [x, y], fit for a draw.

    They are those of the first polygons, else the connected parts of the first mask, else the first oriented boxes or
    boxes, true to `TOLERANCE_PX`.
    """
    values = list(values)
    masks = masks_of(values, size)
    found: list[list[Polygon]] = []
    for kind in (Polygons, None, OrientedBoxes, Boxes):
        if kind is None:
            found = [rings for _, rings in silhouettes(masks[0], LEAST_AREA_PX, TOLERANCE_PX)] if masks else []
        else:
            first: list[Any] = [v for v in values if isinstance(v, kind) and len(v)][:1]
            found = [[simplified(ring, TOLERANCE_PX) for ring in rings] for v in first for rings in outlines_of(v)]
        if found:
            break
    return [[[[float(x), float(y)] for x, y in ring] for ring in rings] for rings in found]


def silhouettes(mask: np.ndarray, min_area_px: int, tolerance_px: float) -> list[tuple[int, list[Polygon]]]:
    """Return (label, outlines) of each connected part of a mask (8 neighbours), background 0; holes are filled.

    Args:
        mask: uint8 or uint16, (height, width).
        min_area_px: Smaller parts are left out.
        tolerance_px: How far the outline may be from the part's edge.
    """
    out = []
    for label in np.unique(mask).tolist():
        if label == 0:
            continue
        # Twice as large, so that the outline of pixel centres runs a quarter of a pixel from the pixels' own edge.
        double = np.kron((mask == label).astype(np.uint8), np.ones((2, 2), np.uint8))
        rings, _ = cv2.findContours(double, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        for ring in rings:
            simple = cv2.approxPolyDP(ring, 2.0 * tolerance_px, True).reshape(-1, 2)
            if len(simple) >= 3 and cv2.contourArea(ring) >= 4 * min_area_px:
                out.append((label, [tuple((x / 2 + 0.25, y / 2 + 0.25) for x, y in simple.tolist())]))
    return out


def simplified(ring: Sequence[Sequence[float]], tolerance_px: float) -> Polygon:
    """Return a ring with fewer corners, nowhere farther from it than the tolerance (Douglas and Peucker, 1973)."""
    points = np.array(ring, np.float32).reshape(-1, 1, 2)
    simple = cv2.approxPolyDP(points, tolerance_px, True).reshape(-1, 2)
    return tuple(map(tuple, (simple if len(simple) >= 3 else points[:, 0]).tolist()))


def convex_pieces(ring: Polygon) -> list[Polygon]:
    """Return disjoint convex polygons that make up a simple ring: itself where it is convex, else triangles."""
    points = np.array(ring, np.float64)
    if len(points) < 3:
        return []
    ahead, behind = np.roll(points, -1, axis=0) - points, points - np.roll(points, 1, axis=0)
    turns = behind[:, 0] * ahead[:, 1] - behind[:, 1] * ahead[:, 0]
    one_way = (turns >= -1e-12).all() or (turns <= 1e-12).all()
    if one_way and abs(_turning(points)) < 1.5:
        return [ring]
    corners = mapbox_earcut.triangulate_float64(points, np.array([len(points)], np.uint32)).reshape(-1, 3)
    return [tuple(map(tuple, points[three].tolist())) for three in corners]


def _turning(points: np.ndarray) -> float:
    """How often a ring turns about itself: 1 or -1 for a simple one."""
    sides = np.roll(points, -1, axis=0) - points
    angles = np.arctan2(sides[:, 1], sides[:, 0])
    steps = (np.roll(angles, -1) - angles + math.pi) % (2 * math.pi) - math.pi
    return float(steps.sum() / (2 * math.pi))
