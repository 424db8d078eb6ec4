"""Table files with no recipe: read one with its schema guessed, write rows to one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

from augury.catalog import registry
from augury.errors import DataError, EngineError, FieldError, describe, shown
from augury.formats.base import Format, RawRecord
from augury.generate.conditions import Rows
from augury.inference import Column, infer_file
from augury.record import FieldSpec
from augury.specs import FormatSpec

PROSE = ("text",)
"""Kinds that are guessed of a column and that no table model learns."""


class Table(NamedTuple):
    """A table in memory.

    Args:
        columns: Canonical values, one a row, by column.
        fields: The columns' specs.
        reasons: Why each is what it is.
        left_out: Columns left out, and why.
        problems: Rows left out because they could not be read, each with its place and reason.
    """

    columns: Rows
    fields: dict[str, FieldSpec]
    reasons: dict[str, str]
    left_out: dict[str, str]
    problems: tuple[str, ...] = ()


def read_table(path: str | Path, drop: Sequence[str] = (), fields: Mapping[str, FieldSpec] | None = None) -> Table:
    """Return the rows of a file of any installed format that has columns.

    Args:
        path: A CSV, TSV, JSON lines or parquet file; what its cells mean is guessed by `augury.inference`.
        drop: Columns to leave out.
        fields: The schema to read by; None guesses it.

    Raises:
        DataError: for a file that is no table, a column named twice, a column to drop or read that is not there.
    """
    path = str(path)
    found = infer_file(path)
    names = [column.name for column in found.columns]
    for name in [*drop, *(fields or ())]:
        if name not in names:
            fix = "name a column of the file"
            raise DataError(describe(path, f"the column {name!r}", shown("none"), name=name, known=names, fix=fix))
    specs: dict[str, FieldSpec] = {}
    reasons, left_out = dict[str, str](), dict.fromkeys(drop, "dropped as asked")
    for column in found.columns:
        kind = (column.options or {}).get("kind")
        if column.name in left_out or (fields is not None and column.name not in fields):
            continue
        if fields is None and kind in (None, *PROSE):
            left_out[column.name] = column.reason if kind is None else f"{column.reason}: no table column"
        else:
            specs[column.name] = fields[column.name] if fields is not None else _spec(column)
            reasons[column.name] = column.reason
    columns: Rows = {name: [] for name in specs}
    problems: list[str] = []
    for raw in _reader(path, found.options).read(path, specs):
        if raw.problem:
            problems.append(f"{raw.where}: {raw.problem}")
            continue
        record = _checked(path, raw, specs)
        for name, values in columns.items():
            values.append(record.get(name))
    return Table(columns, specs, reasons, left_out, tuple(problems))


def _reader(path: str, options: Mapping[str, Any]) -> Format:
    """Return the reader of a file."""
    name = path.lower().removesuffix(".gz")
    for entry in registry().entries("formats"):
        if isinstance(entry.spec, FormatSpec) and entry.spec.reads and name.endswith(entry.spec.extensions):
            reader: Format = entry.load().build(options)
            return reader
    raise AssertionError(path)  # infer_file has read it


def _spec(column: Column) -> FieldSpec:
    """Return a column's spec; yes and no, 0 and 1 stay as they are written."""
    options = dict(column.options or {})
    kind, role = options.pop("kind"), options.pop("role", None)
    if kind == "boolean" and "true" not in column.reason:
        kind, options = "category", {"store": "integer"} if "0" in column.reason else {}
    return FieldSpec(column.name, registry().load("kinds", kind).build(options, column.name), role=role)


def _checked(path: str, raw: RawRecord, specs: Mapping[str, FieldSpec]) -> dict[str, Any]:
    out = {}
    for name, value in raw.values.items():
        if value is not None and value == value and name in specs:
            try:
                out[name] = specs[name].kind.check(value)
            except FieldError as error:
                raise DataError(f"{path} {raw.where} column {name!r}: {error}") from error
    return out


def _packed(spec: FieldSpec, values: list[Any]) -> list[Any]:
    return [None if value is None else spec.kind.pack(value) for value in values]


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
