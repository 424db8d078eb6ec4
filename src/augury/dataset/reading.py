"""Reading a finished dataset back: its columns, its shards, a row by its id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from augury.catalog import registry
from augury.dataset.columns import OWN, Columns
from augury.dataset.manifest import RECORDS, Manifest
from augury.errors import DataError
from augury.formats import Format
from augury.formats.beside import ROW_ID
from augury.kinds import Kind
from augury.record import FieldSpec
from augury.scalars import Id, Number


class Dataset:
    """A finished dataset opened for reading."""

    def __init__(self, folder: str | Path) -> None:
        """Open the dataset in ``folder``.

        Raises:
            DataError: when it holds none.
        """
        self.manifest = Manifest.load(folder)
        self.folder = self.manifest.folder
        data = self.manifest.data
        self.format: Format = registry().load("formats", data["write"]["format"]).build(data["write"]["options"])
        weighted = data.get("weighted", False)
        self.columns = {name: _columns(fields, weighted) for name, fields in data["schema"].items()}
        self.shards: list[dict[str, Any]] = data["shards"]

    def tables(self, shard: Mapping[str, Any]) -> Iterator[pa.Table]:
        """Yield the rows of a shard.

        Raises:
            DataError: when it cannot be read to its end.
        """
        columns = self.columns[shard["collection"]]
        fields = {**columns.after, **_own_fields()}
        try:
            yield from self.format.read_table(self.folder / shard["path"], columns.arrow(), fields)
        except Exception as error:  # a damaged file may make its reader raise anything
            raise DataError(str(error).splitlines()[0] if str(error) else type(error).__name__) from error

    def row(self, row_id: str) -> tuple[Mapping[str, Any], dict[str, Any]] | None:
        """Return the shard and the row of an id, or None."""
        for shard in self.shards:
            for table in self.tables(shard):
                place = pc.index(table[ROW_ID], row_id).as_py()
                if place >= 0:
                    return shard, table.slice(place, 1).to_pylist()[0]
        return None

    def records(self) -> Iterator[dict[str, Any]]:
        """Yield the source records: collection, id, side, copies, digest."""
        with pq.ParquetFile(self.folder / RECORDS) as reader:
            for batch in reader.iter_batches(use_threads=False):
                yield from batch.to_pylist()


def _columns(document: Mapping[str, Any], weighted: bool) -> Columns:
    fields = {}
    for name, field in document.items():
        kind = registry().load("kinds", field["kind"]).build(field["options"])
        link = (field["link"][0], field["link"][1]) if field["link"] else None
        fields[name] = FieldSpec(name, kind, link, field["role"])
    return Columns(fields, fields, weighted)


def _own_fields() -> dict[str, FieldSpec]:
    """Our own columns as fields, for formats that parse text."""
    kinds = (Id(), Number(integer=True), Kind(), Id(), Number())
    return {name: FieldSpec(name, kind) for name, kind in zip(OWN, kinds, strict=True)}
