"""Collecting: from raw records to the spool, each checked, hashed and named, in whatever order they come."""

from __future__ import annotations

import pickle
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, NamedTuple

from augury.catalog import registry
from augury.dataset.identity import (
    SHORT,
    content_fields,
    digest,
    fields_digest,
    naming_fields,
    record_id,
)
from augury.dataset.spool import Bad, Spool
from augury.engines import Local
from augury.errors import DataError, describe, shown
from augury.formats import Fields, Format, Payload, RawRecord
from augury.formats.files import is_url, open_file, short_name
from augury.params import params_of
from augury.recipe.model import Limits, Recipe, Source
from augury.record import FieldSpec, Schema

BATCH_BYTES = 32 << 20

MOST_WITH_FILES = 32
"""Most records of a unit where they hold files: each takes milliseconds, and few large units leave workers idle."""


class Prepared(NamedTuple):
    """A raw record made ready: named, checked, hashed; or with its problem."""

    id: str
    keyed: bool
    source: str
    whole: bytes = b""
    content: bytes | None = None
    group: str | None = None
    stratum: str | None = None
    label: str | None = None
    given: str | None = None
    body: bytes = b""
    fields: tuple[str, ...] = ()
    problem: str = ""


class _Read(NamedTuple):
    """A record's fields as they are kept, and as they count in digests."""

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
        roles: What a record is looked at for: ``group``, ``stratum``, ``label``, ``side`` to a field's name.
    """

    collection: str
    fields: Fields
    schema: Schema
    side: str | None
    roles: Mapping[str, str | None]

    def __call__(self, batch: list[RawRecord]) -> list[Prepared]:
        """Return each record prepared, in order."""
        read = [self._read(raw) for raw in batch]
        self._check_storable(read)
        return [self._prepare(raw, found) for raw, found in zip(batch, read, strict=True)]

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
            key = self._key(raw)
            name = record_id(self.collection, key, b"" if key is not None else _raw_content(raw))
            problem = _printable(f"{raw.where}: {error}")
            return Prepared(_printable(name), key is not None, _printable(raw.where), problem=problem)

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

    def _check_storable(self, read: list[_Read | DataError]) -> None:
        """Put an error in the place of every record with a value that its Arrow type cannot hold."""
        for spec in self.fields.values():
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
        naming = b"" if key is not None else fields_digest(plain, naming_fields(self.schema)) or digest({})
        content = fields_digest(plain, content_fields(self.schema))
        seen = {role: _text(plain.get(name)) if name else None for role, name in self.roles.items()}
        if self.roles.get("side") and seen["side"] is None:
            fix = "fill it, or split by shares"
            raise DataError(describe(f"field {self.roles['side']!r}", "the record's side", shown("nothing"), fix=fix))
        return Prepared(
            record_id(self.collection, key, naming),
            key is not None,
            raw.where,
            digest(plain)[:SHORT],
            content[:SHORT] if content else None,
            seen["group"],
            seen["stratum"],
            seen["label"],
            self.side or seen["side"],
            pickle.dumps(stored),
            tuple(stored),
        )

    def _key(self, raw: RawRecord) -> str | None:
        column = next((c for c, s in self.fields.items() if s.role == "key"), None)
        value = raw.values.get(column) if column else None
        return raw.key if value is None else str(value)


def _read_field(spec: FieldSpec, value: Any, found: _Read) -> None:
    try:
        if isinstance(value, Payload):
            data = value.read()
            spec.kind.probe(data)
            found.stored[spec.name], found.plain[spec.name] = value, data
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
        fields: Collection to the fields that at least one of its records has.
        records: Collection to its records' count, damaged ones included.
        sources: What was read, for the manifest.
    """

    fields: dict[str, set[str]]
    records: dict[str, int]
    sources: list[dict[str, Any]]


