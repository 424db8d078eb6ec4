"""Trained models: what they sample, under which conditions, and what they are saved as."""

import json
import resource
import subprocess
import sys
from contextlib import contextmanager

import numpy as np
import pytest
from safetensors.numpy import load_file

from augury.errors import DataError, EngineError, PluginError
from augury.synthesis import Block, Budget, Condition, TensorSpec
from augury_synthesis.model import registered_id
from augury_synthesis.objectives.vae import Vae

from .conftest import DATA, SUPPORTED, TINY, assert_same, batches, synthesizer, table

PAIRS = pytest.mark.parametrize(("name", "data"), SUPPORTED)
TABLES = pytest.mark.parametrize("name", ["synth.autoregressive", "synth.vae", "synth.gan"])


def cut(batch, rows):
    """Return the first rows of a batch."""
    return {k: v[:rows] for k, v in batch.items()}


@PAIRS
def test_samples_are_batches_of_the_spec(fitted, name, data):
    """Every model of every data gives arrays as the codec gave them: names, shapes, types, codes in range, masks."""
    spec, train = DATA[data]()
    made = batches(fitted(name, data), 1500)
    assert made.keys() == train.keys()
    for key, array in made.items():
        assert array.dtype == train[key].dtype, key
        assert array.shape == (1500, *train[key].shape[1:]), key
        assert np.isfinite(array).all()
    for block in spec.blocks:
        if block.kind != "real":
            assert 0 <= made[block.name].min() <= made[block.name].max() < max(2, block.size)
        if block.masked:
            assert set(np.unique(made[block.name + "?"])) <= {0.0, 1.0}
            assert not made[block.name][made[block.name + "?"] == 0].any()


@PAIRS
def test_chunks_are_pure_and_prefixes(fitted, name, data):
    """A chunk does not depend on what was drawn before or how much of it is asked for; chunks differ."""
    model = fitted(name, data)
    second, first = model.sample_chunk(1, 1024), model.sample_chunk(0, 1024)
    assert_same(model.sample_chunk(0, 300), cut(first, 300))
    assert_same(model.sample_chunk(0, 1024), first)
    assert_same(batches(model, 1500), {k: np.concatenate([first[k], second[k][:476]]) for k in first})
    assert any((first[k] != second[k]).any() for k in first)
    assert_same(model.sample_chunk(0, 0), cut(first, 0))


@PAIRS
def test_saved_models_give_the_same_rows(fitted, name, data, tmp_path):
    """A model that is saved and loaded makes the same rows; the folder holds JSON and safetensors alone."""
    model = fitted(name, data)
    model.save(tmp_path / "model")
    assert sorted(p.suffix for p in (tmp_path / "model").iterdir()) == [".json", ".safetensors"]
    loaded = type(model.objective).load(tmp_path / "model")
    assert loaded.spec == model.spec
    assert loaded.objective == model.objective
    assert_same(batches(loaded, 1100), batches(model, 1100))


OTHER = """
import sys, numpy as np
from augury import registry
for name, folder in zip(sys.argv[1::2], sys.argv[2::2]):
    model = registry().load("synthesizers", name).load(__import__("pathlib").Path(folder))
    np.savez(folder + ".npz", **model.sample_chunk(2, 700))
"""


def test_another_process_gives_the_same_rows(fitted, tmp_path):
    """Models loaded in another process make the same rows."""
    chosen = [("synth.autoregressive", "sequences"), ("synth.vae", "numbers"), ("synth.gan", "table")]
    given = []
    for name, data in chosen:
        fitted(name, data).save(tmp_path / data)
        given += [name, str(tmp_path / data)]
    subprocess.run([sys.executable, "-c", OTHER, *given], check=True, timeout=120)
    for name, data in chosen:
        with np.load(tmp_path / f"{data}.npz") as found:
            assert_same(dict(found), fitted(name, data).sample_chunk(2, 700))


@TABLES
def test_fixed_codes_hold(fitted, name):
    """One code for all rows, and one a row, are what comes back; a prefix of the rows is the same rows."""
    model = fitted(name, "table")
    assert set(batches(model, 1500, Condition(fixed={"label": np.array(1)}))["label"].tolist()) == {1}
    wanted = np.arange(900, dtype=np.int64) % 2
    made = model.sample_chunk(0, 900, Condition(fixed={"label": wanted}))
    np.testing.assert_array_equal(made["label"], wanted)
    assert_same(model.sample_chunk(0, 500, Condition(fixed={"label": wanted[:500]})), cut(made, 500))


