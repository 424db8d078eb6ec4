"""Units: fixed runs of records by id, each made into one file of rows by whichever process takes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from augury.dataset.collect import MOST_WITH_FILES
from augury.dataset.columns import COPY, ORIGIN, PARENTS, Columns
from augury.dataset.identity import row_id
from augury.dataset.spool import Bad, Item, LazyRecord, Spool, SpoolView
from augury.errors import DataError
from augury.formats.beside import ROW_ID
from augury.pipelines import Dropped, Output, Pipeline, Ring

if TYPE_CHECKING:
    import pyarrow as pa

PAYLOAD_CHUNK = 8
"""Records with payloads that are held decoded at a time."""


class Unit(NamedTuple):
    """A run of one side's records, sorted by id: the ids of its first and last, both included."""

    number: int
    collection: str
    side: str
    first: str
    last: str

    def __str__(self) -> str:
        """Return the unit as messages name it."""
        return f"unit {self.number} ({self.collection}, {self.side}: {self.first} to {self.last})"


class UnitResult(NamedTuple):
    """What a unit made: rows in ``part``, their digests in order (32 bytes each), what left the run."""

    unit: Unit
    part: str
    rows: int
    originals: int
    nbytes: int
    digests: bytes
    bad: list[Bad]
    dropped: int
    records: int


class Plan(NamedTuple):
    """How the records of a collection are augmented.

    Args:
        columns: What is written.
        pipeline: The fitted pipeline, or None when nothing is augmented.
        originals: The sides whose originals are written.
        pools: Named pools of the pipeline: name to the schema of that collection, and whether it only serves donors.
    """

    columns: Columns
    schema: Any
    pipeline: Pipeline | None
    skip_originals: tuple[str, ...]
    pools: Mapping[str, tuple[Any, bool]]


def plan_units(spool: Spool, plans: Mapping[str, Plan], sides: Sequence[str], most: int) -> Iterator[Unit]:
    """Yield the units of every collection and side, at most ``most`` records each, in the order of their ids."""
    number = 0
    for collection, plan in plans.items():
        holds_files = any(spec.kind.payload for spec in plan.schema.fields.values())
        size = min(most, MOST_WITH_FILES) if holds_files else most
        for side in sides:
            first = last = ""
            count = 0
            for record in spool.ids(collection, side):
                first = first if count else record
                last = record
                count += 1
                if count == size:
                    yield Unit(number, collection, side, first, last)
                    number, count = number + 1, 0
            if count:
                yield Unit(number, collection, side, first, last)
                number += 1


