"""Facts from a finished dataset's own manifest: what is known of a run that left no report."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from augury.dataset.identity import row_id
from augury.dataset.manifest import QUARANTINE, Manifest
from augury.errors import DataError, describe, shown
from augury.report.facts import Facts, Left

REJECTED = ("duplicate", "bridge")
"""Stages whose records were turned away as repeats; all others are failures."""

EXAMPLES = 10
"""Records that are named for each reason."""


def facts_of(manifest: Manifest) -> Facts:
    """Return the facts that a manifest and the quarantine beside it hold: no stages, classes, duplicates or audit.

    Raises:
        DataError: when the quarantine cannot be read.
    """
    data = manifest.data
    left = _left(manifest)
    return Facts.from_dict(
        {
            "name": data["name"],
            "recipe": data["recipe"],
            "recipe_hash": data["recipe_hash"],
            "seed": data["seed"],
            "content_hash": manifest.content_hash,
            "environment": data["environment"],
            "sources": [{k: s[k] for k in ("collection", "format", "path", "records")} for s in data["sources"]],
            "split": data["split"],
            "copies": {
                c: {side: n["rows"] - n["originals"] for side, n in sides.items()}
                for c, sides in data["counts"].items()
            },
            "rejected": {stage: entry for stage, entry in left.items() if stage in REJECTED},
            "quarantine": {stage: entry for stage, entry in left.items() if stage not in REJECTED},
            "warnings": manifest.warnings,
        },
        "manifest",
    )


def _left(manifest: Manifest) -> dict[str, Left]:
    out: dict[str, Left] = {}
    for bad in _quarantined(manifest):
        entry = out.setdefault(bad["stage"], {"count": 0, "examples": []})
        entry["count"] += 1
        if len(entry["examples"]) < EXAMPLES:
            entry["examples"].append({"id": row_id(bad["id"], bad["copy"]), "detail": bad["reason"]})
    return out


def _quarantined(manifest: Manifest) -> Iterator[Mapping[str, Any]]:
    path = manifest.folder / QUARANTINE
    try:
        with path.open(encoding="utf-8") as file:
            for line in file:
                bad = json.loads(line)
                yield {name: bad[name] for name in ("id", "copy", "stage", "reason")}
    except (OSError, ValueError, KeyError, TypeError) as error:
        fix = "make the dataset again"
        raise DataError(describe(str(path), "one record a line", shown(str(error)), fix=fix)) from error
