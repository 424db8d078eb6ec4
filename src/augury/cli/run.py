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
    parser.add_argument("-o", "--out", metavar="DIR|URL", help="folder or URL to make (default: the recipe's name)")
    parser.add_argument("--engine", choices=["local"], default="local", help="where the work is done")
    parser.add_argument("--workers", type=positive, metavar="N", help="processes (default: the machine's cores)")
    parser.add_argument("--limit", type=positive, metavar="N", help="take at most N records of each source")
    text = "replace a finished dataset of the same folder, leave what an unfinished run has made"
    parser.add_argument("--fresh", action="store_true", help=text)
    parser.add_argument("--lock", action="store_true", help="keep what it was made of and with in RECIPE.lock.json")
    parser.add_argument("--locked", action="store_true", help="refuse any difference from RECIPE.lock.json")
    text = "keep the run's numbers: jsonl:PATH, tensorboard:FOLDER or wandb:PROJECT (may be repeated)"
    parser.add_argument("--track", action="append", default=[], metavar="NAME:WHERE", help=text)
    parser.add_argument("--json", action="store_true", help="print the manifest's main entries as JSON")
    parser.set_defaults(do=run, parser=parser)


def run(args: argparse.Namespace) -> int:
    """Run the recipe and say what came out."""
    recipe = load(args)
    for warning in recipe.warnings:
        print(f"note: {warning}", file=sys.stderr)
    from augury.dataset.locking import check_lock, check_reached, lock_path, write_lock
    from augury.dataset.progress import Progress
    from augury.engines.process import keep_memory
    from augury.observers import tracking

    keep_memory()
    locked = check_lock(lock_path(args.recipe), recipe) if args.locked else None
    workers = args.workers or len(os.sched_getaffinity(0))
    with tracking(args.track) as trackers:
        observers = [Progress(), *trackers]
        manifest = _make(recipe, args.out or recipe.name, workers, args.limit, args.fresh, observers)
    if locked is not None:
        check_reached(locked, manifest)
    if args.lock:
        write_lock(lock_path(args.recipe), recipe, manifest)
    if args.json:
        print_json({"folder": str(manifest.folder), "content_hash": manifest.content_hash, "counts": manifest.counts})
        return 0
    _print_counts(manifest.counts)
    for stage, count in manifest.quarantined.items():
        print(f"left out at {stage}: {count}")
    for reason, count in manifest.rejected.items():
        print(f"rejected as {reason}: {count}")
    for warning in manifest.warnings[len(recipe.warnings) :]:
        print(f"note: {warning}")
    print(f"content hash {manifest.content_hash}")
    print(f"next: augury verify {args.out or recipe.name}    augury preview {args.recipe}")
    return 0


def _print_counts(counts: Any) -> None:
    """Print the rows of each collection's sides; synthetic ones where there are any."""
    made = ["synthetic"] if any(n["synthetic"] for sides in counts.values() for n in sides.values()) else []
    rows = []
    for collection, sides in counts.items():
        for side, n in sides.items():
            shown = {**n, "copies": n["rows"] - n["originals"] - n["synthetic"]}
            rows.append([collection, side, *(str(shown[name]) for name in ("records", "copies", *made, "rows"))])
    print_table(["COLLECTION", "SIDE", "RECORDS", "COPIES", *(name.upper() for name in made), "ROWS"], rows)


def _make(recipe: Any, out: str, workers: int, limit: int | None, fresh: bool, observers: list[Any]) -> Any:
    """Make the dataset in a folder, or at a URL."""
    from augury.formats.files import is_url

    if is_url(out):
        from augury.dataset.upload import run_to_url

        return run_to_url(recipe, out, workers=workers, limit=limit, fresh=fresh, observers=observers)
    from augury.dataset import run

    return run(recipe, Path(out), workers=workers, limit=limit, fresh=fresh, observers=observers)
