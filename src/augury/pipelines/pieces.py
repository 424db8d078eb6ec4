"""Cutting a record into pieces: a cleaner's effect as a pipeline of one step, so that targets follow it."""

from __future__ import annotations

from typing import Any

from augury.op import Info, Op
from augury.pipelines.compiled import Pipeline
from augury.pipelines.compiling import Compiler
from augury.pipelines.steps import OpStep
from augury.record import Schema
from augury.rng import Rng
from augury.specs import OpSpec


class PieceOp(Op):
    """The op that makes piece number ``copy`` of a record, as a `Cleaner` declares it.

    Args:
        cleaner: The cleaner.
    """

    cleaner: Any

    def check_params(self) -> None:
        """Act on what the cleaner looks at."""
        object.__setattr__(self, "on", self.cleaner.on)

    def draw(self, rng: Rng, info: Info) -> Any:
        """The number of the piece."""
        return {"piece": info.copy}

    def effect(self, draw: Any, info: Info) -> Any:
        """What the cleaner says makes the piece."""
        return self.cleaner.effect(draw["piece"], info)

    def to_dict(self) -> dict[str, Any]:
        """The cleaner with its parameters."""
        return {"cleaner": self.cleaner.entry_id, **self.cleaner.to_dict()}


def cutting(cleaner: Any, spec_id: str, field: str, schema: Schema, where: str) -> Pipeline:
    """Return the pipeline that makes piece ``copy`` of a record.

    Raises:
        RecipeError: when a field that must follow cannot.
    """
    step = OpStep(
        where, f"{spec_id}#0", PieceOp(cleaner=cleaner), OpSpec(spec_id, "augury:Cut"), (field,), 1.0, False, ""
    )
    compiler = Compiler(schema)
    nodes = compiler.compile([step])
    if compiler.errors:
        raise compiler.errors[0][1]
    return Pipeline(schema, nodes, compiler, list(compiler.warnings), True)
