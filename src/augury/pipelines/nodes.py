"""Compiled steps: what runs, once for each record. Built by `compiling`, immutable, shared by threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Any, NamedTuple, Protocol

from augury.effects import Convert, Opaque, moves
from augury.errors import AuguryError, CheckFailed, DataError, RecipeError, describe, shown
from augury.kinds import Kind
from augury.op import Op
from augury.pipelines.blending import Blend, run_blend
from augury.pipelines.conditions import Condition
from augury.pipelines.info import LOOK_NONE, RunInfo
from augury.pipelines.output import Applied
from augury.pipelines.running import Running
from augury.rng import Rng, gate
from augury.spaces.row import RowSize
from augury.specs import KEEP, REFUSE, OpSpec

NO_NUMBERS = bytes(64)
"""The block of a step that neither draws nor is gated: nothing is read of it."""


class Node(Protocol):
    """Anything that runs for a record."""

    def run(self, now: Running) -> None:
        """Advance the record."""
        ...


class Coupled(NamedTuple):
    """A link from a step's anchor to another anchor, with the rule that carries effects along it."""

    link: str
    source: str
    destination: str
    rule: Callable[[Any, Any, Any], Any] | None
    strict: bool
    on_unmoved: str


class OpNode:
    """One op on its anchors."""

    __slots__ = (
        "columns", "conversions", "couplings", "donors", "draws", "fields", "independent", "index", "key", "label",
        "look", "looks_in_pick", "op", "p", "path", "pool", "row", "spec", "stamps", "when",
    )  # fmt: skip

    def __init__(
        self,
        index: int,
        path: str,
        key: bytes,
        op: Op,
        spec: OpSpec,
        fields: tuple[str, ...],
        *,
        p: float,
        independent: bool,
        pool: str,
        columns: Mapping[str, str],
        couplings: tuple[Coupled, ...],
        conversions: Mapping[str, Kind],
        label: tuple[str, Kind] | None,
        when: Condition | None = None,
    ) -> None:
        """Hold the parts; ``conversions``: the anchors' new kinds, ``label``: the mixed label's field and new kind."""
        self.index = index
        self.path = path
        self.key = key
        self.op = op
        self.spec = spec
        self.fields = fields
        self.p = p
        self.independent = independent
        self.pool = pool
        self.columns = RowSize(columns)
        self.row = fields == ("row",)
        self.couplings = couplings
        self.conversions = conversions
        self.label = label
        self.when = when
        self.look = frozenset(op.reads)
        self.donors = op.donors
        self.draws = op.seeded or type(op).draw is not Op.draw

    def run(self, now: Running) -> None:
        """Gate, pick, draw, declare, couple, push."""
        if self.when is not None and not self.when.holds(now.came):
            return
        block = NO_NUMBERS
        if self.draws or self.donors or self.p < 1.0:
            block = blake2b(now.key + self.key).digest()
            if self.p < 1.0 and gate(block) >= self.p:
                return
        present = self._present(now)
        if not present:
            return
        now.node = self
        if not self.independent:
            self._apply(now, present, block, self.path)
            return
        for field in present:
            self._apply(now, (field,), blake2b(block + field.encode()).digest(), f"{self.path}:{field}")

    def _present(self, now: Running) -> tuple[str, ...]:
        values = now.values
        if self.row:
            nothing = values.keys().isdisjoint(self.columns.columns)
            return () if nothing and not self.op.changes_missing else self.fields
        for field in self.fields:
            if field not in values:
                return tuple(f for f in self.fields if f in values)
        return self.fields

    def _apply(self, now: Running, present: tuple[str, ...], block: bytes, path: str) -> None:
        op, first = self.op, now.info(present[0])
        if self.row:
            first.size = self.columns
        first.state = now.states.get(self.path) if op.fits else None
        stored = now.stored.pop(path, None) if now.stored is not None else None
        draw: Any = None
        donors: tuple[str, ...] = ()
        if self.draws or self.donors:
            rng = Rng(block)
            first.look = self.look
            if self.donors:
                donors = self._pick(now, first, rng, stored)
            draw = op.draw(rng, first)
            first.look = LOOK_NONE
        state = now.state_hashes.get(self.path) if now.state_hashes else None
        if stored is not None:
            draw = _same_draw(path, stored, draw, state)
        now.applied.append(Applied(path, self.spec.id, self.spec.version, present, draw, donors, state))
        for field in present:
            info = first
            if field != present[0]:
                info = now.info(field)
                info.state, info.look = first.state, LOOK_NONE
                info.donors = now.donors(self, info, donors) if donors else ()
            self._push(now, field, op.effect(draw, info), info)
        first.donors = ()

    def _pick(self, now: Running, info: RunInfo, rng: Rng, stored: Applied | None) -> tuple[str, ...]:
        info.view = now.view(self.pool, info.field)
        donors = tuple(self.op.pick(rng.branch("pick"), info))
        info.view = None
        if stored is not None and stored.donors != donors:
            raise CheckFailed(
                describe(
                    self.path,
                    f"the stored donors {list(stored.donors)}",
                    list(donors),
                    fix="replay with the same pool of records",
                )
            )
        info.donors = now.donors(self, info, donors)
        return donors

    def _push(self, now: Running, field: str, effects: Any, info: RunInfo) -> None:
        made = type(effects)
        if made is dict:
            self._check_overlap(now, effects)
            for name, effect in effects.items():
                self._push(now, name, effect, info if name == field else now.info(name))
            return
        if made is not list and not self.couplings and not self.row:
            now.push(field, effects, info.donors)
            return
        for effect in effects if made is list else (effects,):
            coupled = self._couple(now, field, effect, info) if self.couplings else ()
            if self.row:
                now.push_row(self, effect, info.donors)
            else:
                now.push(field, effect, info.donors)
            for name, other in coupled:
                now.push(name, other, ())

    def _check_overlap(self, now: Running, effects: Mapping[str, Any]) -> None:
        for name in effects:
            spec = now.schema.fields.get(name)
            if spec is None or spec.kind.space is None:
                anchors = [f.name for f in now.schema.fields.values() if f.kind.space]
                raise RecipeError(
                    describe(
                        self.path,
                        "effects on anchors of the schema",
                        name,
                        name=name,
                        known=anchors,
                        fix="correct the op",
                    )
                )
            if spec.link and spec.link[0] == "of" and spec.link[1] in effects:
                raise RecipeError(
                    describe(
                        self.path,
                        "one effect for each field",
                        shown(f"{name} moves with {spec.link[1]} and by itself"),
                        fix="leave one out",
                    )
                )

    def _couple(self, now: Running, field: str, effect: Any, info: RunInfo) -> Sequence[tuple[str, Any]]:
        out: list[tuple[str, Any]] = []
        kind = type(effect).__name__
        for c in self.couplings:
            if c.source != field or c.destination not in now.values or type(effect) is Convert:
                continue
            verdict: Any = None
            if type(effect) is Opaque:
                effect = now.moved_by(field, effect)
            if c.rule is not None and effect is not None:
                other = now.info(c.destination)
                info.look = other.look = LOOK_ALL
                try:
                    verdict = c.rule(effect, info, other)
                finally:
                    info.look = other.look = LOOK_NONE
            elif not (c.strict and moves(effect)):
                continue
            if verdict is KEEP:
                continue
            if verdict is REFUSE or verdict is None:
                if c.strict and c.on_unmoved == "drop":
                    now.remove(c.destination)
                    continue
                if not c.strict:
                    continue
                raise DataError(
                    describe(
                        f"{self.path} on {field}",
                        f"a rule by which {c.destination!r} ({c.link}) follows a {kind}",
                        shown("none"),
                        fix=f"give {c.destination} on_unmoved: drop, or add what the rule needs (intervals of {field})",
                    )
                )
            for name, effects in sorted(verdict.items()):
                if name in self.fields:
                    raise RecipeError(
                        describe(
                            self.path,
                            f"one effect on {name}",
                            shown("its own and one carried from " + field),
                            fix="split the step",
                        )
                    )
                out.extend((name, e) for e in (effects if isinstance(effects, list) else [effects]))
                if now.trace is not None:
                    now.trace.append(f"{name}: follows {field} ({c.link}) through {self.path}")
        return out


