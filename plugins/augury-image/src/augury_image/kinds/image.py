"""Images: pictures in the unit domain, and normalised ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np

from augury.effects import Layers, Pixels
from augury.errors import FieldError, describe, shown
from augury.kinds import Kind
from augury.params import Within
from augury.record import type_name
from augury.spaces.plane import PlaneSegment, PlaneSize
from augury.values import canonical_bytes
from augury_image.paint import UNIT
from augury_image.render import render, render_encoded

if TYPE_CHECKING:
    import pyarrow as pa

    from augury.views import Picture
    from augury_image.codec import Encoded

LOSSY = (".jpg", ".jpeg", ".webp", ".avif")
"""How the names of files end whose pixels are not what they were before they were kept."""

_BYTES = np.dtype(np.uint8)
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


class _Plane(Kind):
    """What pictures and normalised pictures share: they are anchors of the plane."""

    space = "plane"
    bounded: ClassVar[bool]

    def size(self, value: np.ndarray) -> PlaneSize:
        """Return height, width and channels."""
        return PlaneSize(*value.shape)

    def render(self, value: np.ndarray | Encoded, segment: PlaneSegment) -> np.ndarray:
        """Run pending warps and tones: one resample, one table."""
        if isinstance(value, np.ndarray):
            return render(value, segment, self.bounded)
        return render_encoded(value, segment, self.bounded)

    def apply(self, value: np.ndarray, effect: Pixels, sources: Sequence[np.ndarray]) -> np.ndarray:
        """Run an opaque image function.

        Raises:
            FieldError: for a dtype the effect does not accept.
        """
        if value.dtype.name not in effect.accepts:
            fix = "convert the image, or leave this op out"
            raise FieldError(describe("", f"an image of {' or '.join(effect.accepts)}", type_name(value), fix=fix))
        return effect.fn(value, *sources, **effect.args)

    def compose(
        self, value: np.ndarray, layers: Layers, donors: Sequence[np.ndarray]
    ) -> tuple[np.ndarray, Sequence[float]]:
        """Paint layers of this image, donors and colours; return the image and each layer's visible share."""
        from augury_image.compose import compose

        return compose(value, layers, donors)

    def digest(self, value: np.ndarray) -> bytes:
        """Return bytes of the pixels themselves: two different pictures may be encoded alike."""
        return canonical_bytes(value)


