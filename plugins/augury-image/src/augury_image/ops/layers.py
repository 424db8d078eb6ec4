"""Compositions: erasing, mixup, mosaic. Targets follow their own source's place, cut by what covers them."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from augury.effects import SELF, Fill, Layer, Layers, Matrix, Polygon
from augury.errors import ParamError, describe
from augury.op import Info, Op
from augury.params import FractionRange, IntRange, Within
from augury.rng import Rng, generator


class Erasing(Op):
    """Cover random rectangles with a colour or with noise.

    Fields: image; targets are cut by the rectangles: covered points are gone, boxes shrink to what is seen.

    Args:
        holes_range: (lo, hi) of the number of rectangles.
        height_frac_range: (lo, hi) of a rectangle's height, as a fraction of the picture's.
        width_frac_range: (lo, hi) of a rectangle's width, as a fraction of the picture's.
        fill: Colour, in [0, 1]: one number or one a channel.
        noise: Whether to fill with uniform noise instead of the colour.
    Draws: number, sizes and places, uniform; sub-seeds for noise.
    Cost: a copy of the picture and the rectangles.
    Reference: Zhong et al., Random Erasing Data Augmentation, 2017; DeVries and Taylor, Cutout, 2017.
    """

    on = "image"

    holes_range: Annotated[IntRange, Within(0, 1000)] = (1, 1)
    height_frac_range: FractionRange = (0.1, 0.3)
    width_frac_range: FractionRange = (0.1, 0.3)
    fill: Annotated[Fill, Within(0.0, 1.0)] = 0.0
    noise: bool = False

    def draw(self, rng: Rng, info: Info) -> dict[str, Any]:
        """Draw rectangles in pixels: left, top, width, height, and a sub-seed or null."""
        height, width = info.size.height, info.size.width
        holes = []
        for _ in range(rng.integer(*self.holes_range)):
            h = max(1, round(rng.uniform(*self.height_frac_range) * height))
            w = max(1, round(rng.uniform(*self.width_frac_range) * width))
            left, top = rng.integer(0, width - w), rng.integer(0, height - h)
            holes.append([left, top, w, h, rng.seed() if self.noise else None])
        return {"holes": holes}

    def effect(self, draw: Any, info: Info) -> Layers:
        """Return the layers."""
        layers = [Layer(SELF)]
        for left, top, w, h, seed in draw["holes"]:
            layers.append(Layer(None, region=box_region(left, top, left + w, top + h), fill=self.fill, noise_seed=seed))
        return Layers((info.size.height, info.size.width), tuple(layers))


class Mixup(Op):
    """Blend the picture with another record's; labels mix in the same shares.

    Fields: image; the targets of both are kept; the field with role label becomes a distribution. The other picture is
        scaled to cover this one's canvas.

    Args:
        alpha: Both parameters of the beta distribution that this record's share is drawn from.
    Draws: share in [0, 1].
    Cost: one resample of the other picture and one pass.
    Reference: Zhang et al., mixup: Beyond Empirical Risk Minimization, 2017.
    """

    on = "image"
    donors = 1
    makes: ClassVar = {"label": "distribution"}

    alpha: Annotated[float, Within(0.01, 100.0)] = 0.4

    def draw(self, rng: Rng, info: Info) -> dict[str, float]:
        """Draw this record's share."""
        return {"share": float(generator(rng.seed()).beta(self.alpha, self.alpha))}

    def effect(self, draw: Any, info: Info) -> Layers:
        """Return the layers."""
        height, width = info.size.height, info.size.width
        other = info.donors[0].size
        place = covering(other.width, other.height, 0.0, 0.0, float(width), float(height))
        share = draw["share"]
        own = Layer(SELF, weight=share)
        return Layers((height, width), (own, Layer(0, place, alpha=1.0 - share, hides=False, weight=1.0 - share)))


class Mosaic(Op):
    """Put the picture and three others into the quarters of one canvas.

    Fields: image; the targets of all four follow, cut to their quarter; the field with role label becomes a
        distribution by area. Each picture is scaled to cover its quarter, the rest of it cut evenly.

    Args:
        size: Height and width of the canvas in pixels; null keeps this picture's.
        center_frac_range: (lo, hi) of where the quarters meet, as a fraction of height and of width.
    Draws: the meeting point, uniform; which picture goes where.
    Cost: one resample of each quarter.
    Reference: Bochkovskiy et al., YOLOv4, 2020, section 3.3.
    """

    on = "image"
    donors = 3
    makes: ClassVar = {"label": "distribution"}

    size: tuple[int, int] | None = None
    center_frac_range: FractionRange = (0.3, 0.7)

    def check_params(self) -> None:
        """Refuse a canvas too small for four quarters."""
        if self.size is not None and not all(2 <= side <= 32767 for side in self.size):
            where = f"{self.entry_id or 'mosaic'}.size"
            raise ParamError(
                describe(where, "height and width from 2 to 32767 px", self.size, fix="give [height, width]")
            )

    def draw(self, rng: Rng, info: Info) -> dict[str, Any]:
        """Draw the meeting point and the order (top left, top right, bottom left, bottom right; 3 is this record)."""
        x, y = rng.uniform(*self.center_frac_range), rng.uniform(*self.center_frac_range)
        return {"x_frac": x, "y_frac": y, "order": rng.permutation(4)}

    def effect(self, draw: Any, info: Info) -> Layers:
        """Return the layers."""
        height, width = self.size or (info.size.height, info.size.width)
        x, y = round(draw["x_frac"] * width), round(draw["y_frac"] * height)
        cells = ((0, 0, x, y), (x, 0, width, y), (0, y, x, height), (x, y, width, height))
        layers = []
        for (x0, y0, x1, y1), k in zip(cells, draw["order"], strict=True):
            if x0 < x1 and y0 < y1:
                source = info.size if k == 3 else info.donors[k].size
                place = covering(source.width, source.height, x0, y0, x1, y1)
                layers.append(Layer(SELF if k == 3 else k, place, region=box_region(x0, y0, x1, y1)))
        return Layers((height, width), tuple(layers))


def box_region(x0: float, y0: float, x1: float, y1: float) -> Polygon:
    """Return an upright rectangle as a region."""
    return ((x0, y0), (x1, y0), (x1, y1), (x0, y1))


def covering(width: int, height: int, x0: float, y0: float, x1: float, y1: float) -> Matrix:
    """Return the place of a picture scaled so that it covers a box, ratio kept, its middle on the box's."""
    k = max((x1 - x0) / width, (y1 - y0) / height)
    left, top = (x0 + x1 - k * width) / 2, (y0 + y1 - k * height) / 2
    return (k, 0.0, left, 0.0, k, top, 0.0, 0.0, 1.0)