@TABLES
def test_allowed_codes_hold(fitted, name):
    """Every row has one of the allowed codes, alone and beside a fixed code; an absent value has none."""
    model = fitted(name, "table")
    made = model.sample_chunk(0, 1000, Condition(allowed={"size": np.arange(3, 6), "colour": np.array([0, 2])}))
    assert set(made["size"].tolist()) <= {3, 4, 5}
    assert set(made["colour"].tolist()) <= {0, 2}
    assert made["colour?"].all()
    both = model.sample_chunk(0, 200, Condition(fixed={"label": np.array(1)}, allowed={"size": np.arange(6)}))
    assert both["label"].all()
    assert both["size"].max() < 6


def test_several_fixed_columns_are_a_partial_row(fitted):
    """Given several columns a row, the rest is filled in and the given ones stay, whatever they are."""
    rng = np.random.default_rng(0)
    given = {"size": rng.integers(0, 12, 1024), "label": rng.integers(0, 2, 1024)}
    made = fitted("synth.autoregressive", "table").sample_chunk(3, 1024, Condition(fixed=given))
    for column, codes in given.items():
        np.testing.assert_array_equal(made[column], codes)


def test_scalars_of_sequences_can_be_fixed(fitted):
    """A user's attribute is a condition of the sequence model, a step's token is not."""
    model = fitted("synth.autoregressive", "sequences")
    assert model.sample_chunk(0, 100, Condition(fixed={"region": np.array(1)}))["region"].all()
    with pytest.raises(DataError, match="condition on item: expected codes without axes"):
        model.sample_chunk(0, 100, Condition(fixed={"item": np.zeros(6)}))


