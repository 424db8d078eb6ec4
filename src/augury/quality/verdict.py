"""The verdict: use, use with care, or do not use, with every reason that led to it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal, NamedTuple, TypeAlias

Word: TypeAlias = Literal["use", "use with care", "do not use"]

KEPT, KEPT_WELL = 0.7, 0.9
"""Shares of what real rows teach beyond guessing: below the first rows are useless, below the second weak."""

CLOSER, CLOSER_CARE = 0.10, 0.03
ISOLATED, ISOLATED_CARE = 0.20, 0.08
ATTACK, ATTACK_CARE = 0.60, 0.53
COPIES, COPIES_CARE = 0.01, 0.001
APART = 0.90


class Verdict(NamedTuple):
    """A word and its reasons, the gravest first."""

    word: Word
    reasons: tuple[str, ...]


def judge(figures: Mapping[str, float | None], real: Mapping[str, float | None], rows: int) -> Verdict:
    """Return the verdict on a candidate's mean figures.

    Privacy without utility earns "do not use", and so does utility with copies.

    Args:
        figures: Its figures by name, as in `augury.quality.Evaluation`.
        real: What real rows score, and the floors of guessing.
        rows: Rows the privacy figures were measured on; few rows widen the margins by their sampling error.
    """
    never: list[str] = []
    care: list[str] = []
    _judge_utility(figures, real, never, care)
    _judge_privacy(figures, rows, never, care)
    apart = figures.get("two_sample_auc")
    if apart is not None and apart > APART:
        care.append(f"it can be told from real rows nearly always (two-sample AUC {apart:.2f})")
    if never:
        return Verdict("do not use", (*never, *care))
    if care:
        return Verdict("use with care", tuple(care))
    kept = "it teaches nearly what real rows teach, and lies no nearer to training rows than to others"
    return Verdict("use", (kept,))


def _judge_utility(
    figures: Mapping[str, float | None], real: Mapping[str, float | None], never: list[str], care: list[str]
) -> None:
    judged = False
    words = {"main": "the target", "f1": "the target's classes (macro F1)", "others": "the other columns"}
    for name, what in words.items():
        made, best, least = figures.get(name), real.get(name), real.get(f"{name}_floor")
        if made is None or best is None or least is None or best - least < 0.02:
            continue
        judged = True
        share = (made - least) / (best - least)
        text = (
            f"predicting {what}, it keeps {max(share, 0):.0%} of what real rows teach ({made:.3f} against {best:.3f})"
        )
        if share < KEPT:
            never.append(text)
        elif share < KEPT_WELL:
            care.append(text)
    if not judged:
        care.append("no column can be predicted from the others even with real rows: its use cannot be judged")


def _judge_privacy(figures: Mapping[str, float | None], rows: int, never: list[str], care: list[str]) -> None:
    error = 0.5 / math.sqrt(max(rows, 1))
    closer, lone, attack = figures["closer"], figures["closer_isolated"], figures["attack"]
    copies, real_copies = figures["copies"], figures["copies_real"]
    assert closer is not None and lone is not None and attack is not None
    assert copies is not None and real_copies is not None
    chance = error * math.sqrt(real_copies)
    checks = (
        (closer - 0.5, max(CLOSER, 4 * error), max(CLOSER_CARE, 3 * error),
         f"{closer:.0%} of its rows lie nearer to training rows than to others (50 % is no leak)"),
        (lone - 0.5, max(ISOLATED, 13 * error), max(ISOLATED_CARE, 10 * error),
         f"near the most isolated rows {lone:.0%} lie nearer to those of the training set (50 % is no leak)"),
        (attack - 0.5, max(ATTACK - 0.5, 4 * error), max(ATTACK_CARE - 0.5, 3 * error),
         f"who was in the training set can be guessed from it (AUC {attack:.2f}, 0.5 is chance)"),
        (copies - real_copies, COPIES + 4 * chance, COPIES_CARE + 3 * chance,
         f"{copies:.1%} of its rows are copies of training rows (fresh real rows: {real_copies:.1%})"),
    )  # fmt: skip
    for found, worst, limit, text in checks:
        if found > worst:
            never.append(text)
        elif found > limit:
            care.append(text)
