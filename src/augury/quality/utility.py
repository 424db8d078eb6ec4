"""Utility: what a model learns from made rows, tested on real rows that no generator has seen."""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np

from augury.quality.coded import Coded, Coder, capped, length, rows_of

OTHERS = 4
CLASSES = 20
ROUNDS, OTHER_ROUNDS = 100, 30
OTHER_ROWS = 10_000
LEAST_OF_CLASS = 10
"""Rows of a class that it is learned or judged by at least: boosting's steps for a class of a few rows run away, and
spoil what is said of every other class."""


class Task(NamedTuple):
    """A column to predict from the others; ``classes`` is 0 for numbers."""

    column: str
    classes: int


class Score(NamedTuple):
    """How well a column is predicted: ``main`` is ROC AUC (one class against the rest, mean), or R2 of numbers."""

    main: float
    f1: float | None = None


def task_of(coder: Coder, column: str, real: Coded) -> Task:
    """Return the task of predicting a column."""
    if coder.columns[column].codes is None:
        return Task(column, 0)
    return Task(column, coder.columns[column].size)


def other_tasks(coder: Coder, real: Coded, target: str | None) -> list[Task]:
    """Return up to four columns to predict beside the target, so that one good column cannot hide junk.

    Those with the fewest classes (2 to 20, at least two of them with 10 rows) come first, then numbers, in order.
    """
    found: list[tuple[int, Task]] = []
    for name, column in coder.columns.items():
        if name == target:
            continue
        if column.codes is None:
            found.append((CLASSES + 1, Task(name, 0)))
        elif len(column.codes) <= CLASSES and (np.bincount(real[name]) >= LEAST_OF_CLASS).sum() >= 2:
            found.append((len(column.codes), Task(name, column.size)))
    return [task for _, task in sorted(found, key=lambda pair: pair[0])[:OTHERS]]


def score(coder: Coder, task: Task, train: Coded, test: Coded, rounds: int = ROUNDS) -> Score:
    """Return how well gradient boosting, trained on ``train``, predicts ``task`` on ``test``.

    Classes of fewer than `LEAST_OF_CLASS` rows are not learned, but for the two commonest. Cost: one
    `HistGradientBoosting` fit of ``rounds`` trees a class.
    """
    if task.classes == 0:
        return _score_numbers(coder, task, train, test, rounds)
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import f1_score

    train = _learnable(train, task)
    known, wanted = train[task.column], test[task.column]
    classes = np.unique(known)
    shares = np.zeros((length(test), task.classes))
    if len(classes) == 1:
        shares[:, classes[0]] = 1.0
    else:
        x, categorical = coder.features(train, task.column)
        model = HistGradientBoostingClassifier(
            max_iter=rounds, early_stopping=False, categorical_features=categorical, random_state=0
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of rare classes: what they cost shows in the score
            shares[:, classes] = model.fit(x, known).predict_proba(coder.features(test, task.column)[0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        f1 = float(f1_score(wanted, shares.argmax(axis=1), average="macro", labels=np.unique(wanted), zero_division=0))
    return Score(_auc(wanted, shares), f1)


def _learnable(train: Coded, task: Task) -> Coded:
    """Return the rows of classes with enough of them, and of the two commonest classes."""
    counts = np.bincount(train[task.column], minlength=task.classes)
    enough = counts >= min(LEAST_OF_CLASS, np.sort(counts)[-2])
    return train if enough[counts > 0].all() else rows_of(train, np.flatnonzero(enough[train[task.column]]))


def _auc(wanted: np.ndarray, shares: np.ndarray) -> float:
    """Return the mean ROC AUC of each class against the rest, over classes with at least `LEAST_OF_CLASS` test rows."""
    from sklearn.metrics import roc_auc_score

    counts = np.bincount(wanted, minlength=shares.shape[1])
    judged = [k for k, n in enumerate(counts) if min(n, len(wanted) - n) >= min(LEAST_OF_CLASS, len(wanted) // 10 + 1)]
    return float(np.mean([roc_auc_score(wanted == k, shares[:, k]) for k in judged])) if judged else 0.5


def _score_numbers(coder: Coder, task: Task, train: Coded, test: Coded, rounds: int) -> Score:
    from sklearn.ensemble import HistGradientBoostingRegressor
    from sklearn.metrics import r2_score

    train = rows_of(train, np.flatnonzero(~np.isnan(train[task.column])))
    test = rows_of(test, np.flatnonzero(~np.isnan(test[task.column])))
    if length(train) < 2 or length(test) < 2:
        return Score(0.0)
    x, categorical = coder.features(train, task.column)
    model = HistGradientBoostingRegressor(
        max_iter=rounds, early_stopping=False, categorical_features=categorical, random_state=0
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = model.fit(x, train[task.column]).predict(coder.features(test, task.column)[0])
    return Score(max(float(r2_score(test[task.column], made)), -1.0))


def floor(task: Task, test: Coded) -> Score:
    """Return what predicting without looking scores: the commonest class, or the mean."""
    if task.classes == 0:
        return Score(0.0)
    shares = np.bincount(test[task.column], minlength=task.classes) / length(test)
    most = shares.max()
    return Score(0.5, float(2 * most / (1 + most) / np.count_nonzero(shares)))


def others_mean(coder: Coder, tasks: list[Task], train: Coded, test: Coded, draws: int = 1) -> float | None:
    """Return the mean score over `other_tasks`, each on at most 10,000 rows chosen by key; None without any.

    With more rows it is the mean over so many choices of them: one choice alone may be off by 0.003.
    """
    if not tasks:
        return None
    parts = [capped(train, OTHER_ROWS, 3 + draw) for draw in range(draws if length(train) > OTHER_ROWS else 1)]
    return float(np.mean([score(coder, task, part, test, OTHER_ROUNDS).main for part in parts for task in tasks]))
