"""Image files: decoding with limits, encoding. OpenCV where it is exact, Pillow where it is not.

OpenCV decodes about twice as fast; it fills in what a truncated file lacks, so files without their end marker,
palettes, and rarer formats go through Pillow, which refuses damage. EXIF orientation is applied by both.
"""

from __future__ import annotations

import io
import struct
import warnings
from typing import IO, Any, Literal, NamedTuple

import cv2
import numpy as np
from PIL import Image as PillowImage
from PIL import ImageOps, UnidentifiedImageError

from augury.errors import FieldError, describe, shown
from augury_image.jpeg import without_scans
from augury_image.paint import UNIT

Mode = Literal["any", "rgb", "grey"]

EXTENSIONS = (".jpg", ".jpeg", ".png", ".webp", ".avif", ".tif", ".tiff", ".bmp", ".gif")
"""How the names of image files end, in lower case."""

_HELD = {"png": (1, 2, 3, 4), "jpeg": (1, 3), "webp": (1, 3, 4)}
"""The channels that an encoding can keep."""

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_END = b"IEND\xaeB`\x82"
_JPEG = b"\xff\xd8\xff"
_JPEG_END = b"\xff\xd9"
_ORIENTATION = 0x0112
"""EXIF's tag; its values 5 to 8 turn the picture by a quarter."""

_EXIF_LIES_BEFORE = 1 << 17
"""It is among the first segments, which hold at most 64 KB each."""

_NO_LIMIT = 1 << 62
_GREY, _RGB, _RGBA = 0, 2, 6
"""PNG colour types that OpenCV keeps as they are."""


class Header(NamedTuple):
    """What a file says of itself before it is decoded; ``exact`` when OpenCV decodes it rightly and whole."""

    width: int
    height: int
    channels: int
    exact: bool


def decode(data: bytes, mode: Mode, max_pixels: int) -> np.ndarray:
    """Return the image of a file's bytes: uint8 or uint16, (height, width, channels), RGB order.

    Args:
        data: JPEG, PNG, or any format Pillow reads (the first frame).
        mode: ``any`` keeps grey, colour and opacity; ``rgb`` and ``grey`` convert.
        max_pixels: Greatest height x width; judged by the header, before decoding.

    Raises:
        FieldError: for empty, unknown, damaged, truncated or too large files.
    """
    header = _header(data)
    if header is not None:
        _limit(header.width, header.height, max_pixels)
        if header.exact:
            image = _by_opencv(data, header, mode)
            if image is not None:
                return image
    with _opened(data, max_pixels) as picture:
        return from_pillow(picture, mode)


class Encoded:
    """A JPEG that is decoded when it is known how small it may be; each size is made once.

    Attributes:
        shape: Height, width and channels of the whole image.
    """

    __slots__ = ("_data", "_grey", "_made", "shape")

    def __init__(self, data: bytes, shape: tuple[int, int, int]) -> None:
        """Hold the file's bytes."""
        self._data = data
        self._grey = shape[2] == 1
        self._made: dict[int, np.ndarray] = {}
        self.shape = shape

    def whole(self) -> np.ndarray:
        """Return the image: uint8 (height, width, channels).

        Raises:
            FieldError: for damaged files.
        """
        return self.reduced(1)

    def reduced(self, factor: int) -> np.ndarray:
        """Return the means of blocks of ``factor`` x ``factor`` pixels (1, 2, 4 or 8), as the decoder makes them.

        The last block of a row or column may reach beyond the image.

        Raises:
            FieldError: for damaged files.
        """
        if factor not in self._made:
            flag = (cv2.IMREAD_GRAYSCALE if self._grey else cv2.IMREAD_COLOR_RGB) | _REDUCED[factor]
            image = cv2.imdecode(np.frombuffer(self._data, np.uint8), flag)
            if image is None:
                got = shown(f"a JPEG of {len(self._data)} bytes that cannot be decoded")
                raise FieldError(describe("", "a whole image file", got, fix="fetch the file again"))
            self._made[factor] = image.reshape(*image.shape[:2], self.shape[2])
        return self._made[factor]


_REDUCED = {
    1: 0,
    2: cv2.IMREAD_REDUCED_GRAYSCALE_2,
    4: cv2.IMREAD_REDUCED_GRAYSCALE_4,
    8: cv2.IMREAD_REDUCED_GRAYSCALE_8,
}


def encoded(data: bytes, mode: Mode, max_pixels: int) -> Encoded | None:
    """Return a JPEG to be decoded later; None for other files, damaged headers and pictures that EXIF turns.

    Raises:
        FieldError: for one of too many pixels.
    """
    header = _header(data) if data.startswith(_JPEG) else None
    if header is None or not header.exact:
        return None
    _limit(header.width, header.height, max_pixels)
    if b"Exif" in data[:_EXIF_LIES_BEFORE]:
        with _opened(data, max_pixels) as picture:
            if picture.getexif().get(_ORIENTATION, 1) != 1:
                return None
    grey = mode == "grey" or (mode == "any" and header.channels == 1)
    return Encoded(data, (header.height, header.width, 1 if grey else 3))


