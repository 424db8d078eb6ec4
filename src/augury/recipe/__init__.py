"""Recipes: one YAML file that takes a corpus from its sources to a dataset on disk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from augury.recipe.model import Recipe

__all__ = ["load"]


def load(path: str | Path, *, overrides: Sequence[str] = (), seed: int | None = None) -> Recipe:
    """Read and check a recipe. ``augury.load("recipe.yaml").run("out")`` is the same as ``augury run``.

    Args:
        path: The recipe's file; the paths in it are relative to its folder.
        overrides: Assignments such as ``augment.copies=3``.
        seed: Stands in for the recipe's own.

    Raises:
        RecipeError: with every mistake of the recipe, a line each.
    """
    from augury.recipe.reader import read

    return read(Path(path), overrides=overrides, seed=seed)
