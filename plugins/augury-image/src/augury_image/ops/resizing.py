"""Warps that choose the canvas by a side or a factor: one side to a length, rescale, zoom out."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from augury.effects import Border, Fill, Interpolation, Warp
from augury.op import Info, Op
from augury.params import IntRange, PositiveRange, Within
from augury.rng import Rng
from augury.spaces import geometry as geo
from augury_image.ops.crops import Sized
from augury_image.ops.geometry import PLANES

LONGEST = 32767


class ResizeSide(Op):
    """Resize so that the longest or the shortest side has a given length; the ratio is kept.

    Fields: image or raw_image; every target on it follows.

    Args:
        length_px_range: (lo, hi) of the side's length in pixels.
        side: ``longest`` or ``shortest``.
        max_length_px: The other side is held to this; the ratio is still kept.
        interpolation: nearest, linear, cubic, lanczos or area. Shrinking reads every pixel (no aliasing).
    Draws: the length, uniform.
    Cost: one resample, shared with the warps around it.
    """

    on = PLANES

    length_px_range: Annotated[IntRange, Within(1, LONGEST)] = (224, 320)
    side: Literal["longest", "shortest"] = "longest"
    max_length_px: Annotated[int, Within(1, LONGEST)] = LONGEST
    interpolation: Interpolation = "linear"

    def draw(self, rng: Rng, info: Info) -> dict[str, int]:
        """Draw the length."""
        return {"length_px": rng.integer(*self.length_px_range)}

    def effect(self, draw: Any, info: Info) -> Warp:
        """Return the warp."""
        height, width = info.size.height, info.size.width
        chosen = max(height, width) if self.side == "longest" else min(height, width)
        factor = min(draw["length_px"] / chosen, self.max_length_px / max(height, width))
        return resized(factor, height, width, self.interpolation)


class Rescale(Sized):
    """Resize by a factor; the canvas grows or shrinks with the picture.

    Fields: image or raw_image; every target on it follows.

    Args:
        scale_range: (lo, hi) of the factor; above 1 enlarges.
        from_size: The factor is counted from the picture resized to fit into this height and width; null counts from
            the picture itself.
        interpolation: nearest, linear, cubic, lanczos or area. Shrinking reads every pixel (no aliasing).
    Draws: the factor, uniform in its logarithm.
    Cost: one resample, shared with the warps around it.
    """

    scale_range: PositiveRange = (0.8, 1.25)
    from_size: tuple[int, int] | None = None
    interpolation: Interpolation = "linear"

    def check_params(self) -> None:
        """Check ``from_size``."""
        self.check_size(self.from_size, "from_size")

    def draw(self, rng: Rng, info: Info) -> dict[str, float]:
        """Draw the factor."""
        return {"scale": rng.log_uniform(*self.scale_range)}

    def effect(self, draw: Any, info: Info) -> Warp:
        """Return the warp."""
        height, width = info.size.height, info.size.width
        fit = 1.0 if self.from_size is None else min(self.from_size[0] / height, self.from_size[1] / width)
        return resized(draw["scale"] * fit, height, width, self.interpolation)


class ZoomOut(Op):
    """Put the picture at a random place of a larger canvas, pixel for pixel: objects become small for a detector.

    Fields: image or raw_image; every target on it follows.

    Args:
        side_factor_range: (lo, hi) of the canvas's sides over the picture's, in [1, 10].
        border: What lies outside: ``constant`` (``fill``), ``reflect`` or ``replicate``.
        fill: Colour of a constant border, in [0, 1]: one number or one a channel.
    Draws: the factor and the place, uniform.
    Cost: a copy.
    Reference: Liu et al., SSD, 2016, section 3.6.
    """

    on = PLANES

    side_factor_range: Annotated[tuple[float, float], Within(1.0, 10.0)] = (1.0, 4.0)
    border: Border = "constant"
    fill: Annotated[Fill, Within(0.0, 1.0)] = 0.0

    def draw(self, rng: Rng, info: Info) -> dict[str, float]:
        """Draw factor and place."""
        return {"side_factor": rng.uniform(*self.side_factor_range), "x": rng.random(), "y": rng.random()}

    def effect(self, draw: Any, info: Info) -> Warp:
        """Return the warp."""
        height, width = info.size.height, info.size.width
        h, w = (min(LONGEST, round(side * draw["side_factor"])) for side in (height, width))
        x, y = round(draw["x"] * (w - width)), round(draw["y"] * (h - height))
        return Warp(geo.translation(float(x), float(y)), (h, w), self.border, self.fill)


def resized(factor: float, height: int, width: int, interpolation: Interpolation) -> Warp:
    """Return the warp to the whole-pixel size nearest to ``factor`` times a picture's."""
    h, w = (min(LONGEST, max(1, round(side * factor))) for side in (height, width))
    return Warp(geo.scaling(w / width, h / height), (h, w), interpolation=interpolation)
