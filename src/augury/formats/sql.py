"""Databases: DuckDB and SQLite files by themselves, others by URL through SQLAlchemy. Reading never changes them."""

from __future__ import annotations

import json
import os
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, Literal, Protocol

import pyarrow as pa

from augury.errors import DataError, RecipeError, describe, shown
from augury.formats.base import Fields, Format, RawRecord, Writer, check_columns
from augury.formats.database import DatabaseWriter, engine_of
from augury.formats.files import find_files, is_url, short_name
from augury.formats.jsonl import dump
from augury.formats.parquet import holding_files, raw_record
from augury.formats.table import TEXT_SPACES

_EXTENSIONS = (".duckdb", ".sqlite", ".sqlite3", ".db")
_BATCH_ROWS = 4096
_SECRET = re.compile(r"(//[^/@:\s]*):[^/@\s]*@")
_SECRET_OPTION = re.compile(r"[?&](password|passwd|pwd|token|secret)=", re.IGNORECASE)


class Connection(Protocol):
    """A database opened for reading."""

    def columns(self, query: str) -> list[str]:
        """Return the columns of a query's result."""
        ...

    def rows(self, query: str) -> tuple[list[str], Iterator[Sequence[Any]]]:
        """Return the columns of a query's result and its rows, a batch in memory at a time."""
        ...

    def tables(self) -> list[str]:
        """Return the names of the tables and views."""
        ...

    def quote(self, name: str) -> str:
        """Return an identifier in quotes."""
        ...


class Sql(Format):
    """A table or a query of a database.

    DuckDB (``.duckdb``) and SQLite files (``.sqlite``, ``.sqlite3``, ``.db``) are opened read-only, with nothing to
    install. Other databases are given by a URL (``path: postgresql+psycopg://reader@host/shop``) and need
    ``pip install augury[sql]`` and their driver; the transaction is read-only where the database knows that, and always
    rolled back. A URL never holds a password: ``password_env`` names the environment variable that does, so none
    gets into a recipe, a manifest, a lineage or a message.

    Rows are written to a DuckDB or SQLite file a shard; SQLite keeps structures as JSON text and moments as ISO 8601.
    With ``url`` they go into the table of a database besides, which is made where it is not there. Rows that it holds
    already, by their id, are replaced, so a run that is gone on with leaves none twice; rows of other runs stay. The
    dataset is its files: what ``verify`` and ``replay`` read is never the database.

    Args:
        table: The table or view that is read; it may be left out where there is one only. Written ones are called so,
            or ``records``.
        query: A single SELECT to read instead, without a semicolon.
        engine: Which files are written.
        password_env: The environment variable that holds the password of a URL.
        url: A database that written rows go into besides; one that is read is the source's ``path``.
    """

    table: str | None = None
    query: str | None = None
    engine: Literal["duckdb", "sqlite"] = "duckdb"
    password_env: str | None = None
    url: str | None = None

    def check_params(self) -> None:
        """Refuse a table beside a query, a query that is not one SELECT, and a URL with a password."""
        if self.url is not None:
            self._check_url(self.url)
        if self.table is not None and self.query is not None:
            raise RecipeError(describe("sql", "table: or query:", shown("both"), fix="leave out one of them"))
        if self.query is not None:
            text = self.query.strip().rstrip(";")
            if not re.match(r"(select|with|from|values)\b", text, re.IGNORECASE) or ";" in text:
                raise RecipeError(describe("sql.query", "a single SELECT", self.query, fix="write SELECT ... FROM ..."))

    def files(self, source: str) -> list[str]:
        """Return the database's file; none for a server."""
        if is_url(source):
            self._check_url(source)
            return []
        return find_files(source, _EXTENSIONS)

    def read(self, source: str, fields: Fields) -> Iterator[RawRecord]:
        """Yield rows in the order of the database; state an ORDER BY where it matters."""
        for place, name in self._places(source):
            with self._opened(place, name) as database:
                query = self._query(database, name)
                columns, rows = database.rows(query)
                repeated = next((c for c in columns if columns.count(c) > 1), None)
                if repeated is not None:
                    fix = "name one of them with AS"
                    raise DataError(describe(f"{name} query", "column names that differ", repeated, fix=fix))
                check_columns(name, fields, columns, [])
                for number, row in enumerate(rows):
                    found = {c: v for c, v in zip(columns, row, strict=True) if c in fields and v is not None}
                    yield _record(found, f"{name} row {number}", str(Path(place).parent), fields)

    def columns(self, source: str) -> list[str]:
        """Return the columns of the table or the query."""
        names: dict[str, None] = {}
        for place, name in self._places(source):
            with self._opened(place, name) as database:
                names.update(dict.fromkeys(database.columns(self._query(database, name))))
        return list(names)

    def _places(self, source: str) -> list[tuple[str, str]]:
        if is_url(source):
            self._check_url(source)
            return [(source, _SECRET.sub(r"\1@", source))]
        return [(file, short_name(file, source)) for file in self.files(source)]

    def _check_url(self, source: str) -> None:
        if _SECRET.search(source) or _SECRET_OPTION.search(source):
            got = shown("one that holds a password")
            fix = "take the password out and set password_env: to the variable that holds it"
            raise RecipeError(describe("sql", "a URL without a password", got, fix=fix))

    def _query(self, database: Connection, name: str) -> str:
        if self.query is not None:
            return self.query.strip().rstrip(";")
        tables = database.tables()
        table = self.table if self.table is not None else tables[0] if len(tables) == 1 else None
        if table is None or table not in tables:
            known = ", ".join(tables) or "none"
            got = self.table if self.table is not None else shown(f"none named of {known}")
            fix = f"set table: to one of {known}"
            raise DataError(describe(name, "a table of the database", got, name=table or "", known=tables, fix=fix))
        return f"SELECT * FROM {database.quote(table)}"

    @contextmanager
    def _opened(self, place: str, name: str) -> Iterator[Connection]:
        """Open a database read-only; its errors come as DataError, without secrets."""
        with self._told(name, "a database that can be read"), _connect(place, self.password_env) as database:
            yield database

    @contextmanager
    def _told(self, name: str, expected: str) -> Iterator[None]:
        """Tell a database's errors as ours, without the password."""
        import duckdb

        secret = os.environ.get(self.password_env, "") if self.password_env else ""
        try:
            yield
        except (duckdb.Error, sqlite3.Error) as error:
            raise _failed(name, error, secret, expected) from None
        except Exception as error:
            if type(error).__module__.startswith("sqlalchemy"):
                raise _failed(name, error, secret, expected) from None
            raise

    def writer(self, stem: Path, schema: pa.Schema, fields: Fields) -> Writer:
        """Return a writer of ``stem.duckdb`` or ``stem.sqlite``, and of the table at ``url``.

        Raises:
            DataError: where the database cannot be opened, or its table has other columns.
        """
        kind = DuckDbWriter if self.engine == "duckdb" else SqliteWriter
        table = self.table or "records"
        beside = kind(stem, schema, fields, table)
        if self.url is None:
            return beside
        told = partial(self._told, _SECRET.sub(r"\1@", self.url), "a database that can be written")
        with told():
            return DatabaseWriter(beside, self.url, self.password_env, table, told)


