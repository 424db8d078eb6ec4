"""Privacy: whether made rows lie nearer to the rows a model was fitted on than to equally many it never saw.

The real rows are halved into T, which the model is fitted on, and H; exact repeats stay on one side. Distances are the
mean over columns: a number's difference of rank among T and H, in [0, 1]; 0 or 1 for categories; a missing value is a
category of its own. Everything is printed beside two controls: a copy of T, which must come out near 1, and fresh real
rows, near 0.5.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from augury.quality.coded import Coded, Coder, length
from augury.rng import generator, hash_point

PART = 256
"""Rows whose distances to all others are in memory at a time."""

ISOLATED = 0.1
EXACT = 1e-9


class Privacy(NamedTuple):
    """What was measured of a set of rows.

    Args:
        closer: Share nearer to T than to H, ties half; 0.5 is no leak.
        closer_isolated: The same against the most isolated tenth of T and of H, for the tenth of rows nearest to those.
        near, near_real: 5 % quantile of the distances to T, of these rows and of H.
        middle, middle_real: 50 % quantile of the same.
        copies, copies_real: Share of rows that equal a row of T, of these rows and of fresh real ones.
        attack: ROC AUC of guessing who was in T by the distance to these rows; 0.5 is chance.
    """

    closer: float
    closer_isolated: float
    near: float
    near_real: float
    middle: float
    middle_real: float
    copies: float
    copies_real: float
    attack: float


class Halves(NamedTuple):
    """Which of the training rows are T and H; of equal size."""

    t: np.ndarray
    h: np.ndarray


def halve(coded: Coded, seed: int) -> Halves:
    """Return random halves, exact repeats on one side."""
    stacked = np.stack([np.nan_to_num(v.astype(np.float64), nan=-1e300) for v in coded.values()], axis=1)
    _, group = np.unique(stacked, axis=0, return_inverse=True)
    order = generator(hash_point(str(seed), "halves")).permutation(int(group.max()) + 1)
    sizes = np.bincount(group)[order]
    in_t = np.zeros(len(order), dtype=bool)
    in_t[order[np.cumsum(sizes) <= len(group) / 2]] = True
    t, h = np.flatnonzero(in_t[group]), np.flatnonzero(~in_t[group])
    n = min(len(t), len(h))
    rng = generator(hash_point(str(seed), "trim"))
    return Halves(np.sort(rng.permutation(t)[:n]), np.sort(rng.permutation(h)[:n]))


class Space:
    """The evaluator's distances, fixed by T and H and the same for every candidate.

    Args:
        coder: The columns.
        t: The rows a model is fitted on.
        h: As many rows it does not see.
        fresh: Further real rows, for the control and the rate of chance copies.
    """

    def __init__(self, coder: Coder, t: Coded, h: Coded, fresh: Coded) -> None:
        """Measure what does not depend on a candidate."""
        self.coder = coder
        self._ranks = {
            name: np.sort(np.concatenate([t[name], h[name]])[~np.isnan(np.concatenate([t[name], h[name]]))])
            for name, column in coder.columns.items()
            if column.codes is None
        }
        self.t, self.h = self._points(t), self._points(h)
        self._t_to_h, self._h_to_t = _nearest_both(self.t, self.h)
        self._isolated = [_isolated(self.t), _isolated(self.h)]
        self._copies = 0.0
        fresh_points = self._points(fresh)
        self._copies = float((_nearest(fresh_points, self.t) < EXACT).mean()) if len(fresh_points[0]) else 0.0
        self.controls: dict[str, Privacy] = {"copy of T": self.measure(t), "fresh real rows": self.measure(fresh)}

    def measure(self, made: Coded) -> Privacy:
        """Return the privacy of rows. Cost: O(rows x (T + H) x columns) time, bounded memory."""
        points = self._points(made)
        to_t, t_to = _nearest_both(points, self.t)
        to_h, h_to = _nearest_both(points, self.h)
        lone_t, lone_h = (
            _nearest(points, _take(half, lone)) for half, lone in zip((self.t, self.h), self._isolated, strict=True)
        )
        near = np.argsort(np.minimum(lone_t, lone_h), kind="stable")[: max(1, len(lone_t) // 10)]
        low, middle = np.quantile(to_t, [0.05, 0.5])
        real_low, real_middle = np.quantile(self._h_to_t, [0.05, 0.5])
        return Privacy(
            closer=_closer(to_t, to_h),
            closer_isolated=_closer(lone_t[near], lone_h[near]),
            near=float(low),
            near_real=float(real_low),
            middle=float(middle),
            middle_real=float(real_middle),
            copies=float((to_t < EXACT).mean()),
            copies_real=self._copies,
            attack=_auc(t_to, h_to),
        )

    def distances(self, made: Coded) -> np.ndarray:
        """Return each row's distance to T."""
        return _nearest(self._points(made), self.t)

    def real_distances(self) -> np.ndarray:
        """Return each row of H's distance to T."""
        return self._h_to_t

    def _points(self, coded: Coded) -> tuple[np.ndarray, np.ndarray]:
        """Return (numbers, categories): their L1 and Hamming distances add up to the column's distances."""
        n = length(coded)
        numbers, categories = [], []
        for name, column in self.coder.columns.items():
            if column.codes is not None:
                categories.append(coded[name])
                continue
            ranks, values = self._ranks[name], coded[name]
            missing = np.isnan(values)
            left, right = (np.searchsorted(ranks, np.where(missing, 0.0, values), side=s) for s in ("left", "right"))
            rank = (left + right) / 2 / max(len(ranks), 1)
            # Two coordinates, so that a missing value is 1 from every number and 0 from another missing one.
            numbers += [np.where(missing, -0.25, rank / 2), np.where(missing, -0.25, (1 - rank) / 2)]
        return (
            np.stack(numbers, axis=1) if numbers else np.zeros((n, 0)),
            np.stack(categories, axis=1).astype(np.float64) if categories else np.zeros((n, 0)),
        )


