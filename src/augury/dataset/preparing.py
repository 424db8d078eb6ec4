"""Preparing: from raw records to stored ones, each checked, hashed, named and cleaned, a batch of columns at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any, NamedTuple

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
from augury.dataset.stored import Prepared
from augury.errors import DataError, describe, shown
from augury.formats import Fields, Payload, RawRecord
from augury.recipe.cleaning import CleanPlan
from augury.recipe.deriving import Derived, derive
from augury.recipe.sections import moment_of
from augury.record import FieldSpec, Schema
from augury.rng import hash_point
from augury.values import canonical_bytes, rows_bytes

COLLECT, CRASHED = "collect", "crashed"
"""The stage that damaged records leave at, and what a record is that kills whoever reads it."""


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
        read = self._read(batch)
        self._derive(read)
        self._check_storable(read)
        whole, content = self._digests(read)
        prepared = [self._prepare(*one) for one in zip(batch, read, whole, content, strict=True)]
        return prepared if self.plan is None else clean(self.plan, prepared, self.seed, self.sketches)

    def keyed_id(self, raw: RawRecord) -> str | None:
        """Return the id that a record's key gives it, or None when its content names it. Cost: decodes nothing."""
        key = self._key(raw)
        return None if key is None else record_id(self.collection, key, b"")

    def _digests(self, read: Sequence[_Read | DataError]) -> tuple[list[bytes], list[bytes | None]]:
        """Return of each record the digests of all its fields and of its plain ones, shortened; empty for an error."""
        plain = [{} if isinstance(found, DataError) else found.plain for found in read]
        columns = {name: [one.get(name) for one in plain] for name in dict.fromkeys(n for one in plain for n in one)}
        computed = {one.spec.name for one in self.derived}
        own = {name: columns[name] for name in content_fields(self.schema) if name in columns and name not in computed}
        whole = [sha256(data).digest()[:SHORT] for data in rows_bytes(columns)] or [b""] * len(read)
        nothing = canonical_bytes({})
        content = [None if d == nothing else sha256(d).digest()[:SHORT] for d in rows_bytes(own)] or [None] * len(read)
        return whole, content

    def _prepare(self, raw: RawRecord, found: _Read | DataError, whole: bytes, content: bytes | None) -> Prepared:
        try:
            if isinstance(found, DataError):
                raise found
            return self._name(raw, found, whole, content)
        except DataError as error:
            return self.left(raw, INVALID, str(error))

    def left(self, raw: RawRecord, code: str, why: str) -> Prepared:
        """Return a raw record that cannot be used, with the reason."""
        key = self._key(raw)
        name = record_id(self.collection, key, b"" if key is not None else _raw_content(raw))
        where = _printable(raw.where)
        detail = _printable(f"{raw.where}: {why}")
        return Prepared(_printable(name), key is not None, where, stage=COLLECT, code=code, detail=detail)

    def _read(self, batch: Sequence[RawRecord]) -> list[_Read | DataError]:
        """Return what is kept of each record's fields and what they count as in digests, or its first error.

        Field by field, so that a column is looked at as one where it can be; everything is decoded once.
        """
        found: list[Any] = [DataError(raw.problem) if raw.problem else None for raw in batch]
        stored: list[dict[str, Any]] = [{} for _ in batch]
        plain = [{} for _ in batch] if any(spec.kind.payload for spec in self.fields.values()) else stored
        for column, spec in self.fields.items():
            values = [None if error else raw.values.get(column) for raw, error in zip(batch, found, strict=True)]
            for place, value in enumerate(_packed(spec, values)):
                if type(value) is DataError:
                    found[place] = value
                elif value is not None:
                    stored[place][spec.name] = value
                    if plain is not stored:
                        plain[place][spec.name] = value.digest if isinstance(value, Payload) else value
        fix = "map columns with as:, or fill the record"
        nothing = describe("", "a value for at least one field", shown("none"), fix=fix)
        read = zip(found, stored, plain, strict=True)
        return [error or (_Read(kept, own) if kept else DataError(nothing)) for error, kept, own in read]

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

    def _name(self, raw: RawRecord, found: _Read, whole: bytes, content: bytes | None) -> Prepared:
        stored, plain = found
        key = self._key(raw)
        if key is not None and not _is_utf8(key):
            raise DataError(describe("", "a key in UTF-8", key, fix="rename the file or correct the key"))
        naming = b"" if key is not None else self._naming(plain)
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
            whole,
            content,
            seen["group"],
            seen["stratum"],
            seen["label"],
            self.side or seen["side"],
            *self._moments(stored),
            stored,
        )

    def _naming(self, plain: Mapping[str, Any]) -> bytes:
        computed = {one.spec.name for one in self.derived}
        given = {name: value for name, value in plain.items() if name not in computed}
        return fields_digest(given, naming_fields(self.schema)) or digest({})

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
        value = raw.values.get(self._keyed) if self._keyed else None
        return raw.key if value is None else str(value)

    @cached_property
    def _keyed(self) -> str | None:
        """The column of the key."""
        return next((column for column, spec in self.fields.items() if spec.role == "key"), None)


def _packed(spec: FieldSpec, values: Sequence[Any]) -> list[Any]:
    """Return the values as they are kept, an error in the place of each wrong one; NaN is none."""
    types = set(map(type, values)) - {type(None)}
    if float in types or any(issubclass(kind, float) for kind in types):
        values = [None if isinstance(v, float) and v != v else v for v in values]
    unpack, pack = spec.kind.unpack, spec.kind.pack
    try:
        if types == {str} and spec.kind.space == "row":  # few different words
            known = {word: pack(unpack(word)) for word in set(values) if word is not None}
            return [None if word is None else known[word] for word in values]
        if Payload not in types:
            return [None if v is None else pack(unpack(v)) for v in values]
    except DataError:
        pass
    return [None if v is None else _packed_one(spec, v) for v in values]


def _packed_one(spec: FieldSpec, value: Any) -> Any:
    try:
        if not isinstance(value, Payload):
            return spec.kind.pack(spec.kind.unpack(value))
        data = value.read()
        spec.kind.probe(data)
        return value.stamped(data)
    except DataError as error:
        return DataError(f"field {spec.name!r}: {error}")


def _storable(values: list[Any], kept: Any) -> bool:
    import pyarrow as pa

    try:
        pa.array(values, type=kept)
    except (pa.ArrowException, ValueError, OverflowError, TypeError):
        return False
    return True


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
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
