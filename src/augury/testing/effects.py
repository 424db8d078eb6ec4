"""The conformance checks of effects that distributions define: pure lowering to core effects, that all kinds follow."""

from __future__ import annotations

import inspect
import pickle
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from augury.catalog import Entry
from augury.effects import MOVING, STILL, Convert, Effect, Rows
from augury.errors import DataError
from augury.kinds import Kind
from augury.op import Donor
from augury.specs import EffectSpec, KindSpec, Spec
from augury.testing.materials import SPACES_THAT_MOVE, Material, anchor_material, anchors_of, running
from augury.testing.suite import Suite, near

CORE_EFFECTS = tuple(cls for cls in MOVING + STILL if cls not in (Convert, Rows))
"""What an effect may be lowered to: conversions and row functions are for ops alone."""


@dataclass(frozen=True, eq=False)
class EffectCase:
    """An effect class with the arguments of one example (none where the spec gives no example)."""

    entry: Entry
    params: Mapping[str, Any]

    def __str__(self) -> str:
        return f"with {dict(self.params)}"

    @property
    def effect(self) -> Effect:
        """The effect."""
        return self.entry.load()(**self.params)

    def anchors(self) -> Iterator[tuple[Kind, Material]]:
        """Yield every installed anchor of the effect's space, with records in which everything lies on it."""
        for kind in anchors_of(self.effect.space):
            yield kind, anchor_material(kind)

    def sizes(self) -> Iterator[Any]:
        """Yield the size of every sample of every anchor."""
        for kind in anchors_of(self.effect.space):
            yield from (kind.size(kind.check(value)) for value in kind.samples())


def _cases(entry: Entry) -> list[EffectCase]:
    assert isinstance(entry.spec, EffectSpec)
    entry.load()
    return [EffectCase(entry, example) for example in entry.spec.examples or ({},)]


EFFECTS = Suite("effects", _cases)
check = EFFECTS.check


@check()
def loads(case: EffectCase) -> None:
    """The class is made from each example, says its space, is lowered, crosses processes and has a summary.

    Troubleshooting: define ``space`` and ``lower(size)``; give ``examples`` where it has required arguments.
    """
    effect = case.effect
    assert getattr(effect, "space", None) in SPACES_THAT_MOVE, f"space is none of {SPACES_THAT_MOVE}"
    assert callable(getattr(effect, "lower", None)), f"{case.entry.spec.target} has no lower(size)"
    assert near(pickle.loads(pickle.dumps(effect)), effect), "it comes back from another process as another"
    assert case.entry.spec.summary, "the spec has no summary"


def _loaded(case: EffectCase) -> bool:
    try:
        loads(case)
    except Exception:
        return False
    return True


@check(when=_loaded)
def lowers_to_core_effects(case: EffectCase) -> None:
    """On every size, ``lower`` gives a list of the core's effects, which crosses processes.

    Troubleshooting: return a list of effects of ``augury.effects``; their functions must be module-level.
    """
    for size in case.sizes():
        parts = case.effect.lower(size)
        assert isinstance(parts, list), f"lower({size}): expected a list, got {type(parts).__name__}"
        foreign = sorted({type(part).__name__ for part in parts if type(part) not in CORE_EFFECTS})
        assert not foreign, f"lower({size}) gives {foreign}, which are no effects of the core on a {case.effect.space}"
        pickle.dumps(parts)


@check(when=_loaded)
def lowers_the_same_twice(case: EffectCase) -> None:
    """``lower`` has the same answer to the same size, and leaves the effect as it was.

    Troubleshooting: keep no state and draw nothing in ``lower``: what is drawn belongs in the op's ``draw``.
    """
    effect = case.effect
    before = pickle.dumps(effect)
    for size in case.sizes():
        one, two = effect.lower(size), effect.lower(size)
        assert near(one, two), f"lower({size}): {one} and then {two}"
    assert pickle.dumps(effect) == before, "lower() changed the effect"


@check(when=_loaded)
def is_followed_by_every_kind(case: EffectCase) -> None:
    """Every anchor takes it and everything on the anchor follows, to canonical values, the same fused or not.

    Troubleshooting: each part must fit the size that the parts before it make, and be an effect of ``space``.
    """
    for kind, material in case.anchors():
        taken, errors = 0, []
        for record_id, record in material.records.items():
            try:
                fused, plain = (_applied(case, material, record, compile=on) for on in (True, False))
            except DataError as error:
                errors.append(error)
                continue
            taken += 1
            assert set(fused) == set(plain), f"{record_id}: {sorted(fused)} fused, {sorted(plain)} not"
            for name, value in fused.items():
                _same(material.schema[name].kind, value, plain[name], f"{kind.entry_id}, {record_id}: {name}")
        assert taken, f"{kind.entry_id}: every record is refused: {errors[0]}"


def _applied(case: EffectCase, material: Material, record: Mapping[str, Any], compile: bool) -> dict[str, Any]:
    """Return a record's values after the effect, which announces the size that it makes."""
    now, field = running(material.schema, record, compile=compile), material.field or ""
    now.push(field, case.effect, _donors(material, record))
    size, values = now.info(field).size, now.finish()
    made = material.schema[field].kind.size(values[field])
    assert made == size, f"{field} has {made} after it, its parts announce {size}"
    return values


def _donors(material: Material, record: Mapping[str, Any]) -> Sequence[Donor]:
    field = material.field or ""
    kind = material.schema[field].kind
    values = {name: kind.conform(other[field], record[field]) for name, other in material.records.items()}
    return [Donor(name, value, kind.size(value), material.records[name]) for name, value in values.items()]


def _same(kind: Kind, fused: Any, plain: Any, where: str) -> None:
    for value in (fused, plain):
        assert kind.equal(kind.check(value), value), f"{where}: {value!r:.200} is not canonical"
    if not (kind.payload or kind.follows_whole) and kind.space != "plane":
        assert near(kind.pack(fused), kind.pack(plain)), f"{where} is {fused!r:.200} fused, {plain!r:.200} not"


def loads_its_exceptions(case: Any) -> None:
    """Every exception from the general rule is a function of (kind, carried, effect, map).

    Troubleshooting: correct the ``module:function`` in the spec's ``exceptions``, or the function's arguments.
    """
    for name, target in case.entry.spec.exceptions.items():
        rule = Spec("rule", target).load()
        assert callable(rule), f"{name}: {target} is not a function"
        inspect.signature(rule).bind("kind", "carried", "effect", "map")


def has_exceptions(case: Any) -> bool:
    """Whether the spec of a kind or an effect gives exceptions."""
    assert isinstance(case.entry.spec, EffectSpec | KindSpec)
    return bool(case.entry.spec.exceptions)


check(when=has_exceptions)(loads_its_exceptions)
