"""The training loop: the same model however it was run, and words for what goes wrong."""

import random
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

from augury.errors import DataError
from augury.synthesis import Budget
from augury_synthesis.objectives.gan import Gan
from augury_synthesis.objectives.vae import Vae
from augury_synthesis.training.rows import Rows
from augury_synthesis.training.trainer import CollapseWarning

from .conftest import SUPPORTED, TINY, assert_same, batches, numbers, sequences, synthesizer, table

BUDGET = Budget(steps=30)
ENGINES = ["synth.autoregressive", "synth.vae", "synth.gan"]


def parameters(model):
    """Return a model's parameters by name."""
    return {k: p.numpy() for k, p in model._networks.named_parameters()}


def assert_equal_models(a, b):
    """Hold two models to be equal, bit for bit."""
    ours, theirs = parameters(a), parameters(b)
    assert ours.keys() == theirs.keys()
    for name in ours:
        np.testing.assert_array_equal(ours[name], theirs[name], err_msg=name)
    assert_same({k: v.numpy() for k, v in a._extra.items()}, {k: v.numpy() for k, v in b._extra.items()})


@pytest.mark.parametrize("name", ENGINES)
def test_fits_are_equal_bit_for_bit(name):
    """The same seed gives the same model, another seed another."""
    spec, train = table()
    first, second, other = (synthesizer(name).fit(train, spec, seed=s, budget=BUDGET) for s in (1, 1, 2))
    assert_equal_models(first, second)
    assert any((parameters(first)[k] != v).any() for k, v in parameters(other).items())


@pytest.mark.parametrize("threads", [1, 2])
def test_each_thread_setting_is_reproducible(threads):
    """Fits with the same number of threads are equal."""
    spec, train = table()
    budget = BUDGET._replace(threads=threads)
    assert_equal_models(*(synthesizer("synth.vae").fit(train, spec, seed=1, budget=budget) for _ in range(2)))


def test_the_order_of_rows_does_not_matter():
    """A model is a function of the set of its training rows."""
    spec, train = table()
    order = np.random.default_rng(1).permutation(len(train["size"]))
    shuffled = {k: v[order] for k, v in train.items()}
    assert_equal_models(
        *(synthesizer("synth.autoregressive").fit(t, spec, seed=1, budget=BUDGET) for t in (train, shuffled))
    )


def test_mapped_rows_are_the_same_rows(tmp_path):
    """Training from memory-mapped files gives the same model."""
    spec, train = table()
    mapped = {}
    for name, array in train.items():
        np.save(tmp_path / f"{name.strip('?')}{'?' in name}.npy", array)
        mapped[name] = np.load(tmp_path / f"{name.strip('?')}{'?' in name}.npy", mmap_mode="r")
    assert_equal_models(*(synthesizer("synth.vae").fit(t, spec, seed=1, budget=BUDGET) for t in (train, mapped)))


KILLED = """
import importlib.util, os, signal, sys
from pathlib import Path
spec = importlib.util.spec_from_file_location("shapes", sys.argv[1])
shapes = importlib.util.module_from_spec(spec)
spec.loader.exec_module(shapes)
from augury.synthesis import Budget

def observe(told):
    if told["step"] > 14:
        os.kill(os.getpid(), signal.SIGKILL)

blocks, train = shapes.table()
for name in sys.argv[3:]:
    if os.fork() == 0:
        folder = Path(sys.argv[2]) / name
        shapes.synthesizer(name).fit(train, blocks, seed=1, budget=Budget(steps=30), checkpoint=folder, observe=observe)
    os.wait()
"""


def test_goes_on_after_a_kill(tmp_path):
    """A fit that was killed and started again ends in the same model as one that ran through."""
    script = [sys.executable, "-W", "ignore", "-c", KILLED, str(Path(__file__).with_name("conftest.py")), str(tmp_path)]
    subprocess.run([*script, *ENGINES], check=True, timeout=120)
    spec, train = table()
    for name in ENGINES:
        folder = tmp_path / name
        assert [p.name for p in folder.iterdir()] == ["step-000000012"]
        (folder / ".step-000000015.partial").mkdir()  # what a kill in the middle of writing leaves
        steps = []
        resumed = synthesizer(name).fit(
            train,
            spec,
            seed=1,
            budget=BUDGET,
            checkpoint=folder,
            observe=lambda told, steps=steps: steps.append(told["step"]),
        )
        assert steps[0] == 15
        assert_equal_models(resumed, synthesizer(name).fit(train, spec, seed=1, budget=BUDGET))


