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

MEMORY = "256MB"
"""What the database may hold in memory; the rest lies on disk."""

BATCH = 65_536
"""Rows that are taken out of the database at a time."""


@contextmanager
def database(folder: Path, threads: int = 1) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an empty database that spills into ``folder``, and remove what it leaves there in the end.

    Raises:
        EngineError: when the disk is full or refuses.
    """
    import duckdb

    spill = folder / "spill"
    shutil.rmtree(spill, ignore_errors=True)
    spill.mkdir()
    options: dict[str, Any] = {
        "memory_limit": MEMORY,
        "threads": threads,
        "temp_directory": str(spill),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    try:
        with duckdb.connect(str(spill / "barrier.duckdb"), config=options) as connection:
            yield connection
    except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
        fix = "free space or memory and run again"
        got = shown(str(error).splitlines()[0])
        raise EngineError(describe(str(folder), "room for a sort on disk", got, fix=fix)) from error
    finally:
        shutil.rmtree(spill, ignore_errors=True)


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
    count = 0
    try:
        for batch in cursor.sql(query, params=list(values)).to_arrow_reader(BATCH):
            waiting.append(pa.Table.from_batches([batch]).cast(schema))
            count += batch.num_rows
            while count >= BATCH:
                table = pa.concat_tables(waiting)
                yield table.slice(0, BATCH).combine_chunks().to_batches()[0]
                waiting = [table.slice(BATCH)]
                count -= BATCH
        if count:
            yield pa.concat_tables(waiting).combine_chunks().to_batches()[0]
    finally:
        cursor.close()


def sorted_digests(db: duckdb.DuckDBPyConnection, arrays: Iterable[pa.Array]) -> Iterator[bytes]:
    """Yield digests sorted, many joined in a piece. ``arrays`` are binary, taken in any order."""
    import pyarrow as pa

    db.execute("CREATE TABLE digests (digest BLOB)")
    for array in arrays:
        insert(db, "digests", pa.table({"digest": array.cast(pa.binary())}))
    for batch in batches_of(db, "SELECT digest FROM digests ORDER BY digest", pa.schema([("digest", pa.binary())])):
        yield b"".join(batch["digest"].to_pylist())
    db.execute("DROP TABLE digests")
