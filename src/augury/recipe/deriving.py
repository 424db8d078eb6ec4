"""Reading ``derive:``, fields that are computed from others when a record is collected, and computing them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from augury.constraints.expression import Expression, column_type, evaluate, parse_expression, type_of
from augury.errors import AuguryError, DataError, FieldError, RecipeError, describe, shown
from augury.kinds import Kind
from augury.pipelines.fields import parse_fields
from augury.recipe.problems import Problems
from augury.record import FieldSpec, Schema

INPUTS = ("number", "boolean", "datetime", "category", "ordinal", "id", "text")
"""Kinds that expressions know."""

GIVES: Mapping[str, tuple[str, ...]] = {
    "number": ("number",),
    "boolean": ("truth",),
    "category": ("number", "text", "truth"),
    "ordinal": ("number", "text"),
    "id": ("number", "text"),
    "text": ("text",),
}
"""Kinds a field may be derived as, each with what its expression may give."""


class Derived(NamedTuple):
    """A field and the expression over other fields, earlier derived ones among them, that gives its values.

    ``gives`` is what that is: ``number``, ``text`` or ``truth``.
    """

    spec: FieldSpec
    expression: Expression
    gives: str


def read_derive(given: Any, schema: Schema, problems: Problems) -> tuple[Derived, ...]:
    """Return the derived fields in order; mistakes are collected."""
    if given is None:
        return ()
    if not isinstance(given, Mapping):
        fix = 'write derive: {hour: {kind: number, from: "hour(taken)"}}, say'
        problems.add(("derive",), "a mapping of field names to kind: and from:", given, fix=fix)
        return ()
    known = dict(schema.fields)
    out = []
    for name, options in given.items():
        try:
            out.append(_read(str(name), options, known))
        except AuguryError as error:
            problems.error(("derive", name), error)
        else:
            known[str(name)] = out[-1].spec
    return tuple(out)


def _read(name: str, options: Any, known: Mapping[str, FieldSpec]) -> Derived:
    where = f"derive.{name}"
    if not isinstance(options, Mapping) or not isinstance(options.get("from"), str):
        got = options if not isinstance(options, Mapping) else options.get("from", shown("nothing"))
        fix = f'write {name}: {{kind: number, from: "hour(taken)"}}, say'
        raise RecipeError(describe(f"{where}.from", "an expression over other fields", got, fix=fix))
    if name in known:
        raise RecipeError(describe(where, "a name that no field has", name, fix="choose another name"))
    own = {key: value for key, value in options.items() if key != "from"}
    specs, errors = parse_fields({name: {"role": "meta", **own}}, "derive")
    if errors:
        raise errors[0]
    spec = specs[0]
    if spec.role == "key" or spec.kind_id not in GIVES:
        got = shown("the role key" if spec.role == "key" else f"kind {spec.kind_id}")
        fix = "take the key from the source" if spec.role == "key" else f"use {', '.join(GIVES)}"
        raise RecipeError(describe(where, f"a field of kind {' or '.join(GIVES)}, and no key", got, fix=fix))
    expression = parse_expression(options["from"], f"{where}.from")
    gives = _type(expression, known, f"{where}.from")
    if gives not in GIVES[spec.kind_id]:
        fix = "write a comparison, such as hour >= 18" if spec.kind_id == "boolean" else "change kind:, or from:"
        what = f"{' or '.join(GIVES[spec.kind_id])} for a {spec.kind_id}"
        raise RecipeError(describe(f"{where}.from", what, shown(f"a {gives}"), fix=fix))
    return Derived(spec, expression, gives)


def _type(expression: Expression, known: Mapping[str, FieldSpec], where: str) -> str:
    if not expression.columns:
        raise RecipeError(describe(where, "at least one field", expression.text, fix="name a field"))
    for name in expression.columns:
        if name not in known:
            fix = "name a field of fields:, or one derived before"
            raise RecipeError(describe(where, "the name of a field", name, name=name, known=known, fix=fix))
        if known[name].kind_id not in INPUTS:
            got = shown(f"{name} of kind {known[name].kind_id}")
            raise RecipeError(describe(where, f"fields of kind {' or '.join(INPUTS)}", got, fix="use another field"))
    gives = type_of(expression, {name: column_type(known[name].kind_id) for name in expression.columns}, where)
    return "number" if gives == "moment" else gives


def derivable(derived: Sequence[Derived], schema: Schema) -> tuple[Derived, ...]:
    """Return those whose inputs a collection with the fields of ``schema`` has."""
    names = set(schema.fields)
    out = []
    for one in derived:
        if names.issuperset(one.expression.columns):
            out.append(one)
            names.add(one.spec.name)
    return tuple(out)


def joined(schema: Schema, derived: Sequence[Derived]) -> Schema:
    """Return the schema with the derived fields after its own."""
    return Schema([*schema.fields.values(), *(one.spec for one in derived)])


def derive(one: Derived, schema: Schema, records: Sequence[Mapping[str, Any]]) -> list[Any]:
    """Return a derived field's value for each record of stored values: None where an input is missing.

    What cannot be computed or is no value of the field's kind is a `DataError`, in the value's place.
    Cost: one vectorised evaluation for all records.
    """
    names = one.expression.columns
    there = [i for i, record in enumerate(records) if all(record.get(name) is not None for name in names)]
    out: list[Any] = [None] * len(records)
    if not there:
        return out
    kinds = {name: schema[name].kind for name in names}
    columns = {name: _column(kind, [records[i][name] for i in there]) for name, kind in kinds.items()}
    values = evaluate(one.expression, columns)
    for i, value in zip(there, np.asarray(values).tolist(), strict=True):
        out[i] = _value(one, value)
    return out


def _column(kind: Kind, stored: Sequence[Any]) -> np.ndarray:
    values = [kind.unpack(value) for value in stored]
    return kind.to_column([str(v) for v in values] if column_type(kind.entry_id) == "text" else values)


def _value(one: Derived, value: Any) -> Any:
    where = f"field {one.spec.name!r}"
    if one.gives == "number" and not np.isfinite(value):
        fix = "correct the record's values, or the expression"
        return DataError(describe(where, f"a finite value of {one.expression.text}", value, fix=fix))
    if one.gives == "number" and one.spec.kind_id != "number" and value == int(value):
        value = int(value)
    try:
        return one.spec.kind.pack(one.spec.kind.check(value))
    except FieldError as error:
        return DataError(f"{where}: {error}")
