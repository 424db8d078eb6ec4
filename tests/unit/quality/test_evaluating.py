"""The protocol: controls come out right, and the verdict is what the rows deserve."""

import json
import warnings

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from augury import quality
from augury.catalog import registry
from augury.errors import DataError
from augury.generate import fit
from augury.quality.coded import Coder, rows_of
from augury.quality.evaluating import Bench
from augury.quality.fidelity import marginals, two_sample_auc
from augury.quality.privacy import Space, halve
from augury.quality.utility import Task, floor, others_mean, score
from augury.quality.verdict import judge
from augury.record import FieldSpec
from augury.synthesis import Budget

pytest.importorskip("augury_synthesis", reason="the plugin is installed with torch, not here")

PROTOCOL = quality.Protocol(seeds=1)


def _field(name, kind, **options):
    return FieldSpec(name, registry().load("kinds", kind)(**options))


FIELDS = {
    f.name: f
    for f in (
        _field("a", "number"),
        _field("b", "number"),
        _field("c", "category"),
        _field("d", "category"),
        _field("y", "category"),
    )
}


def _table(n=1600, seed=0):
    """y depends on a, b and c; d on c; a tenth of b is missing."""
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=n), rng.gamma(2.0, size=n)
    c = rng.integers(0, 4, n)
    d = np.where(rng.random(n) < 0.8, c, rng.integers(0, 4, n))
    y = a + b - 2 + c - 1.5 + rng.normal(0, 0.5, n) > 0
    return {
        "a": a.tolist(),
        "b": [None if x < 0.1 else float(v) for x, v in zip(rng.random(n), b)],
        "c": [f"c{v}" for v in c],
        "d": [f"d{v}" for v in d],
        "y": ["yes" if v else "no" for v in y],
    }


@pytest.fixture(scope="module")
def bench():
    """A table, split, with its real rows and controls measured."""
    return Bench(_table(), FIELDS, "y", PROTOCOL)


def _maker(model, **params):
    return lambda rows, seed: fit(rows, FIELDS, model=model, params=params, seed=seed).stream


def test_controls_come_out_right(bench):
    """A copy of T scores 1, fresh real rows one half, within their sampling error."""
    copy, fresh = bench.space.controls["copy of T"], bench.space.controls["fresh real rows"]
    assert copy.closer > 0.99 and copy.copies == 1.0 and copy.attack > 0.99 and copy.closer_isolated > 0.99
    assert abs(fresh.closer - 0.5) < 0.08 and abs(fresh.attack - 0.5) < 0.05 and fresh.copies == 0.0
    assert abs(fresh.closer_isolated - 0.5) < 0.2


def test_bootstrap_is_not_to_be_used(bench):
    """Full utility with copied rows earns no better verdict: copies are the reason."""
    found = bench.measure("bootstrap", _maker("synth.bootstrap"))
    assert found.verdict.word == "do not use"
    assert found.mean("closer") > 0.9 and found.mean("main") > 0.9 * bench.real["main"]
    assert any("nearer to training rows" in reason for reason in found.verdict.reasons)


def test_independent_marginals_are_not_to_be_used(bench):
    """Full privacy without utility earns no better verdict: what rows teach is the reason."""
    found = bench.measure("marginals", _maker("synth.marginals"))
    assert found.verdict.word == "do not use"
    assert abs(found.mean("closer") - 0.5) < 0.08 and found.mean("marginals") < 0.08
    assert "of what real rows teach" in found.verdict.reasons[0]
    assert found.mean("two_sample_auc") > 0.8


def test_an_undertrained_model_is_not_to_be_used(bench):
    """A forest whose leaves hold most rows has learned next to nothing, and the verdict says so."""
    found = bench.measure("stumps", _maker("synth.forest", trees=1, leaf=500))
    assert found.verdict.word == "do not use" and "of what real rows teach" in found.verdict.reasons[0]


@pytest.mark.parametrize("network", ["synth.autoregressive", "synth.vae", "synth.gan"])
def test_an_undertrained_network_is_not_to_be_used(bench, network):
    """Four steps from its first weights a network has learned next to nothing, and the verdict says so."""

    def make(rows, seed):
        params = {"width": 32, "average": 0.0}
        return fit(rows, FIELDS, model=network, params=params, seed=seed, budget=Budget(steps=4)).stream

    from augury_synthesis.training.trainer import CollapseWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CollapseWarning)
        found = bench.measure(network, make)
    assert found.verdict.word == "do not use" and "of what real rows teach" in found.verdict.reasons[0]


