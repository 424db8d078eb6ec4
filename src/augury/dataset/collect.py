"""Collecting: from raw records to stored ones, each checked, hashed, named and cleaned, in whatever order they come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from augury.catalog import registry
from augury.dataset.preparing import COLLECT, CRASHED, Prepare
from augury.dataset.stored import FIELD, read_batch, write_records
from augury.dataset.workspace import Workspace
from augury.durable import TEMPORARY
from augury.engines import Local
from augury.errors import DataError, describe, shown
from augury.formats import Format, Payload, RawRecord
from augury.formats.archive import as_folder
from augury.formats.files import is_url, open_file, short_name
from augury.params import params_of
from augury.recipe.deriving import derivable
from augury.recipe.model import Limits, Recipe, Source
from augury.record import FieldSpec, Schema

BATCH_BYTES = 32 << 20

PLAIN_UNITS = 16
"""Units' worth of records that are stored in one file where they hold no files of their own."""

MOST_WITH_FILES = 32
"""Most records of a unit where they hold files: each takes milliseconds, and few large units leave workers idle."""


@dataclass
class Collected:
    """What collecting found.

    Attributes:
        units: The files of stored records, in order, each with its collection.
        fields: Collection to the fields that at least one of its records has.
        records: Collection to its records' count, those that left included.
        sources: What was read, for the manifest.
    """

    units: list[tuple[str, str]]
    fields: dict[str, set[str]]
    records: dict[str, int]
    sources: list[dict[str, Any]]


class Batch(NamedTuple):
    """A run of a source's raw records, and the file that they go to when they are ready.

    ``crashed`` are those, by their place, that kill whoever reads them, and how.
    """

    path: Path
    records: list[RawRecord]
    crashed: Mapping[str, str] = {}

    def __str__(self) -> str:
        """Return the batch as messages name it."""
        return self.records[0].where if self.records else self.path.name


@dataclass(frozen=True)
class Store:
    """The task that makes a batch ready and writes it; runs in workers."""

    prepare: Prepare

    def __call__(self, batch: Batch) -> None:
        """Write the batch's file."""
        plan = self.prepare.plan
        records = self.prepare([raw for raw in batch.records if raw.where not in batch.crashed])
        for raw in batch.records:
            if raw.where in batch.crashed:
                got = shown(f"its worker's death by {batch.crashed[raw.where]}")
                why = describe("", "the record to be read", got, fix="see what is in it, or leave it out")
                records.append(self.prepare.left(raw, CRASHED, why))
        write_records(batch.path, records, plan.after if plan else self.prepare.schema, self.prepare.sketches)

    def halves(self, batch: Batch) -> tuple[Batch, Batch] | None:
        """Return the batch in two, for finding a record that kills its worker; None for a single record."""
        middle = len(batch.records) // 2
        if not middle:
            return None
        probe = batch._replace(path=batch.path.with_name(f"{batch.path.name}.probe{TEMPORARY}"))
        return probe._replace(records=batch.records[:middle]), probe._replace(records=batch.records[middle:])

    def without(self, batch: Batch, killers: Sequence[Batch], how: str) -> Batch:
        """Return the batch with the records of ``killers`` left out as crashed."""
        return batch._replace(crashed={raw.where: how for one in killers for raw in one.records})


def preparing(recipe: Recipe, source: Source) -> Prepare:
    """Return the task that makes a source's records ready."""
    fields = source_fields(recipe, source)
    plan = recipe.cleaning.get(source.collection)
    roles = roles_of(recipe)
    roles["label"] = roles["label"] or next((spec.name for spec in fields.values() if spec.role == "label"), None)
    schema, sketches = recipe.schema, len(recipe.dedups)
    derived = derivable(recipe.derived, Schema(fields[column] for column in source.rename if column in fields))
    return Prepare(source.collection, fields, schema, source.side, roles, plan, recipe.seed, sketches, derived)


