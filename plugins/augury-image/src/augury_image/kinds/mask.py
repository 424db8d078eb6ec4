"""Masks: a label for each pixel of an image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from augury.errors import FieldError, describe, shown
from augury.kinds import Kind
from augury.params import Within
from augury.record import type_name
from augury.spaces.plane import PlaneMap, PlaneSize
from augury.values import canonical_bytes

if TYPE_CHECKING:
    import pyarrow as pa

    from augury.views import Cover


class Mask(Kind):
    """A label for each pixel: uint8 or uint16, (height, width), as large as its image.

    It follows by nearest neighbour, through the same resample as its image. Boolean arrays (as 0 and 1), other whole
    numbers that fit 16 bit, PIL images and the bytes of a PNG are taken as well. Several masks are several fields.

    Args:
        background: The label of what no part of the mask covers: outside its image, or under a cover.
        palette: Colours (red, green, blue) that labels are shown in, from label 0 on; empty keeps a grey PNG.
        max_pixels: Greatest height x width that is decoded.
    """

    follows = frozenset({"plane"})
    follows_whole = True
    payload = True

    background: Annotated[int, Within(0, 65535)] = 0
    palette: tuple[tuple[int, int, int], ...] = ()
    max_pixels: Annotated[int, Within(1)] = 100_000_000

    def check(self, value: Any) -> np.ndarray:
        """Return a C-contiguous uint8 or uint16 array (height, width).

        Raises:
            FieldError: for other types and shapes, empty masks, and labels outside 0 to 65535.
        """
        if isinstance(value, bytes | bytearray | memoryview):
            return self.unpack(value)
        array = np.asarray(value) if hasattr(value, "__array__") or hasattr(value, "__array_interface__") else None
        if array is not None and array.ndim == 3 and array.shape[2] == 1:
            array = array[:, :, 0]
        if array is None or array.ndim != 2 or array.dtype.kind not in "bui":
            fix = "give one whole number for each pixel; several masks are several fields"
            raise FieldError(describe("", "a mask (height, width) of whole numbers", type_name(value), fix=fix))
        if not array.size:
            raise FieldError(describe("", "a mask of at least one pixel", type_name(value), fix="drop the record"))
        if array.dtype not in (np.uint8, np.uint16):
            array = _narrow(array)
        if self.background > 255 and array.dtype == np.uint8:
            array = array.astype(np.uint16)
        return array if array.flags.c_contiguous else np.ascontiguousarray(array)

    def open(self, value: np.ndarray, size: PlaneSize) -> np.ndarray:
        """Check the mask against its image.

        Raises:
            FieldError: where their sizes differ.
        """
        if value.shape != size[:2]:
            expected = f"a mask of {size.height} x {size.width}, as its image"
            raise FieldError(describe("", expected, shown(f"{value.shape[0]} x {value.shape[1]}"), fix="resize it"))
        return value

    def follow(self, carried: np.ndarray, where: PlaneMap) -> np.ndarray:
        """Move the mask, nearest neighbour."""
        from augury_image.render import render_labels

        return render_labels(carried, where, self.background)

    def merge(self, parts: Sequence[tuple[np.ndarray, PlaneMap]], size: PlaneSize) -> np.ndarray:
        """Put each layer's mask where the layer is seen; ``background`` elsewhere."""
        from augury_image.render import render_labels, unseen

        dtype = np.result_type(*(carried.dtype for carried, _ in parts))
        out = np.full((size.height, size.width), self.background, dtype)
        for carried, where in parts:
            moved = render_labels(carried, where, self.background)
            hidden = unseen(where, (size.height, size.width))
            if hidden is None:
                out[:] = moved
            else:
                out[~hidden] = moved[~hidden]
        return out

    def is_empty(self, value: np.ndarray) -> bool:
        """Whether every pixel is background."""
        return bool((value == self.background).all())

    def digest(self, value: np.ndarray) -> bytes:
        """Return bytes of the labels themselves."""
        return canonical_bytes(value)

    def arrow(self) -> pa.DataType:
        """struct<bytes: binary, path: string>: a grey PNG."""
        import pyarrow as pa

        return pa.struct([("bytes", pa.binary()), ("path", pa.string())])

    def pack(self, value: np.ndarray) -> bytes:
        """Return a PNG: grey of 8 or 16 bit, or 8 bit with the palette."""
        from augury_image.codec import encode, encode_labels

        if self.palette and value.dtype == np.uint8:
            return encode_labels(value, self.palette)
        return encode(value[:, :, None], "png", 100)

    def unpack(self, stored: Any) -> np.ndarray:
        """Decode a PNG's bytes (or a mapping with ``bytes``); a palette's numbers are the labels."""
        from augury_image.codec import decode_labels

        data = stored["bytes"] if isinstance(stored, Mapping) else stored
        return self.check(decode_labels(bytes(data), self.max_pixels))

    def feature(self) -> Mapping[str, Any]:
        """Hugging Face's Image."""
        return {"_type": "Image"}

    def show(self, value: np.ndarray) -> list[Cover]:
        """Return a see-through colour for each label."""
        from augury_image.show import cover

        return [cover(value, self.background)]

    def samples(self) -> list[np.ndarray]:
        """Return masks 48 wide and 32 high: a disc of label 7 with a bar of 2, 16-bit blocks, and all background."""
        y, x = np.mgrid[0:32, 0:48]
        disc = np.where((x - 20) ** 2 + (y - 14) ** 2 < 90, 7, self.background).astype(np.uint8)
        disc[25:29, 10:40] = 2
        blocks = ((x // 12) * 300 + (y // 16)).astype(np.uint16)
        return [self.check(disc), blocks, self.check(np.full((32, 48), self.background, np.int64))]


def _narrow(array: np.ndarray) -> np.ndarray:
    if array.dtype == np.bool_:
        return array.astype(np.uint8)
    lo, hi = int(array.min()), int(array.max())
    if lo < 0 or hi > 65535:
        got = shown(f"labels from {lo} to {hi}")
        raise FieldError(describe("", "labels from 0 to 65535", got, fix="map the labels into this range"))
    return array.astype(np.uint8 if hi <= 255 else np.uint16)
