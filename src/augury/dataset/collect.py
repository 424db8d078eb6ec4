"""Collecting: from raw records to stored ones, each checked, hashed, named and cleaned, in whatever order they come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from augury.catalog import registry
from augury.dataset.cleaning import INVALID, clean
from augury.dataset.histories import holds_events
from augury.dataset.identity import (
    SHORT,
    content_fields,
    digest,
    fields_digest,
    naming_fields,
    record_id,
)
from augury.dataset.stored import FIELD, Prepared, read_batch, write_records
from augury.dataset.workspace import Workspace
from augury.durable import TEMPORARY
from augury.engines import Local
from augury.errors import DataError, describe, shown
from augury.formats import Fields, Format, Payload, RawRecord
from augury.formats.archive import as_folder
from augury.formats.files import is_url, open_file, short_name
from augury.params import params_of
from augury.recipe.cleaning import CleanPlan
from augury.recipe.deriving import Derived, derivable, derive
from augury.recipe.model import Limits, Recipe, Source
from augury.recipe.sections import moment_of
from augury.record import FieldSpec, Schema
from augury.rng import hash_point

COLLECT, CRASHED = "collect", "crashed"
"""The stage that damaged records leave at, and what a record is that kills whoever reads it."""

BATCH_BYTES = 32 << 20

PLAIN_UNITS = 16
"""Units' worth of records that are stored in one file where they hold no files of their own."""

MOST_WITH_FILES = 32
"""Most records of a unit where they hold files: each takes milliseconds, and few large units leave workers idle."""


class _Read(NamedTuple):
    """A record's fields as they are kept, and as they count in digests: a payload by the hash of its bytes."""

    stored: dict[str, Any]
    plain: dict[str, Any]


@dataclass(frozen=True)
class Prepare:
    """The task that makes raw records of one source ready; runs in workers.

    Args:
        collection: The source's collection.
        fields: Source column to field.
        schema: The recipe's schema.
        side: The side the source gives its records, or None.
        roles: What a record is looked at for: ``group``, ``stratum``, ``label``, ``side``, ``time`` to a field's name.
        plan: How its records are cleaned; None leaves them as they are.
        seed: The recipe's seed.
        sketches: How many sketches the run makes of a record.
        derived: The fields that are computed from those that the source gives, in order.
    """

    collection: str
    fields: Fields
    schema: Schema
    side: str | None
    roles: Mapping[str, str | None]
    plan: CleanPlan | None = None
    seed: int = 0
    sketches: int = 0
    derived: tuple[Derived, ...] = ()

    def __call__(self, batch: Sequence[RawRecord]) -> list[Prepared]:
        """Return each record prepared, or its pieces, in order."""
        read = [self._read(raw) for raw in batch]
        self._derive(read)
        self._check_storable(read)
        prepared = [self._prepare(raw, found) for raw, found in zip(batch, read, strict=True)]
        return prepared if self.plan is None else clean(self.plan, prepared, self.seed, self.sketches)

    def keyed_id(self, raw: RawRecord) -> str | None:
        """Return the id that a record's key gives it, or None when its content names it. Cost: decodes nothing."""
        key = self._key(raw)
        return None if key is None else record_id(self.collection, key, b"")

    def _prepare(self, raw: RawRecord, found: _Read | DataError) -> Prepared:
        try:
            if isinstance(found, DataError):
                raise found
            return self._name(raw, found)
        except DataError as error:
            return self.left(raw, INVALID, str(error))

    def left(self, raw: RawRecord, code: str, why: str) -> Prepared:
        """Return a raw record that cannot be used, with the reason."""
        key = self._key(raw)
        name = record_id(self.collection, key, b"" if key is not None else _raw_content(raw))
        where = _printable(raw.where)
        detail = _printable(f"{raw.where}: {why}")
        return Prepared(_printable(name), key is not None, where, stage=COLLECT, code=code, detail=detail)

    def _read(self, raw: RawRecord) -> _Read | DataError:
        """Return what is kept of each field, and what it counts as in digests; everything is decoded once."""
        found = _Read({}, {})
        try:
            if raw.problem:
                raise DataError(raw.problem)
            for column, spec in self.fields.items():
                value = raw.values.get(column)
                if value is not None and not (isinstance(value, float) and value != value):
                    _read_field(spec, value, found)
            if not found.stored:
                fix = "map columns with as:, or fill the record"
                raise DataError(describe("", "a value for at least one field", shown("none"), fix=fix))
        except DataError as error:
            return error
        return found

    def _derive(self, read: list[_Read | DataError]) -> None:
        """Compute the derived fields of all records; a record whose value is an error becomes that error."""
        for one in self.derived:
            good = [(place, found) for place, found in enumerate(read) if isinstance(found, _Read)]
            values = derive(one, self.schema, [found.stored for _, found in good])
            for (place, found), value in zip(good, values, strict=True):
                if isinstance(value, DataError):
                    read[place] = value
                elif value is not None:
                    found.stored[one.spec.name] = found.plain[one.spec.name] = value

    def _check_storable(self, read: list[_Read | DataError]) -> None:
        """Put an error in the place of every record with a value that its Arrow type cannot hold."""
        for spec in (*self.fields.values(), *(one.spec for one in self.derived)):
            if spec.kind.payload:
                continue
            kept = spec.kind.arrow()
            values = [None if isinstance(found, DataError) else found.stored.get(spec.name) for found in read]
            if not _storable(values, kept):
                for place, value in enumerate(values):
                    if not _storable([value], kept):
                        wanted, fix = f"field {spec.name!r}: expected a value that fits {kept}", "correct the value"
                        read[place] = DataError(f"{wanted}, got {value!r:.80}. Fix: {fix}.")

    def _name(self, raw: RawRecord, found: _Read) -> Prepared:
        stored, plain = found
        key = self._key(raw)
        if key is not None and not _storable([key], "string"):
            raise DataError(describe("", "a key in UTF-8", key, fix="rename the file or correct the key"))
        computed = {one.spec.name for one in self.derived}
        given = {name: value for name, value in plain.items() if name not in computed}
        naming = b"" if key is not None else fields_digest(given, naming_fields(self.schema)) or digest({})
        content = fields_digest(given, content_fields(self.schema))
        seen = {role: _text(plain.get(name)) if name else None for role, name in self.roles.items() if role != "time"}
        if self.roles.get("side") and seen["side"] is None:
            fix = "fill it, or split by shares"
            raise DataError(describe(f"field {self.roles['side']!r}", "the record's side", shown("nothing"), fix=fix))
        name = record_id(self.collection, key, naming)
        return Prepared(
            name,
            key is not None,
            raw.where,
            hash_point(name),
            digest(plain)[:SHORT],
            content[:SHORT] if content else None,
            seen["group"],
            seen["stratum"],
            seen["label"],
            self.side or seen["side"],
            *self._moments(stored),
            stored,
        )

    def _moments(self, stored: Mapping[str, Any]) -> tuple[float | None, tuple[float, ...] | None]:
        """Return when a record is from, in seconds since 1970 or as the number that its field holds, and its events."""
        name = self.roles.get("time")
        value = stored.get(name) if name else None
        if value is None:
            return None, None
        assert name is not None
        kind = self.schema[name].kind
        if holds_events(kind):
            moments = tuple(float(m) for m in kind.moments(kind.unpack(value)))
            return (moments[-1] if moments else None), moments
        return (float(value) if isinstance(value, int | float) else moment_of(value)), None

    def _key(self, raw: RawRecord) -> str | None:
        column = next((c for c, s in self.fields.items() if s.role == "key"), None)
        value = raw.values.get(column) if column else None
        return raw.key if value is None else str(value)


