"""The row ops that mix, mask, fill and draw rows: their statistics, and what each takes from where."""

from collections import Counter
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chisquare, ks_2samp, spearmanr

import augury
from augury.errors import ParamError, RecipeError
from augury_tabular.similarity import fit_similarity
from augury_tabular.statistics import POINTS, at_rank, quantiles, rank

NUMBER = {"x": "number", "y": "number"}


@pytest.fixture
def skewed():
    """1,500 rows: a log-normal x, a y that depends on it, a category that depends on it too."""
    rng = np.random.default_rng(4)
    x = np.exp(rng.normal(size=1500))
    y = 2 * np.log(x) + rng.normal(size=1500)
    return {
        f"{i:04d}": {"x": float(a), "y": float(b), "c": "high" if a > 2 else "mid" if a > 0.5 else "low"}
        for i, (a, b) in enumerate(zip(x, y, strict=True))
    }


MIXED = {**NUMBER, "c": "category"}


def column(rows, name):
    """Return an output column as floats, NaN where missing."""
    return np.array([out.get(name, np.nan) for _, _, out in rows])


@pytest.mark.parametrize("mechanism", ["mcar", "mar", "mnar"])
def test_masks_take_the_stated_share(run, skewed, mechanism):
    """Overall the share is ``fraction``; by rank of another column or of the cell it rises from 0 to twice that."""
    step = {"table.mask": {"fraction": 0.3, "mechanism": mechanism, **({"by": "x"} if mechanism == "mar" else {})}}
    step["table.mask"]["field"] = ["x", "y"]
    rows = run([step], MIXED, skewed, copies=4)
    gone = np.isnan(column(rows, "y"))
    assert gone.mean() == pytest.approx(0.3, abs=0.02)
    watched = np.array([before["x" if mechanism == "mar" else "y"] for _, before, _ in rows])
    third = np.argsort(np.argsort(watched)) * 3 // len(watched)
    shares = [gone[third == i].mean() for i in range(3)]
    expected = [0.3, 0.3, 0.3] if mechanism == "mcar" else [0.1, 0.3, 0.5]
    assert shares == pytest.approx(expected, abs=0.04)
    if mechanism == "mar":
        assert not np.isnan(column(rows, "x")).any()


@pytest.mark.parametrize("params", [{"mechanism": "mar"}, {"by": "x"}])
def test_mar_needs_the_column_it_looks_at(params):
    """``by`` is given with ``mar`` and only there."""
    with pytest.raises(ParamError, match=r"expected a column for mar.*Fix:"):
        augury.pipeline([{"table.mask": params}], fields=NUMBER)
    pipe = augury.pipeline([{"table.mask": {"mechanism": "mar", "by": "z"}}], fields=NUMBER)
    with pytest.raises(RecipeError, match=r"table\.mask\.by: expected a column, got 'z'"):
        pipe.fit({"1": {"x": 1.0}})


def test_gaps_are_filled_as_the_column_is_spread(run, skewed):
    """Drawn values have the distribution of the known ones (Kolmogorov-Smirnov, chi-square); the rest is untouched."""
    holes = {i: {k: v for k, v in r.items() if (int(i) + len(k) + ord(k)) % 3} for i, r in skewed.items()}
    rows = run(["table.impute"], MIXED, holes)
    for name in ("x", "y"):
        filled = [out[name] for _, before, out in rows if name not in before]
        known = [before[name] for _, before, _ in rows if name in before]
        assert len(filled) > 400 and ks_2samp(filled, known).pvalue > 1e-3
    drawn = Counter(out["c"] for _, before, out in rows if "c" not in before)
    known = Counter(before["c"] for _, before, _ in rows if "c" in before)
    scale = sum(drawn.values()) / sum(known.values())
    assert chisquare([drawn[k] for k in known], [known[k] * scale for k in known]).pvalue > 1e-3
    assert all(out[k] == v for _, before, out in rows for k, v in before.items())


def test_the_centre_is_the_median_and_the_most_frequent(run):
    """``centre`` gives the median of numbers, the middle of ordinals, the most frequent category."""
    fields = {"x": "number", "c": "category", "o": "ordinal", "k": {"kind": "id", "role": "key"}}
    records = {
        f"{i}": {"k": f"{i}", "x": float(i), "c": "ab"[i > 5], "o": ("low", "medium", "high")[i % 3]} for i in range(9)
    }
    records["9"] = {"k": "9"}
    rows = {i: out for i, _, out in run([{"table.impute": {"method": "centre"}}], fields, records)}
    assert dict(rows["9"]) == {"k": "9", "x": 4.0, "c": "a", "o": "medium"}


def test_a_copula_keeps_marginals_and_rank_correlation(run, skewed):
    """New rows: each column's distribution, the rank correlation between them, and the classes' own copula."""
    rows = run(["table.copula"], MIXED, skewed)
    for name in ("x", "y"):
        assert ks_2samp(column(rows, name), [r[name] for r in skewed.values()]).pvalue > 1e-3
    before = spearmanr([r["x"] for r in skewed.values()], [r["y"] for r in skewed.values()]).statistic
    assert spearmanr(column(rows, "x"), column(rows, "y")).statistic == pytest.approx(before, abs=0.06)
    assert len({out["x"] for _, _, out in rows}) > 1400
    labelled = {**NUMBER, "c": {"kind": "category", "role": "label"}}
    for _, old, out in run(["table.copula"], labelled, skewed):
        assert out["c"] == old["c"]
        assert (out["x"] > 2) == (out["c"] == "high")


