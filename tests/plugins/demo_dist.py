"""Put the demo distribution on the path, as an installed one, for the length of a test."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from augury.catalog import registry
from augury.testing.op_draws import process

SOURCE = Path(__file__).parent / "demo"


def write_dist(
    site: Path, name: str, version: str = "1.0", *, group: str = "augury.v1", entries: dict[str, str]
) -> None:
    """Write the metadata of a distribution into ``site``."""
    info = site / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    lines = [f"[{group}]", *(f"{entry} = {target}" for entry, target in entries.items())]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")


@contextmanager
def installed(*sites: Path, only: str | None = None) -> Iterator[None]:
    """Have distributions of the given folders for a while, and of the others those that ``only`` names."""
    before = list(sys.path), set(sys.modules)
    allowed = os.environ.pop("AUGURY_PLUGINS", None)
    if only is not None:
        os.environ["AUGURY_PLUGINS"] = only
    sys.path[:0] = [str(site) for site in sites]
    registry.cache_clear()
    try:
        yield
    finally:
        sys.path[:] = before[0]
        for name in set(sys.modules) - before[1]:
            if any(str(getattr(sys.modules[name], "__file__", None) or "").startswith(str(site)) for site in sites):
                del sys.modules[name]
        os.environ.pop("AUGURY_PLUGINS", None)
        if allowed is not None:
            os.environ["AUGURY_PLUGINS"] = allowed
        registry.cache_clear()
        process.cache_clear()


@contextmanager
def demo_installed(site: Path) -> Iterator[None]:
    """Have the demo distribution; ``site`` is an empty folder for its metadata."""
    write_dist(site, "augury-demo", entries={"demo": "augury_demo.hooks"})
    with installed(site, SOURCE, only="augury-demo"):
        yield
