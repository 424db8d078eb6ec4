"""Donors: which other records an op takes material from, so that added records disturb few draws."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Any

from augury.errors import DataError, FieldError, describe, shown
from augury.op import Donor
from augury.record import Schema
from augury.rng import Rng, hash_point


class Ring:
    """The donor pool of one side: records by id, their hashed ids on a ring of 64-bit points.

    ``records`` may be any mapping of id to record; records are read only when they are asked for. Building costs
    a hash an id and O(n log n); 16 bytes an id are kept beside the mapping's own.
    """

    __slots__ = ("_points", "_ring_ids", "_sorted", "hash", "records")

    def __init__(self, records: Mapping[str, Mapping[str, Any]]) -> None:
        """Index the ids of ``records``."""
        self.records = records
        self._sorted: Sequence[str] = sorted(records)
        ring = sorted((hash_point(i), i) for i in self._sorted)
        self._points: Sequence[int] = [p for p, _ in ring]
        self._ring_ids: Sequence[str] = [i for _, i in ring]
        hasher = blake2b(digest_size=8)
        for i in self._sorted:
            hasher.update(i.encode("utf-8", "surrogatepass") + b"\0")
        self.hash = hasher.hexdigest()

    @classmethod
    def indexed(
        cls,
        records: Mapping[str, Mapping[str, Any]],
        ids: Sequence[str],
        points: Sequence[int],
        ring_ids: Sequence[str],
        hash: str,
    ) -> Ring:
        """Return a ring over what is sorted already: ``ids`` by id, ``points`` and ``ring_ids`` by point."""
        ring = object.__new__(cls)
        ring.records, ring._sorted, ring._points, ring._ring_ids, ring.hash = records, ids, points, ring_ids, hash
        return ring

    def __len__(self) -> int:
        """Return the number of records."""
        return len(self._sorted)


class View:
    """The pool as one record sees it: without itself. `near` takes only records that have the anchor's field."""

    __slots__ = ("field", "ring", "self_id")

    def __init__(self, ring: Ring, self_id: str, field: str) -> None:
        """View ``ring`` from the record ``self_id`` for an op on ``field``."""
        self.ring = ring
        self.self_id = self_id
        self.field = field

    def ids(self) -> Sequence[str]:
        """Return all ids but the record's own, sorted, whether or not they have the anchor's field."""
        return [i for i in self.ring._sorted if i != self.self_id]

    def __getitem__(self, record_id: str) -> Mapping[str, Any]:
        """Return a record."""
        return self.ring.records[record_id]

    def near(self, rng: Rng, n: int) -> list[str]:
        """Return ``n`` ids: the successors of a drawn point on the ring. Independent points, each once.

        Raises:
            DataError: when fewer than ``n`` other records have the field.
        """
        chosen: list[str] = []
        for _ in range(n):
            chosen.append(self._successor(rng.word(), chosen))
        return chosen

    def _successor(self, point: int, taken: Sequence[str]) -> str:
        ids = self.ring._ring_ids
        start = bisect_left(self.ring._points, point)
        for step in range(len(ids)):
            candidate = ids[(start + step) % len(ids)]
            if candidate != self.self_id and candidate not in taken and self._has_field(candidate):
                return candidate
        fix = "add records to this side, or name another collection with pool:"
        raise DataError(
            describe("donors", f"{len(taken) + 1} other records with {self.field}", shown(str(len(taken))), fix=fix)
        )

    def _has_field(self, record_id: str) -> bool:
        return self.field == "row" or self.ring.records[record_id].get(self.field) is not None


class DonorRecord(Mapping[str, Any]):
    """A donor's fields of the schema: each is checked and made canonical when it is asked for. None is no value."""

    __slots__ = ("_canonical", "_id", "_record", "_schema")

    def __init__(self, record_id: str, record: Mapping[str, Any], schema: Schema) -> None:
        """Hold the record ``record_id`` of a pool."""
        self._id = record_id
        self._record = record
        self._schema = schema
        self._canonical: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        """Return a field's canonical value.

        Raises:
            FieldError: where it is not of its kind, naming the donor.
        """
        if name not in self._canonical:
            value = self._record[name] if name in self._schema else None
            if value is None:
                raise KeyError(name)
            try:
                self._canonical[name] = self._schema[name].kind.check(value)
            except FieldError as error:
                raise FieldError(f"donor {self._id!r} field {name!r}: {error}") from error
        return self._canonical[name]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names of the fields with a value."""
        return (name for name in self._record if name in self._schema and self._record[name] is not None)

    def __len__(self) -> int:
        """Return the number of fields with a value."""
        return sum(1 for _ in self)


def conformed(ring: Ring, donor_id: str, schema: Schema, field: str, size: Any, value: Any) -> Donor:
    """Return a donor to an op on ``field``: what it has there, conformed to ``value``; of a row, the whole record.

    Raises:
        DataError: where it has nothing there.
    """
    record = DonorRecord(donor_id, ring.records[donor_id], schema)
    if field == "row":
        return Donor(donor_id, record, size, record)
    if field not in record:
        fix = "name another pool"
        raise DataError(describe(f"donor {donor_id!r}", f"a record with {field}", shown("none"), fix=fix))
    kind = schema.fields[field].kind
    own = kind.conform(record[field], value)
    return Donor(donor_id, own, kind.size(own), record)