class Image(_Plane):
    """A picture: uint8, uint16 or float32 in [0, 1], (height, width, channels), RGB order.

    Arrays without a channel axis, PIL images, and the bytes of an image file are taken as well. Two or four channels
    end in opacity.

    Args:
        encoding: How it is kept on disk: ``png`` (lossless; float32 becomes 16 bit), ``jpeg`` (8 bit, no opacity) or
            ``webp`` (8 bit, lossy, opacity). Only what a step changed is encoded; the rest keeps its bytes.
        quality: Quality of ``jpeg`` and ``webp``, 1 to 100.
        mode: What files are decoded to: ``any`` keeps grey, colour, opacity; ``rgb`` and ``grey`` convert.
        max_pixels: Greatest height x width that is decoded; larger files are refused by their header alone.
        decode: ``reduced`` decodes a JPEG at a half, a quarter or an eighth of its sides where the warps shrink it at
            least so far, instead of averaging its pixels afterwards: faster, and nearly the same. Sizes, draws and
            targets are those of ``full``. A step that looks at the picture has it decoded in full, and so has a
            picture that EXIF turns.
    """

    payload = True
    bounded = True

    encoding: Literal["png", "jpeg", "webp"] = "png"
    quality: Annotated[int, Within(1, 100)] = 95
    mode: Literal["any", "rgb", "grey"] = "any"
    max_pixels: Annotated[int, Within(1)] = 100_000_000
    decode: Literal["full", "reduced"] = "full"

    def check(self, value: Any) -> np.ndarray:
        """Return a C-contiguous uint8, uint16 or float32 array (height, width, channels).

        Raises:
            FieldError: for other dtypes and shapes, empty images, floats outside [0, 1] and damaged files.
        """
        if type(value) is not np.ndarray:
            if isinstance(value, bytes | bytearray | memoryview):
                return self.unpack(value)
            value = _as_array(value)
        if value.dtype is not _BYTES and value.dtype != _BYTES:
            value = _unit_dtype(value)
        return _shaped(value)

    def arrow(self) -> pa.DataType:
        """struct<bytes: binary, path: string>, the layout that Hugging Face reads as Image."""
        import pyarrow as pa

        return pa.struct([("bytes", pa.binary()), ("path", pa.string())])

    def pack(self, value: np.ndarray) -> bytes:
        """Return the encoded file.

        Raises:
            FieldError: where the encoding cannot hold the channels.
        """
        from augury_image.codec import encode

        return encode(value, self.encoding, self.quality)

    def unpack(self, stored: Any) -> np.ndarray:
        """Decode an image file's bytes (or a mapping with ``bytes``); EXIF orientation is applied.

        Raises:
            FieldError: for damaged, truncated, empty or too large images.
        """
        from augury_image.codec import decode

        return decode(_file_of(stored), self.mode, self.max_pixels)

    def probe(self, stored: Any) -> None:
        """Refuse what `unpack` refuses; of a JPEG the structure and the tables are read, no pixels are made."""
        from augury_image.codec import probe

        probe(_file_of(stored), self.mode, self.max_pixels)

    @property
    def defers(self) -> bool:
        """Whether JPEGs are decoded when it is known how small they may be."""
        return self.decode == "reduced"

    def later(self, stored: Any) -> Encoded | None:
        """Return a JPEG that is still encoded; None for files that are decoded in full anyway.

        Raises:
            FieldError: for one of too many pixels.
        """
        from augury_image.codec import encoded

        return encoded(_file_of(stored), self.mode, self.max_pixels) if self.defers else None

    def loses(self, name: str) -> str:
        """Say that a lossy file's pixels are compressed with loss once more."""
        if self.encoding == "png" or not name.lower().endswith(LOSSY):
            return ""
        got = shown(f"{name.rsplit('.', 1)[-1].upper()} compressed again as {self.encoding} of quality {self.quality}")
        return describe("", "copies that lose nothing more", got, fix="set encoding: png, or accept the loss")

    def feature(self) -> Mapping[str, Any]:
        """Hugging Face's Image."""
        return {"_type": "Image"}

    def conform(self, value: np.ndarray, like: np.ndarray) -> np.ndarray:
        """Bring a donor to the dtype and channels of ``like``."""
        if value.dtype != like.dtype:
            unit = value.astype(np.float32) / np.float32(UNIT[value.dtype])
            scale = UNIT[like.dtype]
            value = unit if scale == 1.0 else np.rint(unit * np.float32(scale)).astype(like.dtype)
        return _to_channels(value, like.shape[2])

    def show(self, value: np.ndarray) -> Picture:
        """Return the picture, made small."""
        from augury_image.show import picture

        return picture(value)

    def samples(self) -> list[np.ndarray]:
        """Return a colour gradient 48 wide and 32 high, 16-bit grey, and a single pixel."""
        y, x = np.mgrid[0:32, 0:48].astype(np.float32)
        red, green = x / 47, y / 31
        first = np.stack([red, green, 0.5 + 0.5 * np.sin((x + y) / 5)], axis=2)
        return [
            np.rint(first * 255).astype(np.uint8),
            np.rint(first[:20, :31, :1] * 65535).astype(np.uint16),
            np.full((1, 1, 3), 200, np.uint8),
        ]


