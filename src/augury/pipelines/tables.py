"""Whole tables through a pipeline: the same rows as one by one, column by column.

Only ops that draw for many rows at once (`augury.op.takes_tables`) can run so. A row's random numbers come from the
same key as ever, so a table gives bit for bit what `Pipeline.many` gives for its rows.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from hashlib import blake2b
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

from augury.constraints import Constraint
from augury.effects import Rows
from augury.errors import DataError, FieldError, RecipeError, describe, shown
from augury.op import TableInfo, takes_tables
from augury.pipelines.constrained import broken_error
from augury.pipelines.nodes import Node, OpNode
from augury.record import Batch, FieldSpec, Record, type_name
from augury.rng import Rngs, record_key

if TYPE_CHECKING:
    from augury.pipelines.compiled import Pipeline


def run_table(pipe: Pipeline, table: pa.Table, id: str, seed: int, copy: int | str | None) -> pa.Table:
    """Return the table with the pipeline's columns changed; see `Pipeline.table`."""
    for node in pipe.nodes:
        if not takes_table(node):
            where = getattr(node, "path", "a combinator")
            what, fix = "a step that draws for many rows at once, without condition", "run the rows with many()"
            raise RecipeError(describe(str(where), what, shown("another"), fix=fix))
    names = dict.fromkeys(name for node in pipe.ops for name in node.columns.columns)
    for name in names:
        if name not in table.column_names:
            fix = "give the column, empty where nothing is known"
            raise DataError(
                describe("table", f"a column {name!r}", shown("none"), name=name, known=table.column_names, fix=fix)
            )
    ids = _ids(table, id)
    copies = _copies(table, copy) if isinstance(copy, str) else [copy] * len(ids)
    seen = [name for name in looked_at(pipe) if name in table.column_names]
    run = TableRun(pipe, read_batch_of(pipe, table.select(seen), ids), seed, copies)
    for node in pipe.ops:
        run.step(node)
        for place, broken in run.broken.items():
            got = shown(f"{len(run.broken)} rows that break it, the first is row {place}")
            fix = "run the rows with many() to keep the others"
            raise DataError(describe(node.path, broken.constraint.text, got, fix=fix))
    for name in names:
        place = table.column_names.index(name)
        written, given = write_column(pipe.schema[name], run.columns[name]), table.column(place).type
        if pa.types.is_large_string(given) or pa.types.is_string_view(given):  # as pandas and polars have text
            written = written.cast(given)
        table = table.set_column(place, name, written)
    return table


def takes_table(node: Node) -> bool:
    """Return whether a node can run on all rows at once."""
    if not isinstance(node, OpNode) or node.independent or node.when is not None:
        return False
    return node.row and takes_tables(node.op)


class Broken(NamedTuple):
    """A row that breaks a constraint, as the step made it."""

    node: OpNode
    constraint: Constraint
    row: Record


