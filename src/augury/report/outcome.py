"""What came out, in words: one paragraph, and what to worry about, the worst first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from augury.report.blocks import count, listed, number, percent, shortened
from augury.report.facts import Facts, said
from augury.report.figures import ORIGINAL, UNREAD, Measured

FAR = 0.05
"""A share of a split that is missed by more than this is worth a word."""

MOST_SHIFTS = 3
"""Shifts between sides that the summary names."""

MOST_WARNINGS = 5
"""Warnings of the run that the summary repeats."""


class Concern(NamedTuple):
    """Something a reader should know before using the data.

    Args:
        grave: Whether results on the data may be wrong because of it.
        text: What it is, in a sentence or two.
        place: The section of the page that tells more.
    """

    grave: bool
    text: str
    place: str


def paragraph(facts: Facts, measured: Sequence[Measured]) -> str:
    """Return what came out, in two or three sentences."""
    groups = [g for m in measured for g in m.groups]
    rows = sum(g.rows for g in groups)
    read = sum(s["records"] for s in facts.sources)
    origins: dict[str, int] = {}
    sides: dict[str, int] = {}
    for group in groups:
        sides[group.side] = sides.get(group.side, 0) + group.rows
        if group.rows:
            origins[group.origin] = origins.get(group.origin, 0) + group.rows
    nouns = {ORIGINAL: ("original", "originals"), "augmented": ("copy", "copies")}
    made = [count(n, *nouns.get(origin, (f"{origin} row", ""))) for origin, n in origins.items() if origin != UNREAD]
    source = f"{count(read, 'record')} of {count(len(facts.sources), 'source')}" if facts.sources else "the sources"
    text = f"From {source} came {count(rows, 'row')}" + (f": {listed(made)}." if made else ".")
    lie = [f"{number(n)} on {side}" for side, n in sides.items()]
    text += f" They lie in {count(len(measured), 'collection')}, {listed(lie)}." if lie else ""
    return text


def concerns(facts: Facts, measured: Sequence[Measured]) -> list[Concern]:
    """Return what to worry about, grave things first."""
    return sorted(_concerns(facts, measured), key=lambda concern: not concern.grave)


def _concerns(facts: Facts, measured: Sequence[Measured]) -> Iterator[Concern]:
    found = [(check["check"], text) for check in facts.audit for text in check["found"]]
    if found:
        most = shortened(found[0][1], 200)
        yield Concern(True, f"The audit found {count(len(found), 'problem')}. The first: {most}.", "audit")
    yield from _empty(facts, measured)
    yield from _made(facts)
    yield from _left(facts)
    yield from _shifts(measured)
    far = _far(facts)
    if far:
        yield Concern(False, f"The split missed its shares: {listed(far)}.", "split")
    for text in facts.warnings[:MOST_WARNINGS]:
        yield Concern(False, shortened(text, 300), "notes")
    if len(facts.warnings) > MOST_WARNINGS:
        yield Concern(False, f"{count(len(facts.warnings) - MOST_WARNINGS, 'further warning')}.", "notes")


def _made(facts: Facts) -> Iterator[Concern]:
    for one in facts.synthesis:
        if one["gate"] is not None and not one["gate"]["passed"]:
            text = f"The gate of {one['title']} did not pass: it made no rows."
            yield Concern(False, shortened(text, 300), "synthesis")
            continue
        word, reasons = said(one)
        if word:
            grave = word == "do not use" and one["rows"] > 0
            because = f": {reasons[0]}" if word != "use" and reasons else ""
            text = f"Verdict on the rows of {one['title']}: {word}{because}"
            yield Concern(grave, f"{shortened(text, 300)}.", "synthesis")


def _empty(facts: Facts, measured: Sequence[Measured]) -> Iterator[Concern]:
    for side in facts.split["empty"]:
        yield Concern(True, f"No record came to {side}, which has a share.", "split")
    for each in measured:
        filled = {g.side for g in each.groups if g.rows}
        bare = [s for s in dict.fromkeys(g.side for g in each.groups) if s not in filled]
        bare = [s for s in bare if s not in facts.split["empty"]]
        if bare:
            yield Concern(False, f"The collection {each.collection} has no row on {listed(bare)}.", "split")


def _left(facts: Facts) -> Iterator[Concern]:
    read = sum(s["records"] for s in facts.sources)
    left = sum(entry["count"] for entry in facts.quarantine.values())
    if left:
        stages = [f"{number(e['count'])} at {stage}" for stage, e in sorted(facts.quarantine.items())]
        what = count(left, "record or copy", "records or copies")
        share = f" ({percent(left / read)} of the records read)" if read else ""
        yield Concern(False, f"{what} failed and {_was(left)} left out{share}: {listed(stages)}.", "left")
    turned = sum(entry["count"] for entry in facts.rejected.values())
    if turned:
        reasons = [f"{reason} ({number(e['count'])})" for reason, e in sorted(facts.rejected.items())]
        share = f" ({percent(turned / read)} of those read)" if read else ""
        yield Concern(False, f"{count(turned, 'record')} {_was(turned)} turned away{share}: {listed(reasons)}.", "left")
    near = facts.duplicates["near"]
    if near:
        text = f"{count(near, 'pair')} of records nearly {'repeats' if near == 1 else 'repeat'} each other."
        yield Concern(False, text, "left")


def _was(n: int) -> str:
    return "was" if n == 1 else "were"


def _shifts(measured: Sequence[Measured]) -> Iterator[Concern]:
    real = [s for m in measured for s in m.shifts if s.is_real]
    real.sort(key=lambda s: (-(s.distance - (s.chance or 0.0)), s.collection, s.trait, s.b))
    for shift in real[:MOST_SHIFTS]:
        text = (
            f"{shift.collection}, {shift.trait}: {shift.b} differ from {shift.a} by more than chance "
            f"({shift.measure} {shift.distance:.2f}; chance reaches {shift.chance:.2f})."
        )
        yield Concern(False, text, "shift")
    if len(real) > MOST_SHIFTS:
        yield Concern(False, f"{count(len(real) - MOST_SHIFTS, 'further shift')} between sides.", "shift")


def _far(facts: Facts) -> list[str]:
    total = sum(facts.split["sides"].values())
    out = []
    for side, asked in facts.split["asked"].items():
        reached = facts.split["sides"].get(side, 0) / total if total else 0.0
        if abs(reached - asked) > FAR:
            out.append(f"{side} got {percent(reached)}, asked {percent(asked)}")
    return out
