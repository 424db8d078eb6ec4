"""A run as named series of numbers: what trackers that draw curves are given."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping
from typing import Any

from augury.errors import PluginBroken, describe, shown
from augury.hookspecs import hookimpl


class Series(ABC):
    """Base of trackers that keep numbers, by how many rows have been written so far; a model's losses by its steps."""

    def __init__(self) -> None:
        """Start before the first row."""
        self._rows: Counter[str] = Counter()
        self._quarantined = 0
        self._began = time.monotonic()

    @abstractmethod
    def open(self, run: Any) -> None:
        """Start a run."""

    @abstractmethod
    def log(self, numbers: Mapping[str, float], step: int) -> None:
        """Keep numbers by name."""

    @abstractmethod
    def close(self) -> None:
        """Bring everything where it belongs."""

    @hookimpl
    def augury_run_started(self, run: Any) -> None:
        """Start the clock."""
        self._began = time.monotonic()
        self.open(run)

    @hookimpl
    def augury_records_written(self, run: Any, collection: str, side: str, rows: int, quarantined: int) -> None:
        """Log rows by collection and side, their rate, and what was quarantined."""
        name = f"rows/{collection}/{side}"
        self._rows[name] += rows
        self._quarantined += quarantined
        rate = self._rows.total() / max(time.monotonic() - self._began, 1e-9)
        self._log({name: self._rows[name], "rows_per_second": rate, "quarantined": self._quarantined})

    @hookimpl
    def augury_model_progress(self, run: Any, model: str, progress: Mapping[str, Any]) -> None:
        """Log the losses of a model, by its own steps."""
        losses = {f"{model}/{k}": v for k, v in progress.items() if isinstance(v, float)}
        if losses and "step" in progress:
            self.log_model(losses, model, progress["step"])

    def log_model(self, losses: Mapping[str, float], model: str, step: int) -> None:
        """Keep a model's losses at one of its steps."""
        self.log(losses, step)

    @hookimpl
    def augury_stage_done(self, run: Any, stage: str, seconds: float, records: int) -> None:
        """Log how long a stage took, for how many records."""
        self._log({f"seconds/{stage}": seconds, f"records/{stage}": records})

    @hookimpl
    def augury_run_finished(self, run: Any, manifest: Any) -> None:
        """Log the rows of the finished dataset."""
        self._log({"rows": manifest.rows})

    def _log(self, numbers: Mapping[str, float]) -> None:
        self.log(numbers, self._rows.total())


def missing(tracker: str, package: str, error: ImportError) -> PluginBroken:
    """Return the error for a tracker whose package is not installed."""
    text = describe(f"--track {tracker}", f"the package {package}", shown(str(error)), fix=f"pip install {package}")
    return PluginBroken(text)
