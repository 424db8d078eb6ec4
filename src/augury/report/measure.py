"""Measuring a finished dataset: one pass over its shards, in memory that does not grow with the rows.

Rows, missing values and classes of plain columns are counted exactly; numbers are kept for a keyed sample.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any

import numpy as np
import pyarrow as pa

from augury.dataset.columns import COPY, ORIGIN
from augury.dataset.reading import Dataset
from augury.formats.beside import ROW_ID
from augury.record import FieldSpec
from augury.report.figures import ORIGINAL, UNREAD, Figures, Group, Measured
from augury.report.sample import KeyedSample
from augury.report.shift import shifts
from augury.report.traits import Trait, column_classes, column_numbers, is_plain, shown_traits
from augury.rng import hash_points

SAMPLED = 4000
"""Rows of each group whose numbers are kept."""

LOOKED_AT = 1000
"""Rows of each group whose targets are looked at one by one."""

DECODED = 96
"""Rows of each group whose payloads are decoded."""

BATCH = 8192
"""Rows that are taken at once, however large the row groups of a shard are."""

CLASSES = 10_000
"""Classes of one field that are told apart; the rarer ones of more are counted together."""

SHOWN_RECORDS = 6
"""Records of each side that the gallery can choose from."""

OTHERS = "(others)"
"""What the rarer classes are counted under."""


def measure(dataset: Dataset, seed: int) -> Iterator[Measured]:
    """Yield each collection of a dataset, measured; ``seed`` keys the samples.

    Raises:
        DataError: when a shard cannot be read.
    """
    by_collection: dict[str, list[dict[str, Any]]] = {}
    for shard in dataset.shards:
        by_collection.setdefault(shard["collection"], []).append(shard)
    for collection, shards in by_collection.items():
        fields = dataset.columns[collection].after
        watched: dict[tuple[str, str], _Watched] = {}
        shown: dict[str, KeyedSample] = {}
        for shard in shards:
            side = shard["side"]
            shown.setdefault(side, KeyedSample(3 * SHOWN_RECORDS, 16 << 20))
            watched.setdefault((side, ORIGINAL), _Watched(fields, side, ORIGINAL))
            for rows in dataset.tables(shard):
                for start in range(0, rows.num_rows, BATCH):
                    _take(rows.slice(start, BATCH), side, seed, fields, watched, shown[side])
        sides = list(shown)
        order = sorted(watched, key=lambda key: (sides.index(key[0]), key[1] != ORIGINAL, key[1]))
        groups = [watched[key].group() for key in order]
        rows_shown = {side: table for side, sample in shown.items() if (table := sample.rows()) is not None}
        out = Measured(collection, fields, [g for g in groups if g.rows or g.origin == ORIGINAL], rows_shown)
        out.shifts = list(shifts(out))
        yield out


def unread(dataset: Dataset) -> list[Measured]:
    """Return the collections of a dataset whose format only writes: its rows by side, and nothing of what they hold."""
    groups: dict[str, dict[str, Group]] = {}
    for shard in dataset.shards:
        sides = groups.setdefault(shard["collection"], {})
        sides.setdefault(shard["side"], Group(shard["side"], UNREAD)).rows += shard["rows"]
    return [Measured(c, dataset.columns[c].after, list(sides.values()), {}) for c, sides in groups.items()]


def _take(
    rows: pa.Table,
    side: str,
    seed: int,
    fields: Mapping[str, FieldSpec],
    watched: dict[tuple[str, str], _Watched],
    shown: KeyedSample,
) -> None:
    names, copies = rows[ROW_ID].to_pylist(), rows[COPY].to_pylist()
    keys = hash_points(("report", str(seed)), names)
    sources = [n if c is None else n.rpartition("@")[0] for n, c in zip(names, copies, strict=True)]
    record_keys = hash_points(("gallery", str(seed)), sources)
    first = np.fromiter((c is None or c < 2 for c in copies), bool, len(names))
    shown.add(rows.filter(pa.array(first)), record_keys[first])
    origins = rows[ORIGIN].to_numpy()
    for origin in sorted(set(origins)):
        mine = origins == origin
        key = (side, origin)
        if key not in watched:
            watched[key] = _Watched(fields, side, origin)
        watched[key].add(rows if mine.all() else rows.filter(pa.array(mine)), keys[mine])


class _Watched:
    """A group while its rows pass."""

    def __init__(self, fields: Mapping[str, FieldSpec], side: str, origin: str) -> None:
        self.fields = fields
        self.made = Group(side, origin, missing=dict.fromkeys(fields, 0))
        self.classes: dict[Trait, _Classes] = {}
        self.bounds: dict[Trait, tuple[float, float]] = {}
        self.payloads = [n for n, s in fields.items() if s.kind.payload and s.kind.space is not None]
        self.others = [n for n, s in fields.items() if not s.kind.payload]
        self.sample = KeyedSample(SAMPLED, 32 << 20)
        self.decoded = KeyedSample(DECODED, 32 << 20)

    def add(self, rows: pa.Table, keys: np.ndarray) -> None:
        """Count rows and offer them to the samples."""
        self.made.rows += rows.num_rows
        for name, spec in self.fields.items():
            self.made.missing[name] += rows[name].null_count
            if is_plain(spec):
                for trait, counts in column_classes(spec, rows[name]):
                    self.classes.setdefault(trait, _Classes()).add(counts, rows.num_rows - rows[name].null_count)
                for trait, values in column_numbers(spec, rows[name]):
                    least, greatest = self.bounds.get(trait, (np.inf, -np.inf))
                    if values.size:
                        self.bounds[trait] = (min(least, float(values.min())), max(greatest, float(values.max())))
        self.sample.add(rows.select(self.others), keys)
        if self.payloads:
            self.decoded.add(rows.select(self.payloads), keys)

    def group(self) -> Group:
        """Return what was measured; the samples are let go."""
        traits = self.made.traits
        for trait, counted in self.classes.items():
            traits[trait] = Figures(counted.records, classes=counted.sorted())
        sample = self.sample.rows()
        if sample is not None:
            for name in self.others:
                self._read(self.fields[name], sample[name])
        decoded = self.decoded.rows()
        if decoded is not None:
            for name in self.payloads:
                self._look(self.fields[name], decoded[name])
        del self.sample, self.decoded
        order = {name: i for i, name in enumerate(self.fields)}
        self.made.traits = dict(sorted(traits.items(), key=lambda kv: order[kv[0].field]))
        return self.made

    def _read(self, spec: FieldSpec, column: pa.ChunkedArray) -> None:
        if not is_plain(spec):
            self._look(spec, column.slice(0, LOOKED_AT))
            return
        for trait, values in column_numbers(spec, column):
            if values.size:
                self.made.traits[trait] = Figures(len(values), np.sort(values), {}, *self.bounds[trait])

    def _look(self, spec: FieldSpec, column: pa.ChunkedArray) -> None:
        numbers: dict[Trait, list[float]] = {}
        labels: dict[Trait, dict[str, float]] = {}
        there: dict[Trait, int] = {}
        for stored in column:
            if not stored.is_valid:
                continue
            for trait, value in shown_traits(spec, stored.as_py()):
                if isinstance(value, float):
                    if isfinite(value):
                        numbers.setdefault(trait, []).append(value)
                    continue
                there[trait] = there.get(trait, 0) + 1
                counts = labels.setdefault(trait, {})
                for label in value:
                    counts[label] = counts.get(label, 0.0) + 1.0
        for trait, values in numbers.items():
            ordered = np.sort(np.array(values))
            self.made.traits[trait] = Figures(len(values), ordered, {}, float(ordered[0]), float(ordered[-1]))
        for trait, counts in labels.items():
            self.made.traits[trait] = Figures(there[trait], classes=_by_count(counts))


class _Classes:
    """Counts of classes, the rarest counted together once there are too many."""

    def __init__(self) -> None:
        self.counts: dict[str, float] = {}
        self.rest = 0.0
        self.records = 0

    def add(self, counts: Mapping[str, float], records: int) -> None:
        self.records += records
        for name, count in counts.items():
            self.counts[name] = self.counts.get(name, 0.0) + count
        if len(self.counts) > 2 * CLASSES:
            ordered = list(_by_count(self.counts).items())
            self.counts = dict(ordered[:CLASSES])
            self.rest += sum(count for _, count in ordered[CLASSES:])

    def sorted(self) -> dict[str, float]:
        out = _by_count(self.counts)
        return out | {OTHERS: self.rest + out.get(OTHERS, 0.0)} if self.rest else out


def _by_count(counts: Mapping[str, float]) -> dict[str, float]:
    return dict(sorted(counts.items(), key=lambda kv: (-kv[1], kv[0])))
