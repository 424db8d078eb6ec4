"""The compiled pipeline: its call, its batch form, its fit, its replay."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from itertools import islice
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from augury.catalog import registry
from augury.errors import DataError, RecipeError, describe, shown
from augury.kinds import Kind, Later
from augury.pipelines.compiling import Compiler
from augury.pipelines.constrained import STATE, Rules, fit_constraints
from augury.pipelines.deferring import deferring, later_value
from augury.pipelines.donors import Ring
from augury.pipelines.explaining import explain
from augury.pipelines.identity import fingerprint
from augury.pipelines.nodes import Node, OpNode, wrap
from augury.pipelines.output import Dropped, Output
from augury.pipelines.replaying import check_applied, check_lineage, stored_steps
from augury.pipelines.rows import run_rows
from augury.pipelines.running import Running
from augury.record import FieldSpec, Record, Schema
from augury.rng import record_key
from augury.values import canonical_bytes

if TYPE_CHECKING:
    from augury.constraints import Constraint

T = TypeVar("T")

FIT_BATCH = 1024


def batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield runs of ``size`` items, the last one shorter."""
    rest = iter(items)
    while part := list(islice(rest, size)):
        yield part


Pool = Mapping[str, Record] | Ring

NO_RINGS: Mapping[str, Ring] = MappingProxyType({})


