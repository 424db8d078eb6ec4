"""The effects that the kit tries rules on: each kind of change a space knows, for an anchor of a given size."""

from __future__ import annotations

from typing import Any

import numpy as np

from augury.effects import (
    SELF,
    Copy,
    Effect,
    Event,
    Field,
    Insert,
    Layer,
    Layers,
    Piece,
    Pixels,
    Rope,
    Samples,
    Time,
    Warp,
)
from augury.spaces import geometry


def standard_effects(space: str, size: Any) -> list[Effect]:
    """Return effects on an anchor of ``size``: the identity, every sort of move, and one that moves nothing."""
    if space == "plane":
        return _plane(size.height, size.width)
    if space == "text":
        return _sequence(size.length, "~")
    return _sequence(size.length, (Event("~"),)) if space == "events" else _time(size.samples)


def _plane(height: int, width: int) -> list[Effect]:
    size = (height, width)
    return [
        Warp(geometry.IDENTITY, size),
        Warp((-1.0, 0.0, width, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0), size),
        Warp((1.0, 0.0, 0.0, 0.0, -1.0, height, 0.0, 0.0, 1.0), size),
        Warp((0.0, -1.0, height, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0), (width, height)),
        Warp(geometry.translation(-1, -1), (max(height - 2, 1), max(width - 2, 1))),
        Field(unmoved, {}, size),
        Layers(size, (Layer(SELF),)),
        Pixels(same),
    ]


def _sequence(length: int, new: str | tuple[Event, ...]) -> list[Effect]:
    half = length // 2
    whole, first, second = Copy(0, length), Copy(0, half), Copy(half, length)
    ropes = [(whole,), (first,), (second, first), (whole, whole), (Insert(new), whole), (Insert(new, (0, length)),), ()]
    return [Rope(pieces) for pieces in ropes]


def _time(samples: int) -> list[Effect]:
    n, half = samples, samples // 2
    if half == 0:
        return [Time((), n), Samples(same)]
    return [
        Time((Piece(0, n, 0, n),), n),
        Time((Piece(n, 0, 0, n),), n),
        Time((Piece(0, half, 0, half),), half),
        Time((Piece(half, n, 0, n - half), Piece(0, half, n - half, n)), n),
        Time((Piece(0, n, 0, n), Piece(0, n, n, 2 * n)), 2 * n),
        Time((Piece(0, n, 0, half),), half, mode="stretch"),
        Samples(same),
    ]


def unmoved(size: tuple[int, int]) -> np.ndarray:
    """Return the dense map float32 (height, width, 2) that leaves every pixel in its place."""
    y, x = np.mgrid[: size[0], : size[1]]
    return np.stack([x + 0.5, y + 0.5], axis=-1).astype(np.float32)


def same(value: np.ndarray, *rest: Any) -> np.ndarray:
    """Return the value."""
    return value
