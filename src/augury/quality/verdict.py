"""The verdict: use, use with care, or do not use, with every reason that led to it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
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
    judged = False
    for _, share, text in kept_shares(figures, real):
        judged = True
        if share < KEPT_WELL:
            (never if share < KEPT else care).append(text)
    if not judged:
        care.append("no column can be predicted from the others even with real rows: its use cannot be judged")
    for limit in privacy_limits(figures, rows):
        if limit.found > limit.care:
            (never if limit.found > limit.worst else care).append(limit.text)
    apart = figures.get("two_sample_auc")
    if apart is not None and apart > APART:
        care.append(f"it can be told from real rows nearly always (two-sample AUC {apart:.2f})")
    if never:
        return Verdict("do not use", (*never, *care))
    if care:
        return Verdict("use with care", tuple(care))
    kept = "it teaches nearly what real rows teach, and lies no nearer to training rows than to others"
    return Verdict("use", (kept,))


def kept_shares(
    figures: Mapping[str, float | None], real: Mapping[str, float | None]
) -> Iterator[tuple[str, float, str]]:
    """Yield each measure of use, the share of what real rows teach beyond guessing that these rows teach, and words.

    A measure is left out where even real rows teach nearly nothing.
    """
    words = {"main": "the target", "f1": "the target's classes (macro F1)", "others": "the other columns"}
    for name, what in words.items():
        made, best, least = figures.get(name), real.get(name), real.get(f"{name}_floor")
        if made is not None and best is not None and least is not None and best - least >= 0.02:
            share = (made - least) / (best - least)
            kept = f"keeps {max(share, 0):.0%} of what real rows teach ({made:.3f} against {best:.3f})"
            yield name, share, f"predicting {what}, it {kept}"


class Limit(NamedTuple):
    """One measure of privacy: how far beyond no leak it is, what it must not pass, what it should not, and words."""

    name: str
    found: float
    worst: float
    care: float
    text: str


def privacy_limits(figures: Mapping[str, float | None], rows: int) -> tuple[Limit, ...]:
    """Return the measures of privacy with their limits; few rows widen these by their sampling error."""
    error = 0.5 / math.sqrt(max(rows, 1))
    closer, lone, attack = figures["closer"], figures["closer_isolated"], figures["attack"]
    copies, real_copies = figures["copies"], figures["copies_real"]
    assert closer is not None and lone is not None and attack is not None
    assert copies is not None and real_copies is not None
    worst, care = copies_allowed(real_copies, rows)
    return (
        Limit("closer", closer - 0.5, max(CLOSER, 4 * error), max(CLOSER_CARE, 3 * error),
              f"{closer:.0%} of its rows lie nearer to training rows than to others (50 % is no leak)"),
        Limit("closer_isolated", lone - 0.5, max(ISOLATED, 13 * error), max(ISOLATED_CARE, 10 * error),
              f"near the most isolated rows {lone:.0%} lie nearer to those of the training set (50 % is no leak)"),
        Limit("attack", attack - 0.5, max(ATTACK - 0.5, 4 * error), max(ATTACK_CARE - 0.5, 3 * error),
              f"who was in the training set can be guessed from it (AUC {attack:.2f}, 0.5 is chance)"),
        Limit("copies", copies - real_copies, worst, care,
              f"{copies:.1%} of its rows are copies of training rows (fresh real rows: {real_copies:.1%})"),
    )  # fmt: skip


def copies_allowed(real: float, rows: int) -> tuple[float, float]:
    """Return by how much the share of copies must not, and should not, pass that of fresh real rows."""
    chance = 0.5 / math.sqrt(max(rows, 1)) * math.sqrt(real)
    return COPIES + 4 * chance, COPIES_CARE + 3 * chance
