"""Mixup: the weights, the numbers they give, and the labels."""

import math

import pytest
from scipy.stats import beta, kstest

FIELDS = {
    "x": "number",
    "n": {"kind": "number", "integer": True},
    "c": "category",
    "y": {"kind": "category", "role": "label"},
}


@pytest.fixture
def points():
    """Sixty rows of two classes."""
    return {f"{i:02d}": {"x": i / 7, "n": 10 * i, "c": "uvw"[i % 3], "y": "ab"[i % 2]} for i in range(60)}


@pytest.mark.parametrize("alpha", [0.2, 1.0, 4.0])
def test_weights_follow_the_beta_distribution(run, points, alpha):
    """Kolmogorov-Smirnov over 1,200 draws."""
    rows = run([{"table.mixup": {"alpha": alpha}}], FIELDS, points, copies=20)
    weights = [out.lineage["steps"][0]["draw"]["weight"] for _, _, out in rows]
    assert kstest(weights, beta(alpha, alpha).cdf).pvalue > 1e-4


def test_numbers_and_labels_are_mixed_by_the_same_weight(run, points):
    """x is the weighted mean, n its rounding, c one of the two, y a distribution with the two weights."""
    for _, before, out in run([{"table.mixup": {"alpha": 1.0}}], FIELDS, points, copies=3):
        (step,) = out.lineage["steps"]
        donor, weight = points[step["donors"][0]], step["draw"]["weight"]
        assert out["x"] == pytest.approx(weight * before["x"] + (1 - weight) * donor["x"], abs=1e-9)
        assert out["n"] == pytest.approx(weight * before["n"] + (1 - weight) * donor["n"], abs=0.5 + 1e-6)
        assert type(out["n"]) is int
        assert out["c"] == (donor["c"] if "c" in step["draw"]["take"] else before["c"])
        assert math.isclose(sum(out["y"].values()), 1.0)
        expected = 1.0 if donor["y"] == before["y"] else weight
        assert out["y"].get(before["y"], 0.0) == pytest.approx(expected, abs=1e-9)


def test_a_number_as_label_is_mixed_in_its_own_kind(run):
    """The target of a regression is the weighted mean, to the field's decimals."""
    fields = {"x": "number", "y": {"kind": "number", "decimals": 2, "role": "label"}}
    records = {f"{i:02d}": {"x": float(i), "y": round(i * 1.37, 2)} for i in range(30)}
    for _, before, out in run([{"table.mixup": {"alpha": 1.0}}], fields, records):
        (step,) = out.lineage["steps"]
        donor, weight = records[step["donors"][0]], step["draw"]["weight"]
        assert out["y"] == pytest.approx(weight * before["y"] + (1 - weight) * donor["y"], abs=0.005 + 1e-9)
        assert out["y"] == round(out["y"], 2)


def test_a_boolean_as_label_becomes_a_distribution(run):
    """True and false are given their shares by name."""
    fields = {"x": "number", "y": {"kind": "boolean", "role": "label"}}
    records = {f"{i:02d}": {"x": float(i), "y": i % 2 == 0} for i in range(30)}
    seen = set()
    for _, before, out in run([{"table.mixup": {"alpha": 1.0}}], fields, records):
        (step,) = out.lineage["steps"]
        weight = step["draw"]["weight"]
        same = records[step["donors"][0]]["y"] == before["y"]
        assert out["y"][str(before["y"]).lower()] == pytest.approx(1.0 if same else weight, abs=1e-9)
        seen |= set(out["y"])
    assert seen == {"true", "false"}


def test_a_row_is_never_its_own_donor(run, points):
    """Donors come from the other rows of the pool."""
    rows = run(["table.mixup"], FIELDS, points, copies=5)
    donors = [(record_id, out.lineage["steps"][0]["donors"][0]) for record_id, _, out in rows]
    assert all(a != b for a, b in donors)
    assert len({b for _, b in donors}) > 30


def test_tables_without_numbers_mix_their_labels(run):
    """Categories and labels alone are enough."""
    fields = {"c": "category", "y": {"kind": "category", "role": "label"}}
    records = {str(i): {"c": "uv"[i % 2], "y": "ab"[i % 2]} for i in range(10)}
    for _, _, out in run([{"table.mixup": {"alpha": 1.0}}], fields, records):
        assert set(out["y"]) <= {"a", "b"}
        assert out["c"] in "uv"
