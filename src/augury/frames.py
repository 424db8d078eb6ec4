"""Data frames in and out: pandas, polars, Arrow tables, and whatever else speaks the Arrow interface.

``from_frame`` makes the records that pipelines take, ``to_frame`` a frame of what they return. ``from_log`` makes one
record a user of a frame with a row an event, ``to_log`` such a frame of records. ``with_copies`` repeats rows that are
to be augmented.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

from augury.errors import DataError, RecipeError, describe, shown
from augury.pipelines.fields import parse_schema
from augury.pipelines.tables import as_arrow, as_given
from augury.record import Record, Schema

Frame = Literal["pandas", "polars", "arrow"]
_EVENT_COLUMNS = ("item", "time", "rating")


def from_frame(frame: Any, key: str | None = None) -> dict[str, dict[str, Any]]:
    """Return the rows of a frame as records by id. Missing values (null, NaN, NaT) are left out.

    Args:
        frame: A pandas or polars frame, an Arrow table, or any object with ``__arrow_c_stream__``.
        key: The column that names the rows; it stays in the records. None names them by their number, which is no
            identity: rows that come or go shift it.

    Raises:
        DataError: for another object, columns of one name, and keys that are missing or there twice.

    Cost: the frame once more, as Python objects.
    """
    table = as_arrow(frame)
    if key is not None and key not in table.column_names:
        names = table.column_names
        fix = f"name one of {', '.join(names)}"
        raise DataError(describe("from_frame", f"a column {key!r}", shown("none"), name=key, known=names, fix=fix))
    out: dict[str, dict[str, Any]] = {}
    for number, row in enumerate(_rows(table)):
        name = str(number) if key is None else str(row.get(key, ""))
        if not name or name in out:
            got = shown(f"{name!r} again" if name else "none")
            raise DataError(describe(f"row {number}", f"a {key} of its own", got, fix="correct the key"))
        out[name] = row
    return out


def to_frame(
    records: Mapping[str, Record] | Iterable[Record],
    fields: Mapping[str, Any] | Schema | None = None,
    *,
    like: Frame = "pandas",
    key: str | None = "id",
) -> Any:
    """Return records, or what a pipeline made of them, as a frame.

    Args:
        records: By id, or one after another. A failed one of ``Pipeline.many`` is raised.
        fields: Their fields (a pipeline's ``schema_after``): values are then packed and typed as files have them. None
            takes the values as they are.
        like: The frame's library.
        key: The column of the ids, where there are any and no field is called so; None leaves them out.

    Raises:
        DataError: for values that one column cannot hold together.
    """
    named = list(records.items()) if isinstance(records, Mapping) else [("", r) for r in records]
    for _, record in named:
        if isinstance(record, Exception):
            raise record
    schema = fields if fields is None or isinstance(fields, Schema) else parse_schema(fields)
    columns: dict[str, Any] = {}
    names = dict.fromkeys(name for _, record in named for name in record) if schema is None else schema.fields
    for name in names:
        values = [record.get(name) for _, record in named]
        columns[name] = _column(name, values, schema)
    if isinstance(records, Mapping) and key is not None and key not in columns:
        columns = {key: pa.array([name for name, _ in named], pa.string()), **columns}
    return _framed(pa.table(columns), like)


COPY = "augury_copy"
"""The column of `with_copies`; datasets have the same."""


def with_copies(frame: Any, copies: int | Mapping[str, str], *, id: str) -> Any:
    """Return a frame with a row for each copy that is to be made of another: what `Pipeline.table` augments.

    ``pipe.table(with_copies(frame, {"balance": "label"}, id="id"), id="id", copy="augury_copy")`` gives the new rows of
    an over-sampling, those that a recipe makes with ``copies: {balance: label}``.

    Args:
        frame: A pandas or polars frame, or an Arrow table; the same is returned, with a column ``augury_copy``.
        copies: How many each row gets; ``{"balance": field}`` as many as bring each class level with the largest.
            Rows without a class then get none.
        id: The column of the ids: rows come in the order of their ids, the copies of one after another.

    Raises:
        DataError: where a column is not there.

    Cost: the rows are taken once; some 0.2 us a row.
    """
    import numpy as np

    table = as_arrow(frame)
    needed = [id] if isinstance(copies, int) else [id, copies.get("balance", "")]
    for name in needed:
        if name not in table.column_names:
            known = table.column_names
            raise DataError(
                describe("with_copies", "a column", name, name=name, known=known, fix="name one of the columns")
            )
    order = pc.sort_indices(table.column(id).cast(pa.string())).to_numpy()
    count = np.zeros(len(order), np.int64)
    if isinstance(copies, int):
        count[:] = copies
    else:
        label = table.column(needed[1]).combine_chunks().dictionary_encode()
        label = label.combine_chunks() if isinstance(label, pa.ChunkedArray) else label
        classes = label.indices.fill_null(-1).to_numpy()[order]
        most = max(np.bincount(classes[classes >= 0]), default=0)
        for code in range(len(label.dictionary)):
            rows = np.flatnonzero(classes == code)
            count[rows] = level(np.arange(len(rows)), int(most) - len(rows), len(rows))
    rows = np.repeat(order, count)
    number = np.arange(len(rows)) - np.repeat(np.cumsum(count) - count, count)
    return as_given(table.take(pa.array(rows)).append_column(COPY, pa.array(number, pa.int32())), frame)


def level(rank: Any, need: int, have: int) -> Any:
    """Return how many copies the ``rank``-th of ``have`` records gets, so that all get ``need``, spread evenly."""
    return (rank + 1) * need // have - rank * need // have


def from_log(
    frame: Any,
    *,
    user: str | Sequence[str] = "user",
    item: str = "item",
    time: str | None = "time",
    rating: str | None = "rating",
    history: str = "history",
) -> dict[str, dict[str, Any]]:
    """Return one record a user of a frame with a row an event: ``{user: {history: [events]}}``.

    Events keep the frame's order (the kind ``interactions`` sorts them by time); further columns are their context.

    Args:
        frame: As `from_frame` takes it.
        user: The column of the user; several are joined by ``|``.
        item: The column of the item.
        time: The column of the time; None, or a column that is not there, for events without.
        rating: The column of the rating; likewise.
        history: The field the events are given as.

    Raises:
        DataError: without a column of users or items, and for a row without user.
    """
    users = (user,) if isinstance(user, str) else tuple(user)
    table = as_arrow(frame)
    for column in (*users, item):
        if column not in table.column_names:
            known = table.column_names
            fix = f"name one of {', '.join(known)}"
            raise DataError(
                describe("from_log", f"a column {column!r}", shown("none"), name=column, known=known, fix=fix)
            )
    called = {given: name for name, given in zip(_EVENT_COLUMNS, (item, time, rating), strict=True) if given}
    out: dict[str, dict[str, Any]] = {}
    for number, row in enumerate(_rows(table)):
        if any(column not in row for column in users):
            fix = "fill it or drop the row"
            raise DataError(describe(f"row {number}", f"a value in {' and '.join(users)}", shown("none"), fix=fix))
        name = "|".join(str(row[column]) for column in users)
        event = {called.get(column, column): value for column, value in row.items() if column not in users}
        out.setdefault(name, {history: []})[history].append(event)
    return out


def to_log(
    records: Mapping[str, Record], fields: Mapping[str, Any] | Schema, *, like: Frame = "pandas", user: str = "user"
) -> Any:
    """Return records with a field of events as a frame with a row an event: the inverse of `from_log`.

    Args:
        records: By id, which becomes the column ``user``.
        fields: Their fields; exactly one is of the kind ``interactions``. The others are repeated in every row.
        like: The frame's library.
        user: What the column of the ids is called.

    Raises:
        RecipeError: unless one field is of events.
    """
    schema = fields if isinstance(fields, Schema) else parse_schema(fields)
    histories = [f.name for f in schema.fields.values() if f.kind.space == "events"]
    if len(histories) != 1:
        fix = "give the field of events alone"
        raise RecipeError(describe("to_log", "one field of events", shown(", ".join(histories) or "none"), fix=fix))
    own = {f.name: f for f in schema.fields.values() if f.name not in histories}
    kind = schema[histories[0]].kind
    rows: list[dict[str, Any]] = []
    for name, record in records.items():
        if isinstance(record, Exception):
            raise record
        given = {n: f.kind.pack(record[n]) for n, f in own.items() if record.get(n) is not None}
        events = kind.pack(kind.check(record[histories[0]])) if record.get(histories[0]) is not None else []
        rows += [{user: name, **given, **event} for event in events]
    types = {user: pa.string(), **{n: f.kind.arrow() for n, f in own.items()}}
    types |= {field.name: field.type for field in kind.arrow().value_type}
    return _framed(pa.Table.from_pylist(rows, schema=pa.schema(list(types.items()))), like)


def _rows(table: pa.Table) -> Iterator[dict[str, Any]]:
    for batch in table.to_batches(max_chunksize=4096):
        for row in batch.to_pylist():
            yield {n: v for n, v in row.items() if v is not None and not (isinstance(v, float) and v != v)}


def _column(name: str, values: list[Any], schema: Schema | None) -> Any:
    try:
        if schema is None:
            return pa.array(values)
        kind = schema[name].kind
        packed = [None if v is None else kind.pack(kind.check(v)) for v in values]
        if kind.payload:
            packed = [None if v is None else {"bytes": v, "path": None} for v in packed]
        return pa.array(packed, kind.arrow())
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        fix = "pass fields=, with the fields' kinds"
        raise DataError(describe(f"column {name!r}", "values that a column holds", error, fix=fix)) from error


def _framed(table: pa.Table, like: Frame) -> Any:
    if like == "arrow":
        return table
    if like == "polars":
        import polars

        return polars.from_arrow(table)
    if like == "pandas":
        return table.to_pandas()
    raise RecipeError(describe("like", "pandas, polars or arrow", like, fix="use one of these"))
