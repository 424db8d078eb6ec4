"""Models without a network: what they give is a function of model, seed and chunk, and has the data's structure."""

import json
import subprocess
import sys

import numpy as np
import pytest
from scipy.stats import spearmanr

from augury.catalog import registry
from augury.errors import DataError, EngineError
from augury.synthesis import CHUNK, Block, Budget, Condition, TensorSpec

IDS = ("forest", "forest_target", "copula", "smotenc", "bootstrap", "marginals")
SPEC = TensorSpec(
    (
        Block("x", "category", size=20, ordinal=True),
        Block("colour", "category", size=4),
        Block("y", "category", size=2),
        Block("wide", "category", size=200),
    )
)


def _data(n=3000, seed=0):
    """Four columns of which y depends on both x and colour, and wide on colour."""
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 20, n)
    colour = rng.choice(4, n, p=[0.5, 0.3, 0.15, 0.05])
    y = (x + 4 * colour + rng.normal(0, 2, n) > 12).astype(np.int32)
    wide = colour * 50 + rng.integers(0, 50, n)
    return {"x": x.astype(np.int32), "colour": colour.astype(np.int32), "y": y, "wide": wide.astype(np.int32)}


def _fit(name, data=None, spec=SPEC, **options):
    data = data or _data()
    return registry().load("synthesizers", f"synth.{name}")().fit(data, spec, seed=7, target="y", **options)


@pytest.fixture(scope="module")
def models():
    """One fitted model of each id."""
    return {name: _fit(name) for name in IDS}


def _sample(model, rows=8 * CHUNK, condition=None):
    parts = [model.sample_chunk(i, min(CHUNK, rows - i * CHUNK), condition) for i in range(-(-rows // CHUNK))]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


@pytest.mark.parametrize("name", IDS)
def test_codes_are_in_range_and_marginals_right(models, name):
    """Every block is int32 in [0, size), and each column has the training frequencies within sampling error."""
    out, data = _sample(models[name]), _data()
    for block in SPEC.blocks:
        codes = out[block.name]
        assert codes.dtype == np.int32 and codes.min() >= 0 and codes.max() < block.size
        real, made = (np.bincount(c, minlength=block.size) / len(c) for c in (data[block.name], codes))
        limit = 0.06 if name == "smotenc" and block.name != "wide" else 0.1 if block.name == "wide" else 0.04
        assert name == "smotenc" or np.abs(real - made).sum() / 2 < limit


@pytest.mark.parametrize("name", IDS)
def test_a_cut_chunk_is_a_prefix(models, name):
    """The first rows of a chunk do not depend on how many are asked for, and chunks differ."""
    model = models[name]
    whole, cut = model.sample_chunk(3, CHUNK), model.sample_chunk(3, 10)
    assert all(np.array_equal(whole[n][:10], cut[n]) for n in whole)
    assert any(not np.array_equal(whole[n], model.sample_chunk(4, CHUNK)[n]) for n in whole)


@pytest.mark.parametrize("name", IDS)
def test_saved_models_give_the_same_rows_in_another_process(models, name, tmp_path):
    """What `save` wrote is all there is: another process makes the same chunk."""
    models[name].save(tmp_path / "model")
    code = (
        "import sys, json; from pathlib import Path; from augury.catalog import registry;"
        f"m = registry().load('synthesizers', 'synth.{name}').load(Path(sys.argv[1]));"
        "print(json.dumps({k: v.tolist() for k, v in m.sample_chunk(2, 50).items()}))"
    )
    out = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "model")], capture_output=True, text=True, check=True
    )
    here = models[name].sample_chunk(2, 50)
    assert json.loads(out.stdout) == {k: v.tolist() for k, v in here.items()}


