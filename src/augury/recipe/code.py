"""Reading ``transforms:``: Python files of the recipe's own, which are executed only with permission."""

from __future__ import annotations

import os
import traceback
from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any

from augury.errors import RecipeError, describe, shown
from augury.functions import FunctionFile
from augury.recipe.problems import Problems
from augury.recipe.yaml import Path

KEY = "transforms"


def read_transforms(given: Any, folder: FilePath, allowed: bool, problems: Problems) -> Mapping[str, str]:
    """Execute the files that a recipe names, and return the SHA-256 of each; mistakes go to ``problems``.

    Args:
        given: Paths relative to the recipe's folder.
        folder: The recipe's folder.
        allowed: Whether the files may be executed; without it, a recipe that names one is a mistake.
        problems: Where mistakes go; with any of them nothing is executed.
    """
    if given is None:
        return {}
    if not isinstance(given, list) or not given:
        problems.add((KEY,), "a list of Python files", given or shown("nothing"), fix=f"write {KEY}: [my_ops.py]")
        return {}
    before = len(problems)
    found = {str(name): _file(name, (KEY, i), folder, problems) for i, name in enumerate(given)}
    files = {name: file for name, file in found.items() if file is not None}
    if len(problems) == before and not allowed:
        names = ", ".join(files)
        fix = f"read what {names} does, then give --allow-code (in Python: allow_code=True)"
        problems.add((KEY,), f"permission to execute {names}", shown("none"), fix=fix)
    if len(problems) == before:
        for i, (name, file) in enumerate(files.items()):
            _load(name, file, (KEY, i), problems)
    return {name: file.hash for name, file in files.items()}


def _file(given: Any, place: Path, folder: FilePath, problems: Problems) -> FunctionFile | None:
    if not isinstance(given, str) or not given.endswith(".py"):
        problems.add(place, "the path of a Python file", given, fix="write my_ops.py, say")
        return None
    path = FilePath(os.path.normpath(folder / given))
    if not path.resolve().is_relative_to(folder.resolve()):
        problems.add(place, "a path below the recipe's folder", given, fix="move the file below the recipe's folder")
        return None
    try:
        return FunctionFile(path, path.read_bytes())
    except OSError as error:
        known = [p.name for p in path.parent.glob("*.py")]
        got = shown(f"{given}: {error.strerror}")
        problems.add(place, "a file that can be read", got, name=path.name, known=known, fix="correct the path")
        return None


def _load(name: str, file: FunctionFile, place: Path, problems: Problems) -> None:
    try:
        ops = file.load()
    except (Exception, SystemExit) as error:
        lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == str(file.path)]
        where = f"{name}:{lines[-1]}" if lines else name
        text = f"{where}: expected Python that runs, got {type(error).__name__}: {error}. Fix: correct {name}."
        problems.quote(place, RecipeError(text))
        return
    if not ops:
        fix = 'write @augury.transform("image.name") above a function, or remove the file'
        problems.quote(place, RecipeError(describe(name, "a function with @augury.transform", shown("none"), fix=fix)))
