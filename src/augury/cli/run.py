"""``augury run RECIPE``: build the dataset that a recipe describes."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from augury.cli.check import add_recipe, load
from augury.cli.output import print_json, print_table
from augury.cli.parser import positive


def add(subparsers: Any, summary: str) -> None:
    """Add the command."""
    parser = subparsers.add_parser("run", help=summary, description="Build the dataset that a recipe describes.")
    add_recipe(parser)
    parser.add_argument("-o", "--out", type=Path, metavar="DIR", help="folder to make (default: the recipe's name)")
    parser.add_argument("--engine", choices=["local"], default="local", help="where the work is done")
    parser.add_argument("--workers", type=positive, metavar="N", help="processes (default: the machine's cores)")
    parser.add_argument("--limit", type=positive, metavar="N", help="take at most N records of each source")
    parser.add_argument("--fresh", action="store_true", help="replace a finished dataset of the same folder")
    text = "keep the run's numbers: jsonl:PATH, tensorboard:FOLDER or wandb:PROJECT (may be repeated)"
    parser.add_argument("--track", action="append", default=[], metavar="NAME:WHERE", help=text)
    parser.add_argument("--json", action="store_true", help="print the manifest's main entries as JSON")
    parser.set_defaults(do=run, parser=parser)


def run(args: argparse.Namespace) -> int:
    """Run the recipe and say what came out."""
    recipe = load(args)
    for warning in recipe.warnings:
        print(f"note: {warning}", file=sys.stderr)
    from augury.dataset import run
    from augury.dataset.progress import Progress
    from augury.observers import tracking

    out = args.out if args.out is not None else Path(recipe.name)
    workers = args.workers or len(os.sched_getaffinity(0))
    with tracking(args.track) as trackers:
        observers = [Progress(), *trackers]
        manifest = run(recipe, out, workers=workers, limit=args.limit, fresh=args.fresh, observers=observers)
    if args.json:
        print_json({"folder": str(manifest.folder), "content_hash": manifest.content_hash, "counts": manifest.counts})
        return 0
    rows = [
        [collection, side, str(n["records"]), str(n["rows"] - n["originals"]), str(n["rows"])]
        for collection, sides in manifest.counts.items()
        for side, n in sides.items()
    ]
    print_table(["COLLECTION", "SIDE", "RECORDS", "COPIES", "ROWS"], rows)
    for stage, count in manifest.quarantined.items():
        print(f"left out at {stage}: {count}")
    for warning in manifest.warnings[len(recipe.warnings) :]:
        print(f"note: {warning}")
    print(f"content hash {manifest.content_hash}")
    print(f"next: augury verify {out}    augury preview {args.recipe}")
    return 0
