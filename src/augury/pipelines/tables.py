"""Whole tables through a pipeline: the same rows as one by one, column by column.

Only steps whose draw is a seed (`augury.op.Op.seeded`) can run so: their functions take a column of seeds. A row's seed
comes from the same key as ever, so a table gives bit for bit what `Pipeline.many` gives for its rows.
"""

from __future__ import annotations

from hashlib import blake2b
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from augury.effects import Rows
from augury.errors import DataError, FieldError, RecipeError, describe, shown
from augury.pipelines.nodes import OpNode
from augury.record import FieldSpec
from augury.rng import record_key

if TYPE_CHECKING:
    from augury.pipelines.compiled import Pipeline


def run_table(pipe: Pipeline, table: pa.Table, ids: pa.ChunkedArray, seed: int, copy: int | None) -> pa.Table:
    """Return the table with the pipeline's columns changed; see `Pipeline.table`."""
    nodes = _nodes(pipe)
    schema = pipe.schema
    for name in (name for node in nodes for name in node.columns.columns):
        if name not in table.column_names:
            fix = "give the column, empty where nothing is known"
            raise DataError(
                describe("table", f"a column {name!r}", shown("none"), name=name, known=table.column_names, fix=fix)
            )
    columns = {n: _read(schema[n], table.column(n)) for n in table.column_names if n in schema}
    keys = [record_key(seed, i, copy) for i in ids.to_pylist()]
    for node in nodes:
        _step(pipe, node, columns, keys)
    for name in dict.fromkeys(n for node in nodes for n in node.columns.columns):
        place = table.column_names.index(name)
        table = table.set_column(place, name, _write(schema[name], columns[name]))
    return table


def _nodes(pipe: Pipeline) -> list[OpNode]:
    for node in pipe.nodes:
        if not (isinstance(node, OpNode) and _whole(node)):
            where = getattr(node, "path", "a combinator")
            what, fix = "a step that draws a seed, no donors, and has no condition", "run the rows with many()"
            raise RecipeError(describe(str(where), what, shown("another"), fix=fix))
    return [node for node in pipe.nodes if isinstance(node, OpNode)]


def _whole(node: OpNode) -> bool:
    """Whether the node can run on all rows at once."""
    return node.row and node.op.seeded and not node.donors and not node.independent and node.when is None


def _step(pipe: Pipeline, node: OpNode, columns: dict[str, np.ndarray], keys: list[bytes]) -> None:
    digests = b"".join([blake2b(key + node.key).digest()[:16] for key in keys])
    words = np.frombuffer(digests, dtype="<u8").reshape(-1, 2)
    applied = (words[:, 0] >> np.uint64(11)).astype(np.float64) * 2.0**-53 < node.p
    names = list(node.columns.columns)
    if not node.op.changes_missing:  # as for rows: an op is not asked about a row that has nothing for it
        applied &= ~np.logical_and.reduce([_missing(columns[name]) for name in names])
    info = SimpleNamespace(size=node.columns, state=pipe.states.get(node.path), field="row", donors=())
    effect = node.op.effect({"seed": 0}, info)
    if not isinstance(effect, Rows):
        return
    seeds = words[:, 1] >> np.uint64(1)
    changed = effect.fn({name: columns[name] for name in effect.reads}, seed=seeds, **effect.shared)
    before = dict(columns)
    for name in effect.writes:
        held = pipe.schema[name].kind.hold(changed[name])
        columns[name] = held if applied.all() else np.where(applied, held, columns[name])
    _judge(pipe, node, before, columns)


def _judge(pipe: Pipeline, node: OpNode, before: dict[str, np.ndarray], columns: dict[str, np.ndarray]) -> None:
    """Follow and judge the constraints that the step touches.

    Raises:
        DataError: for the first row that breaks one.
    """
    if pipe.rules is None:
        return
    fields = pipe.schema.fields
    for constraint in pipe.rules.touched(node.columns.columns):
        state = pipe.rules.state(constraint)
        if node.op.reparametrises:
            for name, values in constraint.follow(before, columns, fields, state).items():
                columns[name] = fields[name].kind.hold(values)
        broken = constraint.broken(columns, fields, state)
        if broken.any():
            got = shown(f"{int(broken.sum())} rows that break it, the first is row {int(broken.argmax())}")
            fix = "run the rows with many() to keep the others"
            raise DataError(describe(node.path, constraint.text, got, fix=fix))


def _missing(values: np.ndarray) -> np.ndarray:
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


def _write(spec: FieldSpec, values: np.ndarray) -> pa.Array:
    """Return a column as its kind is kept in Arrow."""
    kept = spec.kind.arrow()
    if values.dtype == object:
        return pa.array(values, type=kept, from_pandas=False)
    gone = _missing(values)
    if pa.types.is_integer(kept):
        return pa.array(np.where(gone, 0, values).astype(np.int64), type=kept, mask=gone)
    return pa.array(values, type=kept, mask=gone)
