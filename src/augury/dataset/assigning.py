"""The barrier between collecting and augmenting: repeats, near-duplicates, clusters, sides; it leaves the index."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from augury.dataset import clusters, split
from augury.dataset.collect import Collected
from augury.dataset.histories import Events, holds_events
from augury.dataset.index import Index, schema, write_index
from augury.dataset.manifest import RECORDS, Manifest
from augury.dataset.near import find_near
from augury.dataset.split import SplitReport
from augury.dataset.stored import FATE, OWN, read_batch
from augury.dataset.tables import (
    MEMORY,
    MOST_MEMORY,
    TooWide,
    batches_of,
    database,
    insert,
    insert_rows,
    remake,
    rows_of,
)
from augury.dataset.workspace import Workspace
from augury.durable import write_json, written
from augury.recipe.model import Recipe

if TYPE_CHECKING:
    import duckdb

GONE = "gone.jsonl"
_GONE = "CREATE TABLE gone (collection VARCHAR, id VARCHAR, copy INTEGER, stage VARCHAR, code VARCHAR, detail VARCHAR)"


class Left(NamedTuple):
    """A record, or one copy of it, that left the run: at which stage, why in a word, why for a person."""

    collection: str
    id: str
    copy: int | None
    stage: str
    code: str
    reason: str


@dataclass
class Assigned:
    """What the barrier decided.

    Attributes:
        index: Every record with its side.
        report: What the split did.
        repeats: What the search of near-duplicates found, for the report: a mapping for each ``dedup``.
        classes: Collection to side to class to records, where a label is known.
    """

    index: Index
    report: SplitReport
    repeats: list[dict[str, Any]] = field(default_factory=list)
    classes: dict[str, dict[str, dict[str, int]]] = field(default_factory=dict)


def assign(recipe: Recipe, work: Workspace, collected: Collected, threads: int) -> Assigned:
    """Decide which records stay and on which side, or read what was decided before.

    Raises:
        DataError: when two records have one key, near-duplicates chain too much together, or a moment is missing.
        EngineError: when the disk is full.
    """
    folder = work.stage(f"index-{work.key('assign')}")
    files = [name for _, name in collected.units]
    done = folder / "assigned.json"
    if not done.exists():
        _decide_within(MEMORY, recipe, folder, work, collected, threads)
    said = json.loads(done.read_text(encoding="utf-8"))
    index = Index(folder, work.folder / "collect", files, events_of(recipe))
    return Assigned(index, SplitReport(**said["split"]), said["repeats"], said["classes"])


def _decide_within(
    memory: int, recipe: Recipe, folder: Path, work: Workspace, collected: Collected, threads: int
) -> None:
    try:
        with database(folder, threads, memory) as db:
            _decide(recipe, db, folder, work, collected)
    except TooWide:
        if memory >= MOST_MEMORY:
            raise
        _decide_within(4 * memory, recipe, folder, work, collected, threads)


def _decide(recipe: Recipe, db: duckdb.DuckDBPyConnection, folder: Path, work: Workspace, collected: Collected) -> None:
    _load(db, work.folder / "collect", collected.units)
    _pin(db, recipe)
    clusters.reject_repeats(db)
    clusters.number(db, [s.collection for s in recipe.collect if not s.written])
    found = find_near(db, work.folder / "collect", [name for _, name in collected.units], recipe.dedups)
    clusters.reject_near(db, found, [s.collection for s in recipe.collect if s.against])
    clusters.join(db)
    clusters.reject_bridges(db)
    if recipe.split is not None:
        clusters.refuse_giants(db, recipe.split.largest)
    report = split.assign(db, recipe.split, recipe.seed)
    against = [s.collection for s in recipe.collect if s.against]
    query = (
        "SELECT collection, side, id, file, row, whole, point, label, cut, until FROM records "
        "WHERE collection NOT IN (SELECT unnest(?::VARCHAR[])) ORDER BY collection, side NULLS LAST, id"
    )
    write_index(folder, batches_of(db, query, schema(), [against]))
    with written(folder / GONE) as path, path.open("w", encoding="utf-8") as file:
        for row in clusters.gone_rows(db):
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    repeats = [
        {
            "what": near.dedup.what,
            "on": near.dedup.kind,
            "fields": list(near.dedup.fields),
            "detector": near.dedup.id,
            "near": near.dedup.near,
            "keep": near.dedup.keep,
            "compared": near.compared,
            "pairs": near.pairs,
            "examples": near.examples,
        }
        for near in found
    ]
    write_json(folder / "assigned.json", {"split": asdict(report), "repeats": repeats, "classes": _classes(db)})


def _load(db: duckdb.DuckDBPyConnection, folder: Path, units: Sequence[tuple[str, str]]) -> None:
    """Fill ``raw`` with the records that are there, ``gone`` with those that have left."""
    import pyarrow as pa

    db.execute(
        "CREATE TABLE raw (id VARCHAR, keyed BOOLEAN, source VARCHAR, point UBIGINT, whole BLOB, content BLOB, "
        "grp VARCHAR, stratum VARCHAR, label VARCHAR, given VARCHAR, moment DOUBLE, moments DOUBLE[], "
        "collection VARCHAR, file INTEGER, row INTEGER, pinned BOOLEAN)"
    )
    db.execute(_GONE)
    for number, (collection, name) in enumerate(units):
        batch = read_batch(folder / name)
        table = pa.Table.from_batches([batch.select([*OWN, *FATE])])
        count = table.num_rows
        table = table.append_column("collection", pa.array([collection] * count, pa.string()))
        table = table.append_column("file", pa.array([number] * count, pa.int32()))
        table = table.append_column("row", pa.array(range(count), pa.int32()))
        table = table.append_column("pinned", pa.array([False] * count))
        here = pa.compute.equal(table["stage"], "")
        insert(db, "raw", table.filter(here).drop_columns(list(FATE)))
        left = table.filter(pa.compute.invert(here))
        nothing = pa.nulls(left.num_rows, pa.int32())
        columns = {"collection": left["collection"], "id": left["id"], "copy": nothing}
        insert(db, "gone", pa.table(columns | {name: left[name] for name in FATE}))


def _pin(db: duckdb.DuckDBPyConnection, recipe: Recipe) -> None:
    """Give the records of an earlier dataset the side they had there."""
    if recipe.split is None or recipe.split.pinned is None:
        return
    earlier = Manifest.load(recipe.folder / recipe.split.pinned)
    db.execute(
        "CREATE TABLE earlier AS SELECT id, side FROM read_parquet(?) WHERE side IS NOT NULL",
        [str(earlier.folder / RECORDS)],
    )
    remake(
        db,
        "raw",
        "SELECT raw.* REPLACE (coalesce(earlier.side, given) AS given, earlier.side IS NOT NULL AS pinned) "
        "FROM raw LEFT JOIN earlier USING (id)",
    )
    db.execute("DROP TABLE earlier")


def _classes(db: duckdb.DuckDBPyConnection) -> dict[str, dict[str, dict[str, int]]]:
    out: dict[str, dict[str, dict[str, int]]] = {}
    query = (
        "SELECT collection, side, label, count(*) FROM records WHERE label IS NOT NULL AND side IS NOT NULL "
        "GROUP BY 1, 2, 3 ORDER BY 1, 2, 4 DESC, 3"
    )
    for collection, side, label, count in rows_of(db, query):
        classes = out.setdefault(collection, {}).setdefault(side, {})
        if len(classes) < MOST_CLASSES:
            classes[label] = count
    return out


MOST_CLASSES = 1000
"""Classes of a side that are counted for the report: those with the most records."""


def events_of(recipe: Recipe) -> Events | None:
    """Return the field of events that the recipe's split cuts, or None."""
    field = recipe.split.time if recipe.split is not None else None
    schemas = {name: plan.after for name, plan in recipe.cleaning.items()}
    if field is None:
        return None
    kinds = {name: schema[field].kind for name, schema in schemas.items() if field in schema}
    return Events(field, kinds) if any(holds_events(kind) for kind in kinds.values()) else None


def left_before(index: Index) -> Iterator[Left]:
    """Yield what left before the augmentation."""
    with (index.folder / GONE).open(encoding="utf-8") as file:
        for line in file:
            yield Left(*json.loads(line))


def sorted_left(db: duckdb.DuckDBPyConnection, left: Iterable[Left]) -> Iterator[Left]:
    """Yield what left, sorted by collection, id and copy."""
    import pyarrow as pa

    text = pa.string()
    types = [text, text, pa.int32(), text, text, text]
    db.execute(_GONE)
    insert_rows(db, "gone", pa.schema(list(zip(Left._fields, types, strict=True))), iter(left))
    for row in clusters.gone_rows(db):
        yield Left(*row)
    db.execute("DROP TABLE gone")


def sides_of(index: Index) -> Mapping[str, dict[str, int]]:
    """Return collection to side to records, of the sides that have any."""
    out: dict[str, dict[str, int]] = {}
    for span in index.spans:
        if span.side is not None:
            out.setdefault(span.collection, {})[span.side] = span.size
    return out
