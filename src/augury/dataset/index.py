"""The index: every record of the run by collection, side and id, where it is stored, and how many copies it gets.

It is an artefact on disk, sorted and memory-mapped: workers find any record in it, and hold none of it in memory.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from augury.dataset.histories import Events
from augury.dataset.stored import LazyRecord, Stored
from augury.dataset.tables import BATCH
from augury.durable import write_json, written
from augury.pipelines import Ring
from augury.record import Schema

if TYPE_CHECKING:
    import pyarrow as pa

COLUMNS = ("collection", "side", "id", "file", "row", "whole", "point", "label", "cut", "until")


def schema() -> pa.Schema:
    """Return the columns.

    ``file`` and ``row`` say where a record is stored, ``point`` where its id is on the ring; ``cut`` and ``until``
    bound the events that its side sees as its own.
    """
    import pyarrow as pa

    text, number = pa.string(), pa.int32()
    types = [text, text, text, number, number, pa.binary(), pa.uint64(), text, pa.float64(), pa.float64()]
    return pa.schema(list(zip(COLUMNS, types, strict=True)))


class Span(NamedTuple):
    """The records of one collection's side: positions [start, stop). ``hash`` is that of their ids."""

    collection: str
    side: str | None
    start: int
    stop: int
    hash: str

    @property
    def size(self) -> int:
        """The number of records."""
        return self.stop - self.start


class Item(NamedTuple):
    """A record to make rows of: its id, how many copies, its stored fields."""

    id: str
    copies: int
    stored: dict[str, Any]


def write_index(folder: Path, batches: Iterator[pa.RecordBatch]) -> None:
    """Write the index from record batches sorted by collection, side (null last) and id, `BATCH` rows each."""
    import pyarrow as pa

    spans: list[Span] = []
    hasher: Any = None
    total = 0
    with (
        written(folder / "index.arrow") as path,
        pa.OSFile(str(path), "wb") as sink,
        pa.ipc.new_file(sink, schema()) as writer,
    ):
        for batch in batches:
            writer.write_batch(batch)
            for collection, side, record in zip(*(batch[name].to_pylist() for name in COLUMNS[:3]), strict=True):
                if not spans or (spans[-1].collection, spans[-1].side) != (collection, side):
                    _close(spans, hasher, total)
                    spans.append(Span(collection, side, total, total, ""))
                    hasher = blake2b(digest_size=8)
                hasher.update(record.encode("utf-8", "surrogatepass") + b"\0")
                total += 1
    _close(spans, hasher, total)
    write_json(folder / "spans.json", [span._asdict() for span in spans])


def _close(spans: list[Span], hasher: Any, stop: int) -> None:
    if spans:
        spans[-1] = spans[-1]._replace(stop=stop, hash=hasher.hexdigest())


def without(index: Index, left: Sequence[int]) -> Iterator[pa.RecordBatch]:
    """Yield the index's rows but for those at the positions ``left``, as `write_index` takes them."""
    import pyarrow as pa

    gone = np.zeros(len(index), bool)
    gone[list(left)] = True
    waiting: list[pa.Table] = []
    count = 0
    for number, batch in enumerate(index.batches):
        kept = batch.filter(pa.array(~gone[number * BATCH : number * BATCH + batch.num_rows]))
        waiting.append(pa.Table.from_batches([kept]))
        count += kept.num_rows
        while count >= BATCH:
            table = pa.concat_tables(waiting)
            yield table.slice(0, BATCH).combine_chunks().to_batches()[0]
            waiting, count = [table.slice(BATCH)], count - BATCH
    if count:
        yield pa.concat_tables(waiting).combine_chunks().to_batches()[0]


