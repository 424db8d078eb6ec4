"""Trees as arrays: grown by scikit-learn, kept and walked without it.

All trees of a forest stand in one set of arrays: node ``i`` sends a row left where ``x[feature[i]] <= threshold[i]``;
a leaf has feature -1 and its codes stand in ``codes[start[i]:end[i]]``, sorted, so that no training row can be put
together from them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

CLASSES = 48
"""Most codes that a classification tree splits on; more are told by `SIGNS` random signs each, which keeps their
distances and so, nearly, the same splits."""

SIGNS = 16

TRIED = 0.7
"""Share of the columns tried at a split: trees differ more and take less time, and rows are as useful."""


class Forest(NamedTuple):
    """The trees of one column."""

    roots: np.ndarray
    feature: np.ndarray
    threshold: np.ndarray
    left: np.ndarray
    right: np.ndarray
    start: np.ndarray
    end: np.ndarray
    codes: np.ndarray

    def leaves(self, x: np.ndarray, tree: np.ndarray) -> np.ndarray:
        """Return the leaf of each row ``x[i]`` in tree ``tree[i]``. Cost: O(rows x depth)."""
        node = self.roots[tree]
        inside = np.flatnonzero(self.feature[node] >= 0)
        while len(inside):
            at = node[inside]
            goes_left = x[inside, self.feature[at]] <= self.threshold[at]
            node[inside] = np.where(goes_left, self.left[at], self.right[at])
            inside = inside[self.feature[node[inside]] >= 0]
        return node

    def draw(self, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return a code for each row: one of the codes in its leaf of a random tree."""
        leaf = self.leaves(x, rng.integers(0, len(self.roots), len(x)))
        start, end = self.start[leaf], self.end[leaf]
        return self.codes[start + (rng.random(len(x)) * (end - start)).astype(np.int64)]


def grow(
    x: np.ndarray, codes: np.ndarray, size: int, ordinal: bool, leaf: int, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Return one tree on a bootstrap sample of the rows. Cost: O(rows x columns x log rows)."""
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor  # sampling does not need it

    bag = rng.integers(0, len(codes), len(codes))
    x, codes = x[bag], codes[bag]
    options = {"min_samples_leaf": leaf, "max_features": TRIED, "random_state": int(rng.integers(2**31))}
    if ordinal:
        tree = DecisionTreeRegressor(**options).fit(x, codes.astype(np.float64))
    elif size <= CLASSES:
        tree = DecisionTreeClassifier(criterion="entropy", **options).fit(x, codes)
    else:
        signs = rng.integers(0, 2, (size, SIGNS)) * 2.0 - 1.0
        tree = DecisionTreeRegressor(**options).fit(x, signs[codes])
    return _arrays(tree, x, codes)


def _arrays(
    tree: DecisionTreeRegressor | DecisionTreeClassifier, x: np.ndarray, codes: np.ndarray
) -> dict[str, np.ndarray]:
    grown = tree.tree_
    leaf = grown.apply(x)
    order = np.lexsort((codes, leaf))
    counts = np.bincount(leaf, minlength=grown.node_count)
    end = np.cumsum(counts)
    return {
        "feature": np.maximum(grown.feature, -1).astype(np.int32),
        "threshold": grown.threshold.astype(np.float32),
        "left": grown.children_left.astype(np.int32),
        "right": grown.children_right.astype(np.int32),
        "start": end - counts,
        "end": end,
        "codes": codes[order].astype(np.int32),
    }


def join(trees: list[dict[str, np.ndarray]]) -> Forest:
    """Return the forest of trees."""
    sizes = np.cumsum([0] + [len(tree["feature"]) for tree in trees])
    codes = np.cumsum([0] + [len(tree["codes"]) for tree in trees])
    shifts = {"left": sizes, "right": sizes, "start": codes, "end": codes}
    joined = {
        name: np.concatenate([tree[name] + (shifts[name][i] if name in shifts else 0) for i, tree in enumerate(trees)])
        for name in trees[0]
    }
    return Forest(sizes[:-1], **{name: array.astype(trees[0][name].dtype) for name, array in joined.items()})
