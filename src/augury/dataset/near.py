"""Near-duplicates: candidates that share a band, grouped on disk, then compared by their sketches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augury.dataset.stored import SKETCH, read_batch
from augury.dataset.tables import count, insert, rows_of
from augury.pipelines.compiled import batched
from augury.recipe.cleaning import Dedup

if TYPE_CHECKING:
    import duckdb

CHUNK = 8192
"""Sketches, or pairs, that a detector is given at a time."""

CROWD = 64
"""Records of one band that are each compared with all the others; in a larger one each is compared with its next
`CROWD` in the order of their ids, which still chains what is alike."""

EXAMPLES = 20


@dataclass
class Near:
    """What one ``dedup`` found.

    Attributes:
        compared: Candidate pairs whose similarity was computed.
        pairs: Pairs found near, exact repeats of the sketch included.
        examples: A few of them, the most alike of different content first: (id, id, similarity).
    """

    dedup: Dedup
    compared: int = 0
    pairs: int = 0
    examples: list[tuple[str, str, float]] = field(default_factory=list)


def find_near(db: duckdb.DuckDBPyConnection, folder: Path, files: Sequence[str], dedups: Sequence[Dedup]) -> list[Near]:
    """Fill the table ``near (a, b, number, similarity)`` with the pairs of records that are near-duplicates.

    The table ``records`` gives each record's number ``n`` by ``file`` and ``row``; a < b.
    """
    db.execute("CREATE TABLE near (a BIGINT, b BIGINT, number INTEGER, similarity DOUBLE)")
    return [_find(db, folder, files, dedup) for dedup in dedups]


def _find(db: duckdb.DuckDBPyConnection, folder: Path, files: Sequence[str], dedup: Dedup) -> Near:
    out = Near(dedup)
    db.execute("CREATE OR REPLACE TABLE sketches (n BIGINT, sketch BLOB)")
    db.execute("CREATE OR REPLACE TABLE bands (n BIGINT, band BLOB)")
    _load(db, folder, files, dedup.number)
    state = dedup.detector.fit(_sketches(db)) if dedup.detector.fits else None
    _band(db, dedup, state)
    # Equal sketches are near without a look; one of them stands for all, so that they make no crowd.
    db.execute(
        "INSERT INTO near SELECT min(n) OVER (PARTITION BY sketch), n, ?, 1.0 FROM sketches "
        "QUALIFY min(n) OVER (PARTITION BY sketch) < n",
        [dedup.number],
    )
    db.execute(
        "CREATE OR REPLACE TABLE candidates AS SELECT DISTINCT a, b FROM (SELECT n AS b, "
        f"unnest(list(n) OVER (PARTITION BY band ORDER BY n ROWS BETWEEN {CROWD} PRECEDING AND 1 PRECEDING)) AS a "
        "FROM bands SEMI JOIN (SELECT min(n) AS n FROM sketches GROUP BY sketch) USING (n)) WHERE a < b"
    )
    out.compared = count(db, "FROM candidates")
    query = (
        "SELECT a, b, x.sketch, y.sketch FROM candidates JOIN sketches x ON x.n = a JOIN sketches y ON y.n = b "
        "ORDER BY a, b"
    )
    found = _compared(rows_of(db, query), dedup, state)
    _insert_pairs(db, found)
    out.pairs = count(db, f"FROM near WHERE number = {dedup.number}")
    examples = (
        "SELECT x.id, y.id, similarity FROM near JOIN records x ON x.n = a JOIN records y ON y.n = b "
        "WHERE number = ? ORDER BY x.content IS NOT DISTINCT FROM y.content, similarity DESC, a, b LIMIT ?"
    )
    out.examples = db.execute(examples, [dedup.number, EXAMPLES]).fetchall()
    for table in ("sketches", "bands", "candidates"):
        db.execute(f"DROP TABLE {table}")
    return out


def _load(db: duckdb.DuckDBPyConnection, folder: Path, files: Sequence[str], number: int) -> None:
    import pyarrow as pa

    db.execute("CREATE OR REPLACE TABLE loaded (file INTEGER, row INTEGER, sketch BLOB)")
    for file, name in enumerate(files):
        batch = read_batch(folder / name)
        column = batch[f"{SKETCH}{number}"]
        if column.null_count < len(column):
            rows = pa.array(range(len(column)), pa.int32())
            files_of = pa.array([file] * len(column), pa.int32())
            table = pa.table({"file": files_of, "row": rows, "sketch": column})
            insert(db, "loaded", table.filter(column.is_valid()))
    db.execute("INSERT INTO sketches SELECT n, sketch FROM loaded JOIN records USING (file, row) ORDER BY n")
    db.execute("DROP TABLE loaded")


def _sketches(db: duckdb.DuckDBPyConnection) -> Iterator[list[bytes]]:
    for chunk in batched(rows_of(db, "SELECT sketch FROM sketches ORDER BY n"), CHUNK):
        yield [sketch for (sketch,) in chunk]


def _band(db: duckdb.DuckDBPyConnection, dedup: Dedup, state: Any) -> None:
    import pyarrow as pa

    for chunk in batched(rows_of(db, "SELECT n, sketch FROM sketches ORDER BY n"), CHUNK):
        bands = dedup.detector.bands([sketch for _, sketch in chunk], dedup.near, state)
        numbers = [n for (n, _), own in zip(chunk, bands, strict=True) for _ in own]
        flat = [band for own in bands for band in own]
        insert(db, "bands", pa.table({"n": pa.array(numbers, pa.int64()), "band": pa.array(flat, pa.binary())}))


def _compared(rows: Iterator[tuple[Any, ...]], dedup: Dedup, state: Any) -> Iterator[tuple[int, int, int, float]]:
    """Yield the candidates that are near."""
    for chunk in batched(rows, CHUNK):
        values = dedup.detector.similarity([r[2] for r in chunk], [r[3] for r in chunk], state)
        for (a, b, _, _), value in zip(chunk, values, strict=True):
            if value >= dedup.near:
                yield a, b, dedup.number, float(value)


def _insert_pairs(db: duckdb.DuckDBPyConnection, pairs: Iterator[tuple[int, int, int, float]]) -> None:
    import pyarrow as pa

    types = [("a", pa.int64()), ("b", pa.int64()), ("number", pa.int32()), ("similarity", pa.float64())]
    for chunk in batched(pairs, CHUNK):
        columns = [pa.array(c, t) for c, (_, t) in zip(zip(*chunk, strict=True), types, strict=True)]
        insert(db, "near", pa.table(columns, schema=pa.schema(types)))
