"""The spool: one run's records on disk, by id, so that memory stays bounded and any process can read any record.

It is an SQLite file in the run's temporary folder: a narrow table that is sorted, grouped and updated, and the
records' stored fields beside it, which are only read. Payloads that lie in files stay there, by reference.
"""

from __future__ import annotations

import pickle
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from augury.errors import FieldError
from augury.formats.files import Payload
from augury.record import Schema

_TABLES = """
CREATE TABLE records (
    place INTEGER PRIMARY KEY, collection TEXT NOT NULL, id TEXT NOT NULL, source TEXT NOT NULL, whole BLOB NOT NULL,
    content BLOB, grp TEXT, stratum TEXT, class TEXT, given TEXT, side TEXT, copies INTEGER NOT NULL DEFAULT 0);
CREATE UNIQUE INDEX by_id ON records (id);
CREATE TABLE bodies (place INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE quarantine (
    collection TEXT NOT NULL, id TEXT NOT NULL, copy INTEGER, stage TEXT NOT NULL, reason TEXT NOT NULL);
"""


class Bad(NamedTuple):
    """A record, or one copy of it, that left the run: where it came from, at which stage, and why."""

    collection: str
    id: str
    copy: int | None
    stage: str
    reason: str


class Item(NamedTuple):
    """A record to augment: its id, how many copies, its stored fields."""

    id: str
    copies: int
    stored: dict[str, Any]


class Spool:
    """The records of one run. One process writes, before any other opens it; then all read."""

    def __init__(self, path: Path, *, create: bool = False) -> None:
        """Open the spool at ``path``, or create it."""
        self.path = path
        self.db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        # Nothing here outlives the run, so nothing waits for the disk.
        self.db.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA temp_store=FILE;")
        if create:
            self.db.executescript(_TABLES)
            self.db.execute("BEGIN")

    def close(self) -> None:
        """Close the file."""
        self.db.close()

    def ready(self) -> None:
        """End the writing that came before, so that other processes may read it."""
        if self.db.in_transaction:
            self.db.execute("COMMIT")
        self.db.execute("BEGIN")

    def body(self, place: int) -> dict[str, Any]:
        """Return the stored fields of a record by its place."""
        row = self.db.execute("SELECT body FROM bodies WHERE place = ?", (place,)).fetchone()
        return pickle.loads(row[0])

    def item(self, record: str) -> dict[str, Any] | None:
        """Return the stored fields of a record by its id, or None."""
        row = self.db.execute("SELECT body FROM bodies JOIN records USING (place) WHERE id = ?", (record,)).fetchone()
        return pickle.loads(row[0]) if row else None

    def ids(self, collection: str, side: str | None = None) -> Iterator[str]:
        """Yield the ids of a collection, of one side or of all, sorted."""
        query = "SELECT id FROM records WHERE collection = ? AND (? IS NULL OR side = ?) ORDER BY id"
        return (i for (i,) in self.db.execute(query, (collection, side, side)))

    def items(self, collection: str, side: str, first: str, last: str) -> Iterator[Item]:
        """Yield the records of a side from one id to another, both included, sorted."""
        query = (
            "SELECT id, copies, body FROM records JOIN bodies USING (place) "
            "WHERE collection = ? AND side = ? AND id BETWEEN ? AND ? ORDER BY id"
        )
        for record, copies, body in self.db.execute(query, (collection, side, first, last)):
            yield Item(record, copies, pickle.loads(body))

    def quarantine(self, bad: Iterable[Bad]) -> None:
        """Keep what left the run."""
        self.db.executemany("INSERT INTO quarantine VALUES (?, ?, ?, ?, ?)", bad)

    def quarantined(self) -> Iterator[Bad]:
        """Yield what left the run, sorted."""
        query = "SELECT * FROM quarantine ORDER BY collection, id, copy, stage, reason"
        return (Bad(*row) for row in self.db.execute(query))


class LazyRecord(Mapping[str, Any]):
    """A record whose fields are decoded when they are looked at, each once."""

    __slots__ = ("_done", "_schema", "_stored")

    def __init__(self, stored: Mapping[str, Any], schema: Schema) -> None:
        """Hold the stored fields that the schema has."""
        self._stored = {name: value for name, value in stored.items() if name in schema}
        self._schema = schema
        self._done: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        """Return a field's canonical value.

        Raises:
            FieldError: when it is damaged.
        """
        if name not in self._done:
            stored = self._stored[name]
            try:
                self._done[name] = self._schema[name].kind.unpack(
                    stored.read() if isinstance(stored, Payload) else stored
                )
            except FieldError as error:
                raise FieldError(f"field {name!r}: {error}") from error
        return self._done[name]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the fields' names."""
        return iter(self._stored)

    def __len__(self) -> int:
        """Return the number of fields."""
        return len(self._stored)

    def __contains__(self, name: object) -> bool:
        """Whether the record has a field; decodes nothing."""
        return name in self._stored


class SpoolView(Mapping[str, LazyRecord]):
    """The records of a collection's side as a mapping of id to record: what donors and fits read."""

    def __init__(self, spool: Spool, collection: str, side: str | None, schema: Schema) -> None:
        """View a side, or the whole collection when ``side`` is None."""
        self.spool, self.collection, self.side, self.schema = spool, collection, side, schema
        self._last: tuple[str, LazyRecord] | None = None

    def __getitem__(self, record: str) -> LazyRecord:
        """Return a record; the last one is remembered, since an op asks whether it has a field and then for it."""
        if self._last is None or self._last[0] != record:
            stored = self.spool.item(record)
            if stored is None:
                raise KeyError(record)
            self._last = (record, LazyRecord(stored, self.schema))
        return self._last[1]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the ids, sorted."""
        return self.spool.ids(self.collection, self.side)

    def __len__(self) -> int:
        """Return the number of records."""
        query = "SELECT count(*) FROM records WHERE collection = ? AND (? IS NULL OR side = ?)"
        return int(self.spool.db.execute(query, (self.collection, self.side, self.side)).fetchone()[0])
