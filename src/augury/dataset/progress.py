"""Progress of a run: a bar with rate and time left on a terminal, plain lines when piped."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from typing import IO, Any

from augury.hookspecs import hookimpl

LINE_SECONDS = 10.0


class Progress:
    """An observer of runs that tells a person how far one is."""

    def __init__(self, stream: IO[str] | None = None) -> None:
        """Write to ``stream``; standard error when None."""
        self.stream = stream or sys.stderr
        self._bar: Any = None
        self._task: Any = None
        self._done = self._quarantined = 0
        self._total: int | None = None
        self._started = self._said = self._stage_from = time.monotonic()

    @hookimpl
    def augury_run_started(self, run: Any) -> None:
        """Say what begins."""
        self._started = self._said = self._stage_from = time.monotonic()
        workers = f"{run.workers} worker{'s' if run.workers > 1 else ''}"
        self._say(f"{run.recipe.name}: collecting, {workers}")

    @hookimpl
    def augury_records_written(self, run: Any, collection: str, side: str, rows: int, quarantined: int) -> None:
        """Move on by a unit."""
        if self._bar is None and self.stream.isatty():
            self._open(run.total)
        self._done += rows
        self._quarantined += quarantined
        if self._bar is not None:
            self._bar.update(self._task, completed=self._done, what=f"{collection} {side}")
        elif time.monotonic() - self._said >= LINE_SECONDS:
            self._said = time.monotonic()
            rate = self._done / max(self._said - self._stage_from, 1e-9)
            left = f", {max(run.total - self._done, 0) / max(rate, 1e-9):.0f} s left" if run.total else ""
            self._say(f"{self._done} of {run.total or '?'} rows, {rate:.0f} rows/s{left}")

    @hookimpl
    def augury_model_progress(self, run: Any, model: str, progress: Mapping[str, Any]) -> None:
        """Say now and then how far a model is, or what is done with it."""
        self._close()
        if "doing" in progress:
            self._say(f"{model}: {progress['doing']}")
        elif time.monotonic() - self._said >= LINE_SECONDS:
            self._said = time.monotonic()
            losses = "".join(f", {k} {v:.4g}" for k, v in progress.items() if isinstance(v, float) and "left" not in k)
            left = f", {progress['seconds_left']:.0f} s left" if "seconds_left" in progress else ""
            self._say(f"{model}: step {progress.get('step', 0)} of {progress.get('steps') or '?'}{losses}{left}")

    @hookimpl
    def augury_stage_done(self, run: Any, stage: str, seconds: float, records: int) -> None:
        """Say that a stage is done."""
        self._close()
        self._stage_from = time.monotonic()
        self._say(f"{stage}: {records} records in {seconds:.1f} s")

    @hookimpl
    def augury_run_finished(self, run: Any, manifest: Any) -> None:
        """Say what there is."""
        self._close()
        self._say(f"done: {manifest.rows} rows in {time.monotonic() - self._started:.1f} s, {manifest.folder}")

    def _say(self, text: str) -> None:
        print(text, file=self.stream, flush=True)

    def _open(self, total: int | None) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        columns = (TextColumn("augment"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[what]}"))
        self._bar = Bar(*columns, TimeRemainingColumn(), console=Console(file=self.stream), transient=True)
        self._task = self._bar.add_task("augment", total=total, what="")
        self._bar.start()

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
