"""JSON lines: one object a line; payloads lie in files beside it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from augury.errors import DataError, describe, shown
from augury.formats.base import PEEKED_RECORDS, Fields, Format, RawRecord, Writer
from augury.formats.beside import PayloadFolder, plain
from augury.formats.files import as_payload, find_files, open_file, parent, short_name


class JsonLines(Format):
    """One JSON object a line.

    Args:
        encoding: The text's encoding.
    """

    shards = "{side}-*.jsonl"

    encoding: str = "utf-8"

    def files(self, source: str) -> list[str]:
        """Return the file, or the folder's ``.jsonl`` files."""
        return find_files(source, (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz"))

    def read(self, source: str, fields: Fields) -> Iterator[RawRecord]:
        """Yield objects; a line that is not one is yielded with its problem, blank lines are passed by."""
        for file in self.files(source):
            name = short_name(file, source)
            for number, line in lines(file, name, self.encoding):
                if line.strip():
                    yield parse(line, f"{name}:{number}", parent(file), fields)

    def columns(self, source: str) -> list[str]:
        """Return the keys of each file's first objects; lines that are none are passed by."""
        names: dict[str, None] = {}
        for file in self.files(source):
            for _, line in islice(lines(file, short_name(file, source), self.encoding), PEEKED_RECORDS):
                with suppress(ValueError, RecursionError):
                    value = json.loads(line)
                    names.update(dict.fromkeys(value if isinstance(value, dict) else ()))
        return list(names)

    def writer(self, stem: Path, schema: pa.Schema, fields: Fields) -> Writer:
        """Return a writer of ``stem.jsonl``."""
        return JsonLinesWriter(stem, schema, fields)


def lines(file: str, name: str, encoding: str) -> Iterator[tuple[int, str]]:
    """Yield (number from 1, text) of each line.

    Raises:
        DataError: where the bytes are not of the encoding, naming the line and the encoding they look like.
    """
    with open_file(file) as handle:
        for number, data in enumerate(handle, 1):
            try:
                text = data.decode(encoding)
            except (UnicodeDecodeError, LookupError) as error:
                raise wrong_encoding(f"{name}:{number}", data, encoding, error) from error
            yield number, text.removeprefix("\ufeff") if number == 1 else text


def wrong_encoding(where: str, data: bytes, encoding: str, error: Exception) -> DataError:
    """Return the error for bytes that are not text of ``encoding``."""
    if isinstance(error, LookupError):
        return DataError(describe(where, "a known encoding", encoding, fix="write encoding: utf-8"))
    assert isinstance(error, UnicodeDecodeError)
    guess = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "cp1252"
    byte = shown(f"byte 0x{error.object[error.start]:02x} at column {error.start + 1}")
    return DataError(
        describe(where, f"text in {encoding}", byte, fix=f"set encoding: {guess} if it is that, or convert the file")
    )


def parse(line: str, where: str, base: str, fields: Fields) -> RawRecord:
    """Return the record of one line."""
    try:
        values = json.loads(line)
        if not isinstance(values, dict):
            raise DataError(describe("", "a JSON object", values, fix="write one {...} a line"))
        kept = {name: values[name] for name in fields if values.get(name) is not None}
        for name in kept:
            if fields[name].kind.payload:
                kept[name] = as_payload(kept[name], base, f"column {name!r}")
    except (ValueError, RecursionError) as error:
        column = getattr(error, "colno", 1)
        problem = describe(f"column {column}", "one JSON object a line", shown(str(error)), fix="correct the line")
        return RawRecord(None, {"line": line}, where, problem)
    except DataError as error:
        return RawRecord(None, {"line": line}, where, str(error))
    return RawRecord(None, kept, where)


class JsonLinesWriter(Writer):
    """Writes one object a row; payloads go to a folder named like the shard."""

    def __init__(self, stem: Path, schema: pa.Schema, fields: Fields) -> None:
        """Open ``stem.jsonl``."""
        super().__init__(stem, schema, fields)
        self._file = self.path.open("w", encoding="utf-8", newline="\n")
        self._payloads = PayloadFolder(stem.parent, stem.name)

    @property
    def path(self) -> Path:
        """``stem.jsonl``."""
        return self.stem.with_name(self.stem.name + ".jsonl")

    def write(self, table: pa.Table) -> None:
        """Append rows; a missing value is null, so that every line has every column."""
        for row in table.to_pylist():
            out = dict.fromkeys(row) | self._payloads.replace(row, self.fields)
            self._file.write(json.dumps(out, ensure_ascii=False, default=plain) + "\n")

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def dump(value: Any) -> str:
    """Return a value as compact JSON text."""
    return json.dumps(value, ensure_ascii=False, default=plain, separators=(",", ":"))
