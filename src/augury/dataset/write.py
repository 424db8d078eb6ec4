"""Writing: units become shards, then come the sidecars; the manifest is written last, by the run."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from augury.catalog import registry
from augury.dataset.assigning import Left
from augury.dataset.cleaning import INVALID
from augury.dataset.columns import ORIGIN, WEIGHT, Columns
from augury.dataset.index import Index
from augury.dataset.manifest import QUARANTINE, RECORDS, REJECTED, ROWS
from augury.dataset.preparing import CRASHED
from augury.dataset.tables import BATCH, joined
from augury.dataset.units import ROW_DIGEST, Unit, UnitResult
from augury.durable import point, sync, write_json, written
from augury.formats import Format

SHARD_BYTES = 256 << 20
EXAMPLES = 20
"""Rejected records of one reason that the manifest names."""

ROW_MARK = 8
"""Bytes of each row's digest that are kept beside the shards, to say which row was changed."""


class Shard(NamedTuple):
    """One file of rows: where it goes, and the units it is made of. ``weights`` are those of its rows by origin."""

    collection: str
    side: str
    stem: str
    units: tuple[Unit, ...]
    rows: int
    weights: Mapping[str, float] = {}

    def __str__(self) -> str:
        """Return the shard as messages name it."""
        return f"shard {self.stem}"


def plan_shards(results: Sequence[UnitResult], collections: Sequence[str], sides: Sequence[str]) -> Iterator[Shard]:
    """Yield the shards: whole units up to a size, in order; a side without rows is one shard without units."""
    for collection in collections:
        for side in sides:
            groups: list[list[UnitResult]] = [[]]
            size = 0
            for result in results:
                if (result.unit.collection, result.unit.side) == (collection, side):
                    if groups[-1] and size + result.nbytes > SHARD_BYTES:
                        groups.append([])
                        size = 0
                    groups[-1].append(result)
                    size += result.nbytes
            for number, group in enumerate(groups):
                stem = f"data/{collection}/{side}-{number:05d}-of-{len(groups):05d}"
                yield Shard(collection, side, stem, tuple(r.unit for r in group), sum(r.rows for r in group))


@dataclass(frozen=True)
class WriteShard:
    """The task that writes a shard and tells what the manifest holds of it; runs in workers.

    Args:
        folder: The dataset.
        units: Where the units' rows lie.
        notes: Where it is kept that a shard is done.
        columns: Each collection's columns.
        format: The format's id and options.
    """

    folder: Path
    units: Path
    notes: Path
    columns: Mapping[str, Columns]
    format: tuple[str, Mapping[str, Any]]

    def __call__(self, shard: Shard) -> dict[str, Any]:
        """Write the shard, its payloads first; return its path, rows, bytes and hash."""
        note = self.notes / f"{shard.stem.replace('/', '-')}.json"
        if note.exists():
            return dict(json.loads(note.read_text(encoding="utf-8")))
        columns = self.columns[shard.collection]
        form: Format = registry().load("formats", self.format[0], "write.format").build(self.format[1], "write")
        stem = self.folder / shard.stem
        stem.parent.mkdir(parents=True, exist_ok=True)
        point("write")
        with form.writer(stem, columns.arrow(), columns.after) as writer:
            for batch in self._batches(shard):
                writer.write(pa.Table.from_batches([batch]))
        point("written")
        sync(writer.path)
        sync(writer.path.parent)
        entry = {
            "path": writer.path.relative_to(self.folder).as_posix(),
            "collection": shard.collection,
            "side": shard.side,
            "rows": shard.rows,
            "bytes": writer.path.stat().st_size,
            "sha256": hash_file(writer.path),
        }
        write_json(note, entry)
        return entry

    def _batches(self, shard: Shard) -> Iterator[pa.RecordBatch]:
        for unit in shard.units:
            for batch in rows_in(self.units, unit):
                rows = batch.drop_columns([ROW_DIGEST])
                if self.columns[shard.collection].weighted:
                    weights = [shard.weights.get(origin, 0.0) for origin in rows[ORIGIN].to_pylist()]
                    rows = rows.append_column(WEIGHT, pa.array(weights, pa.float64()))
                yield rows


