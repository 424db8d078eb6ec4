"""``augury check RECIPE``: every mistake at once, with lines and nearest names; nothing is run."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from augury.cli.output import print_json, print_table


def add(subparsers: Any, summary: str) -> None:
    """Add the command."""
    parser = subparsers.add_parser("check", help=summary, description="Show every mistake of a recipe at once.")
    add_recipe(parser)
    parser.add_argument("--plan", action="store_true", help="print the stages and barriers of a run, with sizes")
    parser.add_argument("-o", "--out", type=Path, metavar="DIR", help="the run's folder, for what is done of the plan")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(do=check, parser=parser)


def add_recipe(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of every command that reads a recipe."""
    parser.add_argument("recipe", type=Path, metavar="RECIPE", help="the recipe's YAML file")
    parser.add_argument("--seed", type=int, metavar="N", help="use this seed instead of the recipe's")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        dest="overrides",
        help="change a value, such as augment.copies=3; may be repeated",
    )
    add_allow_code(parser)


def add_allow_code(parser: argparse.ArgumentParser) -> None:
    """Add the permission that a recipe with Python files needs."""
    text = "execute the Python files that the recipe names in transforms:"
    parser.add_argument("--allow-code", action="store_true", help=text)


def load(args: argparse.Namespace) -> Any:
    """Return the checked recipe that the arguments name."""
    from augury.recipe import load

    return load(args.recipe, overrides=args.overrides, seed=args.seed, allow_code=args.allow_code)


def check(args: argparse.Namespace) -> int:
    """Print what is wrong with the recipe, or what it says."""
    from augury.errors import AuguryError
    from augury.recipe.problems import RecipeErrors

    try:
        recipe = load(args)
    except AuguryError as error:
        if args.json:
            problems = error.problems if isinstance(error, RecipeErrors) else []
            listed = [p._asdict() for p in problems] or [{"line": None, "path": None, "message": str(error)}]
            print_json({"ok": False, "errors": listed, "warnings": []})
        else:
            print(error, file=sys.stderr)
            if isinstance(error, RecipeErrors) and len(error.problems) > 1:
                print(f"{args.recipe.name}: {len(error.problems)} mistakes", file=sys.stderr)
        return error.exit_code
    if args.json:
        more = {"plan": [entry._asdict() for entry in _plan(args, recipe)]} if args.plan else {}
        print_json({"ok": True, "errors": [], "warnings": list(recipe.warnings), **_about(recipe), **more})
        return 0
    for warning in recipe.warnings:
        print(f"note: {warning}", file=sys.stderr)
    _print(args.recipe.name, recipe)
    if args.plan:
        print()
        print_table(["STAGE", "KIND", "DOES", "SIZE", "DONE"], [list(entry) for entry in _plan(args, recipe)])
    return 0


def _plan(args: argparse.Namespace, recipe: Any) -> Any:
    from augury.dataset.plan import plan

    return plan(recipe, args.out or Path(recipe.name))


def _about(recipe: Any) -> dict[str, Any]:
    collections = {
        source.collection: {
            "format": source.format,
            "path": source.path,
            "fields": list(recipe.pipelines[source.collection].schema.fields),
            "steps": [node.path for node in recipe.pipelines[source.collection].ops],
        }
        for source in recipe.collect
    }
    return {"recipe": recipe.name, "hash": recipe.hash, "seed": recipe.seed, "collections": collections}


def _print(name: str, recipe: Any) -> None:
    about = _about(recipe)
    rows = [
        [collection, part["format"], ", ".join(part["fields"]), str(len(part["steps"])), part["path"]]
        for collection, part in about["collections"].items()
    ]
    print_table(["COLLECTION", "FORMAT", "FIELDS", "OPS", "PATH"], rows)
    print(f"{name}: no mistakes; hash {recipe.hash}, seed {recipe.seed}")
