"""The audit: what rows say of each other. Parents on the same side, groups and contents on one side only.

Rows are gathered in an SQLite file, so that a dataset larger than memory can be audited.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from augury.dataset.columns import COPY, PARENTS, Columns
from augury.dataset.identity import SHORT, fields_digest, plain_value
from augury.formats.beside import ROW_ID

MOST = 20
"""Findings of one sort that are named; the rest are counted."""

_TABLES = """
CREATE TABLE rows (place TEXT, collection TEXT, side TEXT, id TEXT, copy INTEGER, parents TEXT, grp TEXT, content BLOB);
CREATE TABLE records (collection TEXT, id TEXT PRIMARY KEY, side TEXT);
"""

_REPEATED = """
SELECT id, group_concat(place, ' and ') FROM rows GROUP BY id HAVING count(*) > 1 ORDER BY id"""

_ORPHANS = """
SELECT rows.place, rows.id, rows.side, p.value, records.side FROM rows, json_each(rows.parents) AS p
LEFT JOIN records ON records.id = p.value
WHERE records.id IS NULL OR (records.side IS NOT NULL AND records.side != rows.side) ORDER BY rows.id, p.value"""

_LOST = """
SELECT records.id, records.side FROM records WHERE side IS NOT NULL AND side NOT IN (SELECT value FROM json_each(?))
AND NOT EXISTS (SELECT 1 FROM rows WHERE rows.id = records.id) ORDER BY records.id"""

_GROUPS = """
SELECT grp, group_concat(DISTINCT side), min(place), max(place) FROM rows WHERE grp IS NOT NULL
GROUP BY grp HAVING count(DISTINCT side) > 1 ORDER BY grp"""

# Originals only: that a copy happens to equal a row of another side, as it will in tables of few values, tells
# nothing of that row. A copy made from another side's record is found by its parents.
_CONTENTS = """
SELECT min(id), max(id), group_concat(DISTINCT side), min(place), max(place) FROM rows
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

    def __init__(self, path: Path, group: str | None) -> None:
        """Gather in a file at ``path``; ``group`` is the field whose values stay on one side."""
        self.group = group
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;" + _TABLES)
        self.db.execute("BEGIN")

    def close(self) -> None:
        """Close the file."""
        self.db.close()

    def add_record(self, record: Mapping[str, Any]) -> None:
        """Take one source record."""
        values = (record["collection"], record["id"], record["side"])
        self.db.execute("INSERT OR IGNORE INTO records VALUES (?, ?, ?)", values)

    def add_row(self, place: str, collection: str, side: str, row: Mapping[str, Any], columns: Columns) -> None:
        """Take one row."""
        group = row.get(self.group) if self.group else None
        plain = {n: plain_value(s, row[n]) for n, s in columns.after.items() if s.role is None}
        content = fields_digest(plain, sorted(plain))
        own = (row[ROW_ID], row[COPY], json.dumps(row[PARENTS] or []))
        keys = (None if group is None else str(group), content[:SHORT] if content else None)
        self.db.execute("INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (place, collection, side, *own, *keys))

    def findings(self, originals_left_out: list[str]) -> Iterator[Finding]:
        """Yield what is wrong. ``originals_left_out`` are the sides whose originals were not to be written."""
        self.db.execute("CREATE INDEX by_id ON rows (id)")
        yield from self._some(_REPEATED, lambda r: Finding(r[1], f"row id {r[0]} is there more than once"))
        yield from self._some(_ORPHANS, _orphan)
        lost = (json.dumps(originals_left_out),)
        yield from self._some(_LOST, lambda r: Finding(f"side {r[1]}", f"record {r[0]} has no original"), lost)
        yield from self._some(_GROUPS, lambda r: Finding(f"{r[2]} and {r[3]}", f"group {r[0]!r} is on {r[1]}"))
        yield from self._some(_CONTENTS, lambda r: Finding(f"{r[3]} and {r[4]}", f"{r[0]} equals {r[1]}, on {r[2]}"))

    def _some(self, query: str, finding: Any, values: tuple[Any, ...] = ()) -> Iterator[Finding]:
        count = 0
        for row in self.db.execute(query, values):
            count += 1
            if count <= MOST:
                yield finding(row)
        if count > MOST:
            yield Finding("and", f"{count - MOST} more like the last")


def _orphan(row: tuple[Any, ...]) -> Finding:
    place, row_id, side, parent, parent_side = row
    if parent_side is None:
        return Finding(place, f"{row_id} names the parent {parent}, which the dataset was not made from")
    return Finding(place, f"{row_id} is on side {side}, its parent {parent} on side {parent_side}")
