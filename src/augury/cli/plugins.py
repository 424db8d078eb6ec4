"""``augury plugins``: list what was found and what failed, install and uninstall, run the conformance kit."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from typing import Any

from augury.catalog import FIRST_PARTY, registry
from augury.cli.output import bold, print_json, print_table
from augury.errors import EngineError, PluginError, describe, shown
from augury.plugins import CORE, GROUP, LoadedPlugin
from augury.specs import GROUPS

SLOW_SECONDS = 0.2
"""A hooks module that takes longer to import than this is told: every command waits for it."""


def add(subparsers: Any, summary: str) -> None:
    """Add the command."""
    about = "List, install, uninstall and check plugins."
    parser = subparsers.add_parser("plugins", help=summary, description=about)
    actions = parser.add_subparsers(metavar="ACTION", required=True, dest="action")
    lists = actions.add_parser("list", help="list plugins", description="List what was found, what failed and why.")
    lists.add_argument("--json", action="store_true", help="print JSON")
    lists.set_defaults(do=list_plugins, parser=lists)
    about = "Install distributions with pip into the environment that this command runs in."
    install = actions.add_parser("install", help="install plugins", description=about)
    text = "a short name (image), a distribution, a version (augury-x==1.2), a folder or a wheel"
    install.add_argument("names", nargs="+", metavar="NAME", help=text)
    install.add_argument("-U", "--upgrade", action="store_true", help="take the newest version")
    install.set_defaults(do=install_plugins, parser=install)
    about = "Uninstall distributions that give plugins, with pip, from the environment that this command runs in."
    remove = actions.add_parser("uninstall", help="uninstall plugins", description=about)
    remove.add_argument("names", nargs="+", metavar="NAME", help="a short name or a distribution")
    remove.set_defaults(do=uninstall_plugins, parser=remove)
    about = "Run the conformance kit over everything that a distribution gives; 1 when a check fails."
    check = actions.add_parser("check", help="check that a plugin keeps its contracts", description=about)
    check.add_argument("dist", metavar="DIST", help="a short name or a distribution")
    check.add_argument("--json", action="store_true", help="print JSON")
    check.set_defaults(do=check_plugin, parser=check)


def list_plugins(args: argparse.Namespace) -> int:
    """Print the plugins; failures and clashes are told, and are no failure of this command."""
    about = _about()
    if args.json:
        print_json(about)
        return 0
    rows = [
        [p["dist"], p["version"], p["entry"], p["api"], f"{p['load_ms']:.1f} ms", _given(p["gives"])]
        for p in about["plugins"]
    ]
    print_table(["DISTRIBUTION", "VERSION", "ENTRY", "API", "LOADED IN", "GIVES"], rows)
    if failures := registry().failures:
        print(f"\n{bold('Failed')}")
        for failure in failures:
            print(f"  {failure}")
    if slow := [p for p in registry().plugins if _is_slow(p)]:
        print(f"\n{bold('Slow')}")
        for plugin in slow:
            print(
                f"  plugin {plugin.entry!r} of {plugin.dist} {plugin.version}: importing {plugin.target} took "
                f"{plugin.load_seconds:.1f} s, and every command waits for it. "
                'Fix: import heavy things in the modules that its "module:Name" strings name.'
            )
    if clashes := registry().clashes():
        print(f"\n{bold('Clashes')}")
        for name, entries in clashes.items():
            group, _, short = name.partition(":")
            full = " or ".join(e.full_id for e in entries)
            print(f"  {group[:-1]} {short!r} is given by several. Fix: write {full}, or uninstall one of them.")
    return 0


def _is_slow(plugin: LoadedPlugin) -> bool:
    return plugin.load_seconds > SLOW_SECONDS


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
            "api": GROUP,
            "load_ms": round(p.load_seconds * 1000, 3),
            "slow": _is_slow(p),
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


# -- installing ------------------------------------------------------------------------------------------------------


def install_plugins(args: argparse.Namespace) -> int:
    """Install with pip, then list what there is, as a new process sees it."""
    known = _short(FIRST_PARTY.values()) | FIRST_PARTY | _dists()
    names = [known.get(name, name) for name in args.names]
    _pip("install", *(["--upgrade"] if args.upgrade else []), "--", *names)
    return _python("-m", "augury", "plugins", "list")


def uninstall_plugins(args: argparse.Namespace) -> int:
    """Uninstall with pip what gives plugins, and nothing else."""
    dists = [_dist(name) for name in args.names]
    if CORE in dists:
        fix = "pip uninstall augury, if that is meant"
        raise PluginError(describe("augury plugins uninstall", "a plugin", shown("the core itself"), fix=fix))
    _pip("uninstall", "--yes", "--", *dists)
    return _python("-m", "augury", "plugins", "list")


def _dists() -> dict[str, str]:
    """Every found distribution by its name and, where that is not taken, without ``augury-``."""
    found = [p.dist for p in registry().plugins] + [f.dist for f in registry().failures]
    return _short(found) | {dist: dist for dist in found}


def _short(dists: Iterable[str]) -> dict[str, str]:
    return {dist.removeprefix("augury-"): dist for dist in dists}


def _dist(name: str) -> str:
    known = _dists()
    if name not in known:
        fix = "see augury plugins list"
        text = describe(
            "augury plugins", "a distribution that gives a plugin", name, name=name, known=_dists(), fix=fix
        )
        raise PluginError(text)
    return known[name]


def _pip(*arguments: str) -> None:
    from importlib.util import find_spec

    where = f"augury plugins {arguments[0]}"
    if find_spec("pip") is None:
        fix = f"{sys.executable} -m ensurepip"
        raise EngineError(describe(where, f"pip in {sys.prefix}", shown("none"), fix=fix))
    code = _python("-m", "pip", arguments[0], "--disable-pip-version-check", *arguments[1:])
    if code:
        raise EngineError(describe(where, "pip to succeed", shown(f"exit code {code}"), fix="read what pip says above"))


def _python(*arguments: str) -> int:
    """Run this environment's Python, without a shell; its output is shown as it comes."""
    import subprocess

    sys.stdout.flush()
    return subprocess.run([sys.executable, *arguments], check=False).returncode


