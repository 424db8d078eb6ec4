"""The conformance checks of couplings: rules that join kinds that exist, answer purely, and can be carried out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from augury.catalog import Entry
from augury.effects import Effect
from augury.kinds import Kind
from augury.pipelines.info import RunInfo
from augury.pipelines.running import Running
from augury.record import LINKS, FieldSpec, Record, Schema
from augury.specs import KEEP, REFUSE, CouplingSpec
from augury.testing.materials import SPACES_THAT_MOVE, kind_of, running, targets_of
from augury.testing.moves import standard_effects
from augury.testing.suite import Suite, near

SOURCE, DESTINATION = "source", "destination"


class Trial(NamedTuple):
    """One effect on the source of one record, before it is applied."""

    now: Running
    effect: Effect

    def info(self, field: str) -> RunInfo:
        """Return what a rule is shown of a field."""
        info = self.now.info(field)
        info.look = frozenset({"value", "targets", "links"})
        return info


@dataclass(frozen=True, eq=False)
class CouplingCase:
    """A coupling, and records in which its two kinds are linked."""

    entry: Entry
    rule: Callable[[Any, Any, Any], Any]

    def __str__(self) -> str:
        return f"along {self.spec.link} from {self.spec.source} to {self.spec.destination}"

    @property
    def spec(self) -> CouplingSpec:
        """The coupling's spec."""
        assert isinstance(self.entry.spec, CouplingSpec)
        return self.entry.spec

    @cached_property
    def schema(self) -> Schema:
        """The source with everything that lies on it, and the destination linked to it."""
        source, destination = kind_of(self.spec.source), kind_of(self.spec.destination)
        lying = [kind for kind in targets_of(self.spec.space) if kind.entry_id != self.spec.source]
        return Schema(
            [
                FieldSpec(SOURCE, source),
                FieldSpec(DESTINATION, destination, (self.spec.link, SOURCE)),
                *(FieldSpec(kind.entry_id.replace(".", "_"), kind, ("of", SOURCE)) for kind in lying),
            ]
        )

    def trials(self) -> Iterator[Trial]:
        """Yield every standard effect on records in which each sample of each kind comes up."""
        for record in self._records():
            size = self.schema[SOURCE].kind.size(record[SOURCE])
            for effect in standard_effects(self.spec.space, size):
                yield Trial(running(self.schema, record), effect)

    def _records(self) -> Iterator[Record]:
        """Yield the first source with all that may lie on it, then the others, which it might not fit, alone."""
        samples = {name: spec.kind.samples() for name, spec in self.schema.fields.items()}
        sources, lying = samples.pop(SOURCE), samples
        for i in range(max(map(len, lying.values()))):
            yield self.schema.check({SOURCE: sources[0], **{name: v[i % len(v)] for name, v in lying.items()}})
        for i, source in enumerate(sources[1:]):
            yield self.schema.check({SOURCE: source, DESTINATION: lying[DESTINATION][i % len(lying[DESTINATION])]})

    def ask(self, trial: Trial) -> Any:
        """Return the rule's answer."""
        return self.rule(trial.effect, trial.info(SOURCE), trial.info(DESTINATION))


def _cases(entry: Entry) -> list[CouplingCase]:
    return [CouplingCase(entry, entry.load())]


COUPLINGS = Suite("couplings", _cases)
check = COUPLINGS.check


@check()
def loads(case: CouplingCase) -> None:
    """The spec's target is a function, and the spec says what it is for.

    Troubleshooting: correct the spec's target; give the spec a summary.
    """
    assert callable(case.rule), f"{case.entry.spec.target} is not a function"
    assert case.spec.summary, "the spec has no summary"


@check()
def joins_what_exists(case: CouplingCase) -> None:
    """The link is one that rules run along, the source is an anchor of the space, the destination an anchor.

    Troubleshooting: correct link, space, source and destination of the spec; install the plugins of both kinds.
    """
    spec, links = case.spec, sorted(set(LINKS) - {"of"})
    assert spec.link in links, f"link: expected one of {links}, got {spec.link!r}"
    assert spec.space in SPACES_THAT_MOVE, f"space: expected one of {SPACES_THAT_MOVE}, got {spec.space!r}"
    source, destination = kind_of(spec.source), kind_of(spec.destination)
    assert source.space == spec.space, f"{spec.source} is of the space {source.space}, not {spec.space}"
    assert destination.space in SPACES_THAT_MOVE, f"{spec.destination} is no anchor: effects cannot act on it"


def _joined(case: CouplingCase) -> bool:
    try:
        joins_what_exists(case)
    except Exception:
        return False
    return True


@check(when=_joined)
def answers_every_effect(case: CouplingCase) -> None:
    """The answer to every effect of the space is KEEP, REFUSE, or effects for the destination.

    Troubleshooting: return KEEP for what changes nothing and REFUSE for what cannot be followed, never None.
    """
    for trial in case.trials():
        answer = case.ask(trial)
        if answer is not KEEP and answer is not REFUSE:
            assert isinstance(answer, Mapping), f"{trial.effect}: expected KEEP, REFUSE or a mapping, got {answer!r}"
            assert set(answer) == {DESTINATION}, f"{trial.effect}: effects for {sorted(answer)}, not the destination"


@check(when=_joined)
def answers_the_same_twice(case: CouplingCase) -> None:
    """The same effect on the same values has the same answer, in this record and in another like it.

    Troubleshooting: a rule keeps no state and draws nothing; it looks at its three arguments only.
    """
    for one, two in zip(case.trials(), case.trials(), strict=True):
        first, again, other = case.ask(one), case.ask(one), case.ask(two)
        assert near(first, again), f"{one.effect}: {first} and then {again}"
        assert near(first, other), f"{one.effect}: {first} for one record and {other} for one like it"


@check(when=_joined)
def leaves_values_alone(case: CouplingCase) -> None:
    """Asking changes no value of the record.

    Troubleshooting: the values of both infos are the record's own: copy before writing, or return an effect.
    """
    for trial in case.trials():
        before = _digests(case.schema, trial.now.values)
        case.ask(trial)
        changed = [name for name, digest in _digests(case.schema, trial.now.values).items() if digest != before[name]]
        assert not changed, f"{trial.effect}: the rule changed {changed}"


@check(when=_joined)
def can_be_carried_out(case: CouplingCase) -> None:
    """The destination takes the effects, and is a canonical value after them.

    Troubleshooting: return effects of the destination's space, made for the destination's own size.
    """
    for trial in case.trials():
        answer = case.ask(trial)
        if answer is KEEP or answer is REFUSE:
            continue
        for effects in answer.values():
            for effect in effects if isinstance(effects, list) else [effects]:
                trial.now.push(DESTINATION, effect, ())
        kind: Kind = case.schema[DESTINATION].kind
        value = trial.now.finish()[DESTINATION]
        assert kind.equal(kind.check(value), value), f"{trial.effect}: {value!r:.200} is not canonical"


def _digests(schema: Schema, values: Mapping[str, Any]) -> dict[str, bytes]:
    return {name: schema[name].kind.digest(value) for name, value in values.items()}
