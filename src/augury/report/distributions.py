"""The section on distributions: how sides differ, how copies differ from originals, each trait as a plot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from augury.preview.markup import Child, Html, element
from augury.report.blocks import Section, count, listed, note, number, percent, plot, section, table
from augury.report.figures import QUANTILES, Figures, Group, Measured, Shift, quantiles
from augury.report.plots import bars, histogram
from augury.report.traits import Trait

MOST_PLOTS = 12
"""Traits of one collection that are drawn: those that differ most."""

PLOTS = 72
"""Plots of all collections, shared evenly where there are more collections than that allows."""

BARS = 12
"""Classes of one plot."""

HEAD = ("field", "compared", "measure", "distance", "judged by")
INTRO = (
    "Numbers are compared by the Kolmogorov-Smirnov distance (KS), classes by total variation (TV); both lie between "
    "0, no difference, and 1. Sides should differ by no more than chance: the bound is what chance alone passes in one "
    "comparison of a thousand, for independent records. That copies differ from their originals is what the steps are "
    "for; the figures say by how much."
)


def distributions(measured: Sequence[Measured]) -> Section | None:
    """Return how far groups differ in each trait, for each collection."""
    most = min(MOST_PLOTS, max(2, PLOTS // max(len(measured), 1)))
    parts = [part for i, each in enumerate(measured) for part in _collection(each, i, most)]
    return section("shift", "Distributions", *parts, intro=INTRO) if parts else None


def _collection(measured: Measured, index: int, most: int) -> Iterator[Html]:
    groups = [g for g in measured.groups if g.rows]
    traits = list(dict.fromkeys(t for g in groups for t in g.traits))
    if not traits and not any(g.missing for g in groups):
        return
    yield element("h3", measured.collection)
    sides = sorted((s for s in measured.shifts if s.chance is not None), key=_weight)
    copies = sorted((s for s in measured.shifts if s.chance is None), key=_weight)
    if sides:
        rows = [(*_row(s), _bound(s), _verdict(s)) for s in sides]
        yield table(f"How the sides of {measured.collection} differ", (*HEAD, "chance bound", "verdict"), rows)
    changed = [s for s in copies if s.distance > 0]
    if changed:
        made = "copies and synthetic rows" if any(g.origin == "synthetic" for g in groups) else "copies"
        yield table(f"How {made} of {measured.collection} differ from originals", HEAD, [_row(s) for s in changed])
    kept = list(dict.fromkeys(s.trait for s in copies if s.distance == 0))
    if kept:
        yield note(f"Distributed in copies as in originals: {listed(kept)}.")
    if not measured.shifts:
        yield note("There is only one group of rows, so nothing can be compared.")
    missing = [
        (name, *(percent(g.missing[name] / g.rows) for g in groups))
        for name in measured.fields
        if any(g.missing[name] for g in groups)
    ]
    if missing:
        yield table(f"Missing values of {measured.collection}", ("field", *(g.name for g in groups)), missing)
    yield from _plots(measured, groups, traits, f"d{index}", most)


def _plots(
    measured: Measured, groups: Sequence[Group], traits: Sequence[Trait], name: str, most: int
) -> Iterator[Html]:
    """Yield the plots of the traits that differ most, in the order of the fields."""
    weight = {s.trait: (1, 0.0) for s in measured.shifts}
    for shift in measured.shifts:
        weight[shift.trait] = min(weight[shift.trait], _weight(shift))
    drawn = sorted(traits, key=lambda t: weight.get(t.title, (1, 0.0)))[:most]
    figures = [_plot(measured, groups, t, f"{name}-{i}") for i, t in enumerate(t for t in traits if t in drawn)]
    yield element("div", *figures, class_="plots")
    if len(traits) > len(drawn):
        yield note(f"The {len(drawn)} traits that differ most of {len(traits)} are drawn; report.json holds all.")


def _weight(shift: Shift) -> tuple[int, float]:
    """Differences that chance does not explain come first, then the greater ones."""
    return (0 if shift.is_real else 1, -shift.distance)


def _row(shift: Shift) -> tuple[Child | float, ...]:
    judged = f"{number(shift.rows_a)} and {number(shift.rows_b)}"
    meter = element("span", f"{shift.distance:.3f}", class_="meter", style=f"--d:{100 * shift.distance:.1f}%")
    return shift.trait, f"{shift.b} with {shift.a}", shift.measure, meter, judged


def _bound(shift: Shift) -> str:
    return f"{shift.chance:.3f}" if shift.tells else "\u2013"


def _verdict(shift: Shift) -> Html:
    if not shift.tells:
        return element("span", "too few rows to tell", class_="note")
    if shift.is_real:
        return element("b", "more than chance", class_="bad")
    return element("span", "within chance", class_="good")


def _plot(measured: Measured, groups: Sequence[Group], trait: Trait, name: str) -> Html:
    known = {g.name: g.traits[trait] for g in groups if trait in g.traits}
    told = [
        f"{s.measure} {s.distance:.2f} for {s.b}{', more than chance' if s.is_real else ''}"
        for s in measured.shifts
        if s.trait == trait.title
    ]
    words = f"Against {next(iter(known))}: {'; '.join(told)}." if told else None
    if trait.sort == "class":
        classes = {n: f for n, f in known.items() if f.classes}
        return _of_classes(trait, classes, words, name)
    numbers = {n: f for n, f in known.items() if f.numbers.size}
    shape = histogram({n: f.numbers for n, f in numbers.items()}, trait.unit, name)
    head = ("group", "values", "least", *(f"{round(100 * q)} %" for q in QUANTILES), "greatest", "mean")
    rows = [(n, f.records, *_numbers(f, trait)) for n, f in numbers.items()]
    return plot(_title(trait), list(numbers), shape, words, table(f"Quantiles of {trait.title}", head, rows))


def _of_classes(trait: Trait, known: dict[str, Figures], words: str | None, name: str) -> Html:
    shares = {n: {c: k / sum(f.classes.values()) for c, k in f.classes.items()} for n, f in known.items()}
    names = sorted(
        {c for s in shares.values() for c in s}, key=lambda c: (-max(s.get(c, 0.0) for s in shares.values()), c)
    )
    rows = [(c, *(percent(s.get(c, 0.0)) for s in shares.values())) for c in names]
    behind = table(f"Shares of {trait.title}", ("class", *shares), rows)
    if len(names) > BARS:
        words = f"{words or ''} The {BARS} commonest of {count(len(names), 'class', 'classes')} are drawn.".strip()
    return plot(_title(trait), list(shares), bars(shares, names[:BARS], "%", name), words, behind)


def _numbers(figures: Figures, trait: Trait) -> list[Child | float]:
    mean = float(figures.numbers.mean())
    values = [figures.least, *quantiles(figures), figures.greatest, mean]
    return [_moment(v) for v in values] if trait.unit == "date" else list(values)


def _moment(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")
    except (OverflowError, OSError, ValueError):
        return number(seconds)


def _title(trait: Trait) -> str:
    return f"{trait.title}, {trait.unit}" if trait.unit and trait.unit != "date" else trait.title
