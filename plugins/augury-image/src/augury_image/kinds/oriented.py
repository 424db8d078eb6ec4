"""Boxes with an angle, and their labels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from augury.effects import Polygon
from augury.errors import FieldError, describe
from augury.spaces import geometry as geo
from augury.spaces.plane import PlaneSize
from augury_image.kinds.shapes import Label, Shape, ShapeKind, hull, labels_of, numbers, split_entries

if TYPE_CHECKING:
    import pyarrow as pa

    from augury.views import Outline


@dataclass(frozen=True, eq=False)
class OrientedBoxes:
    """Boxes with an angle: ``cxcywha`` float64 (n, 5) and a tuple of n ``labels``.

    Centre x, centre y, width, height in pixels, and the angle in degrees that the box is turned by, anticlockwise as
    seen on the picture, in [-180, 180).
    """

    cxcywha: np.ndarray
    labels: tuple[Label, ...]

    def __len__(self) -> int:
        return len(self.labels)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, OrientedBoxes):
            return False
        return self.labels == other.labels and np.array_equal(self.cxcywha, other.cxcywha)

    __hash__ = None  # type: ignore[assignment]

    def corners(self) -> np.ndarray:
        """Return float64 (n, 4, 2): the corners of each, in order around it, the unturned top left first."""
        quads = [quad_of(*row) for row in self.cxcywha.tolist()]
        return np.array(quads, dtype=np.float64).reshape(-1, 4, 2)

    def bounds(self) -> tuple[float, float, float, float] | None:
        """Return the smallest upright box around all of them; None where there are none."""
        if not len(self):
            return None
        points = self.corners().reshape(-1, 2)
        return (*points.min(axis=0).tolist(), *points.max(axis=0).tolist())


class OrientedBoxesKind(ShapeKind):
    """Boxes with an angle on an image, as one value with their labels.

    They are carried as quads; at the end each becomes the smallest rectangle around what is seen of it, turned so that
    its first side lies nearest the first side of the moved quad. Accepted: `OrientedBoxes`, an array or list (n, 5)
    of (cx, cy, w, h, angle_deg), ``{"boxes": ..., "labels": ...}``, a list of ``{"box": ..., "label": ...}``.

    Args:
        min_visibility: Least share of a box's area, after the geometry and before cutting, that must still be seen.
        min_area_px: Least seen area, in square pixels.
        labels: What labels are kept as on disk: ``text`` or ``integer``.
    """

    def check(self, value: Any) -> OrientedBoxes:
        """Return `OrientedBoxes`.

        Raises:
            FieldError: for other forms, NaN, or negative sides.
        """
        if type(value) is OrientedBoxes:
            return value
        coordinates, labels = split_entries(value, ("boxes", "box", "bbox", "obb"))
        given = numbers(coordinates, 5, "boxes of 5 numbers (cx, cy, w, h, angle_deg)")
        if (given[:, 2:4] < 0).any():
            raise FieldError(describe("", "sides of at least 0", given[:, 2:4].min().item(), fix="correct the boxes"))
        return OrientedBoxes(given, labels_of(labels, len(given)))

    def open(self, value: OrientedBoxes, size: PlaneSize) -> list[Shape]:
        """Return each box as a quad."""
        quads = [quad_of(*row) for row in value.cxcywha.tolist()]
        return [Shape(quad, (quad,), label) for quad, label in zip(quads, value.labels, strict=True)]

    def close(self, carried: list[Shape], size: PlaneSize) -> OrientedBoxes:
        """Return the best rectangle of each box that stays."""
        staying = self.staying(carried)
        rows = [best_rectangle(tuple(p for piece in s.seen for p in piece), s.full) for s in staying]
        # A billionth of a pixel: what trigonometry there and back leaves, so that a box that was not moved is itself.
        return OrientedBoxes(numbers(np.round(rows, 9), 5, "boxes"), tuple(s.label for s in staying))

    def arrow(self) -> pa.DataType:
        """list<struct<box: fixed_size_list<double>[5], label>>."""
        import pyarrow as pa

        return pa.list_(pa.struct([("box", pa.list_(pa.float64(), 5)), ("label", self.label_type())]))

    def pack(self, value: OrientedBoxes) -> list[dict[str, Any]]:
        """Return the boxes as entries."""
        rows = value.cxcywha.tolist()
        return [{"box": r, "label": self.pack_label(label)} for r, label in zip(rows, value.labels, strict=True)]

    def show(self, value: OrientedBoxes) -> list[Outline]:
        """Return each box as an outline."""
        from augury_image.show import outlines

        return outlines(([quad] for quad in value.corners()), value.labels)

    def samples(self) -> list[OrientedBoxes]:
        """Return boxes on an image 48 wide and 32 high."""
        names = ("ship", "plane") if self.labels == "text" else (1, 2)
        return [
            OrientedBoxes(numbers([[20, 15, 16, 8, 30], [36, 20, 10, 6, -100]], 5, "boxes"), names),
            OrientedBoxes(numbers([], 5, "boxes"), ()),
        ]


def quad_of(cx: float, cy: float, w: float, h: float, angle_deg: float) -> Polygon:
    """Return the corners of a turned box, the unturned top left first, clockwise as seen."""
    turn = geo.about(geo.rotation(angle_deg), cx, cy)
    x0, y0, x1, y1 = cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2
    return geo.transform(turn, ((x0, y0), (x1, y0), (x1, y1), (x0, y1)))


def best_rectangle(points: Polygon, quad: Polygon) -> tuple[float, float, float, float, float]:
    """Return (cx, cy, w, h, angle_deg) of the smallest rectangle around points, its width along ``quad``'s first side.

    Reference: the smallest rectangle has a side on an edge of the hull (Freeman and Shapira, 1975).
    """
    around = np.array(hull(np.array(points)))
    along = math.atan2(quad[1][1] - quad[0][1], quad[1][0] - quad[0][0])
    sides = np.roll(around, -1, axis=0) - around
    angles = [along, *np.arctan2(sides[:, 1], sides[:, 0]).tolist()]
    best: tuple[float, float, np.ndarray, np.ndarray] | None = None
    for angle in angles:
        angle = along + (angle - along + math.pi / 4) % (math.pi / 2) - math.pi / 4
        turned = around @ np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
        lo, hi = turned.min(axis=0), turned.max(axis=0)
        size = float(np.prod(hi - lo))
        if best is None or size < best[0] * (1 - 1e-9):
            best = (size, angle, lo, hi)
    assert best is not None
    _, angle, lo, hi = best
    middle = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]) @ ((lo + hi) / 2)
    w, h = (hi - lo).tolist()
    return float(middle[0]), float(middle[1]), w, h, (-math.degrees(angle) + 180.0) % 360.0 - 180.0
