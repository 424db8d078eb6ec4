"""Small data sets of every shape, and models of them. Without torch nothing here is collected."""

import importlib.util

import numpy as np
import pytest

from augury.rng import generator
from augury.synthesis import Block, TensorSpec

collect_ignore_glob = [] if importlib.util.find_spec("torch") else ["test_*.py"]

STEPS = 6


def table(rows=400, seed=3):
    """Return a table: a rare class, an ordinal column that follows it, and a column with absences."""
    rng = generator(seed)
    label = (rng.random(rows) < 0.15).astype(np.int32)
    size = np.clip(rng.normal(4 + 5 * label, 2, rows).round(), 0, 11).astype(np.int32)
    colour = np.where(rng.random(rows) < 0.8, size % 4, rng.integers(0, 4, rows)).astype(np.int32)
    there = (rng.random(rows) < 0.7).astype(np.float32)
    spec = TensorSpec(
        (
            Block("colour", "category", size=4, masked=True),
            Block("size", "category", size=12, ordinal=True),
            Block("label", "category", size=2),
        )
    )
    return spec, {"colour": colour, "colour?": there, "size": size, "label": label}


def numbers(rows=400, seed=4):
    """Return a table of numbers, some absent, and a switch."""
    rng = generator(seed)
    on = (rng.random(rows) < 0.4).astype(np.float32)
    height = rng.normal(2 * on - 1, 0.3).astype(np.float32)
    there = (rng.random((rows, 2)) < 0.8).astype(np.float32)
    spec = TensorSpec(
        (Block("height", "real"), Block("on", "binary"), Block("pair", "real", shape=(2,), masked=True)),
    )
    return spec, {"height": height, "on": on, "pair": rng.normal(size=(rows, 2)).astype(np.float32), "pair?": there}


def sets(rows=400, seed=5):
    """Return users as sets of ten items, of two tastes."""
    rng = generator(seed)
    taste = rng.integers(0, 2, (rows, 1))
    liked = rng.random((rows, 10)) < np.where(np.arange(10)[None] // 5 == taste, 0.6, 0.05)
    return TensorSpec((Block("items", "binary", shape=(10,)),)), {"items": liked.astype(np.float32)}


def sequences(rows=400, seed=6):
    """Return users as sequences of items with gaps: the next item is often the next number; lengths 1 to ``STEPS``."""
    rng = generator(seed)
    length = rng.integers(1, STEPS + 1, rows)
    start = rng.integers(0, 5, (rows, 1))
    item = ((start + np.arange(STEPS)) % 5).astype(np.int32)
    there = (np.arange(STEPS)[None] < length[:, None]).astype(np.float32)
    gap = (rng.random((rows, STEPS)) < 0.3).astype(np.int32)
    region = (start[:, 0] > 2).astype(np.int32)
    spec = TensorSpec(
        (
            Block("region", "category", size=2),
            Block("item", "token", shape=(STEPS,), axes="t", size=5, masked=True),
            Block("gap", "token", shape=(STEPS,), axes="t", size=2, masked=True),
        )
    )
    return spec, {"region": region, "item": item, "item?": there, "gap": gap, "gap?": there}


DATA = {"table": table, "numbers": numbers, "sets": sets, "sequences": sequences}
SUPPORTED = [
    ("synth.autoregressive", "table"),
    ("synth.autoregressive", "numbers"),
    ("synth.autoregressive", "sets"),
    ("synth.autoregressive", "sequences"),
    ("synth.vae", "table"),
    ("synth.vae", "numbers"),
    ("synth.vae", "sets"),
    ("synth.gan", "table"),
    ("synth.gan", "numbers"),
    ("synth.gan", "sets"),
]
TINY = {"width": 32, "depth": 1, "batch_rows": 64}


def synthesizer(name, **parameters):
    """Return a small synthesizer of an id."""
    from augury import registry

    return registry().load("synthesizers", name).build({**TINY, **parameters})


def batches(model, rows, condition=None):
    """Return ``rows`` rows of a model, chunk after chunk."""
    parts = []
    for index, start in enumerate(range(0, rows, 1024)):
        parts.append(model.sample_chunk(index, min(1024, rows - start), condition))
    return {name: np.concatenate([p[name] for p in parts]) for name in parts[0]}


def assert_same(a, b):
    """Hold two batches to be equal, bit for bit."""
    assert a.keys() == b.keys()
    for name in a:
        assert a[name].dtype == b[name].dtype
        np.testing.assert_array_equal(a[name], b[name], err_msg=name)


@pytest.fixture(scope="session")
def fitted():
    """Return ``fitted(name, data)``: a tiny model, fitted once a session."""
    from functools import cache

    from augury.synthesis import Budget

    @cache
    def fit(name, data):
        spec, train = DATA[data]()
        return synthesizer(name).fit(train, spec, seed=7, budget=Budget(steps=40))

    return fit
