"""The page image-catalogue.md: every op on images beside its names elsewhere, from the plugin's catalogue.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

import augury
from augury.catalog import Entry, registry
from augury.effects import STILL
from augury.errors import DataError, PluginError, describe
from augury.op import Op, kinds_of

FILE = Path(__file__).parents[1] / "plugins/augury-image/catalogue.toml"
LIBRARIES = ("albumentations", "torchvision")
DTYPES = ("uint8", "uint16", "float32")
_STILL = {effect.__name__ for effect in STILL}


def page() -> str:
    """Return the page.

    Raises:
        PluginError: where the catalogue names an op that is not registered.
    """
    names = {library: named(library) for library in LIBRARIES}
    entries = {e.id: e for e in registry().entries("ops") if e.dist == "augury-image"}
    pending = set(read()["pending"]["ids"])
    unknown = sorted({i for by_id in names.values() for i in by_id} - entries.keys() - pending)
    if unknown:
        fix = "correct plugins/augury-image/catalogue.toml"
        raise PluginError(describe("catalogue.toml", "ids of registered ops", ", ".join(unknown), fix=fix))
    out = [
        "# Images: our ops and their names elsewhere\n",
        "Names are those of albumentations 2.0.8 (2-D transforms) and torchvision.transforms.v2 0.26, with the",
        "parameters that make ours the same. *Targets* says whether fields on the picture move along. An op takes any",
        "number of channels unless it says otherwise; where pixels differ from a peer's with the same parameters, the",
        "op's page (`augury ops show ID`) says why.\n",
        "| our id | effect | targets | dtypes | albumentations | torchvision |\n| --- | --- | --- | --- | --- | --- |",
    ]
    for op_id in sorted(entries):
        entry = entries[op_id]
        cells = [f"`{op_id}`", effect(entry), targets(entry), dtypes(entry)]
        out.append("| " + " | ".join(cells + [", ".join(names[lib].get(op_id, [])) or "-" for lib in LIBRARIES]) + " |")
    for library in LIBRARIES:
        out += [f"\n## Names of {library} without an op\n", "| name | instead |\n| --- | --- |"]
        reasons = dict(read()[library]["without"])
        for op_id in sorted(pending & names[library].keys()):
            reasons |= {name: f"`{op_id}`, not in this version" for name in names[library][op_id]}
        out += [f"| {name} | {reason} |" for name, reason in sorted(reasons.items())]
    return "\n".join(out) + "\n"


def read() -> Mapping[str, Any]:
    """Return the catalogue."""
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def named(library: str) -> dict[str, list[str]]:
    """Return, by our ids, the names of a library with the parameters they need."""
    out: dict[str, list[str]] = {}
    for name, ours in read()[library].items():
        if isinstance(ours, str):
            for part in ours.split(" + "):
                op_id, _, parameters = part.partition(" ")
                out.setdefault(op_id, []).append(f"{name} {parameters}".strip())
    return out


def effect(entry: Entry) -> str:
    """Return the name of an op's effect; a macro's steps have their own."""
    return getattr(entry.spec, "effect", "") or "steps"


def targets(entry: Entry) -> str:
    """Return whether targets follow."""
    name = effect(entry)
    if name == "steps":
        return "by step"
    return "stay" if name in _STILL else "follow"


def dtypes(entry: Entry) -> str:
    """Return the dtypes an op takes, found by trying it."""
    op: type[Op] = entry.load()
    if "image" not in kinds_of(op):
        return "-"
    fields = {"photo": "image", "label": {"kind": "category", "role": "label"}}
    pipe = augury.pipeline([entry.id], fields=fields)
    taken = []
    for dtype in DTYPES:
        unit = np.random.default_rng(0).random((40, 48, 3), np.float32)
        photo = unit if dtype == "float32" else (unit * np.iinfo(dtype).max).astype(dtype)
        record = {"photo": photo, "label": "a"}
        pool = {f"d{k}": record for k in range(4)}
        try:
            ready = pipe.fit(pool.items()) if pipe.needs_fit else pipe
            for copy in range(3):
                ready(record, seed=0, id="a", copy=copy, pool=pool if pipe.needs_pool else None)
        except DataError:
            continue
        taken.append(dtype)
    return ", ".join(taken)
