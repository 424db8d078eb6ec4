"""RecBole's atomic files: tab-separated, with a type behind each column's name (``item_id:token``)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from augury.errors import DataError, RecipeError, describe, shown
from augury.formats.base import Fields, Format, RawRecord, Writer, check_columns
from augury.formats.files import find_files, open_file, short_name
from augury.formats.jsonl import lines

_EXTENSIONS = (".inter", ".user", ".item", ".kg", ".link", ".net")


def _number(cell: str) -> float | int:
    value = float(cell)
    if not math.isfinite(value):
        raise ValueError(cell)
    return int(value) if "." not in cell and "e" not in cell.lower() else value


TYPES: Mapping[str, Callable[[str], Any]] = {
    "token": str,
    "float": _number,
    "token_seq": lambda cell: cell.split(" ") if cell else [],
    "float_seq": lambda cell: [_number(part) for part in cell.split(" ")] if cell else [],
}
"""How the cells of each column type are read."""


class RecBole(Format):
    """RecBole's atomic files: ``.inter``, ``.user``, ``.item`` and their kin.

    The header names a type for each column: ``token`` (text), ``float``, ``token_seq`` and ``float_seq`` (parts
    parted by spaces). A column is named without its type. With ``format: log``, ``of: recbole`` an ``.inter`` file
    becomes one record a user.

    Args:
        separator: What stands between cells.
        extension: The extension of written files.
    """

    separator: str = "\t"
    extension: str = "inter"

    def files(self, source: str) -> list[str]:
        """Return the file, or the folder's atomic files of the extension."""
        return find_files(source, (f".{self.extension}",))

    def read(self, source: str, fields: Fields) -> Iterator[RawRecord]:
        """Yield rows; a ragged row or a cell of another type is yielded with its problem."""
        for file in self.files(source):
            name = short_name(file, source)
            rows = lines(file, name, "utf-8")
            header = self._header(next(rows, (1, ""))[1], name)
            check_columns(f"{name}:1", fields, list(header), [])
            for number, line in rows:
                if line.strip("\r\n"):
                    yield self._record(line, header, f"{name}:{number}", fields)

    def columns(self, source: str) -> list[str]:
        """Return the columns of every file's header, without their types."""
        names: dict[str, None] = {}
        for file in self.files(source):
            with open_file(file) as handle:
                first = handle.readline().decode("utf-8", "replace")
            names.update(dict.fromkeys(self._header(first, short_name(file, source))))
        return list(names)

    def _header(self, line: str, name: str) -> dict[str, str]:
        cells = [cell.rpartition(":") for cell in line.rstrip("\r\n").split(self.separator)]
        wrong = next((c for c in cells if not c[0] or c[2] not in TYPES), None)
        if wrong is not None:
            fix = "write user_id:token, say, or read the file as csv"
            got = wrong[0] + wrong[1] + wrong[2]
            raise DataError(describe(f"{name}:1", f"columns as name:type with {', '.join(TYPES)}", got, fix=fix))
        names = [c[0] for c in cells]
        repeated = next((n for n in names if names.count(n) > 1), None)
        if repeated is not None:
            raise DataError(
                describe(f"{name}:1", "column names that differ", repeated, fix="rename one of the columns")
            )
        return {c[0]: c[2] for c in cells}

    def _record(self, line: str, header: Mapping[str, str], where: str, fields: Fields) -> RawRecord:
        cells = line.rstrip("\r\n").split(self.separator)
        if len(cells) != len(header):
            problem = describe("", f"{len(header)} cells", shown(str(len(cells))), fix="correct the line")
            return RawRecord(None, {str(i): cell for i, cell in enumerate(cells)}, where, problem)
        values = {}
        for (column, kind), cell in zip(header.items(), cells, strict=True):
            if column in fields and cell:
                try:
                    values[column] = TYPES[kind](cell)
                except ValueError:
                    problem = describe(f"column {column!r}", f"a {kind}", cell, fix="correct the cell or the header")
                    return RawRecord(None, dict(zip(header, cells, strict=True)), where, problem)
        return RawRecord(None, values, where)

    def writer(self, stem: Path, schema: pa.Schema, fields: Fields) -> Writer:
        """Return a writer of ``stem.inter`` (or another extension).

        Raises:
            RecipeError: for columns no type of RecBole holds.
        """
        return RecBoleWriter(stem, schema, fields, self)


def _type_of(kind: pa.DataType) -> str | None:
    """Return the column type for an Arrow type; None where there is none."""
    if pa.types.is_list(kind):
        inner = _type_of(kind.value_type)
        return f"{inner}_seq" if inner in ("token", "float") else None
    if pa.types.is_floating(kind) or pa.types.is_integer(kind):
        return "float"
    return None if pa.types.is_nested(kind) or pa.types.is_binary(kind) else "token"


class RecBoleWriter(Writer):
    """Writes the header with types and one line a row; missing values are empty cells."""

    def __init__(self, stem: Path, schema: pa.Schema, fields: Fields, options: RecBole) -> None:
        """Open the file and write the header."""
        super().__init__(stem, schema, fields)
        self._extension, self._separator = options.extension, options.separator
        types = {field.name: _type_of(field.type) for field in schema}
        for name, kind in types.items():
            if kind is None:
                fix = "leave the field out, or write log with of: recbole"
                got = shown(str(schema.field(name).type))
                raise RecipeError(describe(f"recbole: {name}", "text, a number or a list of these", got, fix=fix))
        self._file = self.path.open("w", encoding="utf-8", newline="\n")
        self._file.write(self._separator.join(f"{name}:{kind}" for name, kind in types.items()) + "\n")

    @property
    def path(self) -> Path:
        """``stem.inter``, or the extension asked for."""
        return self.stem.with_name(f"{self.stem.name}.{self._extension}")

    def write(self, table: pa.Table) -> None:
        """Append rows.

        Raises:
            DataError: for text that holds the separator or a line break, which the format cannot write.
        """
        for row in table.to_pylist():
            self._file.write(self._separator.join(self._cell(row[name], name) for name in self.schema.names) + "\n")

    def _cell(self, value: Any, name: str) -> str:
        if isinstance(value, list):
            parts = [self._cell(part, name) for part in value]
            if any(" " in part for part in parts):
                fix = "write parquet or jsonl"
                raise DataError(describe(f"column {name!r}", "parts without spaces", value, fix=fix))
            return " ".join(parts)
        if value is None:
            return ""
        if isinstance(value, bool):
            return "true" if value else "false"
        text = (
            value.isoformat()
            if hasattr(value, "isoformat")
            else repr(value)
            if isinstance(value, float)
            else str(value)
        )
        if self._separator in text or "\n" in text or "\r" in text:
            fix = "write parquet or jsonl, or correct the value"
            raise DataError(describe(f"column {name!r}", "text without tabs and line breaks", text, fix=fix))
        return text

    def close(self) -> None:
        """Close the file."""
        self._file.close()
