"""Comma-separated values: a header line, then one row a record; numbers are parsed by their field's kind."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from augury.errors import DataError, RecipeError, describe, shown
from augury.formats.base import Fields, Format, RawRecord, Writer, check_columns
from augury.formats.beside import PayloadFolder
from augury.formats.files import as_payload, find_files, open_file, parent, short_name
from augury.formats.jsonl import dump, wrong_encoding
from augury.record import FieldSpec

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
TEXT_SPACES = ("row", "text")


class Csv(Format):
    """Comma-separated values with a header line.

    Args:
        delimiter: What stands between cells; None is a tab for ``.tsv`` files, else a comma. One of several characters
            (``::``) parts cells as they are, without quotes, and is not written.
        names: The columns' names where the file has no header line; such files are not written.
        encoding: The text's encoding; a byte order mark is passed by.
        missing: Cells that mean "no value".
        escape_formulas: When writing, put ' before text a spreadsheet would run as a formula; when reading, take it
            away again.
    """

    shards = "{side}-*.csv"

    delimiter: str | None = None
    names: tuple[str, ...] = ()
    encoding: str = "utf-8"
    missing: tuple[str, ...] = ("",)
    escape_formulas: bool = False

    def files(self, source: str) -> list[str]:
        """Return the file, or the folder's ``.csv`` and ``.tsv`` files."""
        return find_files(source, (".csv", ".tsv", ".csv.gz", ".tsv.gz"))

    def read(self, source: str, fields: Fields) -> Iterator[RawRecord]:
        """Yield rows; a ragged row or a cell of the wrong type is yielded with its problem."""
        for file in self.files(source):
            name = short_name(file, source)
            try:
                with open_file(file) as handle:
                    text = io.TextIOWrapper(handle, encoding=_signed(self.encoding), newline="")
                    yield from self._rows(text, file, name, fields)
            except (UnicodeDecodeError, LookupError) as error:
                raise _locate(file, name, self.encoding, error) from error
            except csv.Error as error:
                raise DataError(
                    describe(name, "comma-separated values", shown(str(error)), fix="correct delimiter: or the file")
                ) from error

    def columns(self, source: str) -> list[str]:
        """Return the columns of every file's header."""
        names: dict[str, None] = {}
        for file in self.files(source):
            name = short_name(file, source)
            try:
                with open_file(file) as handle:
                    text = io.TextIOWrapper(handle, encoding=_signed(self.encoding), newline="")
                    names.update(dict.fromkeys(self._header(self._reader(text, file))))
            except (UnicodeDecodeError, LookupError) as error:
                raise _locate(file, name, self.encoding, error) from error
        return list(names)

    def _reader(self, text: io.TextIOWrapper, file: str) -> Any:
        delimiter = self.delimiter or ("\t" if ".tsv" in file else ",")
        return csv.reader(text, delimiter=delimiter) if len(delimiter) == 1 else _Parted(text, delimiter)

    def _header(self, reader: Iterator[list[str]]) -> list[str]:
        return list(self.names) or [cell.strip() for cell in next(reader, [])]

    def _rows(self, text: io.TextIOWrapper, file: str, name: str, fields: Fields) -> Iterator[RawRecord]:
        reader = self._reader(text, file)
        header = self._header(reader)
        repeated = next((h for h in header if header.count(h) > 1), None)
        if repeated is not None:
            raise DataError(
                describe(f"{name}:1", "column names that differ", repeated, fix="rename one of the columns")
            )
        check_columns(f"{name}:1", fields, header, [])
        start = reader.line_num + 1
        for cells in reader:
            if cells:
                yield self._record(cells, header, f"{name}:{start}", parent(file), fields)
            start = reader.line_num + 1

    def _record(self, cells: Sequence[str], header: list[str], where: str, base: str, fields: Fields) -> RawRecord:
        if len(cells) != len(header):
            near = header[min(len(cells), len(header)) - 1]
            text = shown(f"{len(cells)} (they end at column {near!r})")
            problem = describe("", f"{len(header)} cells", text, fix="quote cells that hold the delimiter")
            return RawRecord(None, {str(i): cell for i, cell in enumerate(cells)}, where, problem)
        values: dict[str, Any] = {}
        for column, cell in zip(header, cells, strict=True):
            spec = fields.get(column)
            cell = cell[1:] if self.escape_formulas and cell[:1] == "'" and _is_formula(cell) else cell
            if spec is not None and cell not in self.missing:
                try:
                    values[column] = parse_cell(cell, spec, base)
                except DataError as error:
                    return RawRecord(None, dict(zip(header, cells, strict=True)), where, f"column {column!r}: {error}")
        return RawRecord(None, values, where)

    def writer(self, stem: Path, schema: pa.Schema, fields: Fields) -> Writer:
        """Return a writer of ``stem.csv``.

        Raises:
            RecipeError: for options that files are only read with.
        """
        if self.names or len(self.delimiter or ",") != 1:
            what, fix = "a header line and a delimiter of one character", "leave out names:, or set delimiter: ','"
            raise RecipeError(describe("csv", what, shown("others"), fix=fix))
        return CsvWriter(stem, schema, fields, self)


