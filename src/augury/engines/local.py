"""The local engine: units on this machine's processes, results in order, a bounded number in flight.

A worker holds one unit at a time, so when one dies the unit it held is known by name.
"""

from __future__ import annotations

import multiprocessing
import pickle
import signal
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from typing import Any, TypeVar

from augury.engines.process import steady, worker_environment
from augury.errors import AuguryError, EngineError

U = TypeVar("U")
R = TypeVar("R")

AHEAD = 4
"""Finished units a slow one may hold back, for each worker."""


class Local:
    """Runs tasks on ``workers`` processes; one worker runs in this process. Use as a context manager."""

    def __init__(self, workers: int = 1) -> None:
        """Start nothing yet; processes are started by the first `map`."""
        self.workers = workers
        self._pool: list[_Worker] = []

    def __enter__(self) -> Local:
        """Return the engine."""
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Stop the workers: at once when leaving by an error, else after their last unit."""
        for worker in self._pool:
            worker.stop(at_once=kind is not None)
        self._pool = []

    def map(self, task: Callable[[U], R], units: Iterable[U], name: Callable[[U], str] = str) -> Iterator[R]:
        """Yield ``task(unit)`` for each unit, in order.

        Args:
            task: A function that pickles; it is sent to each worker once.
            units: Values that pickle; taken from as results are consumed.
            name: What a unit is called in messages.

        Raises:
            AuguryError: what the task raised, as it raised it.
            EngineError: when a worker dies, or the task fails for a reason other than data.
        """
        if self.workers <= 1:
            for unit in units:
                yield _here(task, unit, name)
        else:
            yield from self._spread(task, units, name)

    def _spread(self, task: Callable[[U], R], units: Iterable[U], name: Callable[[U], str]) -> Iterator[R]:
        if not self._pool:
            with worker_environment():
                self._pool = [_Worker() for _ in range(self.workers)]
        for worker in self._pool:
            worker.send("task", "the task", task)
        source = enumerate(units)
        done: dict[int, R] = {}
        due, exhausted = 0, False
        while True:
            while due in done:
                yield done.pop(due)
                due += 1
            for worker in self._pool:
                if worker.unit is None and not exhausted and len(done) < AHEAD * self.workers:
                    place, unit = next(source, (-1, None))
                    exhausted = place < 0
                    if unit is not None:
                        worker.give(place, name(unit), unit)
            busy = [w for w in self._pool if w.unit is not None]
            if not busy and exhausted:
                return
            for worker in _ready(busy):
                place, result = worker.take()
                done[place] = result


def _ready(busy: list[_Worker]) -> list[_Worker]:
    found = wait([handle for w in busy for handle in (w.connection, w.process.sentinel)])
    return [w for w in busy if w.connection in found or w.process.sentinel in found]


def _here(task: Callable[[U], R], unit: U, name: Callable[[U], str]) -> R:
    with steady():
        try:
            return task(unit)
        except AuguryError:
            raise
        except Exception as error:
            raise _failure(name(unit), error, "") from error


def _failure(unit: str, error: Exception, trace: str) -> EngineError:
    fix = "free memory or disk and run again" if isinstance(error, OSError | MemoryError) else "report it"
    message = f"{unit}: expected the unit to finish, got {type(error).__name__}: {error}. Fix: {fix}."
    return EngineError(message + (f"\n{trace}" if trace and not isinstance(error, OSError) else ""))


class _Worker:
    """One process and the unit it holds."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs,), daemon=True)
        self.process.start()
        theirs.close()
        self.unit: tuple[int, str] | None = None

    def send(self, what: str, name: str, value: Any) -> None:
        """Send a task or a unit; a dead worker is noticed when its answer is waited for."""
        message = pickle.dumps((what, name, pickle.dumps(value)))
        with suppress(BrokenPipeError, ConnectionResetError):
            self.connection.send_bytes(message)

    def give(self, place: int, name: str, unit: Any) -> None:
        """Hand over a unit."""
        self.unit = (place, name)
        self.send("unit", name, unit)

    def take(self) -> tuple[int, Any]:
        """Return the place and the result of the unit it holds.

        Raises:
            EngineError: when the process has died.
        """
        assert self.unit is not None
        place, name = self.unit
        try:
            error, result = pickle.loads(self.connection.recv_bytes())
        except (EOFError, ConnectionResetError) as gone:
            self.process.join(5)
            code = self.process.exitcode
            how = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
            fix = "free memory and run again (a script that starts a run needs: if __name__ == '__main__')"
            raise EngineError(f"{name}: expected the worker to finish, got its death by {how}. Fix: {fix}.") from gone
        self.unit = None
        if error is not None:
            raise error
        return place, result

    def stop(self, at_once: bool) -> None:
        """End the process."""
        if at_once:
            self.process.terminate()
        self.connection.close()
        self.process.join(10)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


def _serve(connection: Connection) -> None:
    """What a worker does: answer units until the other side is gone. Ctrl-C is the driver's to handle."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    task: Any = None
    broken: AuguryError | None = None
    while True:
        try:
            what, name, body = pickle.loads(connection.recv_bytes())
        except (EOFError, ConnectionResetError):
            return
        if what == "task":
            task, broken = _attempt(pickle.loads, body, name)
            continue
        result, error = (None, broken) if broken is not None else _attempt(_call(task), body, name)
        with suppress(BrokenPipeError):
            connection.send_bytes(pickle.dumps((error, result)))


def _call(task: Any) -> Callable[[bytes], Any]:
    return lambda body: task(pickle.loads(body))


def _attempt(fn: Callable[[bytes], Any], body: bytes, name: str) -> tuple[Any, AuguryError | None]:
    with steady():
        try:
            return fn(body), None
        except AuguryError as error:
            return None, error
        except Exception as error:
            return None, _failure(name, error, traceback.format_exc())
