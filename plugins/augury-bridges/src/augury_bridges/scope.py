"""The guarded scope that a library runs in: its generators seeded from our key, everything restored after.

Libraries draw from the process's own generators, so one call at a time has them: the lock is the process's.
"""

from __future__ import annotations

import os
import random
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

_lock = threading.RLock()


def _fresh_lock() -> None:
    global _lock
    _lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_fresh_lock)  # a thread of the parent may hold it


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Hold the lock, with the generators of ``random``, numpy and torch seeded and torch on one thread.

    On one thread, because torch's sums depend on how many there are. What libraries warn of is not ours to show.
    """
    with _lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch = sys.modules.get("torch")
        python, legacy = random.getstate(), np.random.get_state()
        tensors = (torch.get_rng_state(), torch.get_num_threads()) if torch else None
        random.seed(seed)
        np.random.seed(seed % 2**32)
        if torch:
            torch.default_generator.manual_seed(seed)
            torch.set_num_threads(1)
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(legacy)
            if torch and tensors:
                torch.set_rng_state(tensors[0])
                torch.set_num_threads(tensors[1])
