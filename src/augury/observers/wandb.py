"""Weights & Biases: a run of theirs for a run of ours."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from augury.hookspecs import hookimpl
from augury.observers.series import Series, missing


class WandB(Series):
    """Logs a run's series to a project, with the recipe as its configuration and the content hash as its summary."""

    def __init__(self, where: str) -> None:
        """Take the project's name; nothing is sent before the run starts.

        Raises:
            PluginBroken: when the package is not installed.
        """
        super().__init__()
        try:
            self._wandb = import_module("wandb")
        except ImportError as error:
            raise missing("wandb", "wandb", error) from error
        self._project = where
        self._run: Any = None

    def open(self, run: Any) -> None:
        """Start their run."""
        self._run = self._wandb.init(project=self._project, name=run.recipe.name, config=dict(run.recipe.document))

    def log(self, numbers: Mapping[str, float], step: int) -> None:
        """Log the numbers."""
        self._run.log(dict(numbers), step=step)

    def log_model(self, losses: Mapping[str, float], model: str, step: int) -> None:
        """Log the losses beside the step they are of: steps of one run only go up."""
        self._run.log({**losses, f"{model}/step": step})

    @hookimpl
    def augury_run_finished(self, run: Any, manifest: Any) -> None:
        """Keep what came out, and finish their run as a good one."""
        super().augury_run_finished(run, manifest)
        self._run.summary["content_hash"] = manifest.content_hash
        self._run.finish()
        self._run = None

    def close(self) -> None:
        """Finish a run that did not end well as what it is."""
        if self._run is not None:
            self._run.finish(exit_code=1)
