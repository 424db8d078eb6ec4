"""A recipe for a table, written from what `augury.inference` found out about it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from augury.inference import Inferred


def recipe_text(path: str, found: Inferred) -> str:
    """Return a recipe that reads the table as inferred, each field with the reason; steps are left to the user."""
    source = {"path": path, **found.options}
    if renamed := found.rename():
        source["as"] = renamed
    lines = ["recipe: 1", "seed: 7", "collect:"]
    lines += [f"  {'-' if i == 0 else ' '} {key}: {_flow(value)}" for i, (key, value) in enumerate(source.items())]
    lines += [f"# {problem}" for problem in found.problems[:3]]
    if (kept := [m for m in found.markers if m.strip()]) and "missing" not in found.options:
        marks = ", ".join(map(repr, kept))
        lines.append(
            f"# {marks}: taken for missing above, but this format keeps it as text; replace it by null in the data"
        )
    lines.append(f"fields:  # guessed from {found.rows} rows; correct what is wrong")
    width = max(len(_field(c.field, c.options)) for c in found.columns)
    for column in found.columns:
        text = _field(column.field, column.options)
        head = f"  # {column.name}" if column.options is None else f"  {text.ljust(min(width, 70))}  #"
        lines.append(f"{head} {column.reason}" if column.options is not None else f"{head}: {column.reason}")
    label = next((c for c in found.columns if (c.options or {}).get("role") == "label"), None)
    split = f"split: {{train: 0.8, val: 0.1, test: 0.1{f', stratify: {label.field}' if label else ''}}}"
    return "\n".join([*lines, split, "augment:", "  copies: 1", "  steps:", *_steps(found)]) + "\n"


def _field(name: str, options: Mapping[str, Any] | None) -> str:
    options = options or {}
    return f"{name}: {options.get('kind', '')}" if len(options) < 2 else f"{name}: {_flow(options)}"


def _flow(value: Any) -> str:
    """Return a value in YAML's flow style; texts are quoted where YAML could take them for something else."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_flow(str(k))}: {_flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, str):
        plain = value.replace("_", "a").replace("-", "a").replace("/", "a").replace(".", "a").isalnum()
        words = ("true", "false", "yes", "no", "null", "on", "off", "none", "y", "n")
        safe = (
            plain
            and value.isascii()
            and not value[0].isdigit()
            and value.lower() not in words
            and value[0] not in "-./"
        )
        return value if safe else json.dumps(value, ensure_ascii=False)
    return json.dumps(value)


def _steps(found: Inferred) -> list[str]:
    kinds = {(c.options or {}).get("kind") for c in found.columns if not (c.options or {}).get("role")}
    steps = ["    - table.jitter: {scale: 0.1}"] if "number" in kinds else []
    steps += ["    - table.swap: {fraction: 0.1}"] if kinds & {"category", "boolean", "ordinal"} else []
    return steps or ["    - table.jitter"]
