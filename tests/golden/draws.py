"""Golden draws: what every installed op draws for fixed keys, as short digests with the op's version.

    python tests/golden/draws.py      write draws.json anew

A digest may change only when the op's version in its OpSpec is raised, or when the records it is tried on change (the
samples of a kind, the kit's materials). Floats count to six digits: what an op measures differs a little by platform.
"""

from __future__ import annotations

import json
from hashlib import blake2b
from pathlib import Path
from typing import Any

from augury.catalog import Entry, registry
from augury.testing.op_case import OPS

FILE = Path(__file__).with_suffix(".json")
RECORDS = 3


def golden(entry: Entry) -> dict[str, Any]:
    """Return the version of an op and the digest of its draws."""
    drawn = []
    for case in OPS.cases(entry):
        for record_id in list(case.runs)[:RECORDS]:
            steps = case.run(record_id, case.runs[record_id], copy=1).lineage["steps"]
            drawn.append([[step["path"], step.get("draw"), step.get("donors")] for step in steps])
    text = json.dumps(_rounded(drawn), sort_keys=True)
    return {"version": entry.spec.version, "draws": blake2b(text.encode(), digest_size=8).hexdigest()}


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, dict):
        return {k: _rounded(v) for k, v in value.items()}
    return [_rounded(v) for v in value] if isinstance(value, list | tuple) else value


def entries() -> list[Entry]:
    """Return every installed op but bridged ones, whose draws are their libraries', sorted by its id."""
    own = [entry for entry in registry().entries("ops") if entry.dist != "augury-bridges"]
    return sorted(own, key=lambda entry: entry.full_id)


def main() -> None:
    """Write the file."""
    draws = {entry.full_id: golden(entry) for entry in entries()}
    FILE.write_text(json.dumps(draws, indent=1) + "\n")
    print(f"{len(draws)} ops")


if __name__ == "__main__":
    main()
