"""Identity: what names a record, what makes two records repeats, and the hash of a whole dataset.

A record's id is its collection and its key, its path, or a hash of its content; never its position.
No time, host or path goes into any digest here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any

from augury.record import FieldSpec, Schema
from augury.values import canonical_bytes, rows_bytes

SHORT = 16
DIGEST = 32
"""Bytes of a row's digest; `SHORT` are those of a record's."""


def digest(value: Any) -> bytes:
    """Return the 32-byte SHA-256 of a plain value's canonical bytes."""
    return sha256(canonical_bytes(value)).digest()


def record_id(collection: str, key: str | None, content: bytes) -> str:
    """Return a record's id: ``collection/key``, or its collection with the start of its content's hash."""
    name = key if key is not None else content[:SHORT].hex()
    return f"{collection}/{re.sub(r'@(?=[0-9]+$)', '%40', name)}"


def row_id(record: str, copy: int | None) -> str:
    """Return a row's id: the record's own for an original, ``id@copy`` for a copy."""
    return record if copy is None else f"{record}@{copy}"


def naming_fields(schema: Schema) -> tuple[str, ...]:
    """The fields whose values name a record that has no key: neither label nor metadata."""
    return tuple(sorted(f.name for f in schema.fields.values() if f.role not in ("label", "meta")))


def content_fields(schema: Schema) -> tuple[str, ...]:
    """The fields that make two records repeats of each other: plain data only."""
    return tuple(sorted(f.name for f in schema.fields.values() if f.role is None))


def plain_value(spec: FieldSpec, stored: Any) -> Any:
    """Return what a stored value counts as in digests: a payload is its encoded bytes, whatever its path."""
    return stored["bytes"] if spec.kind.payload and stored is not None else stored


def fields_digest(values: Mapping[str, Any], names: Iterable[str]) -> bytes | None:
    """Return the digest of the named values, or None when none of them is there."""
    there = {name: values[name] for name in names if values.get(name) is not None}
    return digest(there) if there else None


def row_digest(collection: str, side: str, row: str, values: Mapping[str, Any]) -> bytes:
    """Return the 32-byte digest of a row: its place in the dataset, its id, its fields by name."""
    return digest([collection, side, row, {n: v for n, v in values.items() if v is not None}])


def row_digests(collection: str, side: str, rows: Sequence[str], columns: Mapping[str, Sequence[Any]]) -> list[bytes]:
    """Return `row_digest` of each of many rows, whose fields are given by columns."""
    head = canonical_bytes([collection, side, "", {}])
    head = head[: -len(canonical_bytes("") + canonical_bytes({}))]
    values = rows_bytes(columns) if columns else [canonical_bytes({})] * len(rows)
    digests = []
    for row, own in zip(rows, values, strict=True):
        hashed = sha256(head + canonical_bytes(row))
        hashed.update(own)
        digests.append(hashed.digest())
    return digests


def quarantine_digest(collection: str, row: str, stage: str) -> bytes:
    """Return the 32-byte digest of a quarantined record or copy: that it is, not how the reason reads."""
    return digest(["quarantine", collection, row, stage])


def schema_document(fields: Mapping[str, FieldSpec]) -> dict[str, Any]:
    """Return fields as JSON-able values: what the manifest holds and the content hash includes."""
    return {
        name: {
            "kind": spec.kind_id,
            "options": spec.kind.to_dict(),
            "link": list(spec.link) if spec.link else None,
            "role": spec.role,
        }
        for name, spec in fields.items()
    }


def content_hash(schema: Mapping[str, Any], digests: Iterable[bytes]) -> str:
    """Return the hash of a dataset: SHA-256 over its schema and the sorted digests of all rows, as hex.

    Args:
        schema: `schema_document` of each collection.
        digests: The rows' 32-byte digests, sorted, any number of them joined in each piece.
    """
    total = sha256(canonical_bytes(schema))
    for piece in digests:
        total.update(piece)
    return total.hexdigest()
