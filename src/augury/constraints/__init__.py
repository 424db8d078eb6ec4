"""Constraints between the columns of a table: declared once, checked always, never silently repaired.

A recipe lists them under ``constraints:``, each as ``{id: {parameters}}``. Source rows that break one are quarantined
with its name. A row that an op makes is judged again: ops that work in the constraint's own terms keep it, and what
breaks it is an error of that row. A codec builds them into what a model sees (`Plan`), so that it cannot break them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from augury.constraints.base import Columns, Constraint, Form
from augury.constraints.numbers import Formula, Order, Range, Sum
from augury.constraints.plan import Mechanism, Plan, Planned, judge
from augury.constraints.sets import Combination, OneHot, Reference, Unique
from augury.errors import RecipeError, describe, shown
from augury.record import FieldSpec

__all__ = [
    "CONSTRAINTS",
    "Columns",
    "Combination",
    "Constraint",
    "Form",
    "Formula",
    "Mechanism",
    "OneHot",
    "Order",
    "Plan",
    "Planned",
    "Range",
    "Reference",
    "Sum",
    "Unique",
    "holding",
    "judge",
    "read_constraint",
]

CONSTRAINTS: Mapping[str, type[Constraint]] = {
    c.id: c for c in (Range, Order, Sum, Formula, Combination, OneHot, Unique, Reference)
}
"""Every constraint by its key in a recipe."""


def read_constraint(given: Any, fields: Mapping[str, FieldSpec], where: str = "constraints[0]") -> Constraint:
    """Return the constraint that a recipe's ``{id: {parameters}}`` says.

    Raises:
        RecipeError: for an unknown id, column or kind of column.
        ParamError: for a wrong parameter.
    """
    if not isinstance(given, Mapping) or len(given) != 1:
        got = shown("several keys") if isinstance(given, Mapping) and given else given or shown("nothing")
        fix = "write - order: {low: start, high: end}"
        raise RecipeError(describe(where, "one constraint with its parameters", got, fix=fix))
    ((name, params),) = given.items()
    if name not in CONSTRAINTS:
        fix = f"use one of {', '.join(CONSTRAINTS)}"
        raise RecipeError(describe(where, "a known constraint", name, name=str(name), known=CONSTRAINTS, fix=fix))
    place = f"{where}.{name}"
    if not isinstance(params, Mapping):
        raise RecipeError(describe(place, "a mapping of parameters", params, fix=f"write {name}: {{key: value}}"))
    constraint = CONSTRAINTS[name].build(params, place)
    for column in constraint.columns:
        if column not in fields:
            fix = "add it to fields:, or name another one"
            raise RecipeError(describe(place, "the name of a field", column, name=column, known=fields, fix=fix))
    try:
        constraint.check_fields(fields)
    except RecipeError as error:
        raise RecipeError(f"{where}: {error}") from error
    return constraint


def holding(
    constraints: Sequence[Constraint], fields: Mapping[str, FieldSpec], collection: str | None = None
) -> tuple[Constraint, ...]:
    """Return the constraints that hold for a collection: meant for it or for any, all columns among ``fields``."""
    return tuple(
        c
        for c in constraints
        if (c.collection is None or collection is None or c.collection == collection)
        and all(name in fields for name in c.columns)
    )