def test_a_checkpoint_of_another_fit_is_refused(tmp_path):
    """Going on from a checkpoint needs the same seed, data, parameters and budget; the difference is named."""
    spec, train = table()
    synthesizer("synth.vae").fit(train, spec, seed=1, budget=BUDGET, checkpoint=tmp_path)
    with pytest.raises(DataError, match="expected a checkpoint of this fit, got one of another seed"):
        synthesizer("synth.vae").fit(train, spec, seed=2, budget=BUDGET, checkpoint=tmp_path)
    train["label"] = 1 - train["label"]
    with pytest.raises(DataError, match="got one of another data"):
        synthesizer("synth.vae").fit(train, spec, seed=1, budget=BUDGET, checkpoint=tmp_path)


def test_the_process_is_left_as_it_was(tmp_path):
    """Seeds, threads, default type and deterministic flags are what they were, after success and after failure."""

    def state():
        return (
            torch.get_rng_state().tolist(),
            torch.get_num_threads(),
            torch.get_default_dtype(),
            torch.are_deterministic_algorithms_enabled(),
            random.getstate(),
            str(np.random.get_state()),
        )

    spec, train = table()
    count = torch.get_num_threads()
    torch.set_default_dtype(torch.float64)
    try:
        before = state()
        model = synthesizer("synth.vae").fit(train, spec, seed=1, budget=Budget(steps=10, threads=count + 1))
        batches(model, 100)
        model.save(tmp_path / "model")
        type(model.objective).load(tmp_path / "model")
        with pytest.raises(DataError):
            Broken(**TINY).fit(train, spec, seed=1, budget=Budget(steps=10, threads=count + 1))
        assert state() == before
    finally:
        torch.set_default_dtype(torch.float32)


class Broken(Vae):
    """A model whose loss stops being a number."""

    def step(self, networks, turn, rows, number, noise):
        """Lose the third loss."""
        loss = super().step(networks, turn, rows, number, noise)
        return loss * (float("nan") if number == 3 else 1.0)


def test_divergence_is_explained():
    """A loss that is not finite ends training with where, what and what to do."""
    spec, train = table()
    with pytest.raises(DataError, match=r"step 4: expected finite losses, got loss nan.*Fix: lower learning_rate"):
        Broken(**TINY).fit(train, spec, seed=1, budget=Budget(steps=40))


class Stuck(Gan):
    """A generator that always says the same."""

    def networks(self, layout, backbone):
        """Make one code of every column certain."""
        made = super().networks(layout, backbone)
        with torch.no_grad():
            made.generator.last.bias[[0, 5, 17]] = 50  # the first code of each column
        return made


def test_mode_collapse_is_an_error():
    """A generator that repeats one row is not returned."""
    spec, train = table()
    with pytest.raises(DataError, match=r"got [12] different rows .* where real ones have \d+ \(mode collapse\)"):
        Stuck(**TINY, learning_rate=1e-7).fit(train, spec, seed=1, budget=Budget(steps=3))


def test_a_dead_latent_is_a_warning():
    """A latent that carries nothing is said: rightly so when columns are independent, and so no error."""
    spec, train = table()
    with pytest.warns(CollapseWarning, match="posterior collapse: lower beta"):
        synthesizer("synth.vae", beta=1000.0, free_nats=0.0, learning_rate=1e-2).fit(train, spec, seed=1, budget=BUDGET)


def test_progress_tells_losses_and_time_left():
    """What is observed: steps, each network's loss, the best score and the seconds left; training stops in patience."""
    spec, train = table()
    told = []
    budget = Budget(steps=400, patience=1)
    synthesizer("synth.gan", learning_rate=1e-7, least_steps=1).fit(
        train, spec, seed=1, budget=budget, observe=told.append
    )
    assert {"step", "steps", "critic", "generator", "best", "seconds_left"} <= told[0].keys()
    assert told[-1]["step"] < 400
    assert all(t["seconds_left"] >= 0 for t in told)


