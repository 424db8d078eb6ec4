"""Channels and colours: shuffle, dropout, shifts, grey, sepia, HSV, light sources, white balance, PCA, tone curves."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import cv2
import numpy as np

from augury.effects import Color, Curve, Pixels
from augury.op import Info, Op
from augury.params import Fraction, FractionRange, IntRange, Range, Within
from augury.rng import Rng
from augury_image.ops.color import HueRange
from augury_image.tones import look_up, scaled, tone
from augury_image.working import DTYPES, colours_of, in_floats, to_unit

_XYZ_TO_LINEAR = ((3.2406, -1.5372, -0.4986), (-0.9689, 1.8758, 0.0415), (0.0557, -0.2040, 1.0570))
_SEPIA = (0.393, 0.769, 0.189, 0.0, 0.349, 0.686, 0.168, 0.0, 0.272, 0.534, 0.131, 0.0)
_SAME = (1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0)
_DISPLAY_GAMMA = 2.2


def colour_count(channels: int) -> int:
    """Return how many of an image's channels are colours: the last of two or four is opacity."""
    return channels - 1 if channels in (2, 4) else channels


class ChannelShuffle(Op):
    """Put the colour channels into another order.

    Fields: image; targets stay.
    Draws: order, each equally likely; opacity keeps its place.
    Cost: one colour matrix; one copy for more than three colours.
    """

    on = "image"

    def draw(self, rng: Rng, info: Info) -> dict[str, Any]:
        """Draw the order."""
        return {"order": rng.permutation(colour_count(info.size.channels))}

    def effect(self, draw: Any, info: Info) -> Color | Pixels:
        """Return a matrix of one 1 a row, which fuses with others; a copy where colours are more than three."""
        order = draw["order"]
        if len(order) > 3:
            return Pixels(reordered, draw, DTYPES)
        order = order if len(order) == 3 else [0, 1, 2]
        return Color(tuple(float(c == source) for source in order for c in range(4)))


class ChannelDropout(Op):
    """Set whole colour channels to one value.

    Fields: image; targets stay.

    Args:
        channels_range: (lo, hi) of how many channels are lost; at least one colour is always kept where there are two.
        fill: The value they are set to, in [0, 1].
    Draws: the number, and which.
    Cost: one table a channel.
    """

    on = "image"

    channels_range: Annotated[IntRange, Within(0, 64)] = (1, 1)
    fill: Fraction = 0.0

    def draw(self, rng: Rng, info: Info) -> dict[str, Any]:
        """Draw which channels are lost."""
        count = colour_count(info.size.channels)
        lost = min(rng.integer(*self.channels_range), max(count - 1, 0))
        return {"lost": sorted(rng.sample(count, lost))}

    def effect(self, draw: Any, info: Info) -> Curve:
        """Return a curve a channel."""
        gains = [0.0 if c in draw["lost"] else 1.0 for c in range(colour_count(info.size.channels))]
        return Curve(scaled, {"gains": gains, "shifts": [(1.0 - g) * self.fill for g in gains]})


class RgbShift(Op):
    """Add to each colour channel a number of its own.

    Fields: image; targets stay.

    Args:
        shift_range: (lo, hi) added to values in [0, 1].
    Draws: one shift a colour channel, uniform in shift_range.
    Cost: one table a channel, shared with the curves around it.
    """

    on = "image"

    shift_range: Annotated[Range, Within(-1.0, 1.0)] = (-0.08, 0.08)

    def draw(self, rng: Rng, info: Info) -> dict[str, Any]:
        """Draw the shifts."""
        return {"shifts": [rng.uniform(*self.shift_range) for _ in range(colour_count(info.size.channels))]}

    def effect(self, draw: Any, info: Info) -> Curve:
        """Return a curve a channel."""
        return Curve(scaled, {"gains": [1.0] * len(draw["shifts"]), "shifts": draw["shifts"]})