def test_the_forest_stands_between(bench):
    """It teaches most of what real rows do; it copies no row, and 600 rows still show through it less than as copies."""
    found = bench.measure("forest", _maker("synth.forest"))
    assert found.mean("main") > 0.9 and found.mean("two_sample_auc") < 0.6
    assert found.mean("copies") < 0.01 and 0.55 < found.mean("closer") < 0.75


def test_fresh_real_rows_can_be_used(bench):
    """Rows of the same source that nobody was fitted on earn the best verdict."""
    found = bench.measure("real", lambda rows, seed: lambda n: [_table(n, seed=99 + seed)])
    assert found.verdict.word == "use", found.verdict.reasons
    assert abs(found.mean("two_sample_auc") - 0.5) < 0.06


def test_evaluate_is_deterministic_and_writes_json_and_a_page(tmp_path):
    """Two evaluations are equal; the page holds the verdict and loads nothing; escapes are kept."""
    table = _table(400)
    table["<b>x"] = table.pop("d")
    fields = {**{n: f for n, f in FIELDS.items() if n != "d"}, "<b>x": _field("<b>x", "category")}
    options = {"model": "synth.marginals", "target": "y", "protocol": PROTOCOL, "baselines": ("synth.bootstrap",)}
    found, again = (quality.evaluate(table, fields, **options) for _ in range(2))
    assert json.dumps(found.to_dict()) == json.dumps(again.to_dict())
    assert found.verdict.word == "do not use" and found.beside[0].name == "synth.bootstrap"
    quality.write_page(found, tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert "Do not use" in page and "<b>x" not in page and "Content-Security-Policy" in page
    assert page.count("<svg") == 7 and "http://" not in page.replace("http://www.w3.org", "")
    assert quality.Evaluation.from_dict(json.loads(json.dumps(found.to_dict()))).to_dict() == found.to_dict()


def test_a_table_without_target_and_numbers_only():
    """Without a target the other columns alone judge; numbers are predicted by R2."""
    rng = np.random.default_rng(0)
    a = rng.normal(size=300)
    table = {"a": a.tolist(), "b": (a * 2 + rng.normal(0, 0.1, 300)).tolist()}
    fields = {n: FIELDS[n] for n in "ab"}
    found = quality.evaluate(table, fields, model="synth.marginals", protocol=PROTOCOL, baselines=())
    assert found.real["others"] > 0.9 and found.verdict.word == "do not use" and found.main == ""


@pytest.mark.parametrize(
    ("rows", "target", "words"), [(20, "y", "at least 40 rows"), (100, "z", "a column that can be predicted")]
)
def test_what_cannot_be_judged_is_told(rows, target, words):
    """Too few rows and an unknown target are errors with a fix."""
    with pytest.raises(DataError, match=words):
        Bench(_table(rows), FIELDS, target, PROTOCOL)


def test_distances_are_the_mean_over_columns(bench):
    """The space's nearest distances equal a brute-force sum of rank differences and mismatches."""
    coder, t = bench.coder, rows_of(bench.train, np.arange(60))
    h, fresh = rows_of(bench.train, np.arange(60, 120)), rows_of(bench.test, np.arange(40))
    space = Space(coder, t, h, fresh)
    both = {n: np.concatenate([t[n], h[n]]) for n in t}
    expected = np.zeros((40, 60))
    for name, column in coder.columns.items():
        if column.codes is not None:
            expected += fresh[name][:, None] != t[name]
            continue
        known = np.sort(both[name][~np.isnan(both[name])])
        rank = {side: (np.searchsorted(known, v[name]) + np.searchsorted(known, v[name], "right")) / 2 / len(known)
                for side, v in (("f", fresh), ("t", t))}  # fmt: skip
        gone = np.isnan(fresh[name])[:, None], np.isnan(t[name])[None, :]
        gap = np.abs(rank["f"][:, None] - rank["t"])
        expected += np.where(gone[0] & gone[1], 0.0, np.where(gone[0] | gone[1], 1.0, gap))
    assert np.allclose(space.distances(fresh), (expected / len(coder.columns)).min(axis=1))


def test_exact_repeats_stay_on_one_side():
    """Halves are equal in size, disjoint, and share no row; the same seed gives the same halves."""
    table = _table(200)
    table = {name: values + values[:60] for name, values in table.items()}
    coder = Coder(FIELDS, table)
    coded = coder.encode(table)
    halves = halve(coded, 5)
    assert len(halves.t) == len(halves.h) >= 120 and not set(halves.t) & set(halves.h)
    points = np.stack([np.nan_to_num(v.astype(float), nan=-9) for v in coded.values()], axis=1)
    assert cdist(points[halves.t], points[halves.h]).min() > 0
    assert np.array_equal(halves.t, halve(coded, 5).t)


def test_fidelity_against_closed_forms(bench):
    """Equal rows are 0 apart; a shifted column's total variation and the two-sample AUC are near those of the shift."""
    rng = np.random.default_rng(0)
    fields = {"a": FIELDS["a"]}
    sides = [{"a": (rng.normal(size=20_000) + shift).tolist()} for shift in (0.0, 0.0, 1.0)]
    coder = Coder(fields, sides[0])
    real, same, moved = (coder.encode(side) for side in sides)
    assert marginals(coder, real, real)["a"] == 0.0 and marginals(coder, real, same)["a"] < 0.03
    assert abs(marginals(coder, real, moved)["a"] - 0.3829) < 0.02  # 2 Phi(1/2) - 1
    assert abs(two_sample_auc(coder, real, same, 0) - 0.5) < 0.02
    assert abs(two_sample_auc(coder, real, moved, 0) - 0.7602) < 0.02  # Phi(1/sqrt(2))


def test_scores_of_one_class_and_of_guessing():
    """Rows of one class teach nothing: AUC one half, and the macro F1 is that of guessing it."""
    table = _table(400)
    coder = Coder(FIELDS, table)
    test = coder.encode(table)
    most = int(np.bincount(test["y"]).argmax())
    train = rows_of(test, np.flatnonzero(test["y"] == most))
    task = Task("y", coder.columns["y"].size)
    got, least = score(coder, task, train, test), floor(task, test)
    assert got.main == least.main == 0.5 and got.f1 == pytest.approx(least.f1)


def test_a_class_of_a_few_rows_does_not_spoil_the_others():
    """Boosting runs away on a class of five rows: it is left out, and the rest is learned as without it."""
    rng = np.random.default_rng(0)
    place = rng.uniform(0, 4, 3000)
    names = np.array(["north", "east", "south", "west"])[((place + rng.normal(0, 0.3, 3000)) % 4).astype(int)].tolist()
    names[::600] = ["isle"] * 5
    rows = {"place": place.tolist(), "name": names}
    coder = Coder({"place": _field("place", "number"), "name": _field("name", "category")}, rows)
    coded = coder.encode(rows)
    task = Task("name", coder.columns["name"].size)
    train, test = (rows_of(coded, np.flatnonzero(np.arange(3000) % 2 == side)) for side in (0, 1))
    without = rows_of(train, np.flatnonzero(train["name"] != 4))
    assert len(without["name"]) == 1495
    assert score(coder, task, train, test, 30) == score(coder, task, without, test, 30)
    few = rows_of(without, np.arange(12))
    assert score(coder, task, few, test, 30).main >= 0.5


def test_the_other_columns_are_learned_from_rows_of_every_place():
    """A file in order is cut by key, not after its first rows, which may all come from one place."""
    n = 24_000
    rows = {"a": np.sort(np.random.default_rng(0).uniform(0, 1, n)).tolist()}
    rows["b"] = [2 * v for v in rows["a"]]
    coder = Coder({name: _field(name, "number") for name in rows}, rows)
    coded = coder.encode(rows)
    assert others_mean(coder, [Task("b", 0)], coded, coded) > 0.99


def test_verdict_gives_every_reason():
    """Each figure past its limit is a reason, the gravest first; few rows widen the margins."""
    real = {"main": 0.9, "main_floor": 0.5, "f1": None, "f1_floor": None, "others": 0.8, "others_floor": 0.5}
    good = {
        "main": 0.89,
        "others": 0.79,
        "closer": 0.51,
        "closer_isolated": 0.5,
        "attack": 0.5,
        "copies": 0.0,
        "copies_real": 0.0,
    }
    assert judge(good, real, 10_000).word == "use"
    weak = judge({**good, "main": 0.84, "closer": 0.55}, real, 10_000)
    assert weak.word == "use with care" and len(weak.reasons) == 2
    assert judge({**good, "closer": 0.55}, real, 100).word == "use"
    assert judge({**good, "copies": 0.05}, real, 10_000).word == "do not use"
    assert "cannot be judged" in judge({**good, "main": None, "others": None}, real, 10_000).reasons[0]
