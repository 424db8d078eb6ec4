"""The combinator `blend`: several chains run from the same value, their results averaged by drawn shares (AugMix)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from augury.effects import SELF, STILL, Layer, Layers
from augury.errors import DataError, RecipeError, describe, shown
from augury.rng import Rng, generator
from augury.spaces import geometry as geo

if TYPE_CHECKING:
    from augury.pipelines.nodes import Node, OpNode
    from augury.pipelines.running import Running
    from augury.record import Schema

_STILL = frozenset(effect.__name__ for effect in STILL)


class Blend(NamedTuple):
    """What a blend averages, the parameter of its shares, and the targets that are left out as their picture moves."""

    fields: tuple[str, ...]
    concentration: float
    dropped: tuple[str, ...]


def check_blend(ops: Sequence[OpNode], schema: Schema, concentration: float, where: str) -> Blend:
    """Return what is needed to run a blend of these steps.

    Raises:
        RecipeError: for fields that are no pictures, steps with donors, steps that change a kind or a label, and steps
            that may move what targets lie on.
    """
    fields = tuple(dict.fromkeys(field for op in ops for field in op.fields))
    dropped: list[str] = []
    for op in ops:
        if op.donors or op.conversions or op.label or op.couplings:
            fix = "take it out of the blend"
            raise RecipeError(describe(where, "steps on one picture by itself", shown(op.spec.id), fix=fix))
        for field in op.fields:
            if field == "row" or schema[field].kind.space != "plane":
                got = shown(f"{op.spec.id} on {field}")
                raise RecipeError(describe(where, "steps on pictures", got, fix="blend pictures only"))
            if op.spec.effect in _STILL:
                continue
            dropped += [t.name for t in schema.targets(field)]
            stuck = [t.name for t in schema.targets(field) if t.on_unmoved != "drop"]
            if stuck:
                what = f"steps that leave {', '.join(stuck)} in place"
                fix = f"blend colours only, or give {stuck[0]} on_unmoved: drop"
                raise RecipeError(describe(where, what, shown(f"{op.spec.id} on {field}"), fix=fix))
    return Blend(fields, concentration, tuple(dict.fromkeys(dropped)))


def run_blend(now: Running, blend: Blend, members: Sequence[Sequence[Node]], block: bytes) -> None:
    """Run every chain on a branch of the record, then average: shares of the chains by Dirichlet, of the whole by beta.

    Raises:
        DataError: where a chain changes the size of a picture.
    """
    random = generator(Rng(block).seed())
    shares = random.dirichlet([blend.concentration] * len(members)).tolist()
    mixed = float(random.beta(blend.concentration, blend.concentration))
    present = [field for field in blend.fields if field in now.values]
    for field in present:
        now.current(field)
    branches = [_branch(now, present, member) for member in members]
    for field in present:
        values = [branch.values[field] for branch in branches]
        _compose(now, field, values, [mixed * share for share in shares])
    for name in blend.dropped:
        now.remove(name)


def _branch(now: Running, fields: Sequence[str], member: Sequence[Node]) -> Running:
    branch = now.branch([target.name for field in fields for target in now.schema.targets(field)])
    try:
        for node in member:
            node.run(branch)
        for field in fields:
            branch.current(field)
    finally:
        now.node = branch.node
    return branch


def _compose(now: Running, field: str, values: Sequence[Any], shares: Sequence[float]) -> None:
    kind, size = now.kind(field), now.info(field).size
    layers, under = [Layer(SELF, weight=1.0)], 1.0 - sum(shares)
    for k, (value, share) in enumerate(zip(values, shares, strict=True)):
        if kind.size(value) != size:
            got = shown(str(tuple(kind.size(value))))
            fix = "leave steps that change the size out of the blend"
            raise DataError(describe(field, f"chains that keep the size {tuple(size)}", got, fix=fix))
        under += share
        alpha = share / under if under > 0.0 else 0.0
        layers.append(Layer(k, geo.IDENTITY, alpha=alpha, targets=False, hides=False, weight=0.0))
    now.values[field], _ = kind.compose(now.values[field], Layers(size[:2], tuple(layers)), values)
    if now.trace is not None:
        now.trace.append(f"{field}: {len(values)} chains blended")