class ToGray(Op):
    """Take the colours away; the number of channels stays.

    Fields: image; targets stay.

    Args:
        method: ``luma`` weighs R, G and B as ITU-R BT.601 (0.299, 0.587, 0.114), ``mean`` alike.
    Draws: nothing.
    Cost: one colour matrix.
    """

    on = "image"

    method: Literal["luma", "mean"] = "luma"

    def effect(self, draw: Any, info: Info) -> Color:
        """Return the matrix."""
        row = (0.299, 0.587, 0.114, 0.0) if self.method == "luma" else (1 / 3, 1 / 3, 1 / 3, 0.0)
        return Color(row * 3)


class ToSepia(Op):
    """Tint as old photographs are.

    Fields: image; targets stay.

    Args:
        strength_range: (lo, hi) in [0, 1]; 0 changes nothing, 1 is the whole tint.
    Draws: strength uniform in strength_range.
    Cost: one colour matrix.
    """

    on = "image"

    strength_range: FractionRange = (0.5, 1.0)

    def draw(self, rng: Rng, info: Info) -> dict[str, float]:
        """Draw the strength."""
        return {"strength": rng.uniform(*self.strength_range)}

    def effect(self, draw: Any, info: Info) -> Color:
        """Return the matrix, between that of nothing and of sepia."""
        s = draw["strength"]
        t = 1.0 - s
        return Color(tuple([s * a + t * b for a, b in zip(_SEPIA, _SAME, strict=True)]))


class HueSaturationValue(Op):
    """Shift hue, saturation and value of the HSV cone.

    Fields: image; targets stay. Fewer than three colours have neither hue nor saturation: only their value shifts.

    Args:
        hue_deg_range: (lo, hi) in degrees.
        saturation_range: (lo, hi) added to a saturation in [0, 1].
        value_range: (lo, hi) added to a value in [0, 1].
    Draws: the three shifts, uniform.
    Cost: two conversions and a table; 8 bit is converted in steps of 1/256 turn. ``image.hue`` and
        ``image.saturation`` are linear, keep the luma, fuse and cost less.
    """

    on = "image"

    hue_deg_range: HueRange = (-20.0, 20.0)
    saturation_range: Annotated[Range, Within(-1.0, 1.0)] = (-0.12, 0.12)
    value_range: Annotated[Range, Within(-1.0, 1.0)] = (-0.08, 0.08)

    def draw(self, rng: Rng, info: Info) -> dict[str, float]:
        """Draw the shifts."""
        return {
            "hue_deg": rng.uniform(*self.hue_deg_range),
            "saturation": rng.uniform(*self.saturation_range),
            "value": rng.uniform(*self.value_range),
        }

    def effect(self, draw: Any, info: Info) -> Pixels:
        """Return the pixel function."""
        return Pixels(shifted_hsv, draw, DTYPES)


class PlanckianJitter(Op):
    """Light the picture by a black body of another temperature, as daylight and lamps are.

    Fields: image; targets stay. Fewer than three colours are left alone.

    Args:
        temperature_k_range: (lo, hi) in kelvin: low is red, high is blue; 6500 changes nothing.
    Draws: temperature uniform in its reciprocal (in mired), in which equal steps look equal.
    Cost: one colour matrix.
    Reference: Zini et al., Planckian Jitter, 2022; the locus by Kim et al., 2002, turned into gains of linear sRGB,
        green kept, and those into gains of encoded values by a display gamma of 2.2.
    """

    on = "image"

    temperature_k_range: Annotated[Range, Within(2000.0, 25000.0)] = (4000.0, 12000.0)

    def draw(self, rng: Rng, info: Info) -> dict[str, float]:
        """Draw the temperature."""
        lo, hi = self.temperature_k_range
        return {"temperature_k": 1.0 / rng.uniform(1.0 / hi, 1.0 / lo)}

    def effect(self, draw: Any, info: Info) -> Color:
        """Return the diagonal matrix."""
        if colour_count(info.size.channels) < 3:
            return Color((1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0))
        red, green, blue = planckian_gains(draw["temperature_k"])
        return Color((red, 0.0, 0.0, 0.0, 0.0, green, 0.0, 0.0, 0.0, 0.0, blue, 0.0))