class TableRun:
    """The rows of a table on their way through a pipeline.

    Attributes:
        columns: Field to its values, as they are now.
        donors: The ids of the donors that each step took, object (n, donors), None where a row has none.
        broken: Row to what it broke first; such rows go on and are worth nothing.
    """

    def __init__(self, pipe: Pipeline, rows: Batch, seed: int, copies: Sequence[int | None]) -> None:
        """Start with the rows as they came and the number of each one's copy."""
        self.pipe, self.ids, self.copies = pipe, rows.ids, copies
        self.columns = dict(rows.columns)
        self.donors: list[np.ndarray] = []
        self.broken: dict[int, Broken] = {}
        self._keys = [record_key(seed, i, copy) for i, copy in zip(rows.ids, copies, strict=True)]

    def step(self, node: OpNode) -> None:
        """Run a step on the rows that its gate lets through and that have something for it."""
        rng = Rngs([blake2b(key + node.key).digest() for key in self._keys])
        names = list(node.columns.columns)
        applied = rng.gates() < node.p if node.p < 1.0 else np.ones(len(self.ids), bool)
        if not node.op.changes_missing:  # as for rows: an op is not asked about a row that has nothing for it
            applied &= ~np.logical_and.reduce([missing(self.columns[name]) for name in names])
        info = TableInfo("row", node.columns, self.pipe.states.get(node.path), self.ids, applied)
        drawn = node.op.draw_rows(rng, info)
        if drawn.donors is not None:
            donors = drawn.donors.copy()
            donors[~applied] = None
            self.donors.append(donors)
        if not isinstance(drawn.effect, Rows):
            return
        before = dict(self.columns)
        self._change(drawn.effect, applied if drawn.where is None else applied & drawn.where)
        if self.pipe.rules is not None:
            for constraint in self.pipe.rules.touched(names):
                self._judge(node, constraint, before)

    def _change(self, effect: Rows, applied: np.ndarray) -> None:
        reads = {name: self.columns[name] for name in effect.reads}
        changed = effect.fn(reads, **effect.args, **effect.shared)
        everywhere = applied.all()
        for name in effect.writes:
            held = self.pipe.schema[name].kind.hold(changed[name])
            self.columns[name] = held if everywhere else np.where(applied, held, self.columns[name])

    def _judge(self, node: OpNode, constraint: Constraint, before: dict[str, np.ndarray]) -> None:
        """Follow and judge a constraint that the step touches."""
        assert self.pipe.rules is not None
        fields, state = self.pipe.schema.fields, self.pipe.rules.state(constraint)
        if node.op.reparametrises:
            for name, values in constraint.follow(before, self.columns, fields, state).items():
                self.columns[name] = fields[name].kind.hold(values)
        for place in constraint.broken(self.columns, fields, state).nonzero()[0].tolist():
            if place not in self.broken:
                self.broken[place] = Broken(node, constraint, Batch(self.ids, self.columns, fields)[place][1])

    def error(self, place: int) -> DataError | None:
        """Return the error of a row that broke a constraint, as `Pipeline.many` gives it."""
        if place not in self.broken:
            return None
        node, constraint, row = self.broken[place]
        where = f"record {self.ids[place]!r}, copy {self.copies[place]}, step {node.path}"
        return DataError(f"{where}: {broken_error(constraint, row)}")


def looked_at(pipe: Pipeline) -> list[str]:
    """Return the fields that steps on rows, what they learn, and constraints look at."""
    names = {name for node in pipe.ops for name in node.columns.columns}
    names |= {name for name, spec in pipe.schema.fields.items() if spec.role == "label"}
    names |= {name for constraint in pipe.constraints for name in constraint.columns}
    return [name for name in pipe.schema.fields if name in names]


def read_batch_of(pipe: Pipeline, table: pa.Table, ids: Sequence[str]) -> Batch:
    """Return rows in the order that they have, with those of their columns that are fields of the pipeline.

    Raises:
        DataError: for a value that is not of its field's kind.
    """
    return Batch(ids, _columns(pipe, table), pipe.schema.fields)


def read_batch(pipe: Pipeline, frame: Any, id: str) -> Batch:
    """Return the rows of a table or frame, sorted by id, with those of its columns that are fields of the pipeline.

    Raises:
        DataError: without rows, and where an id occurs twice.
    """
    table = as_arrow(frame)
    ids = _ids(table, id)
    order = sorted(range(len(ids)), key=ids.__getitem__)
    names = [ids[i] for i in order]
    if not names:
        raise DataError(describe("fit", "at least one training row", shown("none"), fix="check the split"))
    for name, after in pairwise(names):
        if name == after:
            raise DataError(describe(f"column {id!r}", "ids that differ", name, fix="give each row an id of its own"))
    columns = _columns(pipe, table)
    if order != list(range(len(order))):
        columns = {name: values[order] for name, values in columns.items()}
    return Batch(names, columns, pipe.schema.fields)


def read_batches(pipe: Pipeline, tables: Callable[[Collection[str]], Iterable[Any]]) -> Iterator[Batch]:
    """Yield batches of those columns of tables (with their ids) that fitted steps on rows, and constraints, look at."""
    for ids, table in tables(looked_at(pipe)):
        yield read_batch_of(pipe, table, ids)


def as_arrow(frame: Any) -> pa.Table:
    """Return a pandas or polars frame, or another object with ``__arrow_c_stream__``, as an Arrow table.

    Raises:
        DataError: for another object, and for columns of one name.
    """
    try:
        if isinstance(frame, pa.Table):
            table = frame
        elif type(frame).__module__.startswith("pandas."):
            table = pa.Table.from_pandas(frame, preserve_index=False)
        elif hasattr(frame, "__arrow_c_stream__"):
            table = pa.table(frame)
        else:
            fix = "give a pandas or polars frame, or an Arrow table"
            raise DataError(describe("frame", "a data frame", type_name(frame), fix=fix))
    except (pa.ArrowException, ValueError, TypeError) as error:
        raise DataError(
            describe("frame", "columns of one type and names that differ", error, fix="correct it")
        ) from error
    names = table.column_names
    repeated = next((name for name in names if names.count(name) > 1), None)
    if repeated is not None:
        raise DataError(describe("frame", "column names that differ", repeated, fix="rename one of the columns"))
    return table


