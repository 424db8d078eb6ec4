"""Numbers as ordered cells: frequent values are cells of their own, the rest lie in quantile bins.

A cell is its knots: one for a value of its own, five for a bin, the bin's quantile function at 0, 1/4, ... 1. A code
is a cell's place in order; the last code is "missing" where the column has missing values.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from augury.errors import DataError, describe, shown
from augury.rng import key_uniforms
from augury.synthesis import Between, Block
from augury_tabular.codecs.coding import FEWEST, Codes, Options, State

KNOTS = 5
ROWS_A_BIN = 10
MOSTLY = 0.9
"""Share of rows on frequent values from which all of these are cells. Below it the column is nearly continuous, each
value is frequent where many lie, and only the most frequent, as many as there are bins, say more than a bin."""
DECIMALS = range(-6, 9)


def fit(name: str, column: np.ndarray, options: Options) -> State:
    """Return cells, rounding and bounds of a column of finite numbers. Cost: O(n log n)."""
    present = np.sort(column[~np.isnan(column)])
    if not len(present):
        present = np.zeros(1)  # a column of none: whatever its one cell says, every row says "missing"
    values, counts = np.unique(present, return_counts=True)
    frequent = counts >= max(FEWEST, options.frequent * len(present))
    if frequent.sum() > options.bins and counts[frequent].sum() < MOSTLY * len(present):
        frequent = np.zeros(len(values), dtype=bool)
        frequent[np.lexsort((values, -counts))[: options.bins]] = True
    own = values[frequent]
    rest = present[~np.isin(present, own)]
    cells = [[value] for value in own.tolist()] + _bins(rest, options.bins)
    cells.sort(key=lambda knots: (knots[len(knots) // 2], len(knots)))
    return {
        "coding": "number",
        "cells": cells,
        "decimals": _decimals(values),
        "bounds": [float(values[0]), float(values[-1])],
        "missing": bool(np.isnan(column).any()),
    }


def _bins(rest: np.ndarray, most: int) -> list[list[float]]:
    """Return bins of about equal counts as their knots."""
    if not len(rest):
        return []
    wanted = max(1, min(most, len(rest) // ROWS_A_BIN))
    edges = np.unique(np.quantile(rest, np.linspace(0, 1, wanted + 1)))
    if len(edges) == 1:
        edges = np.repeat(edges, 2)
    places = np.searchsorted(rest, edges[1:-1])
    return [_knots(part, lo, hi) for part, lo, hi in zip(np.split(rest, places), edges, edges[1:])]


def _knots(part: np.ndarray, lo: float, hi: float) -> list[float]:
    if len(part) < 2 * KNOTS:
        return np.linspace(lo, hi, KNOTS).tolist()
    return [float(lo), *np.quantile(part, np.linspace(0, 1, KNOTS)[1:-1]).tolist(), float(hi)]


def _decimals(values: np.ndarray) -> int | None:
    """Return the fewest digits after the point that write all values, or None where none of `DECIMALS` does."""
    return next((d for d in DECIMALS if np.array_equal(np.round(values, d), values)), None)


def blocks(name: str, state: State) -> tuple[Block, ...]:
    """Return the one ordinal block."""
    return (Block(name, "category", size=len(state["cells"]) + state["missing"], ordinal=True),)


def encode(name: str, state: State, column: np.ndarray) -> Codes:
    """Return each value's cell: its own, else the bin it lies in, else the nearest. Cost: O(n log cells)."""
    missing = np.isnan(column)
    if missing.any() and not state["missing"]:
        fix = "drop those rows, or fit on rows that have some"
        raise DataError(
            describe(f"column {name!r}", "no missing values, as in the rows fitted", shown(str(missing.sum())), fix=fix)
        )
    values = np.where(missing, 0.0, column)
    points = np.array([(knots[0], code) for code, knots in enumerate(state["cells"]) if len(knots) == 1])
    bins = np.array([(knots[0], code) for code, knots in enumerate(state["cells"]) if len(knots) > 1])
    bins = bins[np.argsort(bins[:, 0])] if len(bins) else bins
    codes = np.empty(len(values))
    exact = np.zeros(len(values), dtype=bool)
    if len(points):
        middles = (points[1:, 0] + points[:-1, 0]) / 2
        nearest = np.searchsorted(middles, values)
        exact = points[nearest, 0] == values
        codes[:] = points[nearest, 1]
    if len(bins):
        inside = np.maximum(np.searchsorted(bins[:, 0], values, side="right") - 1, 0)
        codes = np.where(exact, codes, bins[inside, 1])
    codes[missing] = len(state["cells"])
    return (codes.astype(np.int32),)


def decode(state: State, codes: Codes, keys: np.ndarray) -> np.ndarray:
    """Return a value of each cell: uniform along a bin's quantile function, rounded, inside the bounds."""
    knots = np.array([k * KNOTS if len(k) == 1 else k for k in state["cells"]])
    missing = codes[0] >= len(knots)
    at = key_uniforms(keys) * (KNOTS - 1)
    left = at.astype(np.int64)
    cell = np.where(missing, 0, codes[0])
    lower, upper = knots[cell, left], knots[cell, left + 1]
    values = lower + (upper - lower) * (at - left)
    if state["decimals"] is not None:
        values = np.round(values, state["decimals"])
    values = np.clip(values, *state["bounds"])
    values[missing] = np.nan
    return values


def narrow(name: str, state: State, only: Any) -> tuple[State, Codes]:
    """Keep the cells between two numbers; a bin that only partly lies there is cut, along its quantile function.

    Raises:
        DataError: when no value of the rows fitted lies there.
    """
    lo, hi = _limits(only)
    lo, hi = max(lo, state["bounds"][0]), min(hi, state["bounds"][1])
    if (d := state["decimals"]) is not None:
        lo, hi = _round_inwards(lo, d, np.ceil), _round_inwards(hi, d, np.floor)
    own = [[code] for code, k in enumerate(state["cells"]) if len(k) == 1 and lo <= k[0] <= hi]
    partly = [code for code, k in enumerate(state["cells"]) if len(k) > 1 and lo <= k[-1] and k[0] <= hi]
    if lo > hi or not (own or partly):
        fix = "widen the condition"
        raise DataError(
            describe(
                f"column {name!r}", f"values between {state['bounds'][0]:g} and {state['bounds'][1]:g}", only, fix=fix
            )
        )
    allowed = [code for (code,) in own] + ([] if own and lo == hi else partly)
    cells = [_cut(k, lo, hi) if code in set(partly) else k for code, k in enumerate(state["cells"])]
    return {**state, "cells": cells, "bounds": [lo, hi]}, (np.array(sorted(allowed), dtype=np.int32),)


def _limits(only: Any) -> tuple[float, float]:
    lo, hi = only if isinstance(only, Between) else (only, only)
    return (-np.inf if lo is None else float(lo)), (np.inf if hi is None else float(hi))


def _round_inwards(value: float, decimals: int, towards: Any) -> float:
    nearest = float(np.round(value, decimals))
    scale = 10.0**decimals
    return (
        nearest
        if np.isclose(nearest, value, rtol=1e-12, atol=0)
        else float(np.round(towards(value * scale) / scale, decimals))
    )


def _cut(knots: list[float], lo: float, hi: float) -> list[float]:
    """Return the knots of the part of a bin between two values."""
    shares = np.linspace(0, 1, KNOTS)
    start, end = np.interp([lo, hi], knots, shares)
    cut = np.interp(np.linspace(start, end, KNOTS), shares, knots)
    return np.clip(cut, lo, hi).tolist()