class WhiteBalance(Op):
    """Scale the colours so that the picture's average, or its brightest part, becomes neutral.

    Fields: image; targets stay.

    Args:
        method: ``gray_world`` makes the channels' means equal, ``white_patch`` their 99th percentiles.
        strength_range: (lo, hi) in [0, 1]; 0 changes nothing.
    Draws: strength uniform in strength_range.
    Cost: one pass that measures and one table a channel.
    Reference: Buchsbaum, 1980 (gray world); Land and McCann, 1971 (white patch).
    """

    on = "image"

    method: Literal["gray_world", "white_patch"] = "gray_world"
    strength_range: FractionRange = (0.5, 1.0)

    def draw(self, rng: Rng, info: Info) -> dict[str, float]:
        """Draw the strength."""
        return {"strength": rng.uniform(*self.strength_range)}

    def effect(self, draw: Any, info: Info) -> Pixels:
        """Return the pixel function."""
        return Pixels(balanced, {**draw, "method": self.method}, DTYPES)


class FancyPca(Op):
    """Shift colours along the principal axes of the picture's own colours.

    Fields: image; targets stay.

    Args:
        std: Standard deviation of the factors, of each axis' standard deviation.
    Draws: one normal factor a colour channel.
    Cost: one covariance and one table a channel.
    Reference: Krizhevsky et al., 2012, section 4.1, there with the axes of all ImageNet; axes are scaled by their
        standard deviation, and each points to where its largest part is positive.
    """

    on = "image"

    std: Annotated[float, Within(0.0, 10.0)] = 0.1

    def draw(self, rng: Rng, info: Info) -> dict[str, Any]:
        """Draw the factors."""
        return {"factors": [rng.normal(0.0, self.std) for _ in range(colour_count(info.size.channels))]}

    def effect(self, draw: Any, info: Info) -> Pixels:
        """Return the pixel function."""
        return Pixels(shifted_along_axes, draw, DTYPES)


class ToneCurve(Op):
    """Bend the tones by a random Bezier curve from black to white.

    Fields: image; targets stay.

    Args:
        low_range: (lo, hi) of the first handle's height; 1/3 with 2/3 changes nothing.
        high_range: (lo, hi) of the second handle's height.
        per_channel: Whether every colour channel gets a curve of its own.
    Draws: handles uniform in their ranges.
    Cost: one table, shared with the curves around it.
    """

    on = "image"

    low_range: FractionRange = (0.2, 0.46)
    high_range: FractionRange = (0.54, 0.8)
    per_channel: bool = False

    def draw(self, rng: Rng, info: Info) -> dict[str, Any]:
        """Draw the handles."""
        count = colour_count(info.size.channels) if self.per_channel else 1
        pairs = [(rng.uniform(*self.low_range), rng.uniform(*self.high_range)) for _ in range(count)]
        return {"low": [a for a, _ in pairs], "high": [b for _, b in pairs]}

    def effect(self, draw: Any, info: Info) -> Curve:
        """Return the curve."""
        return Curve(bezier, draw)


def reordered(image: np.ndarray, order: list[int]) -> np.ndarray:
    """Return the channels in another order, those after the last named as they are."""
    return np.ascontiguousarray(image[:, :, [*order, *range(len(order), image.shape[2])]])


def bezier(x: np.ndarray, low: list[float], high: list[float]) -> np.ndarray:
    """Return the cubic Bezier curve through (0, 0) and (1, 1) with handles at a third and two thirds of the way."""
    a, b = np.asarray(low, x.dtype), np.asarray(high, x.dtype)
    back = 1.0 - x
    return 3.0 * back * back * x * a + 3.0 * back * x * x * b + x * x * x


