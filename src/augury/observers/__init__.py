"""Trackers: observers of a run that keep what they see, ``augury run --track jsonl:run.jsonl``.

Each is an object with the observer hooks of `augury.hookspecs` and ``close()``; a plugin's own observers are functions
of its hooks module and need no switch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from importlib import import_module
from typing import Any

from augury.errors import ParamError, describe

TRACKERS = {
    "jsonl": ("augury.observers.jsonl:JsonLines", "PATH"),
    "tensorboard": ("augury.observers.tensorboard:TensorBoard", "FOLDER"),
    "wandb": ("augury.observers.wandb:WandB", "PROJECT"),
}
"""Name to the class, which is imported when it is used, and what stands after the colon."""

__all__ = ["TRACKERS", "tracker", "tracking"]


def tracker(text: str) -> Any:
    """Return the tracker that ``name:where`` asks for.

    Raises:
        ParamError: when there is none of that name, or nothing after the colon.
        PluginBroken: when a package it needs is not installed.
    """
    name, _, where = text.partition(":")
    if name not in TRACKERS or not where:
        forms = [f"{known}:{what}" for known, (_, what) in TRACKERS.items()]
        raise ParamError(
            describe("--track", " or ".join(forms), text, name=name, known=TRACKERS, fix="write one of these")
        )
    module, cls = TRACKERS[name][0].split(":")
    return getattr(import_module(module), cls)(where)


@contextmanager
def tracking(texts: Sequence[str]) -> Iterator[list[Any]]:
    """Give the trackers that are asked for, and close them however the run ends."""
    with ExitStack() as stack:
        yield [stack.enter_context(closing(tracker(text))) for text in texts]
