"""Noise beside the Gaussian: additive of any distribution, multiplicative, shot, ISO, salt and pepper."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import cv2
import numpy as np

from augury.effects import Pixels
from augury.op import Info, Op
from augury.params import FractionRange, PositiveRange, Range, Within
from augury.rng import Rng, generator
from augury_image.ops.pixels import normal_quantiles
from augury_image.paint import UNIT
from augury_image.working import DTYPES, colours_of, in_floats, luma_of, to_dtype, to_unit, with_colours

StdRange = Annotated[Range, Within(0.0, 10.0)]


class AdditiveNoise(Op):
    """Add noise of a chosen distribution.

    Fields: image; targets stay.

    Args:
        distribution: ``uniform``, ``laplace``, ``gaussian``, or ``beta`` (alpha = beta = 1/2: mostly its extremes).
        std_range: (lo, hi) of the standard deviation, in units of the full range [0, 1].
        shared: What one number serves: ``none`` (each value has its own), ``channels`` (grey noise) or ``pixels`` (one
            shift a channel).
    Draws: std uniform; the noise's sub-seed.
    Cost: one random number a value; ``image.noise`` is faster for Gaussian noise.
    """

    on = "image"

    distribution: Literal["uniform", "laplace", "gaussian", "beta"] = "uniform"
    std_range: StdRange = (0.02, 0.08)
    shared: Literal["none", "channels", "pixels"] = "none"

    def draw(self, rng: Rng, info: Info) -> dict[str, Any]:
        """Draw the strength and a sub-seed."""
        return {"std": rng.uniform(*self.std_range), "seed": rng.seed()}

    def effect(self, draw: Any, info: Info) -> Pixels:
        """Return the pixel function."""
        return Pixels(added, {**draw, "distribution": self.distribution, "shared": self.shared}, DTYPES)


class MultiplicativeNoise(Op):
    """Multiply every value by a random factor, as speckle does.

    Fields: image; targets stay.

    Args:
        factor_range: (lo, hi) of the factors, uniform.
        shared: What one factor serves: ``none`` (each value has its own), ``channels`` or ``pixels`` (one a channel).
    Draws: the noise's sub-seed.
    Cost: 16 random bits and two passes a value.
    """

    on = "image"

    factor_range: Annotated[Range, Within(0.0, 10.0)] = (0.85, 1.15)
    shared: Literal["none", "channels", "pixels"] = "none"

    def draw(self, rng: Rng, info: Info) -> dict[str, Any]:
        """Draw a sub-seed."""
        return {"seed": rng.seed()}

    def effect(self, draw: Any, info: Info) -> Pixels:
        """Return the pixel function."""
        return Pixels(multiplied, {**draw, "factor_range": self.factor_range, "shared": self.shared}, DTYPES)


class ShotNoise(Op):
    """Count light in quanta: Poisson noise, strongest in the shadows of a dim exposure.

    Fields: image; targets stay.

    Args:
        electrons_range: (lo, hi) of how many electrons white is; fewer is noisier.
        linear: Whether values are turned into linear light first (by a display gamma of 2.2), where photons count.
    Draws: electrons, uniform in its logarithm; the noise's sub-seed.
    Cost: one Poisson number a value.
    """

    on = "image"

    electrons_range: Annotated[PositiveRange, Within(1.0, 1e6)] = (100.0, 2000.0)
    linear: bool = True

    def draw(self, rng: Rng, info: Info) -> dict[str, Any]:
        """Draw the full well and a sub-seed."""
        return {"electrons": rng.log_uniform(*self.electrons_range), "seed": rng.seed()}

    def effect(self, draw: Any, info: Info) -> Pixels:
        """Return the pixel function."""
        return Pixels(counted, {**draw, "linear": self.linear}, DTYPES)


class IsoNoise(Op):
    """Noise of a sensor at high sensitivity: fine grain of the luma, coarser blotches of colour, more in the shadows.

    Fields: image; targets stay. Fewer than three colours get the grain alone.

    Args:
        luma_std_range: (lo, hi) of the grain's standard deviation at mid grey, of [0, 1].
        chroma_std_range: (lo, hi) of the blotches'.
    Draws: both uniform; the noise's sub-seed.
    Cost: one or three Gaussian planes, a small blur and three passes. Unlike albumentations', which varies the hue of
        HLS, colour noise here keeps the luma, and is as wide as demosaicing makes it.
    """

    on = "image"

    luma_std_range: StdRange = (0.02, 0.06)
    chroma_std_range: StdRange = (0.02, 0.05)

    def draw(self, rng: Rng, info: Info) -> dict[str, Any]:
        """Draw both strengths and a sub-seed."""
        luma, chroma = rng.uniform(*self.luma_std_range), rng.uniform(*self.chroma_std_range)
        return {"luma_std": luma, "chroma_std": chroma, "seed": rng.seed()}

    def effect(self, draw: Any, info: Info) -> Pixels:
        """Return the pixel function."""
        return Pixels(grainy, draw, DTYPES)


class SaltAndPepper(Op):
    """Set single pixels to white or black, as dead cells and transmission errors do.

    Fields: image; targets stay.

    Args:
        amount_range: (lo, hi) of the share of pixels, in [0, 1].
        salt_range: (lo, hi) of the share of white among them.
        per_channel: Whether channels are hit by themselves; else all colours of a pixel together.
    Draws: both uniform; the sub-seed of which.
    Cost: 16 random bits a pixel and two passes.
    """

    on = "image"

    amount_range: FractionRange = (0.01, 0.06)
    salt_range: FractionRange = (0.4, 0.6)
    per_channel: bool = False

    def draw(self, rng: Rng, info: Info) -> dict[str, Any]:
        """Draw shares and a sub-seed."""
        amount, salt = rng.uniform(*self.amount_range), rng.uniform(*self.salt_range)
        return {"amount": amount, "salt": salt, "seed": rng.seed()}

    def effect(self, draw: Any, info: Info) -> Pixels:
        """Return the pixel function."""
        return Pixels(peppered, {**draw, "per_channel": self.per_channel}, DTYPES)


def _levels(seed: int, height: int, width: int, channels: int) -> np.ndarray:
    """Return uint16 (height, width, channels) of random bits."""
    count = height * width * channels
    return np.frombuffer(generator(seed).bytes(2 * count), "<u2").reshape(height, width, channels)


def _noise_shape(colours: np.ndarray, shared: str) -> tuple[int, int, int]:
    height, width, channels = colours.shape
    return {"none": (height, width, channels), "channels": (height, width, 1), "pixels": (1, 1, channels)}[shared]


def added(image: np.ndarray, std: float, seed: int, distribution: str, shared: str) -> np.ndarray:
    """Return the image with noise added to its colours."""
    shape = _noise_shape(colours_of(image), shared)
    if distribution == "gaussian":
        noise = normal_quantiles()[_levels(seed, *shape)]
    elif distribution == "uniform":
        noise = (_levels(seed, *shape).astype(np.float32) - np.float32(32767.5)) * np.float32(12**0.5 / 65536)
    elif distribution == "laplace":
        noise = generator(seed).laplace(0.0, 0.5**0.5, shape).astype(np.float32)
    else:
        noise = np.cos(_levels(seed, *shape) * np.float32(np.pi / 65536)) * np.float32(2**0.5)
    return in_floats(image, lambda value: value + noise * np.float32(std))


def multiplied(image: np.ndarray, seed: int, factor_range: Range, shared: str) -> np.ndarray:
    """Return the image with its colours multiplied by random factors."""
    lo, hi = factor_range
    levels = _levels(seed, *_noise_shape(colours_of(image), shared))
    factors = levels * np.float32((hi - lo) / 65536) + np.float32(lo + (hi - lo) / 131072)
    if image.dtype.kind == "f":
        return in_floats(image, lambda value: value * factors)
    colours = np.ascontiguousarray(colours_of(image))
    depth = cv2.CV_8U if image.dtype == np.uint8 else cv2.CV_16U
    return with_colours(
        image, cv2.multiply(colours, np.ascontiguousarray(np.broadcast_to(factors, colours.shape)), dtype=depth)
    )


def counted(image: np.ndarray, electrons: float, seed: int, linear: bool) -> np.ndarray:
    """Return the image counted in electrons."""
    colours = colours_of(image)
    if image.dtype == np.uint8:
        light = _lit(to_unit(np.arange(256, dtype=np.uint8)), linear)[colours]
    else:
        light = _lit(to_unit(colours), linear)
    counts = generator(seed).poisson(light * electrons)
    seen = np.minimum((np.arange(counts.max() + 1) / electrons).astype(np.float32), 1.0)
    if linear:
        seen **= np.float32(1 / 2.2)
    return with_colours(image, to_dtype(seen[counts], image.dtype))


def _lit(value: np.ndarray, linear: bool) -> np.ndarray:
    return value**2.2 if linear else value


def grainy(image: np.ndarray, luma_std: float, chroma_std: float, seed: int) -> np.ndarray:
    """Return the image with luma grain and luma-free colour blotches, weighted towards the shadows."""
    height, width, _ = image.shape

    def noisy(value: np.ndarray) -> np.ndarray:
        three = value.shape[2] == 3
        planes = normal_quantiles()[_levels(seed, height, width, 3 if three else 1)]
        weight = (np.float32(1.4) - np.float32(0.8) * luma_of(value))[:, :, None]
        noise = planes[:, :, :1] * np.float32(luma_std)
        if three:
            # A 3 x 3 Gaussian of sigma 0.8 keeps 0.407 of white noise's deviation.
            spots = cv2.GaussianBlur(planes[:, :, 1:], (3, 3), 0.8).reshape(height, width, 2)
            spots *= np.float32(chroma_std / 0.407)
            red, blue = spots[:, :, :1], spots[:, :, 1:]
            noise = noise + np.concatenate([red, -0.5094 * red - 0.1942 * blue, blue], axis=2)
        return value + noise * weight

    return in_floats(image, noisy)


def peppered(image: np.ndarray, amount: float, salt: float, seed: int, per_channel: bool) -> np.ndarray:
    """Return the image with some pixels white and some black."""
    colours = colours_of(image)
    height, width, channels = colours.shape
    levels = _levels(seed, height, width, channels if per_channel else 1)
    hit, white = round(amount * 65536), round(amount * salt * 65536)
    out = colours.copy()
    struck = levels < hit
    values = np.where(levels < white, UNIT[image.dtype], 0.0).astype(image.dtype)
    np.copyto(out, values, where=struck)
    return with_colours(image, out)
