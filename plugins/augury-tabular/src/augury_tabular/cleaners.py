"""Cleaners of rows: missing cells, numbers out of a range, outliers."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray

from augury.cleaner import Cleaner, CleanInfo, Rejection
from augury.params import Fraction, Range, Within

_MAD_TO_STD = 1.482602218505602
"""The standard deviation of a normal distribution over its median absolute deviation."""

_MEAN_TO_STD = math.sqrt(math.pi / 2)
"""The same over its mean absolute deviation."""


class Missing(Cleaner):
    """Reject rows of which too many cells are missing.

    Args:
        share: Largest share of missing cells among the columns looked at, in [0, 1].

    Rejects: ``missing``.

    Cost: O(columns) a row.
    """

    on = "row"
    columns = ("number", "category", "boolean", "datetime", "id")

    share: Fraction = 0.5

    def judge(self, value: Mapping[str, Any], info: CleanInfo) -> Rejection | None:
        """Return ``missing`` where more are."""
        gone = [name for name, cell in value.items() if cell is None or cell != cell]
        if not value or len(gone) <= self.share * len(value):
            return None
        return Rejection("missing", f"{len(gone)} of {len(value)} cells ({', '.join(gone)}), asked for {self.share:g}")


class InRange(Cleaner):
    """Reject rows with a number outside a range.

    The ``lo`` and ``hi`` of a field do not: they hold what ops make of it. Missing cells are no reason.

    Args:
        lo: Least value in the columns looked at; null is unbounded.
        hi: Greatest value; null is unbounded.

    Rejects: ``out_of_range``.

    Cost: O(columns) a row.
    """

    on = "row"
    columns = ("number",)

    lo: float | None = None
    hi: float | None = None

    def judge(self, value: Mapping[str, Any], info: CleanInfo) -> Rejection | None:
        """Return ``out_of_range`` with the first such column."""
        lo = -math.inf if self.lo is None else self.lo
        hi = math.inf if self.hi is None else self.hi
        for name, cell in value.items():
            if cell is not None and (cell < lo or cell > hi):
                return Rejection("out_of_range", f"{name} is {cell:g}, asked for {lo:g} to {hi:g}")
        return None


class Outlier(Cleaner):
    """Reject rows of the training side with a number far from the column's others.

    ``mad``: the distance from the median over 1.4826 times the median absolute deviation, a standard deviation where
    numbers are normal; where more than half of the numbers are equal, over 1.2533 times the mean absolute one.
    ``iqr``: the distance beyond the first or third quartile over their difference (Tukey's fences); a column whose
    quartiles are equal is not looked at. Missing cells are no reason, infinite ones are.

    Args:
        method: ``mad`` or ``iqr``.
        limit: Largest distance in these units; 3.5 is usual for ``mad``, 1.5 (or 3 for far out) for ``iqr``.

    Rejects: ``outlier``.

    Cost: fitting keeps 8 bytes a number; a row O(columns).

    Reference: Iglewicz and Hoaglin, "How to detect and handle outliers", 1993; Tukey, "Exploratory data analysis",
        1977.
    """

    on = "row"
    columns = ("number",)
    fits = True

    method: Literal["mad", "iqr"] = "mad"
    limit: Annotated[float, Within(0)] = 3.5

    def fit(self, values: Iterable[tuple[str, Any]], fields: Mapping[str, Any]) -> dict[str, Range]:
        """Return the bounds of each column that has any."""
        numbers = {name: array("d") for name in fields}
        for _, row in values:
            for name, column in numbers.items():
                cell = row.get(name)
                if cell is not None and math.isfinite(cell):
                    column.append(cell)
        measure = _mad_bounds if self.method == "mad" else _iqr_bounds
        bounds = {name: measure(np.sort(np.frombuffer(c)), self.limit) for name, c in numbers.items() if c}
        return {name: found for name, found in bounds.items() if found is not None}

    def judge(self, value: Mapping[str, Any], info: CleanInfo) -> Rejection | None:
        """Return ``outlier`` with the first such column."""
        for name, (lo, hi) in info.state.items():
            cell = value.get(name)
            if cell is not None and (cell < lo or cell > hi):
                return Rejection("outlier", f"{name} is {cell:g}, on this side {lo:g} to {hi:g} is usual")
        return None


def _mad_bounds(numbers: NDArray[np.float64], limit: float) -> Range:
    centre = float(np.median(numbers))
    off = np.abs(numbers - centre)
    spread = _MAD_TO_STD * float(np.median(off)) or _MEAN_TO_STD * float(off.mean())
    return centre - limit * spread, centre + limit * spread


def _iqr_bounds(numbers: NDArray[np.float64], limit: float) -> Range | None:
    first, third = (float(q) for q in np.quantile(numbers, (0.25, 0.75)))
    reach = limit * (third - first)
    return (first - reach, third + reach) if third > first else None
