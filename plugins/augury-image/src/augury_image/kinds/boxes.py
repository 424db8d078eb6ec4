"""Upright boxes with their labels. Under rotation a box becomes the upright bound of the turned one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from augury.errors import FieldError, describe
from augury.spaces import geometry as geo
from augury.spaces.plane import PlaneSize
from augury_image.kinds.shapes import Label, Shape, ShapeKind, labels_of, numbers, split_entries

if TYPE_CHECKING:
    import pyarrow as pa

    from augury.views import Outline

_ROUNDING = 1e-9
"""Corners this near to the picture's edge, in pixels, are on it: what cutting leaves of rounding."""


@dataclass(frozen=True, eq=False)
class Boxes:
    """Boxes: ``xyxy`` float64 (n, 4), left, top, right, bottom in pixels; ``labels`` a tuple of n."""

    xyxy: np.ndarray
    labels: tuple[Label, ...]

    def __len__(self) -> int:
        return len(self.labels)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Boxes) and self.labels == other.labels and np.array_equal(self.xyxy, other.xyxy)

    __hash__ = None  # type: ignore[assignment]

    def bounds(self) -> tuple[float, float, float, float] | None:
        """Return the smallest upright box around all of them; None where there are none."""
        if not len(self):
            return None
        return (*self.xyxy[:, :2].min(axis=0).tolist(), *self.xyxy[:, 2:].max(axis=0).tolist())


class BoxesKind(ShapeKind):
    """Upright boxes with labels on an image, as one value.

    They are carried as quads and what is seen of them, and become upright boxes around that at the end. Accepted:
    `Boxes`, an array or list (n, 4), ``{"boxes": ..., "labels": ...}``, a list of ``{"box": ..., "label": ...}``.

    Args:
        format: How plain numbers are read and how boxes are kept on disk: ``xyxy`` corners, ``xywh`` corner and size
            (COCO), ``cxcywh`` centre and size. In pixels.
        min_visibility: Least share of a box's area, after the geometry and before cutting, that must still be seen.
        min_area_px: Least seen area, in square pixels.
        labels: What labels are kept as on disk: ``text`` or ``integer``.
    """

    format: Literal["xyxy", "xywh", "cxcywh"] = "xyxy"

    def check(self, value: Any) -> Boxes:
        """Return `Boxes`.

        Raises:
            FieldError: for other forms, NaN, or boxes whose right or bottom lies before their left or top.
        """
        if type(value) is Boxes:
            return value
        coordinates, labels = split_entries(value, ("boxes", "box", "bbox", "bboxes"))
        xyxy = self._to_corners(numbers(coordinates, 4, "boxes of 4 numbers (n, 4)"))
        if (xyxy[:, 2:] < xyxy[:, :2]).any():
            bad = xyxy[(xyxy[:, 2:] < xyxy[:, :2]).any(axis=1)][0].tolist()
            fix = "swap its corners, or set format: xywh"
            raise FieldError(
                describe("", "boxes (left, top, right, bottom) with left <= right, top <= bottom", bad, fix=fix)
            )
        return Boxes(xyxy, labels_of(labels, len(xyxy)))

    def _to_corners(self, given: np.ndarray) -> np.ndarray:
        if self.format == "xyxy":
            return given
        corner = given[:, :2] - (given[:, 2:] / 2 if self.format == "cxcywh" else 0.0)
        out = np.concatenate([corner, corner + given[:, 2:]], axis=1)
        out.flags.writeable = False
        return out

    def _from_corners(self, xyxy: np.ndarray) -> np.ndarray:
        if self.format == "xyxy":
            return xyxy
        sides = xyxy[:, 2:] - xyxy[:, :2]
        return np.concatenate([xyxy[:, :2] + (sides / 2 if self.format == "cxcywh" else 0.0), sides], axis=1)

    def open(self, value: Boxes, size: PlaneSize) -> list[Shape]:
        """Return each box as a quad."""
        out = []
        for (x0, y0, x1, y1), label in zip(value.xyxy.tolist(), value.labels, strict=True):
            quad = ((x0, y0), (x1, y0), (x1, y1), (x0, y1))
            out.append(Shape(quad, (quad,), label))
        return out

    def close(self, carried: list[Shape], size: PlaneSize) -> Boxes:
        """Return the upright bounds of what is seen of each box that stays."""
        staying = self.staying(carried)
        corners = [geo.bounds(tuple(p for piece in shape.seen for p in piece)) for shape in staying]
        xyxy = numbers(corners, 4, "boxes")
        limit = np.array([size.width, size.height] * 2, dtype=np.float64)
        xyxy = np.where(np.abs(xyxy) < _ROUNDING, 0.0, np.where(np.abs(xyxy - limit) < _ROUNDING, limit, xyxy))
        return Boxes(xyxy, tuple(shape.label for shape in staying))

    def arrow(self) -> pa.DataType:
        """list<struct<box: fixed_size_list<double>[4], label>>."""
        import pyarrow as pa

        return pa.list_(pa.struct([("box", pa.list_(pa.float64(), 4)), ("label", self.label_type())]))

    def pack(self, value: Boxes) -> list[dict[str, Any]]:
        """Return the boxes as entries in the field's ``format``."""
        rows = self._from_corners(value.xyxy).tolist()
        return [{"box": r, "label": self.pack_label(label)} for r, label in zip(rows, value.labels, strict=True)]

    def show(self, value: Boxes) -> list[Outline]:
        """Return each box as an outline."""
        from augury_image.show import outlines

        return outlines(([box[[0, 1, 2, 1, 2, 3, 0, 3]].reshape(4, 2)] for box in value.xyxy), value.labels)

    def samples(self) -> list[Boxes]:
        """Return boxes on an image 48 wide and 32 high."""
        names = ("cat", "dog") if self.labels == "text" else (1, 2)
        return [
            Boxes(numbers([[4.0, 3.0, 20.0, 18.0], [25.5, 8.25, 47.0, 31.0]], 4, "boxes"), names),
            Boxes(numbers([[0, 0, 48, 32]], 4, "boxes"), names[:1]),
            Boxes(numbers([], 4, "boxes"), ()),
        ]
