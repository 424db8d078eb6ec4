"""Runs of points through a dense field: followed finely along their edges, and all of them in one inversion."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

import numpy as np

from augury.effects import Polygon
from augury.spaces.plane import PlaneMap

STEPS_PER_EDGE = 8
"""How finely an edge is followed."""

T = TypeVar("T")


def through_field(runs: Sequence[Polygon], where: PlaneMap, *, closed: bool) -> list[np.ndarray]:
    """Return where each run's fine points come to, float64 (n, 2); rows of NaN where the field has no inverse.

    Args:
        runs: Points, each run by itself.
        where: The map, with a dense field in it.
        closed: Whether the last point is joined to the first.
    """
    return moved_together([_fine(np.array(run, dtype=np.float64).reshape(-1, 2), closed) for run in runs], where)


def moved_together(runs: Sequence[np.ndarray], where: PlaneMap) -> list[np.ndarray]:
    """Return where the points of each run, float64 (n, 2), come to: all by one call of the map."""
    if not runs:
        return []
    return np.split(where.points(np.concatenate(runs)), np.cumsum([len(run) for run in runs])[:-1])


def _fine(corners: np.ndarray, closed: bool) -> np.ndarray:
    ends = np.roll(corners, -1, axis=0) if closed else corners[1:]
    starts = corners if closed else corners[:-1]
    steps = np.linspace(0.0, 1.0, STEPS_PER_EDGE, endpoint=False)[None, :, None]
    fine = (starts[:, None] * (1 - steps) + ends[:, None] * steps).reshape(-1, 2)
    return fine if closed else np.concatenate([fine, corners[-1:]])


def regrouped(flat: Iterable[T], sizes: Iterable[int]) -> Iterator[list[T]]:
    """Yield runs of ``flat`` of these sizes."""
    rest = iter(flat)
    for size in sizes:
        yield [next(rest) for _ in range(size)]
