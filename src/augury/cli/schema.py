"""``augury schema``: the JSON Schema of recipes, with every installed op, kind and format."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any


def add(subparsers: Any, summary: str) -> None:
    """Add the command."""
    parser = subparsers.add_parser("schema", help=summary, description="Write the JSON Schema of recipes.")
    parser.add_argument("-o", "--out", type=Path, metavar="FILE", help="write it to a file")
    parser.set_defaults(do=schema, parser=parser)


def schema(args: argparse.Namespace) -> int:
    """Print or write the schema."""
    from augury.recipe.schema import recipe_schema

    text = json.dumps(recipe_schema(), indent=2, ensure_ascii=False) + "\n"
    if args.out is None:
        print(text, end="")
    else:
        args.out.write_text(text, encoding="utf-8")
        print(f"{args.out}: add '# yaml-language-server: $schema={args.out}' as a recipe's first line")
    return 0
