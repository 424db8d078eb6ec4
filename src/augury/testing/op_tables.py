"""Conformance of ops on rows: what a table promises of its columns holds after them, and its constraints too.

The table has numbers with bounds, whole and rounded ones, categories, ordinals, booleans, times, a key and gaps in
every column; it is tried with the columns that the op may change.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from augury.constraints import judge
from augury.errors import DataError
from augury.op import takes_tables
from augury.pipelines import Output, pipeline
from augury.pipelines.fields import parse_schema
from augury.record import Schema
from augury.testing.op_case import OPS, SEED, OpCase

check = OPS.check

ROWS = 64
GAP = 0.15
"""Share of missing values in every column."""

FIELDS: Mapping[str, Any] = {
    "key": {"kind": "id", "role": "key"},
    "whole": {"kind": "number", "integer": True, "lo": 0, "hi": 40},
    "more": {"kind": "number", "integer": True, "lo": 0, "hi": 90},
    "cents": {"kind": "number", "decimals": 2, "lo": -5.0},
    "double": {"kind": "number", "decimals": 2},
    "real": "number",
    "same": "number",
    "word": "category",
    "twin": "category",
    "code": {"kind": "category", "store": "integer"},
    "grade": {"kind": "ordinal", "values": ("low", "mid", "high")},
    "flag": "boolean",
    "start": "datetime",
    "end": "datetime",
    "label": {"kind": "category", "role": "label"},
}
CONSTRAINTS: tuple[Mapping[str, Any], ...] = (
    {"order": {"low": "whole", "high": "more"}},
    {"formula": {"rule": "double = cents * 2"}},
    {"combination": {"fields": ["word", "twin"]}},
    {"order": {"low": "start", "high": "end"}},
)


def table(columns: tuple[str, ...]) -> tuple[Schema, dict[str, dict[str, Any]]]:
    """Return the schema of the columns of some kinds (with key and label), and the table's rows by id."""
    schema = parse_schema(FIELDS)
    kept = [f for f in schema.fields.values() if f.kind_id in columns or f.role is not None]
    names = {f.name for f in kept}
    rows = {i: {n: v for n, v in row.items() if n in names} for i, row in _rows().items()}
    return Schema(kept), rows


@cache
def _rows() -> dict[str, dict[str, Any]]:
    chance = random.Random(5)
    rows = {}
    for i in range(ROWS):
        whole, cents, start = chance.randint(0, 40), chance.randint(-500, 9000) / 100, chance.randint(0, 10**6)
        word = chance.choice(("a", "b", "c", ""))
        row: dict[str, Any] = {
            "whole": whole,
            "more": chance.randint(whole, 90),
            "cents": cents,
            "double": round(2 * cents, 2),
            "real": chance.gauss(0, 1e3),
            "same": 4.25,
            "word": word,
            "twin": word + "x",
            "code": chance.choice((1, 7, -3)),
            "grade": chance.choice(("low", "high", "mid")),
            "flag": chance.random() < 0.3,
            "start": datetime(2024, 1, 1) + timedelta(seconds=start),
            "end": datetime(2024, 1, 1) + timedelta(seconds=start + chance.randint(0, 10**5)),
        }
        known = {name: value for name, value in row.items() if chance.random() >= GAP}
        rows[f"kit/{i:04d}"] = {**known, "key": f"k{i}", "label": ("red", "green", "green")[i % 3]}
    return rows


