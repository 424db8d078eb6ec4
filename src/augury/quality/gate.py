"""A recipe's gate: what made rows had to reach on the inner split, what they reached, and whether that is enough."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

from augury.quality.evaluating import Evaluation
from augury.quality.histories import Histories
from augury.quality.verdict import kept_shares, privacy_limits
from augury.recipe.synthesis import LEAST, MOST, OF_HISTORIES, Gate

RANK = ("do not use", "use with care", "use")
LEAST_ERROR = 0.005
"""Least difference of two scores that says anything."""


class Check(NamedTuple):
    """One thing that was asked: in words, what came, and whether it is enough."""

    asked: str
    got: str
    passed: bool


def hold(gate: Gate, found: Evaluation | Histories) -> list[Check]:
    """Return what a gate asks of an evaluation, each with what came."""
    if isinstance(found, Histories):
        asked = ((name, getattr(gate, name)) for name in OF_HISTORIES)
        checks = [_figure(n, "at most", most, getattr(found.made, n)) for n, most in asked if most is not None]
    else:
        checks = [*_figures(gate, found), *_utility(gate, found), *_privacy(gate, found)]
    verdict = gate.verdict or ("use with care" if not checks else None)
    if verdict is not None:
        word = found.verdict.word
        reached = RANK.index(word) >= RANK.index(verdict)
        reasons = "; ".join(found.verdict.reasons)
        checks.insert(0, Check(f"a verdict of at least {verdict!r}", f"{word}: {reasons}", reached))
    return checks


def _figures(gate: Gate, found: Evaluation) -> Iterator[Check]:
    for names, word in ((LEAST, "at least"), (MOST, "at most")):
        for name in names:
            asked: Any = getattr(gate, name)
            if asked is not None:
                yield _figure(name, word, asked, found.model.mean(name))


def _figure(name: str, word: str, asked: float, mean: float | None) -> Check:
    passed = mean is not None and (mean >= asked if word == "at least" else mean <= asked)
    got = "not measured: there is no such column" if mean is None else f"{mean:.3f}"
    return Check(f"{name} {word} {asked:g}", got, passed)


def _utility(gate: Gate, found: Evaluation) -> Iterator[Check]:
    if gate.utility == "not_worse":
        for name, what in (("main", found.main), ("f1", "macro F1")):
            best = found.real.get(name)
            added = found.written.get(f"added_{name}", found.model.mean(f"added_{name}"))
            if best is not None and added is not None:
                error = max(LEAST_ERROR, 0.5 / math.sqrt(found.sizes["test"]))
                text = f"{what} of the target with made rows no worse than {best:.3f} without (error {error:.3f})"
                yield Check(text, f"{added:.3f}", added >= best - error)
    elif gate.utility is not None:
        asked = f"at least {gate.utility:.0%} of what real rows teach"
        shares = list(kept_shares(_means(found), found.real))
        for _, share, text in shares:
            yield Check(asked, text, share >= gate.utility)
        if not shares:
            yield Check(asked, "no column can be predicted from the others even with real rows", False)


def _privacy(gate: Gate, found: Evaluation) -> Iterator[Check]:
    if gate.privacy is not None:
        rows = min(found.sizes["half"], found.protocol.near)
        for limit in privacy_limits(_means(found), rows):
            text = f"{limit.name} at most {limit.worst:.3f} beyond what fresh rows show"
            yield Check(text, limit.text, limit.found <= limit.worst)


def _means(found: Evaluation) -> dict[str, float | None]:
    return {name: found.model.mean(name) for name in found.model.values}