def collect(recipe: Recipe, spool: Spool, engine: Local, limit: int | None) -> Collected:
    """Read every source into the spool.

    Args:
        recipe: What to read.
        spool: Where to; empty.
        engine: What decodes and hashes.
        limit: The most records to take of each source; None takes all.

    Raises:
        DataError: for a source that cannot be read, and for two records of one key.
    """
    out = Collected({}, {}, [])
    roles = roles_of(recipe)
    for source in recipe.collect:
        reader, path = open_source(recipe, source)
        fields = source_fields(recipe, source)
        names = out.fields.setdefault(source.collection, set())
        task = Prepare(source.collection, fields, recipe.schema, source.side, roles)
        count = 0
        records = _batches(reader.read(path, fields), recipe.limits.unit_records, limit)
        for batch in engine.map(task, records, lambda b: b[0].where):
            count += len(batch)
            for record in batch:
                _keep(spool, source.collection, record, recipe.on_error)
                names.update(record.fields)
        if not count:
            raise DataError(
                describe(f"{source.where} {source.path}", "at least one record", shown("none"), fix="correct path:")
            )
        out.records[source.collection] = out.records.get(source.collection, 0) + count
        out.sources.append(_describe_source(source, reader, path, count))
    spool.ready()
    return out


def roles_of(recipe: Recipe) -> dict[str, str | None]:
    """Return the fields the run looks at: group, stratum, the label copies are balanced by, the given side."""
    copies = recipe.augment.copies if recipe.augment else 0
    split = recipe.split
    return {
        "group": split.group if split else None,
        "stratum": split.stratify if split else None,
        "label": copies["balance"] if isinstance(copies, Mapping) else None,
        "side": split.field if split else None,
    }


def open_source(recipe: Recipe, source: Source) -> tuple[Format, str]:
    """Return a source's reader and its absolute path or URL."""
    reader = registry().load("formats", source.format, source.where).build(source.options, source.where)
    return reader, source.path if is_url(source.path) else str(recipe.folder.absolute() / source.path)


def source_fields(recipe: Recipe, source: Source) -> dict[str, FieldSpec]:
    """Return source column to field: those that ``as:`` renames, and the columns that are called like a field."""
    fields = {name: _limited(spec, recipe.limits) for name, spec in recipe.schema.fields.items()}
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
        if len(batch) >= (min(most, MOST_WITH_FILES) if files else most) or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _keep(spool: Spool, collection: str, record: Prepared, on_error: str) -> None:
    """Put a record into the spool; of two with the same content the one with the lesser digest stays."""
    if record.problem:
        if on_error == "raise":
            raise DataError(record.problem)
        spool.quarantine([Bad(collection, record.id, None, "collect", record.problem)])
        return
    try:
        insert(spool, collection, record)
    except sqlite3.IntegrityError:
        place, source, whole, given = spool.db.execute(
            "SELECT place, source, whole, given FROM records WHERE id = ?", (record.id,)
        ).fetchone()
        if record.keyed:
            fix = "give the records different keys, or remove one"
            where = f"{source} and {record.source}"
            raise DataError(describe(where, "different keys", record.id, fix=fix)) from None
        reason = f"{record.source}: expected new content, got that of {record.id} again. Fix: none needed."
        spool.quarantine([Bad(collection, record.id, None, "duplicate", reason)])
        if (-strength(record.given), record.whole) < (-strength(given), whole):
            spool.db.execute("DELETE FROM records WHERE place = ?", (place,))
            spool.db.execute("DELETE FROM bodies WHERE place = ?", (place,))
            insert(spool, collection, record)


def insert(spool: Spool, collection: str, record: Prepared) -> None:
    """Put a record into the spool.

    Raises:
        sqlite3.IntegrityError: when its id is there.
    """
    values = (record.id, record.source, record.whole, record.content, record.group, record.stratum)
    cursor = spool.db.execute(
        "INSERT INTO records (collection, id, source, whole, content, grp, stratum, class, given) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (collection, *values, record.label, record.given),
    )
    spool.db.execute("INSERT INTO bodies VALUES (?, ?)", (cursor.lastrowid, record.body))


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
