"""A flat log of events, a row each, as one record a user; and back. Rows are grouped on disk by DuckDB."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import pyarrow as pa

from augury.catalog import registry
from augury.errors import DataError, RecipeError, describe, shown
from augury.formats.base import Fields, Format, RawRecord, Writer
from augury.formats.beside import ROW_ID
from augury.formats.files import join_inside, parent
from augury.params import Within
from augury.record import FieldSpec
from augury.scalars import Id, Number
from augury.specs import FormatSpec

if TYPE_CHECKING:
    import duckdb

EVENT = "event"
"""The column of written logs that numbers a user's events; -1 is a history without any, none is no history."""

_BATCH_ROWS = 65_536
_EMPTY = -1


class Log(Format):
    """A flat log of events in files of another format, read as one record a user and written back as a row an event.

    The field of events is called ``history`` (or as ``as:`` renames it); the columns of its events are ``item``,
    ``time``, ``rating`` and those of its context, under the names given here. Other fields are the user's own: columns
    of the log that are the same in all rows of a user, or of the file ``users``. Records come in order of their users;
    a row that cannot be read leaves alone, with its place.

    Memory: a batch of rows, one user's events, and ``memory_mb`` for sorting; the rest lies in a temporary file.

    Args:
        user: The columns that name the user; with several, their values together (joined by ``|``).
        item: The column that names the item.
        time: The column of the time.
        rating: The column of the rating.
        history: What the events' column is called.
        of: The format of the files, and of written ones.
        options: That format's options.
        users: A file with a row a user, below the source's folder, with the same user columns.
        items: A file with a row an item, below the source's folder, with the same item column. Events of items it does
            not have leave, each with its place.
        memory_mb: What sorting may hold, in MiB.
    """

    user: tuple[str, ...] = ("user",)
    item: str = "item"
    time: str = "time"
    rating: str = "rating"
    history: str = "history"
    of: str = "csv"
    options: Mapping[str, Any] | None = None
    users: str | None = None
    items: str | None = None
    memory_mb: Annotated[int, Within(64)] = 512

    def check_params(self) -> None:
        """Refuse a log of logs, and no user column."""
        if self.of == "log" or not self.user:
            what, fix = "the format of the files and a column of the user", "write of: csv and user: [user_id], say"
            raise RecipeError(describe("log", what, shown("none"), fix=fix))

    @property
    def inner(self) -> Format:
        """The format of the files."""
        form: Format = (
            registry().load("formats", self.of, "log.of").build(self.options or {}, f"log.options of {self.of}")
        )
        return form

    def files(self, source: str) -> list[str]:
        """Return the log's files, those of users and items among them."""
        beside = [join_inside(self._folder(source), name, "log") for name in (self.users, self.items) if name]
        return sorted({*self.inner.files(source), *beside})

    def columns(self, source: str) -> list[str]:
        """Return the columns beside those of the events, the history's among them."""
        found = [*self.inner.columns(source), self.history]
        if self.users:
            place = join_inside(self._folder(source), self.users, "log.users")
            found += _format_of(place, self).columns(place)
        return [name for name in dict.fromkeys(found) if name not in (self.item, self.time, self.rating)]

    def read(self, source: str, fields: Fields) -> Iterator[RawRecord]:
        """Yield one record a user; without a field of events, the rows as they are.

        Raises:
            DataError: for a log without the columns of user and item.
        """
        spec = fields.get(self.history)
        if spec is None or spec.kind.space != "events":
            self._refuse_other_history(fields)
            yield from self.inner.read(source, fields)
            return
        with _Grouping(self.memory_mb) as grouping:
            yield from self._fill(grouping, source, fields)
            for user, rows, own in grouping.users():
                yield self._record(user, rows, own, fields)

    def _refuse_other_history(self, fields: Fields) -> None:
        other = next((name for name, spec in fields.items() if spec.kind.space == "events"), None)
        if other is not None:
            fix = f"set history: {other}"
            raise RecipeError(describe("log.history", "the field of the events", self.history, fix=fix))

    def _fill(self, grouping: _Grouping, source: str, fields: Fields) -> Iterator[RawRecord]:
        """Put every row into the grouping; yield those that cannot be."""
        known = self._catalogue(source)
        names = self.event_columns(fields[self.history])
        text = Id()
        wanted = {c: FieldSpec(c, text) for c in [*self.user, *names]}
        own = {c: s for c, s in fields.items() if c != self.history and c not in names}
        present = self.inner.columns(source)
        for column in (*self.user, self.item):
            if column not in present:
                fix = f"set user: and item: to columns of {', '.join(present)}"
                raise DataError(
                    describe(source, f"a column {column!r}", shown("none"), name=column, known=present, fix=fix)
                )
        if self.users:
            yield from self._fill_users(grouping, join_inside(self._folder(source), self.users, "log.users"), own)
        columns, given = list(names.items()), tuple(own)
        for raw in self.inner.read(source, {**wanted, **own}):
            values = raw.values
            name, problem = ("", raw.problem) if raw.problem else self._user_of(raw)
            problem = problem or self._foreign(values, known)
            if problem:
                yield raw._replace(key=None, problem=problem)
                continue
            event = {name: values[column] for column, name in columns if values.get(column) is not None}
            user = {column: values[column] for column in given if values.get(column) is not None}
            grouping.add("log", name, (event, user, raw.where))

    def _fill_users(self, grouping: _Grouping, place: str, own: Fields) -> Iterator[RawRecord]:
        form = _format_of(place, self)
        keys = {c: FieldSpec(c, Id()) for c in self.user if c not in own}
        for raw in form.read(place, {**keys, **own}):
            name, problem = ("", raw.problem) if raw.problem else self._user_of(raw)
            if problem:
                yield raw._replace(key=None, problem=problem)
            else:
                grouping.add("own", name, {c: v for c, v in raw.values.items() if c in own})

    def _user_of(self, raw: RawRecord) -> tuple[str, str]:
        """Return a row's user, or what is wrong with it."""
        found = [raw.values.get(column) for column in self.user]
        if None in found:
            what = f"a value in {' and '.join(self.user)}"
            return "", describe("", what, shown("none"), fix="fill it, or set user: to other columns")
        name = str(found[0]) if len(found) == 1 else "|".join(map(str, found))
        if not name.isascii():
            try:
                name.encode()
            except UnicodeEncodeError:
                return "", describe("", "a user in UTF-8", name, fix="correct the file's encoding")
        return name, ""

    def event_columns(self, spec: FieldSpec) -> dict[str, str]:
        """Return the log's column to the event's for every column of the field's events."""
        given = {"item": self.item, "time": self.time, "rating": self.rating}
        return {given.get(field.name, field.name): field.name for field in spec.kind.arrow().value_type}

    def _catalogue(self, source: str) -> frozenset[str] | None:
        if not self.items:
            return None
        place = join_inside(self._folder(source), self.items, "log.items")
        rows = _format_of(place, self).read(place, {self.item: FieldSpec(self.item, Id())})
        return frozenset(str(raw.values[self.item]) for raw in rows if raw.values.get(self.item) is not None)

    def _foreign(self, values: Mapping[str, Any], known: frozenset[str] | None) -> str:
        item = values.get(self.item)
        if known is None or item is None or str(item) in known:
            return ""
        fix = "add it to the file, or drop the event"
        return describe(f"column {self.item!r}", f"an item of {self.items}", item, name=str(item), known=known, fix=fix)

    def _record(self, user: str, rows: list[Any], own: dict[str, Any] | None, fields: Fields) -> RawRecord:
        """Return a user's record; events keep the order of the log."""
        values: dict[str, Any] = dict(own or {})
        problem = ""
        for _, given, where in rows:
            for column, value in given.items():
                if values.setdefault(column, value) != value and not problem:
                    got = shown(f"{values[column]!r} and {value!r} ({where})")
                    fix = f"put {column} into the context: of {self.history}, or correct the log"
                    problem = describe(f"column {column!r}", f"one value for the user {user}", got, fix=fix)
        events = [event for event, _, _ in rows if "item" in event or event.keys() - {"item"}]
        return RawRecord(user, {**values, self.history: events}, f"{rows[0][2]} (user {user})", problem)

    def _folder(self, source: str) -> str:
        return source if "*" not in source and not Path(source).suffix else parent(source)

    # -- writing ---------------------------------------------------------------------------------------------

    def writer(self, stem: Path, schema: pa.Schema, fields: Fields) -> Writer:
        """Return a writer of the files' format, a row an event.

        Raises:
            RecipeError: for two fields of events, payloads, or a field called like a column of the events.
        """
        return LogWriter(stem, schema, fields, self)

    def read_table(self, path: Path, schema: pa.Schema, fields: Fields) -> Iterator[pa.Table]:
        """Yield the records that were written."""
        flat = _flatten(schema, fields, self)
        rows = (row for part in self.inner.read_table(path, flat.schema, flat.fields) for row in part.to_pylist())
        if flat.history is None:
            yield from self.inner.read_table(path, schema, fields)
            return
        out: list[dict[str, Any]] = []
        for _, group in groupby(rows, key=lambda row: row[ROW_ID]):
            out.append(_gathered(list(group), schema, flat))
            if len(out) == 1024:
                yield pa.Table.from_pylist(out, schema=schema)
                out = []
        if out:
            yield pa.Table.from_pylist(out, schema=schema)


