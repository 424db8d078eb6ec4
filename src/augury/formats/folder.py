"""A folder of files with a metadata file, or with one folder for each class: Hugging Face's image and audio folders."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import fsspec
import pyarrow as pa

from augury.errors import DataError, RecipeError, describe, shown
from augury.formats.base import PEEKED_RECORDS, Fields, Format, RawRecord, Writer
from augury.formats.beside import PayloadFolder
from augury.formats.files import as_payload, located
from augury.formats.jsonl import JsonLines
from augury.formats.parquet import Parquet
from augury.formats.table import Csv
from augury.record import FieldSpec
from augury.scalars import Id

IMAGES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".avif")
SOUNDS = (".wav", ".flac", ".ogg", ".mp3", ".opus", ".aiff", ".aif", ".m4a")
FILE_NAME = "file_name"


class Folder(Format):
    """Files with metadata.jsonl, .csv or .parquet (column ``file_name``), else class folders.

    A file is column ``image`` or ``audio`` by its extension, else ``file``; a class folder's name is column ``label``.
    In metadata, ``X_file_name`` names a further file as column ``X``.

    Args:
        encoding: The metadata's encoding.
    """

    shards = "{side}-*/**"

    encoding: str = "utf-8"

    def files(self, source: str) -> list[str]:
        """Return the metadata file, where there is one."""
        fs, root = fsspec.core.url_to_fs(source)
        if not fs.isdir(root):
            raise DataError(
                describe(source, "a folder", shown("none there"), fix="correct path: (relative to the recipe)")
            )
        base = f"{root.rstrip('/')}/" if root else ""
        names = [f"{base}metadata{ext}" for ext in (".jsonl", ".csv", ".parquet")]
        found = [name for name in names if fs.isfile(name)]
        if len(found) > 1:
            names = [name.rsplit("/", 1)[-1] for name in found]
            raise DataError(describe(source, "one metadata file", shown(" and ".join(names)), fix="remove one"))
        return [located(fs, f, source) for f in found]

    def read(self, source: str, fields: Fields) -> Iterator[RawRecord]:
        """Yield one record a metadata row, or one a file; the key is the file's path below the folder."""
        metadata = self.files(source)
        yield from self._with_metadata(metadata[0], source, fields) if metadata else self._by_class(source, fields)

    def columns(self, source: str) -> list[str]:
        """Return the metadata's columns and those its files are, or the files' columns and ``label``."""
        metadata = self.files(source)
        if metadata:
            names = self._metadata(metadata[0]).columns(metadata[0])
            kinds = dict.fromkeys(raw.key and _column(raw.key) for raw in islice(self.read(source, {}), PEEKED_RECORDS))
            files = [n.removesuffix(f"_{FILE_NAME}") for n in names if n.endswith(f"_{FILE_NAME}")]
            own = [*filter(None, kinds)] if FILE_NAME in names else []
            return list(dict.fromkeys([*own, *files, *(n for n in names if not n.endswith(FILE_NAME))]))
        below = list(self._below(source))
        found = dict.fromkeys(map(_column, below))
        return [*found, *(["label"] if any("/" in name for name in below) else [])]

    def _metadata(self, file: str) -> Format:
        name = file.partition("::")[0]
        if name.endswith(".parquet"):
            return Parquet()
        return JsonLines(encoding=self.encoding) if name.endswith(".jsonl") else Csv(encoding=self.encoding)

    def _below(self, source: str) -> Iterator[str]:
        """Yield the names of the files below a folder, sorted, hidden ones left out."""
        fs, root = fsspec.core.url_to_fs(source)
        root = root.rstrip("/")
        for path in sorted(fs.find(root)):
            name = path[len(root) :].lstrip("/")
            if not any(part.startswith(".") for part in name.split("/")):
                yield name

    def _with_metadata(self, file: str, source: str, fields: Fields) -> Iterator[RawRecord]:
        columns = {name: spec for name, spec in fields.items() if not spec.kind.payload}
        paths = {f"{name}_{FILE_NAME}": name for name, spec in fields.items() if spec.kind.payload}
        columns |= {name: FieldSpec(name, Id()) for name in (FILE_NAME, *paths)}
        for raw in self._metadata(file).read(file, columns):
            yield raw if raw.problem else _named(raw, source, paths, fields)

    def _by_class(self, source: str, fields: Fields) -> Iterator[RawRecord]:
        found = False
        for name in self._below(source):
            column = _column(name)
            if column == "file" and "file" not in fields:
                continue
            found = True
            values: dict[str, Any] = {}
            try:
                values[column] = as_payload(name, source, name)
            except DataError as error:
                yield RawRecord(name, {column: name}, name, str(error))
                continue
            if "/" in name:
                values["label"] = name.split("/")[0]
            yield RawRecord(name, {k: v for k, v in values.items() if k in fields}, name)
        if not found:
            raise DataError(describe(source, "image or audio files", shown("none"), fix="correct path:"))

    def writer(self, stem: Path, schema: pa.Schema, fields: Fields) -> Writer:
        """Return a writer of a folder ``stem`` with its metadata.parquet."""
        return FolderWriter(stem, schema, fields)

    def read_table(self, path: Path, schema: pa.Schema, fields: Fields) -> Iterator[pa.Table]:
        """Yield the rows of the folder that holds the metadata file ``path``."""
        return super().read_table(path.parent, schema, fields)


