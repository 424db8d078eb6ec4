"""Arrow IPC: files (``.arrow``, ``.feather``) and streams (``.arrows``), as Hugging Face, polars and pandas write."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO, Literal

import fsspec
import pyarrow as pa

from augury.errors import DataError, describe
from augury.formats.base import Fields, Format, RawRecord, Writer, check_columns
from augury.formats.files import find_files, parent, short_name
from augury.formats.parquet import holding_files, raw_record, with_features

_EXTENSIONS = (".arrow", ".feather", ".arrows")


class Arrow(Format):
    """Arrow IPC, the file form and the stream form, compressed or not; Feather version 2 is the file form.

    Args:
        compression: Codec of written buffers.
    """

    shards = "{side}-*.arrow"

    compression: Literal["zstd", "lz4", "none"] = "zstd"

    def files(self, source: str) -> list[str]:
        """Return the file, or the folder's Arrow files."""
        return find_files(source, _EXTENSIONS)

    def read(self, source: str, fields: Fields) -> Iterator[RawRecord]:
        """Yield rows, a batch of the file in memory at a time."""
        for file in self.files(source):
            name = short_name(file, source)
            payloads, row = holding_files(fields), 0
            with fsspec.open(file, "rb") as handle:
                for batch in _batches(handle, name):
                    check_columns(name, fields, batch.schema.names, [])
                    for values in batch.select([c for c in batch.schema.names if c in fields]).to_pylist():
                        yield raw_record(values, f"{name} row {row}", parent(file), payloads)
                        row += 1

    def columns(self, source: str) -> list[str]:
        """Return the columns of every file's schema."""
        names: dict[str, None] = {}
        for file in self.files(source):
            with fsspec.open(file, "rb") as handle:
                names.update(dict.fromkeys(_open(handle, short_name(file, source)).schema.names))
        return list(names)

    def writer(self, stem: Path, schema: pa.Schema, fields: Fields) -> Writer:
        """Return a writer of ``stem.arrow``."""
        return ArrowWriter(stem, schema, fields, self.compression)

    def read_table(self, path: Path, schema: pa.Schema, fields: Fields) -> Iterator[pa.Table]:
        """Yield batches."""
        with path.open("rb") as handle:
            for batch in _batches(handle, path.name):
                yield pa.Table.from_batches([batch]).select(schema.names).cast(schema)


def _open(handle: IO[bytes], name: str) -> pa.RecordBatchFileReader | pa.RecordBatchStreamReader:
    """Open either form: a file begins with its magic."""
    is_file = handle.read(6) == b"ARROW1"
    handle.seek(0)
    try:
        return pa.ipc.open_file(handle) if is_file else pa.ipc.open_stream(handle)
    except (pa.ArrowInvalid, OSError) as error:
        raise _damaged(name, error) from error


def _batches(handle: IO[bytes], name: str) -> Iterator[pa.RecordBatch]:
    reader = _open(handle, name)
    try:
        if isinstance(reader, pa.RecordBatchFileReader):
            for index in range(reader.num_record_batches):
                yield reader.get_batch(index)
        else:
            yield from reader
    except (pa.ArrowInvalid, OSError) as error:
        raise _damaged(name, error) from error


def _damaged(name: str, error: Exception) -> DataError:
    return DataError(describe(name, "a whole Arrow file or stream", error, fix="write the file again"))


class ArrowWriter(Writer):
    """Writes a record batch for each table given."""

    def __init__(self, stem: Path, schema: pa.Schema, fields: Fields, compression: str) -> None:
        """Open ``stem.arrow``."""
        super().__init__(stem, with_features(schema, fields), fields)
        options = pa.ipc.IpcWriteOptions(compression=None if compression == "none" else compression)
        self._writer = pa.ipc.new_file(str(self.path), self.schema, options=options)

    @property
    def path(self) -> Path:
        """``stem.arrow``."""
        return self.stem.with_name(self.stem.name + ".arrow")

    def write(self, table: pa.Table) -> None:
        """Append rows."""
        self._writer.write_table(table.cast(self.schema))

    def close(self) -> None:
        """Write the footer."""
        self._writer.close()
