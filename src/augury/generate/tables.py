"""Table files with no recipe: read a CSV or parquet file with its schema guessed, write rows to one.

The guess takes a column's values as they are typed in the file. What it decided, and why, is in `Table.reasons`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

from augury.catalog import registry
from augury.errors import DataError, EngineError, describe, shown
from augury.generate.conditions import Rows
from augury.record import FieldSpec

DELIMITERS = ",;\t|"
TEXT_LENGTH = 40
"""Mean characters from which a column of mostly different texts is prose, and no category."""


class Table(NamedTuple):
    """A table in memory: canonical values by column, their specs, and why each is what it is."""

    columns: Rows
    fields: dict[str, FieldSpec]
    reasons: dict[str, str]
    left_out: dict[str, str]


def read_table(path: str | Path, drop: Sequence[str] = (), fields: Mapping[str, FieldSpec] | None = None) -> Table:
    """Return a CSV or parquet file's rows.

    Args:
        path: ``.parquet``, or else text with a header line; its delimiter is found there.
        drop: Columns to leave out.
        fields: The schema to read by; None guesses it.

    Raises:
        DataError: for a file that is no table, a column named twice, a column to drop or read that is not there.
    """
    path = Path(path)
    read = _read(path)
    names = read.column_names
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise DataError(describe(str(path), "columns of different names", twice[0], fix="rename one of the two"))
    for name in [*drop, *(fields or ())]:
        if name not in names:
            fix = "name a column of the file"
            raise DataError(describe(str(path), f"the column {name!r}", shown("none"), name=name, known=names, fix=fix))
    columns: Rows = {}
    specs: dict[str, FieldSpec] = {}
    reasons: dict[str, str] = {}
    left_out = {name: "dropped as asked" for name in drop}
    for name in names:
        if name in left_out or (fields is not None and name not in fields):
            continue
        values = read.column(name)
        kind, params, reason = _guess(name, values) if fields is None else (fields[name].kind_id, {}, "")
        if kind == "text":
            left_out[name] = reason
            continue
        spec = FieldSpec(name, registry().load("kinds", kind)(**params)) if fields is None else fields[name]
        columns[name] = _canonical(path, spec, values.to_pylist())
        specs[name], reasons[name] = spec, reason
    return Table(columns, specs, reasons, left_out)


def _read(path: Path) -> pa.Table:
    try:
        if path.suffix == ".parquet":
            return pq.read_table(path)
        with path.open(encoding="utf-8-sig") as file:
            head = file.readline()
        delimiter = max(DELIMITERS, key=head.count)
        return pc.read_csv(
            path,
            parse_options=pc.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            convert_options=pc.ConvertOptions(strings_can_be_null=True, null_values=["", "NA", "NaN", "nan", "null"]),
        )
    except (OSError, pa.ArrowInvalid, UnicodeDecodeError) as error:
        text = str(error).splitlines()[0] if str(error) else type(error).__name__
        fix = "give a CSV file with a header line, or a parquet file"
        raise DataError(describe(str(path), "a table", shown(text), fix=fix)) from error


def _guess(name: str, values: pa.ChunkedArray) -> tuple[str, dict[str, Any], str]:
    """Return a column's kind, its parameters, and the reason."""
    kind = values.type
    present = values.drop_null()
    distinct = len(present.unique())
    if pa.types.is_boolean(kind):
        return "boolean", {}, "true and false"
    if pa.types.is_integer(kind):
        if distinct == len(values) > 2 and name.lower().rstrip("0123456789").endswith(("id", "key")):
            return "id", {}, "whole numbers that never repeat, named a key"
        return "number", {"integer": True}, f"whole numbers, {distinct} different"
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return "number", {}, f"numbers, {distinct} different"
    if pa.types.is_temporal(kind) and not pa.types.is_duration(kind) and not pa.types.is_time(kind):
        return "datetime", {}, "dates or times"
    if pa.types.is_null(kind):
        return "category", {}, "no values at all"
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind)):
        return "text", {}, f"values of type {kind} are no table column"
    texts = present.to_pylist()
    if texts and distinct > len(texts) / 2 and sum(map(len, texts)) / len(texts) > TEXT_LENGTH:
        return "text", {}, "mostly different long texts"
    if distinct == len(values) > 2 and all(" " not in text.strip() for text in texts):
        return "id", {}, "words that never repeat"
    return "category", {}, f"{distinct} different texts"


def _canonical(path: Path, spec: FieldSpec, values: list[Any]) -> list[Any]:
    out = []
    for row, value in enumerate(values, start=1):
        try:
            known = value is not None and value == value  # a NaN of a parquet file is a missing value
            out.append(spec.kind.check(float(value) if _decimal(value) else value) if known else None)
        except DataError as error:
            raise DataError(f"{path} row {row} column {spec.name!r}: {error}") from error
    return out


def _packed(spec: FieldSpec, values: list[Any]) -> list[Any]:
    return [None if value is None else spec.kind.pack(value) for value in values]


def _decimal(value: Any) -> bool:
    return type(value).__name__ == "Decimal"


def write_table(path: str | Path, parts: Iterator[Rows], fields: Mapping[str, FieldSpec]) -> int:
    """Write rows as they come to a ``.parquet`` file, or else as CSV, and return their number.

    The file appears when it is whole; a file of that name is replaced. Memory does not grow with the rows.

    Raises:
        EngineError: when the disk refuses; nothing is left behind.
    """
    path = Path(path)
    partial = path.with_name(f".{path.name}.partial")
    schema = pa.schema([(name, spec.kind.arrow()) for name, spec in fields.items()])
    rows = 0
    try:
        with (pq.ParquetWriter if path.suffix == ".parquet" else pc.CSVWriter)(str(partial), schema) as writer:
            for part in parts:
                table = pa.table({name: _packed(spec, part[name]) for name, spec in fields.items()}, schema=schema)
                writer.write_table(table)
                rows += table.num_rows
        partial.replace(path)
    except OSError as error:
        fix = "make room, or give a file in a folder you may write to"
        raise EngineError(describe(str(path), "a file to write to", shown(str(error)), fix=fix)) from error
    finally:
        with suppress(OSError):
            partial.unlink()
    return rows
