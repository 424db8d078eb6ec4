"""Units of plain rows, made column by column: the rows that `augury.dataset.units` makes record by record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augury.dataset.columns import COPY, ORIGIN, PARENTS, Columns
from augury.dataset.identity import row_id
from augury.errors import AuguryError, DataError
from augury.formats.beside import ROW_ID
from augury.pipelines import Pipeline
from augury.pipelines.tables import TableRun, looked_at, read_batch_of, takes_table, write_column
from augury.recipe.sections import AUGMENTED, ORIGINAL

if TYPE_CHECKING:
    from augury.dataset.index import Index

EXACT = 2**53
"""Whole numbers up to here are the same as float64, which columns of numbers are."""


class Copies:
    """The copies of a run of records, as a table of their fields.

    Args:
        rows: Their fields, in order.
        parents: For each the record it was made of, then its donors.
        broken: The places of those that broke a constraint and have no row, each with its error.
    """

    def __init__(self, rows: pa.Table, parents: list[list[str]], broken: dict[int, DataError]) -> None:
        """Hold what was made."""
        self.rows, self.parents, self.broken = rows, parents, broken


def takes_columns(columns: Columns, pipeline: Pipeline | None, index: Index) -> bool:
    """Return whether units of a collection can be made so.

    That is where no field is a file, is cut in time, or changes its kind, and every step draws for whole tables.
    """
    if index.events is not None or any(spec.kind.payload for spec in columns.before.values()):
        return False
    if any(columns.before[name].kind is not spec.kind for name, spec in columns.after.items()):
        return False
    return pipeline is None or (all(map(takes_table, pipeline.nodes)) and not pipeline.may_drop)


def augmented(
    pipe: Pipeline, fields: pa.Table, ids: Sequence[str], copies: Sequence[int], seed: int, schema: pa.Schema
) -> Copies | None:
    """Return the copies of records, one for each row of ``fields``, or None where they must be made one by one.

    That is where a step refuses the rows, and it is to be found which, and where a whole number is beyond `EXACT`.
    """
    names = [name for name in looked_at(pipe) if name in fields.column_names]
    if any(pa.types.is_integer(schema.field(n).type) and _is_great(fields.column(n)) for n in names):
        return None
    try:
        run = TableRun(pipe, read_batch_of(pipe, fields.select(names), ids), seed, copies)
        for node in pipe.ops:
            run.step(node)
    except AuguryError:
        return None
    for name in dict.fromkeys(name for node in pipe.ops for name in node.columns.columns):
        if name in names:
            fields = fields.set_column(
                fields.column_names.index(name), name, write_column(pipe.schema[name], run.columns[name])
            )
    parents = [[i] for i in ids]
    for donors in run.donors:
        for own, row in zip(parents, donors.tolist(), strict=True):
            own.extend(donor for donor in row if donor is not None)
    parents = [list(dict.fromkeys(own)) for own in parents] if run.donors else parents
    broken = {place: error for place in run.broken if (error := run.error(place)) is not None}
    return Copies(fields, parents, broken)


def _is_great(column: Any) -> bool:
    most = pc.min_max(column).as_py()
    return most["min"] is not None and max(-most["min"], most["max"]) > EXACT


def rows_of(
    fields: pa.Table, ids: Sequence[str], copies: Copies | None, of: np.ndarray, numbers: np.ndarray, schema: pa.Schema
) -> pa.RecordBatch:
    """Return the rows of a run of records as one batch: each original, then its copies.

    Args:
        fields: The originals' fields; without rows where they are not written.
        ids: The records' ids.
        copies: The copies' fields, parents and errors; None without copies.
        of: Which record each copy is of, ascending.
        numbers: The copies' numbers.
        schema: Of the rows.
    """
    own = {
        ROW_ID: pa.array(ids if fields.num_rows else [], pa.string()),
        COPY: pa.nulls(fields.num_rows, pa.int32()),
        PARENTS: pa.array([[]] * fields.num_rows, pa.list_(pa.string())),
        ORIGIN: pa.array([ORIGINAL] * fields.num_rows, pa.string()),
    }
    whole = _with(fields, own, schema)
    place = np.arange(fields.num_rows)
    if copies is not None:
        made = [row_id(ids[i], copy) for i, copy in zip(of.tolist(), numbers.tolist(), strict=True)]
        own = {
            ROW_ID: pa.array(made, pa.string()),
            COPY: pa.array(numbers, pa.int32()),
            PARENTS: pa.array(copies.parents, pa.list_(pa.string())),
            ORIGIN: pa.array([AUGMENTED] * len(made), pa.string()),
        }
        kept = np.setdiff1d(np.arange(len(made)), list(copies.broken))
        new = _with(copies.rows, own, schema).take(pa.array(kept))
        order = np.argsort(np.concatenate([place, of[kept]]), kind="stable")
        whole = pa.concat_tables([whole, new]).take(pa.array(order))
    return whole.combine_chunks().to_batches()[0] if whole.num_rows else pa.RecordBatch.from_pylist([], schema=schema)


def _with(fields: pa.Table, own: dict[str, pa.Array], schema: pa.Schema) -> pa.Table:
    return pa.table([own[f.name] if f.name in own else fields.column(f.name) for f in schema], schema=schema)
