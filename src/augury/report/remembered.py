"""Facts from a finished dataset's own manifest and what lies beside it: all that a run leaves behind."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from augury.dataset.identity import row_id
from augury.dataset.manifest import QUARANTINE, Manifest
from augury.errors import DataError, describe, shown
from augury.report.facts import Facts, Left, Pair, Stage

EXAMPLES = 10
"""Records that are named for each reason."""


def facts_of(manifest: Manifest) -> Facts:
    """Return the facts that a manifest and the quarantine beside it hold.

    What only the run knows is left out: its processes, and what its audit found.

    Raises:
        DataError: when the quarantine cannot be read.
    """
    data = manifest.data
    said = data["recipe"].get("report")
    title = said.get("title") if isinstance(said, Mapping) else None
    rejected = data["rejected"]
    copies = {
        c: {side: n["rows"] - n["originals"] - n.get("synthetic", 0) for side, n in sides.items()}
        for c, sides in data["counts"].items()
    }
    return Facts.from_dict(
        {
            "name": title or data["name"],
            "recipe": data["recipe"],
            "recipe_hash": data["recipe_hash"],
            "seed": data["seed"],
            "content_hash": manifest.content_hash,
            "environment": data["environment"],
            "stages": list(_stages(data["stages"], manifest)),
            "sources": [{k: s[k] for k in ("collection", "format", "path", "records")} for s in data["sources"]],
            "split": data["split"],
            "classes_before": data["classes"],
            "copies": copies,
            "rejected": rejected,
            "duplicates": {
                "exact": rejected.get("duplicate", {"count": 0})["count"],
                "near": sum(found["pairs"] for found in data["repeats"]),
                "clusters": 0,
                "examples": [pair for found in data["repeats"] for pair in _pairs(found)],
            },
            "quarantine": _quarantine(manifest),
            "warnings": manifest.warnings,
            "synthesis": manifest.synthesis,
        },
        "manifest",
    )


def _stages(stages: Sequence[Mapping[str, Any]], manifest: Manifest) -> Iterator[Stage]:
    """Yield the stages with what came to each and what it passed on; the manifest holds the records each took.

    A fit only looks at records, and the augmentation passes on rows.
    """
    passed = stages[0]["records"] if stages else 0
    for stage in stages:
        augmented = manifest.rows - sum(n.get("synthetic", 0) for c in manifest.counts.values() for n in c.values())
        whole = {"fit": passed, "augment": augmented, "synthesize": manifest.rows, "evaluate": passed}
        out = whole.get(stage["name"], stage["records"])
        yield {"name": stage["name"], "seconds": stage["seconds"], "records_in": passed, "records_out": out}
        passed = out


def _pairs(found: Mapping[str, Any]) -> Iterator[Pair]:
    for a, b, similarity in found["examples"]:
        yield {"a": a, "b": b, "similarity": similarity, "field": f"{found['what']} ({found['detector']})"}


def _quarantine(manifest: Manifest) -> dict[str, Left]:
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