def rows_in(folder: Path, unit: Unit) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a finished unit, with their digests."""
    with pa.memory_map(str(folder / f"{unit.name}.arrow")) as source:
        reader = pa.ipc.open_file(source)
        for number in range(reader.num_record_batches):
            yield reader.get_batch(number)


def digests_in(folder: Path, units: Iterable[Unit]) -> Iterator[pa.Array]:
    """Yield the digests of the rows of finished units."""
    for unit in units:
        for batch in rows_in(folder, unit):
            yield batch[ROW_DIGEST]


def write_marks(folder: Path, units: Path, shards: Sequence[Shard]) -> None:
    """Write the start of every row's digest, in the order of the shards: a changed row can be named by it."""
    schema = pa.schema([("shard", pa.int32()), ("digest", pa.binary(ROW_MARK))])
    with (
        written(_below(folder, ROWS)) as path,
        pq.ParquetWriter(path, schema, compression="zstd", use_dictionary=["shard"]) as writer,
    ):
        for number, shard in enumerate(shards):
            for digests in joined(digests_in(units, shard.units)):
                marks = [digest[:ROW_MARK] for digest in digests.to_pylist()]
                if marks:
                    writer.write_table(pa.table([[number] * len(marks), marks], schema=schema))


def write_records(folder: Path, index: Index) -> None:
    """Write the list of source records: id, side, copies, digest; replay and the audit stand on it."""
    names = ["collection", "id", "side", "copies", "digest", "cut", "until"]
    types = [pa.string(), pa.string(), pa.string(), pa.int32(), pa.binary(), pa.float64(), pa.float64()]
    schema = pa.schema(list(zip(names, types, strict=True)))
    with written(_below(folder, RECORDS)) as path, pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for number, batch in enumerate(index.batches):
            copies = pa.array(index.copies[number * BATCH : number * BATCH + batch.num_rows], pa.int32())
            columns = [batch["collection"], batch["id"], batch["side"], copies, batch["whole"]]
            columns += [batch["cut"], batch["until"]]
            writer.write_table(pa.table(columns, schema=schema))


def write_left(folder: Path, left: Iterable[Left]) -> tuple[dict[str, int], dict[str, dict[str, Any]]]:
    """Write what left the run, in the order given: damaged data as quarantined, the rest as rejected.

    Return stage to count of the quarantined, and reason to count and examples of the rejected.
    """
    stages: dict[str, int] = {}
    reasons: dict[str, dict[str, Any]] = {}
    with (
        written(folder / QUARANTINE) as bad_path,
        bad_path.open("w", encoding="utf-8", newline="\n") as bad,
        written(folder / REJECTED) as rejected_path,
        rejected_path.open("w", encoding="utf-8", newline="\n") as rejected,
    ):
        for row in left:
            quarantined = is_quarantined(row)
            (bad if quarantined else rejected).write(json.dumps(row._asdict(), ensure_ascii=False) + "\n")
            if quarantined:
                stages[row.stage] = stages.get(row.stage, 0) + 1
            else:
                reason = reasons.setdefault(row.code, {"count": 0, "examples": []})
                reason["count"] += 1
                if len(reason["examples"]) < EXAMPLES:
                    reason["examples"].append({"id": row.id, "detail": row.reason})
    return stages, reasons


def is_quarantined(left: Left) -> bool:
    """Whether it left because it is wrong, and counts against the recipe's limit."""
    return left.code in (INVALID, CRASHED)


def _below(folder: Path, name: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def gather(folder: Path, form: Format, shards: Sequence[Mapping[str, Any]]) -> None:
    """Let the format write what stands for all shards of each collection."""
    collections: dict[str, dict[str, list[Path]]] = {}
    for shard in shards:
        collections.setdefault(shard["collection"], {}).setdefault(shard["side"], []).append(folder / shard["path"])
    for name, sides in collections.items():
        form.gather(folder / "data" / name, sides)


def hash_file(path: Path) -> str:
    """Return a local file's SHA-256 as hex."""
    total = sha256()
    with path.open("rb") as handle:
        while piece := handle.read(1 << 20):
            total.update(piece)
    return total.hexdigest()
