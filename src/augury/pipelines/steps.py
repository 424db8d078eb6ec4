"""Reading steps: from what a user writes to a tree of plain values, with the path each step draws by.

A step is an op id, ``{id: {parameters}}`` or a combinator. Its path is its enclosing names joined by "/"; each name is
the given ``name:`` or ``id#occurrence`` among its unnamed siblings of that id.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, NamedTuple

from augury.catalog import registry
from augury.errors import AuguryError, ParamError, RecipeError, describe, shown
from augury.names import FIELD_NAME, nearest
from augury.op import Op
from augury.params import Configured, Fraction, IntRange, Within
from augury.pipelines.conditions import Condition, read_condition
from augury.specs import OpSpec

COMBINATORS = ("sequence", "one_of", "some_of", "sometimes", "repeat", "blend")
BRANCHING = ("one_of", "some_of", "blend")
"""Combinators whose steps are alternatives or start alike: each is a member of its own."""

OP_KEYS = ("p", "when", "name", "field", "independent", "pool")


class OpStep(NamedTuple):
    """One op as a step: configured, placed, with the keys that any step may carry."""

    where: str
    path: str
    op: Op
    spec: OpSpec
    fields: tuple[str, ...]
    p: float
    independent: bool
    pool: str
    when: Condition | None = None

    @property
    def may_pass(self) -> bool:
        """Whether some records are passed by."""
        return self.p < 1.0 or self.when is not None


class GroupStep(NamedTuple):
    """A combinator. ``members`` are sequences: one each for one_of, some_of and blend, all in one for the others."""

    where: str
    path: str
    kind: str
    members: tuple[tuple[Any, ...], ...]
    p: float
    weights: tuple[float, ...]
    n_range: tuple[int, int]
    concentration: float = 1.0
    when: Condition | None = None

    @property
    def may_pass(self) -> bool:
        """Whether some records are passed by."""
        return self.p < 1.0 or self.when is not None


class _GroupKeys(Configured):
    """The keys that combinators carry beside ``steps``."""

    p: Fraction = 1.0
    name: str | None = None
    weights: tuple[float, ...] = ()
    n_range: IntRange = (1, 1)
    times: int = 1
    concentration: Annotated[float, Within(0.01, 100.0)] = 1.0


_ALLOWED = {
    "sequence": ("steps", "p", "when", "name"),
    "one_of": ("steps", "p", "when", "name", "weights"),
    "some_of": ("steps", "p", "when", "name", "n_range"),
    "sometimes": ("steps", "p", "when", "name"),
    "repeat": ("steps", "p", "when", "name", "times"),
    "blend": ("steps", "p", "when", "name", "concentration"),
}


class Reader:
    """Reads steps, collecting every error with its place."""

    def __init__(self) -> None:
        """Start with no errors and no warnings."""
        self.errors: list[tuple[str, AuguryError]] = []
        self.warnings: list[str] = []

    def read(self, steps: Any, where: str, prefix: str = "") -> tuple[Any, ...]:
        """Return the tree of a list of steps; bad ones are left out and their errors kept."""
        if not isinstance(steps, Sequence) or isinstance(steps, str):
            self._fail(where, RecipeError(describe(where, "a list of steps", steps, fix="write [step, step, ...]")))
            return ()
        seen: dict[str, int] = {}
        out = []
        for index, step in enumerate(steps):
            place = f"{where}[{index}]"
            try:
                out.append(self._step(step, place, prefix, seen))
            except AuguryError as error:
                self._fail(place, error)
        for name, count in seen.items():
            if count > 1 and name not in COMBINATORS:
                self.warnings.append(
                    f"{where}: {name} occurs {count} times unnamed; "
                    "with a name: each, inserting one leaves the draws of the others alone."
                )
        return tuple(out)

    def _fail(self, where: str, error: AuguryError) -> None:
        self.errors.append((where, error))

    def _step(self, step: Any, where: str, prefix: str, seen: dict[str, int]) -> Any:
        if isinstance(step, str):
            step = {step: {}}
        if not isinstance(step, Mapping) or len(step) != 1:
            got = shown(", ".join(map(str, step))) if isinstance(step, Mapping) else step
            fix = "write an op id, or one {id: {parameters}} a step"
            raise RecipeError(describe(where, "one op id or combinator", got, fix=fix))
        name, given = next(iter(step.items()))
        if not isinstance(name, str):
            raise RecipeError(describe(where, "an op id as text", name, fix="write the op's id"))
        place = f"{where}.{name}"
        if name in COMBINATORS:
            return self._group(name, given, place, prefix, seen)
        return self._op(name, {} if given is None else given, place, prefix, seen)

    def _component(self, name: str, given: str | None, where: str, prefix: str, seen: dict[str, int]) -> str:
        if given is None:
            seen[name] = seen.get(name, 0) + 1
            return f"{prefix}{name}#{seen[name] - 1}"
        if not isinstance(given, str) or not FIELD_NAME.fullmatch(given):
            raise RecipeError(describe(f"{where}.name", "letters, digits, - and _", given, fix="choose a plain name"))
        if given in seen:
            raise RecipeError(describe(f"{where}.name", "a name of its own", given, fix="rename one of the two steps"))
        seen[given] = 1
        return prefix + given

    def _op(self, name: str, given: Any, where: str, prefix: str, seen: dict[str, int]) -> Any:
        try:
            entry = registry().get("ops", name, where)
        except AuguryError as error:
            if (close := nearest(name, COMBINATORS)) and "." not in name:
                raise RecipeError(f"{error} Or the combinator {close[0]}?") from error
            raise
        if not isinstance(given, Mapping):
            raise RecipeError(describe(where, "a mapping of parameters", given, fix=f"write {{{name}: {{...}}}}"))
        own = {k: v for k, v in given.items() if k in OP_KEYS}
        path = self._component(name, own.get("name"), where, prefix, seen)
        op = entry.load().build({k: v for k, v in given.items() if k not in own}, where)
        keys = _StepKeys.build({k: v for k, v in own.items() if k in ("p", "independent", "pool")}, where)
        when = _when(own, where)
        field = own.get("field", ())
        fields = (field,) if isinstance(field, str) else tuple(field) if isinstance(field, list | tuple) else None
        if fields is None or not all(isinstance(f, str) for f in fields):
            raise ParamError(
                describe(f"{where}.field", "a field's name or a list of them", field, fix="name the field")
            )
        if len(set(fields)) < len(fields):
            raise ParamError(describe(f"{where}.field", "each field once", fields, fix="name each field once"))
        steps = op.expand()
        if steps is not None:
            members = (self.read(_with_fields(steps, field), where, f"{path}/"),)
            return GroupStep(where, path, "sequence", members, keys.p, (), (1, 1), when=when)
        spec = entry.spec
        assert isinstance(spec, OpSpec)
        return OpStep(where, path, op, spec, fields, keys.p, keys.independent, keys.pool, when)

    def _group(self, kind: str, given: Any, where: str, prefix: str, seen: dict[str, int]) -> GroupStep:
        options = given if isinstance(given, Mapping) else {"steps": given}
        for key in options:
            if key not in _ALLOWED[kind]:
                fix = f"use {', '.join(_ALLOWED[kind])}"
                raise RecipeError(
                    describe(where, f"a key of {kind}", key, name=str(key), known=_ALLOWED[kind], fix=fix)
                )
        keys = _GroupKeys.build({k: v for k, v in options.items() if k not in ("steps", "when")}, where)
        when = _when(options, where)
        if kind == "sometimes" and "p" not in options:
            raise RecipeError(describe(f"{where}.p", "a probability", shown("nothing"), fix="give p, 0.5 say"))
        path = self._component(kind, keys.name, where, prefix, seen)
        steps = options.get("steps")
        place = where if options is not given else f"{where}.steps"
        members: tuple[tuple[Any, ...], ...]
        if kind == "repeat":
            if not 1 <= keys.times <= 100:
                raise RecipeError(describe(f"{where}.times", "1 to 100", keys.times, fix="choose a smaller number"))
            once = self.read(steps, place, f"{path}@0/")
            rest = [Reader().read(steps, place, f"{path}@{i}/") for i in range(1, keys.times)]
            members = (tuple(s for part in (once, *rest) for s in part),)
        elif kind in BRANCHING:
            members = tuple((s,) for s in self.read(steps, place, f"{path}/"))
            if not members and not self.errors:
                raise RecipeError(describe(place, "at least one step", steps, fix="add a step"))
        else:
            members = (self.read(steps, place, f"{path}/"),)
        count = len(steps) if isinstance(steps, Sequence) else 0
        weights = self._weights(keys.weights, count, where)
        lo, hi = keys.n_range
        if kind == "some_of" and not 0 <= lo <= hi <= count:
            expected = f"within 0 and {count}, the number of steps"
            raise RecipeError(describe(f"{where}.n_range", expected, keys.n_range, fix="lower it"))
        return GroupStep(where, path, kind, members, keys.p, weights, keys.n_range, keys.concentration, when)

    def _weights(self, weights: tuple[float, ...], n: int, where: str) -> tuple[float, ...]:
        if weights and (len(weights) != n or min(weights) < 0 or sum(weights) <= 0):
            raise RecipeError(
                describe(f"{where}.weights", f"{n} numbers >= 0, not all 0", weights, fix="give one weight a step")
            )
        return weights


class _StepKeys(Configured):
    """The keys that any op step may carry."""

    p: Fraction = 1.0
    independent: bool = False
    pool: str = ""


def _when(given: Mapping[str, Any], where: str) -> Condition | None:
    return read_condition(given["when"], f"{where}.when") if "when" in given else None


def _with_fields(steps: Sequence[Any], field: Any) -> list[Any]:
    """Give a macro's fields to its steps that name none."""
    if not field:
        return list(steps)
    out: list[Any] = []
    for step in steps:
        name, given = (step, {}) if isinstance(step, str) else next(iter(step.items()))
        if name in COMBINATORS:
            options = dict(given) if isinstance(given, Mapping) else {"steps": given}
            out.append({name: {**options, "steps": _with_fields(options["steps"], field)}})
        else:
            out.append({name: {"field": field, **(given or {})}})
    return out
