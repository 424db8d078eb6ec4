"""Opaque pixel functions: blur and noise; and normalize, which leaves the unit domain."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from statistics import NormalDist
from typing import Annotated, Any, ClassVar

import cv2
import numpy as np

from augury.effects import Convert, Curve, Pixels
from augury.errors import FieldError, ParamError, describe
from augury.op import Info, Op
from augury.params import PositiveRange, Range, Within
from augury.rng import Rng, generator
from augury_image.paint import UNIT
from augury_image.tones import tone, unit_table

DTYPES = ("uint8", "uint16", "float32")


class Blur(Op):
    """Blur with a Gaussian.

    Fields: image; targets stay.

    Args:
        sigma_px_range: (lo, hi) of the standard deviation in pixels.
        reach_sigma: How far the kernel reaches, in standard deviations.
    Draws: sigma uniform in sigma_px_range.
    Cost: two passes of a kernel 2 * ceil(reach_sigma * sigma) + 1 wide.
    """

    on = "image"

    sigma_px_range: Annotated[PositiveRange, Within(0.01, 200.0)] = (0.5, 2.0)
    reach_sigma: Annotated[float, Within(1.0, 6.0)] = 3.0

    def draw(self, rng: Rng, info: Info) -> dict[str, float]:
        """Draw sigma."""
        return {"sigma_px": rng.uniform(*self.sigma_px_range)}

    def effect(self, draw: Any, info: Info) -> Pixels:
        """Return the pixel function."""
        side = 2 * max(1, math.ceil(self.reach_sigma * draw["sigma_px"] - 1e-9)) + 1
        return Pixels(blurred, {"sigma_px": draw["sigma_px"], "side": side}, DTYPES)


class Noise(Op):
    """Add Gaussian noise.

    Fields: image; targets stay.

    Args:
        std_range: (lo, hi) of the standard deviation, in units of the full range [0, 1].
        per_channel: Whether channels get noise of their own; else all get the same (grey noise).
    Draws: std uniform in std_range; the noise's sub-seed.
    Cost: 16 random bits and a table look-up a pixel and channel; the table is made once (20 ms).
    """

    on = "image"

    std_range: Annotated[Range, Within(0.0, 10.0)] = (0.01, 0.05)
    per_channel: bool = True

    def draw(self, rng: Rng, info: Info) -> dict[str, Any]:
        """Draw the strength and a sub-seed."""
        return {"std": rng.uniform(*self.std_range), "seed": rng.seed()}

    def effect(self, draw: Any, info: Info) -> Pixels:
        """Return the pixel function."""
        return Pixels(noisy, {**draw, "per_channel": self.per_channel}, DTYPES)


class Normalize(Op):
    """Subtract a mean and divide by a standard deviation: the picture leaves the unit domain.

    Fields: image, which becomes raw_image (float32 of any range, refused by ops on colour); targets stay.

    Args:
        mean: One number for all channels or one a channel, in [0, 1].
        std: The same, above 0.
    Draws: nothing.
    Cost: one look-up a value of 8 bit, the curves just before it included; one pass in float32 else. The defaults are
        ImageNet's.
    """

    on = "image"
    makes: ClassVar = {"self": "raw_image"}

    mean: float | tuple[float, ...] = (0.485, 0.456, 0.406)
    std: float | tuple[float, ...] = (0.229, 0.224, 0.225)

    def check_params(self) -> None:
        """Refuse a standard deviation of 0 or below."""
        if np.min(self.std) <= 0:
            where = f"{self.entry_id or 'normalize'}.std"
            raise ParamError(describe(where, "numbers above 0", self.std, fix="give the standard deviation"))

    def effect(self, draw: Any, info: Info) -> Convert:
        """Return the conversion.

        Raises:
            FieldError: where mean or std has another count than the image has channels.
        """
        for name, value in (("mean", self.mean), ("std", self.std)):
            if isinstance(value, tuple) and len(value) not in (1, info.size.channels):
                expected = f"{name} of one number or {info.size.channels}, as the image has channels"
                raise FieldError(describe("", expected, value, fix="give one number a channel"))
        return Convert("raw_image", normalized, {"mean": self.mean, "std": self.std}, takes_curves=True)


def blurred(image: np.ndarray, sigma_px: float, side: int) -> np.ndarray:
    """Return the image blurred with a Gaussian kernel ``side`` pixels wide."""
    return cv2.GaussianBlur(image, (side, side), sigma_px).reshape(image.shape)


def noisy(image: np.ndarray, std: float, seed: int, per_channel: bool) -> np.ndarray:
    """Return the image with Gaussian noise, held to its range."""
    height, width, channels = image.shape
    unit = UNIT[image.dtype]
    count = height * width * (channels if per_channel else 1)
    levels = np.frombuffer(generator(seed).bytes(2 * count), "<u2").reshape(height, width, -1)
    noise = cv2.LUT(levels, normal_quantiles() * np.float32(std * unit)).reshape(levels.shape)
    if not per_channel:
        noise = np.repeat(noise, channels, axis=2)
    if image.dtype.kind == "f":
        return np.minimum(np.maximum(image + noise, 0.0), 1.0)
    depth = cv2.CV_8U if image.dtype == np.uint8 else cv2.CV_16U
    return cv2.add(image, noise, dtype=depth).reshape(image.shape)


@lru_cache(maxsize=1)
def normal_quantiles() -> np.ndarray:
    """Return float32 (65536,): the standard normal's quantiles in the middle of as many equal shares, within 4.3."""
    inverse = NormalDist().inv_cdf
    upper = np.array([inverse((k + 0.5) / 65536) for k in range(32768, 65536)], np.float32)
    return np.concatenate([-upper[::-1], upper])


def normalized(
    image: np.ndarray,
    mean: float | tuple[float, ...],
    std: float | tuple[float, ...],
    curves: Sequence[Curve] = (),
) -> np.ndarray:
    """Return (image - mean) / std as float32, the image read in [0, 1] and sent through ``curves`` before."""
    channels = image.shape[2]
    scale = np.broadcast_to(1.0 / np.asarray(std, np.float64), channels)
    gain, shift = scale / UNIT[image.dtype], -np.asarray(mean, np.float64) * scale
    if image.dtype == np.uint8:
        levels = np.arange(256.0)[:, None] if not curves else unit_table(image, curves) * 255.0
        table = (levels * gain + shift).astype(np.float32)
        return cv2.LUT(image, table[None]).reshape(image.shape)
    image = tone(image, curves)
    if channels <= 4:
        matrix = np.column_stack([np.diag(gain), shift])
        return cv2.transform(image.astype(np.float32, copy=False), matrix).reshape(image.shape)
    return image * gain.astype(np.float32) + shift.astype(np.float32)
