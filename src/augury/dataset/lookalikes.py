"""The audit of near-duplicates: rows of different sides, compared pair by pair, in another way than the run did.

Only what the recipe's ``dedup`` looked at is audited, by the kind's detector with ``audits``: no bands, no clusters,
every pair of a sample. A side of at most `SAMPLE` rows is its own sample.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from augury.catalog import registry
from augury.dataset.audit import Finding
from augury.dataset.columns import COPY, ORIGIN, Columns
from augury.detector import Detector
from augury.errors import AuguryError
from augury.formats.beside import ROW_ID
from augury.recipe.cleaning import APART, ROW, kinds_of
from augury.rng import hash_point
from augury.specs import DetectorSpec

SAMPLE = 400
"""Rows of a side that are compared: those of the lowest hashed ids."""

CHUNK = 16_384
"""Pairs that a detector is given at a time."""

TRAIN = "train"


class _Kept(NamedTuple):
    point: int
    id: str
    place: str
    sketch: bytes


class Lookalikes:
    """Gathers samples of a collection's sides for one field, then finds rows of different sides that are alike."""

    def __init__(self, detector: Detector, what: str, columns: Sequence[str]) -> None:
        """Compare ``columns`` by a detector; ``what`` is what messages call them."""
        self.detector, self.what, self.columns = detector, what, columns
        self._kept: dict[str, list[_Kept]] = {}

    def add(self, place: str, side: str, row: Mapping[str, Any], columns: Columns) -> None:
        """Take a row into the sample of its side, if it is an original or synthetic and its hash is low enough."""
        if row[COPY] is not None and row[ORIGIN] != "synthetic":
            return
        kept = self._kept.setdefault(side, [])
        point = -hash_point("audit", row[ROW_ID])
        if len(kept) == SAMPLE and point <= kept[0].point:
            return
        sketch = self._sketch(row, columns)
        if sketch is not None:
            push = heapq.heappush if len(kept) < SAMPLE else heapq.heapreplace
            push(kept, _Kept(point, row[ROW_ID], place, sketch))

    def _sketch(self, row: Mapping[str, Any], columns: Columns) -> bytes | None:
        specs = {name: columns.after[name] for name in self.columns if name in columns.after}
        try:
            values = {name: _value(spec.kind, row[name]) for name, spec in specs.items()}
        except AuguryError:
            return None  # that it is damaged is found elsewhere
        if all(value is None for value in values.values()):
            return None
        whole = ROW in kinds_of(self.detector.on)
        return self.detector.sketch(values if whole else next(iter(values.values())), specs)

    @property
    def compared(self) -> str:
        """Return in words what was compared."""
        sizes = {side: len(kept) for side, kept in sorted(self._kept.items())}
        counts = ", ".join(f"{count} of {side}" for side, count in sizes.items())
        return f"near-duplicates of {self.what} across sides, every pair by {self.detector.entry_id}: {counts}"

    def findings(self) -> Iterator[Finding]:
        """Yield the pairs of the training side and another that are alike, the most alike first."""
        train = self._kept.get(TRAIN, [])
        sketches = [k.sketch for kept in self._kept.values() for k in kept]
        state = self.detector.fit(iter([sketches])) if self.detector.fits and sketches else None
        found: list[tuple[float, str, str, str, str]] = []
        for side, kept in self._kept.items():
            if side != TRAIN:
                pairs = ((a, b) for a in kept for b in train)
                while chunk := [pair for pair, _ in zip(pairs, range(CHUNK), strict=False)]:
                    values = self.detector.similarity([a.sketch for a, _ in chunk], [b.sketch for _, b in chunk], state)
                    for (a, b), value in zip(chunk, values, strict=True):
                        if value >= self.detector.near:
                            found.append((-float(value), a.id, b.id, f"{a.place} and {b.place}", side))
        for value, first, other, place, side in sorted(found):
            yield Finding(place, f"{first} on {side} looks like {other} on {TRAIN}: {self.what} {-value:.3f} similar")


def _value(kind: Any, stored: Any) -> Any:
    if stored is None:
        return None
    return kind.unpack(stored["bytes"] if kind.payload else stored)


def lookalikes(repeats: Sequence[Mapping[str, Any]], collection: str, columns: Columns) -> list[Lookalikes]:
    """Return what is gathered of a collection: one for each ``dedup`` that looked at it and can be audited."""
    out = []
    for found in repeats:
        names = [n for n in found["fields"] if n in columns.after and columns.after[n].role not in APART]
        detector = _auditor(found["on"]) if names else None
        if detector is not None:
            out.append(Lookalikes(detector, f"{collection} {found['what']}", names))
    return out


def _auditor(kind: str) -> Detector | None:
    """Return the detector that audits a kind, or None where no plugin gives one."""
    for entry in registry().entries("detectors"):
        if isinstance(entry.spec, DetectorSpec) and entry.spec.audits and kind in kinds_of(entry.spec.on):
            made: Detector = entry.load().build({})
            return made
    return None