class MakeRows:
    """The task that makes a unit's rows; runs in workers, and keeps the spool and the donor rings it has opened."""

    def __init__(self, spool: Path, parts: Path, seed: int, on_error: str, plans: Mapping[str, Plan]) -> None:
        """Read from ``spool``, write below ``parts``."""
        self.spool, self.parts, self.seed, self.on_error, self.plans = spool, parts, seed, on_error, plans
        self._open: Spool | None = None
        self._rings: dict[tuple[str, str | None], Ring] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Leave behind what is open."""
        return self.__dict__ | {"_open": None, "_rings": {}}

    def __call__(self, unit: Unit) -> UnitResult:
        """Write the unit's rows as an Arrow file and return what was made."""
        import pyarrow as pa

        if self._open is None:
            self._open = Spool(self.spool)
        plan = self.plans[unit.collection]
        schema = plan.columns.arrow()
        made = _Made(unit, plan.columns)
        path = self.parts / f"{unit.number:06d}.arrow"
        chunk_size = PAYLOAD_CHUNK if any(s.kind.payload for s in plan.columns.before.values()) else 1 << 30
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
            for items in _chunks(self._open.items(unit.collection, unit.side, unit.first, unit.last), chunk_size):
                rows = self.rows(plan, unit.collection, unit.side, items, made)
                batch = pa.RecordBatch.from_pylist(rows, schema=schema)
                made.count(batch, rows)
                writer.write_batch(batch)
        return made.result(path.name)

    def rows(self, plan: Plan, collection: str, side: str, items: Sequence[Item], made: _Made) -> list[dict[str, Any]]:
        """Return the rows of some records: each original, then its copies."""
        records = [LazyRecord(item.stored, plan.schema) for item in items]
        todo = [(i, copy) for i, item in enumerate(items) for copy in range(item.copies)]
        outputs: list[Any] = []
        if todo and plan.pipeline is not None:
            work = [(items[i].id, copy, records[i]) for i, copy in todo]
            pool, pools = self._pools(plan, collection, side)
            outputs = plan.pipeline.many(work, seed=self.seed, pool=pool, pools=pools)
        rows: list[dict[str, Any]] = []
        next_output = iter(zip(todo, outputs, strict=True))
        for i, item in enumerate(items):
            made.records += 1
            if side not in plan.skip_originals:
                own: dict[str, Any] = {ROW_ID: item.id, COPY: None, PARENTS: [], ORIGIN: "original"}
                rows.append(plan.columns.original(item.stored) | own)
            for _ in range(item.copies):
                (_, copy), output = next(next_output)
                row = self._copy(plan, item, copy, records[i], output, made)
                if row is not None:
                    rows.append(row)
        return rows

    def _copy(
        self, plan: Plan, item: Item, copy: int, record: LazyRecord, output: Any, made: _Made
    ) -> dict[str, Any] | None:
        """Return a copy's row, or None when it failed (kept with its reason) or was dropped (counted)."""
        if isinstance(output, Dropped):
            made.dropped += 1
            return None
        name = row_id(item.id, copy)
        try:
            if isinstance(output, DataError):
                raise output
            assert isinstance(output, Output)
            values = plan.columns.augmented(output, record, item.stored, name)
        except DataError as error:
            if self.on_error == "raise":
                raise
            made.bad.append(Bad(made.unit.collection, item.id, copy, "augment", str(error)))
            return None
        parents = [item.id, *(d for a in output.applied for d in a.donors)]
        return values | {ROW_ID: name, COPY: copy, PARENTS: list(dict.fromkeys(parents)), ORIGIN: "augmented"}

    def _pools(self, plan: Plan, collection: str, side: str) -> tuple[Ring | None, dict[str, Ring]]:
        """Return the donor pools of a side: its own records, and those of the collections that steps name."""
        assert plan.pipeline is not None
        if not plan.pipeline.needs_pool:
            return None, {}
        named = {n: self._ring(n, None if alone else side, schema) for n, (schema, alone) in plan.pools.items()}
        return self._ring(collection, side, plan.schema), named

    def _ring(self, collection: str, side: str | None, schema: Any) -> Ring:
        key = (collection, side)
        if key not in self._rings:
            assert self._open is not None
            self._rings[key] = Ring(SpoolView(self._open, collection, side, schema))
        return self._rings[key]


class _Made:
    """Counts and digests of a unit on its way."""

    def __init__(self, unit: Unit, columns: Columns) -> None:
        self.unit, self.columns = unit, columns
        self.digests = bytearray()
        self.bad: list[Bad] = []
        self.dropped = self.records = self.originals = self.rows = self.nbytes = 0

    def count(self, batch: pa.RecordBatch, rows: Sequence[Mapping[str, Any]]) -> None:
        """Add a batch; digests are of what Arrow holds, which is what can be read back."""
        self.rows += batch.num_rows
        self.nbytes += batch.nbytes
        self.originals += sum(row[COPY] is None for row in rows)
        for row in batch.to_pylist():
            self.digests += self.columns.digest(self.unit.collection, self.unit.side, row)

    def result(self, part: str) -> UnitResult:
        """Return the whole."""
        digests = bytes(self.digests)
        return UnitResult(
            self.unit, part, self.rows, self.originals, self.nbytes, digests, self.bad, self.dropped, self.records
        )


def _chunks(items: Iterator[Item], size: int) -> Iterator[list[Item]]:
    chunk: list[Item] = []
    for item in items:
        chunk.append(item)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
