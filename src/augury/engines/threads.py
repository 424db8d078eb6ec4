"""One thread inside every library, while units run: processes are the parallelism, and results stay the same."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)


@contextmanager
def single_thread_environment() -> Iterator[None]:
    """Set the variables that libraries read when they are loaded; for processes started inside."""
    before = {name: os.environ.get(name) for name in _VARIABLES}
    os.environ.update(dict.fromkeys(_VARIABLES, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def single_threaded() -> Iterator[None]:
    """Hold the libraries that are loaded to one thread, and give them back what they had.

    BLAS counts too: it splits sums over its threads, so their number would show in the last bits of a result.
    """
    from threadpoolctl import threadpool_limits

    cv2, torch = sys.modules.get("cv2"), sys.modules.get("torch")
    before_cv2 = cv2.getNumThreads() if cv2 else 0
    before_torch = torch.get_num_threads() if torch else 0
    if cv2:
        cv2.setNumThreads(0)
    if torch:
        torch.set_num_threads(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        if cv2:
            cv2.setNumThreads(before_cv2)
        if torch:
            torch.set_num_threads(before_torch)
