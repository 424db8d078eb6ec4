"""Composition: layers of the record, its donors and plain colours on one canvas (mosaic, mixup, erasing)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from augury.effects import SELF, Layer, Layers, Polygon
from augury.rng import generator
from augury.spaces import geometry as geo
from augury_image.paint import UNIT, blend, colour_of, coverage, filled, row_of, union_coverage
from augury_image.warp import resample


def compose(value: np.ndarray, layers: Layers, donors: Sequence[np.ndarray]) -> tuple[np.ndarray, Shares]:
    """Return the composed image and the share of the canvas that each layer is seen on, opacity counted.

    Args:
        value: The record's image, (height, width, channels).
        layers: What to paint, bottom first.
        donors: The donors' images, of the same dtype and channels.
    """
    channels, dtype = value.shape[2], value.dtype
    frame = geo.rectangle(layers.size[1], layers.size[0])
    shapes = [_shape(layer, value, donors, frame) for layer in layers.layers]
    canvas: np.ndarray | None = None
    for layer, shape in zip(layers.layers, shapes, strict=True):
        if canvas is None and layer.alpha == 1.0 and layer.source is not None and _fills(shape, frame):
            canvas = _placed(layer, value, donors, (0, 0, layers.size[1], layers.size[0]), layers)
            continue
        if canvas is None:
            canvas = filled(layers.size, colour_of(layers.fill, channels, dtype), dtype)
        _paint(canvas, layer, shape, value, donors, layers)
    if canvas is None:
        canvas = filled(layers.size, colour_of(layers.fill, channels, dtype), dtype)
    return canvas, Shares(layers, shapes, frame)


def _fills(shape: Sequence[Polygon], frame: Polygon) -> bool:
    return len(shape) == 1 and geo.contains(shape[0], frame)


class Shares(Sequence[float]):
    """The share of the canvas each layer is seen on, opacity counted; worked out when asked for, as labels do."""

    def __init__(self, layers: Layers, shapes: Sequence[Sequence[Polygon]], frame: Polygon) -> None:
        self._of = (layers, shapes, frame)
        self._shares: list[float] | None = None

    def _all(self) -> list[float]:
        if self._shares is None:
            self._shares = _shares(*self._of)
        return self._shares

    def __len__(self) -> int:
        return len(self._of[1])

    def __getitem__(self, index: Any) -> Any:
        return self._all()[index]


def _shape(layer: Layer, value: np.ndarray, donors: Sequence[np.ndarray], frame: Polygon) -> list[Polygon]:
    """What a layer covers of the canvas: its shape, cut to where its source lies."""
    shape = [frame] if layer.shape is None else [_common(piece, frame) for piece in layer.shape]
    if layer.source is not None:
        image = value if layer.source == SELF else donors[layer.source]
        lies = geo.rectangle(image.shape[1], image.shape[0])
        lies = lies if layer.place == geo.IDENTITY else geo.transform(layer.place, lies)
        shape = [_common(piece, lies) for piece in shape if piece]
    return [piece for piece in shape if piece]


def _common(polygon: Polygon, convex: Polygon) -> Polygon:
    return polygon if geo.contains(convex, polygon) else geo.intersect(polygon, convex)


def _placed(
    layer: Layer, value: np.ndarray, donors: Sequence[np.ndarray], box: tuple[int, int, int, int], layers: Layers
) -> np.ndarray:
    """The layer's source on the window ``box`` (x0, y0, x1, y1) of the canvas; of a plain colour one row."""
    x0, y0, x1, y1 = box
    channels = value.shape[2]
    if layer.source is None:
        if layer.noise_seed is None:
            return row_of(colour_of(layer.fill, channels, value.dtype), x1 - x0, value.dtype)
        return _noise(layer.noise_seed, (y1 - y0, x1 - x0, channels), value.dtype)
    image = value if layer.source == SELF else donors[layer.source]
    place = geo.compose(geo.translation(-x0, -y0), layer.place) if x0 or y0 else layer.place
    return resample(image, place, (y1 - y0, x1 - x0), "replicate", (0.0,) * channels, layers.interpolation)


def _noise(seed: int, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    random = generator(seed)
    if dtype == np.float32:
        return random.random(shape, dtype=np.float32)
    return random.integers(0, int(UNIT[dtype]), shape, dtype=dtype, endpoint=True)


def _paint(
    canvas: np.ndarray,
    layer: Layer,
    shape: Sequence[Polygon],
    value: np.ndarray,
    donors: Sequence[np.ndarray],
    layers: Layers,
) -> None:
    if not shape or layer.alpha <= 0.0:
        return
    left, top, right, bottom = geo.bounds(tuple(p for piece in shape for p in piece))
    x0, y0 = math.floor(left + 1e-6), math.floor(top + 1e-6)
    x1, y1 = math.ceil(right - 1e-6), math.ceil(bottom - 1e-6)
    if x0 >= x1 or y0 >= y1:
        return
    window = canvas[y0:y1, x0:x1]
    over = _placed(layer, value, donors, (x0, y0, x1, y1), layers)
    moved = [tuple((x - x0, y - y0) for x, y in piece) for piece in shape]
    solid = _fills(moved, geo.rectangle(x1 - x0, y1 - y0))
    if solid and layer.alpha == 1.0:
        window[:] = over
    elif solid:
        mixed = window * np.float32(1.0 - layer.alpha) + over * np.float32(layer.alpha)
        window[:] = mixed if canvas.dtype == np.float32 else np.rint(mixed)
    else:
        size = (y1 - y0, x1 - x0)
        share = coverage(moved[0], size) if len(moved) == 1 else union_coverage(moved, size)
        blend(window, np.broadcast_to(over, window.shape), share.astype(np.float32) * np.float32(layer.alpha))


def _shares(layers: Layers, shapes: Sequence[Sequence[Polygon]], frame: Polygon) -> list[float]:
    """Share of the canvas each layer is seen on: exact polygon areas, from the top layer down."""
    total = geo.area(frame)
    shares = [0.0] * len(shapes)
    open_pieces: list[tuple[Polygon, float]] = [(frame, 1.0)]
    for k in range(len(shapes) - 1, -1, -1):
        alpha = layers.layers[k].alpha
        for outline in shapes[k] if alpha > 0.0 else ():
            below: list[tuple[Polygon, float]] = []
            covered: list[tuple[Polygon, float]] = []
            for piece, left in open_pieces:
                seen = geo.intersect(piece, outline)
                if not seen:
                    below.append((piece, left))
                    continue
                shares[k] += geo.area(seen) * left * alpha / total
                below.extend((rest, left) for rest in geo.subtract(piece, outline))
                if alpha < 1.0:
                    covered.append((seen, left * (1.0 - alpha)))
            open_pieces = below + covered
    return shares
