"""`make bench`: what was asked of speed and quality, measured now, as ratios against the peers on this machine.

    python -m tests.bench [overhead image image_ops loader audio tables tabular frame] [--json FILE] [--page FILE]

Figures of one run are taken in turns on the same inputs, one thread each (two workers in the loader's); a ratio means something, an absolute time
little. Nothing here passes or fails: what falls short is said.
"""

from __future__ import annotations

import argparse
import json
import os
import warnings
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.bench.page import write_page

TABLES = {
    "overhead": "A pipeline's own cost",
    "image": "Image: photographs of 640 x 427",
    "image_ops": "Single image ops, photographs of 640 x 427",
    "loader": "Image: a DataLoader of two workers, JPEG files of 640 x 427 to batches",
    "audio": "Audio: clips of 4 s, 16 kHz mono",
    "tables": "Tables",
    "tabular": "Tables: synthesizers under one protocol (an hour and more)",
    "frame": "The frame around it",
}
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
WIDTHS = (58, 30, 50, 7, 18)


def main() -> None:
    """Print the tables asked for, all without arguments."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("tables", nargs="*", metavar="TABLE", help=", ".join(TABLES))
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    parser.add_argument("--page", type=Path, help="put the tables into this Markdown page too")
    args = parser.parse_args()
    if unknown := [name for name in args.tables if name not in TABLES]:
        parser.error(f"unknown table {unknown[0]!r}; the tables are {', '.join(TABLES)}")
    warnings.filterwarnings("ignore")
    os.environ |= dict.fromkeys(THREADS, "1") | {"NO_ALBUMENTATIONS_UPDATE": "1"}  # before the libraries are imported
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # started processes find their modules compiled, as for users
    figures: dict[str, list[dict[str, Any]]] = {}
    for name in args.tables or TABLES:
        print(f"\n{TABLES[name]}\n{_line('what', 'ours', 'against', 'ratio', 'asked')}", flush=True)
        figures[name] = []
        for row in import_module(f"tests.bench.{name}").tables():
            figures[name].append(row)
            print(_row(row), flush=True)
    short = [row["what"] for rows in figures.values() for row in rows if row.get("met") is False]
    print(f"\nshort of what was asked: {'; '.join(short) if short else 'nothing'}")
    if args.json:
        args.json.write_text(json.dumps(figures, indent=2) + "\n")
    if args.page:
        write_page(args.page, list(TABLES.values()), {TABLES[name]: rows for name, rows in figures.items()})


def _row(row: Mapping[str, Any]) -> str:
    verdict = "" if row.get("met") is None else "" if row["met"] else "  <- short"
    ratio = row.get("ratio")
    return (
        _line(row["what"], row["ours"], row["against"], "" if ratio is None else f"{ratio:.2f}", row["asked"]) + verdict
    )


def _line(*cells: str) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, WIDTHS, strict=True)).rstrip()


if __name__ == "__main__":
    main()