def _record(values: dict[str, Any], where: str, base: str, fields: Fields) -> RawRecord:
    """Return a row with its structures, which SQLite keeps as JSON text, and payloads ready to be read."""
    for column, value in values.items():
        kind = fields[column].kind
        if isinstance(value, str) and not kind.payload and kind.space not in TEXT_SPACES:
            try:
                values[column] = json.loads(value)
            except ValueError:
                problem = describe(f"column {column!r}", f"JSON for a {kind.entry_id}", value, fix="correct the cell")
                return RawRecord(None, {c: str(v) for c, v in values.items()}, where, problem)
    return raw_record(values, where, base, holding_files(fields))


def _failed(name: str, error: Exception, secret: str, expected: str) -> DataError:
    text = _SECRET.sub(r"\1@", str(getattr(error, "orig", None) or error).split("\n")[0])
    text = text.replace(secret, "***") if secret else text
    return DataError(describe(name, expected, shown(text), fix="correct path:, url:, table: or query:"))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@contextmanager
def _connect(place: str, password_env: str | None) -> Iterator[Connection]:
    if is_url(place):
        yield from _server(place, password_env)
    elif place.endswith(".duckdb"):
        import duckdb

        with closing(duckdb.connect(place, read_only=True)) as db:
            db.execute("SET enable_external_access=false; SET threads=1")
            yield _Embedded(db, "SELECT table_name FROM information_schema.tables ORDER BY table_name")
    else:
        uri = Path(place).absolute().as_uri() + "?mode=ro"
        with closing(sqlite3.connect(uri, uri=True)) as db:
            tables = (
                "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%' ORDER BY 1"
            )
            yield _Embedded(db, tables)


