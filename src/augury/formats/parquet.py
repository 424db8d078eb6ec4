"""Apache Parquet, read by batches and written as Hugging Face ``datasets`` reads it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from augury.errors import DataError, describe
from augury.formats.base import Fields, Format, RawRecord, Writer, check_columns
from augury.formats.files import as_payload, find_files, open_location, parent, short_name

ROW_GROUP_BYTES = 32 << 20
ROW_GROUP_ROWS = 65_536


class Parquet(Format):
    """Apache Parquet.

    Args:
        batch_rows: Rows held at a time while reading.
        compression: Codec of written columns; encoded files (pictures, recordings) are kept as they are.
    """

    batch_rows: int = 256
    compression: str = "zstd"

    def files(self, source: str) -> list[str]:
        """Return the file, or the folder's ``.parquet`` files."""
        return find_files(source, (".parquet",))

    def read(self, source: str, fields: Fields) -> Iterator[RawRecord]:
        """Yield rows; columns that are not wanted are not read."""
        for file in self.files(source):
            name = short_name(file, source)
            with open_location(file) as handle:
                yield from self._read_file(handle, file, name, fields)

    def _read_file(self, handle: IO[bytes], file: str, name: str, fields: Fields) -> Iterator[RawRecord]:
        try:
            reader = pq.ParquetFile(handle)
            columns = [c for c in reader.schema_arrow.names if c in fields]
            check_columns(name, fields, reader.schema_arrow.names, [])
            payloads, base, row = holding_files(fields), parent(file), 0
            for batch in reader.iter_batches(batch_size=self.batch_rows, columns=columns, use_threads=False):
                for values in batch.to_pylist():
                    yield raw_record(values, f"{name} row {row}", base, payloads)
                    row += 1
        except (pa.ArrowInvalid, pa.ArrowIOError) as error:
            raise _damaged(name, error) from error

    def columns(self, source: str) -> list[str]:
        """Return the columns of every file's schema."""
        names: dict[str, None] = {}
        for file in self.files(source):
            try:
                with open_location(file) as handle:
                    names.update(dict.fromkeys(pq.ParquetFile(handle).schema_arrow.names))
            except (pa.ArrowInvalid, pa.ArrowIOError) as error:
                raise _damaged(short_name(file, source), error) from error
        return list(names)

    def writer(self, stem: Path, schema: pa.Schema, fields: Fields) -> Writer:
        """Return a writer of ``stem.parquet``."""
        return ParquetWriter(stem, schema, fields, self.compression)

    def read_table(self, path: Path, schema: pa.Schema, fields: Fields) -> Iterator[pa.Table]:
        """Yield row groups."""
        with pq.ParquetFile(path) as reader:
            for index in range(reader.num_row_groups):
                yield reader.read_row_group(index, columns=schema.names, use_threads=False).cast(schema)


def _damaged(name: str, error: Exception) -> DataError:
    return DataError(describe(name, "a whole Parquet file", error, fix="write the file again"))


def holding_files(fields: Fields) -> list[str]:
    """Return the columns whose values are encoded files."""
    return [column for column, spec in fields.items() if spec.kind.payload]


def raw_record(values: dict[str, Any], where: str, base: str, payloads: Sequence[str]) -> RawRecord:
    """Return a row with its payloads ready to be read, or with its problem."""
    try:
        for column in payloads:
            if values.get(column) is not None:
                values[column] = as_payload(values[column], base, where)
    except DataError as error:
        return RawRecord(None, {k: str(v) for k, v in values.items()}, where, str(error))
    return RawRecord(None, values, where)


class ParquetWriter(Writer):
    """Writes row groups of bounded size, with the features Hugging Face needs named."""

    def __init__(self, stem: Path, schema: pa.Schema, fields: Fields, compression: str) -> None:
        """Open ``stem.parquet``."""
        super().__init__(stem, with_features(schema, fields), fields)
        self._pending: list[pa.Table] = []
        self._rows = self._bytes = 0
        self._writer = pq.ParquetWriter(
            self.path,
            self.schema,
            compression=_codecs(schema, fields, compression),
            use_dictionary=_dictionary(schema, fields),
        )

    @property
    def path(self) -> Path:
        """``stem.parquet``."""
        return self.stem.with_name(self.stem.name + ".parquet")

    def write(self, table: pa.Table) -> None:
        """Append rows, writing a row group when enough are pending."""
        self._pending.append(table)
        self._rows += table.num_rows
        self._bytes += table.nbytes
        if self._rows >= ROW_GROUP_ROWS or self._bytes >= ROW_GROUP_BYTES:
            self._flush()

    def close(self) -> None:
        """Write what is pending and the footer."""
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        if self._rows:
            self._writer.write_table(pa.concat_tables(self._pending).cast(self.schema), row_group_size=self._rows)
        self._pending, self._rows, self._bytes = [], 0, 0


def with_features(schema: pa.Schema, fields: Fields) -> pa.Schema:
    """Return the schema with Hugging Face's features of the payload columns in its metadata."""
    features = {name: dict(feature) for name, spec in fields.items() if (feature := spec.kind.feature())}
    return schema.with_metadata({"huggingface": json.dumps({"info": {"features": features}})} if features else None)


def _codecs(schema: pa.Schema, fields: Fields, codec: str) -> dict[str, str]:
    """Return the codec of each column that a file of this schema has, by its path within its field."""
    file = pa.BufferOutputStream()
    pq.write_table(schema.empty_table(), file)
    columns = pq.ParquetFile(pa.BufferReader(file.getvalue())).schema
    paths = [columns.column(i).path for i in range(len(columns))]
    encoded = {f"{name}.bytes" for name in holding_files(fields)}
    return {path: "none" if path in encoded else codec for path in paths}


def _dictionary(schema: pa.Schema, fields: Fields) -> list[str]:
    """The columns worth a dictionary: plain text, not payloads."""
    return [
        f.name for f in schema if pa.types.is_string(f.type) and not (f.name in fields and fields[f.name].kind.payload)
    ]
