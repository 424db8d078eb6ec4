"""Writing: units become shards, then the sidecars, the README, and last of all the manifest."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from augury.dataset.columns import Columns
from augury.dataset.identity import DIGEST
from augury.dataset.manifest import QUARANTINE, RECORDS, ROWS, sync
from augury.dataset.spool import Spool
from augury.dataset.units import UnitResult
from augury.formats import Format

SHARD_BYTES = 256 << 20
ROW_MARK = 8
"""Bytes of each row's digest that are kept beside the shards, to say which row was changed."""

PATTERNS = {"folder": "{side}-*/**", "jsonl": "{side}-*.jsonl", "csv": "{side}-*.csv", "arrow": "{side}-*.arrow"}


class Shard(NamedTuple):
    """One file of rows: where it goes, and the units it is made of."""

    collection: str
    side: str
    stem: str
    units: tuple[UnitResult, ...]


def plan_shards(results: Sequence[UnitResult], collections: Sequence[str], sides: Sequence[str]) -> Iterator[Shard]:
    """Yield the shards: whole units up to a size, in order; a side without rows is one shard without units."""
    for collection in collections:
        for side in sides:
            groups: list[list[UnitResult]] = [[]]
            for result in results:
                if (result.unit.collection, result.unit.side) == (collection, side):
                    if groups[-1] and sum(r.nbytes for r in groups[-1]) + result.nbytes > SHARD_BYTES:
                        groups.append([])
                    groups[-1].append(result)
            for number, group in enumerate(groups):
                stem = f"data/{collection}/{side}-{number:05d}-of-{len(groups):05d}"
                yield Shard(collection, side, stem, tuple(group))


def write_shards(
    folder: Path, parts: Path, shards: Sequence[Shard], columns: Mapping[str, Columns], form: Format
) -> list[dict[str, Any]]:
    """Write the shards below ``folder`` and return what the manifest holds of each; used parts are removed."""
    out = []
    for shard in shards:
        fields = columns[shard.collection].after
        schema = columns[shard.collection].arrow()
        stem = folder / shard.stem
        stem.parent.mkdir(parents=True, exist_ok=True)
        with form.writer(stem, schema, fields) as writer:
            for result in shard.units:
                with pa.memory_map(str(parts / result.part)) as source:
                    reader = pa.ipc.open_file(source)
                    for index in range(reader.num_record_batches):
                        writer.write(pa.Table.from_batches([reader.get_batch(index)]))
        for result in shard.units:
            (parts / result.part).unlink()
        sync(writer.path)
        out.append(
            {
                "path": writer.path.relative_to(folder).as_posix(),
                "collection": shard.collection,
                "side": shard.side,
                "rows": sum(r.rows for r in shard.units),
                "bytes": writer.path.stat().st_size,
                "sha256": hash_file(writer.path),
            }
        )
    return out


def write_marks(folder: Path, shards: Sequence[Shard]) -> None:
    """Write the start of every row's digest, in the order of the shards: a changed row can be named by it."""
    schema = pa.schema([("shard", pa.int32()), ("digest", pa.binary(ROW_MARK))])
    path = folder / ROWS
    path.parent.mkdir(parents=True, exist_ok=True)
    with pq.ParquetWriter(path, schema, compression="zstd", use_dictionary=["shard"]) as writer:
        for number, shard in enumerate(shards):
            for result in shard.units:
                marks = [result.digests[i : i + ROW_MARK] for i in range(0, len(result.digests), DIGEST)]
                if marks:
                    writer.write_table(pa.table([[number] * len(marks), marks], schema=schema))


def write_records(folder: Path, spool: Spool) -> None:
    """Write the list of source records: id, side, copies, digest; replay and the audit stand on it."""
    names = ["collection", "id", "side", "copies", "digest"]
    types = [pa.string(), pa.string(), pa.string(), pa.int32(), pa.binary(16)]
    schema = pa.schema(list(zip(names, types, strict=True)))
    path = folder / RECORDS
    path.parent.mkdir(parents=True, exist_ok=True)
    cursor = spool.db.execute("SELECT collection, id, side, copies, whole FROM records ORDER BY collection, id")
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        while rows := cursor.fetchmany(65_536):
            columns = [pa.array(c, t) for c, t in zip(zip(*rows, strict=True), types, strict=True)]
            writer.write_table(pa.table(columns, schema=schema))


def write_quarantine(folder: Path, spool: Spool) -> dict[str, int]:
    """Write everything that left the run, with its reason; return stage to count."""
    stages: dict[str, int] = {}
    with (folder / QUARANTINE).open("w", encoding="utf-8", newline="\n") as file:
        for bad in spool.quarantined():
            stages[bad.stage] = stages.get(bad.stage, 0) + 1
            file.write(json.dumps(bad._asdict(), ensure_ascii=False) + "\n")
    return stages


def write_readme(folder: Path, name: str, form: str, shards: Sequence[Mapping[str, Any]], content: str) -> None:
    """Write the README with the ``configs:`` by which Hugging Face ``datasets`` finds collections and sides.

    A side without rows is left out there: ``datasets`` refuses to open a split of none, and with it all others.
    """
    configs: dict[str, dict[str, int]] = {}
    for shard in shards:
        sides = configs.setdefault(shard["collection"], {})
        sides[shard["side"]] = sides.get(shard["side"], 0) + shard["rows"]
    lines = ["---", "configs:"]
    pattern = PATTERNS.get(form, "{side}-*.parquet")
    for collection, sides in configs.items():
        filled = [side for side, rows in sides.items() if rows]
        lines += [f"- config_name: {json.dumps(collection)}", "  data_files:"] if filled else []
        for side in filled:
            lines += [f"  - split: {json.dumps(side)}", f"    path: data/{collection}/{pattern.format(side=side)}"]
    lines += ["---", "", f"# {name}", "", "Made with Augury. Rows by collection and side:", ""]
    sides_met = list(dict.fromkeys(side for sides in configs.values() for side in sides))
    lines += [f"| collection | {' | '.join(sides_met)} |", f"|---|{'---:|' * len(sides_met)}"]
    for collection, sides in configs.items():
        lines.append(f"| {collection} | {' | '.join(str(sides.get(side, 0)) for side in sides_met)} |")
    lines += [
        "",
        "Each row has `augury_id`, `augury_copy` (empty for an original), `augury_parents` and `augury_origin`.",
        "",
        f"Content hash: `{content}`. Check it with `augury verify`, rebuild any row with `augury replay`.",
        "",
    ]
    (folder / "README.md").write_text("\n".join(lines), encoding="utf-8")


def hash_file(path: Path) -> str:
    """Return a local file's SHA-256 as hex."""
    total = sha256()
    with path.open("rb") as handle:
        while piece := handle.read(1 << 20):
            total.update(piece)
    return total.hexdigest()


def put_in_place(temporary: Path, target: Path) -> None:
    """Rename the finished folder to its name in one step; an earlier dataset there is moved away, then removed."""
    import shutil

    old = target.with_name(f".{target.name}.old")
    if target.exists():
        shutil.rmtree(old, ignore_errors=True)
        os.rename(target, old)
    os.rename(temporary, target)
    sync(target.parent)
    shutil.rmtree(old, ignore_errors=True)