def _named(raw: RawRecord, source: str, paths: dict[str, str], fields: Fields) -> RawRecord:
    """Return a metadata row with the files it names as payloads, keyed by its first file."""
    values = dict(raw.values)
    key = None
    try:
        for column in (FILE_NAME, *paths):
            name = values.pop(column, None)
            if name is not None:
                key = key or str(name)
                target = paths.get(column) or _column(str(name))
                if target in fields:
                    values[target] = as_payload(str(name), source, raw.where)
        if key is None:
            raise DataError(describe("", f"a column {FILE_NAME!r}", shown("none"), fix="name the row's file in it"))
    except DataError as error:
        return RawRecord(key, {k: str(v) for k, v in raw.values.items()}, raw.where, str(error))
    return RawRecord(key, {k: v for k, v in values.items() if k in fields}, raw.where)


def _column(name: str) -> str:
    """The column that a file is, by its extension."""
    lower = name.lower()
    return "image" if lower.endswith(IMAGES) else "audio" if lower.endswith(SOUNDS) else "file"


class FolderWriter(Writer):
    """Writes payloads as files of one folder, and a metadata.parquet that names each in ``<field>_file_name``.

    Hugging Face refuses metadata whose types differ from side to side, and takes them from the values where the file
    does not state them; so the file is one that does.
    """

    def __init__(self, stem: Path, schema: pa.Schema, fields: Fields) -> None:
        """Make the folder ``stem``.

        Raises:
            RecipeError: when no field is kept as files.
        """
        super().__init__(stem, schema, fields)
        self._names = {n: f"{n}_{FILE_NAME}" for n in schema.names if n in fields and fields[n].kind.payload}
        if not self._names:
            wanted, fix = "a field kept as files (image, audio)", "write jsonl, csv or parquet"
            raise RecipeError(describe("write.format: folder", wanted, shown("none"), fix=fix))
        shutil.rmtree(stem, ignore_errors=True)  # what a killed run left of the shard
        stem.mkdir(parents=True)
        self._payloads = PayloadFolder(stem, "")
        self._schema = pa.schema([pa.field(self._names.get(f.name, f.name), self._type(f)) for f in schema])
        self._rows = Parquet().writer(stem / "metadata", self._schema, {})

    def _type(self, field: pa.Field) -> pa.DataType:
        return pa.string() if field.name in self._names else field.type

    @property
    def path(self) -> Path:
        """``stem/metadata.parquet``."""
        return self._rows.path

    def write(self, table: pa.Table) -> None:
        """Append rows."""
        rows = []
        for row in table.to_pylist():
            out = self._payloads.replace(row, self.fields)
            rows.append({self._names.get(name, name): value for name, value in out.items()})
        self._rows.write(pa.Table.from_pylist(rows, schema=self._schema))

    def close(self) -> None:
        """Close the metadata file."""
        self._rows.close()
