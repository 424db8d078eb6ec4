"""The audit: what rows say of each other. Parents on the same side, groups and contents on one side only.

Rows are gathered in a database on disk, so that a dataset larger than memory can be audited.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from augury.dataset.columns import COPY, PARENTS, Columns
from augury.dataset.identity import SHORT, fields_digest, plain_value
from augury.dataset.tables import BATCH, batches_of, insert_rows, rows_of
from augury.formats.beside import ROW_ID

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

MOST = 20
"""Findings of one sort that are named; the rest are counted."""

_TABLES = """
CREATE TABLE rows (place VARCHAR, collection VARCHAR, side VARCHAR, id VARCHAR, copy INTEGER, parents VARCHAR[],
    grp VARCHAR, content BLOB, digest BLOB);
CREATE TABLE records (collection VARCHAR, id VARCHAR, side VARCHAR);
"""

_REPEATED = """
SELECT id, string_agg(place, ' and ' ORDER BY place) FROM rows GROUP BY id HAVING count(*) > 1 ORDER BY id"""

_ORPHANS = """
SELECT p.place, p.id, p.side, p.parent, records.side
FROM (SELECT place, id, side, unnest(parents) AS parent FROM rows) p
LEFT JOIN records ON records.id = p.parent
WHERE records.id IS NULL OR (records.side IS NOT NULL AND records.side != p.side) ORDER BY p.id, p.parent"""

_LOST = """
SELECT records.id, records.side FROM records WHERE side IS NOT NULL AND side NOT IN (SELECT unnest(?::VARCHAR[]))
AND NOT EXISTS (SELECT 1 FROM rows WHERE rows.id = records.id) ORDER BY records.id"""

_GROUPS = """
SELECT grp, string_agg(DISTINCT side, ',' ORDER BY side), min(place), max(place) FROM rows WHERE grp IS NOT NULL
GROUP BY grp HAVING count(DISTINCT side) > 1 ORDER BY grp"""

# Originals only: that a copy happens to equal a row of another side, as it will in tables of few values, tells
# nothing of that row. A copy made from another side's record is found by its parents.
_CONTENTS = """
SELECT min(id), max(id), string_agg(DISTINCT side, ',' ORDER BY side), min(place), max(place) FROM rows
WHERE content IS NOT NULL AND copy IS NULL GROUP BY content HAVING count(DISTINCT side) > 1 ORDER BY 1"""


class Finding(NamedTuple):
    """Something wrong: where (a shard, a row of it, a row id), and what."""

    place: str
    problem: str

    def __str__(self) -> str:
        """Return the finding as one line."""
        return f"{self.place}: {self.problem}"


class Audit:
    """Gathers rows, then finds what must not be."""

    def __init__(self, db: duckdb.DuckDBPyConnection, group: str | None, events: str | None = None) -> None:
        """Gather in a database.

        Args:
            db: An empty one.
            group: The field whose values stay on one side.
            events: The field of events that a split by time cuts: one history is then on several sides, rightly.
        """
        self.group, self.events = group, events
        self.db = db
        self.db.execute(_TABLES)
        self._rows: list[tuple[Any, ...]] = []
        self._records: list[tuple[Any, ...]] = []

    def add_record(self, record: Mapping[str, Any]) -> None:
        """Take one source record."""
        self._records.append((record["collection"], record["id"], record["side"]))
        if len(self._records) == BATCH:
            self._flush()

    def add_row(
        self, place: str, collection: str, side: str, row: Mapping[str, Any], columns: Columns, digest: bytes
    ) -> None:
        """Take one row."""
        group = row.get(self.group) if self.group else None
        plain = {n: plain_value(s, row[n]) for n, s in columns.after.items() if s.role is None}
        content = None if self.events in columns.after else fields_digest(plain, sorted(plain))
        own = (row[ROW_ID], row[COPY], row[PARENTS] or [])
        keys = (None if group is None else str(group), content[:SHORT] if content else None)
        self._rows.append((place, collection, side, *own, *keys, digest))
        if len(self._rows) == BATCH:
            self._flush()

    def _flush(self) -> None:
        import pyarrow as pa

        text = pa.string()
        types = [text, text, text, text, pa.int32(), pa.list_(text), text, pa.binary(), pa.binary()]
        names = ("place", "collection", "side", "id", "copy", "parents", "grp", "content", "digest")
        insert_rows(self.db, "rows", pa.schema(list(zip(names, types, strict=True))), iter(self._rows))
        insert_rows(
            self.db, "records", pa.schema([(n, text) for n in ("collection", "id", "side")]), iter(self._records)
        )
        self._rows.clear()
        self._records.clear()

    def digests(self) -> Iterator[pa.Array]:
        """Yield the digests of all rows."""
        import pyarrow as pa

        self._flush()
        for batch in batches_of(self.db, "SELECT digest FROM rows", pa.schema([("digest", pa.binary())])):
            yield batch["digest"]

    def findings(self, originals_left_out: list[str]) -> Iterator[Finding]:
        """Yield what is wrong. ``originals_left_out`` are the sides whose originals were not to be written."""
        self._flush()
        yield from self._some(_REPEATED, lambda r: Finding(r[1], f"row id {r[0]} is there more than once"))
        yield from self._some(_ORPHANS, _orphan)
        lost = (originals_left_out,)
        yield from self._some(_LOST, lambda r: Finding(f"side {r[1]}", f"record {r[0]} has no original"), lost)
        yield from self._some(_GROUPS, lambda r: Finding(f"{r[2]} and {r[3]}", f"group {r[0]!r} is on {r[1]}"))
        yield from self._some(_CONTENTS, lambda r: Finding(f"{r[3]} and {r[4]}", f"{r[0]} equals {r[1]}, on {r[2]}"))

    def _some(self, query: str, finding: Any, values: tuple[Any, ...] = ()) -> Iterator[Finding]:
        yield from some(finding(row) for row in rows_of(self.db, query, values))


def some(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yield the first findings of one sort; of the rest their number."""
    count = 0
    for found in findings:
        count += 1
        if count <= MOST:
            yield found
    if count > MOST:
        yield Finding("and", f"{count - MOST} more like the last")


def _orphan(row: tuple[Any, ...]) -> Finding:
    place, row_id, side, parent, parent_side = row
    if parent_side is None:
        return Finding(place, f"{row_id} names the parent {parent}, which the dataset was not made from")
    return Finding(place, f"{row_id} is on side {side}, its parent {parent} on side {parent_side}")
