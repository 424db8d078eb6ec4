"""What all models without a network share: one code a column in, chunks of codes out, conditions by trying again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np

from augury.errors import DataError, describe, shown
from augury.rng import generator, hash_point
from augury.synthesis import CHUNK, DEFAULT_BUDGET, Batch, Budget, Condition, Model, Refusal, Synthesizer, TensorSpec
from augury_synthesis import storage

TRIES = 500
"""Candidates tried for each row of a chunk before a condition is given up."""

Codes = dict[str, np.ndarray]


class Lesson(NamedTuple):
    """What a model is learned from.

    Attributes:
        codes: One array of int codes a block.
        meta: ``seed``, and ``blocks``: each one's ``size`` and whether it is ``ordinal``.
        budget: Threads; the models without a network take no steps.
        target: The target's block, for synthesizers that are told it.
        tell: Called with progress.
    """

    codes: Codes
    meta: dict[str, Any]
    budget: Budget
    target: str | None
    tell: Callable[[Mapping[str, Any]], None]


def stream(seed: int, *purpose: object) -> np.random.Generator:
    """Return the generator of one purpose of a fit or sample."""
    return generator(hash_point(str(seed), *map(str, purpose)))


class CodeModel(Model):
    """A model of codes, made of JSON values (``seed``, ``blocks``) and arrays."""

    synthesizer = ""

    def __init__(self, meta: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
        """Hold what was learned."""
        self.meta = dict(meta)
        self.arrays = dict(arrays)
        self.names: tuple[str, ...] = tuple(meta["blocks"])

    def draw(self, rng: np.random.Generator, rows: int) -> Codes:
        """Return ``rows`` rows."""
        raise NotImplementedError

    def draw_given(self, rng: np.random.Generator, given: Mapping[str, np.ndarray], rows: int) -> Codes:
        """Return ``rows`` rows that have the codes given, one a row."""
        raise DataError(describe(self.synthesizer, "no rows to complete: this model cannot", sorted(given)))

    def sample_chunk(self, index: int, rows: int, condition: Condition | None = None) -> Batch:
        """Return the first rows of a chunk; see `Model.sample_chunk`."""
        seed = self.meta["seed"]
        if condition is None or not (condition.fixed or condition.allowed):
            return _cut(self.draw(stream(seed, "chunk", index), CHUNK), rows)
        given = {name: _filled(codes) for name, codes in condition.fixed.items()}
        found: list[Codes] = []
        missing = np.arange(CHUNK)
        for attempt in range(TRIES):
            rng = stream(seed, "chunk", index, attempt)
            drawn = self.draw_given(rng, _take(given, missing), len(missing)) if given else self.draw(rng, CHUNK)
            met = np.ones(len(next(iter(drawn.values()))), dtype=bool)
            for name, codes in condition.allowed.items():
                met &= np.isin(drawn[name], codes)
            if given:  # a row's place is that of its given codes
                place = missing[met]
                found.append({**_take(drawn, met), "": place})
                missing = missing[~met]
            else:
                found.append(_take(drawn, met))
                missing = missing[met.sum() :]
            if not len(missing):
                break
        else:
            raise _unmet(condition, CHUNK - len(missing), TRIES * CHUNK)
        out = {name: np.concatenate([part[name] for part in found])[:CHUNK] for name in found[0]}
        if given:
            out = _take(out, np.argsort(out.pop(""), kind="stable"))
        return _cut(out, rows)

    def save(self, folder: Path) -> None:
        """Write the model; see `Model.save`."""
        storage.save(folder, self.synthesizer, self.meta, self.arrays)


class CodeSynthesizer(Synthesizer):
    """Base of the synthesizers without a network: `learn` is all that a subclass states.

    Class attributes:
        model: What `learn` returns.
    """

    model: ClassVar[type[CodeModel]]

    def supports(self, spec: TensorSpec, rows: int) -> Refusal | None:
        """Take blocks of one code a column, and no others."""
        for block in spec.blocks:
            if block.kind != "category" or block.shape:
                what = f"block {block.name!r} is {block.kind} of shape {block.shape}, not one code a row"
                return Refusal(what, "use the codec codec.table, or a neural model")
        return None if rows else Refusal("there are no rows", "give training rows")

    def fit(
        self,
        train: Batch,
        spec: TensorSpec,
        *,
        seed: int,
        budget: Budget = DEFAULT_BUDGET,
        target: str | None = None,
        checkpoint: Path | None = None,
        observe: Callable[[Mapping[str, Any]], None] | None = None,
    ) -> CodeModel:
        """Return a model; see `Synthesizer.fit`. Fits take seconds and keep no checkpoint.

        Raises:
            DataError: for what `supports` refuses.
        """
        if refusal := self.supports(spec, len(train[spec.blocks[0].name])):
            raise DataError(f"{self.model.synthesizer}: {refusal.reason}. Fix: {refusal.fix}.")
        blocks = {b.name: {"size": b.size, "ordinal": b.ordinal} for b in spec.blocks}
        codes = {b.name: np.asarray(train[b.name]) for b in spec.blocks}
        tell = observe or (lambda progress: None)
        return self.learn(Lesson(codes, {"seed": seed, "blocks": blocks}, budget, target, tell))

    def learn(self, lesson: Lesson) -> CodeModel:
        """Return the model of a lesson's codes."""
        raise NotImplementedError

    @classmethod
    def load(cls, folder: Path) -> CodeModel:
        """Return a saved model; see `Synthesizer.load`."""
        return cls.model(*storage.load(folder, cls.model.synthesizer))


def frequencies(codes: np.ndarray, size: int) -> np.ndarray:
    """Return the cumulative share of each code."""
    total = np.cumsum(np.bincount(codes, minlength=size).astype(np.float64))
    return total / total[-1]


def _filled(codes: np.ndarray) -> np.ndarray:
    """Return one code for each row of a whole chunk; a cut chunk's last code fills it up."""
    codes = np.atleast_1d(codes)
    return np.concatenate([codes, np.repeat(codes[-1:], CHUNK - len(codes))]).astype(np.int32)


def _take(batch: Mapping[str, np.ndarray], rows: np.ndarray) -> Codes:
    return {name: codes[rows] for name, codes in batch.items()}


def _cut(batch: Mapping[str, np.ndarray], rows: int) -> Codes:
    return {name: codes[:rows].astype(np.int32) for name, codes in batch.items()}


def _unmet(condition: Condition, met: int, tried: int) -> DataError:
    columns = ", ".join({**condition.fixed, **condition.allowed})
    got = shown(f"{met} rows that meet it in {tried} tries")
    fix = "widen the condition, or use a model that meets it by construction (synth.autoregressive)"
    return DataError(describe(f"condition on {columns}", f"{CHUNK} rows that meet it", got, fix=fix))
