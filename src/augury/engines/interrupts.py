"""Ctrl-C and worker processes: the driver's to handle, and never in the middle of starting one.

A terminal sends Ctrl-C to every process of the group. A worker ignores it, once it runs our code; until then it
imports, and would end with a traceback. So it starts with the signal blocked, and what the driver hears meanwhile
waits until the worker has all it needs to start.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Hold Ctrl-C back; what came is delivered at the end. Processes that are started inside start with it blocked.

    Only the main thread is ever interrupted: in another, it is only what is started inside that does not hear.
    """
    came: list[tuple[int, FrameType | None]] = []
    before = signal.getsignal(signal.SIGINT)
    ours = threading.current_thread() is threading.main_thread() and before is not None
    if ours:
        signal.signal(signal.SIGINT, lambda *args: came.append(args))
    unblocked = None
    try:
        unblocked = _block()
        yield
    finally:
        if unblocked is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, unblocked)
        if ours:
            signal.signal(signal.SIGINT, before)
    if came and callable(before):
        before(*came[0])


def ignore_interrupts() -> None:
    """Let this process, a worker, never hear Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _block() -> set[int | signal.Signals] | None:
    """Block Ctrl-C in this thread; return what was blocked before, or None where a system knows no blocking."""
    if not hasattr(signal, "pthread_sigmask"):
        return None
    # multiprocessing unblocks the signal where it starts its tracker, so that must run already.
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()
    return signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
