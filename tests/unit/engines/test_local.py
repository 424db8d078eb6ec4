"""The local engine: order, errors as raised, a dead worker named, nothing left behind."""

import os
import signal
import time

import pytest

from augury.engines import Local
from augury.errors import DataError, EngineError


def slow_first(unit: int) -> int:
    """Take longest for unit 0, so that results come out of order."""
    time.sleep(0.3 if unit == 0 else 0)
    return unit * unit


def wrong_at_three(unit: int) -> int:
    """Raise a data error."""
    if unit == 3:
        raise DataError("rows.csv:3: expected a number, got 'x'.")
    return unit


def buggy(unit: int) -> float:
    """Raise what no op should."""
    return 1 / (unit - 2)


def dies(unit: int) -> int:
    """End the process that runs unit 5."""
    if unit == 5:
        os.kill(os.getpid(), signal.SIGKILL)
    return os.getpid()


def threads_of_numpy(unit: int) -> list[int]:
    """Return how many threads each pool of this process has."""
    import numpy
    from threadpoolctl import threadpool_info

    assert numpy.ones((2, 2)) @ numpy.ones((2, 2)) is not None
    return [pool["num_threads"] for pool in threadpool_info()]


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_order(workers):
    """Whatever finishes first; more units than may wait, and a second task on the same workers."""
    with Local(workers) as engine:
        assert list(engine.map(slow_first, range(40))) == [i * i for i in range(40)]
        assert list(engine.map(wrong_at_three, [4, 5])) == [4, 5]
        assert list(engine.map(slow_first, [])) == []


@pytest.mark.parametrize("workers", [1, 2])
def test_a_data_error_is_raised_as_it_was(workers):
    """With its class and its words."""
    with pytest.raises(DataError, match=r"rows\.csv:3"), Local(workers) as engine:
        list(engine.map(wrong_at_three, range(9)))


@pytest.mark.parametrize("workers", [1, 2])
def test_other_failures_name_the_unit(workers):
    """A bug in an op is an EngineError that names the unit and the exception."""
    with pytest.raises(EngineError, match=r"unit 2: expected the unit to finish, got ZeroDivisionError"):
        with Local(workers) as engine:
            list(engine.map(buggy, range(9), lambda u: f"unit {u}"))


def test_a_dead_worker_is_named_with_its_unit():
    """SIGKILL of a worker stops the run with the unit it held, exit code 4."""
    with pytest.raises(EngineError, match=r"unit 5: expected the worker to finish, got its death by signal 9") as error:
        with Local(2) as engine:
            list(engine.map(dies, range(9), lambda u: f"unit {u}"))
    assert error.value.exit_code == 4


def test_workers_are_gone_after_an_error():
    """No process outlives the engine."""
    with Local(2) as engine:
        pids = set(engine.map(dies, range(5)))
        processes = [w.process for w in engine._pool]
    assert all(not p.is_alive() for p in processes) and len(pids) <= 2


def test_libraries_run_one_thread_in_workers():
    """Processes are the parallelism."""
    with Local(2) as engine:
        for counts in engine.map(threads_of_numpy, range(2)):
            assert set(counts) <= {1}
