"""The folder a run builds in: beside its target, held by a lock, renamed to the target when all is done."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from augury.dataset.manifest import NAME
from augury.errors import EngineError, RecipeError, describe, shown


def check_target(out: Path, fresh: bool) -> None:
    """Refuse a target that holds anything a run must not replace.

    Raises:
        RecipeError: for a finished dataset without ``fresh``, and always for a folder of other things.
    """
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    if not (out / NAME).is_file():
        fix = "give another folder with -o"
        raise RecipeError(describe(str(out), "a new or empty folder", shown("other files"), fix=fix))
    if not fresh:
        fix = "add --fresh to replace it, or give another folder with -o"
        raise RecipeError(describe(str(out), "a new or empty folder", shown("a finished dataset"), fix=fix))


@contextmanager
def workspace(out: Path) -> Iterator[Path]:
    """Make the folder to build ``out`` in, and remove what is left of it in the end.

    Raises:
        EngineError: when another run holds it, or the disk refuses.
    """
    folder = out.with_name(f".{out.name}.partial")
    lock_path = out.with_name(f".{out.name}.lock")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        lock = lock_path.open("w")
    except OSError as error:
        fix = "give a folder you may write to with -o"
        raise EngineError(describe(str(out.parent), "a folder to write to", shown(str(error)), fix=fix)) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            fix = "wait for it, or give another folder with -o"
            raise EngineError(describe(str(out), "no other run into it", shown("one that runs"), fix=fix)) from error
        # A folder without a live lock is what a killed run left behind.
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            lock_path.unlink(missing_ok=True)
