"""The folder a run works in: beside its target, held by a lock, kept when the run ends before its time.

It holds what is done, by unit, and ``run.json``: what that is a part of. A run that finds the same there goes on from
it; one that finds something else says what has changed.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import IO, Any

from augury.dataset.manifest import NAME
from augury.durable import TEMPORARY, write_json
from augury.errors import EngineError, RecipeError, describe, shown
from augury.values import canonical_bytes

IDENTITY = "run.json"
DATASET = "dataset"

SHOWN = 24
"""Characters of a value that a message about a change shows; a hash is longer, and says nothing."""


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


class Workspace:
    """A run's folder while its lock is held."""

    def __init__(self, folder: Path) -> None:
        """Work in ``folder``."""
        self.folder = folder
        self.identity = b""
        self.resumed = False

    def bind(self, identity: Mapping[str, Any], fresh: bool) -> None:
        """Say what the run is a function of; go on from what is there if that is the same.

        Args:
            identity: Name to JSON-able value, each small.
            fresh: Start anew whatever is there.

        Raises:
            RecipeError: when the folder holds parts of another run, naming what differs.
        """
        path = self.folder / IDENTITY
        plain = json.loads(json.dumps(identity))
        before = _load(path)
        if before is not None and not fresh:
            changed = [name for name in {**before, **plain} if before.get(name) != plain.get(name)]
            if changed:
                what = "; ".join(_difference(name, before.get(name), plain.get(name)) for name in changed)
                fix = f"undo the change ({what}) to go on, or add --fresh to start anew"
                where = f"{self.folder} (an unfinished run)"
                raise RecipeError(describe(where, "the run that it is a part of", shown("another"), fix=fix))
            self.resumed = True
        else:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder.mkdir()
            write_json(path, plain)
        self.identity = blake2b(canonical_bytes(plain), digest_size=16).digest()

    def stage(self, name: str) -> Path:
        """Return the folder of a stage's units, made if needed; what was left half-written there is removed."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        for path in folder.glob(f"*{TEMPORARY}"):
            path.unlink()
        return folder

    def key(self, *parts: Any) -> str:
        """Return the name of a unit or artefact: a hash of all that it is a function of."""
        return blake2b(self.identity + canonical_bytes(list(parts)), digest_size=8).hexdigest()

    def discard(self) -> None:
        """Remove the folder: everything is done, or nothing of it can be used."""
        shutil.rmtree(self.folder, ignore_errors=True)


@contextmanager
def workspace(out: Path) -> Iterator[Workspace]:
    """Hold the folder to make ``out`` in. It stays when the run fails, so that the next can go on.

    Raises:
        EngineError: when another run holds it, or the disk refuses.
    """
    folder = out.with_name(f".{out.name}.partial")
    lock_path = out.with_name(f".{out.name}.lock")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        lock = _locked(lock_path, out)
        folder.mkdir(exist_ok=True)
    except OSError as error:
        fix = "give a folder you may write to with -o"
        raise EngineError(describe(str(out.parent), "a folder to write to", shown(str(error)), fix=fix)) from error
    with lock:
        try:
            yield Workspace(folder)
        finally:
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
            lock_path.unlink(missing_ok=True)


def _locked(path: Path, out: Path) -> IO[str]:
    """Return the open lock file, held; released by death."""
    while True:
        lock = path.open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.close()
            fix = "wait for it, or give another folder with -o"
            raise EngineError(describe(str(out), "no other run into it", shown("one that runs"), fix=fix)) from error
        except OSError as error:
            lock.close()
            fix = "give a local folder with -o"
            got = shown(error.strerror or str(error))
            raise EngineError(describe(str(path), "a filesystem that can lock files", got, fix=fix)) from error
        # The run before may have removed the file between our opening and locking it.
        try:
            if os.fstat(lock.fileno()).st_ino == path.stat().st_ino:
                return lock
        except FileNotFoundError:
            pass
        lock.close()


def _load(path: Path) -> dict[str, Any] | None:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return data if isinstance(data, dict) else None


def _difference(name: str, before: Any, now: Any) -> str:
    """Say in words what is different about one part of the identity."""
    if isinstance(before, dict) and isinstance(now, dict):
        keys = [k for k in {**before, **now} if before.get(k) != now.get(k)]
        if len(keys) <= 3:
            return ", ".join(_difference(f"{name} {k}", before.get(k), now.get(k)) for k in keys)
        return f"{name}: {', '.join(keys[:3])} and {len(keys) - 3} more changed"
    plain = isinstance(before, str | int | float | None) and isinstance(now, str | int | float | None)
    if plain and max(len(str(before)), len(str(now))) <= SHOWN:
        return f"{name} was {before}, is {now}"
    return f"{name} has changed"