LOOK_ALL = frozenset({"value", "targets", "links"})


def _same_draw(path: str, stored: Applied, draw: Any, state: str | None) -> Any:
    """Return a step's stored draw.

    Raises:
        CheckFailed: where the fitted state or the draw of now is another.
    """
    if stored.state != state:
        fix = "replay with the pipeline fitted on the records it was made with"
        raise CheckFailed(describe(path, f"the fitted state {stored.state}", shown(str(state)), fix=fix))
    if stored.draw != draw:
        fix = "replay with the versions that made the record"
        raise CheckFailed(describe(path, f"the stored draw {stored.draw}", draw, fix=fix))
    return stored.draw


class LiftNode:
    """Lift fields that a branch left behind to the kind another branch made."""

    __slots__ = ("kinds",)

    def __init__(self, kinds: Mapping[str, Kind]) -> None:
        """``kinds``: field to the kind it has after the branches."""
        self.kinds = kinds

    def run(self, now: Running) -> None:
        """Lift what is not of that kind yet."""
        for field, kind in self.kinds.items():
            now.lift(field, kind)


class GroupNode:
    """A combinator over compiled members."""

    __slots__ = ("blend", "key", "kind", "members", "n_range", "p", "path", "weights", "when")

    def __init__(
        self,
        path: str,
        key: bytes,
        kind: str,
        members: Sequence[Sequence[Node]],
        p: float,
        weights: tuple[float, ...],
        n_range: tuple[int, int],
        blend: Blend | None = None,
        when: Condition | None = None,
    ) -> None:
        """Hold the parts; see `steps.GroupStep`."""
        self.path = path
        self.key = key
        self.kind = kind
        self.members = members
        self.p = p
        self.weights = weights
        self.n_range = n_range
        self.blend = blend
        self.when = when

    def run(self, now: Running) -> None:
        """Gate, choose members from the group's own path, run them in order."""
        if self.when is not None and not self.when.holds(now.came):
            return
        block = blake2b(now.key + self.key).digest()
        if self.p < 1.0 and gate(block) >= self.p:
            return
        if self.blend is not None:
            run_blend(now, self.blend, self.members, block)
            return
        for index in self._choose(Rng(block)):
            for node in self.members[index]:
                node.run(now)

    def _choose(self, rng: Rng) -> Sequence[int]:
        if self.kind == "one_of":
            return (rng.weighted(self.weights) if self.weights else rng.integer(0, len(self.members) - 1),)
        if self.kind == "some_of":
            return sorted(rng.sample(len(self.members), rng.integer(*self.n_range)))
        return range(len(self.members))


def conditions_of(nodes: Sequence[Node], outer: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """Yield the path of each op that has conditions, its own or of a combinator around it, with them in words."""
    for node in nodes:
        if isinstance(node, OpNode | GroupNode):
            own = (*outer, str(node.when)) if node.when is not None else outer
            if isinstance(node, GroupNode):
                for member in node.members:
                    yield from conditions_of(member, own)
            elif own:
                yield node.path, f" ({' and '.join(own)})"


def wrap(error: Exception, now: Running) -> Exception:
    """Return ``error`` with the step and the record it came from; errors of the environment pass as they are."""
    if isinstance(error, MemoryError | OSError) or now.node is None:
        return error
    place = f"record {now.id!r}, copy {now.copy}, step {now.node.path}"
    if isinstance(error, AuguryError):
        return type(error)(f"{place}: {error}") if len(error.args) == 1 else error
    from augury.errors import EngineError

    op = now.node.op
    return EngineError(
        f"{place}: {op.entry_id} {op.to_dict()} raised {type(error).__name__}: {error}. "
        "Fix: report it to the op's authors."
    )
