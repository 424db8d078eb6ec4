"""Every row op on three real tables as they are guessed: Adult, Bank marketing, California housing, with constraints."""

from functools import cache

import pytest

import augury
from augury.catalog import registry
from augury.constraints import judge
from augury.inference import infer_file
from augury.pipelines import parse_schema

pytestmark = pytest.mark.real

TABLES = {
    "adult/adult.csv": ("income", [{"combination": {"fields": ["relationship", "sex"]}}]),
    "bank_marketing/bank-additional.csv": ("y", [{"combination": {"fields": ["contact", "month"]}}]),
    "california_housing/housing.csv": ("ocean_proximity", [
        {"order": {"low": "total_bedrooms", "high": "total_rooms"}},
        {"order": {"low": "households", "high": "total_rooms"}},
    ]),
}  # fmt: skip
ROW_OPS = [e.id for e in registry().entries("ops") if e.dist == "augury-tabular" and e.spec.on == "row"]
ROWS = 300


@cache
def table_of(path, label):
    """Return the guessed fields and every n-th row of a table, read as a run reads it."""
    found = infer_file(str(path), label=label)
    schema = parse_schema(found.fields())
    reader = registry().load("formats", "csv").build(found.options)
    names = {column.name: schema[column.field] for column in found.columns if column.options is not None}
    rows = [raw for raw in reader.read(str(path), names) if not raw.problem]
    kept = rows[:: max(1, len(rows) // ROWS)][:ROWS]
    records = {
        f"{i:05d}": {names[n].name: names[n].kind.check(v) for n, v in raw.values.items()} for i, raw in enumerate(kept)
    }
    return schema, records, found.rows


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("op", ROW_OPS)
def test_a_table_keeps_what_it_promises(real_data, name, op):
    """Types, category sets, gaps, bounds, rounding and constraints, after each op; nothing is quarantined."""
    label, rules = TABLES[name]
    schema, records, _ = table_of(real_data / name, label)
    entry = registry().get("ops", op)
    cls = entry.load()
    if not any(f.kind_id in cls.columns and f.role is None for f in schema.fields.values()):
        pytest.skip(f"no column for {op}")
    pipe = augury.pipeline([op], schema, constraints=rules)
    clean = {i: r for i, r in records.items() if not _breaks(pipe, [r])}
    assert len(clean) > 0.95 * len(records)
    pipe = pipe.fit(clean)
    outputs = pipe.many([(i, 0, r) for i, r in clean.items()], seed=4, pool=clean)
    assert all(not isinstance(o, Exception) for o in outputs), next(o for o in outputs if isinstance(o, Exception))
    seen = {n: {r[n] for r in clean.values() if n in r} for n in schema.fields}
    for before, out in zip(clean.values(), outputs, strict=True):
        assert cls.changes_missing or set(out) == set(before)
        for field, value in out.items():
            spec = schema[field]
            if spec.kind_id == "number":
                assert type(value) is (int if spec.kind.integer else float)
                assert spec.kind.from_column(spec.kind.to_column([value])) == [value]
                assert spec.kind.lo <= value <= spec.kind.hi
            elif not (spec.role == "label" and cls.makes):
                assert value in seen[field]
    assert not _breaks(pipe, outputs)
    if op not in (
        "table.mask",
        "table.impute",
        "table.bootstrap",
        "table.cutmix",
        "table.adasyn",
        "table.borderline_smote",
    ):
        assert [len(o) for o in outputs] == [len(r) for r in clean.values()]
    idle = ("table.impute", "table.unit")  # nothing is missing; its defaults keep the unit
    assert op in idle or sum(o != r for o, r in zip(outputs, clean.values(), strict=True)) > ROWS / 4


def _breaks(pipe, rows):
    names = [n for c in pipe.constraints for n in c.columns]
    columns = {n: pipe.schema[n].kind.to_column([r.get(n) for r in rows]) for n in names}
    states = {key.removeprefix("constraints/"): state for key, state in pipe.states.items()}
    return any(b.any() for b in judge(pipe.constraints, columns, pipe.schema.fields, states).values())
