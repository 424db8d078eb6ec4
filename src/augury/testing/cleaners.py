"""The conformance checks of cleaners: pure verdicts on whatever a kind can be, and pieces that targets follow."""

from __future__ import annotations

import json
import pickle
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from augury.catalog import Entry
from augury.cleaner import Cleaner, Rejection
from augury.errors import DataError, ParamError
from augury.kinds import Kind
from augury.params import Param, json_schema, params_of
from augury.record import Record
from augury.specs import CleanerSpec
from augury.testing.materials import Material, row_of, running, value_material
from augury.testing.suite import Suite, near, refusal

REASON = re.compile(r"[a-z][a-z0-9_]*")
"""What a reason looks like: rejected records are counted by it."""


@dataclass(eq=False)
class Info:
    """What a cleaner is told beside the value: an `augury.cleaner.CleanInfo`."""

    field: str
    kind: Kind | None
    size: Any
    id: str
    record: Mapping[str, Any]
    state: Any


class Trial(NamedTuple):
    """One value, what the cleaner is told of it, and the record it is of."""

    value: Any
    info: Info
    record: Record


@dataclass(frozen=True, eq=False)
class CleanerCase:
    """A cleaner with parameters, on values of the kind ``on`` ("row" for rows)."""

    entry: Entry
    params: Mapping[str, Any]
    on: str

    def __str__(self) -> str:
        return f"with {dict(self.params)} on {self.on}"

    @property
    def cls(self) -> type[Cleaner]:
        """The cleaner's class."""
        cls: type[Cleaner] = self.entry.load()
        return cls

    @cached_property
    def cleaner(self) -> Cleaner:
        """The cleaner, configured."""
        return self.cls.build(self.params)

    @property
    def declared(self) -> tuple[Param, ...]:
        """The parameters the cleaner declares."""
        return params_of(self.cls)

    @property
    def cuts(self) -> bool:
        """Whether it makes pieces."""
        return self.cls.pieces is not Cleaner.pieces

    @cached_property
    def material(self) -> Material:
        """The schema and records it is tried on."""
        return value_material(self.on, self.cls.columns)

    @cached_property
    def state(self) -> Any:
        """What the cleaner learnt from the values; None where it learns nothing."""
        return self.fitted(self.values()) if self.cls.fits else None

    def fitted(self, values: list[tuple[str, Any]]) -> Any:
        """Return what the cleaner learns from values."""
        fields = self.material.schema.fields
        names = [self.material.field] if self.material.field else row_of(self.material.schema, self.cls.columns)
        return self.cleaner.fit(iter(values), {name: fields[name] for name in names})

    def values(self) -> list[tuple[str, Any]]:
        """Return (id, value) of every record."""
        return [(record_id, self._value(record)) for record_id, record in self.material.records.items()]

    def _value(self, record: Record) -> Any:
        if self.material.field is not None:
            return record[self.material.field]
        return {name: record.get(name) for name in row_of(self.material.schema, self.cls.columns)}

    def trials(self) -> Iterator[Trial]:
        """Yield every value with what a run would tell of it."""
        field = self.material.field
        kind = self.material.schema[field].kind if field is not None else None
        for record_id, record in self.material.records.items():
            value = self._value(record)
            size = kind.size(value) if kind is not None and kind.space not in (None, "row") else None
            yield Trial(value, Info(field or "row", kind, size, record_id, record, self.state), record)

    def ask(self, trial: Trial) -> tuple[Rejection | None, int | None]:
        """Return the verdict and the number of pieces; a value that the cleaner refuses as data has neither."""
        try:
            found = self.cleaner.pieces(trial.value, trial.info)
            count = found if found is None or isinstance(found, int) else len(json.loads(json.dumps(found)))
            return self.cleaner.judge(trial.value, trial.info), count
        except DataError:
            return None, None


def _cases(entry: Entry) -> list[CleanerCase]:
    assert isinstance(entry.spec, CleanerSpec)
    cls: type[Cleaner] = entry.load()
    examples: list[Mapping[str, Any]] = [dict(example) for example in entry.spec.examples]
    needs = any(param.required for param in params_of(cls))
    variants = examples if needs else [{}, *examples]
    if not variants:
        raise AssertionError(f"{entry.id} has required parameters and no examples. Fix: give examples= in its spec.")
    kinds = (cls.on,) if isinstance(cls.on, str) else tuple(cls.on)
    return [CleanerCase(entry, params, kind) for params in variants for kind in kinds]


CLEANERS = Suite("cleaners", _cases)
check = CLEANERS.check


