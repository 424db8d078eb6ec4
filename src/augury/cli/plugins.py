"""``augury plugins list``: what was found, what it gives, what failed and why."""

from __future__ import annotations

import argparse
from typing import Any

from augury.catalog import registry
from augury.cli.output import bold, print_json, print_table
from augury.specs import GROUPS


def add(subparsers: Any, summary: str) -> None:
    """Add the command."""
    parser = subparsers.add_parser("plugins", help=summary, description="List the plugins.")
    actions = parser.add_subparsers(metavar="ACTION", required=True, dest="action")
    lists = actions.add_parser("list", help="list plugins", description="List what was found, what failed and why.")
    lists.add_argument("--json", action="store_true", help="print JSON")
    lists.set_defaults(do=list_plugins, parser=lists)


def list_plugins(args: argparse.Namespace) -> int:
    """Print the plugins; failures and clashes are told, and are no failure of this command."""
    found = registry()
    if args.json:
        print_json(_about())
        return 0
    rows = [
        [p["dist"], p["version"], p["entry"], f"{p['load_ms']:.1f} ms", _given(p["gives"])] for p in _about()["plugins"]
    ]
    print_table(["DISTRIBUTION", "VERSION", "ENTRY", "LOADED IN", "GIVES"], rows)
    if found.failures:
        print(f"\n{bold('Failed')}")
        for failure in found.failures:
            print(f"  {failure}")
    if clashes := found.clashes():
        print(f"\n{bold('Clashes')}")
        for name, entries in clashes.items():
            group, _, short = name.partition(":")
            full = " or ".join(e.full_id for e in entries)
            print(f"  {group[:-1]} {short!r} is given by several. Fix: write {full}, or uninstall one of them.")
    return 0


def _given(gives: dict[str, int]) -> str:
    return ", ".join(f"{n} {group if n > 1 else group[:-1]}" for group, n in gives.items()) or "nothing"


def _about() -> dict[str, Any]:
    found = registry()
    plugins = [
        {
            "dist": p.dist,
            "version": p.version,
            "entry": p.entry,
            "target": p.target,
            "load_ms": round(p.load_seconds * 1000, 3),
            "gives": {group: n for group in GROUPS if (n := len(getattr(p.plugin, group)))},
        }
        for p in found.plugins
    ]
    failures = [
        {"dist": f.dist, "version": f.version, "entry": f.entry, "target": f.target, "cause": f.cause, "fix": f.fix}
        for f in found.failures
    ]
    clashes = {name: [e.full_id for e in entries] for name, entries in found.clashes().items()}
    return {"plugins": plugins, "failures": failures, "clashes": clashes}
