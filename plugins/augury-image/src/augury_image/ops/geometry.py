"""Warps that keep the canvas: rotate, translate, scale, shear, affine, perspective, flip."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from augury.effects import Border, Fill, Interpolation, Matrix, Warp
from augury.op import Info, Op
from augury.params import PositiveRange, Range, Within
from augury.rng import Rng
from augury.spaces import geometry as geo

PLANES = ("image", "raw_image")


class Warped(Op):
    """Base of the warps: what lies outside the picture, and how it is resampled."""

    on = PLANES

    border: Border = "constant"
    fill: Annotated[Fill, Within(0.0, 1.0)] = 0.0
    interpolation: Interpolation = "linear"

    def warp(self, matrix: Matrix, height: int, width: int) -> Warp:
        """Return the warp onto a canvas of this size, with the op's border, fill and interpolation."""
        return Warp(matrix, (height, width), self.border, self.fill, self.interpolation)

    def centred(self, matrix: Matrix, info: Info) -> Warp:
        """Return the warp about the picture's centre, canvas kept."""
        height, width = info.size.height, info.size.width
        return self.warp(geo.about(matrix, width / 2, height / 2), height, width)


class Rotate(Warped):
    """Rotate about the centre.

    Fields: image or raw_image; every target on it follows.

    Args:
        angle_deg_range: (lo, hi) in degrees, anticlockwise as seen.
        canvas: ``keep`` keeps it and cuts the corners; ``grow`` makes it hold the whole turned picture; ``shrink``
            keeps it and makes the picture small enough, ratio kept (SafeRotate of albumentations stretches); ``inside``
            cuts it to the largest upright rectangle that shows nothing outside the picture.
        border: What lies outside: ``constant`` (``fill``), ``reflect`` or ``replicate``.
        fill: Colour of a constant border, in [0, 1]: one number or one a channel.
        interpolation: nearest, linear, cubic, lanczos or area.
    Draws: angle uniform in angle_deg_range.
    Cost: one resample, shared with the warps around it.
    """

    angle_deg_range: Range = (-30.0, 30.0)
    canvas: Literal["keep", "grow", "shrink", "inside"] = "keep"

    def draw(self, rng: Rng, info: Info) -> dict[str, float]:
        """Draw the angle."""
        return {"angle_deg": rng.uniform(*self.angle_deg_range)}

    def effect(self, draw: Any, info: Info) -> Warp:
        """Return the warp."""
        turn = geo.rotation(draw["angle_deg"])
        if self.canvas == "keep":
            return self.centred(turn, info)
        height, width = info.size.height, info.size.width
        if self.canvas == "inside":
            down, across = inner_rectangle(height, width, draw["angle_deg"])
            x, y = geo.apply(turn, width / 2, height / 2)
            return self.warp(geo.compose(geo.translation(across / 2 - x, down / 2 - y), turn), down, across)
        left, top, right, bottom = geo.bounds(geo.transform(turn, geo.rectangle(width, height)))
        if self.canvas == "shrink":
            factor = min(width / (right - left), height / (bottom - top), 1.0)
            return self.centred(geo.compose(geo.scaling(factor, factor), turn), info)
        across, down = math.ceil(right - left - 1e-6), math.ceil(bottom - top - 1e-6)
        middle = geo.translation((across - left - right) / 2, (down - top - bottom) / 2)
        return self.warp(geo.compose(middle, turn), down, across)


class Translate(Warped):
    """Shift by a fraction of the width and of the height.

    Fields: image or raw_image; every target on it follows.

    Args:
        offset_frac_range: (lo, hi) as a fraction of the side; x and y are drawn apart. Positive is right and down.
        axis: Shift along ``x``, ``y`` or ``both``.
        border: What lies outside: ``constant`` (``fill``), ``reflect`` or ``replicate``.
        fill: Colour of a constant border, in [0, 1]: one number or one a channel.
        interpolation: nearest, linear, cubic, lanczos or area.
    Draws: x and y uniform in offset_frac_range.
    Cost: one resample, shared with the warps around it.
    """

    offset_frac_range: Range = (-0.1, 0.1)
    axis: Literal["x", "y", "both"] = "both"

    def draw(self, rng: Rng, info: Info) -> dict[str, float]:
        """Draw the offsets."""
        x, y = rng.uniform(*self.offset_frac_range), rng.uniform(*self.offset_frac_range)
        return {"x_frac": 0.0 if self.axis == "y" else x, "y_frac": 0.0 if self.axis == "x" else y}

    def effect(self, draw: Any, info: Info) -> Warp:
        """Return the warp."""
        height, width = info.size.height, info.size.width
        return self.warp(geo.translation(draw["x_frac"] * width, draw["y_frac"] * height), height, width)


