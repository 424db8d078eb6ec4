"""Making a pipeline of steps and fields: read, compile, and every mistake told at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from augury.errors import AuguryError, RecipeError
from augury.pipelines.compiled import Pipeline
from augury.pipelines.compiling import Compiler
from augury.pipelines.constrained import read_constraints
from augury.pipelines.fields import parse_schema
from augury.pipelines.steps import Reader
from augury.record import Schema


def pipeline(
    steps: Sequence[Any],
    fields: Mapping[str, Any] | Schema,
    *,
    compile: bool = True,
    partial: bool = False,
    where: str = "steps",
    constraints: Sequence[Any] = (),
) -> Pipeline:
    """Compile steps against fields.

    Args:
        steps: Op ids, ``{id: {parameters}}`` and combinators, as in a recipe.
        fields: The schema, or what a recipe has under ``fields:``.
        compile: False runs every effect by itself, for comparison: same draws, sizes and targets.
        partial: Leave out steps whose field the schema lacks, instead of refusing.
        where: What messages call the list of steps.
        constraints: What holds between the columns of a row, as `augury.constraints.Constraint` or as a recipe has it.

    Raises:
        RecipeError: for every mistake found, a line each.
    """
    schema = fields if isinstance(fields, Schema) else parse_schema(fields)
    made, errors = _compile(steps, schema, partial, where)
    if len(errors) == 1:
        raise errors[0][1]
    if errors:
        raise RecipeError("\n".join(str(error) for _, error in errors))
    nodes, compiler, reader = made
    warnings = [*reader.warnings, *compiler.warnings]
    return Pipeline(schema, nodes, compiler, warnings, compile, read_constraints(constraints, schema))


def check_steps(
    steps: Sequence[Any], schema: Schema, *, partial: bool = False, where: str = "steps"
) -> list[tuple[str, AuguryError]]:
    """Return every error of the steps with its place; nothing is raised."""
    return _compile(steps, schema, partial, where)[1]


def _compile(steps: Any, schema: Schema, partial: bool, where: str) -> tuple[Any, list[tuple[str, AuguryError]]]:
    reader = Reader()
    tree = reader.read(steps, where)
    compiler = Compiler(schema, partial)
    nodes = compiler.compile(tree)
    return (nodes, compiler, reader), [*reader.errors, *compiler.errors]
