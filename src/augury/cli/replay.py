"""``augury replay DIR ROW_ID``: rebuild one row from its source and compare it bit for bit."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from augury.cli.check import add_allow_code
from augury.cli.output import print_json


def add(subparsers: Any, summary: str) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "replay", help=summary, description="Rebuild a row from its source and compare; exit code 1 when it differs."
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="the dataset's folder")
    parser.add_argument("row", metavar="ROW_ID", help="the row's augury_id, such as photos/cat.jpg@0")
    parser.add_argument("--explain", action="store_true", help="say how the row came to be")
    parser.add_argument("--recipe", type=Path, metavar="FILE", help="the recipe, where it or its data have been moved")
    add_allow_code(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(do=replay, parser=parser)


def replay(args: argparse.Namespace) -> int:
    """Print whether the row is the same; 1 when it is not."""
    from augury.dataset import replay
    from augury.recipe import load

    recipe = load(args.recipe, allow_code=args.allow_code) if args.recipe else None
    result = replay(args.folder, args.row, recipe=recipe, allow_code=args.allow_code)
    if args.json:
        parts = ("row_id", "equal", "differences", "explanation", "notes")
        print_json({part: getattr(result, part) for part in parts})
        return 0 if result.equal else 1
    if args.explain:
        print(result.explanation)
    for difference in result.differences:
        print(difference, file=sys.stderr)
    for note in result.notes:
        print(f"note: {note}", file=sys.stderr)
    print(f"{result.row_id}: {'rebuilt, equal bit for bit' if result.equal else 'rebuilt, and it differs'}")
    return 0 if result.equal else 1
