"""Conformance of an op's randomness: keyed, stored, replayed; the same in any order, thread or process."""

from __future__ import annotations

import json
import multiprocessing
import pickle
import random
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import lru_cache
from typing import Any

from augury.catalog import registry
from augury.testing.op_case import OPS, OpCase, Result

check = OPS.check

MOST_DRAW_BYTES = 65536
"""The longest lineage of one step, as JSON: arrays are kept as sub-seeds."""


@check()
def repeats_itself(case: OpCase) -> None:
    """The same (seed, id, copy) gives the same bytes, twice and in reversed order.

    Troubleshooting: something is kept between calls, or a random state other than ``rng`` is used.
    """
    first = case.results()
    assert case.results() == first, "a second run differs"
    assert case.results(order=-1) == first, "the reversed order differs"


@check(when=lambda case: case.draws and case.first)
def draws_by_id_and_copy(case: OpCase) -> None:
    """Another id, and another copy, give another draw; a fitted op may know its records by id and is given those.

    Troubleshooting: take every number from the ``rng`` given to ``draw``; exempt an op whose draw cannot vary.
    """
    record_id, record = next(iter(case.runs.items()))
    others = case.runs if case.cls.fits else {f"{record_id}/{i}": record for i in range(12)}
    by_id = {_draws(case, other_id, other, 0) for other_id, other in others.items()}
    by_copy = {_draws(case, record_id, record, copy) for copy in range(12)}
    assert len(by_id) > 1, f"every id draws {by_id}"
    assert len(by_copy) > 1, f"every copy draws {by_copy}"


def _draws(case: OpCase, record_id: str, record: Mapping[str, Any], copy: int) -> str:
    steps = case.run(record_id, record, copy).lineage["steps"]
    return json.dumps([step.get("draw") for step in steps], sort_keys=True)


@check()
def draws_json(case: OpCase) -> None:
    """Draws are small plain JSON, without NaN.

    Troubleshooting: return Python numbers, text, lists and dicts from ``draw``; arrays only as ``rng.seed()``.
    """
    for record_id, record in case.runs.items():
        text = json.dumps(case.run(record_id, record).lineage, allow_nan=False)
        assert len(text) <= MOST_DRAW_BYTES, f"the lineage of one step takes {len(text)} bytes"


@check()
def replays(case: OpCase) -> None:
    """A lineage stored as JSON replays to the same bytes.

    Troubleshooting: ``effect`` depends on more than draw, size, donors and state, or the draw holds tuples.
    """
    for record_id, record in case.runs.items():
        output = case.run(record_id, record)
        stored = json.loads(json.dumps(output.lineage))
        again = case.pipe.replay(record, stored, pool=case.pool())
        assert case.result(again).digests == case.result(output).digests, f"{record_id} replays differently"


@check()
def leaves_global_randomness(case: OpCase) -> None:
    """The global states of random, numpy and torch are neither read nor moved.

    Troubleshooting: use ``rng`` in draw, ``augury.rng.generator(seed)`` in kernels, and nothing global.
    """
    case.runs  # noqa: B018 -- what is built and fitted on first use is not what is looked at
    before = _global_states()
    first = case.results(copies=1)
    assert _global_states() == before, "a global random state has moved"
    _stir()
    assert case.results(copies=1) == first, "the result depends on a global random state"


def _global_states() -> dict[str, bytes]:
    states: dict[str, Callable[[], Any]] = {"random": random.getstate}
    if "numpy" in sys.modules:
        states["numpy"] = sys.modules["numpy"].random.get_state
    if "torch" in sys.modules:
        states["torch"] = lambda: sys.modules["torch"].get_rng_state().numpy().tobytes()
    return {name: pickle.dumps(state()) for name, state in states.items()}


def _stir() -> None:
    random.random()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.random()
    if "torch" in sys.modules:
        sys.modules["torch"].rand(1)


@check()
def runs_in_threads(case: OpCase) -> None:
    """Four threads at once give what one gives.

    Troubleshooting: a kernel keeps a buffer or a cache that is not safe from several threads.
    """
    serial = case.results()
    with ThreadPoolExecutor(4) as threads:
        futures = {key: threads.submit(_result, case, *key) for key in serial}
        parallel = {key: future.result() for key, future in futures.items()}
    assert parallel == serial, "threads give other results"


def _result(case: OpCase, record_id: str, copy: int) -> Result:
    return case.result(case.run(record_id, case.runs[record_id], copy))


@check()
def runs_in_another_process(case: OpCase) -> None:
    """A freshly started process gives the same bytes.

    Troubleshooting: something depends on hash order, on the process's environment or on what was imported before.
    """
    here = case.results(copies=1)
    index = list(OPS.cases(case.entry)).index(case)
    there = process().submit(_results_elsewhere, case.entry.full_id, index).result(timeout=300)
    assert there == here, "another process gives other results"


@lru_cache(maxsize=1)
def process() -> ProcessPoolExecutor:
    """Return the process that results are compared with: started afresh, kept for further checks."""
    return ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))


def _results_elsewhere(full_id: str, index: int) -> dict[tuple[str, int], Result]:
    case: OpCase = OPS.cases(registry().get("ops", full_id))[index]
    return case.results(copies=1)
