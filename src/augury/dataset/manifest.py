"""The manifest: what a finished dataset is, written last; its presence is what makes the dataset exist."""

from __future__ import annotations

import json
import platform
import re
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

from augury.catalog import registry
from augury.errors import DataError, describe, shown

NAME = "manifest.json"
FORMAT = 1
RECORDS = "lineage/records.parquet"
ROWS = "lineage/rows.parquet"
QUARANTINE = "quarantine.jsonl"
REJECTED = "rejected.jsonl"
SYNTHESIS = "synthesis.json"


@dataclass(frozen=True)
class Manifest:
    """A finished dataset: its folder and what its manifest says."""

    folder: Path
    data: dict[str, Any]

    @classmethod
    def load(cls, folder: str | Path) -> Manifest:
        """Read the manifest of a dataset.

        Raises:
            DataError: when the folder holds none, or it cannot be read.
        """
        path = Path(folder) / NAME
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            fix = "give the folder that augury run made (an unfinished run has no manifest)"
            raise DataError(describe(str(folder), f"a finished dataset with {NAME}", shown("none"), fix=fix)) from error
        except ValueError as error:
            raise DataError(describe(str(path), "JSON", shown(str(error)), fix="make the dataset again")) from error
        if not isinstance(data, dict) or data.get("manifest") != FORMAT:
            got = data.get("manifest") if isinstance(data, dict) else data
            raise DataError(
                describe(str(path), f"a manifest of version {FORMAT}", got, fix="use the Augury that made it")
            )
        return cls(Path(folder), data)

    @property
    def content_hash(self) -> str:
        """The hash of all rows: equal for equal datasets, however they were made."""
        return str(self.data["content_hash"])

    @cached_property
    def rows(self) -> int:
        """Rows in all."""
        return sum(shard["rows"] for shard in self.data["shards"])

    @property
    def counts(self) -> dict[str, dict[str, dict[str, int]]]:
        """Collection to side to ``records``, ``originals``, ``synthetic`` and ``rows``."""
        return dict(self.data["counts"])

    @property
    def warnings(self) -> list[str]:
        """What the run had to say."""
        return list(self.data["warnings"])

    @cached_property
    def synthesis(self) -> list[dict[str, Any]]:
        """What is known of each model of ``synthesize``: how, its rows, its gate, what it is worth.

        Raises:
            DataError: when the file beside the manifest cannot be read.
        """
        if SYNTHESIS not in self.data["files"]:
            return []
        path = self.folder / SYNTHESIS
        try:
            return list(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError) as error:
            fix = "make the dataset again"
            raise DataError(describe(str(path), "a list of models", shown(str(error)), fix=fix)) from error

    @property
    def rejected(self) -> dict[str, int]:
        """Reason to how many records were rejected for it: by cleaners, as repeats, as bridges between sides."""
        return {reason: facts["count"] for reason, facts in self.data["rejected"].items()}

    @property
    def quarantined(self) -> dict[str, int]:
        """Stage to how many records or copies left the run there."""
        return dict(self.data["quarantine"]["stages"])


def environment() -> dict[str, Any]:
    """Return the fingerprint of this environment: interpreter, machine, every distribution that plugins stand on."""
    names = {"augury", "numpy", "pyarrow", "fsspec"}
    for plugin in registry().plugins:
        names.add(plugin.dist)
        names.update(_required(plugin.dist))
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cpu": cpu_level(),
        "system": platform.system(),
        "threads": 1,
        "distributions": {name: v for name in sorted(names) if (v := _version(name))},
    }


def cpu_level() -> str:
    """Return the processor that numpy's linear algebra takes its kernels for: the last bits of results hang on it."""
    import numpy as np
    from threadpoolctl import threadpool_info

    np.dot(np.zeros(1), np.zeros(1))
    every = [library for library in threadpool_info() if library.get("architecture")]
    # Other packages bring a copy of their own, which is there or not by what has been imported before.
    own = [library for library in every if "numpy" in library["filepath"]]
    found = {str(library["architecture"]) for library in own or every}
    return ", ".join(sorted(found)) or "unknown"


def _required(dist: str) -> list[str]:
    try:
        lines = requires(dist) or []
    except PackageNotFoundError:
        return []
    return [m.group() for line in lines if "extra ==" not in line and (m := re.match(r"[A-Za-z0-9._-]+", line))]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
