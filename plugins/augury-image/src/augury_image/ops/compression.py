"""What storing loses: JPEG, WebP, and a smaller size."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import cv2
import numpy as np

from augury.effects import Pixels
from augury.errors import FieldError, describe, shown
from augury.op import Info, Op
from augury.params import IntRange, Range, Within
from augury.rng import Rng
from augury_image.paint import UNIT
from augury_image.working import DTYPES, colours_of, resized, to_dtype, to_unit, with_colours

QualityRange = Annotated[IntRange, Within(1, 100)]

_JPEG_SIDE, _WEBP_SIDE = 65500, 16383
_SAMPLING = {
    "4:2:0": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420,
    "4:2:2": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422,
    "4:4:4": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
}
_INTERPOLATION = {
    "nearest": cv2.INTER_NEAREST,
    "linear": cv2.INTER_LINEAR,
    "cubic": cv2.INTER_CUBIC,
    "area": cv2.INTER_AREA,
}
Interpolation = Literal["nearest", "linear", "cubic", "area"]


class Jpeg(Op):
    """Encode as JPEG and decode again.

    Fields: image, uint8 or float32 (which is rounded to 8 bit, as the format does); 16 bit is refused. Opacity stays.
        Other counts than one or three colours are stored as that many grey pictures.

    Args:
        quality_range: (lo, hi) of libjpeg's quality, 1 to 100.
        sampling: Chroma sampling.
    Draws: quality, each equally likely.
    Cost: one encoding and one decoding.
    """

    on = "image"

    quality_range: QualityRange = (30, 90)
    sampling: Literal["4:2:0", "4:2:2", "4:4:4"] = "4:2:0"

    def draw(self, rng: Rng, info: Info) -> dict[str, int]:
        """Draw the quality."""
        return {"quality": rng.integer(*self.quality_range)}

    def effect(self, draw: Any, info: Info) -> Pixels:
        """Return the pixel function."""
        return Pixels(through_jpeg, {**draw, "sampling": self.sampling}, ("uint8", "float32"))


class Webp(Op):
    """Encode as lossy WebP and decode again.

    Fields: image, uint8 or float32 (which is rounded to 8 bit, as the format does); 16 bit is refused. Opacity stays.
        Other counts than three colours are stored as that many grey pictures.

    Args:
        quality_range: (lo, hi) of libwebp's quality, 1 to 100.
    Draws: quality, each equally likely.
    Cost: one encoding and one decoding, several times that of JPEG.
    """

    on = "image"

    quality_range: QualityRange = (20, 80)

    def draw(self, rng: Rng, info: Info) -> dict[str, int]:
        """Draw the quality."""
        return {"quality": rng.integer(*self.quality_range)}

    def effect(self, draw: Any, info: Info) -> Pixels:
        """Return the pixel function."""
        return Pixels(through_webp, draw, ("uint8", "float32"))


class Downscale(Op):
    """Make smaller and as large again, losing detail.

    Fields: image; targets stay.

    Args:
        scale_range: (lo, hi) of the factor, at most 1.
        shrink: Interpolation on the way down; ``area`` reads every pixel.
        grow: Interpolation on the way up.
    Draws: scale uniform.
    Cost: two resizes.
    """

    on = "image"

    scale_range: Annotated[Range, Within(0.01, 1.0)] = (0.25, 0.6)
    shrink: Interpolation = "area"
    grow: Interpolation = "linear"

    def draw(self, rng: Rng, info: Info) -> dict[str, float]:
        """Draw the factor."""
        return {"scale": rng.uniform(*self.scale_range)}

    def effect(self, draw: Any, info: Info) -> Pixels:
        """Return the pixel function."""
        return Pixels(downscaled, {**draw, "shrink": self.shrink, "grow": self.grow}, DTYPES)


def through_jpeg(image: np.ndarray, quality: int, sampling: str) -> np.ndarray:
    """Return the image through JPEG.

    Raises:
        FieldError: for a side over 65500 pixels.
    """
    flags = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, _SAMPLING[sampling]]
    return _through(image, ".jpg", flags, _JPEG_SIDE)


def through_webp(image: np.ndarray, quality: int) -> np.ndarray:
    """Return the image through lossy WebP.

    Raises:
        FieldError: for a side over 16383 pixels.
    """
    return _through(image, ".webp", [cv2.IMWRITE_WEBP_QUALITY, quality], _WEBP_SIDE)


def _through(image: np.ndarray, suffix: str, flags: list[int], most: int) -> np.ndarray:
    if max(image.shape[:2]) > most:
        expected = f"sides of at most {most} px for {suffix[1:]}"
        got = shown(f"{image.shape[0]} x {image.shape[1]}")
        raise FieldError(describe("", expected, got, fix="resize the image first"))
    colours = colours_of(image)
    if image.dtype.kind == "f":
        colours = to_dtype(colours.copy(), np.dtype(np.uint8))
    if colours.shape[2] == 3:
        blue_first = _coded(cv2.cvtColor(colours, cv2.COLOR_RGB2BGR), suffix, flags, cv2.IMREAD_COLOR)
        out = cv2.cvtColor(blue_first, cv2.COLOR_BGR2RGB)
    else:
        planes = (np.ascontiguousarray(plane) for plane in np.moveaxis(colours, 2, 0))
        out = np.dstack([_coded(plane, suffix, flags, cv2.IMREAD_GRAYSCALE) for plane in planes])
    return with_colours(image, to_unit(out) if image.dtype.kind == "f" else out)


def _coded(picture: np.ndarray, suffix: str, flags: list[int], mode: int) -> np.ndarray:
    """Return what OpenCV decodes from what it encodes."""
    return np.asarray(cv2.imdecode(cv2.imencode(suffix, picture, flags)[1], mode))


def downscaled(image: np.ndarray, scale: float, shrink: str, grow: str) -> np.ndarray:
    """Return the image made smaller and larger again."""
    height, width = image.shape[:2]
    small = max(1, round(width * scale)), max(1, round(height * scale))
    value = resized(image, small, _INTERPOLATION[shrink])
    out = resized(value, (width, height), _INTERPOLATION[grow])
    return np.clip(out, 0.0, UNIT[image.dtype]) if image.dtype.kind == "f" else out
