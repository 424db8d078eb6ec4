"""Near-duplicates of real rows: Adult, mostly categories, and California housing, mostly numbers."""

import csv
import random

import numpy as np
import pytest

from augury.record import FieldSpec
from augury.testing.materials import kind_of
from augury_tabular.near import Near

pytestmark = pytest.mark.real
ROWS = 8000


def read(path, missing):
    """The first rows of a table, and the fields of its columns: number where all cells are."""
    with path.open(encoding="utf-8", newline="") as file:
        table = [row for row in csv.reader(file, skipinitialspace=True) if row][1 : ROWS + 1]
    fields, columns = {}, []
    for i, column in enumerate(zip(*table, strict=True)):
        cells = [None if cell in missing else cell for cell in column]
        try:
            cells = [cell if cell is None else float(cell) for cell in cells]
            fields[f"c{i}"] = FieldSpec(f"c{i}", kind_of("number"))
        except ValueError:
            fields[f"c{i}"] = FieldSpec(f"c{i}", kind_of("category"))
        columns.append(cells)
    return [dict(zip(fields, row, strict=True)) for row in zip(*columns, strict=True)], fields


def rounded(row, rng, table):
    """Numbers to three digits."""
    return {name: float(f"{cell:.3g}") if isinstance(cell, float) else cell for name, cell in row.items()}


def gone(row, rng, table):
    """One cell missing."""
    return {**row, rng.choice(list(row)): None}


def other(row, rng, table):
    """One cell from another row."""
    name = rng.choice(list(row))
    return {**row, name: rng.choice(table)[name]}


ALTERED = {"same": lambda row, rng, table: row, "rounded": rounded, "a cell missing": gone, "a cell changed": other}


@pytest.mark.parametrize("name", ["adult", "california_housing"])
def test_recall_and_false_joins(name, real_data):
    """Of copies at least 95 % are found (exact ones all), of other pairs at most 0.1 % are joined."""
    path = next(p for p in sorted((real_data / name).iterdir()) if p.suffix in (".csv", ".data"))
    table, fields = read(path, ("", "?"))
    rng, detector = random.Random(1), Near()
    sketches = [detector.sketch(row, fields) for row in table]
    state = detector.fit([sketches])
    bands = detector.bands(sketches, detector.near, state)
    pairs = [rng.sample(range(len(table)), 2) for _ in range(200_000)]
    similar = np.array(detector.similarity([sketches[i] for i, _ in pairs], [sketches[j] for _, j in pairs], state))
    candidates = np.mean([bool(set(bands[i]) & set(bands[j])) for i, j in pairs])
    joined = np.mean(similar >= detector.near)
    print(f"\n{name}, {len(table)} rows: {candidates:.3%} of pairs candidates, {joined:.5%} joined")
    assert joined <= 0.001
    chosen = rng.sample(range(len(table)), 1500)
    for how, change in ALTERED.items():
        copies = [detector.sketch(change(table[i], rng, table), fields) for i in chosen]
        near = np.array(detector.similarity([sketches[i] for i in chosen], copies, state)) >= detector.near
        found = zip(chosen, detector.bands(copies, detector.near, state), strict=True)
        recall = np.mean(near & [bool(set(bands[i]) & set(b)) for i, b in found])
        print(f"{how:20} {recall:.1%} found")
        assert recall >= (1.0 if how == "same" else 0.95)
