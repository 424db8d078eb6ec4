"""A run as observers see it, and how they are told: those that plugins register, and those the caller gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from augury.catalog import registry
from augury.errors import PluginBroken, describe, shown
from augury.recipe.model import Recipe


@dataclass
class Run:
    """A run as observers see it. ``resumed`` are the units that an earlier run had finished."""

    folder: Path
    recipe: Recipe
    workers: int
    total: int | None = None
    resumed: int = 0


class Watch:
    """Tells observers of what a run does."""

    def __init__(self, run: Run, observers: Sequence[Any]) -> None:
        self.run, self.observers = run, observers

    def tell(self, event: str, **facts: Any) -> None:
        """Call one hook of every observer.

        Raises:
            PluginBroken: when a plugin's observer raises, naming the plugin.
        """
        name = f"augury_{event}"
        facts["run"] = self.run
        for hook in getattr(registry().hooks, name).get_hookimpls():
            try:
                hook.function(*(facts[argument] for argument in hook.argnames))
            except Exception as error:
                got = shown(f"{type(error).__name__}: {error}")
                fix = "correct it, uninstall it, or leave it out with AUGURY_PLUGINS, and run again"
                raise PluginBroken(describe(f"{name} of {hook.plugin_name}", "no error", got, fix=fix)) from error
        for observer in self.observers:
            if hasattr(observer, name):
                getattr(observer, name)(**facts)
