"""How a record came to be, in words."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from augury.pipelines.nodes import conditions_of

if TYPE_CHECKING:
    from augury.pipelines.nodes import Node, OpNode


def explain(nodes: Sequence[Node], ops: Sequence[OpNode], lineage: Mapping[str, Any], trace: Sequence[str]) -> str:
    """Return a lineage's key, each applied step with its draw, what passed by, and what ran together (``trace``)."""
    copy = "the original" if lineage["copy"] is None else f"copy {lineage['copy']}"
    lines = [f"{lineage['id']}: {copy}, seed {lineage['seed']}"]
    done = {s["path"] for s in lineage["steps"]}
    when = dict(conditions_of(nodes))
    for number, step in enumerate(lineage["steps"], 1):
        draw = (
            ", ".join(f"{k}={_short(v)}" for k, v in step["draw"].items())
            if isinstance(step.get("draw"), Mapping)
            else ""
        )
        condition = when.get(step["path"]) or when.get(step["path"].rpartition(":")[0], "")
        on = f"{step['op']} on {', '.join(step['fields'])}{condition}"
        lines.append(f"  {number}. {on}{': ' + draw if draw else ''}")
        if step.get("donors"):
            lines.append(f"     with {', '.join(step['donors'])}")
    passed = [
        n.path + when.get(n.path, "") for n in ops if not any(p == n.path or p.startswith(n.path + ":") for p in done)
    ]
    if passed:
        lines.append(f"  passed by: {', '.join(passed)}")
    lines.extend(f"  run as: {line}" for line in trace)
    return "\n".join(lines)


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "..."
