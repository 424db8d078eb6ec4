"""Which entry points are installed, read straight from the folders on ``sys.path``.

The standard library's `importlib.metadata` takes longer to import than everything else that a listing needs; the
files it reads are simple and standard (``<dist>.dist-info/entry_points.txt``). Distributions inside zip files, which
no installer makes, are not seen.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import NamedTuple


class EntryPoint(NamedTuple):
    """One entry point: its group, its name, ``module`` or ``module:attribute``, and who declares it."""

    group: str
    name: str
    value: str
    dist: str
    version: str


def entry_points(prefix: str) -> list[EntryPoint]:
    """Return the entry points of every group that begins with ``prefix``, sorted by distribution, group and name.

    A distribution found twice on ``sys.path`` counts once, the first one, as imports do. Cost: one directory listing
    for each folder of ``sys.path`` and one small file for each distribution.
    """
    found: dict[str, list[EntryPoint]] = {}
    for folder in _metadata_folders():
        try:
            with open(os.path.join(folder, "entry_points.txt"), encoding="utf-8") as file:
                text = file.read()
        except (OSError, UnicodeDecodeError):
            continue
        if f"[{prefix}" in text.replace("[ ", "["):
            name, version = _identity(folder)
            key = name.lower().replace("_", "-").replace(".", "-")
            found.setdefault(key, [EntryPoint(*point, name, version) for point in _parse(text, prefix)])
    return sorted((p for points in found.values() for p in points), key=lambda p: (p.dist, p.group, p.name))


def _metadata_folders() -> Iterator[str]:
    for path in dict.fromkeys(sys.path):
        try:
            with os.scandir(path or ".") as entries:
                names = sorted(e.name for e in entries if e.name.endswith((".dist-info", ".egg-info")))
        except OSError:
            continue
        for name in names:
            yield os.path.join(path or ".", name)


def _parse(text: str, prefix: str) -> Iterator[tuple[str, str, str]]:
    group = ""
    for line in text.splitlines():
        line = line.split("#")[0].split(" ;")[0].strip()
        if line.startswith("[") and line.endswith("]"):
            group = line[1:-1].strip()
        elif group.startswith(prefix) and "=" in line:
            name, value = line.split("=", 1)
            yield group, name.strip(), value.split("[")[0].strip()


def _identity(folder: str) -> tuple[str, str]:
    """Return a distribution's name and version, from its metadata or else from its folder's name."""
    stem = os.path.basename(folder).rsplit(".", 1)[0]
    name, _, version = stem.partition("-")
    known = {"Name": name.replace("_", "-"), "Version": version or "?"}
    for metadata in ("METADATA", "PKG-INFO"):
        try:
            with open(os.path.join(folder, metadata), encoding="utf-8", errors="replace") as file:
                for line in file:
                    key, colon, value = line.partition(":")
                    if not colon:
                        break
                    if key in known:
                        known[key] = value.strip()
        except OSError:
            continue
    return known["Name"], known["Version"]
