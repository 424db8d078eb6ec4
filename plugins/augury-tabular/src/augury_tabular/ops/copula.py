"""Rows drawn from a Gaussian copula."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from scipy.special import ndtri

from augury.effects import Effects, Rows
from augury.op import Info, Op
from augury.rng import Rng
from augury_tabular.columns import resample
from augury_tabular.labels import class_of, label_of
from augury_tabular.marginals import Ranks, fit_marginals
from augury_tabular.statistics import Row, blocks

EDGE = 1e-6
"""Ranks are kept this far from 0 and 1, so that their normal scores are finite."""


class Copula(Op):
    """Draw a row anew from a Gaussian copula of the training rows of its class.

    The copula is that of the columns' normal scores: ranks in the column (the middle of a category's part of the rows,
    categories by frequency or declared order), sent through the normal quantile function. New rows have the training
    side's marginals and the correlations of these scores; finer dependence is lost. The label stays, and classes with
    fewer than ten rows a column take the copula of all rows. What is missing stays missing.

    Fields: number, category, ordinal, boolean and datetime columns; label, group and key only where ``field:`` names
        them.

    Draws: seed: `augury.rng.uniforms`, one number a column.

    Cost: the rows run together, O(columns) a value. Fitting: one pass a class, the table in
    memory.

    Reference: Patki, Wedge and Veeramachaneni, The Synthetic Data Vault, 2016, section IV.
    """

    on = "row"
    columns = ("number", "category", "ordinal", "boolean", "datetime")
    fits = True
    reparametrises = True

    def fit(self, batches: Iterable[Sequence[Row]], fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return marginals and Cholesky factor of each class that has rows enough, and of all rows."""
        label = label_of(fields)
        rows = [row for block in blocks(batches) for row in block]
        used = {name: spec for name, spec in fields.items() if name != label and spec.kind_id in self.columns}
        classes: dict[str, list[Row]] = {}
        for row in rows:
            classes.setdefault(class_of(row[1], label), []).append(row)
        own = {name: part for name, part in sorted(classes.items()) if len(part) >= 10 * len(used)}
        return {
            "label": label,
            "all": _copula(rows, used, self.columns),
            "classes": {name: _copula(part, used, self.columns) for name, part in own.items()},
            "of": {row[0]: class_of(row[1], label) for row in rows if class_of(row[1], label) in own},
        }

    def draw(self, rng: Rng, info: Info) -> dict[str, int]:
        """Return the seed."""
        return {"seed": rng.seed()}

    def effect(self, draw: dict[str, int], info: Info) -> Effects:
        """Return one `Rows` over the fitted columns."""
        state = info.state
        copula = state["classes"].get(state["of"].get(info.id), state["all"])
        names = tuple(copula["marginals"])
        return Rows(resample, draw, names, names, shared=copula) if names else []


def _copula(rows: Sequence[Row], fields: Mapping[str, Any], kinds: Sequence[str]) -> dict[str, Any]:
    marginals = fit_marginals([rows], fields, kinds)
    scores = np.empty((len(rows), len(marginals)))
    for i, name in enumerate(marginals):
        column = fields[name].kind.to_column([record.get(name) for _, record in rows])
        scores[:, i] = ndtri(np.clip(Ranks(marginals[name]).of(column), EDGE, 1 - EDGE))
    return {"marginals": marginals, "factor": _factor(scores)}


def _factor(scores: np.ndarray) -> np.ndarray:
    """Return the Cholesky factor of the correlation matrix, with columns that do not vary uncorrelated.

    The matrix is shrunk by 1e-6 towards the identity: columns that repeat each other have none without it.
    """
    count = scores.shape[1]
    centred = scores - scores.mean(axis=0)
    spread = np.sqrt((centred**2).mean(axis=0))
    scaled = centred / np.where(spread > 0, spread, np.inf)
    matrix = (scaled.T @ scaled) / max(len(scores), 1)
    np.fill_diagonal(matrix, 1.0)
    return np.linalg.cholesky((1 - 1e-6) * matrix + 1e-6 * np.eye(count)) if count else np.empty((0, 0))
