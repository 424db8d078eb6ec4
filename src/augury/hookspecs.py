"""The hooks, all of them: one that registers a plugin, and the observers of a run.

Observers run in the process that drives the run, never in workers, and must not change what they are given.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from augury.specs import Plugin

PROJECT = "augury"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def augury_plugin() -> Plugin:  # type: ignore[empty-body]
    """Return the one `Plugin` of specs that this distribution gives. Import nothing heavy here."""


@hookspec
def augury_run_started(run: Any) -> None:
    """A run begins. ``run`` has ``folder``, ``recipe``, ``workers`` and ``total`` (records to write, if known)."""


@hookspec
def augury_records_written(run: Any, collection: str, side: str, rows: int, quarantined: int) -> None:
    """One unit has been written: ``rows`` rows of a collection's side, and how many records it quarantined."""


@hookspec
def augury_model_progress(run: Any, model: str, progress: Mapping[str, Any]) -> None:
    """A model of ``synthesize`` learns: ``progress`` has ``step``, ``steps`` and losses, or ``doing``, a word."""


@hookspec
def augury_stage_done(run: Any, stage: str, seconds: float, records: int) -> None:
    """A stage of the plan has ended (collect, assign, fit, augment, synthesize, evaluate, write).

    It took ``records`` records, and ``seconds``.
    """


@hookspec
def augury_run_finished(run: Any, manifest: Any) -> None:
    """The dataset exists: its manifest has been put in place."""
