"""Shift: how far two groups of rows differ in one trait, and how far chance alone would bring them.

Numbers are compared by the Kolmogorov-Smirnov distance (the greatest difference of the two distribution functions),
classes by the total variation distance (half the sum of the differences of their shares). Both lie in [0, 1].
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import log, sqrt

import numpy as np

from augury.report.figures import ORIGINAL, Group, Measured, Shift
from augury.report.traits import Trait

RARE = 0.001
"""Chance passes the bound in at most this share of comparisons of equal populations."""


def ks_distance(a: np.ndarray, b: np.ndarray) -> float:
    """Return the greatest difference of the distribution functions of two samples, neither of them empty."""
    a, b = np.sort(a), np.sort(b)
    points = np.concatenate([a, b])
    below_a = np.searchsorted(a, points, side="right") / len(a)
    below_b = np.searchsorted(b, points, side="right") / len(b)
    return float(np.abs(below_a - below_b).max())


def ks_chance(n: int, m: int) -> float:
    """Return the bound of `RARE`: sqrt(ln(2 / RARE) / 2 * (1/n + 1/m)), from Kolmogorov's asymptotic law."""
    return min(1.0, sqrt(log(2.0 / RARE) / 2.0 * (1.0 / n + 1.0 / m)))


def tv_distance(a: Mapping[str, float], b: Mapping[str, float]) -> float:
    """Return half the summed differences of the shares of two counts, neither of them empty."""
    total_a, total_b = sum(a.values()), sum(b.values())
    names = sorted(a.keys() | b.keys())
    return min(1.0, 0.5 * sum(abs(a.get(n, 0.0) / total_a - b.get(n, 0.0) / total_b) for n in names))


def tv_chance(a: Mapping[str, float], b: Mapping[str, float], n: int, m: int) -> float:
    """Return a bound of `RARE` for ``n`` and ``m`` records of one population with the pooled shares p.

    The expected distance is at most half the sum of sqrt(p (1 - p) (1/n + 1/m)); by McDiarmid's inequality the
    distance passes that by sqrt(ln(1 / RARE) / 2 * (1/n + 1/m)) with a probability of at most `RARE`.
    """
    sizes = 1.0 / n + 1.0 / m
    whole = sum(a.values()) + sum(b.values())
    shares = [(a.get(name, 0.0) + b.get(name, 0.0)) / whole for name in sorted(a.keys() | b.keys())]
    expected = 0.5 * sum(sqrt(max(p * (1.0 - p), 0.0) * sizes) for p in shares)
    return min(1.0, expected + sqrt(log(1.0 / RARE) / 2.0 * sizes))


def shifts(measured: Measured) -> Iterator[Shift]:
    """Yield how the other sides differ from the first one with rows, and how copies differ from their originals.

    A side is judged by its originals; by its copies where originals were not written, and then chance tells nothing.
    """
    filled = [g for g in measured.groups if g.rows]
    of_side: dict[str, Group] = {}
    for group in filled:
        if group.side not in of_side or (group.origin == ORIGINAL and of_side[group.side].origin != ORIGINAL):
            of_side[group.side] = group
    sides = list(of_side.values())
    for other in sides[1:]:
        base = sides[0]
        independent = base.origin == other.origin == ORIGINAL
        yield from _compare(measured.collection, base, other, independent)
    for copies in filled:
        own = of_side[copies.side]
        if own.origin == ORIGINAL and copies.origin != ORIGINAL:
            yield from _compare(measured.collection, own, copies, independent=False)


def _compare(collection: str, a: Group, b: Group, independent: bool) -> Iterator[Shift]:
    for field, lacking in a.missing.items():
        if lacking or b.missing[field]:
            of_a, of_b = ({"missing": g.missing[field], "there": g.rows - g.missing[field]} for g in (a, b))
            chance = tv_chance(of_a, of_b, a.rows, b.rows) if independent else None
            title = Trait(field, "missing", "", "class").title
            yield Shift(collection, title, a.name, b.name, "TV", tv_distance(of_a, of_b), chance, a.rows, b.rows)
    for trait, known in a.traits.items():
        other = b.traits.get(trait)
        if other is None or not known.records or not other.records:
            continue
        if trait.sort == "number":
            n, m = len(known.numbers), len(other.numbers)
            distance, chance, sort = ks_distance(known.numbers, other.numbers), ks_chance(n, m), "KS"
        else:
            n, m = known.records, other.records
            distance = tv_distance(known.classes, other.classes)
            chance, sort = tv_chance(known.classes, other.classes, n, m), "TV"
        yield Shift(collection, trait.title, a.name, b.name, sort, distance, chance if independent else None, n, m)
