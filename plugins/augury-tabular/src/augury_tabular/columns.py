"""The functions of `Rows` effects: columns of many rows in, the same columns changed out.

``columns`` maps names to arrays of n values, in the order of the effect's ``reads``: float64 with NaN for numbers,
objects with None for categories and booleans. Missing stays missing everywhere; bounds, rounding and integers are
restored afterwards by the columns' kinds. Nothing is changed in place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from scipy.special import ndtr, ndtri

from augury.rng import uniforms
from augury_tabular.marginals import Marginal, Others, Ranks, prepared
from augury_tabular.similarity import Similar
from augury_tabular.statistics import at_rank, rank

Columns: TypeAlias = Mapping[str, np.ndarray]

TINY = 2.0**-54
"""In the place of a uniform 0, whose normal quantile is infinite."""


def add(columns: Columns, amount: np.ndarray) -> dict[str, np.ndarray]:
    """Add ``amount`` (n, columns) to the columns, but where that leaves the range. Cost: O(n) a column."""
    with np.errstate(over="ignore"):
        return {name: _finite(values + amount[:, i], values) for i, (name, values) in enumerate(columns.items())}


def multiply(columns: Columns, factor: np.ndarray) -> dict[str, np.ndarray]:
    """Multiply the columns by ``factor`` (n, columns), but where that leaves the range. Cost: O(n) a column."""
    with np.errstate(over="ignore"):
        return {name: _finite(values * factor[:, i], values) for i, (name, values) in enumerate(columns.items())}


def scale(columns: Columns, factor: np.ndarray, offset: np.ndarray) -> dict[str, np.ndarray]:
    """Multiply by ``factor`` (n,) and add ``offset`` (n,), but where that leaves the range. Cost: O(n) a column."""
    with np.errstate(over="ignore"):
        return {name: _finite(values * factor + offset, values) for name, values in columns.items()}


def interpolate(columns: Columns, share: np.ndarray, donor: np.ndarray) -> dict[str, np.ndarray]:
    """Move numbers ``share`` (n,) in [0, 1] of the way to ``donor`` (n, number of columns), never past it.

    A number stays what it is where it or the donor's is missing or infinite. Cost: O(n) a column.
    """
    out = {}
    for i, (name, values) in enumerate(columns.items()):
        other = donor[:, i]
        both = np.isfinite(values) & np.isfinite(other)
        start, end = np.where(both, values, 0.0), np.where(both, other, 0.0)
        moved = (1.0 - share) * start + share * end
        out[name] = np.where(both, np.clip(moved, np.minimum(start, end), np.maximum(start, end)), values)
    return out


def leave(columns: Columns) -> dict[str, np.ndarray]:
    """Change nothing: for an effect that only mixes labels."""
    return {}


def put(columns: Columns, value: np.ndarray) -> dict[str, np.ndarray]:
    """Set the one column to ``value`` (n,) where it is not missing. Cost: O(n)."""
    ((name, values),) = columns.items()
    return {name: np.where(_present(values), value.astype(object), values)}


def jitter(
    columns: Columns, seed: np.ndarray, relative_to: str, scale: float, fraction: float, fitted: Mapping[str, Any]
) -> dict[str, np.ndarray]:
    """Add noise: see `augury_tabular.ops.jitter.Jitter`. Cost: some 30 ns a value."""
    share = uniforms(seed, 2 * len(columns))
    noise = scale * ndtri(np.maximum(share[:, ::2], TINY))
    if relative_to == "std":
        moved = add(columns, noise * np.array([fitted[name] for name in columns]))
    elif relative_to == "value":
        moved = multiply(columns, 1.0 + noise)
    else:
        moved = shift_rank(columns, noise, fitted)
    if fraction >= 1.0:
        return moved
    touched = share[:, 1::2] < fraction
    return {name: np.where(touched[:, i], moved[name], columns[name]) for i, name in enumerate(columns)}


def swap(columns: Columns, seed: np.ndarray, fraction: float, fitted: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Replace categories: see `augury_tabular.ops.swap.Swap`. Cost: a look-up in a dict a touched value."""
    share = uniforms(seed, 2 * len(columns))
    out = {}
    for i, (name, values) in enumerate(columns.items()):
        place = np.flatnonzero((share[:, 2 * i] < fraction) & _present(values))
        others = prepared(Similar if "others" in fitted[name] else Others, fitted[name])
        out[name] = values.copy()
        out[name][place] = others.other(values[place], share[place, 2 * i + 1])
    return out


def _finite(changed: np.ndarray, values: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(changed), changed, values)


def _present(values: np.ndarray) -> np.ndarray:
    return np.array([value is not None for value in values.tolist()], dtype=bool)


