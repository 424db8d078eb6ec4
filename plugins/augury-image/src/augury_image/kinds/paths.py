"""What lines and polygons share: objects made of runs of points, read from what users hold, compared by number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from augury.errors import FieldError, describe, shown
from augury.record import type_name
from augury_image.kinds.shapes import Label, numbers

Runs: TypeAlias = tuple[np.ndarray, ...]
"""One object: read-only float64 (k, 2) arrays of x and y."""


@dataclass(frozen=True, eq=False)
class Paths:
    """Objects, each a tuple of runs float64 (k, 2) in pixels, and a tuple of their ``labels``."""

    objects: tuple[Runs, ...]
    labels: tuple[Label, ...]

    def __len__(self) -> int:
        return len(self.labels)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self) or not isinstance(other, Paths) or self.labels != other.labels:
            return False
        return all(
            len(a) == len(b) and all(map(np.array_equal, a, b))
            for a, b in zip(self.objects, other.objects, strict=True)
        )

    __hash__ = None  # type: ignore[assignment]

    def bounds(self) -> tuple[float, float, float, float] | None:
        """Return the smallest upright box around all of them; None where there are none."""
        if not len(self):
            return None
        points = np.concatenate([run for runs in self.objects for run in runs])
        return (*points.min(axis=0).tolist(), *points.max(axis=0).tolist())


def runs_of(one: Any, what: str, least: int) -> Runs:
    """Return one object: a run of points, a flat run of x, y, x, y, ..., or a list of either.

    Args:
        one: What a user gave.
        what: What messages call a run: ``a line``, ``an outline``.
        least: The least number of points.

    Raises:
        FieldError: for other forms, NaN, or too few points.
    """
    if isinstance(one, np.ndarray):
        one = one.tolist()
    if not isinstance(one, list | tuple) or not one:
        raise FieldError(
            describe("", f"{what} of at least {least} points", type_name(one), fix="give a list of points")
        )
    if isinstance(one[0], int | float | np.number) or _is_point(one[0]):
        return (run_of(one, what, least),)
    return tuple(run_of(run, what, least) for run in one)


def run_of(points: Sequence[Any] | np.ndarray, what: str, least: int) -> np.ndarray:
    """Return a run of points, or of flat numbers, read-only float64 (k, 2); see `runs_of`."""
    if len(points) > 0 and isinstance(points[0], int | float | np.number):
        if len(points) % 2:
            got = shown(f"{len(points)} numbers")
            raise FieldError(describe("", f"{what} of x, y pairs", got, fix="give pairs"))
        points = np.reshape(np.asarray(points, dtype=np.float64), (-1, 2))
    array = numbers(points, 2, "points (x, y)")
    if len(array) < least:
        fix = "drop it, or use keypoints"
        raise FieldError(describe("", f"{what} of at least {least} points", len(array), fix=fix))
    return array


def _is_point(value: Any) -> bool:
    return len(value) == 2 and all(isinstance(v, int | float | np.number) for v in value)