def shifted_hsv(image: np.ndarray, hue_deg: float, saturation: float, value: float) -> np.ndarray:
    """Return the image with hue (degrees), saturation and value (of 1) shifted."""
    if colour_count(image.shape[2]) != 3:
        return tone(image, (Curve(scaled, {"gains": [1.0], "shifts": [value]}),))
    if image.dtype == np.uint8:
        colours = np.ascontiguousarray(image[:, :, :3])
        levels = np.arange(256, dtype=np.float32)
        columns = (levels + hue_deg * 256 / 360) % 256, levels + saturation * 255, levels + value * 255
        table = np.stack([(columns[0] + 0.5) % 256, *(c.clip(0, 255) + 0.5 for c in columns[1:])], axis=1)
        hsv = look_up(cv2.cvtColor(colours, cv2.COLOR_RGB2HSV_FULL), table.astype(np.uint8))
        out = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB_FULL)
        return out if image.shape[2] == 3 else np.dstack([out, image[:, :, 3]])

    def shifted(colours: np.ndarray) -> np.ndarray:
        hsv = np.asarray(cv2.cvtColor(colours, cv2.COLOR_RGB2HSV), np.float32)
        hsv[:, :, 0] = (hsv[:, :, 0] + hue_deg) % 360.0
        hsv[:, :, 1:] = np.clip(hsv[:, :, 1:] + np.array((saturation, value), np.float32), 0.0, 1.0)
        return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)

    return in_floats(image, shifted)


def balanced(image: np.ndarray, strength: float, method: str) -> np.ndarray:
    """Return the image with each colour channel scaled towards the channels' common level."""
    colours = colours_of(image)
    if colours.shape[2] == 1:
        return image.copy()
    if method == "gray_world":
        levels = colours.mean(axis=(0, 1), dtype=np.float64)
    else:
        levels = np.percentile(colours, 99, axis=(0, 1)).astype(np.float64)
    gains = np.where(levels > 0, levels.mean() / np.where(levels > 0, levels, 1.0), 1.0)
    gains = 1.0 + strength * (gains - 1.0)
    return tone(image, (Curve(scaled, {"gains": gains.tolist(), "shifts": [0.0] * len(gains)}),))


def shifted_along_axes(image: np.ndarray, factors: list[float]) -> np.ndarray:
    """Return the image shifted along the principal axes of its colours."""
    values = to_unit(colours_of(image)).reshape(-1, len(factors))
    mean = values.mean(axis=0, dtype=np.float64)
    covariance = (values.T @ values).astype(np.float64) / len(values) - np.outer(mean, mean)
    variances, axes = np.linalg.eigh(covariance)
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(len(factors))])
    shift = axes @ (np.asarray(factors) * np.sqrt(np.maximum(variances, 0.0)))
    return tone(image, (Curve(scaled, {"gains": [1.0] * len(factors), "shifts": shift.tolist()}),))


def planckian_xy(temperature_k: float) -> tuple[float, float]:
    """Return the CIE 1931 chromaticity of a black body of 1667 to 25000 K.

    Reference: Kim et al., US patent 7024034, cubic splines in the reciprocal of the temperature.
    """
    t = 1000.0 / temperature_k
    if temperature_k <= 4000.0:
        x = ((-0.2661239 * t - 0.2343589) * t + 0.8776956) * t + 0.179910
    else:
        x = ((-3.0258469 * t + 2.1070379) * t + 0.2226347) * t + 0.240390
    if temperature_k <= 2222.0:
        y = ((-1.1063814 * x - 1.34811020) * x + 2.18555832) * x - 0.20219683
    elif temperature_k <= 4000.0:
        y = ((-0.9549476 * x - 1.37418593) * x + 2.09137015) * x - 0.16748867
    else:
        y = ((3.0817580 * x - 5.87338670) * x + 3.75112997) * x - 0.37001483
    return x, y


def planckian_gains(temperature_k: float) -> tuple[float, float, float]:
    """Return what encoded sRGB is multiplied by under a black body, relative to one of 6500 K, green kept."""
    light, neutral = _linear_rgb(temperature_k), _linear_rgb(6500.0)
    red, green, blue = (a / b for a, b in zip(light, neutral, strict=True))
    return (red / green) ** (1.0 / _DISPLAY_GAMMA), 1.0, (blue / green) ** (1.0 / _DISPLAY_GAMMA)


def _linear_rgb(temperature_k: float) -> list[float]:
    """Return a black body's colour in linear sRGB, its luminance 1, no part below 0.001."""
    x, y = planckian_xy(temperature_k)
    white = (x / y, 1.0, (1.0 - x - y) / y)
    return [max(sum(a * b for a, b in zip(row, white, strict=True)), 1e-3) for row in _XYZ_TO_LINEAR]
