"""``augury preview RECIPE``: a page with records before and after."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from augury.cli.check import add_recipe, load
from augury.cli.parser import positive


def add(subparsers: Any, summary: str) -> None:
    """Add the command."""
    parser = subparsers.add_parser("preview", help=summary, description="Write a page with records before and after.")
    add_recipe(parser)
    parser.add_argument("-n", type=positive, default=3, metavar="N", help="records of each collection (default 3)")
    parser.add_argument("-o", "--out", type=Path, metavar="FILE", help="the page (default: RECIPE.preview.html)")
    parser.set_defaults(do=preview, parser=parser)


def preview(args: argparse.Namespace) -> int:
    """Write the page and say where it is."""
    recipe = load(args)
    from augury.preview.page import write_preview

    out = args.out if args.out is not None else Path(f"{recipe.name}.preview.html")
    shown = write_preview(recipe, out, args.n)
    print(f"{out}: {shown} records before and after; open it in a browser, it needs no network")
    return 0