class Index:
    """The index of a run, opened for reading; any process may."""

    def __init__(self, folder: Path, units: Path, files: Sequence[str], events: Events | None = None) -> None:
        """Open what is in ``folder``; the records lie in ``files`` of ``units``, ``events`` in them are cut."""
        self.folder = folder
        self.events = events
        self.store = Stored(units, files)
        self.spans = [Span(**span) for span in json.loads((folder / "spans.json").read_text(encoding="utf-8"))]
        self._by_name = {(s.collection, s.side): s for s in self.spans}
        self._batches: list[Any] | None = None
        self._copies: Any = None
        self._ring: Any = None

    def __getstate__(self) -> dict[str, Any]:
        """Leave behind what is open."""
        store = Stored(self.store.folder, self.store.files)
        return self.__dict__ | {"store": store, "_batches": None, "_copies": None, "_ring": None}

    def __len__(self) -> int:
        """Return the number of records."""
        return self.spans[-1].stop if self.spans else 0

    @property
    def batches(self) -> list[Any]:
        """The rows, memory-mapped."""
        if self._batches is None:
            import pyarrow as pa

            with pa.memory_map(str(self.folder / "index.arrow")) as source:
                reader = pa.ipc.open_file(source)
                self._batches = [reader.get_batch(i) for i in range(reader.num_record_batches)]
        return self._batches

    @property
    def copies(self) -> np.ndarray:
        """Copies of each record, int32 by position."""
        if self._copies is None:
            path = self.folder / "copies.npy"
            self._copies = np.load(path, mmap_mode="r") if path.exists() else np.zeros(len(self), np.int32)
        return self._copies

    def write_copies(self, copies: np.ndarray) -> None:
        """Keep the copies of each record."""
        _save(self.folder / "copies.npy", copies.astype(np.int32))
        self._copies = None

    def write_ring(self) -> None:
        """Keep the order of each span's records on the ring of hashed ids."""
        points = np.concatenate([b["point"].to_numpy(zero_copy_only=False) for b in self.batches] or [np.empty(0)])
        order = np.empty(len(self), np.int64)
        for span in self.spans:
            order[span.start : span.stop] = np.argsort(points[span.start : span.stop], kind="stable") + span.start
        _save(self.folder / "ring.npy", order)
        _save(self.folder / "points.npy", points[order].astype(np.uint64))

    def value(self, column: str, position: int) -> Any:
        """Return one value."""
        return self.batches[position // BATCH][column][position % BATCH].as_py()

    def column(self, column: str, start: int, stop: int) -> list[Any]:
        """Return a column's values at the positions [start, stop)."""
        out: list[Any] = []
        while start < stop:
            number, offset = divmod(start, BATCH)
            count = min(stop - start, BATCH - offset)
            out.extend(self.batches[number][column].slice(offset, count).to_pylist())
            start += count
        return out

    def span(self, collection: str, side: str | None) -> Span:
        """Return the span of a side; an empty one where it has no records. A pool's side is None."""
        return self._by_name.get((collection, side)) or Span(collection, side, 0, 0, blake2b(digest_size=8).hexdigest())

    def find(self, span: Span, record: str) -> int | None:
        """Return the position of an id in a span, or None."""
        place = bisect_left(_Column(self, "id", span.start, span.size), record)
        found = span.start + place
        return found if place < span.size and self.value("id", found) == record else None

    def stored(self, position: int) -> dict[str, Any]:
        """Return the stored fields of the record at a position."""
        stored = self.store.record(self.value("file", position), self.value("row", position))
        if self.events is None:
            return stored
        collection, cut, until = (self.value(name, position) for name in ("collection", "cut", "until"))
        return self.events.cut(collection, stored, cut, until)

    def items(self, start: int, stop: int) -> Iterator[Item]:
        """Yield the records at the positions [start, stop), in order."""
        places = list(zip(self.column("file", start, stop), self.column("row", start, stop), strict=True))
        copies = self.copies[start:stop].tolist()
        found = zip(self.column("id", start, stop), copies, self.store.records(places), strict=True)
        if self.events is None:
            yield from (Item(*parts) for parts in found)
            return
        bounds = zip(*(self.column(name, start, stop) for name in ("collection", "cut", "until")), strict=True)
        for (record, count, stored), (collection, cut, until) in zip(found, bounds, strict=True):
            yield Item(record, count, self.events.cut(collection, stored, cut, until))

    def table(self, start: int, stop: int, schema: pa.Schema) -> pa.Table:
        """Return the stored fields of the records at the positions [start, stop), in order, as a table of ``schema``.

        Events are not cut: it is for fields that are no events.
        """
        return self.store.table(self.column("file", start, stop), self.column("row", start, stop), schema)

    def ring(self, span: Span, schema: Schema) -> Ring:
        """Return the donor pool of a span, nothing of it in memory."""
        if self._ring is None:
            self._ring = tuple(np.load(self.folder / f"{n}.npy", mmap_mode="r") for n in ("ring", "points"))
        order, points = (array[span.start : span.stop] for array in self._ring)
        return Ring.indexed(
            Side(self, span, schema),
            _Column(self, "id", span.start, span.size),
            points,
            _Column(self, "id", 0, span.size, order),
            span.hash,
        )


class _Column(Sequence[str]):
    """A text column's values at a run of positions, or at those of an order, read when asked for."""

    def __init__(self, rows: Index, name: str, start: int, length: int, order: np.ndarray | None = None) -> None:
        self._rows, self._name, self._start, self._length, self._order = rows, name, start, length, order

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return [self[i] for i in range(*place.indices(self._length))]
        if not -self._length <= place < self._length:
            raise IndexError(place)
        place %= self._length
        return self._rows.value(self._name, self._start + place if self._order is None else int(self._order[place]))

    def __iter__(self) -> Iterator[str]:
        for start in range(0, self._length, BATCH):
            stop = min(start + BATCH, self._length)
            if self._order is None:
                yield from self._rows.column(self._name, self._start + start, self._start + stop)
            else:
                yield from (self[i] for i in range(start, stop))


class Side(Mapping[str, LazyRecord]):
    """The records of a span as a mapping of id to record: what donors and fits read."""

    in_order = True

    def __init__(self, index: Index, span: Span, schema: Schema) -> None:
        """View a span; records are decoded as ``schema`` says."""
        self.index, self.span, self.schema = index, span, schema
        self._last: tuple[str, LazyRecord] | None = None

    def __getitem__(self, record: str) -> LazyRecord:
        """Return a record; the last one is remembered, since an op asks whether it has a field and then for it."""
        if self._last is None or self._last[0] != record:
            position = self.index.find(self.span, record)
            if position is None:
                raise KeyError(record)
            self._last = (record, LazyRecord(self.index.stored(position), self.schema))
        return self._last[1]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the ids, sorted."""
        return iter(_Column(self.index, "id", self.span.start, self.span.size))

    def items(self) -> Any:
        """Return (id, record) pairs, sorted by id, read in runs."""
        return _Pairs(self)

    def tables(self, names: Collection[str]) -> Iterator[tuple[list[str], pa.Table]]:
        """Yield the ids and the named fields of the records, sorted by id, in runs of `BATCH`."""
        import pyarrow as pa

        schema = pa.schema([(name, self.schema[name].kind.arrow()) for name in names])
        for start in range(self.span.start, self.span.stop, BATCH):
            stop = min(start + BATCH, self.span.stop)
            yield self.index.column("id", start, stop), self.index.table(start, stop, schema)

    def __len__(self) -> int:
        """Return the number of records."""
        return self.span.size


class _Pairs:
    """The pairs of a side."""

    def __init__(self, side: Side) -> None:
        self.side = side

    def __len__(self) -> int:
        return len(self.side)

    def __iter__(self) -> Iterator[tuple[str, LazyRecord]]:
        side = self.side
        for item in side.index.items(side.span.start, side.span.stop):
            yield item.id, LazyRecord(item.stored, side.schema)


def _save(path: Path, array: np.ndarray) -> None:
    with written(path) as temporary, temporary.open("wb") as file:
        np.save(file, array)
