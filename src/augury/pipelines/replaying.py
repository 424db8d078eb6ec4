"""What a replay holds against a lineage: the pipeline and versions that wrote it, and the steps that it applied."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from augury.errors import CheckFailed, describe, shown
from augury.pipelines.nodes import OpNode
from augury.pipelines.output import Applied


def stored_steps(lineage: Mapping[str, Any]) -> dict[str, Applied]:
    """Return the steps that a lineage holds, by path."""
    return {step["path"]: _stored(step) for step in lineage["steps"]}


def check_lineage(ops: Sequence[OpNode], fingerprint: str, lineage: Mapping[str, Any]) -> None:
    """Refuse a lineage that another pipeline, or another version of an op, has written.

    Raises:
        CheckFailed: naming the step and what is here.
    """
    versions = {n.path: (n.spec.id, n.spec.version) for n in ops}
    for step in lineage["steps"]:
        path = step["path"] if step["path"] in versions else step["path"].rpartition(":")[0]
        here = versions.get(path)
        if here is None or here != (step["op"], step["version"]):
            got = shown("no such step" if here is None else f"{here[0]} version {here[1]}")
            fix = "install the versions that the manifest names"
            raise CheckFailed(describe(step["path"], f"{step['op']} version {step['version']}", got, fix=fix))
    if lineage["pipeline"] != fingerprint:
        fix = "replay with the recipe that made it"
        raise CheckFailed(describe("lineage", f"pipeline {lineage['pipeline']}", shown(fingerprint), fix=fix))


def check_applied(planned: set[str], applied: Iterable[Applied]) -> None:
    """Refuse a replay that did not apply just the steps of its lineage.

    Raises:
        CheckFailed: naming the first that differs.
    """
    done = {a.path for a in applied}
    if done != planned:
        different = sorted(done ^ planned)[0]
        got = "applied" if different in done else "not applied"
        raise CheckFailed(
            describe(
                different,
                "the steps that the lineage holds",
                shown(f"{different} {got}"),
                fix="replay with the recipe that made it",
            )
        )


def _stored(step: Mapping[str, Any]) -> Applied:
    donors = tuple(step.get("donors", ()))
    return Applied(
        step["path"], step["op"], step["version"], tuple(step["fields"]), step.get("draw"), donors, step.get("state")
    )