class _Flat(NamedTuple):
    """How records become rows of events: the rows' schema and fields, the history's name, its columns by the rows'."""

    schema: pa.Schema
    fields: Fields
    history: str | None
    columns: Mapping[str, str]


def _flatten(schema: pa.Schema, fields: Fields, log: Log) -> _Flat:
    histories = [name for name in schema.names if name in fields and fields[name].kind.space == "events"]
    payloads = [name for name in schema.names if name in fields and fields[name].kind.payload]
    if not histories:
        return _Flat(schema, fields, None, {})
    if len(histories) > 1 or payloads:
        fix = "write parquet, or leave the others out"
        got = shown(", ".join(histories + payloads))
        raise RecipeError(describe("log", "one field of events and plain fields of the user", got, fix=fix))
    (history,) = histories
    columns = log.event_columns(fields[history])
    struct = schema.field(history).type.value_type
    own = [field for field in schema if field.name != history]
    taken = {field.name for field in own} & {*columns, EVENT}
    if taken:
        name = min(taken)
        fix = "rename the field, or set item:, time: and rating: of the log"
        raise RecipeError(describe("log", "fields that are not called like columns of the events", name, fix=fix))
    events = [pa.field(column, struct.field(name).type) for column, name in columns.items()]
    kinds = {c: Id() if pa.types.is_string(struct.field(n).type) else Number() for c, n in columns.items()}
    specs = {c: FieldSpec(c, kind) for c, kind in kinds.items()} | {EVENT: FieldSpec(EVENT, Number(integer=True))}
    rest = {name: spec for name, spec in fields.items() if name != history}
    whole = pa.schema([*own, pa.field(EVENT, pa.int64()), *events])
    return _Flat(whole, {**rest, **specs}, history, columns)


