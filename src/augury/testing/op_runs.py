"""Conformance of what an op does to records: only what it says, to nothing else, alone as in batches."""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from augury.errors import DataError, RecipeError
from augury.op import Op
from augury.pipelines import Output
from augury.spaces.row import RowSize
from augury.testing.op_case import OPS, SEED, OpCase
from augury.testing.suite import TEMPLATE, near

check = OPS.check


@check()
def makes_what_the_schema_says(case: OpCase) -> None:
    """Outputs have the fields of the pipeline's schema, canonical for their kinds.

    Troubleshooting: keep dtype, channels and rate, or declare the change in ``makes``.
    """
    schema = case.pipe.schema_after
    for record_id, record in case.runs.items():
        output = case.run(record_id, record)
        assert set(output) <= set(schema.fields), f"new fields {set(output) - set(schema.fields)}"
        for name, value in output.items():
            kind = schema[name].kind
            assert kind.equal(kind.check(value), value), f"{name} is not a canonical {kind.entry_id}"


@check()
def leaves_its_input(case: OpCase) -> None:
    """Records and donors are as they were after a run.

    Troubleshooting: a kernel writes into its argument; copy first, or return a new array.
    """
    before = {i: case.material.digests(record) for i, record in case.material.records.items()}
    case.results()
    after = {i: case.material.digests(record) for i, record in case.material.records.items()}
    assert after == before, "an input has changed"


@check()
def leaves_other_fields(case: OpCase) -> None:
    """Fields that are not the op's come out as the same objects.

    Troubleshooting: the op returns effects for fields it was not given, or lacks "label" in ``makes``.
    """
    others = {"note", "bystander", "label"} - set(case.cls.makes)
    for record_id, record in case.runs.items():
        output = case.run(record_id, record)
        for name in others & set(record):
            _untouched(case, name, output, record)


@check()
def does_nothing_when_gated(case: OpCase) -> None:
    """With p 0 every field is the same object.

    Troubleshooting: nothing of an op may run before its gate.
    """
    try:
        pipe = case.pipeline(case.step(p=0))
    except RecipeError:
        assert case.cls.makes, "p: 0 is refused"
        return
    for record_id, record in case.runs.items():
        output = case.run(record_id, record, pipe=pipe)
        assert output.lineage["steps"] == [], "a step with p 0 was applied"
        for name in record:
            if pipe.schema_after[name].kind_id == case.material.schema[name].kind_id:
                _untouched(case, name, output, record)


def _untouched(case: OpCase, name: str, output: Mapping[str, Any], record: Mapping[str, Any]) -> None:
    """Assert that a field is the same object, or an equal one where the kind's ``check`` makes new ones."""
    kind = case.material.schema[name].kind
    kept = kind.check(record[name]) is record[name]
    assert output[name] is record[name] if kept else kind.equal(output[name], record[name]), f"{name} was touched"


@check()
def runs_many_as_one(case: OpCase) -> None:
    """``many`` gives what one call for each record gives, for no record, one and all.

    Troubleshooting: a batched function mixes rows, or depends on how many there are.
    """
    alone = {i: case.result(case.run(i, record)) for i, record in case.runs.items()}
    for ids in ([], list(alone)[:1], list(alone), list(alone)[::-1]):
        outputs = case.pipe.many([(i, 0, case.runs[i]) for i in ids], seed=SEED, pool=case.pool())
        assert len(outputs) == len(ids)
        for record_id, output in zip(ids, outputs, strict=True):
            assert isinstance(output, Output), f"{record_id} fails only in a batch: {output}"
            assert case.result(output) == alone[record_id], f"{record_id} differs in a batch of {len(ids)}"


@check()
def takes_edge_cases(case: OpCase) -> None:
    """Every sample of the kind, and a record without the field, gives a result or a DataError in the house's template.

    Troubleshooting: guard against empty, tiny and constant inputs; refuse with FieldError(describe(...)).
    """
    for record_id, record in case.material.records.items():
        for copy in range(4):
            try:
                case.run(record_id, record, copy)
            except DataError as error:
                assert TEMPLATE.search(str(error)), f"the message does not follow the template: {error}"
    if case.material.field:
        without = {"note": "nothing else"}
        assert case.run("kit/without", without) == without, "a record without the field was changed"