# -- checking --------------------------------------------------------------------------------------------------------


def check_plugin(args: argparse.Namespace) -> int:
    """Print how many checks each entry passes, and what to do about those that fail."""
    from augury.testing import outcomes

    dist = _dist(args.dist)
    for failure in registry().failures:
        if failure.dist == dist:
            raise PluginError(str(failure))
    found = list(outcomes(dist))
    failed = [outcome for outcome in found if outcome.error is not None]
    if args.json:
        checks = [
            {"entry": o.entry.id, "group": o.entry.group, "check": o.check.name, "error": _error(o.error)}
            for o in found
        ]
        print_json({"dist": dist, "passed": len(found) - len(failed), "failed": len(failed), "checks": checks})
        return 1 if failed else 0
    entries = list(dict.fromkeys(outcome.entry for outcome in found))
    rows = []
    for entry in entries:
        of_entry = [outcome for outcome in found if outcome.entry is entry]
        passed = sum(outcome.error is None for outcome in of_entry)
        names = ", ".join(outcome.check.name for outcome in of_entry if outcome.error is not None)
        rows.append([entry.id, entry.group[:-1], f"{passed} of {len(of_entry)}", names or "-"])
    print_table(["ENTRY", "IS", "CHECKS PASSED", "FAILED"], rows)
    for outcome in failed:
        print(f"\n{bold(f'{outcome.entry.id}: {outcome.check.name}')}")
        print(f"  {_error(outcome.error)}\n  {outcome.check.help}")
    print(f"\n{dist}: {len(found) - len(failed)} checks passed, {len(failed)} failed")
    return 1 if failed else 0


def _error(error: BaseException | None) -> str | None:
    if error is None:
        return None
    text = " ".join(str(error).split()) or "no message"
    return text if isinstance(error, AssertionError) else f"{type(error).__name__}: {text}"
