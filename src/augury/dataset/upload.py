"""Datasets at a URL: made on this machine, then uploaded, the manifest last: the dataset is there whole or not."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any

import fsspec

from augury.dataset.building import run
from augury.dataset.manifest import NAME, Manifest
from augury.durable import point, write_json
from augury.errors import EngineError, RecipeError, describe, shown
from augury.recipe.model import Recipe

DONE = "uploaded.json"


def run_to_url(
    recipe: Recipe,
    url: str,
    *,
    workers: int = 1,
    limit: int | None = None,
    fresh: bool = False,
    observers: Sequence[Any] = (),
) -> Manifest:
    """Make a dataset and put it at an fsspec URL (``s3://bucket/name``); see `augury.dataset.run`.

    It is built in a hidden folder of the working directory, which stays until the upload is done: a run that ends
    before its time goes on from there, and uploads no file twice.

    Raises:
        RecipeError: when the URL holds a finished dataset and ``fresh`` is not set, or its protocol is not known.
        EngineError: when the store refuses.
    """
    url = url.rstrip("/")
    name = blake2b(url.encode(), digest_size=6).hexdigest()
    local = Path(f".{recipe.name}-{name}").absolute()
    fs, root = _open(url)
    with _store(url):
        there = fs.exists(f"{root}/{NAME}")
    if there and not fresh:
        fix = "add --fresh to replace it, or give another URL with -o"
        raise RecipeError(describe(url, "no dataset yet", shown("a finished dataset"), fix=fix))
    if not _made_before(local, recipe, limit):
        shutil.rmtree(local, ignore_errors=True)
        run(recipe, local, workers=workers, limit=limit, fresh=fresh, observers=observers)
    manifest = Manifest.load(local)
    with _store(url):
        _upload(local, fs, root)
    shutil.rmtree(local)
    return manifest


@contextmanager
def _store(url: str) -> Iterator[None]:
    """Say what a store refuses: each raises errors of its own."""
    try:
        yield
    except Exception as error:
        fix = "see that the store is there and may be written to, and run again"
        got = shown(f"{type(error).__name__}: {error}")
        raise EngineError(describe(url, "a store to upload to", got, fix=fix)) from error


def _open(url: str) -> tuple[Any, str]:
    try:
        fs, root = fsspec.core.url_to_fs(url)
    except (ImportError, ValueError) as error:
        fix = "install the package of its protocol (s3fs for s3://), or correct the URL"
        raise RecipeError(describe(url, "a URL that fsspec can write to", shown(str(error)), fix=fix)) from error
    return fs, str(root).rstrip("/")


def _made_before(local: Path, recipe: Recipe, limit: int | None) -> bool:
    """Whether the dataset is built already, and only its upload was broken off."""
    if not (local / NAME).is_file():
        return False
    made = Manifest.load(local).data
    return (made["recipe_hash"], made["seed"], made["limit"]) == (recipe.hash, recipe.seed, limit)


def _upload(local: Path, fs: Any, root: str) -> None:
    """Put every file, the manifest last; an earlier dataset there loses its manifest first and its leftovers last."""
    done_path = local / DONE
    done = set(json.loads(done_path.read_text(encoding="utf-8"))) if done_path.exists() else set()
    files = sorted(p.relative_to(local).as_posix() for p in local.rglob("*") if p.is_file())
    files = [name for name in files if name not in (NAME, DONE)]
    if not done and fs.exists(f"{root}/{NAME}"):
        fs.rm_file(f"{root}/{NAME}")
    for name in files:
        if name not in done:
            point("write")
            _put(fs, local / name, f"{root}/{name}")
            done.add(name)
            write_json(done_path, sorted(done))
    known = {f"{root}/{name}" for name in files}
    for path in fs.find(root):
        if path not in known:
            fs.rm_file(path)
    point("write")
    _put(fs, local / NAME, f"{root}/{NAME}")


def _put(fs: Any, local: Path, remote: str) -> None:
    fs.makedirs(remote.rsplit("/", 1)[0], exist_ok=True)
    fs.put_file(str(local), remote)
