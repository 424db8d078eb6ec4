"""Reading ``fields:``: from what a user writes to a checked `Schema`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from augury.catalog import registry
from augury.errors import AuguryError, RecipeError, describe, shown
from augury.names import FIELD_NAME
from augury.params import params_of
from augury.record import LINKS, FieldSpec, Role, Schema

_OWN_KEYS = ("kind", "role", "on_unmoved", "on_empty", *LINKS)


def parse_schema(fields: Mapping[str, Any], where: str = "fields") -> Schema:
    """Return the schema that ``fields`` describes.

    Args:
        fields: Name to a kind's id, or to a mapping with ``kind``, at most one link, ``role``, ``on_unmoved``,
            ``on_empty`` and the kind's own options.
        where: The place, for messages.

    Raises:
        RecipeError: for every mistake found, a line each.
    """
    specs, errors = parse_fields(fields, where)
    if errors:
        raise RecipeError("\n".join(map(str, errors)))
    return Schema(specs)


def parse_fields(fields: Mapping[str, Any], where: str = "fields") -> tuple[list[FieldSpec], list[AuguryError]]:
    """Return the good field specs and every error, for callers that collect errors."""
    specs: list[FieldSpec] = []
    errors: list[AuguryError] = []
    for name, given in fields.items():
        try:
            specs.append(_parse_field(str(name), given, f"{where}.{name}"))
        except AuguryError as error:
            errors.append(error)
    names = {str(n): f"{where}.{n}" for n in fields}
    kinds = {s.name: s for s in specs}
    for spec in specs:
        try:
            _check_link(spec, names, kinds)
        except AuguryError as error:
            errors.append(error)
    return specs, errors


def _parse_field(name: str, given: Any, where: str) -> FieldSpec:
    if not FIELD_NAME.fullmatch(name) or name == "row":
        fix = "use letters, digits, - and _, not starting with a digit, and not 'row'"
        raise RecipeError(describe(where, "a field name", name, fix=fix))
    options = {"kind": given} if isinstance(given, str) else given
    if not isinstance(options, Mapping):
        raise RecipeError(describe(where, "a kind or a mapping with kind:", given, fix=f"write {name}: image, say"))
    if not isinstance(options.get("kind"), str):
        fix = f"add kind: to {name}"
        raise RecipeError(describe(f"{where}.kind", "the id of a kind", options.get("kind", shown("nothing")), fix=fix))
    kind_class = registry().load("kinds", options["kind"], f"{where}.kind")
    own = {k: v for k, v in options.items() if k in _OWN_KEYS}
    known = {p.name for p in params_of(kind_class)} | set(_OWN_KEYS)
    for key in options:
        if key not in known:
            fix = f"use one of {', '.join(sorted(known))}"
            raise RecipeError(
                describe(where, f"a key that kind {options['kind']} knows", key, name=str(key), known=known, fix=fix)
            )
    kind = kind_class.build({k: v for k, v in options.items() if k not in own}, where)
    return FieldSpec(name, kind, _link(own, where), *_choices(own, where))


def _link(own: Mapping[str, Any], where: str) -> tuple[str, str] | None:
    links = [(k, own[k]) for k in LINKS if k in own]
    if len(links) > 1:
        names = " and ".join(k for k, _ in links)
        raise RecipeError(describe(where, "at most one link", shown(names), fix="keep one of them"))
    return links[0] if links else None


def _choices(own: Mapping[str, Any], where: str) -> tuple[Any, Any, Any]:
    allowed = {"role": get_args(Role), "on_unmoved": ("error", "drop"), "on_empty": ("keep", "drop")}
    out = []
    for key, default in (("role", None), ("on_unmoved", "error"), ("on_empty", "keep")):
        value = own.get(key, default)
        if value != default and value not in allowed[key]:
            accepted = " or ".join(allowed[key])
            known = allowed[key]
            raise RecipeError(
                describe(f"{where}.{key}", accepted, value, name=str(value), known=known, fix=f"use {accepted}")
            )
        out.append(value)
    return out[0], out[1], out[2]


def _check_link(spec: FieldSpec, names: Mapping[str, str], parsed: Mapping[str, FieldSpec]) -> None:
    if spec.link is None:
        return
    link, anchor = spec.link
    where = names[spec.name]
    if anchor not in names or anchor == spec.name:
        fix = "name another field of the schema"
        raise RecipeError(
            describe(f"{where}.{link}", "a field of the schema", anchor, name=str(anchor), known=names, fix=fix)
        )
    if anchor not in parsed or link != "of":
        return
    space = parsed[anchor].kind.space
    if space is None:
        raise RecipeError(
            describe(
                f"{where}.of",
                "an anchor such as an image, a text or a clip",
                anchor,
                fix=f"link {spec.name} to the field that {anchor} lies on",
            )
        )
    if space not in spec.kind.follows and spec.on_unmoved != "drop":
        fix = "add on_unmoved: drop, or link it by about"
        raise RecipeError(
            describe(
                f"{where}.of", f"a kind that follows effects of the {space}", shown(f"kind {spec.kind_id}"), fix=fix
            )
        )