def _read_field(spec: FieldSpec, value: Any, found: _Read) -> None:
    try:
        if isinstance(value, Payload):
            data = value.read()
            spec.kind.probe(data)
            kept = value.stamped(data)
            found.stored[spec.name], found.plain[spec.name] = kept, kept.digest
        else:
            found.stored[spec.name] = found.plain[spec.name] = spec.kind.pack(spec.kind.unpack(value))
    except DataError as error:
        raise DataError(f"field {spec.name!r}: {error}") from error


def _storable(values: list[Any], kept: Any) -> bool:
    import pyarrow as pa

    try:
        pa.array(values, type=kept)
    except (pa.ArrowException, ValueError, OverflowError, TypeError):
        return False
    return True


def _printable(text: str) -> str:
    """Text that any file can hold: half a surrogate pair is written out."""
    return text.encode("utf-8", "backslashreplace").decode()


def _text(value: Any) -> str | None:
    """A field's value as the text it is grouped by."""
    if value is None or isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float | bool) else digest(value).hex()


def _raw_content(raw: RawRecord) -> bytes:
    """What names a record that could not be read: a digest of what there was."""
    out = {}
    for name, value in raw.values.items():
        if isinstance(value, Payload):
            value = value.data if value.data is not None else value.name
        out[name] = value if isinstance(value, bytes) else repr(value)
    return digest(out)


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
        batches = _batches(reader.read(path, prepare.fields), recipe.limits.unit_records, limit)
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


def _batches(records: Iterable[RawRecord], most: int, limit: int | None) -> Iterator[list[RawRecord]]:
    """Cut a source into pieces that a worker takes at once: a unit's records, or less when they are large."""
    batch: list[RawRecord] = []
    size = 0
    for count, raw in enumerate(records):
        if limit is not None and count >= limit:
            break
        batch.append(raw)
        files = [v for v in raw.values.values() if isinstance(v, Payload)]
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
