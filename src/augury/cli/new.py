"""``augury new plugin NAME``: write a distribution that pip installs and whose tests pass as they are."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from augury.errors import PluginError, describe, shown
from augury.scaffold import VARIANTS, plan, write


def add(subparsers: Any, summary: str) -> None:
    """Add the command."""
    parser = subparsers.add_parser("new", help=summary, description="Write something new.")
    things = parser.add_subparsers(metavar="THING", required=True, dest="thing")
    about = "Write a plugin: pyproject, light hooks, one entry with tests that pass, README, continuous integration."
    plugin = things.add_parser("plugin", help="write a plugin", description=about)
    plugin.add_argument("name", metavar="NAME", help="its name, such as sepia: the distribution is augury-sepia")
    what = plugin.add_mutually_exclusive_group()
    ops = [name for name, variant in VARIANTS.items() if variant.group == "ops"]
    what.add_argument("--on", choices=ops, default="image", help="give an op on this (default: image)")
    what.add_argument("--kind", action="store_true", help="give a kind of field, whose values follow an image")
    what.add_argument("--cleaner", action="store_true", help="give a cleaner that judges images")
    what.add_argument("--format", action="store_true", help="give a file format that is read and written")
    what.add_argument("--synthesizer", action="store_true", help="give a synthesizer")
    plugin.add_argument("-o", "--out", type=Path, default=Path(), metavar="DIR", help="where its folder is made")
    plugin.set_defaults(do=new_plugin, parser=plugin)


def new_plugin(args: argparse.Namespace) -> int:
    """Write the distribution and say what comes next."""
    if args.synthesizer:
        expected = "something this version of Augury can run"
        got, fix = shown("a synthesizer, whose contract is not made yet"), "leave out --synthesizer"
        raise PluginError(describe("augury new plugin", expected, got, fix=fix))
    chosen = [name for name in ("kind", "cleaner", "format") if getattr(args, name)]
    scaffold = plan(args.name, *(chosen or [args.on]))
    root = write(scaffold, args.out)
    for name in scaffold.files():
        print(f"{root / name}")
    print(f"\n{scaffold.dist} gives {scaffold.id}. Next:")
    print(f"  pip install --editable {root} pytest")
    print(f"  python -m pytest {root}")
    print(f"  augury plugins check {scaffold.dist}")
    return 0
