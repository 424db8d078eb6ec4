"""The lock: what a dataset was made of and with, kept beside its recipe; a locked run refuses any difference."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from augury.dataset.collect import open_source
from augury.dataset.manifest import Manifest, environment
from augury.dataset.signature import hashes
from augury.durable import write_json
from augury.errors import CheckFailed, DataError, RecipeError, describe, shown
from augury.recipe.model import Recipe

VERSION = 1


def lock_path(recipe: Path) -> Path:
    """Return where a recipe's lock lies: beside it."""
    return recipe.with_name(f"{recipe.stem}.lock.json")


def write_lock(path: Path, recipe: Recipe, manifest: Manifest) -> None:
    """Keep what a dataset was made of: its recipe, sources, environment, and what came out."""
    data = {
        "lock": VERSION,
        "recipe": dict(recipe.parts),
        "seed": recipe.seed,
        "sources": _sources(recipe),
        "environment": environment(),
        "content_hash": manifest.content_hash,
    }
    write_json(path, data)


def check_lock(path: Path, recipe: Recipe) -> str:
    """Compare a recipe, its sources and this environment with the lock; return the content hash to be reached.

    Raises:
        RecipeError: when there is no lock.
        CheckFailed: naming every difference.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        fix = "make one with augury run RECIPE --lock"
        raise RecipeError(describe(str(path), "a lock", shown("none"), fix=fix)) from error
    except ValueError as error:
        raise RecipeError(describe(str(path), "JSON", shown(str(error)), fix="make it again with --lock")) from error
    now: dict[str, Any] = {"recipe": dict(recipe.parts), "seed": recipe.seed, "environment": environment()}
    now["sources"] = _sources(recipe)
    different = [line for name in now for line in _differences(name, data.get(name), now[name])]
    if different:
        fix = "restore what has changed, or make a new lock with --lock"
        lines = "".join(f"\n  {line}" for line in different)
        raise CheckFailed(describe(str(path), "what it was locked with", shown("another"), fix=fix) + lines)
    return str(data["content_hash"])


def check_reached(locked: str, manifest: Manifest) -> None:
    """Raise where a locked run came to another content.

    Raises:
        CheckFailed: naming both hashes.
    """
    if manifest.content_hash != locked:
        fix = "report it: equal inputs and environment must give equal rows"
        raise CheckFailed(describe(str(manifest.folder), f"content {locked}", manifest.content_hash, fix=fix))


def _sources(recipe: Recipe) -> dict[str, Any]:
    out = {}
    for source in recipe.collect:
        try:
            reader, path = open_source(recipe, source)
            out[source.collection] = dict(hashes(reader, path))
        except DataError as error:
            raise CheckFailed(f"the source cannot be read: {error}") from error
    return out


def _differences(name: str, before: Any, now: Any) -> Iterator[str]:
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        for key in {**before, **now}:
            yield from _differences(f"{name} {key}", before.get(key), now.get(key))
    elif before != now:
        short = all(len(str(value)) <= 40 for value in (before, now))
        yield f"{name}: locked {before}, now {now}" if short else f"{name} has changed"
