"""``augury new``: a plugin whose tests pass as they are, or a recipe for a table with its fields guessed."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from augury.cli.parser import positive
from augury.errors import PluginError, RecipeError, describe, shown
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
    what.add_argument("--format", action="store_true", help="give a file format that is read and written")
    what.add_argument("--synthesizer", action="store_true", help="give a synthesizer")
    plugin.add_argument("-o", "--out", type=Path, default=Path(), metavar="DIR", help="where its folder is made")
    plugin.set_defaults(do=new_plugin, parser=plugin)
    about = "Guess what each column of a table is and print a recipe, with the reason beside each field."
    recipe = things.add_parser("recipe", help="write a recipe for a table", description=about)
    recipe.add_argument("file", metavar="FILE", help="a table in an installed format")
    recipe.add_argument("--label", metavar="COLUMN", help="the column that holds the label")
    recipe.add_argument("--rows", type=positive, metavar="N", help="look at the first N rows (default: all)")
    recipe.add_argument("-o", "--out", type=Path, metavar="FILE", help="write it to a new file")
    recipe.set_defaults(do=new_recipe, parser=recipe)


def new_recipe(args: argparse.Namespace) -> int:
    """Print or write the recipe."""
    from augury.inference import infer_file
    from augury.scaffold.recipe import recipe_text

    text = recipe_text(args.file, infer_file(args.file, label=args.label, rows=args.rows))
    if args.out is None:
        print(text, end="")
        return 0
    if args.out.exists():
        raise RecipeError(describe(str(args.out), "a new file", shown("one that exists"), fix="give another with -o"))
    args.out.write_text(text, encoding="utf-8")
    print(f"{args.out}: correct the fields, then augury check {args.out}")
    return 0


def new_plugin(args: argparse.Namespace) -> int:
    """Write the distribution and say what comes next."""
    if args.synthesizer:
        expected = "something this version of Augury can run"
        got, fix = shown("a synthesizer, whose contract is not made yet"), "leave out --synthesizer"
        raise PluginError(describe("augury new plugin", expected, got, fix=fix))
    scaffold = plan(args.name, "kind" if args.kind else "format" if args.format else args.on)
    root = write(scaffold, args.out)
    for name in scaffold.files():
        print(f"{root / name}")
    print(f"\n{scaffold.dist} gives {scaffold.id}. Next:")
    print(f"  pip install --editable {root} pytest")
    print(f"  python -m pytest {root}")
    print(f"  augury plugins check {scaffold.dist}")
    return 0