def parse_cell(cell: str, spec: FieldSpec, base: str) -> Any:
    """Return a cell's value as its field's kind takes it: a number, a payload, text, or JSON for structures.

    Raises:
        DataError: what was expected and what came; the caller adds the place.
    """
    if spec.kind.payload:
        return as_payload(cell, base, "")
    if spec.kind_id == "number":
        try:
            return float(cell) if "." in cell else int(cell)
        except ValueError:
            try:
                return float(cell)
            except ValueError as error:
                fix = "correct the cell, name it in missing:, or declare the field a category"
                raise DataError(describe("", "a number", cell, fix=fix)) from error
    if spec.kind.space in TEXT_SPACES:
        return cell
    try:
        return json.loads(cell)
    except ValueError as error:
        raise DataError(describe("", f"JSON for a {spec.kind_id}", cell, fix="write the cell as JSON")) from error


class _Parted:
    """Rows of a text whose cells are parted by several characters; counts lines as `csv.reader` does."""

    def __init__(self, text: io.TextIOWrapper, delimiter: str) -> None:
        self._text, self._delimiter = text, delimiter
        self.line_num = 0

    def __iter__(self) -> Iterator[list[str]]:
        return self

    def __next__(self) -> list[str]:
        line = next(self._text).rstrip("\r\n")
        self.line_num += 1
        return line.split(self._delimiter) if line else []


def _is_formula(cell: str) -> bool:
    """Whether a spreadsheet would run a cell, or would once the marks before it were taken away."""
    return cell.lstrip("'").startswith(FORMULA_STARTS)


def _header(reader: Iterator[list[str]]) -> list[str]:
    return [cell.strip() for cell in next(reader, [])]


def _signed(encoding: str) -> str:
    return "utf-8-sig" if encoding.lower().replace("_", "-") in ("utf-8", "utf8") else encoding


def _locate(file: str, name: str, encoding: str, error: Exception) -> DataError:
    """Find the first line that is not of the encoding (the decoder reads ahead of the rows)."""
    if isinstance(error, UnicodeDecodeError):
        with open_file(file) as handle:
            for number, line in enumerate(handle, 1):
                try:
                    line.decode(encoding)
                except UnicodeDecodeError as exact:
                    return wrong_encoding(f"{name}:{number}", line, encoding, exact)
    return wrong_encoding(name, b"", encoding, error)


class CsvWriter(Writer):
    """Writes a header and one line a row; structures are JSON, payloads files beside the shard."""

    def __init__(self, stem: Path, schema: pa.Schema, fields: Fields, options: Csv) -> None:
        """Open ``stem.csv`` and write the header."""
        super().__init__(stem, schema, fields)
        self._escape = options.escape_formulas
        self._payloads = PayloadFolder(stem.parent, stem.name)
        self._file = self.path.open("w", encoding="utf-8", newline="")
        self._csv = csv.writer(self._file, delimiter=options.delimiter or ",", lineterminator="\n")
        self._csv.writerow(schema.names)

    @property
    def path(self) -> Path:
        """``stem.csv``."""
        return self.stem.with_name(self.stem.name + ".csv")

    def write(self, table: pa.Table) -> None:
        """Append rows; missing values are empty cells."""
        for row in table.to_pylist():
            out = self._payloads.replace(row, self.fields)
            self._csv.writerow([self._cell(out.get(name)) for name in self.schema.names])

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _cell(self, value: Any) -> Any:
        if isinstance(value, list | dict):
            value = dump(value)
        elif isinstance(value, bool):
            value = "true" if value else "false"
        elif hasattr(value, "isoformat"):
            value = value.isoformat()
        if self._escape and isinstance(value, str) and _is_formula(value):
            return "'" + value
        return "" if value is None else value
