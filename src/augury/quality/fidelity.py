"""Fidelity: how near made rows lie to real ones, column by column, pair by pair, and all together."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np

from augury.quality.coded import Coded, Coder, length, rows_of
from augury.rng import generator, hash_point

BINS, PAIR_BINS, MOST_BINS = 20, 10, 10
PAIRS = 300
"""Most pairs of columns compared; more are chosen by key."""


def marginals(coder: Coder, real: Coded, made: Coded) -> dict[str, float]:
    """Return each column's total variation distance, in [0, 1], on quantile bins of the real rows. Cost: O(n log n)."""
    return {name: _distance(*_binned(coder, name, real, made, BINS)) for name in coder.columns}


def pairs(coder: Coder, real: Coded, made: Coded) -> float | None:
    """Return the mean total variation distance over pairs of columns; None with one column."""
    binned = {name: _binned(coder, name, real, made, PAIR_BINS) for name in coder.columns}
    chosen = list(combinations(coder.columns, 2))
    if len(chosen) > PAIRS:
        order = generator(hash_point("pairs")).permutation(len(chosen))[:PAIRS]
        chosen = [chosen[i] for i in sorted(order.tolist())]
    width = PAIR_BINS + 2
    found = [_distance(*(binned[a][side] * width + binned[b][side] for side in (0, 1))) for a, b in chosen]
    return float(np.mean(found)) if found else None


def _binned(coder: Coder, name: str, real: Coded, made: Coded, bins: int) -> tuple[np.ndarray, np.ndarray]:
    """Return both sides' bins: quantiles of the real values or the commonest categories, one for the rest, missing."""
    if coder.columns[name].codes is not None:
        missing = coder.columns[name].size - 1
        a, b = (np.where(side[name] == missing, bins + 1, np.minimum(side[name], bins)) for side in (real, made))
        return a, b
    values = real[name][~np.isnan(real[name])]
    edges = np.unique(np.quantile(values, np.linspace(0, 1, bins + 1)[1:-1])) if len(values) else np.zeros(0)
    a, b = (
        np.where(np.isnan(side[name]), bins + 1, np.searchsorted(edges, side[name], side="right"))
        for side in (real, made)
    )
    return a, b


def _distance(a: np.ndarray, b: np.ndarray) -> float:
    size = int(max(a.max(), b.max())) + 1
    shares = [np.bincount(side.astype(np.int64), minlength=size) / len(side) for side in (a, b)]
    return float(np.abs(shares[0] - shares[1]).sum() / 2)


def shares_of(codes: Mapping[Any, int] | None, real: np.ndarray, made: np.ndarray) -> dict[str, list[Any]]:
    """Return the ``labels`` of at most ten bins of a column, and the shares of ``real`` and ``made`` values in them.

    Numbers have bins of equal width over all but the outermost hundredth of the real values.
    """
    if codes is not None:
        labels = [str(value) for value in list(codes)[:MOST_BINS]]
        counts = [np.bincount(np.minimum(side, MOST_BINS), minlength=MOST_BINS + 1) for side in (real, made)]
    else:
        values = real[~np.isnan(real)]
        lo, hi = np.quantile(values, [0.005, 0.995]) if len(values) else (0.0, 1.0)
        edges = np.linspace(lo, hi if hi > lo else lo + 1, MOST_BINS + 1)
        labels = [f"{edge:.3g}" for edge in edges[:-1]]
        counts = [np.histogram(side[~np.isnan(side)], edges)[0] for side in (real, made)]
    shares = [(count[: len(labels)] / max(len(side), 1)).tolist() for count, side in zip(counts, (real, made))]
    return {"labels": labels, "real": shares[0], "made": shares[1]}


def two_sample_auc(coder: Coder, real: Coded, made: Coded, seed: int) -> float:
    """Return how well gradient boosting tells made from real rows it has not seen: 0.5 not at all, 1 always.

    Equal numbers of both; half of them to learn from, half to be tested on. Cost: one `HistGradientBoosting` fit.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import roc_auc_score

    n = min(length(real), length(made))
    rng = generator(hash_point(str(seed), "two-sample"))
    sides = [coder.features(rows_of(s, rng.permutation(length(s))[:n])) for s in (real, made)]
    x, y = np.concatenate([sides[0][0], sides[1][0]]), np.repeat([0, 1], n)
    train = np.tile(np.arange(n) % 2 == 0, 2)
    if n < 4:
        return 0.5
    model = HistGradientBoostingClassifier(
        max_iter=100, early_stopping=False, categorical_features=sides[0][1], random_state=0
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(x[train], y[train])
    return float(roc_auc_score(y[~train], model.predict_proba(x[~train])[:, 1]))
