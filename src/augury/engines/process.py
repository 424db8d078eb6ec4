"""How a process is set while units run: one thread inside every library, memory kept, few garbage collections.

Processes are the parallelism, and results must not depend on how many threads a library would take.
"""

from __future__ import annotations

import ctypes
import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)
# glibc gives arrays of a picture's size back to the system at once, and every page is faulted in anew.
_MMAP_THRESHOLD, _TRIM_THRESHOLD = 32 << 20, 256 << 20
_VARIABLES = dict.fromkeys(_THREADS, "1") | {
    "MALLOC_MMAP_THRESHOLD_": str(_MMAP_THRESHOLD),
    "MALLOC_TRIM_THRESHOLD_": str(_TRIM_THRESHOLD),
}
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
"""The names that glibc's ``mallopt`` knows them by."""

GC_THRESHOLD = 100_000
"""New objects between garbage collections: a unit's records are alive until it ends, and looking for cycles among
them again and again took a third of the time of rows."""


@contextmanager
def worker_environment() -> Iterator[None]:
    """Set the variables that libraries and the allocator read when they start; for processes started inside."""
    before = {name: os.environ.get(name) for name in _VARIABLES}
    os.environ.update(_VARIABLES)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def keep_memory() -> None:
    """Let this process keep what it frees, as a worker does by its environment. Only glibc needs it, and has it.

    For a process that is a run's own: it cannot be taken back.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _MMAP_THRESHOLD)
        mallopt(_M_TRIM_THRESHOLD, _TRIM_THRESHOLD)


@contextmanager
def steady() -> Iterator[None]:
    """Hold the libraries that are loaded to one thread and the collector back; what was set before returns after.

    BLAS counts too: it splits sums over its threads, so their number would show in the last bits of a result.
    """
    from threadpoolctl import threadpool_limits

    cv2, torch = sys.modules.get("cv2"), sys.modules.get("torch")
    before_cv2 = cv2.getNumThreads() if cv2 else 0
    before_torch = torch.get_num_threads() if torch else 0
    before_gc = gc.get_threshold()
    gc.set_threshold(GC_THRESHOLD, *before_gc[1:])
    if cv2:
        cv2.setNumThreads(0)
    if torch:
        torch.set_num_threads(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        gc.set_threshold(*before_gc)
        if cv2:
            cv2.setNumThreads(before_cv2)
        if torch:
            torch.set_num_threads(before_torch)