def test_cutmix_takes_columns_and_mixes_labels(run, fields, records):
    """Every value is the row's or the donor's, as ``take`` says; the label has the shares of columns."""
    for _, before, out in run(["table.cutmix"], fields, records):
        (step,) = out.lineage["steps"]
        donor = records[step["donors"][0]]
        names = ("age", "height", "income", "city", "zone", "member")
        for name in names:
            assert out.get(name) == (donor if name in step["draw"]["take"] else before).get(name)
        share = len(step["draw"]["take"]) / len(names)
        expected = {before["plan"]: 0.0} | {donor["plan"]: 0.0}
        expected[before["plan"]] += 1 - share
        expected[donor["plan"]] += share
        assert out["plan"] == pytest.approx({k: v for k, v in expected.items() if v})


def test_bootstrap_rows_exist_and_are_as_frequent(run, fields, records):
    """Every row is a training row of its class, gaps and all; over many copies each is drawn equally often."""
    names = ("age", "height", "income", "city", "zone", "member")
    rows = run(["table.bootstrap"], fields, records, copies=20)
    for _, before, out in rows:
        donor = records[out.lineage["steps"][0]["donors"][0]]
        assert donor["plan"] == before["plan"] == out["plan"]
        assert all(out.get(name) == donor.get(name) for name in names)
    seen = Counter(out.lineage["steps"][0]["donors"][0] for _, before, out in rows if before["plan"] == "free")
    free = [i for i, r in records.items() if r["plan"] == "free"]
    assert chisquare([seen[i] for i in free]).pvalue > 1e-3


def test_dates_move_together(run):
    """By whole units, the time between them unchanged; apart they move by themselves; missing ones stay missing."""
    fields = {"a": "datetime", "b": "datetime"}
    start = datetime(2024, 2, 28, 23, 59, 59, 5)
    records = {f"{i}": {"a": start, "b": start + timedelta(hours=i)} for i in range(60)} | {"x": {"a": start}}
    for _, before, out in run([{"table.date_shift": {"shift_range": (-3, 3), "unit": "weeks"}}], fields, records):
        moved = out["a"] - before["a"]
        assert moved % timedelta(weeks=1) == timedelta() and abs(moved) <= timedelta(weeks=3)
        assert ("b" in out) == ("b" in before)
        if "b" in out:
            assert out["b"] - out["a"] == before["b"] - before["a"]
    apart = run([{"table.date_shift": {"together": False}}], fields, records)
    assert any(out["a"] - before["a"] != out["b"] - before["b"] for _, before, out in apart if "b" in out)


def test_quantile_noise_stays_where_values_are(run):
    """Between two far clusters nothing is put; the spread inside each is kept; whole columns keep their range."""
    rng = np.random.default_rng(2)
    x = np.concatenate([rng.normal(0, 1, 500), rng.normal(1000, 5, 500)])
    records = {f"{i:04d}": {"x": float(v)} for i, v in enumerate(x)}
    rows = run([{"table.jitter": {"relative_to": "quantile", "scale": 0.02}}], {"x": "number"}, records, copies=3)
    made = column(rows, "x")
    assert ((made > 10) & (made < 970)).mean() < 0.005
    assert made.min() >= x.min() and made.max() <= x.max()
    moved = np.abs(made - np.tile(x, 3))
    assert np.median(moved[np.tile(x, 3) < 500]) < 0.2 < np.median(moved[np.tile(x, 3) > 500])


def test_quantile_functions_invert_each_other():
    """Values between the points come back from their rank; numpy's quantiles are the table."""
    values = np.sort(np.random.default_rng(1).normal(size=999))
    table = quantiles(values)
    assert len(table) == POINTS and table[128] == np.median(values)
    np.testing.assert_allclose(at_rank(rank(values, table), table), values, atol=1e-12)
    recurring = quantiles(np.repeat([0.0, 5.0], [800, 200]))
    assert rank(np.array([0.0]), recurring)[0] == pytest.approx(0.4, abs=0.01)


def test_similar_categories_replace_each_other(run):
    """Names of one group occur with the same other values: they replace each other, never those of the other group."""
    rng = np.random.default_rng(3)
    groups = {"apple": 0, "pear": 0, "plum": 0, "bolt": 1, "nut": 1, "screw": 1}
    names = rng.choice(list(groups), 3000)
    records = {
        f"{i:04d}": {
            "thing": str(n),
            "aisle": f"a{groups[n] * 3 + i % 3}",
            "price": float(rng.normal(10 * groups[n], 1)),
        }
        for i, n in enumerate(names)
    }
    fields = {"thing": "category", "aisle": "category", "price": "number"}
    rows = run([{"table.swap": {"by": "similarity", "fraction": 1.0, "field": ["thing", "aisle", "price"][:2]}}],
               fields, records)  # fmt: skip
    pairs = Counter((groups[before["thing"]], groups[out["thing"]]) for _, before, out in rows)
    assert all(out["thing"] != before["thing"] for _, before, out in rows)
    assert (pairs[0, 0] + pairs[1, 1]) / len(rows) > 0.95
    state = fit_similarity([list(records.items())], augury.pipelines.parse_schema(fields).fields, ["thing"])["thing"]
    table = pd.crosstab(
        [r["thing"] for r in records.values()], [r["aisle"] for r in records.values()], normalize="index"
    )
    alike = np.sqrt(table) @ np.sqrt(table).T
    nearest = {state["values"][i]: state["values"][o[0]] for i, o in enumerate(state["others"])}
    assert all(alike.loc[a, b] > 0.9 for a, b in nearest.items())
