"""Which categories of a column are alike: those that occur together with the same values of the other columns.

Each category has a profile: for every other column, how its rows are spread over that column's values (numbers over
eight quantile bins, categories over the most frequent values). Two categories are as alike as their profiles: the mean
over the columns of the Bhattacharyya coefficient, the sum of sqrt(p q), in [0, 1].
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from augury_tabular.marginals import fit_marginals
from augury_tabular.statistics import Row, cells, gathered, numbers

BINS = 8
MOST_VALUES = 32
"""Values of another column that a profile tells apart; rarer ones count as one."""

MOST_CATEGORIES = 2000
"""Columns with more categories are swapped by frequency alone: the similarities are a square matrix."""

NEAREST = 10
"""Similar categories that are kept for each one."""


def fit_similarity(
    batches: Iterable[Sequence[Row]], fields: Mapping[str, Any], names: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """Return for each column ``values``, and for each of them the nearest ``others`` with cumulative shares ``until``.

    A column of fewer than two or more than `MOST_CATEGORIES` categories is left out. A category is drawn in proportion
    to its similarity times its frequency. Cost: a pass, O(rows x columns^2) time; O(categories^2) memory for a column.
    """
    rows = gathered(batches)
    marginals = fit_marginals([rows], fields, ("number", "category", "ordinal", "boolean"))
    codes = {name: _coded(rows, name, fields[name], marginals[name]) for name in marginals}
    out = {}
    for name in names:
        values = marginals[name]["values"]
        others = [codes[other] for other in marginals if other != name]
        if 2 <= len(values) <= MOST_CATEGORIES and others:
            place = {v: i for i, v in enumerate(values)}
            known = np.array([place.get(v, -1) for v in cells(rows, name)])
            counts = np.diff(marginals[name]["until"], prepend=0)
            out[name] = {"values": list(values), **_nearest(_alike(known, others, len(values)), counts)}
    return out


def _coded(rows: Sequence[Row], name: str, spec: Any, marginal: Mapping[str, Any]) -> np.ndarray:
    """Return each row's bin or value as a small code; -1 where missing."""
    if spec.kind_id == "number":
        values = numbers(rows, [name])[:, 0]
        edges = np.unique(marginal["quantiles"][:: (len(marginal["quantiles"]) - 1) // BINS][1:-1])
        return np.where(np.isnan(values), -1, np.searchsorted(edges, values, side="right"))
    place = {value: min(i, MOST_VALUES) for i, value in enumerate(marginal["values"])}
    return np.array([place.get(value, -1) for value in cells(rows, name)])


def _alike(own: np.ndarray, others: Sequence[np.ndarray], count: int) -> np.ndarray:
    """Return float64 (count, count): the similarity of each two categories."""
    total = np.zeros((count, count))
    for codes in others:
        both = (own >= 0) & (codes >= 0)
        spread = np.zeros((count, MOST_VALUES + 1))
        np.add.at(spread, (own[both], codes[both]), 1.0)
        root = np.sqrt(spread / np.maximum(spread.sum(axis=1, keepdims=True), 1.0))
        total += root @ root.T
    return total / len(others)


def _nearest(alike: np.ndarray, counts: np.ndarray) -> dict[str, np.ndarray]:
    """Return the best `NEAREST` others of each category and their cumulative shares; equal ones by place."""
    np.fill_diagonal(alike, -1.0)
    most = min(NEAREST, len(alike) - 1)
    others = np.argsort(-np.round(alike, 12), axis=1, kind="stable")[:, :most]
    weight = np.maximum(np.take_along_axis(alike, others, axis=1), 1e-9) * counts[others]
    until = np.cumsum(weight, axis=1)
    return {"others": others.astype(np.int32), "until": until / until[:, -1:]}


class Similar:
    """From categories and shares to other categories."""

    def __init__(self, state: Mapping[str, Any]) -> None:
        """Prepare one column's state."""
        self._code = {value: i for i, value in enumerate(state["values"])}
        self._values = np.empty(len(state["values"]), object)
        self._values[:] = state["values"]
        self._others, self._until = np.asarray(state["others"]), np.asarray(state["until"])

    def other(self, values: np.ndarray, share: np.ndarray) -> np.ndarray:
        """Return a similar category for each value; one that was not seen, or is missing, stays."""
        codes = np.array([self._code.get(value, -1) for value in values.tolist()])
        chosen = np.minimum((share[:, None] >= self._until[codes]).sum(axis=1), self._others.shape[1] - 1)
        return np.where(codes >= 0, self._values[self._others[codes, chosen]], values)
