"""Recipes: one YAML file that takes a corpus from its sources to a dataset on disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from augury.recipe.model import Recipe

__all__ = ["load", "rebuild"]


def load(
    path: str | Path, *, overrides: Sequence[str] = (), seed: int | None = None, allow_code: bool = False
) -> Recipe:
    """Read and check a recipe. ``augury.load("recipe.yaml").run("out")`` is the same as ``augury run``.

    Args:
        path: The recipe's file; the paths in it are relative to its folder.
        overrides: Assignments such as ``augment.copies=3``.
        seed: Stands in for the recipe's own.
        allow_code: Whether the Python files that its ``transforms:`` names may be executed.

    Raises:
        RecipeError: with every mistake of the recipe, a line each.
    """
    from augury.recipe.reader import read

    return read(Path(path), overrides=overrides, seed=seed, allow_code=allow_code)


def rebuild(document: Mapping[str, Any], folder: Path, name: str = "recipe", *, allow_code: bool = False) -> Recipe:
    """Check a recipe that is already plain data: the ``document`` that a manifest keeps, with its folder.

    Raises:
        RecipeError: with every mistake, a line each.
    """
    from augury.recipe.reader import rebuild

    return rebuild(document, folder, name, allow_code)
