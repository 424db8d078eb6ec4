"""The audit of near-duplicates: rows of different sides, compared pair by pair, in another way than the run did.

Only what the recipe's ``dedup`` looked at is audited, by the kind's detector with ``audits``: no bands, no clusters,
every pair of a sample. A side of at most `SAMPLE` rows is its own sample. Synthetic rows are compared too, where there
are any, in another way: rows that a model makes of one half of a table look like rows of the other half wherever rows
lie close. They must not look like held-out rows more often than they look like rows that the model has seen.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from augury.catalog import registry
from augury.dataset.audit import Finding
from augury.dataset.columns import COPY, ORIGIN, Columns
from augury.detector import Detector
from augury.errors import AuguryError
from augury.formats.beside import ROW_ID
from augury.recipe.cleaning import APART, ROW, kinds_of
from augury.recipe.sections import SYNTHETIC
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


class _Pair(NamedTuple):
    likeness: float
    first: str
    other: str
    place: str
    side: str


class Lookalikes:
    """Gathers samples of a collection's sides for one field, then finds rows of different sides that are alike."""

    def __init__(self, detector: Detector, what: str, columns: Sequence[str], originals: bool = True) -> None:
        """Compare ``columns`` by a detector; ``what`` is what messages call them.

        ``originals`` says whether originals of different sides must not be alike, or only made rows are looked at.
        """
        self.detector, self.what, self.columns, self.originals = detector, what, columns, originals
        self._state: Any = None
        self._kept: dict[str, list[_Kept]] = {}

    def add(self, place: str, side: str, row: Mapping[str, Any], columns: Columns) -> None:
        """Take a row into the sample of its side, if it is an original or synthetic and its hash is low enough."""
        if row[COPY] is not None:
            return
        kept = self._kept.setdefault(SYNTHETIC if row[ORIGIN] == SYNTHETIC else side, [])
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
        every = [k.sketch for kept in self._kept.values() for k in kept]
        self._state = self.detector.fit(iter([every])) if self.detector.fits and every else None
        train, made = (self._kept.get(name, []) for name in (TRAIN, SYNTHETIC))
        seen = list(self._alike(train, made, SYNTHETIC)) if made else []
        found: list[_Pair] = []
        for side, kept in self._kept.items():
            if side not in (TRAIN, SYNTHETIC):
                found += self._alike(kept, train, side) if self.originals else ()
                copied = list(self._alike(kept, made, side))
                if beyond_chance(len(copied), len(seen), len(kept), len(train)):
                    found += copied
        for pair in sorted(found):
            what = f"{self.what} {-pair.likeness:.3f} similar"
            yield Finding(pair.place, f"{pair.first} on {pair.side} looks like {pair.other} on {TRAIN}: {what}")

    def _alike(self, some: Sequence[_Kept], others: Sequence[_Kept], side: str) -> Iterator[_Pair]:
        """Yield the pairs that the detector calls alike."""
        pairs = ((a, b) for a in some for b in others)
        while chunk := [pair for pair, _ in zip(pairs, range(CHUNK), strict=False)]:
            values = self.detector.similarity([a.sketch for a, _ in chunk], [b.sketch for _, b in chunk], self._state)
            for (a, b), value in zip(chunk, values, strict=True):
                if value >= self.detector.near:
                    yield _Pair(-float(value), a.id, b.id, f"{a.place} and {b.place}", side)


def beyond_chance(copied: int, seen: int, held: int, known: int) -> bool:
    """Whether made rows look like held-out rows more often than chance explains, once in a thousand at most.

    Each of the ``copied`` + ``seen`` pairs would be one of a held-out row with the probability that a row of the two
    samples is held out, had the model seen neither; one that has seen only the other gives fewer. Pairs of one row hang
    together, so the deviation is taken twice as large as that of independent ones.
    """
    pairs = copied + seen
    if not pairs or not held + known:
        return False
    share = held / (held + known)
    return copied > share * pairs + 2 * 3.1 * math.sqrt(share * (1 - share) * pairs)


def _value(kind: Any, stored: Any) -> Any:
    if stored is None:
        return None
    return kind.unpack(stored["bytes"] if kind.payload else stored)


def lookalikes(
    repeats: Sequence[Mapping[str, Any]], collection: str, columns: Columns, made: Sequence[str] = ()
) -> list[Lookalikes]:
    """Return what is gathered of a collection: one for each ``dedup`` that looked at it and can be audited.

    Where the collection has synthetic rows, with the fields ``made``, these are compared as rows in any case.
    """
    out = []
    for found in repeats:
        names = [n for n in found["fields"] if n in columns.after and columns.after[n].role not in APART]
        detector = _auditor(found["on"]) if names else None
        if detector is not None:
            out.append(Lookalikes(detector, f"{collection} {found['what']}", names))
    names = [n for n in made if n in columns.after and columns.after[n].role is None]
    if names and not any(found["on"] == ROW for found in repeats) and (detector := _auditor(ROW)) is not None:
        out.append(Lookalikes(detector, f"{collection} made rows", names, originals=False))
    return out


def _auditor(kind: str) -> Detector | None:
    """Return the detector that audits a kind, or None where no plugin gives one."""
    for entry in registry().entries("detectors"):
        if isinstance(entry.spec, DetectorSpec) and entry.spec.audits and kind in kinds_of(entry.spec.on):
            made: Detector = entry.load().build({})
            return made
    return None
