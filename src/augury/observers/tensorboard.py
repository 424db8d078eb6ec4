"""TensorBoard's event files, written by tensorboardX (light) or by torch where that is what there is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from augury.observers.series import Series, missing

WRITERS = ("tensorboardX", "torch.utils.tensorboard")


class TensorBoard(Series):
    """Writes a run's series, and its recipe as text, to a folder for ``tensorboard --logdir``."""

    def __init__(self, where: str) -> None:
        """Open the folder.

        Raises:
            PluginBroken: when neither package is installed.
        """
        super().__init__()
        self._writer = _writer()(where)

    def open(self, run: Any) -> None:
        """Write the recipe."""
        text = json.dumps(dict(run.recipe.document), indent=1, ensure_ascii=False, default=str)
        self._writer.add_text("recipe", f"```json\n{text}\n```")

    def log(self, numbers: Mapping[str, float], step: int) -> None:
        """Write each number."""
        for name, value in numbers.items():
            self._writer.add_scalar(name, value, step)

    def close(self) -> None:
        """Finish the file."""
        self._writer.close()


def _writer() -> Any:
    for module in WRITERS:
        try:
            return import_module(module).SummaryWriter
        except ImportError as error:
            last = error
    raise missing("tensorboard", WRITERS[0], last) from last
