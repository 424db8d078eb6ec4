"""``augury report DIR``: write the report's page of a finished dataset again."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add(subparsers: Any, summary: str) -> None:
    """Add the command."""
    text = "Write report.html of a dataset again, from its rows and what its run left in report.json."
    parser = subparsers.add_parser("report", help=summary, description=text)
    parser.add_argument("folder", type=Path, metavar="DIR", help="the dataset's folder")
    parser.set_defaults(do=report, parser=parser)


def report(args: argparse.Namespace) -> int:
    """Write the page and say where it is."""
    from augury.report.writing import write_again

    page = write_again(args.folder)
    print(f"{page}: open it in a browser, it needs no network")
    return 0