def _gathered(rows: list[dict[str, Any]], schema: pa.Schema, flat: _Flat) -> dict[str, Any]:
    """Return the record that rows of one id make."""
    first = rows[0]
    out = {name: first.get(name) for name in schema.names if name != flat.history}
    assert flat.history is not None
    if first[EVENT] is None:
        out[flat.history] = None
    else:
        events = [{name: row[c] for c, name in flat.columns.items()} for row in rows if row[EVENT] != _EMPTY]
        out[flat.history] = events
    return out


class LogWriter(Writer):
    """Writes a row an event through a writer of the files' format."""

    def __init__(self, stem: Path, schema: pa.Schema, fields: Fields, log: Log) -> None:
        """Open the file."""
        super().__init__(stem, schema, fields)
        self._flat = _flatten(schema, fields, log)
        self._inner = log.inner.writer(stem, self._flat.schema, self._flat.fields)

    @property
    def path(self) -> Path:
        """The file of the inner format."""
        return self._inner.path

    def write(self, table: pa.Table) -> None:
        """Append the events of records."""
        if self._flat.history is None:
            self._inner.write(table)
            return
        rows = [flat for row in table.to_pylist() for flat in self._rows(row)]
        self._inner.write(pa.Table.from_pylist(rows, schema=self._flat.schema))

    def _rows(self, row: dict[str, Any]) -> Iterator[dict[str, Any]]:
        assert self._flat.history is not None
        events = row.pop(self._flat.history)
        if not events:
            yield row | {EVENT: None if events is None else _EMPTY}
            return
        for number, event in enumerate(events):
            yield row | {EVENT: number} | {column: event[name] for column, name in self._flat.columns.items()}

    def close(self) -> None:
        """Finish the file."""
        self._inner.close()