@check(when=lambda case: case.anchor == "row")
def keeps_what_columns_promise(case: OpCase) -> None:
    """Types, bounds, rounding, category sets, gaps, keys and constraints of a table hold after the op.

    Troubleshooting: functions of ``Rows`` must keep NaN and None where they are (or set ``changes_missing``), put in
    only categories that were fitted or come from donors, and set ``reparametrises`` to be followed by constraints.
    """
    schema, rows = table(case.cls.columns)
    held = [c for c in CONSTRAINTS if _names(c) <= set(schema.fields)]
    pipe = pipeline([{case.entry.id: dict(case.params)}], schema, constraints=held)
    pipe = pipe.fit(rows.items()) if pipe.needs_fit else pipe
    items = [(i, copy, row) for copy in range(2) for i, row in rows.items()]
    outputs = pipe.many(items, seed=SEED, pool=rows if pipe.needs_pool else None)
    seen = {name: {row[name] for row in rows.values() if name in row} for name in schema.fields}
    for (record_id, _, row), output in zip(items, outputs, strict=True):
        if not isinstance(output, Output):
            refused = isinstance(output, DataError) and "constraint: " in str(output)
            assert refused and not case.cls.reparametrises, f"{record_id} fails: {output}"
            continue
        assert output["key"] == row["key"], f"{record_id}: the key has changed"
        if not case.cls.changes_missing:
            assert set(output) == set(row), f"{record_id}: gaps have changed at {sorted(set(output) ^ set(row))}"
        for name, value in output.items():
            _check_value(schema, name, value, seen[name], record_id, case)
    _check_constraints(pipe, [o for o in outputs if isinstance(o, Output)])


@check(when=lambda case: case.anchor == "row" and takes_tables(case.cls))
def runs_tables_as_rows(case: OpCase) -> None:
    """A whole table gives the rows that ``many`` gives, with ``p`` below 1 too.

    Troubleshooting: an op that is ``seeded`` draws a seed alone, and its effect is the same for every row but for that;
    a `draw_rows` draws the same numbers in the same order as `pick` and `draw`, and `Drawn.where` leaves out just the
    rows without effect. The states fitted on rows and on a table are equal.
    """
    import pyarrow as pa

    schema, rows = table(case.cls.columns)
    pipe = pipeline([{case.entry.id: {**case.params, "p": 0.6}}], schema)
    pipe = pipe.fit(rows.items()) if pipe.needs_fit else pipe
    arrow = pa.schema([("id", pa.string()), *((f.name, f.kind.arrow()) for f in schema.fields.values())])
    whole = pa.Table.from_pylist([{**row, "id": i} for i, row in rows.items()], schema=arrow)
    made = pipe.table(whole, id="id", seed=SEED, copy=1).to_pylist()
    if pipe.needs_fit:
        assert pipe.fit(whole, id="id").state_hashes == pipe.state_hashes, "rows and a table give other states"
    alone = pipe.many([(i, 1, row) for i, row in rows.items()], seed=SEED, pool=rows if pipe.needs_pool else None)
    for record_id, row, output in zip(rows, made, alone, strict=True):
        kept = {name: value for name, value in row.items() if value is not None and name != "id"}
        assert isinstance(output, Output) and kept == dict(output), f"{record_id} differs: {kept} and {output}"


def _names(constraint: Mapping[str, Any]) -> set[str]:
    ((_, params),) = constraint.items()
    if "rule" in params:
        return {"cents", "double"}
    return {params["low"], params["high"]} if "low" in params else set(params["fields"])


def _check_value(schema: Schema, name: str, value: Any, seen: set[Any], where: str, case: OpCase) -> None:
    if name == "label" and case.cls.makes:
        return
    kind = schema[name].kind
    if kind.entry_id == "number":
        (kept,) = kind.from_column(kind.to_column([value]))
        assert type(value) is type(next(iter(seen))), f"{where}: {name} is a {type(value).__name__}"
        assert value == kept, f"{where}: {name} is {value!r}, which its bounds and rounding make {kept!r}"
    elif kind.entry_id != "datetime":
        assert value in seen, f"{where}: {name} is {value!r}, which no row has"
        assert type(value) in {type(v) for v in seen}, f"{where}: {name} is a {type(value).__name__}"
    else:
        assert type(value) is datetime, f"{where}: {name} is a {type(value).__name__}"


def _check_constraints(pipe: Any, outputs: list[Output]) -> None:
    fields = pipe.schema.fields
    states = {name.removeprefix("constraints/"): state for name, state in pipe.states.items()}
    names = [n for c in pipe.constraints for n in c.columns]
    columns = {n: fields[n].kind.to_column([o.get(n) for o in outputs]) for n in names}
    for text, broken in judge(pipe.constraints, columns, fields, states).items():
        assert not broken.any(), f"{int(broken.sum())} outputs break {text}"
