"""SMOTE: on the segment to a near row of the same class, found by brute force."""

import numpy as np
import pytest
from scipy.stats import kstest
from sklearn.datasets import load_breast_cancer

import augury
from augury.errors import DataError, RecipeError


@pytest.fixture(scope="module")
def tumours():
    """The first 200 of the breast-cancer table, eight columns, the label last."""
    data = load_breast_cancer()
    names = [name.replace(" ", "_") for name in data.feature_names[:8]]
    fields = {**dict.fromkeys(names, "number"), "label": {"kind": "category", "role": "label"}}
    records = {
        f"{i:03d}": dict(zip(names, map(float, row[:8]), strict=True), label=str(data.target_names[target]))
        for i, (row, target) in enumerate(zip(data.data[:200], data.target[:200], strict=True))
    }
    return names, fields, records


def test_rows_lie_on_the_segment_to_a_near_row_of_their_class(run, tumours):
    """The donor in the lineage is among the k nearest of the class by brute force, and x + u (donor - x) is the row."""
    names, fields, records = tumours
    matrix = np.array([[r[n] for n in names] for r in records.values()])
    standard = (matrix - matrix.mean(axis=0)) / matrix.std(axis=0)
    place = {i: p for p, i in enumerate(records)}
    labels = np.array([r["label"] for r in records.values()])
    shares = []
    for record_id, before, out in run([{"table.smote": {"k": 4}}], fields, records, copies=3):
        (step,) = out.lineage["steps"]
        (donor,) = step["donors"]
        mine = place[record_id]
        apart = ((standard - standard[mine]) ** 2).sum(axis=1)
        apart[(labels != before["label"]) | (np.arange(len(apart)) == mine)] = np.inf
        assert place[donor] in np.argsort(apart)[:4]
        assert out["label"] == before["label"] == records[donor]["label"]
        x, d = matrix[mine], matrix[place[donor]]
        assert [out[n] for n in names] == pytest.approx(list(x + step["draw"]["u"] * (d - x)), rel=1e-12, abs=1e-12)
        shares.append(step["draw"]["u"])
    assert kstest(shares, "uniform").pvalue > 1e-4


def test_every_neighbour_serves(run, tumours):
    """Over many copies of one row, each of its k neighbours is drawn, none of them rarely."""
    _, fields, records = tumours
    pipe = augury.pipeline([{"table.smote": {"k": 3}}], fields=fields).fit(records)
    outputs = pipe.many([("007", copy, records["007"]) for copy in range(300)], seed=2, pool=records)
    donors = [out.lineage["steps"][0]["donors"][0] for out in outputs]
    assert sorted({donors.count(d) > 60 for d in donors}) == [True]
    assert len(set(donors)) == 3


def test_categories_come_from_one_of_the_two(run, fields, records):
    """Each category is the row's or the donor's, the donor's just where ``take`` says so and it has one."""
    moved = 0
    for _, before, out in run(["table.smote"], fields, records, copies=2):
        (step,) = out.lineage["steps"]
        donor = records[step["donors"][0]]
        for name in ("city", "zone", "member"):
            if name in step["draw"]["take"] and name in before and name in donor:
                assert out[name] == donor[name]
                moved += out[name] != before[name]
            else:
                assert out.get(name) == before.get(name)
    assert moved > 50


def test_categories_go_as_far_as_the_numbers(run, fields, records):
    """A category is taken with probability u: over the rows, as often as the sum of u says."""
    draws = [out.lineage["steps"][0]["draw"] for _, _, out in run(["table.smote"], fields, records, copies=5)]
    for half in (lambda u: u < 0.5, lambda u: u >= 0.5):
        shares = [d["u"] for d in draws if half(d["u"])]
        taken = sum(len(d["take"]) for d in draws if half(d["u"]))
        assert abs(taken - 3 * sum(shares)) < 4 * (3 * sum(u * (1 - u) for u in shares)) ** 0.5


def test_the_only_one_of_its_class_stays_as_it_is(run):
    """Without a neighbour there is no donor, no draw and no change."""
    fields = {"x": "number", "y": {"kind": "category", "role": "label"}}
    records = {"1": {"x": 1.0, "y": "a"}, "2": {"x": 2.0, "y": "a"}, "3": {"x": 9.0, "y": "b"}, "4": {"x": 4.0}}
    rows = {i: (before, out) for i, before, out in run(["table.smote"], fields, records)}
    for lonely in ("3", "4"):
        before, out = rows[lonely]
        assert dict(out) == before
        assert "draw" not in out.lineage["steps"][0]
        assert "donors" not in out.lineage["steps"][0]
    assert rows["1"][1].lineage["steps"][0]["donors"] == ["2"]


def test_a_label_named_by_parameter_is_kept(run):
    """``label:`` makes a plain category the class: it is neither drawn nor changed."""
    fields = {"x": "number", "y": "category", "c": "category"}
    records = {f"{i:02d}": {"x": float(i), "y": "ab"[i % 2], "c": "uvw"[i % 3]} for i in range(40)}
    for _, before, out in run([{"table.smote": {"label": "y"}}], fields, records):
        (step,) = out.lineage["steps"]
        assert out["y"] == before["y"] == records[step["donors"][0]]["y"]
        assert "y" not in step["draw"]["take"]


def test_without_a_label_all_rows_are_one_class(run):
    """Neighbours are then sought among all; a number column that is the target moves with the rest."""
    records = {f"{i:02d}": {"x": float(i), "y": 2.0 * i} for i in range(20)}
    for _, _, out in run(["table.smote"], {"x": "number", "y": "number"}, records):
        assert out["y"] == pytest.approx(2 * out["x"], abs=1e-9)


def test_a_row_that_was_not_fitted_is_refused(tumours):
    """The message names the row and what to do."""
    _, fields, records = tumours
    pipe = augury.pipeline(["table.smote"], fields=fields).fit(records)
    with pytest.raises(DataError, match=r"expected a row it was fitted on, got 'x1'\. Fix: fit on the rows to be"):
        pipe(records["007"], id="x1", pool=records)


@pytest.mark.parametrize(
    ("step", "label", "message"),
    [
        (
            "table.smote",
            {"kind": "number", "role": "label"},
            "expected a category, ordinal or boolean field, got y: number. Fix:",
        ),
        ({"table.smote": {"label": "z"}}, "category", "expected a field that the rows have, got 'z'"),
    ],
)
def test_a_label_that_is_no_class_is_refused(step, label, message):
    """A number as label, and a label that no row has, are errors of the recipe."""
    pipe = augury.pipeline([step], fields={"x": "number", "y": label})
    with pytest.raises(RecipeError) as caught:
        pipe.fit({"1": {"x": 1.0, "y": 1}, "2": {"x": 2.0, "y": 2}})
    assert message in str(caught.value)