def collect(recipe: Recipe, work: Workspace, engine: Local, limit: int | None) -> Collected:
    """Read every source into files of stored records; those that are there already are not made again.

    Args:
        recipe: What to read.
        work: Where to.
        engine: What decodes, cleans and hashes.
        limit: The most records to take of each source; None takes all.

    Raises:
        DataError: for a source that cannot be read.
    """
    folder = work.stage("collect")
    out = Collected([], {}, {}, [])
    for number, source in enumerate(recipe.collect):
        reader, path = open_source(recipe, source)
        prepare = preparing(recipe, source)
        payloads = any(spec.kind.payload for spec in prepare.fields.values())
        batches = _batches(reader.read(path, prepare.fields), recipe.limits.unit_records, limit, payloads)
        made: list[str] = []

        def missing(batches: Iterator[list[RawRecord]] = batches, number: int = number, made: list[str] = made) -> Any:
            first = 0
            for records in batches:
                name = f"{number:02d}-{first:09d}-{work.key('collect', number, first, len(records))}.arrow"
                made.append(name)
                first += len(records)
                if not (folder / name).exists():
                    yield Batch(folder / name, records)

        for _ in engine.map(Store(prepare), missing()):
            pass
        names = out.fields.setdefault(source.collection, set())
        count = 0
        for name in made:
            out.units.append((source.collection, name))
            batch = read_batch(folder / name)
            count += batch.num_rows
            names.update(c.removeprefix(FIELD) for c in batch.schema.names if c.startswith(FIELD))
            if recipe.on_error == "raise":
                _raise_first(batch)
        if not count:
            raise DataError(
                describe(f"{source.where} {source.path}", "at least one record", shown("none"), fix="correct path:")
            )
        out.records[source.collection] = out.records.get(source.collection, 0) + count
        out.sources.append(_describe_source(source, reader, path, count))
    return out


def _raise_first(batch: Any) -> None:
    for stage, detail in zip(batch["stage"].to_pylist(), batch["detail"].to_pylist(), strict=True):
        if stage == COLLECT:
            raise DataError(detail)


def roles_of(recipe: Recipe) -> dict[str, str | None]:
    """Return the fields the run looks at in all sources: group, stratum, what copies are balanced by, side, moment."""
    copies = recipe.augment.copies if recipe.augment else 0
    split = recipe.split
    return {
        "group": split.group if split else None,
        "stratum": split.stratify if split else None,
        "label": copies["balance"] if isinstance(copies, Mapping) else None,
        "side": split.field if split else None,
        "time": split.time if split else None,
    }


def open_source(recipe: Recipe, source: Source) -> tuple[Format, str]:
    """Return a source's reader and its absolute path or URL."""
    reader = registry().load("formats", source.format, source.where).build(source.options, source.where)
    return reader, as_folder(source.path if is_url(source.path) else str(recipe.folder.absolute() / source.path))


def source_fields(recipe: Recipe, source: Source) -> dict[str, FieldSpec]:
    """Return source column to field: those that ``as:`` renames, and the columns that are called like a field."""
    derived = {one.spec.name for one in recipe.derived}
    own = {name: spec for name, spec in recipe.schema.fields.items() if name not in derived}
    fields = {name: _limited(spec, recipe.limits) for name, spec in own.items()}
    renamed = {column: fields[name] for column, name in source.rename.items()}
    taken = set(source.rename.values())
    return renamed | {name: spec for name, spec in fields.items() if name not in taken and name not in renamed}


def _limited(spec: FieldSpec, limits: Limits) -> FieldSpec:
    """Hold a field to the recipe's limits on what is decoded, where the field does not state one of its own."""
    kept = {"max_pixels": limits.max_image_pixels, "max_seconds": limits.max_audio_seconds}
    free = {p.name: kept[p.name] for p in params_of(type(spec.kind)) if p.name in kept}
    changed = {n: v for n, v in free.items() if getattr(spec.kind, n) == getattr(type(spec.kind), n) != v}
    return spec._replace(kind=replace(spec.kind, **changed)) if changed else spec


def _batches(records: Iterable[RawRecord], most: int, limit: int | None, payloads: bool) -> Iterator[list[RawRecord]]:
    """Cut a source into pieces that a worker takes at once: a unit's records, or less when they are large."""
    batch: list[RawRecord] = []
    size = 0
    for count, raw in enumerate(records):
        if limit is not None and count >= limit:
            break
        batch.append(raw)
        files = [v for v in raw.values.values() if isinstance(v, Payload)] if payloads else ()
        size += sum(len(v.data) for v in files if v.data is not None)
        if len(batch) >= (min(most, MOST_WITH_FILES) if files else PLAIN_UNITS * most) or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def strength(side: str | None) -> int:
    """Which side keeps what lies on two: the test side before others, the training side last."""
    return {None: -1, "train": 0, "test": 2}.get(side, 1)


def _describe_source(source: Source, reader: Format, path: str, records: int) -> dict[str, Any]:
    files = [{"file": short_name(f, path), "sha256": file_hash(f)} for f in reader.files(path)]
    return {
        "collection": source.collection,
        "format": source.format,
        "path": source.path,
        "side": source.side,
        "pool": source.pool,
        "records": records,
        "files": files,
    }


def file_hash(file: str) -> str:
    """Return a file's SHA-256 as hex, read in pieces (decompressed where its name says it is compressed)."""
    total = sha256()
    with open_file(file) as handle:
        while piece := handle.read(1 << 20):
            total.update(piece)
    return total.hexdigest()
