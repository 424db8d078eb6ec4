"""Every op on real tables: Adult (mixed, '?' is missing) and California housing (one column with gaps)."""

import csv
from collections import Counter

import pytest

pytestmark = pytest.mark.real

ADULT_NUMBERS = ("age", "fnlwgt", "education-num", "capital-gain", "capital-loss", "hours-per-week")
STEPS = [
    {"table.jitter": {"scale": 0.3}},
    {"table.jitter": {"scale": 0.05, "relative_to": "value"}},
    {"table.swap": {"fraction": 0.5}},
    {"table.smote": {"k": 5}},
    {"table.mixup": {"alpha": 0.4}},
]


def read(path, columns, every):
    """Return every n-th row of a CSV file by its number, each value read by its column; empty and '?' are missing."""
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file, skipinitialspace=True))[::every]
    return {
        f"{i:05d}": {n: columns[n](v) for n, v in row.items() if n in columns and v not in ("", "?")}
        for i, row in enumerate(rows)
    }


@pytest.fixture(scope="module")
def adult(real_data):
    """2,036 people: whole numbers with their observed bounds, categories, the income as label."""
    with open(real_data / "adult" / "adult.csv", newline="") as file:
        names = next(csv.reader(file))
    records = read(real_data / "adult" / "adult.csv", {n: int if n in ADULT_NUMBERS else str for n in names}, 16)
    fields = {n: {"kind": "category"} for n in names}
    fields["income"]["role"] = "label"
    for name in ADULT_NUMBERS:
        known = [r[name] for r in records.values() if name in r]
        fields[name] = {"kind": "number", "integer": True, "lo": min(known), "hi": max(known)}
    return fields, records


@pytest.fixture(scope="module")
def housing(real_data):
    """2,580 districts: decimals as published, the nearness of the ocean as label."""
    path = real_data / "california_housing" / "housing.csv"
    with open(path, newline="") as file:
        names = next(csv.reader(file))
    records = read(path, {n: str if n == "ocean_proximity" else float for n in names}, 8)
    fields = {"ocean_proximity": {"kind": "category", "role": "label"}}
    for name in names[:-1]:
        known = [r[name] for r in records.values() if name in r]
        digits = {"longitude": 2, "latitude": 2, "median_income": 4}.get(name, 1)
        fields[name] = {"kind": "number", "decimals": digits, "lo": min(known), "hi": max(known)}
    return fields, records


def check_kept(fields, records, step, run):
    """Assert what must hold of a table after a step; return how many values have changed, by column."""
    changed = Counter()
    seen = {n: {r[n] for r in records.values() if n in r} for n, f in fields.items() if f["kind"] == "category"}
    for _, before, out in run([step], fields, records):
        assert set(out) == set(before)
        for name, value in out.items():
            field = fields[name]
            if field.get("role") == "label":
                assert (set(value) if isinstance(value, dict) else {value}) <= seen[name]
                continue
            assert type(value) is type(before[name])
            if field["kind"] == "category":
                assert value in seen[name]
            else:
                assert field["lo"] <= value <= field["hi"]
                assert value == round(value, field.get("decimals", 0))
            changed[name] += value != before[name]
    return changed


@pytest.mark.parametrize("step", STEPS, ids=lambda s: next(iter(s)))
def test_adult_keeps_its_types(adult, run, step):
    """Whole numbers, category sets, bounds and every gap are kept, and every column the op is for has moved."""
    fields, records = adult
    gaps = sum(len(fields) - len(r) for r in records.values())
    assert gaps > 200
    changed = check_kept(fields, records, step, run)
    kinds = {"table.jitter": {"number"}, "table.swap": {"category"}}.get(next(iter(step)), {"number", "category"})
    moved = {name for name, count in changed.items() if count}
    relative = step.get("table.jitter", {}).get("relative_to")
    expected = {n for n, f in fields.items() if f["kind"] in kinds and f.get("role") != "label"}
    assert moved == expected if relative is None else moved <= expected


@pytest.mark.parametrize("step", [s for s in STEPS if "table.swap" not in s], ids=lambda s: next(iter(s)))
def test_housing_keeps_its_decimals_and_gaps(housing, run, step):
    """Bounds, published decimals and the gaps of total_bedrooms are kept."""
    fields, records = housing
    assert sum("total_bedrooms" not in r for r in records.values()) > 10
    assert check_kept(fields, records, step, run)["median_income"] > 500


def test_smote_keeps_the_shape_of_a_class(adult, run):
    """Synthetic rows of the rarer class stay near its means: within a tenth of a standard deviation."""
    fields, records = adult
    rich = [(b, o) for _, b, o in run(["table.smote"], fields, records, copies=2) if b["income"] == ">50K"]
    for name in ("age", "education-num", "hours-per-week"):
        before, after = [b[name] for b, _ in rich], [o[name] for _, o in rich]
        mean = sum(before) / len(before)
        std = (sum((v - mean) ** 2 for v in before) / len(before)) ** 0.5
        assert abs(sum(after) / len(after) - mean) < 0.1 * std