def test_the_split_is_a_function_of_the_set_of_rows():
    """The rows kept back are the asked share, none is trained on, and they do not depend on the order of rows."""
    spec, train = table(rows=300)
    order = np.random.default_rng(0).permutation(300)
    kept = []
    for given in (train, {k: v[order] for k, v in train.items()}):
        rows = Rows(given, spec, seed=0, validate_share=0.3, device=torch.device("cpu"))
        assert len(rows.validation) == 90
        assert sorted([*rows.validation, *rows.training]) == list(range(300))
        kept.append(sorted(zip(*(given[n][rows.validation] for n in given), strict=True)))
    assert kept[0] == kept[1]


def test_an_epoch_passes_every_row_once():
    """Batches of an epoch hold every training row once, in another order the next time."""
    spec, train = table(rows=256)
    rows = Rows(
        train | {"size": np.arange(256, dtype=np.int32) % 12},
        spec,
        seed=0,
        validate_share=0.0,
        device=torch.device("cpu"),
    )
    train_index = [np.sort(np.concatenate([rows._permuted(e)[k * 64 : k * 64 + 64] for k in range(4)])) for e in (0, 1)]
    np.testing.assert_array_equal(train_index[0], np.arange(256))
    np.testing.assert_array_equal(train_index[1], np.arange(256))
    assert (rows._permuted(0) != rows._permuted(1)).any()


BAD = {
    "one row": (lambda t: {k: v[:1] for k, v in t.items()}, "at least 2 rows"),
    "code out of range": (lambda t: t | {"size": t["size"] + 9}, r"block size: expected codes in \[0, 12\)"),
    "lengths": (lambda t: t | {"size": t["size"][:9]}, "blocks of one length"),
    "no mask": (lambda t: {k: v for k, v in t.items() if k != "colour?"}, r"block colour\?: expected an array"),
    "shape": (lambda t: t | {"size": t["size"][:, None]}, r"block size: expected shape \(\) a row"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_rows_are_refused_in_words(case):
    """What cannot be learned is named, with what to change."""
    spec, train = table()
    change, message = BAD[case]
    with pytest.raises(DataError, match=message) as caught:
        synthesizer("synth.vae").fit(change(train), spec, seed=1, budget=BUDGET)
    assert "Fix: " in str(caught.value)


HOLES = {
    "before the end": lambda mask, other: (np.where(np.arange(6) == 0, 0.0, mask).astype(np.float32), other),
    "in one block": lambda mask, other: (mask, np.zeros_like(other)),
}


@pytest.mark.parametrize("case", HOLES)
def test_sequences_with_holes_are_refused(case):
    """Masks of a sequence say where it ends, and nothing else."""
    spec, train = sequences()
    train["item?"], train["gap?"] = HOLES[case](train["item?"], train["gap?"])
    with pytest.raises(DataError, match=r"1 up to each row's end, alike in all blocks.*Fix: give a missing value"):
        synthesizer("synth.autoregressive").fit(train, spec, seed=1, budget=BUDGET)


def test_infinite_numbers_are_refused():
    """A number that is not finite is named by its block."""
    spec, train = numbers()
    train["height"][5] = np.inf
    with pytest.raises(DataError, match="block height: expected finite numbers, got inf"):
        synthesizer("synth.vae").fit(train, spec, seed=1, budget=BUDGET)


@pytest.mark.parametrize("name", ENGINES)
def test_one_code_and_few_rows_are_learned(name):
    """Constant columns and two rows are no failure: what there is comes back."""
    spec, train = table(rows=2)
    train = {k: np.repeat(v[:1], 2) for k, v in train.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CollapseWarning)
        model = synthesizer(name, learning_rate=2e-2).fit(train, spec, seed=1, budget=Budget(steps=60, patience=60))
    made = batches(model, 1024)
    assert (made["label"] == train["label"][0]).mean() > 0.8


def test_every_pair_is_covered():
    """The pairs of model and data that the suite fits are all that are supported."""
    from .conftest import DATA

    found = {
        (name, data)
        for name in ENGINES
        for data, make in DATA.items()
        if synthesizer(name).supports(make()[0], 400) is None
    }
    assert found == set(SUPPORTED)
