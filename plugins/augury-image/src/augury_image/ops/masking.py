"""Masking: grids, stripes, single pixels, parts of objects and whole objects are covered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np

from augury.effects import SELF, Fill, Layer, Layers, Pixels, Polygon
from augury.op import Info, Op
from augury.params import Fraction, FractionRange, IntRange, Within
from augury.rng import Rng, generator
from augury_image.boxing import boxes_of, convex_pieces, objects_of
from augury_image.ops.layers import box_region
from augury_image.paint import colour_of


class Masking(Op):
    """Base of the ops that cover parts of the picture with a colour or with noise."""

    on = "image"

    fill: Annotated[Fill, Within(0.0, 1.0)] = 0.0
    noise: bool = False

    def covering(self, regions: Sequence[Polygon], seed: int | None, info: Info) -> Layers:
        """Return the layers: the picture, and over it one for each convex region."""
        over = [
            Layer(None, region=region, fill=self.fill, noise_seed=None if seed is None else (seed + k) % 2**63)
            for k, region in enumerate(regions)
        ]
        return Layers((info.size.height, info.size.width), (Layer(SELF), *over))


class GridDropout(Masking):
    """Cover the cells of a grid: in each, a rectangle.

    Fields: image; targets are cut by the rectangles: covered points are gone, boxes shrink to what is seen.

    Args:
        cell_frac_range: (lo, hi) of a cell's side, as a fraction of the shorter side of the picture, in [0.02, 1].
        covered_frac: Which part of a cell's sides is covered.
        fill: Colour, in [0, 1]: one number or one a channel.
        noise: Whether to fill with uniform noise instead of the colour.
    Draws: the cell's side and where the grid starts, uniform; a sub-seed for noise.
    Cost: a copy of the picture and the rectangles.
    Reference: Chen et al., GridMask Data Augmentation, 2020.
    """

    cell_frac_range: Annotated[tuple[float, float], Within(0.02, 1.0)] = (0.15, 0.3)
    covered_frac: Fraction = 0.5

    def draw(self, rng: Rng, info: Info) -> dict[str, Any]:
        """Draw the grid in pixels: side of a cell, left and top of the first one."""
        cell = max(2, round(rng.uniform(*self.cell_frac_range) * min(info.size.height, info.size.width)))
        x, y = rng.integer(0, cell - 1), rng.integer(0, cell - 1)
        return {"cell_px": cell, "x": x, "y": y, "seed": rng.seed() if self.noise else None}

    def effect(self, draw: Any, info: Info) -> Layers:
        """Return the layers."""
        cell, height, width = draw["cell_px"], info.size.height, info.size.width
        side = round(cell * self.covered_frac)
        regions = [
            box_region(max(x, 0), max(y, 0), min(x + side, width), min(y + side, height))
            for y in range(draw["y"] - cell, height, cell)
            for x in range(draw["x"] - cell, width, cell)
            if side and x + side > 0 and y + side > 0
        ]
        return self.covering(regions, draw["seed"], info)


class XyMasking(Masking):
    """Cover stripes: columns and rows, as SpecAugment does with time and frequency.

    Fields: image; targets are cut by the stripes.

    Args:
        columns_range: (lo, hi) of the number of upright stripes.
        rows_range: (lo, hi) of the number of level stripes.
        width_frac_range: (lo, hi) of a stripe's thickness, as a fraction of the side it takes from.
        fill: Colour, in [0, 1]: one number or one a channel.
        noise: Whether to fill with uniform noise instead of the colour.
    Draws: numbers, thicknesses and places, uniform; a sub-seed for noise.
    Cost: a copy of the picture and the stripes.
    Reference: Park et al., SpecAugment, 2019.
    """

    columns_range: Annotated[IntRange, Within(0, 100)] = (1, 2)
    rows_range: Annotated[IntRange, Within(0, 100)] = (1, 2)
    width_frac_range: FractionRange = (0.02, 0.1)

    def draw(self, rng: Rng, info: Info) -> dict[str, Any]:
        """Draw the stripes in pixels: [start, end) of columns and of rows."""
        columns = [self._stripe(rng, info.size.width) for _ in range(rng.integer(*self.columns_range))]
        rows = [self._stripe(rng, info.size.height) for _ in range(rng.integer(*self.rows_range))]
        return {"columns": columns, "rows": rows, "seed": rng.seed() if self.noise else None}

    def _stripe(self, rng: Rng, side: int) -> list[int]:
        thick = min(side, max(1, round(rng.uniform(*self.width_frac_range) * side)))
        start = rng.integer(0, side - thick)
        return [start, start + thick]

    def effect(self, draw: Any, info: Info) -> Layers:
        """Return the layers."""
        height, width = info.size.height, info.size.width
        regions = [box_region(a, 0, b, height) for a, b in draw["columns"]]
        return self.covering([*regions, *(box_region(0, a, width, b) for a, b in draw["rows"])], draw["seed"], info)


class PixelDropout(Op):
    """Set single pixels to a colour, as dead pixels of a sensor.

    Fields: image; targets stay: no object is hidden by single pixels.

    Args:
        dropped_frac_range: (lo, hi) of the share of pixels.
        per_channel: Whether each channel drops its own pixels.
        fill: Colour, in [0, 1]: one number or one a channel.
    Draws: the share, uniform; a sub-seed.
    Cost: a copy of the picture and one random number for each pixel.
    """

    on = "image"

    dropped_frac_range: FractionRange = (0.005, 0.02)
    per_channel: bool = False
    fill: Annotated[Fill, Within(0.0, 1.0)] = 0.0

    def draw(self, rng: Rng, info: Info) -> dict[str, float]:
        """Draw the share and the sub-seed."""
        return {"dropped_frac": rng.uniform(*self.dropped_frac_range), "seed": rng.seed()}

    def effect(self, draw: Any, info: Info) -> Pixels:
        """Return the function."""
        args = {**draw, "per_channel": self.per_channel, "fill": self.fill}
        return Pixels(drop_pixels, args, ("uint8", "uint16", "float32"))


def drop_pixels(image: np.ndarray, dropped_frac: float, seed: int, per_channel: bool, fill: Fill) -> np.ndarray:
    """Return a copy with a share of the pixels (or of each channel's numbers) set to ``fill``."""
    height, width, channels = image.shape
    chosen = generator(seed).random((height, width, channels if per_channel else 1), np.float32) < dropped_frac
    colour = np.array(colour_of(fill, channels, image.dtype), image.dtype)
    return np.where(chosen, colour, image)


class ObjectErasing(Masking):
    """Cover random rectangles on objects, so that they must be known by their other parts.

    Fields: image; targets are cut by the rectangles. Objects are those of boxes, oriented boxes, polygons and lines;
        a picture without any stays as it is.

    Args:
        objects_frac_range: (lo, hi) of the share of objects that get holes.
        holes_range: (lo, hi) of the number of rectangles on an object.
        height_frac_range: (lo, hi) of a rectangle's height, as a fraction of the object's.
        width_frac_range: (lo, hi) of a rectangle's width, as a fraction of the object's.
        fill: Colour, in [0, 1]: one number or one a channel.
        noise: Whether to fill with uniform noise instead of the colour.
    Draws: objects, numbers, sizes and places, uniform; a sub-seed for noise.
    Cost: a copy of the picture and the rectangles; targets are looked at.
    """

    reads = frozenset({"targets"})

    objects_frac_range: FractionRange = (0.5, 1.0)
    holes_range: Annotated[IntRange, Within(0, 100)] = (1, 2)
    height_frac_range: FractionRange = (0.2, 0.5)
    width_frac_range: FractionRange = (0.2, 0.5)

    def draw(self, rng: Rng, info: Info) -> dict[str, Any]:
        """Draw rectangles in pixels: left, top, right, bottom."""
        height, width = info.size.height, info.size.width
        boxes = boxes_of(info.targets, height, width)
        count = round(rng.uniform(*self.objects_frac_range) * len(boxes))
        holes = []
        for k in sorted(rng.sample(len(boxes), count)):
            left, top, right, bottom = boxes[k]
            for _ in range(rng.integer(*self.holes_range)):
                w = rng.uniform(*self.width_frac_range) * (right - left)
                h = rng.uniform(*self.height_frac_range) * (bottom - top)
                x, y = rng.uniform(left, right - w), rng.uniform(top, bottom - h)
                hole = [round(x), round(y), round(x + w), round(y + h)]
                if hole[0] < hole[2] and hole[1] < hole[3]:
                    holes.append(hole)
        return {"holes": holes, "seed": rng.seed() if self.noise else None}

    def effect(self, draw: Any, info: Info) -> Layers:
        """Return the layers."""
        return self.covering([box_region(*hole) for hole in draw["holes"]], draw["seed"], info)


class MaskDropout(Masking):
    """Cover whole objects, along their outline: the objects of polygons or of a mask.

    Fields: image; what is covered of other targets is cut, the covered objects go. Objects are those of the first field
        of kind polygons, else the connected parts of the first mask (0 is background), else oriented boxes or boxes.

    Args:
        objects_range: (lo, hi) of the number of objects that are covered, held to how many there are.
        fill: Colour, in [0, 1]: one number or one a channel.
        noise: Whether to fill with uniform noise instead of the colour.
    Draws: objects, kept as outlines true to 0.75 pixels; a sub-seed for noise.
    Cost: a copy of the picture, and of each outline's triangles the area; targets are looked at.
    """

    reads = frozenset({"targets"})

    objects_range: Annotated[IntRange, Within(0, 1000)] = (1, 1)

    def draw(self, rng: Rng, info: Info) -> dict[str, Any]:
        """Draw the outlines of the objects that are covered."""
        objects = objects_of(info.targets.values(), info.size[:2])
        count = min(len(objects), rng.integer(*self.objects_range))
        chosen = [objects[k] for k in sorted(rng.sample(len(objects), count))]
        return {"outlines": [ring for rings in chosen for ring in rings], "seed": rng.seed() if self.noise else None}

    def effect(self, draw: Any, info: Info) -> Layers:
        """Return the layers."""
        layers = [Layer(SELF)]
        for k, ring in enumerate(draw["outlines"]):
            pieces = tuple(convex_pieces(tuple(map(tuple, ring))))
            seed = None if draw["seed"] is None else (draw["seed"] + k) % 2**63
            layers.append(Layer(None, pieces=pieces, fill=self.fill, noise_seed=seed))
        return Layers((info.size.height, info.size.width), tuple(layers))