def _blocks(a: tuple[np.ndarray, np.ndarray], b: tuple[np.ndarray, np.ndarray]) -> Any:
    from scipy.spatial.distance import cdist

    columns = max(a[0].shape[1] // 2 + a[1].shape[1], 1)
    for start in range(0, len(a[0]), PART):
        rows = slice(start, start + PART)
        distance = np.zeros((len(a[0][rows]), len(b[0])))
        if a[0].shape[1]:
            distance += cdist(a[0][rows], b[0], "cityblock")
        if a[1].shape[1]:
            distance += cdist(a[1][rows], b[1], "hamming") * a[1].shape[1]
        yield rows, distance / columns


def _nearest(a: tuple[np.ndarray, np.ndarray], b: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Return each row of a's distance to its nearest row of b."""
    out = np.empty(len(a[0]))
    for rows, distance in _blocks(a, b):
        out[rows] = distance.min(axis=1)
    return out


def _nearest_both(a: tuple[np.ndarray, np.ndarray], b: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return the distances of each row of a to b, and of each row of b to a."""
    there, back = np.empty(len(a[0])), np.full(len(b[0]), np.inf)
    for rows, distance in _blocks(a, b):
        there[rows] = distance.min(axis=1)
        np.minimum(back, distance.min(axis=0), out=back)
    return there, back


def _isolated(points: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Return the tenth of rows that are farthest from any other."""
    own = np.empty(len(points[0]))
    for rows, distance in _blocks(points, points):
        distance[np.arange(len(distance)), np.arange(len(own))[rows]] = np.inf
        own[rows] = distance.min(axis=1)
    return np.argsort(-own, kind="stable")[: max(1, int(len(own) * ISOLATED))]


def _take(points: tuple[np.ndarray, np.ndarray], rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return points[0][rows], points[1][rows]


def _closer(to_t: np.ndarray, to_h: np.ndarray) -> float:
    tie = np.abs(to_t - to_h) < EXACT
    return float(np.where(tie, 0.5, to_t < to_h).mean())


def _auc(members: np.ndarray, others: np.ndarray) -> float:
    """Return the probability that a member is nearer than another, ties half."""
    order = np.sort(others)
    below = np.searchsorted(order, members - EXACT, side="left")
    upto = np.searchsorted(order, members + EXACT, side="right")
    return float((len(order) - (below + upto) / 2).mean() / len(order))
