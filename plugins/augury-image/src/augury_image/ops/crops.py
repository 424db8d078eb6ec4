"""Warps that change the canvas: crop, box-safe crop, resized crop, resize, pad. Whole-pixel ones are exact copies."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal, TypeAlias

from augury.effects import Border, Fill, Interpolation, Warp
from augury.errors import ParamError, describe
from augury.op import Info, Op
from augury.params import FractionRange, PositiveRange, Within
from augury.rng import Rng
from augury.spaces import geometry as geo
from augury_image.ops.geometry import PLANES

Side: TypeAlias = Annotated[int, Within(1, 32767)]
Size: TypeAlias = tuple[int, int]
"""Height and width in pixels."""


class Sized(Op):
    """Base of ops with sizes in pixels: they must be at least 1."""

    on = PLANES

    def check_size(self, size: Size | None, name: str = "size") -> None:
        """Refuse sides below one pixel or too long for the resampling kernels."""
        if size is not None and not all(1 <= side <= 32767 for side in size):
            where = f"{self.entry_id or type(self).__name__}.{name}"
            raise ParamError(describe(where, "height and width from 1 to 32767 px", size, fix="give [height, width]"))


class Crop(Sized):
    """Keep a part of the picture, pixel for pixel.

    Fields: image or raw_image; every target on it follows and is cut.

    Args:
        size: Height and width in pixels; null takes a fraction of the sides instead. A smaller picture is put in the
            middle and the rest painted.
        side_frac_range: (lo, hi) fraction of height and of width, drawn apart, where ``size`` is null.
        position: ``random``, ``center``, or ``fixed`` at ``corner_px``.
        corner_px: Top and left of a ``fixed`` crop, in pixels; it is held inside the picture.
        border: What lies outside a smaller picture: ``constant`` (``fill``), ``reflect`` or ``replicate``.
        fill: Colour of a constant border, in [0, 1]: one number or one a channel.
    Draws: the sides' fractions and the place, uniform.
    Cost: a copy of the part.
    """

    size: Size | None = None
    side_frac_range: FractionRange = (0.6, 0.9)
    position: Literal["random", "center", "fixed"] = "random"
    corner_px: tuple[int, int] = (0, 0)
    border: Border = "constant"
    fill: Annotated[Fill, Within(0.0, 1.0)] = 0.0

    def check_params(self) -> None:
        """Check ``size``."""
        self.check_size(self.size)

    def draw(self, rng: Rng, info: Info) -> dict[str, float]:
        """Draw fractions and place."""
        h_frac, w_frac = rng.uniform(*self.side_frac_range), rng.uniform(*self.side_frac_range)
        x, y = rng.random(), rng.random()
        if self.position == "center":
            x = y = 0.5
        return {"h_frac": h_frac, "w_frac": w_frac, "x": x, "y": y}

    def effect(self, draw: Any, info: Info) -> Warp:
        """Return the warp."""
        height, width = info.size.height, info.size.width
        h, w = self.size or (max(1, round(draw["h_frac"] * height)), max(1, round(draw["w_frac"] * width)))
        x0 = self._start(draw["x"], width, w, self.corner_px[1])
        y0 = self._start(draw["y"], height, h, self.corner_px[0])
        return Warp(geo.translation(-float(x0), -float(y0)), (h, w), self.border, self.fill)

    def _start(self, place: float, side: int, length: int, corner: int) -> int:
        if length > side:
            return (side - length) // 2
        if self.position == "fixed":
            return min(max(corner, 0), side - length)
        return math.floor(place * (side - length + 1))


class BoxSafeCrop(Op):
    """Keep a random part of the picture that holds everything that lies on it: boxes, points, outlines.

    Fields: image or raw_image; targets with bounds (boxes, oriented boxes, keypoints, polygons) are kept
        whole; masks are cut.

    Args:
        side_frac_range: (lo, hi) fraction of height and of width that is wanted; more is kept where targets need it.
    Draws: the crop in pixels: sides uniform in side_frac_range or what targets need, place uniform among those
        that hold them.
    Cost: a copy of the part; targets are looked at, pixels are not.
    """

    on = PLANES
    reads = frozenset({"targets"})

    side_frac_range: FractionRange = (0.5, 1.0)

    def draw(self, rng: Rng, info: Info) -> dict[str, int]:
        """Draw the crop around the targets."""
        height, width = info.size.height, info.size.width
        found = [value.bounds() for value in info.targets.values() if hasattr(value, "bounds")]
        held = [b for b in found if b is not None]
        x = (min(b[0] for b in held), max(b[2] for b in held)) if held else None
        y = (min(b[1] for b in held), max(b[3] for b in held)) if held else None
        x0, x1 = self._span(rng, width, x)
        y0, y1 = self._span(rng, height, y)
        return {"x0": x0, "y0": y0, "x1": x1, "y1": y1}

    def _span(self, rng: Rng, side: int, held: tuple[float, float] | None) -> tuple[int, int]:
        length = max(1, round(side * rng.uniform(*self.side_frac_range)))
        if held is None:
            start = rng.integer(0, side - length)
            return start, start + length
        lo, hi = max(0, math.floor(held[0])), min(side, math.ceil(held[1]))
        length = max(length, hi - lo)
        start = rng.integer(max(0, hi - length), min(lo, side - length))
        return start, start + length

    def effect(self, draw: Any, info: Info) -> Warp:
        """Return the warp."""
        shift = geo.translation(-float(draw["x0"]), -float(draw["y0"]))
        return Warp(shift, (draw["y1"] - draw["y0"], draw["x1"] - draw["x0"]))


class ResizedCrop(Sized):
    """Crop a random area and shape, and resize it: the usual crop of image classification.

    Fields: image or raw_image; every target on it follows and is cut.

    Args:
        size: Height and width of the output in pixels.
        area_frac_range: (lo, hi) of the picture's area that the crop covers, in [0, 1].
        ratio_range: (lo, hi) of the crop's width over its height.
        interpolation: nearest, linear, cubic, lanczos or area. Shrinking reads every pixel (no aliasing).
    Draws: the crop in pixels: area uniform, ratio uniform in its logarithm, up to ten tries to fit, else the middle.
        Its sides are rounded to what the reduction of a strong shrink takes at a time (2, 4, ... pixels).
    Cost: one resample, shared with the warps around it.
    Reference: Szegedy et al., Going Deeper with Convolutions, 2014, section 6.
    """

    size: Size = (224, 224)
    area_frac_range: FractionRange = (0.08, 1.0)
    ratio_range: PositiveRange = (0.75, 4.0 / 3.0)
    interpolation: Interpolation = "linear"

    def check_params(self) -> None:
        """Check ``size``."""
        self.check_size(self.size)

    def draw(self, rng: Rng, info: Info) -> dict[str, int]:
        """Draw the crop."""
        height, width = info.size.height, info.size.width
        for _ in range(10):
            area = rng.uniform(*self.area_frac_range) * height * width
            ratio = rng.log_uniform(*self.ratio_range)
            w, h = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
            if 0 < w <= width and 0 < h <= height:
                break
        else:
            ratio = min(max(width / height, self.ratio_range[0]), self.ratio_range[1])
            w, h = max(1, min(width, round(height * ratio))), max(1, min(height, round(width / ratio)))
        w, h = _whole_blocks(w, self.size[1]), _whole_blocks(h, self.size[0])
        return {"x0": rng.integer(0, width - w), "y0": rng.integer(0, height - h), "w": w, "h": h}

    def effect(self, draw: Any, info: Info) -> Warp:
        """Return the warp."""
        x, y = self.size[1] / draw["w"], self.size[0] / draw["h"]
        matrix = (x, 0.0, -draw["x0"] * x, 0.0, y, -draw["y0"] * y, 0.0, 0.0, 1.0)
        return Warp(matrix, self.size, interpolation=self.interpolation)


class Resize(Sized):
    """Resize to a given size.

    Fields: image or raw_image; every target on it follows.

    Args:
        size: Height and width in pixels.
        mode: ``stretch`` to exactly this size; ``inside`` keeps the ratio and fits into it; ``cover`` keeps the ratio
            and fills it, cutting the rest; ``letterbox`` keeps the ratio and paints the rest.
        fill: Colour of a letterbox, in [0, 1]: one number or one a channel.
        interpolation: nearest, linear, cubic, lanczos or area. Shrinking reads every pixel (no aliasing).
    Draws: nothing.
    Cost: one resample, shared with the warps around it.
    """

    size: Size = (256, 256)
    mode: Literal["stretch", "inside", "cover", "letterbox"] = "stretch"
    fill: Annotated[Fill, Within(0.0, 1.0)] = 0.0
    interpolation: Interpolation = "linear"

    def check_params(self) -> None:
        """Check ``size``."""
        self.check_size(self.size)

    def effect(self, draw: Any, info: Info) -> Warp:
        """Return the warp."""
        x, y = self.size[1] / info.size.width, self.size[0] / info.size.height
        size = self.size
        if self.mode == "inside":
            k = min(x, y)
            size = max(1, round(info.size.height * k)), max(1, round(info.size.width * k))
            x, y = size[1] / info.size.width, size[0] / info.size.height
        elif self.mode != "stretch":
            x = y = max(x, y) if self.mode == "cover" else min(x, y)
        left, top = (size[1] - x * info.size.width) / 2, (size[0] - y * info.size.height) / 2
        return Warp((x, 0.0, left, 0.0, y, top, 0.0, 0.0, 1.0), size, "constant", self.fill, self.interpolation)


class Pad(Sized):
    """Add a margin around the picture, which stays pixel for pixel.

    Fields: image or raw_image; every target on it follows.

    Args:
        margin_px: Margins (top, right, bottom, left) in pixels.
        size: Least height and width; what is missing after the margins is added on both sides. Null asks for none.
        multiple_of: Both sides are padded on, at the right and the bottom, to a multiple of this.
        border: What the margin shows: ``constant`` (``fill``), ``reflect`` or ``replicate``.
        fill: Colour of a constant border, in [0, 1]: one number or one a channel.
    Draws: nothing.
    Cost: a copy.
    """

    margin_px: tuple[int, int, int, int] = (16, 16, 16, 16)
    size: Size | None = None
    multiple_of: Side = 1
    border: Border = "constant"
    fill: Annotated[Fill, Within(0.0, 1.0)] = 0.0

    def check_params(self) -> None:
        """Check ``size`` and that margins do not cut."""
        self.check_size(self.size)
        if min(self.margin_px) < 0:
            where = f"{self.entry_id or type(self).__name__}.margin_px"
            raise ParamError(describe(where, "margins of at least 0 px", self.margin_px, fix="use image.crop to cut"))

    def effect(self, draw: Any, info: Info) -> Warp:
        """Return the warp."""
        top, right, bottom, left = self.margin_px
        height, width = info.size.height + top + bottom, info.size.width + left + right
        if self.size is not None:
            more_y, more_x = max(0, self.size[0] - height), max(0, self.size[1] - width)
            top, left, height, width = top + more_y // 2, left + more_x // 2, height + more_y, width + more_x
        height, width = (-(-side // self.multiple_of) * self.multiple_of for side in (height, width))
        return Warp(geo.translation(float(left), float(top)), (height, width), self.border, self.fill)


def _whole_blocks(side: int, out: int) -> int:
    """Round a side down to a multiple of the power of two it is reduced by before it is resized to ``out``."""
    block = 1
    while out * block * 3 < side * 2:
        block *= 2
    return side - side % block