def as_given(table: pa.Table, like: Any) -> Any:
    """Return a table as what ``like`` is: an Arrow table, a polars or a pandas frame (with its index, if as long)."""
    if isinstance(like, pa.Table):
        return table
    if hasattr(like, "to_arrow"):
        return type(like)(table)
    frame = table.to_pandas()
    return frame.set_axis(like.index) if len(frame) == len(like) else frame


def _column(table: pa.Table, name: str, what: str, key: str) -> pa.ChunkedArray:
    if name not in table.column_names:
        known = table.column_names
        raise DataError(describe("table", what, name, name=name, known=known, fix=f"name the column with {key}="))
    return table.column(name)


def _ids(table: pa.Table, id: str) -> list[str]:
    column = _column(table, id, "a column of ids", "id").cast(pa.string())
    if column.null_count:
        got, fix = shown(f"{column.null_count} rows without"), "fill the column"
        raise DataError(describe(f"column {id!r}", "an id in every row", got, fix=fix))
    return list(column.to_pylist())


def _copies(table: pa.Table, copy: str) -> list[int | None]:
    column = _column(table, copy, "a column of copy numbers", "copy")
    if not pa.types.is_integer(column.type):
        fix = "make them whole numbers, empty for originals"
        raise DataError(describe(f"column {copy!r}", "copy numbers", shown(column.type), fix=fix))
    return list(column.to_pylist())


def _columns(pipe: Pipeline, table: pa.Table) -> dict[str, np.ndarray]:
    fields = pipe.schema.fields
    return {n: _read(fields[n], table.column(n)) for n in table.column_names if n in fields}


def missing(values: np.ndarray) -> np.ndarray:
    """Return bool (n,): which values of a column of rows are missing."""
    if values.dtype == object:
        return np.array([value is None for value in values.tolist()], bool)
    return np.isnat(values) if values.dtype.kind == "M" else np.isnan(values)


def _read(spec: FieldSpec, column: pa.ChunkedArray) -> np.ndarray:
    """Return an Arrow column as the functions of rows take it; every different value is checked by its kind.

    Raises:
        DataError: for a value that is not of the field's kind.
    """
    kind = spec.kind
    if kind.entry_id == "number" and (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        numbers = column.cast(pa.float64(), safe=False).to_numpy()
        if getattr(kind, "integer", False) and not (np.isnan(numbers) | (numbers == np.round(numbers))).all():
            got, fix = shown("a fraction"), "round the column, or drop integer: true"
            raise DataError(describe(f"field {spec.name!r}", "whole numbers", got, fix=fix))
        return np.array(numbers)
    if kind.entry_id == "datetime" and pa.types.is_timestamp(column.type):
        return np.array(column.cast(pa.timestamp("us")).to_numpy())
    coded = _encoded(column)
    try:
        known = [None if value is None else kind.check(value) for value in coded.dictionary.to_pylist()]
    except FieldError as error:
        raise DataError(f"field {spec.name!r}: {error}") from error
    table = kind.to_column([*known, None])
    codes = coded.indices.fill_null(len(known)).to_numpy(zero_copy_only=False)
    return table[codes]


def _encoded(column: pa.ChunkedArray) -> pa.DictionaryArray:
    """Return a column as one dictionary-encoded array."""
    whole = column.combine_chunks()
    whole = whole.chunk(0) if isinstance(whole, pa.ChunkedArray) else whole
    return whole if pa.types.is_dictionary(whole.type) else whole.dictionary_encode()


def write_column(spec: FieldSpec, values: np.ndarray) -> pa.Array:
    """Return a column as its kind is kept in Arrow."""
    kept = spec.kind.arrow()
    if values.dtype == object:
        return pa.array(values, type=kept, from_pandas=False)
    gone = missing(values)
    if pa.types.is_integer(kept):
        return pa.array(np.where(gone, 0, values).astype(np.int64), type=kept, mask=gone)
    return pa.array(values, type=kept, mask=gone)
