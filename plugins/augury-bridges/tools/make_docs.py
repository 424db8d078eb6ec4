"""Writes docs/bridges.md: for each library its entries, those that pass the conformance kit, the exempt, and why.

``python tools/make_docs.py`` runs the kit on all of them, for some minutes, with every library installed.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path

from exemptions import exempt

from augury.catalog import registry
from augury.testing.op_case import OPS
from augury_bridges.making import table

PAGE = Path(__file__).parents[3] / "docs" / "bridges.md"
LIBRARIES = ("albumentations", "torchvision", "kornia", "audiomentations", "torchaudio", "librosa", "nlpaug")

HEAD = """<!-- Made by plugins/augury-bridges/tools/make_docs.py from the conformance kit; do not edit. -->
# Bridges

Every public transform of these libraries is an op: `albumentations.Rotate`, `torchaudio.Speed`, `nlpaug.SynonymAug`.
`pip install "augury-bridges[albumentations]"` installs the bridge with a library; ids of missing ones are listed too.
Each runs as it is, seeded from the run's key, one call at a time in a process; it ends a segment; a replay needs the
same version of the library. `p` is the step's: the library's own probability is always 1.

Boxes, masks, keypoints and intervals follow what the transform does to a probe (a picture of coordinates, a counting
clip); a record with something on it is refused where the probe cannot tell.

| library | version | entries | pass | pass but for named checks | not usable, with the reason |
|---|---|---:|---:|---:|---:|
"""


def main() -> int:
    """Run the kit and write the page."""
    failed: dict[str, list[str]] = defaultdict(list)
    summary, sections = [], []
    for library in LIBRARIES:
        excused = exempt(library)
        for outcome in OPS.outcomes("augury-bridges", f"{library}.*"):
            if (outcome.error is None) == (outcome.check.name in excused.get(outcome.entry.id, {})):
                failed[outcome.entry.id].append(outcome.check.name)
        entries = registry().ops(f"{library}.*")
        unusable = [e for e in entries if "loads" in excused.get(e.id, {})]
        partly = [e for e in entries if e.id in excused and e not in unusable]
        passing = len(entries) - len(partly) - len(unusable)
        given = table(library)["version"]
        summary.append(f"| {library} | {given} | {len(entries)} | {passing} | {len(partly)} | {len(unusable)} |")
        sections += ["", f"## {library}", *_reasons(excused, library)]
        print(f"{library}: {len(entries)} entries, {passing} pass", file=sys.stderr)
    if failed:
        print("\n".join(f"{name}: {', '.join(checks)}" for name, checks in failed.items()))
        return 1
    PAGE.write_text(HEAD + "\n".join([*summary, *sections]) + "\n", encoding="utf-8")
    return 0


def _reasons(excused: dict[str, dict[str, str]], library: str) -> list[str]:
    grouped: dict[tuple[str, str], list[str]] = defaultdict(list)
    for op, checks in excused.items():
        which = "not usable" if "loads" in checks else f"{len(checks)} check{'s' * (len(checks) > 1)}"
        grouped[next(iter(checks.values())), which].append(op.split(".")[1])
    if not grouped:
        return ["Every entry passes every check."]
    rows = [f"| {why} | {which} | {', '.join(f'`{n}`' for n in names)} |" for (why, which), names in grouped.items()]
    return ["| why | exempt | entries |", "|---|---|---|", *rows]


if __name__ == "__main__":
    sys.exit(main())