class Scale(Warped):
    """Scale about the centre, canvas kept.

    Fields: image or raw_image; every target on it follows.

    Args:
        scale_range: (lo, hi) factor; above 1 enlarges.
        keep_ratio: Whether x and y share one factor.
        border: What lies outside: ``constant`` (``fill``), ``reflect`` or ``replicate``.
        fill: Colour of a constant border, in [0, 1]: one number or one a channel.
        interpolation: nearest, linear, cubic, lanczos or area.
    Draws: factors, uniform in their logarithm in scale_range.
    Cost: one resample, shared with the warps around it.
    """

    scale_range: PositiveRange = (0.8, 1.25)
    keep_ratio: bool = True

    def draw(self, rng: Rng, info: Info) -> dict[str, float]:
        """Draw the factors."""
        x = rng.log_uniform(*self.scale_range)
        return {"x": x, "y": x if self.keep_ratio else rng.log_uniform(*self.scale_range)}

    def effect(self, draw: Any, info: Info) -> Warp:
        """Return the warp."""
        return self.centred(geo.scaling(draw["x"], draw["y"]), info)


class Shear(Warped):
    """Shear along x and y about the centre.

    Fields: image or raw_image; every target on it follows.

    Args:
        shear_deg_range: (lo, hi) angle in degrees, inside (-80, 80); x and y are drawn apart.
        axis: Shear along ``x``, ``y`` or ``both``.
        border: What lies outside: ``constant`` (``fill``), ``reflect`` or ``replicate``.
        fill: Colour of a constant border, in [0, 1]: one number or one a channel.
        interpolation: nearest, linear, cubic, lanczos or area.
    Draws: angles uniform in shear_deg_range.
    Cost: one resample, shared with the warps around it.
    """

    shear_deg_range: Annotated[Range, Within(-80.0, 80.0)] = (-10.0, 10.0)
    axis: Literal["x", "y", "both"] = "x"

    def draw(self, rng: Rng, info: Info) -> dict[str, float]:
        """Draw the angles."""
        x, y = rng.uniform(*self.shear_deg_range), rng.uniform(*self.shear_deg_range)
        return {"x_deg": 0.0 if self.axis == "y" else x, "y_deg": 0.0 if self.axis == "x" else y}

    def effect(self, draw: Any, info: Info) -> Warp:
        """Return the warp."""
        return self.centred(sheared(draw["x_deg"], draw["y_deg"]), info)


class Affine(Warped):
    """Shear, scale, rotate and shift at once, about the centre.

    Fields: image or raw_image; every target on it follows.

    Args:
        angle_deg_range: (lo, hi) in degrees, anticlockwise as seen.
        offset_frac_range: (lo, hi) as a fraction of the side; x and y are drawn apart.
        scale_range: (lo, hi) factor; one for both axes.
        shear_deg_range: (lo, hi) in degrees, inside (-80, 80), along x and along y, drawn apart.
        border: What lies outside: ``constant`` (``fill``), ``reflect`` or ``replicate``.
        fill: Colour of a constant border, in [0, 1]: one number or one a channel.
        interpolation: nearest, linear, cubic, lanczos or area.
    Draws: angle, offsets and shears uniform; scale uniform in its logarithm.
    Cost: one resample, shared with the warps around it.
    """

    angle_deg_range: Range = (-15.0, 15.0)
    offset_frac_range: Range = (-0.1, 0.1)
    scale_range: PositiveRange = (0.9, 1.1)
    shear_deg_range: Annotated[Range, Within(-80.0, 80.0)] = (-5.0, 5.0)

    def draw(self, rng: Rng, info: Info) -> dict[str, float]:
        """Draw all six numbers."""
        return {
            "angle_deg": rng.uniform(*self.angle_deg_range),
            "x_frac": rng.uniform(*self.offset_frac_range),
            "y_frac": rng.uniform(*self.offset_frac_range),
            "scale": rng.log_uniform(*self.scale_range),
            "x_deg": rng.uniform(*self.shear_deg_range),
            "y_deg": rng.uniform(*self.shear_deg_range),
        }

    def effect(self, draw: Any, info: Info) -> Warp:
        """Return the warp."""
        height, width = info.size.height, info.size.width
        a, b, _, d, e, *_ = geo.compose(geo.rotation(draw["angle_deg"]), sheared(draw["x_deg"], draw["y_deg"]))
        k, x, y = draw["scale"], width / 2, height / 2
        a, b, d, e = a * k, b * k, d * k, e * k
        to_x, to_y = x + draw["x_frac"] * width, y + draw["y_frac"] * height
        matrix = (a, b, to_x - a * x - b * y, d, e, to_y - d * x - e * y, 0.0, 0.0, 1.0)
        return self.warp(matrix, height, width)


