"""What is measured: collections, the groups of their rows, and the figures of each trait."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from augury.record import FieldSpec
from augury.report.traits import Trait

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
ORIGINAL = "original"
UNREAD = ""
"""The origin of rows that could not be read back."""


class Shift(NamedTuple):
    """How two groups differ in one trait.

    Args:
        collection: The collection.
        trait: The trait's title.
        a: The group compared with, in words.
        b: The group that is compared.
        measure: ``KS`` or ``TV``.
        distance: In [0, 1].
        chance: What chance alone passes in at most one comparison of a thousand, for independent records; None where
            the groups are not independent (copies and their originals).
        rows_a: Values that ``a`` is judged by.
        rows_b: Values that ``b`` is judged by.
    """

    collection: str
    trait: str
    a: str
    b: str
    measure: str
    distance: float
    chance: float | None
    rows_a: int
    rows_b: int

    @property
    def tells(self) -> bool:
        """Whether there are rows enough, independent ones, for any difference to be more than chance."""
        return self.chance is not None and self.chance < 1.0

    @property
    def is_real(self) -> bool:
        """Whether the groups differ more than chance would make them."""
        return self.chance is not None and self.distance > self.chance

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON-able form."""
        return self._asdict() | {"beyond_chance": self.is_real}


@dataclass
class Figures:
    """What is known of one trait in one group.

    Attributes:
        records: Rows it is known of.
        numbers: A sample of its values, sorted; empty for classes.
        classes: Class to count; empty for numbers.
        least: The least value of all rows, not only of the sample.
        greatest: The greatest.
    """

    records: int = 0
    numbers: np.ndarray = field(default_factory=lambda: np.zeros(0))
    classes: dict[str, float] = field(default_factory=dict)
    least: float = np.inf
    greatest: float = -np.inf


@dataclass
class Group:
    """The rows of one collection on one side that came to be in one way.

    Attributes:
        side: The side.
        origin: ``original``, ``augmented``, or how else rows came to be.
        rows: How many.
        missing: Field to rows that lack it.
        traits: What was measured.
    """

    side: str
    origin: str
    rows: int = 0
    missing: dict[str, int] = field(default_factory=dict)
    traits: dict[Trait, Figures] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The group in words: ``train originals``."""
        return f"{self.side} {origin_words(self.origin)}"


@dataclass
class Measured:
    """One collection, measured.

    Attributes:
        collection: Its name.
        fields: Its fields.
        groups: Its groups, in the order of sides, originals first.
        gallery: Side to rows to show: originals, and the first copies of the same records.
        shifts: How groups differ.
    """

    collection: str
    fields: Mapping[str, FieldSpec]
    groups: list[Group]
    gallery: dict[str, pa.Table]
    shifts: list[Shift] = field(default_factory=list)


def origin_words(origin: str) -> str:
    """Return what rows of an origin are called."""
    return {ORIGINAL: "originals", "augmented": "copies"}.get(origin, f"{origin} rows")


def document(measured: Measured) -> dict[str, Any]:
    """Return the JSON-able form: groups with their figures in quantiles and counts, and the shifts."""
    return {
        "collection": measured.collection,
        "groups": [
            {
                "side": g.side,
                "origin": g.origin,
                "rows": g.rows,
                "missing": g.missing,
                "traits": [t._asdict() | _figures(f) for t, f in g.traits.items()],
            }
            for g in measured.groups
        ],
        "shifts": [s.to_dict() for s in measured.shifts],
    }


def quantiles(figures: Figures) -> list[float]:
    """Return the values at `QUANTILES` of a number trait's sample."""
    return [float(v) for v in np.quantile(figures.numbers, QUANTILES)]


def _figures(figures: Figures) -> dict[str, Any]:
    if not figures.numbers.size:
        return {"records": figures.records, "classes": dict(list(figures.classes.items())[:100])}
    points = dict(zip((f"q{round(100 * q):02d}" for q in QUANTILES), quantiles(figures), strict=True))
    mean = float(figures.numbers.mean())
    return {"records": figures.records, "least": figures.least, **points, "greatest": figures.greatest, "mean": mean}
