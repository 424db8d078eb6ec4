"""A table with every kind of column, and a way to run one step over it."""

import random

import pytest

import augury

FIELDS = {
    "age": {"kind": "number", "integer": True, "lo": 17, "hi": 90},
    "height": {"kind": "number", "decimals": 1},
    "income": {"kind": "number", "lo": 0},
    "city": "category",
    "zone": {"kind": "category", "store": "integer"},
    "member": "boolean",
    "plan": {"kind": "category", "role": "label"},
    "user": {"kind": "id", "role": "group"},
}


def make_records(count=240, seed=3):
    """Return records by id; a tenth of the values of four columns is missing, and one class is rare."""
    chance = random.Random(seed)
    records = {}
    for i in range(count):
        record = {
            "age": chance.randint(17, 90),
            "height": round(chance.gauss(170, 10), 1),
            "income": round(chance.expovariate(1 / 2000), 2),
            "city": chance.choices(["Oslo", "Graz", "Pisa"], [6, 3, 1])[0],
            "zone": chance.choice([1, 2, 7]),
            "member": chance.random() < 0.3,
            "plan": chance.choices(["free", "basic", "gold"], [10, 5, 1])[0],
            "user": f"u{i % 50}",
        }
        for name in ("age", "income", "city", "member"):
            if chance.random() < 0.1:
                del record[name]
        records[f"t/{i:04d}"] = record
    return records


@pytest.fixture
def fields():
    """The schema of `records`."""
    return dict(FIELDS)


@pytest.fixture
def records():
    """240 records with missing values, by id."""
    return make_records()


@pytest.fixture
def run():
    """Run steps over records: returns [(id, record before, output)], copies one after another."""

    def run_steps(steps, fields, records, copies=1, seed=7):
        pipe = augury.pipeline(steps, fields=fields)
        if pipe.needs_fit:
            pipe = pipe.fit(records)
        items = [(i, copy, record) for copy in range(copies) for i, record in records.items()]
        outputs = pipe.many(items, seed=seed, pool=records if pipe.needs_pool else None)
        for output in outputs:
            assert not isinstance(output, Exception), output
        return [(i, record, output) for (i, _, record), output in zip(items, outputs, strict=True)]

    return run_steps