@check()
def compiles_to_the_same(case: OpCase) -> None:
    """Compiled or not: the same draws, sizes and targets, for the op after itself.

    Troubleshooting: ``effect`` must use ``info.size``; what reads values must say so in ``reads``.
    """
    steps = [case.step(name="first")] + ([] if "self" in case.cls.makes else [case.step(name="again")])
    fused, plain = (case.pipeline(*steps, compile=on) for on in (True, False))
    for record_id, record in case.runs.items():
        outputs = []
        for pipe in (fused, plain):
            try:
                outputs.append(case.run(record_id, record, pipe=pipe))
            except DataError as error:
                outputs.append(Output({"error": type(error).__name__}, (0, "", None, "", None), []))
        one, two = outputs
        assert set(one) == set(two), f"{record_id}: {sorted(one)} compiled, {sorted(two)} not"
        assert near(_draws(one), _draws(two)), f"{record_id}: draws differ: {_draws(one)} and {_draws(two)}"
        if "error" not in one:
            _compare(case, fused.schema_after, one, two, record_id)


def _compare(case: OpCase, schema: Any, one: Output, two: Output, where: str) -> None:
    for name in one:
        kind = schema[name].kind
        if kind.space not in (None, "row"):
            sizes = kind.size(one[name]), kind.size(two[name])
            assert sizes[0] == sizes[1], f"{where}: {name} has {sizes[0]} compiled, {sizes[1]} not"
        if not kind.payload and kind.space not in ("plane", "time"):  # those differ by interpolation
            same = near(kind.pack(one[name]), kind.pack(two[name]))
            assert same, f"{where}: {name} is {one[name]!r:.200} compiled, {two[name]!r:.200} not"


def _draws(output: Output) -> list[Any]:
    return [step.get("draw") for step in json.loads(json.dumps(output.lineage["steps"]))]


def _declares(case: OpCase) -> bool:
    return not (case.cls.donors or case.cls.fits or case.expands) and case.cls.effect is not Op.effect


@check(when=_declares)
def declares_without_looking(case: OpCase) -> None:
    """``effect`` of a stored draw needs only size, kind, field and copy; its effects cross processes.

    Troubleshooting: look in ``draw`` and keep what was seen there; functions in effects must be module-level.
    """
    for record_id, record in case.runs.items():
        for step in case.run(record_id, record).lineage["steps"]:
            info = _Blind(**_declared_info(case, record))
            effects = case.op.effect(json.loads(json.dumps(step.get("draw"))), info)  # type: ignore[arg-type]
            pickle.dumps(effects)
            if case.first and case.spec.effect:
                names = {type(e).__name__ for e in _flat(effects)}
                assert not names or case.spec.effect in names, f"the spec says {case.spec.effect}, it makes {names}"


def _declared_info(case: OpCase, record: Mapping[str, Any]) -> dict[str, Any]:
    schema, field = case.material.schema, case.material.field
    if field is None:
        chosen = [f for f in schema.of_kinds(case.cls.columns) if f.role is None]
        return {"field": "row", "kind": None, "size": RowSize({f.name: f.kind_id for f in chosen if f.name in record})}
    kind = schema[field].kind
    return {"field": field, "kind": kind, "size": kind.size(record[field])}


class _Blind(SimpleNamespace):
    """What `Op.effect` may know; anything else is an AttributeError."""

    copy = 0
    donors = ()
    state = None


def _flat(effects: Any) -> list[Any]:
    if effects is None:
        return []
    if isinstance(effects, Mapping):
        return [e for value in effects.values() for e in _flat(value)]
    return [e for value in effects for e in _flat(value)] if type(effects) in (list, tuple) else [effects]
