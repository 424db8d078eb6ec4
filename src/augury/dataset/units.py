"""Units: fixed runs of records by id, each made into one file of rows by whichever process takes it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from augury.dataset.assigning import Left
from augury.dataset.cleaning import INVALID
from augury.dataset.collect import MOST_WITH_FILES, PLAIN_UNITS
from augury.dataset.columnar import augmented, rows_of, takes_columns
from augury.dataset.columns import COPY, ORIGIN, PARENTS, Columns
from augury.dataset.identity import DIGEST, row_id
from augury.dataset.index import Index, Item
from augury.dataset.preparing import CRASHED
from augury.dataset.stored import LazyRecord
from augury.durable import write_json, written
from augury.errors import DataError, describe, shown
from augury.formats.beside import ROW_ID
from augury.pipelines import Dropped, Output, Pipeline, Ring
from augury.pipelines.compiled import batched
from augury.recipe.sections import AUGMENTED, ORIGINAL, SYNTHETIC

if TYPE_CHECKING:
    import pyarrow as pa

PAYLOAD_CHUNK = 8
"""Records with payloads that are held decoded at a time."""


ROW_DIGEST = "augury_digest"
"""The column of a unit's file that holds each row's digest; it does not go into the dataset."""

AUGMENT = "augment"
"""The stage that failed copies leave at."""


class Unit(NamedTuple):
    """A run of one side's records, sorted by id: the positions [start, stop) of the index.

    ``name`` is that of its file; ``crashed`` are the positions, with how, of records that kill whoever augments them.
    """

    name: str
    collection: str
    side: str
    start: int
    stop: int
    crashed: Mapping[int, str] = {}

    def __str__(self) -> str:
        """Return the unit as messages name it."""
        return f"unit {self.name} ({self.collection}, {self.side}: records {self.start} to {self.stop - 1})"


class UnitResult(NamedTuple):
    """What a unit made, in numbers; its rows and what left lie on disk."""

    unit: Unit
    rows: int
    originals: int
    nbytes: int
    left: int
    dropped: int
    records: int
    synthetic: int = 0


class Plan(NamedTuple):
    """How the records of a collection are augmented.

    Args:
        columns: What is written.
        pipeline: The fitted pipeline, or None when nothing is augmented.
        skip_originals: The sides whose originals are not written.
        pools: Named pools of the pipeline: name to the schema of that collection, and whether it only serves donors.
    """

    columns: Columns
    schema: Any
    pipeline: Pipeline | None
    skip_originals: tuple[str, ...]
    pools: Mapping[str, tuple[Any, bool]]


def plan_units(index: Index, plans: Mapping[str, Plan], sides: Sequence[str], most: int, key: Any) -> Iterator[Unit]:
    """Yield the units of every collection and side, in the order of their ids: at most ``most`` records each.

    Where they hold files it is fewer, and `PLAIN_UNITS` times as many where they are made column by column.

    ``key(*parts)`` names what is a function of the run and of ``parts``.
    """
    number = 0
    for collection, plan in plans.items():
        holds_files = any(spec.kind.payload for spec in plan.schema.fields.values())
        size = min(most, MOST_WITH_FILES) if holds_files else most
        if takes_columns(plan.columns, plan.pipeline, index):
            size = PLAIN_UNITS * most
        for side in sides:
            span = index.span(collection, side)
            for start in range(span.start, span.stop, size):
                stop = min(start + size, span.stop)
                name = f"{number:06d}-{key(AUGMENT, collection, side, start, stop, span.hash)}"
                yield Unit(name, collection, side, start, stop)
                number += 1


class MakeRows:
    """The task that makes a unit's rows; runs in workers, and keeps the donor rings it has opened."""

    def __init__(self, index: Index, folder: Path, seed: int, on_error: str, plans: Mapping[str, Plan]) -> None:
        """Read from ``index``, write into ``folder``."""
        self.index, self.folder, self.seed, self.on_error, self.plans = index, folder, seed, on_error, plans
        self._rings: dict[tuple[str, str | None], Ring] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Leave behind what is open."""
        return self.__dict__ | {"_rings": {}}

    def __call__(self, unit: Unit) -> UnitResult:
        """Write the unit's rows as an Arrow file, then what was made as JSON, which says that the unit is done."""
        import pyarrow as pa

        plan = self.plans[unit.collection]
        schema = plan.columns.rows()
        made = Made(unit, plan.columns)
        chunk_size = PAYLOAD_CHUNK if any(s.kind.payload for s in plan.columns.before.values()) else 1 << 30
        with written(self.folder / f"{unit.name}.arrow") as path, made.file(path) as writer:
            batch = self._columnar(unit, plan, schema, made)
            if batch is not None:
                writer.write_batch(made.count(batch))
            for items in batched(self._items(unit, made), chunk_size) if batch is None else ():
                rows = self.rows(plan, unit.collection, unit.side, items, made)
                writer.write_batch(made.count(pa.RecordBatch.from_pylist(rows, schema=schema)))
        result = made.result()
        facts = {name: value for name, value in result._asdict().items() if name != "unit"}
        write_json(self.folder / f"{unit.name}.json", facts | {"gone": made.gone})
        return result

    def _columnar(self, unit: Unit, plan: Plan, schema: pa.Schema, made: Made) -> pa.RecordBatch | None:
        """Return the unit's rows made column by column, or None where they must be made one by one."""
        pipe = plan.pipeline
        if unit.crashed or not takes_columns(plan.columns, pipe, self.index):
            return None
        ids = self.index.column("id", unit.start, unit.stop)
        count = self.index.copies[unit.start : unit.stop] if pipe is not None else np.zeros(len(ids), np.int64)
        of = np.repeat(np.arange(len(ids)), count)
        numbers = np.arange(len(of)) - np.repeat(np.cumsum(count) - count, count)
        fields = self.index.table(unit.start, unit.stop, plan.columns.fields())
        copies = None
        if pipe is not None and len(of):
            own = [ids[i] for i in of.tolist()]
            copies = augmented(pipe, fields.take(of), own, numbers.tolist(), self.seed, schema)
            if copies is None or (copies.broken and self.on_error == "raise"):
                return None
            for place, error in copies.broken.items():
                why = (AUGMENT, INVALID, str(error))
                made.gone.append(Left(unit.collection, own[place], int(numbers[place]), *why))
        made.records += len(ids)
        originals = fields.slice(0, 0) if unit.side in plan.skip_originals else fields
        return rows_of(originals, ids, copies, of, numbers, schema)

    def halves(self, unit: Unit) -> tuple[Unit, Unit] | None:
        """Return the unit in two, for finding a record that kills its worker; None for a single record."""
        if unit.stop - unit.start < 2:
            return None
        middle = (unit.start + unit.stop) // 2
        return (
            unit._replace(name=f"{unit.name}-a", stop=middle),
            unit._replace(name=f"{unit.name}-b", start=middle),
        )

    def without(self, unit: Unit, killers: Sequence[Unit], how: str) -> Unit:
        """Return the unit with the records of ``killers`` left out as crashed."""
        return unit._replace(crashed={position: how for k in killers for position in range(k.start, k.stop)})

    def _items(self, unit: Unit, made: Made) -> Iterator[Item]:
        start = unit.start
        for position in [*sorted(unit.crashed), unit.stop]:
            yield from self.index.items(start, position)
            if position < unit.stop:
                got = shown(f"its worker's death by {unit.crashed[position]}")
                why = describe("", "the record to be augmented", got, fix="see what is in it, or leave it out")
                made.gone.append(Left(unit.collection, self.index.value("id", position), None, AUGMENT, CRASHED, why))
            start = position + 1

    def rows(self, plan: Plan, collection: str, side: str, items: Sequence[Item], made: Made) -> list[dict[str, Any]]:
        """Return the rows of some records: each original, then its copies."""
        records = [LazyRecord(item.stored, plan.schema) for item in items]
        outputs: Iterator[Any] = iter(())
        if plan.pipeline is not None and any(item.copies for item in items):
            work = ((items[i].id, copy, records[i]) for i in range(len(items)) for copy in range(items[i].copies))
            pool, pools = self._pools(plan, collection, side)
            outputs = plan.pipeline.each(work, seed=self.seed, pool=pool, pools=pools)
        rows: list[dict[str, Any]] = []
        for i, item in enumerate(items):
            made.records += 1
            if side not in plan.skip_originals:
                own: dict[str, Any] = {ROW_ID: item.id, COPY: None, PARENTS: [], ORIGIN: ORIGINAL}
                rows.append(plan.columns.original(item.stored) | own)
            for copy in range(item.copies):
                row = self._copy(plan, item, copy, records[i], next(outputs), made)
                if row is not None:
                    rows.append(row)
        return rows

    def _copy(
        self, plan: Plan, item: Item, copy: int, record: LazyRecord, output: Any, made: Made
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
            made.gone.append(Left(made.unit.collection, item.id, copy, AUGMENT, INVALID, str(error)))
            return None
        parents = [item.id, *(d for a in output.applied for d in a.donors)]
        return values | {ROW_ID: name, COPY: copy, PARENTS: list(dict.fromkeys(parents)), ORIGIN: AUGMENTED}

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
            self._rings[key] = self.index.ring(self.index.span(collection, side), schema)
        return self._rings[key]


class Made:
    """Counts of a unit on its way, and its file."""

    def __init__(self, unit: Unit, columns: Columns) -> None:
        self.unit, self.columns = unit, columns
        self.gone: list[Left] = []
        self.dropped = self.records = self.originals = self.synthetic = self.rows = self.nbytes = 0

    @contextmanager
    def file(self, path: Path) -> Iterator[Any]:
        """Open the unit's Arrow file for its batches."""
        import pyarrow as pa

        schema = self.columns.rows().append(pa.field(ROW_DIGEST, pa.binary(DIGEST)))
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
            yield writer

    def count(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Add a batch; return it with the rows' digests."""
        import pyarrow as pa

        self.rows += batch.num_rows
        self.nbytes += batch.nbytes
        origins = Counter(batch.column(ORIGIN).to_pylist())
        self.originals += origins[ORIGINAL]
        self.synthetic += origins[SYNTHETIC]
        digests = self.columns.digests(self.unit.collection, self.unit.side, batch)
        return batch.append_column(ROW_DIGEST, pa.array(digests, pa.binary(DIGEST)))

    def result(self) -> UnitResult:
        """Return the whole."""
        counts = (self.rows, self.originals, self.nbytes, len(self.gone), self.dropped, self.records, self.synthetic)
        return UnitResult(self.unit, *counts)


def finished(folder: Path, unit: Unit) -> UnitResult | None:
    """Return what an earlier run made of a unit, or None when it is not done."""
    path = folder / f"{unit.name}.json"
    if not path.exists():
        return None
    facts = json.loads(path.read_text(encoding="utf-8"))
    facts.pop("gone")
    return UnitResult(unit, **facts)


def left_in(folder: Path, unit: Unit) -> list[Left]:
    """Return what left in a finished unit."""
    facts = json.loads((folder / f"{unit.name}.json").read_text(encoding="utf-8"))
    return [Left(*row) for row in facts["gone"]]
