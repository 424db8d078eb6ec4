"""Camera intrinsics: the matrix that takes a camera's rays to pixels follows what is done to the picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from augury.errors import FieldError, describe, shown
from augury.kinds import Kind
from augury.record import type_name
from augury.spaces import geometry as geo
from augury.spaces.plane import PlaneMap, PlaneSize

if TYPE_CHECKING:
    import pyarrow as pa


class Intrinsics(Kind):
    """A pinhole camera's matrix K, float64 (3, 3), from rays (X, Y, Z) to pixels (x, y, 1), up to scale.

    Under a warp with matrix H it becomes H K, scaled so that its last entry is 1: a crop moves the principal point, a
    resize scales everything, a rotation or a flip leaves K no longer upper triangular, and still exact. No pinhole
    camera sees through a dense field, and none sees a mosaic: such steps are refused, or drop the field with
    ``on_unmoved: drop``. Under what is pasted on its picture it stays the picture's own. Accepted: (3, 3), nine
    numbers, or (fx, fy, cx, cy).

    Args:
        pixel_centers: Where the pixel of row 0, column 0 has its centre in K's pixels: ``half`` at (0.5, 0.5), as all
            coordinates here, or ``whole`` at (0, 0), as OpenCV calibrates.
    """

    follows = frozenset({"plane"})

    pixel_centers: Literal["half", "whole"] = "half"

    def check(self, value: Any) -> np.ndarray:
        """Return a read-only float64 array (3, 3).

        Raises:
            FieldError: for other shapes, NaN, or a matrix that cannot be inverted.
        """
        try:
            array = np.array(value, np.float64)
        except (TypeError, ValueError) as error:
            raise FieldError(
                describe("", "a camera matrix (3, 3)", type_name(value), fix="give nine numbers")
            ) from error
        if array.shape == (4,):
            fx, fy, cx, cy = array.tolist()
            array = np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]], np.float64)
        if array.size != 9 or array.ndim > 2:
            fix = "give (3, 3), or fx, fy, cx, cy"
            raise FieldError(describe("", "a camera matrix (3, 3)", type_name(value), fix=fix))
        array = array.reshape(3, 3)
        if not np.isfinite(array).all() or abs(np.linalg.det(array)) < 1e-12:
            expected = "a camera matrix that can be inverted"
            raise FieldError(describe("", expected, shown(str(array.tolist())), fix="correct its numbers"))
        array.flags.writeable = False
        return array

    def open(self, value: np.ndarray, size: PlaneSize) -> np.ndarray:
        """Return K in continuous pixels."""
        return value if self.pixel_centers == "half" else _shift(0.5) @ value

    def follow(self, carried: np.ndarray, where: PlaneMap) -> np.ndarray | None:
        """Return H K; None for a dense field."""
        if where.matrix is None:
            return None
        return carried if where.matrix == geo.IDENTITY else np.array(where.matrix).reshape(3, 3) @ carried

    def merge(self, parts: Sequence[tuple[np.ndarray, PlaneMap]], size: PlaneSize) -> np.ndarray | None:
        """Return the camera of the lowest layer where that fills the canvas, else None."""
        carried, where = parts[0]
        frame = geo.rectangle(size.width, size.height)
        alone = len(parts) == 1 or all(geo.contains(clip, frame) for clip in where.clips)
        return self.follow(carried, where) if alone and where.within is None else None

    def close(self, carried: np.ndarray, size: PlaneSize) -> np.ndarray:
        """Return K in the field's own pixels, its last entry 1 where it is not 0."""
        out = carried if self.pixel_centers == "half" else _shift(-0.5) @ carried
        if out[2, 2] != 1.0 and abs(out[2, 2]) > 1e-12:
            out = out / out[2, 2]
        return self.check(out)

    def arrow(self) -> pa.DataType:
        """fixed_size_list<double>[9], row-major."""
        import pyarrow as pa

        return pa.list_(pa.float64(), 9)

    def pack(self, value: np.ndarray) -> list[float]:
        """Return the nine numbers, row by row."""
        out: list[float] = value.ravel().tolist()
        return out

    def samples(self) -> list[np.ndarray]:
        """Return cameras of an image 48 wide and 32 high."""
        return [self.check((40.0, 40.0, 24.0, 16.0)), self.check([[52.5, 0.25, 20], [0, 50, 17], [0, 0, 1]])]


def _shift(by: float) -> np.ndarray:
    return np.array([[1.0, 0.0, by], [0.0, 1.0, by], [0.0, 0.0, 1.0]])
