"""What holds for every op on rows: types, bounds, rounding, category sets, gaps, batches, order, replay."""

import json
import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import augury

STEPS = [
    {"table.jitter": {"scale": 0.5}},
    {"table.jitter": {"scale": 0.5, "relative_to": "value", "fraction": 0.5}},
    {"table.swap": {"fraction": 0.7}},
    {"table.smote": {"k": 3}},
    {"table.mixup": {"alpha": 1.0}},
]
CHAIN = [*STEPS[:2], "table.swap", {"table.smote": {"p": 0.5}}]

FIELDS = {
    "whole": {"kind": "number", "integer": True, "lo": -5, "hi": 5},
    "tenths": {"kind": "number", "decimals": 1, "lo": 0.0},
    "real": "number",
    "word": "category",
    "code": {"kind": "category", "store": "integer"},
    "flag": "boolean",
    "name": "id",
    "label": {"kind": "category", "role": "label"},
}

ROW = st.fixed_dictionaries(
    {"label": st.sampled_from(["a", "b"])},
    optional={
        "whole": st.integers(-5, 5),
        "tenths": st.integers(0, 10**6).map(lambda n: round(n / 10, 1)),
        "real": st.floats(allow_nan=False, allow_infinity=False),
        "word": st.text(max_size=3),
        "code": st.integers(-(2**40), 2**40),
        "flag": st.booleans(),
        "name": st.text(max_size=3),
    },
)


def identified(step):
    """Return the op's id of a step."""
    return f"{next(iter(step))}-{sorted(step[next(iter(step))])}"


@pytest.mark.parametrize("step", STEPS, ids=identified)
@given(rows=st.lists(ROW, min_size=2, max_size=12))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_column_keeps_what_its_field_promises(step, rows):
    """For any table: no gap appears or goes, numbers keep type, bounds and decimals, categories their set."""
    records = {str(i): row for i, row in enumerate(rows)}
    pipe = augury.pipeline([step], fields=FIELDS)
    if pipe.needs_fit:
        pipe = pipe.fit(records)
    outputs = pipe.many([(i, 0, row) for i, row in records.items()], seed=5, pool=records if pipe.needs_pool else None)
    seen = {name: {row[name] for row in rows if name in row} for name in ("word", "code", "flag")}
    for row, out in zip(rows, outputs, strict=True):
        assert set(out) == set(row)
        if "whole" in out:
            assert type(out["whole"]) is int
            assert -5 <= out["whole"] <= 5
        if "tenths" in out:
            assert type(out["tenths"]) is float
            assert out["tenths"] == round(out["tenths"], 1) >= 0.0
        if "real" in out:
            assert type(out["real"]) is float
            assert math.isfinite(out["real"])
        for name, values in seen.items():
            if name in out:
                assert out[name] in values
                assert type(out[name]) is type(row[name])
        assert out.get("name") == row.get("name")
        if "table.mixup" not in step:
            assert out["label"] == row["label"]


def test_a_batch_is_its_rows_one_by_one(fields, records):
    """Values and lineages of `many` are those of single calls, whatever runs beside them."""
    pipe = augury.pipeline([*CHAIN, {"table.mixup": {"p": 0.5}}], fields=fields).fit(records)
    items = [(i, copy, record) for copy in range(2) for i, record in records.items()]
    together = pipe.many(items, seed=9, pool=records)
    for (record_id, copy, record), out in zip(items, together, strict=True):
        alone = pipe(record, seed=9, id=record_id, copy=copy, pool=records)
        assert dict(out) == dict(alone)
        assert out.lineage == alone.lineage


def test_fitting_is_a_function_of_the_set_of_rows(fields, records):
    """The order of the records leaves every state's hash alone; another row changes it."""
    pipe = augury.pipeline(CHAIN, fields=fields)
    forwards = pipe.fit(records).state_hashes
    backwards = pipe.fit(dict(reversed(records.items()))).state_hashes
    fewer = pipe.fit(dict(list(records.items())[1:])).state_hashes
    assert forwards == backwards
    assert all(fewer[path] != forwards[path] for path in forwards)


def test_rows_replay_from_their_lineage(fields, records):
    """A lineage through JSON rebuilds the row."""
    pipe = augury.pipeline([*CHAIN, "table.mixup"], fields=fields).fit(records)
    for record_id, record in list(records.items())[:20]:
        out = pipe(record, seed=3, id=record_id, copy=1, pool=records)
        assert dict(pipe.replay(record, json.loads(json.dumps(out.lineage)), pool=records)) == dict(out)


def test_steps_reach_no_label_group_or_id(fields, records):
    """Unless named, label, group and id columns come through as the same values."""
    pipe = augury.pipeline(CHAIN, fields=fields).fit(records)
    for out, record in zip(
        pipe.many([(i, 0, r) for i, r in records.items()], pool=records), records.values(), strict=True
    ):
        assert out["plan"] is record["plan"]
        assert out["user"] is record["user"]
