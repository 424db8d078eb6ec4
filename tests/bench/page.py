"""The page of figures in docs: a section for each table of `make bench`, each with its date, machine and versions."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

INTRO = """\
# Figures

What `make bench` measured. A ratio is ours to theirs, higher is better, taken in turns on the same inputs in one run, one
thread each unless said; the machine is shared, so that an absolute time means little and a ratio has a spread of about a
tenth. *Asked* is the goal that the project set itself; what falls short of it is marked. Run it yourself:
`make bench` (some 5 GB of packages the first time), or one table, into this page:

```text
.venv-bench/bin/python -m tests.bench image --page docs/benchmarks.md
```
"""
PACKAGES = ("numpy", "opencv-python-headless", "torch", "scikit-learn", "pandas")
_SECTION = re.compile(r"^## ", re.MULTILINE)


def write_page(path: Path, titles: Sequence[str], figures: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """Put tables into the page, each in the place of its last measurement; ``titles`` is the order of all of them."""
    sections: dict[str, str] = {}
    if path.exists():
        for text in _SECTION.split(path.read_text(encoding="utf-8"))[1:]:
            sections[text.partition("\n")[0]] = f"## {text.strip()}\n"
    sections |= {title: _section(title, rows) for title, rows in figures.items()}
    kept = [sections[title] for title in titles if title in sections]
    path.write_text("\n".join([INTRO, *kept]), encoding="utf-8")


def _section(title: str, rows: Sequence[Mapping[str, Any]]) -> str:
    lines = [f"## {title}", _conditions(), "", "| what | ours | against | ratio | asked |", "|---|---|---|---|---|"]
    for row in rows:
        ratio = "" if row.get("ratio") is None else f"{row['ratio']:.2f}"
        asked = row["asked"] + ("; **short**" if row.get("met") is False else "")
        cells = (row["what"], row["ours"], row["against"], ratio, asked)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def _conditions() -> str:
    day = datetime.now(UTC).strftime("%-d %B %Y")
    found = {one.name: one.version for one in distributions()}
    packages = ", ".join(f"{name} {found[name]}" for name in PACKAGES if name in found)
    return f"{day}; {_processor()}, {os.cpu_count()} cores; Python {platform.python_version()}, {packages}."


def _processor() -> str:
    try:
        found = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    except OSError:
        found = None
    return found[1] if found else platform.machine()
