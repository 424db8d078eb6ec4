"""Reading ``constraints:``: what must hold between the columns of a collection's rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from augury.errors import AuguryError
from augury.recipe.model import Source
from augury.recipe.problems import Problems
from augury.record import Schema

if TYPE_CHECKING:
    from augury.constraints import Constraint


def read_rules(given: Any, schema: Schema, sources: Sequence[Source], problems: Problems) -> tuple[Constraint, ...]:
    """Return the constraints; mistakes are collected."""
    if given is None:
        return ()
    if not isinstance(given, list):
        problems.add(("constraints",), "a list of constraints", given, fix="write - order: {low: start, high: end}")
        return ()
    from augury.constraints import read_constraint

    out = []
    for i, item in enumerate(given):
        try:
            out.append(read_constraint(item, schema.fields, f"constraints[{i}]"))
        except AuguryError as error:
            problems.error(("constraints", i), error)
        else:
            _check_collections(out[-1], i, schema, sources, problems)
    return tuple(out)


def _check_collections(
    constraint: Constraint, place: int, schema: Schema, sources: Sequence[Source], problems: Problems
) -> None:
    """Make mistakes of names that are no collection, and of a parent's column that is no field."""
    known = list(dict.fromkeys(source.collection for source in sources))
    path = ("constraints", place, constraint.id)
    parent = getattr(constraint, "parent_column", None)
    for key, name in (("collection", constraint.collection), ("parent", parent and parent[0])):
        if name is not None and name not in known and known:
            fix = f"use one of {', '.join(known)}"
            problems.add((*path, key), "the name of a collection", name, name=name, known=known, fix=fix)
    if parent and parent[1] not in schema:
        fix = "name a field of the parent"
        problems.add((*path, "parent"), "the name of a field", parent[1], name=parent[1], known=schema.fields, fix=fix)


def constraints_of(constraints: Sequence[Constraint], schema: Schema, collection: str) -> tuple[Constraint, ...]:
    """Return those that hold for a collection with the fields of ``schema``."""
    if not constraints:
        return ()
    from augury.constraints import holding

    return holding(constraints, schema.fields, collection)