class Pipeline:
    """Compiled steps. Immutable and safe from any thread; `fit` returns another one."""

    def __init__(
        self,
        schema: Schema,
        nodes: list[Node],
        compiler: Compiler,
        warnings: list[str],
        compile: bool,
        constraints: tuple[Constraint, ...] = (),
    ) -> None:
        """Hold the nodes; use `pipeline` to build one."""
        self.schema = schema
        self.nodes = nodes
        self.ops: tuple[OpNode, ...] = tuple(compiler.nodes)
        self.schema_after = Schema(spec._replace(kind=compiler.kinds[name]) for name, spec in schema.fields.items())
        self.defers, said = deferring(schema, self.ops)
        self.warnings = tuple(dict.fromkeys([*warnings, *said]))
        self.skipped = tuple(compiler.skipped)
        self.compile = compile
        self.needs_pool = any(n.donors for n in self.ops)
        self.pools = tuple(sorted({n.pool for n in self.ops if n.donors}))
        self.constraints = constraints
        self.needs_fit = any(n.op.fits for n in self.ops) or any(c.fits for c in constraints)
        self.states: Mapping[str, Any] = {}
        self.state_hashes: Mapping[str, str] = {}
        self.rules = Rules(constraints, schema, {}) if constraints else None
        self.fingerprint = fingerprint(nodes, schema, constraints)
        self._final_lifts: dict[str, Kind] = {
            name: spec.kind for name, spec in self.schema_after.fields.items() if spec.kind is not schema[name].kind
        }
        self.exceptions = registry().exceptions(f.kind_id for f in schema.fields.values() if f.link)
        self._drop_if_empty = tuple(f for f in schema.fields.values() if f.on_empty == "drop")
        self._ring: tuple[object, Ring] | None = None

    @property
    def reads(self) -> frozenset[str]:
        """The fields whose value some step looks at."""
        return frozenset(f for n in self.ops if "value" in n.op.reads for f in n.fields)

    @property
    def may_drop(self) -> bool:
        """Whether an output may be dropped since a field has become empty."""
        return bool(self._drop_if_empty)

    # -- running -----------------------------------------------------------------------------------------------

    def __call__(
        self,
        record: Record,
        *,
        seed: int = 0,
        id: str = "",
        copy: int | None = 0,
        pool: Pool | None = None,
        pools: Mapping[str, Pool] | None = None,
    ) -> Output:
        """Return the augmented record: a function of (seed, id, copy), the record, and for ops with donors the pool.

        Raises:
            DataError: when the record cannot be augmented, naming it and the step.
            Dropped: when a field with ``on_empty: drop`` became empty.
        """
        if self.needs_fit:
            self._check_ready()
        values = self._values(record, id)
        now = self._start(values, seed, id, copy, self._rings(pool, pools) if self.needs_pool else NO_RINGS)
        try:
            for node in self.nodes:
                node.run(now)
            return self._finish(now, record, seed)
        except Exception as error:
            raise wrap(error, now) from error

    def many(
        self,
        items: Iterable[tuple[str, int | None, Record]],
        *,
        seed: int = 0,
        pool: Pool | None = None,
        pools: Mapping[str, Pool] | None = None,
    ) -> list[Output | DataError | Dropped]:
        """Run many (id, copy, record), rows batched over all; a record's error takes its own place in the result.

        Raises:
            AuguryError: for anything but wrong data.
        """
        return list(self.each(items, seed=seed, pool=pool, pools=pools))

    def each(
        self,
        items: Iterable[tuple[str, int | None, Record]],
        *,
        seed: int = 0,
        pool: Pool | None = None,
        pools: Mapping[str, Pool] | None = None,
    ) -> Iterator[Output | DataError | Dropped]:
        """Yield what `many` returns, each picture and recording made only when it is its record's turn.

        A caller who keeps little of an output (its encoded bytes) has one in memory at a time. Where no step acts on
        rows, items are taken one at a time too, else all of them at the start.
        """
        self._check_ready()
        rings = self._rings(pool, pools)
        batch_rows = any(node.row for node in self.ops)
        for part in (list(items),) if batch_rows else batched(items, 1):
            waiting = deque((self._begun(*item, seed, rings), item[2]) for item in part)
            part.clear()
            failed = run_rows([now for now, _ in waiting if isinstance(now, Running)])
            while waiting:
                now, record = waiting.popleft()
                yield self._ended(now, record, seed, failed) if isinstance(now, Running) else now

    def _begun(
        self, record_id: str, copy: int | None, record: Record, seed: int, rings: Mapping[str, Ring]
    ) -> Running | DataError | Dropped:
        """Return a record with every step drawn, rows and what else can wait pending; or why it cannot be augmented."""
        now = None
        try:
            now = self._start(self._values(record, record_id), seed, record_id, copy, rings)
            self._advance(now)
            return now
        except Exception as error:
            return self._excuse(error, now)

    def _ended(
        self, now: Running, record: Record, seed: int, failed: Mapping[Running, Exception]
    ) -> Output | DataError | Dropped:
        try:
            if now in failed:
                raise failed[now]
            return self._finish(now, record, seed)
        except Exception as error:
            return self._excuse(error, now)

    def table(self, table: Any, *, id: str, seed: int = 0, copy: int | str | None = 0) -> Any:
        """Run a whole table: the same rows as `many`, column by column, some ten times as fast.

        Args:
            table: A pyarrow table, or a pandas or polars frame; the same is returned. Columns that are no fields pass.
            id: The column of the rows' ids.
            seed: As for `many`.
            copy: The number of the copy, or the name of a column of them (see `augury.frames.with_copies`).

        Raises:
            RecipeError: where a step cannot draw for many rows at once (`augury.op.takes_tables`), or has a condition.
            DataError: for a value that is not of its field's kind, and a row that breaks a constraint.
        """
        from augury.pipelines.tables import as_arrow, as_given, run_table

        self._check_ready()
        return as_given(run_table(self, as_arrow(table), id, seed, copy), table)

    def _excuse(self, error: Exception, now: Running | None) -> DataError | Dropped:
        wrapped = wrap(error, now) if now is not None else error
        if isinstance(wrapped, DataError | Dropped):
            return wrapped
        raise wrapped from error

    def _check_ready(self) -> None:
        if not self.needs_fit:
            return
        missing = [(n.path, n.spec.id) for n in self.ops if n.op.fits and n.path not in self.states]
        missing += [("constraints", c.text) for c in self.constraints if c.fits and STATE + c.text not in self.states]
        if missing:
            where, what = missing[0]
            fix = "call pipe.fit(records) with the training side first"
            raise RecipeError(describe(where, "a fitted pipeline", shown(f"{what} not fitted"), fix=fix))

    def _rings(self, pool: Pool | None, pools: Mapping[str, Pool] | None) -> dict[str, Ring]:
        if not self.needs_pool:
            return {}
        rings = {name: p if isinstance(p, Ring) else Ring(p) for name, p in (pools or {}).items()}
        if pool is not None:
            rings[""] = self._ring_of(pool)
        for node in self.ops:
            if node.donors and node.pool not in rings:
                what = f"pools={{{node.pool!r}: ...}}" if node.pool else "pool=..."
                fix = f"pass {what}, a mapping of id to record"
                raise RecipeError(describe(node.path, "a pool of donor records", shown("none"), fix=fix))
        return rings

    def _ring_of(self, pool: Pool) -> Ring:
        """Index a pool, remembering the last one: a loop over records passes the same mapping each time.

        It is indexed anew when another mapping is given, or the same with another number of records.
        """
        if isinstance(pool, Ring):
            return pool
        known = self._ring
        if known is None or known[0] is not pool or len(known[1]) != len(pool):
            known = self._ring = (pool, Ring(pool))
        return known[1]

    def _values(self, record: Record, record_id: str) -> dict[str, Any]:
        """Return the record's canonical values, but for those that are decoded only when something runs on them."""
        if not self.defers:
            return self.schema.check(record, record_id)
        later = {name: found for name in self.defers if (found := later_value(self.schema[name], record)) is not None}
        known = self.schema.check({name: record[name] for name in record if name not in later}, record_id)
        return {name: later.get(name, known.get(name)) for name in record if name in later or name in known}

    def _start(
        self, values: dict[str, Any], seed: int, record_id: str, copy: int | None, rings: Mapping[str, Ring]
    ) -> Running:
        key = record_key(seed, record_id, copy)
        now = Running(self.schema, values, record_id, copy, key, rings, self.states, self.state_hashes, self.compile)
        if self.defers:
            now.later = {name for name in self.defers if name in values and isinstance(values[name], Later)}
        now.exceptions = self.exceptions
        now.rules = self.rules
        return now

    def _advance(self, now: Running) -> None:
        for node in self.nodes:
            node.run(now)

    def _finish(self, now: Running, record: Record, seed: int) -> Output:
        values = now.finish()
        for name, kind in self._final_lifts.items():
            now.lift(name, kind)
        for spec in self._drop_if_empty:
            if spec.name in values and _became_empty(spec, values[spec.name], record):
                raise Dropped(
                    describe(
                        f"record {now.id!r}, copy {now.copy}",
                        f"something left in {spec.name}",
                        shown("nothing"),
                        fix="none needed; on_empty: keep would keep it",
                    )
                )
        pools = None
        if now.rings:
            pools = ",".join(f"{name}={ring.hash}" if name else ring.hash for name, ring in sorted(now.rings.items()))
        return Output(values, (seed, now.id, now.copy, self.fingerprint, pools), now.applied)

    # -- fitting -----------------------------------------------------------------------------------------------

    def fit(self, records: Any, *, id: str | None = None) -> Pipeline:
        """Return this pipeline with every fitted op's state learned from the training side's records.

        Args:
            records: Id to record, or pairs; or, faster and to the same states, an Arrow table, pandas or polars frame.
                Order does not matter: ops see batches sorted by id. A mapping with ``in_order`` is read as it comes,
                nothing of it held in memory; one with ``tables(names)``, which yields ids and Arrow tables, by those.
            id: The column of the ids, where ``records`` is a table.

        Raises:
            DataError: without records, and for a table whose ids are not each its own.
        """
        if id is not None:
            from augury.pipelines.tables import read_batch

            batch = read_batch(self, records, id)
            return self._fitted(lambda: iter([batch]))
        source = records if isinstance(records, Mapping) else dict(records)
        if source and hasattr(source, "tables") and all(n.row for n in self.ops if n.op.fits):
            from augury.pipelines.tables import read_batches

            return self._fitted(lambda: read_batches(self, source.tables))
        if not source:
            raise DataError(describe("fit", "at least one training record", shown("none"), fix="check the split"))

        def batches() -> Iterator[list[tuple[str, Record]]]:
            pairs = source.items() if getattr(source, "in_order", False) else ((i, source[i]) for i in sorted(source))
            for part in batched(pairs, FIT_BATCH):
                yield [(i, self.schema.check(record, i)) for i, record in part]

        return self._fitted(batches)

    def _fitted(self, batches: Callable[[], Iterator[Sequence[tuple[str, Record]]]]) -> Pipeline:
        states = {n.path: n.op.fit(batches(), self._fit_fields(n)) for n in self.ops if n.op.fits}
        states |= fit_constraints(self.constraints, self.schema, batches())
        return self.with_states(states)

    def with_states(self, states: Mapping[str, Any]) -> Pipeline:
        """Return this pipeline with the given fitted states (step path to state)."""
        fitted = object.__new__(Pipeline)
        fitted.__dict__.update(self.__dict__)
        fitted.states = dict(states)
        fitted.rules = Rules(self.constraints, self.schema, fitted.states) if self.constraints else None
        fitted.state_hashes = {p: blake2b(canonical_bytes(s), digest_size=8).hexdigest() for p, s in states.items()}
        return fitted

    def _fit_fields(self, node: OpNode) -> dict[str, FieldSpec]:
        names = list(node.columns.columns) if node.row else list(node.fields)
        labels = [f.name for f in self.schema.fields.values() if f.role == "label" and f.name not in names]
        return {name: self.schema[name] for name in [*names, *labels]}

    # -- replaying ---------------------------------------------------------------------------------------------

    def replay(
        self,
        record: Record,
        lineage: Mapping[str, Any],
        *,
        pool: Pool | None = None,
        pools: Mapping[str, Pool] | None = None,
        trace: list[str] | None = None,
    ) -> Output:
        """Rebuild a record from its source and its lineage, drawing again and comparing with every stored draw.

        Args:
            record: The source record.
            lineage: The output's ``lineage``.
            pool: The donor pool it was made with, if any step has donors.
            pools: Named pools.
            trace: A list that what was run together is described in.

        Raises:
            CheckFailed: where the pipeline, an op's version, a draw or a donor differs from what is stored.
        """
        self._check_ready()
        check_lineage(self.ops, self.fingerprint, lineage)
        values = self._values(record, lineage["id"])
        now = self._start(values, lineage["seed"], lineage["id"], lineage["copy"], self._rings(pool, pools))
        now.stored = stored_steps(lineage)
        now.trace = trace
        planned = set(now.stored)
        try:
            self._advance(now)
            out = self._finish(now, record, lineage["seed"])
        except Exception as error:
            raise wrap(error, now) from error
        check_applied(planned, now.applied)
        return out

    def explain(self, lineage: Mapping[str, Any], trace: Sequence[str] = ()) -> str:
        """Return in words how a record came to be: its key, each applied step with its draw, what ran together."""
        return explain(self.nodes, self.ops, lineage, trace)


def _became_empty(spec: FieldSpec, value: Any, before: Record) -> bool:
    if not spec.kind.is_empty(value):
        return False
    original = before.get(spec.name)
    return original is not None and not spec.kind.is_empty(spec.kind.check(original))