WRONG = {
    "unknown": (
        Condition(fixed={"labl": np.array(1)}),
        "expected a block of the model, got 'labl'. Did you mean label",
    ),
    "code": (Condition(fixed={"label": np.array(2)}), r"condition on label: expected codes in \[0, 2\), got 2"),
    "length": (Condition(fixed={"label": np.zeros(7)}), r"expected shape \(10,\), got \(7,\)"),
    "none": (Condition(allowed={"size": np.array([])}), "condition on size: expected codes to draw, got none"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_conditions_are_refused_in_words(fitted, case):
    """A condition that makes no sense says what would."""
    condition, message = WRONG[case]
    with pytest.raises(DataError, match=message):
        fitted("synth.vae", "table").sample_chunk(0, 10, condition)


def test_conditions_are_those_of_the_spec():
    """A spec that names its condition columns allows no other."""
    spec, train = table()
    model = synthesizer("synth.vae").fit(train, spec._replace(condition=("label",)), seed=0, budget=Budget(steps=3))
    model.sample_chunk(0, 5, Condition(fixed={"label": np.array(0)}))
    with pytest.raises(DataError, match="a column that conditions may fix"):
        model.sample_chunk(0, 5, Condition(fixed={"size": np.array(0)}))


def test_a_condition_that_is_never_met_ends_in_a_count():
    """Resampling is bounded: the error says how many rows were found in how many tries."""
    spec, train = table()
    train["label"][:] = 0
    model = synthesizer("synth.vae", learning_rate=1e-2).fit(
        train, spec, seed=0, budget=Budget(steps=200, patience=200)
    )
    with pytest.raises(
        DataError, match=r"expected 1000 rows that meet it, got \d+ rows of 102,400 tries.*autoregressive"
    ):
        model.sample_chunk(0, 1000, Condition(fixed={"label": np.array(1)}))


@contextmanager
def small_disk(size):
    """Let no file grow over ``size`` bytes: what a full disk looks like to a program."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_leaves_nothing_behind(fitted, tmp_path):
    """Saving to a full disk is an EngineError, and no half-written model is left."""
    with small_disk(8192), pytest.raises(EngineError, match="Fix: "):
        fitted("synth.vae", "table").save(tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_keeps_the_older_checkpoint(tmp_path):
    """A checkpoint that cannot be written is an EngineError; training goes on from the one before."""
    spec, train = table()
    fit = {"seed": 1, "budget": Budget(steps=20), "checkpoint": tmp_path}

    def fill(told):
        if told["step"] == 10:
            resource.setrlimit(resource.RLIMIT_FSIZE, (8192, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))

    with small_disk(2**40), pytest.raises(EngineError):
        synthesizer("synth.vae").fit(train, spec, observe=fill, **fit)
    assert [p.name for p in tmp_path.iterdir()] == ["step-000000008"]
    whole = synthesizer("synth.vae").fit(train, spec, seed=1, budget=Budget(steps=20))
    assert_same(batches(synthesizer("synth.vae").fit(train, spec, **fit), 100), batches(whole, 100))


def test_damaged_folders_are_refused(fitted, tmp_path):
    """No model, a cut tensor file, a missing tensor and another model's folder are told apart from a good one."""
    model = fitted("synth.vae", "table")
    with pytest.raises(DataError, match="expected a saved model"):
        Vae.load(tmp_path / "nothing")
    model.save(tmp_path / "cut")
    arrays = tmp_path / "cut" / "arrays.safetensors"
    arrays.write_bytes(arrays.read_bytes()[:-100])
    with pytest.raises(DataError, match="Fix: "):
        Vae.load(tmp_path / "cut")
    model.save(tmp_path / "head")
    head = json.loads((tmp_path / "head" / "model.json").read_text())
    head["parameters"]["width"] = 64
    (tmp_path / "head" / "model.json").write_text(json.dumps(head))
    with pytest.raises(DataError, match="expected an undamaged model"):
        Vae.load(tmp_path / "head")
    fitted("synth.gan", "table").save(tmp_path / "other")
    with pytest.raises(DataError, match=r"expected a model of synth\.vae, got 'synth.gan'"):
        Vae.load(tmp_path / "other")


def test_the_folder_tells_its_versions(fitted, tmp_path):
    """What the rows depend on is in the folder: parameters, blocks, seed, threads, versions; tensors are plain floats."""
    fitted("synth.vae", "table").save(tmp_path / "model")
    head = json.loads((tmp_path / "model" / "model.json").read_text())
    assert head["synthesizer"] == "synth.vae"
    assert head["versions"].keys() == {"torch", "numpy", "safetensors"}
    assert (head["seed"], head["threads"]) == (7, 1)
    assert all(a.dtype == np.float32 for a in load_file(tmp_path / "model" / "arrays.safetensors").values())


def test_unregistered_objectives_cannot_be_saved(tmp_path):
    """A class that no plugin gives could not be found when loading, so saving it says how to give it."""

    class Own(Vae):
        """A user's own."""

    spec, train = table()
    with pytest.raises(PluginError, match=r"Plugin\(synthesizers="):
        Own(**TINY).fit(train, spec, seed=0, budget=Budget(steps=2)).save(tmp_path / "model")
    assert registered_id(Vae) == "synth.vae"


REFUSED = [
    ("synth.vae", "sequences", "no backbone for axes 't' can encode"),
    ("synth.gan", "sequences", "no backbone for axes 't' can decode"),
    ("synth.autoregressive", TensorSpec((Block("picture", "real", (3, 8, 8), "chw"),)), "axes 'chw' can masked"),
    (
        "synth.vae",
        TensorSpec((Block("a", "real", (4,), "t"), Block("b", "real", (1, 4, 4), "chw"))),
        "one family of axes",
    ),
    ("synth.gan", TensorSpec((Block("words", "token", (4,), "", 9),)), r"kind token \(words\) cannot activate"),
    ("synth.autoregressive", TensorSpec((Block("many", "binary", (5000,)),)), "5,000 elements to draw in turn"),
    ("synth.vae", TensorSpec((Block("huge", "category", size=300_000),)), "300,000 outputs"),
    ("synth.vae", TensorSpec(()), "it needs blocks"),
]


@pytest.mark.parametrize(("name", "data", "reason"), REFUSED)
def test_what_is_not_supported_says_why(name, data, reason):
    """Unsupported pairs of model and data are refused with the reason, and fitting them says the same."""
    import re

    spec = DATA[data]()[0] if isinstance(data, str) else data
    made = synthesizer(name)
    refusal = made.supports(spec, 100)
    assert refusal is not None
    assert re.search(reason, refusal.reason)
    assert refusal.fix
    with pytest.raises(DataError, match=reason):
        made.fit({b.name: np.zeros((100, *b.shape), np.float32) for b in spec.blocks}, spec, seed=0)