def probe(data: bytes, mode: Mode, max_pixels: int) -> None:
    """Refuse the files that `decode` refuses, at a tenth of its cost for JPEG: its tables are read, no pixels made.

    Raises:
        FieldError: as `decode`.
    """
    header = _header(data)
    if header is not None and header.exact and data.startswith(_JPEG):
        _limit(header.width, header.height, max_pixels)
        frame = without_scans(data)
        if frame is not None and _passes(frame, mode, max_pixels):
            return
    decode(data, mode, max_pixels)


def _passes(jpeg: bytes, mode: Mode, max_pixels: int) -> bool:
    """Whether Pillow decodes a JPEG, at an eighth of its sides: OpenCV would print that its data are missing."""
    try:
        with warnings.catch_warnings(action="ignore"), _opened(jpeg, max_pixels) as picture:
            picture.draft(picture.mode, (1, 1))
            from_pillow(picture, mode)
    except FieldError:
        return False
    return True


def size_of(data: bytes | IO[bytes]) -> tuple[int, int]:
    """Return width and height of an image file, its EXIF orientation applied; of an open file the header alone is read.

    Raises:
        FieldError: for bytes that are no image.
    """
    with _opened(data, _NO_LIMIT) as picture:
        width, height = picture.size
        # Of a TIFF Pillow gives the upright size.
        turned = picture.format != "TIFF" and picture.getexif().get(_ORIENTATION, 1) >= 5
    return (height, width) if turned else (width, height)


def decode_labels(data: bytes, max_pixels: int) -> np.ndarray:
    """Return a mask file's labels: uint8 or uint16 (height, width); of a palette the numbers, not the colours.

    Raises:
        FieldError: as `decode`, and for images in colour.
    """
    with _opened(data, max_pixels) as picture:
        if picture.mode not in ("1", "L", "P", "I;16", "I;16L", "I;16B", "I"):
            raise FieldError(
                describe("", "a grey or palette image as mask", picture.mode, fix="store one label a pixel")
            )
        return np.asarray(_upright(picture))


def palette_of(data: bytes) -> tuple[tuple[int, int, int], ...]:
    """Return the colours of a palette image's numbers, (red, green, blue) each; none for other images and damage."""
    try:
        with _opened(data, _NO_LIMIT) as picture:
            flat = picture.getpalette("RGB") if picture.mode == "P" else None
    except FieldError:
        return ()
    return tuple(zip(flat[::3], flat[1::3], flat[2::3], strict=True)) if flat else ()


def encode_labels(labels: np.ndarray, palette: tuple[tuple[int, int, int], ...]) -> bytes:
    """Return a palette PNG of labels uint8 (height, width); numbers past the palette's end are shown black."""
    picture = PillowImage.fromarray(labels)
    picture.putpalette([value for colour in palette for value in colour])
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=3)
    return buffer.getvalue()


def decode_segments(data: bytes, max_pixels: int = 100_000_000) -> np.ndarray:
    """Return a panoptic PNG's numbers, red + 256 green + 65536 blue: uint32 (height, width).

    Raises:
        FieldError: as `decode`.
    """
    image = decode(data, "rgb", max_pixels).astype(np.uint32)
    return image[..., 0] | image[..., 1] << 8 | image[..., 2] << 16


