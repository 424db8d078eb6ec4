"""Jitter: the spread of the noise, and what it leaves alone."""

import statistics

import pytest

import augury
from augury.errors import ParamError

NUMBERS = {"x": "number", "y": "number"}


def noise(rows, name):
    """Return how far each output is from its source."""
    return [after[name] - before[name] for _, before, after in rows]


@pytest.fixture
def two_columns():
    """Two columns whose standard deviations are 2 and 0.5 (population)."""
    return {f"{i:03d}": {"x": 2.0 * (-1) ** i, "y": 100 + 0.5 * (-1) ** (i // 2)} for i in range(400)}


def test_the_noise_is_a_share_of_each_columns_spread(run, two_columns):
    """4,000 draws: the noise's standard deviation within 5 %, its mean within four standard errors."""
    rows = run([{"table.jitter": {"scale": 0.25}}], NUMBERS, two_columns, copies=10)
    for name, std in (("x", 2.0), ("y", 0.5)):
        found = noise(rows, name)
        assert statistics.pstdev(found) == pytest.approx(0.25 * std, rel=0.05)
        assert abs(statistics.fmean(found)) < 4 * 0.25 * std / len(found) ** 0.5
    assert abs(statistics.correlation(noise(rows, "x"), noise(rows, "y"))) < 4 / 4000**0.5


def test_noise_relative_to_the_value(run, two_columns):
    """``relative_to: value`` multiplies: 100 moves a hundred times as far as 1, and zero stays zero."""
    records = {i: {"x": 0.0, "y": r["y"]} for i, r in two_columns.items()}
    rows = run([{"table.jitter": {"scale": 0.02, "relative_to": "value"}}], NUMBERS, records, copies=10)
    assert set(noise(rows, "x")) == {0.0}
    relative = [after["y"] / before["y"] - 1 for _, before, after in rows]
    assert statistics.pstdev(relative) == pytest.approx(0.02, rel=0.05)


def test_a_share_of_the_columns_is_touched(run, two_columns):
    """Each column is touched with the given probability, independently."""
    rows = run([{"table.jitter": {"fraction": 0.3}}], NUMBERS, two_columns, copies=10)
    touched = [(after["x"] != before["x"], after["y"] != before["y"]) for _, before, after in rows]
    for share, expected in ((sum(t[0] for t in touched), 0.3), (sum(t[0] and t[1] for t in touched), 0.09)):
        deviation = (len(touched) * expected * (1 - expected)) ** 0.5
        assert abs(share - len(touched) * expected) < 4 * deviation


def test_constant_and_empty_columns_are_left_alone(run):
    """A column without spread gets no noise; one without values stays without."""
    records = {f"{i}": {"x": 3.0} for i in range(10)}
    assert all(dict(after) == before for _, before, after in run(["table.jitter"], NUMBERS, records))


def test_only_the_named_columns(run, two_columns):
    """``field:`` chooses columns, the label among them if it is named."""
    fields = {"x": "number", "y": {"kind": "number", "role": "label"}}
    plain = run(["table.jitter"], fields, two_columns)
    named = run([{"table.jitter": {"field": ["y"]}}], fields, two_columns)
    assert set(noise(plain, "y")) == {0.0} != set(noise(plain, "x"))
    assert set(noise(named, "x")) == {0.0} != set(noise(named, "y"))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"scale": -1}, "table.jitter.scale: expected a number of at least 0, got -1. Fix:"),
        ({"fraction": 1.5}, "table.jitter.fraction: expected a number in [0, 1], got 1.5. Fix:"),
        ({"relative_to": "sdt"}, "Did you mean std?"),
        ({"scal": 1}, "Did you mean scale?"),
    ],
)
def test_wrong_parameters_are_refused_with_the_fix(params, message):
    """Where, what was expected, what came, the nearest name, the fix."""
    with pytest.raises((ParamError, augury.errors.RecipeError)) as caught:
        augury.pipeline([{"table.jitter": params}], fields=NUMBERS)
    assert message in str(caught.value)
