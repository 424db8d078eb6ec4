"""``augury doctor``: what is installed, whether it fits together, and a small pipeline of every plugin's ops."""

from __future__ import annotations

import argparse
import os
import platform
import time
from collections.abc import Iterator, Sequence
from importlib import import_module
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.util import find_spec
from typing import Any, NamedTuple

from augury.catalog import FIRST_PARTY, Entry, registry
from augury.cli.output import bold, print_json
from augury.errors import AuguryError

SEED = 7


class Finding(NamedTuple):
    """One thing looked at: ``ok``, ``note`` (nothing to do unless it is wanted) or ``wrong``."""

    state: str
    what: str
    text: str


def add(subparsers: Any, summary: str) -> None:
    """Add the command."""
    parser = subparsers.add_parser("doctor", help=summary, description="Check this installation.")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(do=doctor, parser=parser)


def doctor(args: argparse.Namespace) -> int:
    """Print every finding; 1 when something is wrong."""
    findings: list[Finding] = []
    for finding in _findings():
        findings.append(finding)
        if not args.json:
            mark = {"ok": "ok   ", "note": "note ", "wrong": "WRONG"}[finding.state]
            print(f"{bold(mark)}  {finding.what}: {finding.text}")
    wrong = sum(f.state == "wrong" for f in findings)
    if args.json:
        print_json({"ok": not wrong, "findings": [f._asdict() for f in findings]})
    else:
        print(f"{wrong} things are wrong" if wrong > 1 else "one thing is wrong" if wrong else "all is well")
    return 1 if wrong else 0


def _findings() -> Iterator[Finding]:
    yield Finding("ok", "python", f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    yield _threads()
    yield _device()
    yield from _distributions()
    yield from _missing()
    yield from _extras()
    for failure in registry().failures:
        yield Finding("wrong", failure.dist, str(failure))
    for name, entries in registry().clashes().items():
        full = " or ".join(e.full_id for e in entries)
        yield Finding("wrong", name, f"given by several distributions. Fix: write {full}, or uninstall one of them.")
    for plugin in registry().plugins:
        # Ops with a hint stand on packages that may be missing, and are their libraries' to try.
        entries = [e for e in registry().entries("ops") if e.dist == plugin.dist and not getattr(e.spec, "hint", "")]
        if entries:
            yield _try(plugin.dist, entries)


def _threads() -> Finding:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    given = ", ".join(f"{n}={os.environ[n]}" for n in names if n in os.environ)
    return Finding("ok", "cores", f"{cores}; augury run uses one thread a process{f' ({given})' if given else ''}")


def _device() -> Finding:
    if find_spec("torch") is None:
        return Finding("ok", "device", "cpu; torch is not here, and nothing that is here needs it")
    torch = import_module("torch")
    found = torch.cuda.get_device_name(0) if torch.cuda.is_available() else "cpu"
    return Finding("ok", "device", f"{found}, by torch {torch.__version__}")


def _extras() -> Iterator[Finding]:
    """For each package that some ops stand on and may be missing, whether they can be loaded."""
    first = {hint: e for e in reversed(registry().entries("ops")) if (hint := getattr(e.spec, "hint", ""))}
    for hint, entry in sorted(first.items(), key=lambda item: item[1].id):
        library = entry.id.split(".")[0]
        try:
            entry.load()
        except AuguryError:
            yield Finding("note", library, f"not here; for its ops: {hint}")
        else:
            yield Finding("ok", library, f"its ops load, from {entry.dist}")


def _distributions() -> Iterator[Finding]:
    """Each plugin's distribution and those it stands on, with their versions; requirements that are not met."""
    from packaging.requirements import Requirement

    seen: set[str] = set()
    for dist in dict.fromkeys(p.dist for p in registry().plugins):
        parts = []
        try:
            lines = requires(dist) or []
        except PackageNotFoundError:
            continue
        for requirement in map(Requirement, lines):
            if requirement.marker is not None and not requirement.marker.evaluate():
                continue
            try:
                here = version(requirement.name)
            except PackageNotFoundError:
                yield Finding("wrong", dist, f"{requirement} is not installed. Fix: pip install '{requirement}'.")
                continue
            if not requirement.specifier.contains(here, prereleases=True):
                text = f"expected {requirement}, got {here}. Fix: pip install -U '{requirement}'."
                yield Finding("wrong", dist, text)
            if requirement.name not in seen and not requirement.name.startswith("augury"):
                parts.append(f"{requirement.name} {here}")
            seen.add(requirement.name)
        on = f" with {', '.join(parts)}" if parts else ""
        yield Finding("ok", dist, f"{version(dist)}{on}")


def _missing() -> Iterator[Finding]:
    here = {p.dist for p in registry().plugins} | {f.dist for f in registry().failures}
    for dist in dict.fromkeys(FIRST_PARTY.values()):
        if dist not in here:
            hidden = "AUGURY_PLUGINS" in os.environ
            fix = "it is left out by AUGURY_PLUGINS" if hidden else f"for its ops: pip install {dist}"
            yield Finding("note", dist, f"not here; {fix}")


def _try(dist: str, entries: Sequence[Entry]) -> Finding:
    """Run every op of a distribution twice on a small record of its kind; equal outputs are asked."""
    started = time.perf_counter()
    for entry in entries:
        try:
            if not _same_twice(entry):
                return Finding("wrong", dist, f"{entry.id} gives different results for one seed. Report it.")
        except AuguryError as error:
            return Finding("wrong", dist, f"{entry.id}: {error}")
        except Exception as error:
            return Finding("wrong", dist, f"{entry.id} raised {type(error).__name__}: {error}. Report it.")
    seconds = time.perf_counter() - started
    return Finding("ok", dist, f"its {len(entries)} ops run and repeat themselves ({seconds:.1f} s)")


def _same_twice(entry: Entry) -> bool:
    from augury.op import kinds_of
    from augury.pipelines import pipeline
    from augury.testing.materials import material

    op = entry.load()
    tried = material(op, kinds_of(op)[0])
    examples = getattr(entry.spec, "examples", ())
    params = examples[0] if examples and any(p.required for p in _params(op)) else {}
    field = {"field": tried.field} if tried.field else {}
    pipe = pipeline([{entry.id: {**params, **field}}], tried.schema)
    pipe = pipe.fit(tried.records) if pipe.needs_fit else pipe
    name, record = next(iter(tried.records.items()))
    pool = tried.records if pipe.needs_pool else None
    first, second = (pipe(record, seed=SEED, id=name, pool=pool) for _ in range(2))
    return tried.digests(first, pipe.schema_after) == tried.digests(second, pipe.schema_after)


def _params(op: Any) -> Sequence[Any]:
    from augury.params import params_of

    return params_of(op)
