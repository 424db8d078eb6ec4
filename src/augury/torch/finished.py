"""A finished dataset as a sequence of records: what ``augury run`` made, read at random."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from augury.dataset.reading import Dataset
from augury.errors import DataError, describe, shown
from augury.formats.beside import ROW_ID

KEPT = 4
"""Row groups that are kept decoded to Arrow in each process."""


class FinishedRecords(Sequence[Mapping[str, Any]]):
    """The rows of one side of a finished dataset, as canonical values with their ``augury_id``.

    Datasets written as Parquet are read by row group, a few of which are kept; rows are decoded when asked for.
    Memory: a few row groups.
    """

    def __init__(self, folder: str | Path, side: str = "train", collection: str | None = None) -> None:
        """Open one side of a dataset.

        Args:
            folder: The dataset.
            side: The side.
            collection: The collection; None takes the only one.

        Raises:
            DataError: when there is no such dataset, side or collection, or it is not Parquet.
        """
        self.folder, self.side = str(folder), side
        data = Dataset(folder)
        if collection is None and len(data.columns) > 1:
            got, fix = ", ".join(data.columns), "name one with collection="
            raise DataError(describe(str(folder), "one collection", shown(got), fix=fix))
        self.collection = collection if collection is not None else next(iter(data.columns))
        shards = [s for s in data.shards if (s["collection"], s["side"]) == (self.collection, side)]
        if not shards:
            got = ", ".join(sorted({f"{s['collection']}/{s['side']}" for s in data.shards}))
            fix = "name one that is there"
            raise DataError(describe(str(folder), f"rows of {self.collection}/{side}", shown(got), fix=fix))
        if not all(s["path"].endswith(".parquet") for s in shards) or data.format.entry_id != "parquet":
            got, fix = data.format.entry_id, "write format: parquet, or iterate over IterableDataset(folder, ...)"
            raise DataError(describe(str(folder), "Parquet, to read at random", got, fix=fix))
        self._fields = data.columns[self.collection].after
        self._groups: list[tuple[str, int]] = []
        sizes: list[int] = []
        for shard in shards:
            path = str(data.folder / shard["path"])
            with pq.ParquetFile(path) as reader:
                for group in range(reader.num_row_groups):
                    self._groups.append((path, group))
                    sizes.append(reader.metadata.row_group(group).num_rows)
        self._ends = list(accumulate(sizes))

    def __len__(self) -> int:
        """The rows."""
        return self._ends[-1] if self._ends else 0

    def __getitem__(self, index: Any) -> Any:
        """Return a row's fields and its ``augury_id``."""
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        place = index + len(self) if index < 0 else index
        if not 0 <= place < len(self):
            raise IndexError(index)
        group = bisect_right(self._ends, place)
        start = self._ends[group - 1] if group else 0
        (row,) = _row_group(*self._groups[group]).slice(place - start, 1).to_pylist()
        return record_of(row, self._fields)


@lru_cache(maxsize=KEPT)
def _row_group(path: str, group: int) -> Any:
    with pq.ParquetFile(path) as reader:
        return reader.read_row_group(group, use_threads=False)


def record_of(row: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the canonical values of a stored row, and its id."""
    out = {name: spec.kind.unpack(row[name]) for name, spec in fields.items() if row.get(name) is not None}
    return {ROW_ID: row[ROW_ID], **out}


def stream(folder: str | Path, side: str, collection: str | None) -> Iterator[tuple[dict[str, Any], Any]]:
    """Yield the rows of a finished dataset of any format, with the fields they are decoded by; nothing is decoded."""
    data = Dataset(folder)
    for shard in data.shards:
        if shard["side"] == side and collection in (None, shard["collection"]):
            fields = data.columns[shard["collection"]].after
            for table in data.tables(shard):
                for row in table.to_pylist():
                    yield row, fields