class RawImage(_Plane):
    """A normalised picture: float32 (height, width, channels) of any range. Warps move it; tones refuse it."""

    bounded = False

    def check(self, value: Any) -> np.ndarray:
        """Return a finite C-contiguous float32 array (height, width, channels)."""
        value = np.asarray(value)
        if value.dtype.kind not in "fiu":
            raise FieldError(describe("", "an array of numbers", type_name(value), fix="convert it to float32"))
        value = _shaped(value.astype(np.float32, copy=False))
        if not np.isfinite(value).all():
            raise FieldError(describe("", "finite numbers", shown("NaN or infinity"), fix="clean the image first"))
        return value

    def conform(self, value: np.ndarray, like: np.ndarray) -> np.ndarray:
        """Return a donor as it is; one of other channels is refused: normalised numbers cannot be converted."""
        if value.shape[2] != like.shape[2]:
            fix = "use donors of the same kind of image"
            raise FieldError(describe("", f"a donor of {like.shape[2]} channels", value.shape[2], fix=fix))
        return value

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

    def show(self, value: np.ndarray) -> Picture:
        """Return the picture, its range stretched from black to white."""
        from augury_image.show import stretched

        return stretched(value)

    def samples(self) -> list[np.ndarray]:
        """Return normalised gradients, the first 48 wide and 32 high."""
        y, x = np.mgrid[0:32, 0:48].astype(np.float32)
        first = np.stack([x / 24 - 1, y / 16 - 1, (x - y) / 20], axis=2).astype(np.float32)
        return [first, np.ascontiguousarray(first[:9, :5, :1]), np.zeros((1, 1, 1), np.float32)]


def _file_of(stored: Any) -> bytes:
    return bytes(stored["bytes"] if isinstance(stored, Mapping) else stored)


def _as_array(value: Any) -> np.ndarray:
    if hasattr(value, "getexif"):
        from augury_image.codec import from_pillow

        return from_pillow(value, "any")
    if not hasattr(value, "__array__"):
        fix = "give a numpy array, a PIL image or the bytes of a file"
        raise FieldError(describe("", "an image", type_name(value), fix=fix))
    return np.asarray(value)


def _unit_dtype(value: np.ndarray) -> np.ndarray:
    """Return uint16 as it is and floats as float32, held to [0, 1]."""
    if value.dtype == np.uint16:
        return value
    if value.dtype.kind != "f":
        fix = "convert it to uint8 (0 to 255) or float32 (0 to 1)"
        raise FieldError(describe("", "an image of uint8, uint16 or float", type_name(value), fix=fix))
    value = value.astype(np.float32, copy=False)
    if value.size:
        lo, hi = float(value.min()), float(value.max())
        if not (lo >= -1e-3 and hi <= 1.001):
            fix = "divide by 255, or declare the field raw_image"
            raise FieldError(describe("", "floats in [0, 1]", shown(f"values from {lo:g} to {hi:g}"), fix=fix))
        if lo < 0.0 or hi > 1.0:
            value = np.clip(value, 0.0, 1.0)
    return value


def _shaped(value: np.ndarray) -> np.ndarray:
    if value.ndim == 2:
        value = value[:, :, None]
    if value.ndim != 3:
        fix = "give height, width and channels"
        raise FieldError(describe("", "an array (height, width, channels)", type_name(value), fix=fix))
    if not value.size:
        raise FieldError(describe("", "an image of at least one pixel", type_name(value), fix="drop the record"))
    if value.shape[0] <= 4 and value.shape[2] > 16:
        fix = "move the channels last: image.transpose(1, 2, 0)"
        raise FieldError(describe("", "an array (height, width, channels)", type_name(value), fix=fix))
    return value if value.flags.c_contiguous else np.ascontiguousarray(value)


def _to_channels(value: np.ndarray, channels: int) -> np.ndarray:
    """Bring an image to a channel count: grey and colour convert, opacity is added full or dropped."""
    have = value.shape[2]
    if have == channels:
        return value
    if have > 4 or channels > 4:
        fix = "use donors of the same kind of image"
        raise FieldError(describe("", f"a donor of {channels} channels", have, fix=fix))
    full = np.full((*value.shape[:2], 1), UNIT[value.dtype], value.dtype)
    colours = value[:, :, : 1 if have <= 2 else 3]
    opacity = value[:, :, -1:] if have in (2, 4) else full
    if channels >= 3 and colours.shape[2] == 1:
        colours = np.repeat(colours, 3, axis=2)
    elif channels <= 2 and colours.shape[2] == 3:
        grey = colours.astype(np.float32) @ _LUMA
        colours = (grey if value.dtype == np.float32 else np.rint(grey).astype(value.dtype))[:, :, None]
    parts = [colours, opacity] if channels in (2, 4) else [colours]
    return np.ascontiguousarray(np.concatenate(parts, axis=2))