class _Grouping:
    """Rows on disk, put in order of their users. A context manager; its file goes with it."""

    def __init__(self, memory_mb: int) -> None:
        self._memory_mb = memory_mb
        self._pending: dict[str, list[tuple[str, int, bytes]]] = {"log": [], "own": []}
        self._count = 0

    def __enter__(self) -> _Grouping:
        import duckdb

        self._folder = TemporaryDirectory(prefix="augury-log-")
        self._db: duckdb.DuckDBPyConnection = duckdb.connect(f"{self._folder.name}/log.duckdb")
        self._db.execute(f"SET memory_limit='{self._memory_mb}MiB'; SET threads=1")
        for table in self._pending:
            self._db.execute(f"CREATE TABLE {table} (name VARCHAR, place BIGINT, body BLOB)")
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()
        self._folder.cleanup()

    def add(self, table: str, name: str, body: Any) -> None:
        """Keep a row of a user."""
        pending = self._pending[table]
        pending.append((name, self._count, pickle.dumps(body, pickle.HIGHEST_PROTOCOL)))
        self._count += 1
        if len(pending) >= _BATCH_ROWS:
            self._flush(table)

    def _flush(self, table: str) -> None:
        pending = self._pending[table]
        if pending:
            names, places, bodies = zip(*pending, strict=True)
            rows = pa.table(
                {"name": pa.array(names, pa.string()), "place": places, "body": pa.array(bodies, pa.binary())}
            )
            self._db.register("pending_rows", rows)
            self._db.execute(f"INSERT INTO {table} SELECT * FROM pending_rows")
            self._db.unregister("pending_rows")
            pending.clear()

    def users(self) -> Iterator[tuple[str, list[Any], dict[str, Any] | None]]:
        """Yield (user, rows in the order they came in, the user's own row) in the order of the users' names."""
        for table in self._pending:
            self._flush(table)
        own = self._sorted("own")
        row = next(own, None)
        for name, group in groupby(self._sorted("log"), key=lambda found: found[0]):
            while row is not None and row[0] < name:
                row = next(own, None)
            given = row[1] if row is not None and row[0] == name else None
            yield name, [body for _, body in group], given

    def _sorted(self, table: str) -> Iterator[tuple[str, Any]]:
        # The bytes' order, as Python compares: a collation would part the merge above.
        query = f"SELECT name, body FROM {table} ORDER BY encode(name), place"
        cursor = self._db.cursor().execute(query)
        while rows := cursor.fetchmany(4096):
            for name, body in rows:
                yield name, pickle.loads(body)


def _format_of(place: str, log: Log) -> Format:
    """Return the reader of a file beside the log: by its extension, else the log's own."""
    specs = [e.spec for e in registry().entries("formats") if isinstance(e.spec, FormatSpec) and e.spec.reads]
    found = [
        spec.id for spec in specs if spec.extensions and place.lower().removesuffix(".gz").endswith(spec.extensions)
    ]
    if len(found) != 1 or found[0] == log.of:
        if log.of == "recbole":
            extension = Path(place).suffix.lstrip(".")
            return registry().load("formats", "recbole").build({**(log.options or {}), "extension": extension})
        return log.inner
    return registry().load("formats", found[0]).build({})
