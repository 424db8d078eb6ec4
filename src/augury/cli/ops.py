"""``augury ops list [PATTERN]`` and ``augury ops show ID``."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from augury.catalog import Entry, registry
from augury.cli.output import bold, print_json, print_table, words
from augury.errors import UnknownId, describe
from augury.specs import OpSpec


def add(subparsers: Any, summary: str) -> None:
    """Add the command."""
    parser = subparsers.add_parser("ops", help=summary, description="List the ops, or show one.")
    actions = parser.add_subparsers(metavar="ACTION", required=True, dest="action")
    lists = actions.add_parser("list", help="list ops", description="List the ops; nothing is imported.")
    lists.add_argument("pattern", nargs="?", default="*", help="shell pattern such as 'image.*', or part of an id")
    lists.add_argument("--json", action="store_true", help="print JSON")
    lists.set_defaults(do=list_ops, parser=lists)
    show = actions.add_parser("show", help="show one op", description="Show an op's parameters and what follows it.")
    show.add_argument("id", help="an op's id, such as image.rotate")
    show.add_argument("--json", action="store_true", help="print JSON")
    show.set_defaults(do=show_op, parser=show)


def list_ops(args: argparse.Namespace) -> int:
    """Print the ops that match."""
    pattern = args.pattern if any(c in args.pattern for c in "*?[") else f"*{args.pattern}*"
    entries = registry().ops(pattern)
    if not entries:
        ids = registry().ids("ops")
        fix = "see augury ops list" if ids else "pip install augury-image, say"
        raise UnknownId(
            describe("augury ops list", "ops that match", args.pattern, name=args.pattern, known=ids, fix=fix)
        )
    clashing = {e.full_id for entries in registry().clashes().values() for e in entries}
    names = {e: e.full_id if e.full_id in clashing else e.id for e in entries}
    if args.json:
        print_json([_summary(e) | {"id": names[e]} for e in entries])
        return 0
    rows = [[names[e], words(_on(_spec(e)), "or"), _spec(e).effect, e.dist, e.spec.summary] for e in entries]
    print_table(["ID", "ACTS ON", "EFFECT", "PLUGIN", "SUMMARY"], rows)
    return 0


def show_op(args: argparse.Namespace) -> int:
    """Print all about one op."""
    entry = registry().get("ops", args.id, "augury ops show")
    about = _about(entry)
    if args.json:
        print_json(about)
    else:
        _print_op(entry, about)
    return 0


def _spec(entry: Entry) -> OpSpec:
    assert isinstance(entry.spec, OpSpec)
    return entry.spec


def _on(spec: OpSpec) -> tuple[str, ...]:
    return (spec.on,) if isinstance(spec.on, str) else spec.on


def _summary(entry: Entry) -> dict[str, Any]:
    spec = _spec(entry)
    return {
        "id": entry.id,
        "on": list(_on(spec)),
        "effect": spec.effect,
        "version": spec.version,
        "plugin": entry.dist,
        "plugin_version": entry.dist_version,
        "summary": spec.summary,
        "aliases": list(spec.aliases),
    }


def _about(entry: Entry) -> dict[str, Any]:
    from augury.params import json_schema

    op = entry.load()
    return _summary(entry) | {
        "doc": _prose(op.__doc__ or ""),
        "parameters": json_schema(op),
        "reads": sorted(op.reads),
        "donors": op.donors,
        "makes": dict(op.makes),
        "columns": list(op.columns),
        "fits": op.fits,
        "targets": _targets(entry),
        "couplings": _couplings(entry),
        "step": _example(entry),
    }


def _prose(doc: str) -> str:
    """The docstring without its ``Args:``, which the parameters repeat."""
    import inspect

    sections = inspect.cleandoc(doc).split("\n\n")
    return "\n\n".join(s for s in sections if not s.startswith("Args:"))


def _targets(entry: Entry) -> list[str]:
    """The kinds that lie on the op's anchors and follow it; none where targets stay where they are."""
    if not _moves(_spec(entry).effect):
        return []
    kinds = {e.id: e.load() for e in registry().entries("kinds")}
    spaces = {kinds[k].space for k in _on(_spec(entry)) if k in kinds}
    return sorted(k for k, kind in kinds.items() if kind.follows & spaces)


def _moves(effect: str) -> bool:
    from augury.pipelines.compiling import STILL_EFFECTS

    return effect not in STILL_EFFECTS


def _couplings(entry: Entry) -> list[str]:
    spec = _spec(entry)
    rules = [e.spec for e in registry().entries("couplings")]
    if not _moves(spec.effect):
        return []
    return sorted(f"{r.destination} ({r.link})" for r in rules if r.source in _on(spec))  # type: ignore[attr-defined]


def _example(entry: Entry) -> dict[str, Any]:
    """A step with every parameter at its default."""
    schema = _parameters(entry)
    return {entry.id: {name: p["default"] for name, p in schema.items() if p.get("default") is not None}}


def _parameters(entry: Entry) -> Mapping[str, Any]:
    from augury.params import json_schema

    properties: Mapping[str, Any] = json_schema(entry.load())["properties"]
    return properties


def _print_op(entry: Entry, about: Mapping[str, Any]) -> None:
    from augury.params import bounds_text, params_of, type_text

    print(f"{bold(entry.id)}  version {about['version']}, from {entry.dist} {entry.dist_version}")
    print(about["doc"])
    print(f"\n{bold('Acts on')}     {words(about['on'], 'or')}")
    targets = words(about["targets"]) + " follow" if about["targets"] else "targets stay as they are"
    print(f"{bold('Effect')}      {about['effect'] or '(its own)'}; {targets}")
    if about["couplings"]:
        print(f"{bold('Linked')}      {words(about['couplings'])} follow by a rule")
    if about["reads"]:
        print(f"{bold('Looks at')}    the record's {words(about['reads'])}")
    if about["donors"]:
        print(f"{bold('Donors')}      up to {about['donors']} other records of the same side")
    if about["fits"]:
        print(f"{bold('Fitted')}      on the training side first")
    if about["makes"]:
        print(f"{bold('Makes')}       {words([f'{k} a {v}' for k, v in about['makes'].items()])}")
    print(f"\n{bold('Parameters')}")
    for p in params_of(entry.load()):
        default = "required" if p.required else f"default {_yaml(about['parameters']['properties'][p.name]['default'])}"
        print(f"  {p.name}: {type_text(p.type)}{bounds_text(p.bounds)}, {default}")
        if p.doc:
            print(f"      {p.doc}")
    print("  Any step also takes p, name, field, independent" + (", pool." if about["donors"] else "."))
    print(f"\n{bold('A step with its defaults')}")
    given = about["step"][entry.id]
    inside = ", ".join(f"{k}: {_yaml(v)}" for k, v in given.items())
    print(f"  - {entry.id}: {{{inside}}}" if given else f"  - {entry.id}")


def _yaml(value: Any) -> str:
    """A value as YAML would have it on one line (JSON is YAML)."""
    import json
    import re

    text = json.dumps(value, ensure_ascii=False, default=str)
    return re.sub(r'^"([A-Za-z_][\w.-]*)"$', r"\1", text)