class Perspective(Warped):
    """Look at the picture from a little aside: a quad with its corners drawn inwards is stretched to the canvas.

    Fields: image or raw_image; every target on it follows.

    Args:
        distortion_frac_range: (lo, hi) in [0, 0.45]: how far each corner moves in, as a fraction of each side.
        interpolation: nearest, linear, cubic, lanczos or area.
        border: What lies outside (rounding at the edge aside, nothing does).
        fill: Colour of a constant border, in [0, 1].
    Draws: eight fractions, uniform in distortion_frac_range.
    Cost: one resample, shared with the warps around it.
    """

    distortion_frac_range: Annotated[Range, Within(0.0, 0.45)] = (0.0, 0.1)

    def draw(self, rng: Rng, info: Info) -> dict[str, list[float]]:
        """Draw how far each corner moves in, x and y."""
        return {"corners_frac": [rng.uniform(*self.distortion_frac_range) for _ in range(8)]}

    def effect(self, draw: Any, info: Info) -> Warp:
        """Return the warp."""
        height, width = info.size.height, info.size.width
        f = draw["corners_frac"]
        quad = (
            (f[0] * width, f[1] * height),
            ((1 - f[2]) * width, f[3] * height),
            ((1 - f[4]) * width, (1 - f[5]) * height),
            (f[6] * width, (1 - f[7]) * height),
        )
        return self.warp(geo.compose(geo.scaling(width, height), geo.invert(square_to_quad(quad))), height, width)


class Flip(Op):
    """Mirror the picture, pixel for pixel.

    Fields: image or raw_image; every target on it follows; keypoints with a ``swap`` table trade left and right.

    Args:
        axis: ``horizontal`` turns left into right, ``vertical`` top into bottom, ``both`` does both.
    Draws: nothing; give ``p: 0.5`` to flip half of the records.
    Cost: a copy.
    """

    on = PLANES

    axis: Literal["horizontal", "vertical", "both"] = "horizontal"

    def effect(self, draw: Any, info: Info) -> Warp:
        """Return the warp."""
        height, width = info.size.height, info.size.width
        a, c = (1.0, 0.0) if self.axis == "vertical" else (-1.0, float(width))
        e, f = (1.0, 0.0) if self.axis == "horizontal" else (-1.0, float(height))
        return Warp((a, 0.0, c, 0.0, e, f, 0.0, 0.0, 1.0), (height, width))


def inner_rectangle(height: int, width: int, degrees: float) -> tuple[int, int]:
    """Return the whole-pixel height and width of the largest upright rectangle inside a turned one, same middle.

    Either its four corners touch the sides (the turned rectangle is not much longer than wide), or two of them touch
    the long sides and it is as long as these allow.
    """
    sin, cos = abs(math.sin(math.radians(degrees))), abs(math.cos(math.radians(degrees)))
    long, short = max(height, width), min(height, width)
    if short <= 2.0 * sin * cos * long or abs(sin - cos) < 1e-10:
        half = 0.5 * short
        w, h = (
            (half / max(sin, 1e-12), half / max(cos, 1e-12))
            if width >= height
            else (half / max(cos, 1e-12), half / max(sin, 1e-12))
        )
    else:
        double = cos * cos - sin * sin
        w, h = (width * cos - height * sin) / double, (height * cos - width * sin) / double
    return max(1, math.floor(h + 1e-9)), max(1, math.floor(w + 1e-9))


def sheared(x_deg: float, y_deg: float) -> Matrix:
    """Return the shear along x, then along y; area is kept whatever the angles."""
    tx, ty = math.tan(math.radians(x_deg)), math.tan(math.radians(y_deg))
    return (1.0, tx, 0.0, ty, 1.0 + tx * ty, 0.0, 0.0, 0.0, 1.0)


def square_to_quad(quad: tuple[tuple[float, float], ...]) -> Matrix:
    """Return the homography from the unit square to a convex quad (its corners clockwise as seen, from the top left).

    Reference: Heckbert, Fundamentals of Texture Mapping and Image Warping, 1989, section 2.2.3.
    """
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = quad
    sx, sy = x0 - x1 + x2 - x3, y0 - y1 + y2 - y3
    dx1, dy1, dx2, dy2 = x1 - x2, y1 - y2, x3 - x2, y3 - y2
    det = dx1 * dy2 - dx2 * dy1
    g, h = (sx * dy2 - dx2 * sy) / det, (dx1 * sy - sx * dy1) / det
    return (
        x1 - x0 + g * x1, x3 - x0 + h * x3, x0,
        y1 - y0 + g * y1, y3 - y0 + h * y3, y0,
        g, h, 1.0,
    )  # fmt: skip
