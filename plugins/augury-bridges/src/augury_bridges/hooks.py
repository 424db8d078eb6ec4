"""What this distribution gives the registry: read from one file of names, no library is imported."""

import json
import os
from typing import Any

from augury.plugin import OpSpec, Plugin, hookimpl


def _spec(library: str, hint: str, name: str, on: str, effect: str, summary: str, more: dict[str, Any]) -> OpSpec:
    return OpSpec(
        f"{library}.{name}",
        f"augury_bridges.{library}:{name}",
        summary,
        on=on,
        effect=effect,
        examples=tuple(more.get("examples", ())),
        hint=hint,
    )


@hookimpl
def augury_plugin() -> Plugin:
    """Return one op for each public transform of each library."""
    # Not importlib.resources, whose import takes as long as a whole listing without it.
    with open(os.path.join(os.path.dirname(__file__), "tables", "names.json"), "rb") as file:
        names = json.load(file)
    return Plugin(ops=[_spec(library, given["hint"], *row) for library, given in names.items() for row in given["ops"]])
