"""A journal of runs: one JSON object an event, appended to a file as it happens."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from augury.hookspecs import hookimpl


class JsonLines:
    """Appends ``{"time": ..., "event": ..., ...}`` to a file for every event of a run."""

    def __init__(self, where: str) -> None:
        """Open the file; its folder is made."""
        path = Path(where)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a", encoding="utf-8", buffering=1)

    @hookimpl
    def augury_run_started(self, run: Any) -> None:
        """Say what runs, where and with what."""
        recipe = run.recipe
        about = {"recipe": recipe.name, "recipe_hash": recipe.hash, "seed": recipe.seed}
        self._write("run_started", **about, folder=str(run.folder), workers=run.workers)

    @hookimpl
    def augury_records_written(self, run: Any, collection: str, side: str, rows: int, quarantined: int) -> None:
        """Count a unit."""
        self._write("records_written", collection=collection, side=side, rows=rows, quarantined=quarantined)

    @hookimpl
    def augury_model_progress(self, run: Any, model: str, progress: Mapping[str, Any]) -> None:
        """Keep how far a model is, with its losses."""
        self._write("model_progress", model=model, **progress)

    @hookimpl
    def augury_stage_done(self, run: Any, stage: str, seconds: float, records: int) -> None:
        """Time a stage."""
        self._write("stage_done", stage=stage, seconds=round(seconds, 6), records=records)

    @hookimpl
    def augury_run_finished(self, run: Any, manifest: Any) -> None:
        """Say what came out."""
        found = {"rows": manifest.rows, "content_hash": manifest.content_hash, "counts": manifest.counts}
        self._write("run_finished", folder=str(manifest.folder), **found)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _write(self, event: str, **facts: Any) -> None:
        line = {"time": datetime.now(UTC).isoformat(timespec="milliseconds"), "event": event, **facts}
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
