"""Histories: records of events under a split by time. The training side sees what lies before its cut.

A record of events becomes up to three: its events before the first cut on the training side, and for each later side
that it has events on, those before that side's cut with the side's own as a target.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from augury.kinds import Kind
from augury.record import FieldSpec, Schema

if TYPE_CHECKING:
    import duckdb

TARGET = "_target"
"""What the field of a later side's own events is called: the field with this behind it."""


def holds_events(kind: Kind) -> bool:
    """Whether values of a kind are events with times, which a split by time cuts."""
    return type(kind).moments is not Kind.moments


def with_target(schema: Schema, field: str | None) -> Schema:
    """Return a schema with the field that holds a later side's own events, where ``field`` holds events."""
    if field is None or field not in schema or not holds_events(schema[field].kind):
        return schema
    target = FieldSpec(field + TARGET, schema[field].kind, role="meta")
    return Schema([*schema.fields.values(), target])


def expand(db: duckdb.DuckDBPyConnection, cuts: Mapping[str, float], first: str) -> None:
    """Make of each waiting record of events the records of its sides: ``cut`` and ``until`` bound its own events."""
    later = sorted(cuts.items(), key=lambda cut: cut[1])
    waiting = "moments IS NOT NULL AND side IS NULL AND cluster IS NOT NULL"
    ends = [*(moment for _, moment in later[1:]), float("inf")]
    for (side, start), end in zip(later, ends, strict=True):
        db.execute(
            "INSERT INTO records BY NAME SELECT * REPLACE (id || '/' || ? AS id, ? AS side, ?::DOUBLE AS cut, "
            f"?::DOUBLE AS until) FROM records WHERE {waiting} "
            "AND list_count(list_filter(moments, lambda x: x >= ? AND x < ?)) > 0",
            [side, side, start, end, start, end],
        )
    start = later[0][1]
    db.execute(
        f"INSERT INTO records BY NAME SELECT * REPLACE (? AS side, ?::DOUBLE AS until) FROM records WHERE {waiting} "
        "AND list_count(list_filter(moments, lambda x: x < ?)) > 0",
        [first, start, start],
    )
    db.execute(f"DELETE FROM records WHERE {waiting}")


@dataclass(frozen=True)
class Events:
    """The field of events that a split by time cuts, in the collections that have it."""

    field: str
    kinds: Mapping[str, Kind]

    def cut(self, collection: str, stored: dict[str, Any], cut: float | None, until: float | None) -> dict[str, Any]:
        """Return the stored fields of a record as its side sees them."""
        value = stored.get(self.field)
        if until is None or value is None:
            return stored
        kind = self.kinds[collection]
        if cut is None:
            history, _ = kind.cut(kind.unpack(value), until)
            return stored | {self.field: kind.pack(history)}
        history, rest = kind.cut(kind.unpack(value), cut)
        target, _ = kind.cut(rest, until)
        return stored | {self.field: kind.pack(history), self.field + TARGET: kind.pack(target)}


def foresight(field: str, cuts: Mapping[str, float], columns: Any, side: str, row: Mapping[str, Any]) -> str:
    """Return in words what a row of a dataset split by time knows of a later time than its side may; else nothing.

    Args:
        field: The field of events.
        cuts: Side to the moment it begins at.
        columns: The collection's `Columns`.
        side: The row's side.
        row: The row, as stored.
    """
    spec = columns.after.get(field)
    if spec is None or not holds_events(spec.kind) or row[field] is None:
        return ""
    own = cuts.get(side, min(cuts.values()))
    late = [m for m in spec.kind.moments(spec.kind.unpack(row[field])).tolist() if m >= own]
    return f"{len(late)} events of {field} at {own:g} or later, the first at {late[0]:g}" if late else ""
