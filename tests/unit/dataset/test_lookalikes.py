"""Made rows beside held-out ones: what chance explains, and what it does not."""

import numpy as np
import pytest

from augury.dataset.columns import COPY, ORIGIN, Columns
from augury.dataset.lookalikes import beyond_chance, lookalikes
from augury.formats.beside import ROW_ID
from augury.pipelines import parse_schema


@pytest.mark.parametrize(
    ("copied", "seen", "held", "known", "beyond"),
    [
        (0, 0, 50, 50, False),
        (50, 50, 50, 50, False),  # as often as of rows that it has seen
        (0, 900, 50, 50, False),  # a bootstrap copies training rows alone
        (100, 900, 100, 900, False),
        (90, 10, 50, 50, True),
        (400, 600, 100, 900, True),
        (60, 0, 50, 50, True),
        (2, 0, 50, 50, False),  # too few to say
    ],
)
def test_chance(copied, seen, held, known, beyond):
    """Pairs with held-out rows are judged by those with rows that the model has seen, and by how many there are."""
    assert beyond_chance(copied, seen, held, known) is beyond


def _gathered(made):
    schema = parse_schema({"a": "number", "b": "number"})
    columns = Columns(schema.fields, schema.fields)
    (found,) = lookalikes([], "rows", columns, ["a", "b"])
    rng = np.random.default_rng(0)
    real = rng.normal(size=(200, 2)).round(3)
    sides = [("train", "original", real[:100]), ("test", "original", real[100:]), ("train", "synthetic", made(real))]
    for side, origin, values in sides:
        for i, (a, b) in enumerate(values):
            row = {ROW_ID: f"{origin}/{side}{i}", COPY: None, ORIGIN: origin, "a": float(a), "b": float(b)}
            found.add(f"{side} {i}", side, row, columns)
    return list(found.findings())


def test_copies_of_held_out_rows_are_found():
    """A model that was given the test rows is found by them, named pair by pair; one given training rows is not."""
    assert _gathered(lambda real: real[:100]) == []
    assert _gathered(lambda real: np.random.default_rng(9).normal(size=(100, 2)).round(3)) == []
    found = _gathered(lambda real: real[100:])
    assert len(found) >= 20 and "synthetic/train" in found[0].problem and "original/test" in found[0].problem
