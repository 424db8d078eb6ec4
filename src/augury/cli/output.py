"""What commands print: aligned columns, JSON, and emphasis where a terminal shows it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any


def print_json(value: Any) -> None:
    """Print a value as JSON."""
    import json

    print(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def bold(text: str) -> str:
    """Return text emphasised where standard output is a terminal."""
    plain = not sys.stdout.isatty() or "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb"
    return text if plain else f"\033[1m{text}\033[0m"


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]], indent: str = "") -> None:
    """Print rows in aligned columns under their heads; the last column is free."""
    widths = [max(len(cell) for cell in column) for column in zip(head, *rows, strict=True)]
    for number, row in enumerate([head, *rows]):
        cells = [cell.ljust(width) for cell, width in zip(row[:-1], widths[:-1], strict=True)]
        line = indent + "  ".join([*cells, row[-1]]).rstrip()
        print(bold(line) if number == 0 else line)


def words(items: Sequence[str], last: str = "and") -> str:
    """Return ``a, b and c``."""
    return f"{', '.join(items[:-1])} {last} {items[-1]}" if len(items) > 1 else "".join(items)