def shift_rank(columns: Columns, shift: np.ndarray, tables: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Move numbers by ``shift`` (n, columns) along their columns' fitted quantile functions, turning back at the ends.

    Cost: O(log points) a value.
    """
    out = {}
    for i, (name, values) in enumerate(columns.items()):
        known = np.isfinite(values) & np.isfinite(tables[name][0])
        place = rank(np.where(known, values, 0.0), tables[name]) + shift[:, i]
        place = np.abs((place + 1.0) % 2.0 - 1.0)
        out[name] = np.where(known, at_rank(place, tables[name]), values)
    return out


def add_time(columns: Columns, microseconds: np.ndarray) -> dict[str, np.ndarray]:
    """Move times by ``microseconds`` (n, columns); missing ones stay. Cost: O(n) a column."""
    return {n: v + microseconds[:, i].astype("timedelta64[us]") for i, (n, v) in enumerate(columns.items())}


def blank(
    columns: Columns, seed: np.ndarray, fraction: float, ranks: Mapping[str, Mapping[str, Any]], by: str
) -> dict[str, np.ndarray]:
    """Take values away where a uniform number from the row's ``seed`` is below the cell's own probability.

    That is ``fraction``, or with ``ranks`` up to twice as much: ``2 fraction r``, r the rank of ``by`` in the row
    (of the cell itself where ``by`` is empty), 1/2 where that is missing. Cost: O(log points) a value.
    """
    out = {}
    names = [name for name in columns if name != by]
    chance = uniforms(seed, len(names))
    shared = prepared(Ranks, ranks[by]).of(columns[by]) if by and ranks else None
    for i, name in enumerate(names):
        own = prepared(Ranks, ranks[name]).of(columns[name]) if ranks and not by else shared
        likely = fraction if own is None else 2.0 * fraction * own
        out[name] = np.where(chance[:, i] < likely, missing_like(columns[name]), columns[name])
    return out


def fill(
    columns: Columns, seed: np.ndarray, centres: Mapping[str, float] | None, marginals: Mapping[str, Mapping[str, Any]]
) -> dict[str, np.ndarray]:
    """Fill missing values from fitted marginals: at ``centres``, or at uniform numbers from the row's ``seed``.

    Cost: O(log points) a missing value.
    """
    share = uniforms(seed, len(columns))
    out = {}
    for i, (name, values) in enumerate(columns.items()):
        place = np.flatnonzero(_gaps(values))
        at = share[place, i] if centres is None else np.full(len(place), centres[name])
        out[name] = values.copy()
        out[name][place] = prepared(Marginal, marginals[name]).at(at)
    return out


def resample(
    columns: Columns, seed: np.ndarray, factor: np.ndarray, marginals: Mapping[str, Mapping[str, Any]]
) -> dict[str, np.ndarray]:
    """Draw rows from a Gaussian copula: normal numbers from the row's ``seed``, ``factor`` the Cholesky factor.

    Missing values stay missing. Cost: O(columns) a value.
    """
    normal = ndtri(np.maximum(uniforms(seed, len(columns)), TINY))
    # Column by column, since a matrix product may round a row otherwise in another batch.
    share = ndtr(sum(normal[:, j, None] * factor[:, j] for j in range(factor.shape[1])))
    return {
        name: np.where(_gaps(values), values, prepared(Marginal, marginals[name]).at(share[:, i]))
        for i, (name, values) in enumerate(columns.items())
    }


def take(columns: Columns, donor: np.ndarray) -> dict[str, np.ndarray]:
    """Take values from ``donor`` (n,), a mapping for each row: the columns it names, None for a missing value.

    Cost: O(n) a column, in Python.
    """
    rows = donor.tolist()
    out = {}
    for name, values in columns.items():
        place = [i for i, row in enumerate(rows) if name in row]
        out[name] = values.copy()
        if place:
            given = [rows[i][name] for i in place]
            out[name][place] = [missing_like(values) if value is None else value for value in given]
    return out


def towards(
    columns: Columns, share: np.ndarray, donor: np.ndarray, codes: np.ndarray, fitted: Mapping[str, Any]
) -> dict[str, np.ndarray]:
    """Move numbers ``share`` (n,) of the way to those of fitted rows, whose places are ``donor`` (n,).

    Categories become those of the ``codes`` (n, categories), but for -1; what is missing stays missing. ``fitted`` are
    rows as `augury_tabular.neighbours.read_rows` returns them. Cost: O(n) a column.
    """
    names = [name for name in columns if name in fitted["place"]]
    out = interpolate({n: columns[n] for n in names}, share, _numbers(names, donor, fitted))
    for i, name in enumerate(name for name in columns if name not in fitted["place"]):
        changes = (codes[:, i] >= 0) & _present(columns[name])
        out[name] = np.where(changes, _categories(name, fitted)[codes[:, i]], columns[name])
    return out


def between(
    columns: Columns,
    share: np.ndarray,
    seed: np.ndarray,
    other: np.ndarray,
    codes: np.ndarray,
    fitted: Mapping[str, Any],
) -> dict[str, np.ndarray]:
    """Set numbers ``share`` (n,) of the way between fitted rows, whose places are ``seed`` and ``other`` (n,).

    They are the seed's where the other has none. Categories become those of the ``codes``, missing for -1: see
    `towards`. Cost: O(n) a column.
    """
    start = {n: fitted["matrix"][seed, fitted["place"][n]] for n in columns if n in fitted["place"]}
    out = interpolate(start, share, _numbers(list(start), other, fitted))
    for i, name in enumerate(name for name in columns if name not in start):
        out[name] = _categories(name, fitted)[codes[:, i]]
    return out


def _numbers(names: Sequence[str], places: np.ndarray, fitted: Mapping[str, Any]) -> np.ndarray:
    matrix: np.ndarray = fitted["matrix"]
    return matrix[places][:, [fitted["place"][name] for name in names]]


def _categories(name: str, fitted: Mapping[str, Any]) -> np.ndarray:
    """Return a column's categories by code, None for a missing one (code -1, the last)."""
    values = np.empty(len(fitted["categories"][name]["values"]) + 1, object)
    values[:-1] = fitted["categories"][name]["values"]
    return values


def missing_like(values: np.ndarray) -> Any:
    """Return what stands for a missing value in such a column."""
    if values.dtype.kind == "M":
        return np.datetime64("NaT", "us")
    return np.nan if values.dtype.kind == "f" else None


def _gaps(values: np.ndarray) -> np.ndarray:
    if values.dtype.kind == "f":
        return np.isnan(values)
    return np.isnat(values) if values.dtype.kind == "M" else ~_present(values)
