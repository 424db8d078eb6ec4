"""Numbers for each pixel of an image that follow it: depth maps and optical flow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from augury.errors import FieldError, describe, shown
from augury.kinds import Kind
from augury.record import type_name
from augury.spaces.plane import PlaneMap, PlaneSize
from augury.values import canonical_bytes

if TYPE_CHECKING:
    import pyarrow as pa

    from augury.views import Cover


class Raster(Kind):
    """Base of kinds with float32 numbers for each pixel, NaN where unknown, as large as their image."""

    follows = frozenset({"plane"})
    follows_whole = True
    channels: ClassVar[int]
    what: ClassVar[str]

    interpolation: Literal["nearest", "linear"] = "nearest"

    def check(self, value: Any) -> np.ndarray:
        """Return a C-contiguous float32 array (height, width, channels), without the last axis for one channel.

        Raises:
            FieldError: for other shapes, arrays of no numbers, and infinity.
        """
        array = np.asarray(value) if hasattr(value, "__array__") or hasattr(value, "__array_interface__") else None
        shape = "(height, width)" if self.channels == 1 else f"(height, width, {self.channels})"
        if array is not None and self.channels == 1 and array.ndim == 3 and array.shape[2] == 1:
            array = array[:, :, 0]
        fits = array is not None and array.dtype.kind in "fiu" and array.size > 0
        if not fits or array.ndim != (2 if self.channels == 1 else 3) or array.shape[2:] not in ((), (self.channels,)):  # type: ignore[union-attr]
            fix = f"give a numpy array {shape}"
            raise FieldError(describe("", f"{self.what} {shape} of numbers", type_name(value), fix=fix))
        assert array is not None
        out = np.ascontiguousarray(array, np.float32)
        if np.isinf(out).any():
            raise FieldError(describe("", "finite numbers, or NaN where unknown", shown("infinity"), fix="use NaN"))
        return out

    def open(self, value: np.ndarray, size: PlaneSize) -> np.ndarray:
        """Check the size against the image's.

        Raises:
            FieldError: where they differ.
        """
        if value.shape[:2] != size[:2]:
            expected = f"{self.what} of {size.height} x {size.width}, as its image"
            raise FieldError(describe("", expected, shown(f"{value.shape[0]} x {value.shape[1]}"), fix="resize it"))
        return value.reshape(*value.shape[:2], self.channels)

    def close(self, carried: np.ndarray, size: PlaneSize) -> np.ndarray:
        """Return the numbers as an array of the kind's shape."""
        return carried[:, :, 0] if self.channels == 1 else carried

    def follow(self, carried: np.ndarray, where: PlaneMap) -> np.ndarray:
        """Resample the numbers; NaN where nothing of the source is seen."""
        from augury_image.render import render_numbers

        return render_numbers(carried, where, self.interpolation)

    def merge(self, parts: Sequence[tuple[np.ndarray, PlaneMap]], size: PlaneSize) -> np.ndarray:
        """Put each layer's numbers where the layer is seen; NaN elsewhere."""
        from augury_image.render import unseen

        out = np.full((size.height, size.width, self.channels), np.nan, np.float32)
        for carried, where in parts:
            moved = self.follow(carried, where)
            hidden = unseen(where, (size.height, size.width))
            seen = np.ones(out.shape[:2], bool) if hidden is None else ~hidden
            out[seen] = moved[seen]
        return out

    def is_empty(self, value: np.ndarray) -> bool:
        """Whether nothing is known any more."""
        return bool(np.isnan(value).all())

    def digest(self, value: np.ndarray) -> bytes:
        """Return bytes of the numbers themselves."""
        return canonical_bytes(value)

    def arrow(self) -> pa.DataType:
        """struct<shape: list<int32>, float32: binary> (little-endian, row-major)."""
        import pyarrow as pa

        return pa.struct([("shape", pa.list_(pa.int32())), ("float32", pa.binary())])

    def pack(self, value: np.ndarray) -> dict[str, Any]:
        """Return the shape and the numbers' bytes."""
        return {"shape": list(value.shape), "float32": value.astype("<f4").tobytes()}

    def unpack(self, stored: Any) -> np.ndarray:
        """Return the array of what `pack` made."""
        return np.frombuffer(stored["float32"], "<f4").astype(np.float32).reshape(stored["shape"])


class Depth(Raster):
    """A distance for each pixel: float32, (height, width), in any unit; NaN where unknown.

    Values stay as they are under every warp: a pixel shows the point it showed before. A zoom is read as a crop of the
    picture (the camera's ``intrinsics`` follow), not as a step forward, which would make everything nearer.

    Args:
        interpolation: ``nearest`` keeps edges of objects; ``linear`` is smooth, invents distances between an object
            and what lies behind it, and loses pixels next to unknown ones.
    """

    channels = 1
    what = "a depth map"

    def show(self, value: np.ndarray) -> list[Cover]:
        """Return near bright and far dark, unknown clear."""
        from augury_image.show import heat

        return [heat(-value)]

    def samples(self) -> list[np.ndarray]:
        """Return maps 48 wide and 32 high: a plane with an unknown corner, and whole numbers."""
        y, x = np.mgrid[0:32, 0:48].astype(np.float32)
        plane = 2.0 + x / 10 + y / 7
        plane[:6, :9] = np.nan
        return [plane, self.check((x // 8 + y // 8).astype(np.uint16))]


class Flow(Raster):
    """Optical flow: float32, (height, width, 2), where each pixel's point goes to, (x, y) in pixels; NaN where unknown.

    The picture it leads to is taken to go through the same warp. So vectors turn, mirror and scale with it: exactly for
    affine maps and homographies; through dense fields by the field's slope at the pixel, which holds for short vectors.

    Args:
        interpolation: ``nearest`` keeps edges of motion; ``linear`` is smooth and loses pixels next to unknown ones.
    """

    channels = 2
    what = "optical flow"

    def follow(self, carried: np.ndarray, where: PlaneMap) -> np.ndarray:
        """Resample the vectors and send them through the map."""
        from augury_image.flow import turned

        return turned(super().follow(carried, where), where)

    def show(self, value: np.ndarray) -> list[Cover]:
        """Return the direction as hue, the length as strength."""
        from augury_image.show import directions

        return [directions(value)]

    def samples(self) -> list[np.ndarray]:
        """Return flow 48 wide and 32 high: a turn about the middle with an unknown corner, and one shift."""
        y, x = np.mgrid[0:32, 0:48].astype(np.float32)
        turn = np.stack([-(y - 15.5) / 8, (x - 23.5) / 8], axis=2)
        turn[26:, 40:] = np.nan
        return [turn, np.full((32, 48, 2), (1.5, -2.0), np.float32)]
