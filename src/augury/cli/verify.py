"""``augury verify DIR``: is the dataset whole, and does nothing leak between its sides."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from augury.cli.output import print_json


def add(subparsers: Any, summary: str) -> None:
    """Add the command."""
    parser = subparsers.add_parser("verify", help=summary, description="Check a dataset; exit code 1 when it fails.")
    parser.add_argument("folder", type=Path, metavar="DIR", help="the dataset's folder")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(do=verify, parser=parser)


def verify(args: argparse.Namespace) -> int:
    """Print what was checked and what is wrong; 1 when anything is."""
    from augury.dataset import verify

    report = verify(args.folder)
    if args.json:
        print_json(report.to_dict())
        return 0 if report.ok else 1
    for check in report.checks:
        print(f"checked  {check}")
    for finding in report.findings:
        print(finding, file=sys.stderr)
    if report.content_hash:
        print(f"content hash {report.content_hash}")
    count = len(report.findings)
    print(
        f"{report.rows} rows, all is well"
        if report.ok
        else f"{count} {'things are' if count > 1 else 'thing is'} wrong"
    )
    return 0 if report.ok else 1