def test_torch_is_not_imported():
    """Fitting and sampling a model without a network never imports torch."""
    code = (
        "import sys; from augury.catalog import registry;"
        f"[registry().load('synthesizers', 'synth.' + n) for n in {IDS!r}]; print('torch' in sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "False"


@pytest.mark.parametrize("name", ["forest", "forest_target", "smotenc", "bootstrap"])
def test_dependence_is_learned(models, name):
    """P(y | x, colour) of the sample is that of the data; independent marginals have none of it."""
    data, out, none = _data(20_000, 1), _sample(models[name]), _sample(models["marginals"])

    def rates(rows):
        cell = rows["x"] // 5 * 4 + rows["colour"]
        return np.array([rows["y"][cell == c].mean() for c in range(16) if c % 4 < 3])

    assert np.abs(rates(out) - rates(data)).mean() < 0.08
    assert np.abs(rates(none) - rates(data)).mean() > 0.3


def test_wide_categories_follow_the_others(models):
    """A column of 200 codes, split on random signs, still goes with the colour it depends on."""
    out = _sample(models["forest"])
    assert (out["wide"] // 50 == out["colour"]).mean() > 0.9


def test_copula_keeps_rank_correlation():
    """The Spearman correlation of ordered columns is that of the data."""
    rng = np.random.default_rng(0)
    z = rng.multivariate_normal([0, 0], [[1, 0.7], [0.7, 1]], 20_000)
    data = {n: np.clip(z[:, i] * 10 + 50, 0, 99).astype(np.int32) for i, n in enumerate("ab")}
    spec = TensorSpec(tuple(Block(n, "category", size=100, ordinal=True) for n in "ab"))
    out = _sample(registry().load("synthesizers", "synth.copula")().fit(data, spec, seed=0))
    assert abs(spearmanr(out["a"], out["b"])[0] - spearmanr(data["a"], data["b"])[0]) < 0.02


def test_copula_completes_rows():
    """Given one column, the other is drawn by the conditional normal: mean and spread are the closed form's."""
    rng = np.random.default_rng(0)
    z = rng.multivariate_normal([0, 0], [[1, 0.8], [0.8, 1]], 50_000)
    data = {n: np.clip(z[:, i] * 20 + 100, 0, 199).astype(np.int32) for i, n in enumerate("ab")}
    spec = TensorSpec(tuple(Block(n, "category", size=200, ordinal=True) for n in "ab"))
    model = registry().load("synthesizers", "synth.copula")().fit(data, spec, seed=0)
    out = _sample(model, condition=Condition(fixed={"a": np.array([120])}))
    assert set(out["a"]) == {120}
    z_given = (out["b"] + 0.5 - 100) / 20
    assert abs(z_given.mean() - 0.8 * 1.025) < 0.02 and abs(z_given.std() - 0.6) < 0.02


@pytest.mark.parametrize("name", IDS)
def test_class_conditions(models, name):
    """Every model gives a class that is asked for, with the other columns as they are in that class."""
    condition = Condition(allowed={"y": np.array([1], dtype=np.int32)})
    out, data = _sample(models[name], condition=condition), _data(20_000, 1)
    assert set(out["y"]) == {1}
    if name not in ("marginals", "copula"):
        assert abs(out["x"].mean() - data["x"][data["y"] == 1].mean()) < 0.5
    cut = models[name].sample_chunk(0, 5, condition)
    assert all(np.array_equal(cut[n], out[n][:5]) for n in cut)


@pytest.mark.parametrize("name", ["marginals", "copula"])
def test_rows_are_completed(models, name):
    """Codes given one a row are kept in their rows; what is allowed besides is met too."""
    given = np.arange(CHUNK, dtype=np.int32) % 20
    condition = Condition(fixed={"x": given}, allowed={"colour": np.array([1, 2], dtype=np.int32)})
    out = models[name].sample_chunk(0, CHUNK, condition)
    assert np.array_equal(out["x"], given) and set(out["colour"]) == {1, 2}


@pytest.mark.parametrize("name", ["forest", "smotenc", "copula"])
def test_a_condition_that_is_never_met_ends_in_a_count(name, monkeypatch):
    """Trying again is bounded, and says how many of how many rows met the condition."""
    monkeypatch.setattr("augury_synthesis.classical.base.TRIES", 3)
    data = _data(200)
    data["colour"][:] = 0
    model = _fit(name, data)
    with pytest.raises(DataError, match=r"colour: expected 1024 rows that meet it, got 0 rows .* in 3072 tries"):
        model.sample_chunk(0, 5, Condition(allowed={"colour": np.array([3], dtype=np.int32)}))


@pytest.mark.parametrize("name", ["forest", "smotenc", "bootstrap"])
def test_what_a_model_does_not_declare_it_refuses(models, name):
    """A model without partial conditions in its caps refuses given rows."""
    synthesizer = registry().load("synthesizers", f"synth.{name}")
    assert "partial" not in synthesizer.caps.conditions
    with pytest.raises(DataError, match="cannot"):
        models[name].sample_chunk(0, 2, Condition(fixed={"x": np.array([1, 2])}))


@pytest.mark.parametrize("name", IDS)
def test_other_tensors_are_refused(name):
    """A block that is not one code a row is refused with the reason, and so are no rows."""
    synthesizer = registry().load("synthesizers", f"synth.{name}")()
    picture = TensorSpec((Block("photo", "real", (3, 8, 8), "chw"),))
    assert "real of shape (3, 8, 8)" in synthesizer.supports(picture, 10).reason
    assert synthesizer.supports(SPEC, 0) is not None and synthesizer.supports(SPEC, 100) is None
    with pytest.raises(DataError, match="Fix:"):
        synthesizer.fit({"photo": np.zeros((5, 3, 8, 8))}, picture, seed=0)


def test_threads_do_not_change_the_forest():
    """Each tree has its own stream, so two threads grow the trees that one grows."""
    one, two = (_fit("forest", budget=Budget(threads=n)).sample_chunk(0, 100) for n in (1, 2))
    assert all(np.array_equal(one[n], two[n]) for n in one)


def test_the_target_is_drawn_first_where_it_is_told(models):
    """Only the target-aware forest begins with the target."""
    assert models["forest"].meta["order"][0] == "x" and models["forest_target"].meta["order"][0] == "y"


def test_progress_is_told():
    """`observe` hears of each column."""
    heard = []
    _fit("forest", observe=heard.append)
    assert heard[-1] == {"step": 3, "steps": 3}


def test_a_full_disk_leaves_nothing(models, tmp_path, monkeypatch):
    """A write that fails is an error with a fix, and no folder is left."""

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("augury_synthesis.storage.save_file", full)
    with pytest.raises(EngineError, match="No space left"):
        models["forest"].save(tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_damaged_models_are_told(models, tmp_path):
    """A cut file, a missing file and a model of another kind are errors that say so."""
    load = registry().load("synthesizers", "synth.forest").load
    models["forest"].save(tmp_path / "a")
    with pytest.raises(DataError, match=r"a model of synth\.copula"):
        registry().load("synthesizers", "synth.copula").load(tmp_path / "a")
    arrays = tmp_path / "a" / "arrays.safetensors"
    arrays.write_bytes(arrays.read_bytes()[:100])
    for folder in (tmp_path / "a", tmp_path / "none"):
        with pytest.raises(DataError, match="a saved model"):
            load(folder)
    with pytest.raises(EngineError, match="a new folder"):
        models["forest"].save(tmp_path / "a")
