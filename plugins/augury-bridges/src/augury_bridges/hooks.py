"""What this distribution gives the registry: read from one file of names, no library is imported."""

import json
from importlib.resources import files
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
    names = json.loads(files("augury_bridges").joinpath("tables", "names.json").read_bytes())
    return Plugin(ops=[_spec(library, given["hint"], *row) for library, given in names.items() for row in given["ops"]])
