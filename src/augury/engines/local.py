"""The local engine: units on this machine's processes, results in order, a bounded number in flight.

A worker holds one unit at a time, so when one dies the unit it held is known by name. It is tried again; where it
kills again, the task halves it until the record that kills is found, and does without that.
"""

from __future__ import annotations

import json
import multiprocessing
import pickle
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, TypeVar

from augury.engines.interrupts import ignore_interrupts, interrupts_held
from augury.engines.process import steady, worker_environment
from augury.errors import AuguryError, EngineError

U = TypeVar("U")
R = TypeVar("R")

AHEAD = 4
"""Finished units a slow one may hold back, for each worker."""

TRIES = 3
"""How often a unit is tried that fails for want of memory or disk."""

DEATHS = 2
"""Deaths of its worker after which a unit is halved to find the record that kills."""

KILLERS = 8
"""Records of one unit that may be found to kill; more is not the records' fault."""


class Local:
    """Runs tasks on ``workers`` processes; one worker runs in this process. Use as a context manager.

    A task may have ``halves(unit) -> (unit, unit) | None`` and ``without(unit, killers, how) -> unit``: then a record
    that kills its worker is found and left out.
    """

    def __init__(self, workers: int = 1, folder: Path | None = None) -> None:
        """Start nothing yet; processes are started by the first `map`.

        Args:
            workers: How many.
            folder: Where a run in this process notes the unit it is in, so that the next knows what killed it.
        """
        self.workers = workers
        self._pool: list[_Worker] = []
        self._attempts = _Attempts(folder)

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
            EngineError: when a unit kills its workers and cannot be halved, or the task fails for a reason other than
                data.
        """
        if self.workers <= 1:
            for unit in units:
                if self._attempts.begin(name(unit)) >= DEATHS:
                    yield _survive(task, unit, name, "an earlier death of the run in it")
                else:
                    yield _here(task, unit, name)
            self._attempts.end()
        else:
            yield from self._spread(task, units, name)

    def _spread(self, task: Callable[[U], R], units: Iterable[U], name: Callable[[U], str]) -> Iterator[R]:
        if not self._pool:
            self._pool = [_new_worker() for _ in range(self.workers)]
        for worker in self._pool:
            worker.send("task", "the task", task)
        source = enumerate(units)
        held: dict[int, U] = {}
        deaths: dict[int, int] = {}
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
                        held[place] = unit
                        worker.give(place, name(unit), unit)
            busy = [w for w in self._pool if w.unit is not None]
            if not busy and exhausted:
                return
            for worker in _ready(busy):
                try:
                    place, result = worker.take()
                except _Died as death:
                    place = death.place
                    deaths[place] = deaths.get(place, 0) + 1
                    fresh = self._replace(worker, task)
                    if deaths[place] < DEATHS:
                        fresh.give(place, name(held[place]), held[place])
                        continue
                    result = _survive(task, held[place], name, death.how)
                done[place] = result
                del held[place]

    def _replace(self, dead: _Worker, task: Any) -> _Worker:
        fresh = _new_worker()
        fresh.send("task", "the task", task)
        self._pool[self._pool.index(dead)] = fresh
        return fresh


class _Attempts:
    """What unit this process is in, on disk: a unit that killed the process is known when the run is gone on with."""

    def __init__(self, folder: Path | None) -> None:
        self.path = folder / "attempt.json" if folder is not None else None
        self._before: tuple[str, int] | None = None
        self._read = False

    def begin(self, unit: str) -> int:
        """Note the unit; return how often a process has died in it."""
        if self.path is None:
            return 0
        if not self._read:
            self._read = True
            with suppress(OSError, ValueError, KeyError):
                data = json.loads(self.path.read_text(encoding="utf-8"))
                self._before = (data["unit"], data["deaths"])
        deaths = self._before[1] + 1 if self._before is not None and self._before[0] == unit else 0
        self.path.write_text(json.dumps({"unit": unit, "deaths": deaths}), encoding="utf-8")
        return deaths

    def end(self) -> None:
        """Note that no unit is being made; what an earlier process noted stays until it has been read."""
        if self.path is not None and self._read:
            self.path.unlink(missing_ok=True)


def _new_worker() -> _Worker:
    with worker_environment(), interrupts_held():
        return _Worker()


def _survive(task: Any, unit: Any, name: Callable[[Any], str], how: str) -> Any:
    """Return the result of a unit that kills its workers: whole if it no longer does, else without what kills.

    Raises:
        EngineError: when what kills cannot be told.
    """
    outcome = _alone(task, unit, name)
    if not isinstance(outcome, _Died):
        return outcome
    killers = _killers(task, unit, name) if hasattr(task, "halves") else []
    if killers and len(killers) <= KILLERS:
        outcome = _alone(task, task.without(unit, killers, outcome.how), name)
        if not isinstance(outcome, _Died):
            return outcome
    fix = "free memory and run again (a script that starts a run needs: if __name__ == '__main__')"
    raise EngineError(f"{name(unit)}: expected the worker to finish, got its death by {outcome.how}. Fix: {fix}.")


def _killers(task: Any, unit: Any, name: Callable[[Any], str]) -> list[Any]:
    """Return the single records of a unit that kill a worker by themselves."""
    halves = task.halves(unit)
    if halves is None:
        return [unit]
    found: list[Any] = []
    for half in halves:
        with suppress(AuguryError):  # wrong data does not kill
            if isinstance(_alone(task, half, name), _Died):
                found += _killers(task, half, name)
        if len(found) > KILLERS:
            break
    return found


def _alone(task: Any, unit: Any, name: Callable[[Any], str]) -> Any:
    """Return the result of a unit on a process of its own, or the `_Died` that was its end."""
    worker = _new_worker()
    try:
        worker.send("task", "the task", task)
        worker.give(0, name(unit), unit)
        return worker.take()[1]
    except _Died as death:
        return death
    finally:
        worker.stop(at_once=True)


class _Died(Exception):
    """A worker died in the unit at ``place``."""

    def __init__(self, place: int, how: str) -> None:
        super().__init__(how)
        self.place, self.how = place, how


def _ready(busy: list[_Worker]) -> list[_Worker]:
    found = wait([handle for w in busy for handle in (w.connection, w.process.sentinel)])
    return [w for w in busy if w.connection in found or w.process.sentinel in found]


def _here(task: Callable[[U], R], unit: U, name: Callable[[U], str]) -> R:
    with steady():
        try:
            return _tried(lambda: task(unit))
        except AuguryError:
            raise
        except Exception as error:
            raise _failure(name(unit), error, "") from error


def _tried(fn: Callable[[], R]) -> R:
    """Call a function again when the machine could not serve it."""
    for _ in range(TRIES - 1):
        with suppress(OSError, MemoryError):
            return fn()
    return fn()


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
            _Died: when the process has died.
        """
        assert self.unit is not None
        place, _ = self.unit
        try:
            error, result = pickle.loads(self.connection.recv_bytes())
        except (EOFError, ConnectionResetError) as gone:
            self.process.join(5)
            code = self.process.exitcode
            how = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
            raise _Died(place, how) from gone
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
    """What a worker does: answer units until the other side is gone."""
    ignore_interrupts()
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
            return _tried(lambda: fn(body)), None
        except AuguryError as error:
            return None, error
        except Exception as error:
            return None, _failure(name, error, traceback.format_exc())
