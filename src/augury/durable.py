"""Writing that lasts: under a temporary name, synced, renamed, the folder synced. A file is there whole or not at all.

Every write, sync and rename passes a `point`. The tests of durability break in there: ``AUGURY_TEST_CRASH=n`` kills
the process at the n-th point of any kind, ``AUGURY_TEST_ENOSPC=n`` lets the n-th write and all after it fail as on a
full disk.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

_CRASH = int(os.environ.get("AUGURY_TEST_CRASH", "0"))
_ENOSPC = int(os.environ.get("AUGURY_TEST_ENOSPC", "0"))
_passed = {"crash": 0, "enospc": 0}

TEMPORARY = ".tmp"
"""What the names of unfinished files end with."""


def point(what: str) -> None:
    """Pass a place where a test may kill the process, or (``what`` is "write") fill the disk."""
    if _CRASH:
        _passed["crash"] += 1
        if _passed["crash"] == _CRASH:
            os.kill(os.getpid(), signal.SIGKILL)
    if _ENOSPC and what == "write":
        _passed["enospc"] += 1
        if _passed["enospc"] >= _ENOSPC:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@contextmanager
def written(path: Path) -> Iterator[Path]:
    """Yield a temporary path to write to; when the block ends well, it becomes ``path`` in one step.

    Raises:
        OSError: when the disk refuses; then nothing is left under either name.
    """
    temporary = path.with_name(path.name + TEMPORARY)
    try:
        point("write")
        yield temporary
        point("written")
        sync(temporary)
        point("synced")
        os.replace(temporary, path)
        point("renamed")
        sync(path.parent)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def write_json(path: Path, data: Any) -> None:
    """Write JSON, whole or not at all."""
    write_text(path, json.dumps(data, indent=1, ensure_ascii=False, default=str) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write text, whole or not at all."""
    with written(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def sync(path: Path) -> None:
    """Wait until a file or folder is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_tree(folder: Path) -> None:
    """Wait until a folder is on the disk with all that lies in it."""
    for path in sorted(folder.rglob("*"), reverse=True):
        sync(path)
    sync(folder)


def put_in_place(made: Path, target: Path) -> None:
    """Give a finished folder its name in one step; what was there has the old name of ``made`` afterwards.

    Where the kernel can swap two names (Linux), there is no moment without a folder at ``target``.
    """
    point("rename")
    if target.exists() and any(target.iterdir()):
        if not _swap(made, target):
            aside = made.with_name(made.name + ".old")
            os.rename(target, aside)
            point("renamed")
            os.rename(made, target)
            os.rename(aside, made)
    else:
        os.replace(made, target)
    point("renamed")
    sync(target.parent)


_EXCHANGE = 2
_HERE = -100


def _swap(a: Path, b: Path) -> bool:
    """Swap two names at once; False where the system cannot."""
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    return rename is not None and rename(_HERE, os.fsencode(a), _HERE, os.fsencode(b), _EXCHANGE) == 0