@check()
def loads(case: CleanerCase) -> None:
    """The spec's target is a cleaner that is of the kinds the spec says, and rejects unknown parameters.

    Troubleshooting: correct the spec's target and ``on``; give the spec a summary.
    """
    spec = case.entry.spec
    assert isinstance(case.cleaner, Cleaner), f"{spec.target} is not a Cleaner"
    assert case.cls.entry_id == case.entry.id
    assert spec.summary, "the spec has no summary"
    assert spec.on == case.cls.on, f"the spec's on is {spec.on!r}, the class's {case.cls.on!r}"  # type: ignore[attr-defined]
    judges = case.cls.judge is not Cleaner.judge
    assert judges != case.cuts, "a cleaner defines judge, or pieces and effect"
    assert case.cls.fits == (case.cls.fit is not Cleaner.fit), "fits says otherwise than whether fit is defined"
    json.dumps(json_schema(case.cls))
    refusal(ParamError, "an unknown parameter", case.cls.build, {"no_such_parameter": 1})


@check()
def crosses_recipes_and_processes(case: CleanerCase) -> None:
    """The cleaner written into a recipe, or pickled, comes back equal.

    Troubleshooting: parameters must be plain values; a cleaner holds nothing else.
    """
    written = json.loads(json.dumps(case.cleaner.to_dict()))
    assert case.cls.build(written) == case.cleaner
    assert pickle.loads(pickle.dumps(case.cleaner)) == case.cleaner


@check()
def is_documented(case: CleanerCase) -> None:
    """The docstring has a summary, and the sections Args (each parameter), Cost, and Rejects where it judges.

    Troubleshooting: write the missing section; name every reason under Rejects, units and ranges in Args.
    """
    doc = case.cls.__doc__ or ""
    assert re.match(r"\s*\S.*[.!?]", doc), "the docstring's first line is not a sentence"
    sections = ["Cost:"] + (["Args:"] if case.declared else []) + ([] if case.cuts else ["Rejects:"])
    missing = [s for s in sections if s not in doc]
    assert not missing, f"the docstring lacks {', '.join(missing)}"
    undocumented = [p.name for p in case.declared if not p.doc]
    assert not undocumented, f"Args: lacks {', '.join(undocumented)}"


@check()
def answers_every_value(case: CleanerCase) -> None:
    """Every value a kind can have, an edge case among them, gets a verdict or a number of pieces, or a DataError.

    Troubleshooting: judge empty, single and constant values too; name reasons in lower case, and document them.
    """
    for trial in case.trials():
        verdict, pieces = case.ask(trial)
        if verdict is not None:
            assert isinstance(verdict, Rejection), f"judge: expected a Rejection or None, got {verdict!r}"
            assert REASON.fullmatch(verdict.reason), f"the reason {verdict.reason!r} is not a short lower-case word"
            assert f"``{verdict.reason}``" in (case.cls.__doc__ or ""), f"Rejects: lacks ``{verdict.reason}``"
            assert verdict.detail, f"{verdict.reason}: no detail says what was measured and what was asked"
        assert pieces is None or (type(pieces) is int and pieces >= 0), f"pieces: expected a count, got {pieces!r}"


@check()
def repeats_itself(case: CleanerCase) -> None:
    """The same value gets the same answer, twice and in reversed order, and is as it was afterwards.

    Troubleshooting: a cleaner keeps no state, draws nothing and changes no value; copy before writing.
    """
    trials = list(case.trials())
    first = [case.ask(trial) for trial in trials]
    again = [case.ask(trial) for trial in reversed(trials)][::-1]
    assert first == again, "a second round has other answers"
    fresh = value_material(case.on, case.cls.columns)
    assert case.material.all_digests() == fresh.all_digests(), "the cleaner changed a value"


@check(when=lambda case: case.cls.fits)
def learns_from_the_set(case: CleanerCase) -> None:
    """The state is one of the set of values, whatever their order, and crosses processes.

    Troubleshooting: sort, or take statistics that no order reaches; return JSON values and arrays.
    """
    assert near(case.fitted(case.values()), case.fitted(case.values()[::-1]))
    assert near(pickle.loads(pickle.dumps(case.state)), case.state), "the state does not cross processes"


@check(when=lambda case: case.cuts)
def makes_pieces_that_targets_follow(case: CleanerCase) -> None:
    """Every piece can be made, the same each time, and every target that lies on the value is canonical on it.

    Troubleshooting: ``effect`` is of the kind's space, made for ``info.size``, for every piece below ``pieces``.
    """
    field = case.material.field
    assert field is not None, "a cleaner on rows judges; it cannot cut"
    cut = 0
    for trial in case.trials():
        if case.ask(trial)[1] is None:
            continue
        found = case.cleaner.pieces(trial.value, trial.info)
        for piece in range(found) if isinstance(found, int) else found or ():
            effect = case.cleaner.effect(piece, trial.info)
            assert near(effect, case.cleaner.effect(piece, trial.info)), f"piece {piece} has two effects"
            now = running(case.material.schema, trial.record)
            for part in effect if isinstance(effect, list) else [effect]:
                now.push(field, part, ())
            for name, value in now.finish().items():
                kind = case.material.schema[name].kind
                assert kind.equal(kind.check(value), value), f"piece {piece}: {name} is not a canonical {kind.entry_id}"
            cut += 1
    assert cut or not case.params, "no sample is cut with these parameters. Fix: choose examples that cut the samples"
