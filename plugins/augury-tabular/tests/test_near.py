"""table.near: copies with rounded numbers and a changed or missing cell are near; weights are what agreement says."""

import random
from itertools import combinations

import numpy as np
import pytest

import augury
from augury.record import FieldSpec
from augury.testing.materials import kind_of
from augury_tabular.near import Near

KINDS = {
    "age": "number",
    "income": "number",
    "city": "category",
    "member": "boolean",
    "since": "datetime",
    "code": "category",
}
FIELDS = {name: FieldSpec(name, kind_of(kind)) for name, kind in KINDS.items()}
COMPARED = 0.76


def rows(count, seed=1):
    """Rows of six columns, one of them nearly constant; a tenth of the cells is missing."""
    rng = random.Random(seed)
    out = []
    for _ in range(count):
        row = {
            "age": float(rng.randint(17, 90)),
            "income": rng.lognormvariate(8, 1),
            "city": rng.choice(["Oslo", "Graz", "Pisa", "Lyon", "Bonn"]),
            "member": rng.random() < 0.02,
            "since": f"20{rng.randint(10, 24)}-0{rng.randint(1, 9)}-1{rng.randint(0, 9)}",
            "code": f"c{rng.randint(0, 300)}",
        }
        out.append({k: None if rng.random() < 0.1 else kind_of(KINDS[k]).check(v) for k, v in row.items()})
    return out


@pytest.fixture(scope="module")
def made():
    """The detector, rows, their sketches, and what it learnt."""
    detector, table = Near(), rows(1500)
    sketches = [detector.sketch(row, FIELDS) for row in table]
    return detector, table, sketches, detector.fit([sketches])


def other_cell(row, rng):
    """The row with one cell from elsewhere."""
    name = rng.choice(list(row))
    return {**row, name: rows(1, rng.random())[0][name]}


ALTERED = {
    "rounded": lambda row, rng: {**row, "income": row["income"] and float(f"{row['income']:.3g}")},
    "a cell missing": lambda row, rng: {**row, rng.choice(list(row)): None},
    "a cell changed": other_cell,
}


@pytest.mark.parametrize("how", ALTERED)
def test_copies_are_found(how, made):
    """At least 95 % share a band with their original; those with one cell of six changed are near down to 0.6."""
    detector, table, sketches, state = made
    rng = random.Random(2)
    pairs = [(s, detector.sketch(ALTERED[how](row, rng), FIELDS)) for s, row in zip(sketches, table, strict=True)]
    a, b = zip(*((x, y) for x, y in pairs if x and y), strict=True)
    near = np.array(detector.similarity(a, b, state)) >= (detector.near if how == "rounded" else 0.6)
    bands = zip(detector.bands(a, detector.near, state), detector.bands(b, detector.near, state), strict=True)
    assert np.mean(near & [bool(set(x) & set(y)) for x, y in bands]) >= 0.95


def test_others_are_not(made):
    """At most one pair in a thousand of rows drawn apart is near."""
    detector, _, sketches, state = made
    pairs = list(combinations(sketches[:300], 2))
    found = np.array(detector.similarity([a for a, _ in pairs], [b for _, b in pairs], state))
    assert np.mean(found >= detector.near) <= 1e-3


def test_bits_are_those_of_chance(made):
    """A column's bits are minus the logarithm of how often two rows agree in it, counted over all pairs."""
    _, table, _, state = made
    (learnt,) = state.values()
    bits = dict(zip(KINDS, learnt["bits"], strict=True))
    for name in ("city", "member", "code"):
        cells = [row[name] for row in table]
        share = sum((cells.count(v) / len(cells)) ** 2 for v in set(cells))
        assert bits[name] == pytest.approx(-np.log2(share), rel=0.1, abs=0.1)
    assert bits["member"] < bits["city"] < bits["code"]


def test_rounding_over_an_edge_leaves_bands_alone(made):
    """Wherever a number lies, moved by a tenth of a tolerance it shares most bands with itself."""
    detector, table, _, state = made
    base = next(row for row in table if all(v is not None for v in row.values()))
    (learnt,) = state.values()
    step = learnt["reach"][1] / 10
    for i in range(60):
        one = detector.sketch({**base, "income": 5000 + 3.3 * i * step}, FIELDS)
        two = detector.sketch({**base, "income": 5000 + (3.3 * i + 1) * step}, FIELDS)
        x, y = detector.bands([one, two], detector.near, state)
        assert len(set(x) & set(y)) >= 12


def test_missing_cells_agree_with_missing_ones_only(made):
    """Two missing cells agree; one missing beside one that is not does not, whatever the number."""
    detector, table, _, state = made
    row = next(row for row in table if row["age"] is not None)
    gone = detector.sketch({**row, "age": None}, FIELDS)
    zero = detector.sketch({**row, "age": 0.0}, FIELDS)
    assert detector.similarity([gone], [gone], state) == [1.0]
    assert detector.similarity([gone], [zero], state)[0] < 1
    assert detector.sketch(dict.fromkeys(KINDS), FIELDS) is None


def test_tables_without_variety():
    """Constant tables, single rows and infinite numbers give similarities, without warnings."""
    detector = Near()
    row = {"age": float("inf"), "income": 1.0, "city": "Oslo"}
    fields = {name: FIELDS[name] for name in row}
    sketches = [detector.sketch(r, fields) for r in (row, row, {**row, "age": -1.0})]
    for some in (sketches, sketches[:1], []):
        state = detector.fit([some])
        if some:
            assert detector.similarity(some, some, state) == [1.0] * len(some)
            assert len(detector.bands(some, COMPARED, state)) == len(some)


def test_rows_of_other_columns_are_not_compared(made):
    """Sketches of tables with other columns may stand beside each other: they share no band and are not alike."""
    detector, table, sketches, _ = made
    fewer = {name: FIELDS[name] for name in ("age", "city")}
    others = [detector.sketch(row, fewer) for row in table]
    others = [sketch for sketch in others if sketch]
    mixed = [s for pair in zip(sketches[:99], others[:99], strict=True) for s in pair if s]
    state = detector.fit([mixed])
    assert len(state) == 2
    assert detector.similarity(mixed[:1] * 2, [mixed[0], mixed[1]], state) == [1.0, 0.0]
    bands = detector.bands(mixed, detector.near, state)
    assert bands[0] == detector.bands(mixed[:1], detector.near, state)[0]
    assert not set(bands[0]) & set(bands[1])


def test_unit_is_linear_and_keeps_the_kind():
    """Fahrenheit becomes Celsius in the named column alone; missing stays missing, decimals and bounds hold."""
    fields = {"t": {"kind": "number", "decimals": 1, "lo": -20}, "n": "number"}
    step = {"table.unit": {"factor": 5 / 9, "offset": -160 / 9, "field": ["t"]}}
    pipe = augury.pipeline([step], fields=fields)
    out = pipe.many([("a", 0, {"t": 212.0, "n": 7.0}), ("b", 0, {"n": 1.0}), ("c", 0, {"t": -40.0, "n": 0.0})], seed=1)
    assert [dict(o) for o in out] == [{"t": 100.0, "n": 7.0}, {"n": 1.0}, {"t": -20.0, "n": 0.0}]
