"""The database of a barrier: sorts and groups of more records than fit into memory, on the run's disk."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augury.errors import EngineError, describe, shown

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

MEMORY = 48
"""Megabytes that the database may hold in memory for each of its threads; the rest lies on disk."""

MOST_MEMORY = 768
"""The same where records turn out too wide for less."""

MOST_THREADS = 8
"""Threads that a database is given at most, whatever the workers: it stays under 400 MB."""

BATCH = 8192
"""Rows that are put into the database or taken out of it at a time."""


class TooWide(EngineError):
    """Records that do not fit into what a database may hold."""


@contextmanager
def database(folder: Path, threads: int = 1, memory: int = MEMORY) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an empty database that spills into ``folder``, and remove what it leaves there in the end.

    Args:
        folder: Where to.
        threads: Threads of its sorts and joins; at most `MOST_THREADS` are taken.
        memory: Megabytes it may hold for each of them.

    Raises:
        TooWide: when single records take more than that.
        EngineError: when the disk is full or refuses.
    """
    import duckdb

    threads = min(threads, MOST_THREADS)
    spill = folder / "spill"
    shutil.rmtree(spill, ignore_errors=True)
    spill.mkdir()
    options: dict[str, Any] = {
        "memory_limit": f"{memory * threads}MB",
        "threads": threads,
        "temp_directory": str(spill),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    try:
        with duckdb.connect(str(spill / "barrier.duckdb"), config=options) as connection:
            yield connection
    except (duckdb.OutOfMemoryException, duckdb.TransactionException) as error:  # the latter: no room to commit
        got = shown(str(error).splitlines()[0])
        expected = f"records that sort in {memory * threads} MB"
        raise TooWide(describe(str(folder), expected, got, fix="free disk or memory and run again")) from error
    except duckdb.IOException as error:
        fix = "free space or memory and run again"
        got = shown(str(error).splitlines()[0])
        raise EngineError(describe(str(folder), "room for a sort on disk", got, fix=fix)) from error
    finally:
        shutil.rmtree(spill, ignore_errors=True)


def remake(db: duckdb.DuckDBPyConnection, table: str, query: str, values: Sequence[Any] = ()) -> None:
    """Make a table anew from what a query gives; an UPDATE would hold what it changes in memory, whatever the limit."""
    db.execute(f"CREATE TABLE remade AS {query}", list(values))
    db.execute(f"DROP TABLE {table}")
    db.execute(f"ALTER TABLE remade RENAME TO {table}")


def insert(db: duckdb.DuckDBPyConnection, table: str, rows: pa.Table) -> None:
    """Append an Arrow table to a table of the database with the same columns in the same order."""
    db.from_arrow(rows).insert_into(table)


def insert_rows(db: duckdb.DuckDBPyConnection, table: str, schema: pa.Schema, rows: Iterator[Sequence[Any]]) -> None:
    """Append plain rows, a batch at a time."""
    import pyarrow as pa

    batch: list[Sequence[Any]] = []

    def flush() -> None:
        if batch:
            columns = [pa.array(c, t) for c, t in zip(zip(*batch, strict=True), schema.types, strict=True)]
            insert(db, table, pa.table(columns, schema=schema))
            batch.clear()

    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            flush()
    flush()


def first(db: duckdb.DuckDBPyConnection, query: str, values: Sequence[Any] = ()) -> tuple[Any, ...] | None:
    """Return the first row of a query that gives few, or None; nothing is left open, which would refuse inserts."""
    rows = db.execute(query, list(values)).fetchall()
    return rows[0] if rows else None


def count(db: duckdb.DuckDBPyConnection, rows: str) -> int:
    """Return how many rows there are: ``rows`` is a query from ``FROM`` on."""
    ((found,),) = db.execute(f"SELECT count(*) {rows}").fetchall()
    return int(found)


def rows_of(db: duckdb.DuckDBPyConnection, query: str, values: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a query, a batch at a time; other queries may run in between."""
    cursor = db.cursor()
    try:
        cursor.execute(query, list(values))
        while rows := cursor.fetchmany(BATCH):
            yield from rows
    finally:
        cursor.close()


def batches_of(
    db: duckdb.DuckDBPyConnection, query: str, schema: pa.Schema, values: Sequence[Any] = ()
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a query as record batches of ``schema``, `BATCH` rows each but for the last."""
    import pyarrow as pa

    cursor = db.cursor()
    waiting: list[Any] = []
    held = 0
    try:
        for batch in cursor.sql(query, params=list(values)).to_arrow_reader(BATCH):
            waiting.append(pa.Table.from_batches([batch]).cast(schema))
            held += batch.num_rows
            while held >= BATCH:
                table = pa.concat_tables(waiting)
                yield table.slice(0, BATCH).combine_chunks().to_batches()[0]
                waiting = [table.slice(BATCH)]
                held -= BATCH
        if held:
            yield pa.concat_tables(waiting).combine_chunks().to_batches()[0]
    finally:
        cursor.close()


def sorted_digests(db: duckdb.DuckDBPyConnection, arrays: Iterable[pa.Array]) -> Iterator[bytes]:
    """Yield digests sorted, many joined in a piece. ``arrays`` are binary of one type, taken in any order."""
    import pyarrow as pa

    db.execute("CREATE TABLE digests (digest BLOB)")
    for array in joined(arrays):
        insert(db, "digests", pa.table({"digest": array.cast(pa.binary())}))
    for batch in batches_of(db, "SELECT digest FROM digests ORDER BY digest", pa.schema([("digest", pa.binary())])):
        yield b"".join(batch["digest"].to_pylist())
    db.execute("DROP TABLE digests")


def joined(arrays: Iterable[pa.Array]) -> Iterator[pa.Array]:
    """Yield the values of small arrays of one type in larger ones, of `BATCH` values and more."""
    import pyarrow as pa

    waiting: list[pa.Array] = []
    held = 0
    for array in arrays:
        waiting.append(array)
        held += len(array)
        if held >= BATCH:
            yield pa.concat_arrays(waiting)
            waiting, held = [], 0
    if waiting:
        yield pa.concat_arrays(waiting)