def encode(image: np.ndarray, encoding: Literal["png", "jpeg", "webp"], quality: int) -> bytes:
    """Return a file's bytes. Floats become 16-bit PNG; JPEG and WebP are 8 bit.

    Raises:
        FieldError: where the format cannot hold the channels.
    """
    channels = image.shape[2]
    if channels > 4 or channels not in _HELD[encoding]:
        fix = "convert the image" if channels > 4 else "set encoding: png"
        held = {"png": "1 to 4", "jpeg": "1 or 3", "webp": "1, 3 or 4"}[encoding]
        raise FieldError(describe("", f"an image of {held} channels for {encoding}", channels, fix=fix))
    depth = np.dtype(np.uint8) if encoding != "png" or image.dtype == np.uint8 else np.dtype(np.uint16)
    if image.dtype != depth:
        scaled = image.astype(np.float32) * np.float32(UNIT[depth] / UNIT[image.dtype])
        image = np.rint(scaled).astype(depth)
    if encoding == "jpeg":
        return _encoded(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if encoding == "webp":
        return _encoded(".webp", image, [cv2.IMWRITE_WEBP_QUALITY, quality])
    if channels == 2:
        if depth == np.uint16:
            fix = "convert it to 8 bit, or drop the opacity"
            raise FieldError(describe("", "8-bit grey with opacity", shown("16 bit"), fix=fix))
        buffer = io.BytesIO()
        PillowImage.fromarray(image).save(buffer, "PNG", compress_level=3)
        return buffer.getvalue()
    return _encoded(".png", image, [cv2.IMWRITE_PNG_COMPRESSION, 3])


def from_pillow(picture: Any, mode: Mode) -> np.ndarray:
    """Return the array of a PIL image, its EXIF orientation applied."""
    picture = _upright(picture)
    if picture.mode.startswith("I"):
        array = np.asarray(picture)
        if array.dtype != np.uint16:
            array = np.clip(array, 0, 65535).astype(np.uint16)
        grey = array[:, :, None]
        return np.repeat(grey, 3, axis=2) if mode == "rgb" else grey
    if mode != "any":
        picture = picture.convert("RGB" if mode == "rgb" else "L")
    elif picture.mode in ("P", "PA"):
        picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    elif picture.mode in ("1", "F"):
        picture = picture.convert("L")
    elif picture.mode not in ("L", "LA", "RGB", "RGBA"):
        picture = picture.convert("RGB")
    array = np.asarray(picture)
    return array[:, :, None] if array.ndim == 2 else array


def _encoded(extension: str, image: np.ndarray, options: list[int]) -> bytes:
    if image.shape[2] == 3:
        image = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    elif image.shape[2] == 4:
        image = cv2.cvtColor(image, cv2.COLOR_RGBA2BGRA)
    _, data = cv2.imencode(extension, image, options)
    return data.tobytes()


def _limit(width: int, height: int, max_pixels: int) -> None:
    if width * height > max_pixels:
        expected = f"an image of at most {max_pixels:,} pixels"
        raise FieldError(describe("", expected, shown(f"{height} x {width}"), fix="raise max_pixels if it is meant"))
    if not width * height:
        raise FieldError(describe("", "an image of at least one pixel", shown(f"{height} x {width}"), fix="drop it"))


def _header(data: bytes) -> Header | None:
    """Read the header of a JPEG or PNG; None for other files and damaged headers."""
    if not data:
        raise FieldError(describe("", "the bytes of an image file", shown("0 bytes"), fix="fetch the file again"))
    try:
        if data.startswith(_PNG):
            return _png_header(data)
        if data.startswith(_JPEG):
            return _jpeg_header(data)
    except (struct.error, IndexError):
        pass
    return None


def _png_header(data: bytes) -> Header:
    width, height, depth, colour = struct.unpack_from(">IIBB", data, 16)
    plain = colour in (_GREY, _RGB, _RGBA) and depth in (8, 16)
    start = data[: data.find(b"IDAT")]
    exact = plain and b"tRNS" not in start and b"eXIf" not in data and data.endswith(_PNG_END)
    return Header(width, height, {_GREY: 1, _RGB: 3, _RGBA: 4}.get(colour, 0), exact)


def _jpeg_header(data: bytes) -> Header:
    """Walk the segments to the start of frame (ITU-T T.81, B.2.2)."""
    at = 2
    while data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        (length,) = struct.unpack_from(">H", data, at + 2)
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            _, height, width, channels = struct.unpack_from(">BHHB", data, at + 4)
            exact = channels in (1, 3) and data.rstrip(b"\0").endswith(_JPEG_END)
            return Header(width, height, channels, exact)
        at += 2 + length
    raise IndexError(at)


def _by_opencv(data: bytes, header: Header, mode: Mode) -> np.ndarray | None:
    """Decode, or None where OpenCV finds the file damaged (Pillow then says how)."""
    buffer = np.frombuffer(data, np.uint8)
    grey = mode == "grey" or (mode == "any" and header.channels == 1)
    if data.startswith(_JPEG):
        # libjpeg's own grey and colour, both turned upright by OpenCV.
        flag = cv2.IMREAD_GRAYSCALE if grey else cv2.IMREAD_COLOR_RGB
    elif mode == "any":
        flag = cv2.IMREAD_UNCHANGED
    else:
        flag = (cv2.IMREAD_GRAYSCALE if grey else cv2.IMREAD_COLOR_RGB) | cv2.IMREAD_ANYDEPTH
    image = cv2.imdecode(buffer, flag)
    if image is None:
        return None
    if flag == cv2.IMREAD_UNCHANGED and header.channels >= 3:
        image = cv2.cvtColor(image, cv2.COLOR_BGR2RGB if header.channels == 3 else cv2.COLOR_BGRA2RGBA)
    return image[:, :, None] if image.ndim == 2 else image


def _opened(data: bytes | IO[bytes], max_pixels: int) -> Any:
    if not data:
        raise FieldError(describe("", "the bytes of an image file", shown("0 bytes"), fix="fetch the file again"))
    try:
        picture = PillowImage.open(io.BytesIO(data) if isinstance(data, bytes) else data)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, PillowImage.DecompressionBombError) as error:
        start = f"{len(data)} bytes that begin with {data[:8]!r}" if isinstance(data, bytes) else "a file of others"
        got = shown(f"{start} ({error})")
        raise FieldError(describe("", "an image file", got, fix="fetch the file again")) from error
    _limit(*picture.size, max_pixels)
    return picture


def _upright(picture: Any) -> Any:
    """Decode a PIL image and apply its EXIF orientation."""
    try:
        picture.load()
        return ImageOps.exif_transpose(picture)
    except (OSError, SyntaxError, ValueError, EOFError, struct.error) as error:
        raise FieldError(describe("", "a whole image file", shown(str(error)), fix="fetch the file again")) from error
