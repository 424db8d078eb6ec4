"""The conformance checks of synthesizers: pure samples, prefixes, saved models, conditions, nothing left changed."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from augury.catalog import Entry
from augury.rng import generator
from augury.synthesis import Batch, Block, Budget, Condition, Model, Synthesizer, TensorSpec
from augury.testing.suite import Suite

ROWS = 160


def _table() -> tuple[TensorSpec, Batch]:
    rng = generator(5)
    size = rng.integers(0, 8, ROWS).astype(np.int32)
    label = np.where(rng.random(ROWS) < 0.9, size > 3, size <= 3).astype(np.int32)
    return TensorSpec((Block("size", "category", size=8, ordinal=True), Block("label", "category", size=2))), {
        "size": size,
        "label": label,
    }


def _numbers() -> tuple[TensorSpec, Batch]:
    return TensorSpec((Block("x", "real", (2,)),)), {"x": generator(6).normal(size=(ROWS, 2)).astype(np.float32)}


def _sequences() -> tuple[TensorSpec, Batch]:
    codes = generator(7).integers(0, 4, (ROWS, 5)).astype(np.int32)
    return TensorSpec((Block("item", "token", (5,), "t", size=4),)), {"item": codes}


@dataclass(frozen=True, eq=False)
class SynthesizerCase:
    """A synthesizer with its default parameters, and the small data of a shape that it takes."""

    entry: Entry
    shape: str
    synthesizer: Synthesizer
    spec: TensorSpec
    train: Batch

    def __str__(self) -> str:
        return f"on {self.shape}"

    def fit(self, seed: int = 3, **given: Any) -> Model:
        """Return a model of a few steps."""
        target = "label" if self.shape == "a table" else None
        return self.synthesizer.fit(self.train, self.spec, seed=seed, budget=Budget(steps=8), target=target, **given)

    @cached_property
    def model(self) -> Model:
        """One such model."""
        return self.fit()


def _cases(entry: Entry) -> list[SynthesizerCase]:
    cls = entry.load()
    out = []
    for shape, make in {"a table": _table, "numbers": _numbers, "sequences": _sequences}.items():
        synthesizer = cls()
        spec, train = make()
        if synthesizer.supports(spec, ROWS) is None:
            out.append(SynthesizerCase(entry, shape, synthesizer, spec, train))
    return out


SYNTHESIZERS = Suite("synthesizers", _cases)
check = SYNTHESIZERS.check


def _equal(a: Batch, b: Batch) -> bool:
    return a.keys() == b.keys() and all(np.array_equal(a[k], b[k]) and a[k].dtype == b[k].dtype for k in a)


def _cut(batch: Batch, rows: int) -> Batch:
    return {name: array[:rows] for name, array in batch.items()}


@check()
def round_trips(case: SynthesizerCase) -> None:
    """Building from `to_dict` gives an equal synthesizer.

    Troubleshooting: keep all configuration in declared parameters, and nothing on the object.
    """
    assert type(case.synthesizer).build(case.synthesizer.to_dict()) == case.synthesizer


@check()
def samples_fit_the_spec(case: SynthesizerCase) -> None:
    """A chunk has the blocks, shapes and types of the training rows, and codes in range.

    Troubleshooting: return from `sample_chunk` what a codec's `encode` would.
    """
    made = case.model.sample_chunk(0, 100)
    assert made.keys() == case.train.keys()
    for name, array in made.items():
        assert array.shape == (100, *case.train[name].shape[1:]), f"{name}: shape {array.shape}"
        assert array.dtype == case.train[name].dtype, f"{name}: {array.dtype}"
    for block in case.spec.blocks:
        if block.kind in ("category", "token"):
            assert 0 <= made[block.name].min() <= made[block.name].max() < block.size, f"{block.name}: out of range"


@check()
def chunks_are_pure(case: SynthesizerCase) -> None:
    """A chunk is a function of its index: in any order, twice, and cut anywhere; chunks differ.

    Troubleshooting: make all `CHUNK` rows from a generator seeded by (seed, index, purpose), and cut the result.
    """
    first, second = case.model.sample_chunk(0, 1024), case.model.sample_chunk(1, 1024)
    assert _equal(case.model.sample_chunk(0, 1024), first), "a chunk made again differs"
    assert _equal(case.model.sample_chunk(0, 37), _cut(first, 37)), "fewer rows are not the first rows"
    assert _equal(case.model.sample_chunk(0, 0), _cut(first, 0)), "no rows are not an empty batch"
    assert not _equal(first, second), "two chunks are equal"


@check(when=lambda case: case.synthesizer.caps.bit_exact)
def fits_are_equal(case: SynthesizerCase) -> None:
    """Two fits of one seed make the same rows.

    Troubleshooting: take all randomness from the seed, or declare `bit_exact=False`.
    """
    assert _equal(case.fit().sample_chunk(0, 200), case.model.sample_chunk(0, 200))


@check()
def saves_and_loads(case: SynthesizerCase) -> None:
    """A saved model, loaded, makes the same rows; the folder holds nothing pickled.

    Troubleshooting: save JSON and safetensors, and all that sampling needs.
    """
    with TemporaryDirectory() as place:
        folder = Path(place) / "model"
        case.model.save(folder)
        names = {path.suffix for path in folder.rglob("*") if path.is_file()}
        assert names <= {".json", ".safetensors"}, f"the folder holds {sorted(names)}"
        loaded = type(case.synthesizer).load(folder)
        assert _equal(loaded.sample_chunk(2, 200), case.model.sample_chunk(2, 200))


@check()
def leaves_the_process_alone(case: SynthesizerCase) -> None:
    """Training rows and the global random states are what they were.

    Troubleshooting: copy what you change, and draw from generators of your own.
    """
    kept = {name: array.copy() for name, array in case.train.items()}
    before = (random.getstate(), str(np.random.get_state()))
    case.fit().sample_chunk(0, 10)
    assert _equal(case.train, kept), "the training rows were changed"
    assert (random.getstate(), str(np.random.get_state())) == before, "a global random state was touched"


def _conditions(conditions: Mapping[str, str]) -> dict[str, Condition]:
    every = {
        "class": Condition(allowed={"label": np.array([1])}),
        "partial": Condition(fixed={"label": np.arange(120) % 2}),
        "range": Condition(allowed={"size": np.array([1, 2, 5])}),
    }
    return {name: every[name] for name in conditions if name in every}


@check(when=lambda case: case.shape == "a table" and bool(case.synthesizer.caps.conditions))
def conditions_hold(case: SynthesizerCase) -> None:
    """Every declared condition holds in every row, and fewer rows are the first ones.

    Troubleshooting: declare in `caps.conditions` what `sample_chunk` meets, and nothing else.
    """
    for name, condition in _conditions(case.synthesizer.caps.conditions).items():
        made = case.model.sample_chunk(0, 120, condition)
        for block, codes in condition.fixed.items():
            assert np.array_equal(made[block], np.broadcast_to(codes, made[block].shape)), f"{name}: not as fixed"
        for block, codes in condition.allowed.items():
            assert np.isin(made[block], codes).all(), f"{name}: not among the allowed codes"