class _Embedded:
    """A DuckDB or SQLite connection: both speak Python's database interface."""

    def __init__(self, db: Any, tables: str) -> None:
        self._db, self._tables = db, tables

    def quote(self, name: str) -> str:
        return _quoted(name)

    def tables(self) -> list[str]:
        return [row[0] for row in self._db.execute(self._tables).fetchall()]

    def columns(self, query: str) -> list[str]:
        cursor = self._db.cursor().execute(f"SELECT * FROM ({query}) AS q LIMIT 0")
        return [column[0] for column in cursor.description]

    def rows(self, query: str) -> tuple[list[str], Iterator[Sequence[Any]]]:
        cursor = self._db.cursor().execute(query)
        batches = iter(lambda: cursor.fetchmany(_BATCH_ROWS), [])
        return [column[0] for column in cursor.description], chain.from_iterable(batches)


def _server(url: str, password_env: str | None) -> Iterator[Connection]:
    with engine_of(url, password_env) as engine:
        options: dict[str, Any] = {"stream_results": True, "yield_per": _BATCH_ROWS}
        if engine.dialect.name == "postgresql":
            options["postgresql_readonly"] = True
        with engine.connect().execution_options(**options) as connection:
            yield _Server(connection)
            connection.rollback()


class _Server:
    """A SQLAlchemy connection."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def quote(self, name: str) -> str:
        return str(self._connection.dialect.identifier_preparer.quote_identifier(name))

    def tables(self) -> list[str]:
        import sqlalchemy

        look = sqlalchemy.inspect(self._connection)
        return sorted([*look.get_table_names(), *look.get_view_names()])

    def columns(self, query: str) -> list[str]:
        with self._execute(f"SELECT * FROM ({query}) AS q WHERE 1 = 0") as result:
            return list(result.keys())

    def rows(self, query: str) -> tuple[list[str], Iterator[Sequence[Any]]]:
        result = self._execute(query)
        return list(result.keys()), iter(result)

    def _execute(self, query: str) -> Any:
        return self._connection.exec_driver_sql(query)


class DuckDbWriter(Writer):
    """Writes a table of a DuckDB file, with the columns' own types."""

    def __init__(self, stem: Path, schema: pa.Schema, fields: Fields, table: str) -> None:
        """Make the file and the table."""
        import duckdb

        super().__init__(stem, schema, fields)
        self._table = _quoted(table)
        self.path.unlink(missing_ok=True)
        self._db = duckdb.connect(str(self.path))
        self._db.register("empty_rows", schema.empty_table())
        self._db.execute(f"CREATE TABLE {self._table} AS SELECT * FROM empty_rows")

    @property
    def path(self) -> Path:
        """``stem.duckdb``."""
        return self.stem.with_name(self.stem.name + ".duckdb")

    def write(self, table: pa.Table) -> None:
        """Append rows."""
        self._db.register("new_rows", table)
        self._db.execute(f"INSERT INTO {self._table} SELECT * FROM new_rows")
        self._db.unregister("new_rows")

    def close(self) -> None:
        """Finish the file."""
        self._db.close()


class SqliteWriter(Writer):
    """Writes a table of a SQLite file; what SQLite has no type for is JSON or ISO 8601 text."""

    def __init__(self, stem: Path, schema: pa.Schema, fields: Fields, table: str) -> None:
        """Make the file and the table."""
        super().__init__(stem, schema, fields)
        self.path.unlink(missing_ok=True)
        self._db = sqlite3.connect(self.path)
        columns = ", ".join(f"{_quoted(field.name)} {_affinity(field.type)}" for field in schema)
        self._db.execute(f"CREATE TABLE {_quoted(table)} ({columns})")
        self._insert = f"INSERT INTO {_quoted(table)} VALUES ({', '.join('?' * len(schema))})"

    @property
    def path(self) -> Path:
        """``stem.sqlite``."""
        return self.stem.with_name(self.stem.name + ".sqlite")

    def write(self, table: pa.Table) -> None:
        """Append rows."""
        columns: Sequence[Any] = [column.to_pylist() for column in table.columns]
        self._db.executemany(self._insert, ([_cell(value) for value in row] for row in zip(*columns, strict=True)))

    def close(self) -> None:
        """Finish the file."""
        self._db.commit()
        self._db.close()


def _affinity(kind: pa.DataType) -> str:
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        return "INTEGER"
    return "REAL" if pa.types.is_floating(kind) else "BLOB" if pa.types.is_binary(kind) else "TEXT"


def _cell(value: Any) -> Any:
    if isinstance(value, list | dict):
        return dump(value)
    return value.isoformat(" ") if hasattr(value, "isoformat") else value
