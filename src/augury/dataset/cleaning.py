"""Cleaning records while they are decoded: judging, changing, cutting, and sketching for the search of repeats."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from augury.cleaner import Rejection
from augury.dataset.identity import SHORT, content_fields, digest, fields_digest
from augury.dataset.stored import LazyRecord, Prepared
from augury.errors import DataError, describe, shown
from augury.formats import Payload
from augury.formats.beside import extension
from augury.pipelines import Dropped, Pipeline
from augury.recipe.cleaning import ROW, Change, CleanPlan, Cut, Judge, Sketch
from augury.record import Schema
from augury.rng import hash_point

CLEAN = "clean"
"""The stage that rejected records leave at."""

INVALID = "invalid"
"""The reason of data that is wrong, as a word."""


@dataclass(slots=True)
class Info:
    """What a cleaner is told of a record; see `augury.cleaner.CleanInfo`."""

    field: str
    kind: Any
    size: Any
    id: str
    record: Mapping[str, Any]
    state: Any = None


class _Item:
    """A record on its way through the stages."""

    __slots__ = ("changed", "prepared", "record", "sketches")

    def __init__(self, prepared: Prepared, record: Mapping[str, Any], sketches: int, changed: frozenset[str]) -> None:
        self.prepared = prepared
        self.record = record
        self.changed = changed
        self.sketches: list[bytes | None] = [None] * sketches


def clean(plan: CleanPlan, records: Sequence[Prepared], seed: int, sketches: int) -> list[Prepared]:
    """Return records after every stage: changed, cut into pieces, or with the reason they left.

    Args:
        plan: What is done.
        records: Records as they were read, those that left among them.
        seed: The recipe's seed: what draws of ops are keyed by, with copy = null.
        sketches: How many sketches the run makes of a record.
    """
    if not plan.stages:
        return list(records)
    out: dict[int, list[Prepared]] = {}
    alive: list[tuple[int, _Item]] = []
    for place, prepared in enumerate(records):
        if prepared.stage:
            out[place] = [prepared]
        else:
            alive.append((place, _Item(prepared, LazyRecord(prepared.stored, plan.before), sketches, frozenset())))
    schema = plan.before
    for stage in plan.stages:
        kept: list[tuple[int, _Item]] = []
        for (place, item), results in zip(alive, _run(stage, schema, [i for _, i in alive], seed), strict=True):
            for result in results:
                if isinstance(result, Prepared):
                    out.setdefault(place, []).append(result)
                else:
                    kept.append((place, result))
            if not results:
                gone = Rejection("empty", "nothing is left of it")
                out.setdefault(place, []).append(_left(item.prepared, _name(stage), gone))
        alive = kept
        schema = stage.pipeline.schema_after if isinstance(stage, Change) else schema
    for place, item in alive:
        out.setdefault(place, []).append(_finished(item, plan.after))
    return [prepared for place in range(len(records)) for prepared in out[place]]


def _name(stage: Any) -> str:
    return stage.id if isinstance(stage, Judge | Cut) else CLEAN


def _run(stage: Any, schema: Schema, items: Sequence[_Item], seed: int) -> Iterator[list[_Item | Prepared]]:
    """Yield what a stage makes of each record: itself, its pieces, or the record with its reason."""
    if isinstance(stage, Change):
        yield from _change(stage.pipeline, items, seed)
        return
    for item in items:
        try:
            if isinstance(stage, Judge):
                verdict = judge(stage, schema, item.prepared.id, item.record)
                yield [item if verdict is None else _left(item.prepared, stage.id, verdict)]
            elif isinstance(stage, Cut):
                yield _cut(stage, schema, item, seed)
            else:
                _sketch(stage, schema, item)
                yield [item]
        except DataError as error:
            yield [_wrong(item.prepared, error)]


def judge(stage: Judge, schema: Schema, record_id: str, record: Mapping[str, Any], state: Any = None) -> Any:
    """Return a cleaner's verdict on a record: a `Rejection`, or None when it stays or has no value to judge.

    Raises:
        DataError: when the value is damaged.
    """
    value, kind, size = looked_at(stage.field, stage.columns, schema, record)
    if value is None:
        return None
    return stage.cleaner.judge(value, Info(stage.field, kind, size, record_id, record, state))


def looked_at(field: str, columns: Sequence[str], schema: Schema, record: Mapping[str, Any]) -> tuple[Any, Any, Any]:
    """Return the value that a cleaner or detector looks at, its kind and its size; for rows a mapping of columns."""
    if field == ROW:
        row = {name: record.get(name) for name in columns}
        return (row, None, None) if any(v is not None for v in row.values()) else (None, None, None)
    value = record.get(field)
    kind = schema[field].kind
    return value, kind, None if value is None or kind.space in (None, ROW) else kind.size(value)


def _change(pipe: Pipeline, items: Sequence[_Item], seed: int) -> Iterator[list[_Item | Prepared]]:
    outputs = pipe.many([(i.prepared.id, None, i.record) for i in items], seed=seed)
    for item, output in zip(items, outputs, strict=True):
        if isinstance(output, Dropped):
            yield [_left(item.prepared, CLEAN, Rejection("empty", str(output)))]
        elif isinstance(output, DataError):
            yield [_wrong(item.prepared, output)]
        else:
            yield [_with(item, output, item.prepared)]


def _with(item: _Item, values: Mapping[str, Any], prepared: Prepared) -> _Item:
    """Return the record with new values; those that are the same object as before are not changed."""
    before = item.record
    new = frozenset(n for n, v in values.items() if n not in before or v is not before[n])
    gone = frozenset(n for n in before if n not in values)
    made = _Item(prepared, dict(values), 0, item.changed | new | gone)
    made.sketches = list(item.sketches)
    return made


def _cut(stage: Cut, schema: Schema, item: _Item, seed: int) -> list[_Item | Prepared]:
    value, kind, size = looked_at(stage.field, (), schema, item.record)
    if value is None:
        return [item]
    prepared = item.prepared
    count = stage.cleaner.pieces(value, Info(stage.field, kind, size, prepared.id, item.record))
    if count is None:
        return [item]
    out: list[_Item | Prepared] = []
    for piece in range(count):
        name = f"{prepared.id}/{piece}"
        own = prepared._replace(id=name, point=hash_point(name), whole=digest([prepared.whole, piece])[:SHORT])
        try:
            out.append(_with(item, stage.pipeline(item.record, seed=seed, id=name, copy=piece), own))
        except Dropped as error:
            out.append(_left(own, stage.id, Rejection("empty", str(error))))
        except DataError as error:
            out.append(_wrong(own, error))
    return out


def _sketch(stage: Sketch, schema: Schema, item: _Item) -> None:
    value, _, _ = looked_at(stage.field, stage.columns, schema, item.record)
    if value is not None:
        names = stage.columns or (stage.field,)
        item.sketches[stage.number] = stage.detector.sketch(value, {n: schema[n] for n in names})


def _left(prepared: Prepared, cleaner: str, why: Rejection) -> Prepared:
    detail = f"{prepared.source}: {cleaner}: {why.detail or why.reason}"
    return prepared._replace(stage=CLEAN, code=why.reason, detail=detail, stored={})


def _wrong(prepared: Prepared, error: DataError) -> Prepared:
    return prepared._replace(stage="collect", code=INVALID, detail=f"{prepared.source}: {error}", stored={})


def _finished(item: _Item, schema: Schema) -> Prepared:
    """Return the record as it is kept: what was changed is packed anew, and what it repeats is judged by that."""
    prepared = item.prepared._replace(sketches=tuple(item.sketches))
    if not item.changed:
        return prepared
    try:
        stored = {n: v for n, v in prepared.stored.items() if n not in item.changed}
        stored |= {n: _packed(schema, n, item.record[n], prepared) for n in schema.fields if _kept(item, n)}
    except DataError as error:
        return _wrong(prepared, error)
    if not stored:
        wanted = describe("", "a value for at least one field", shown("none after cleaning"), fix="see clean:")
        return _wrong(prepared, DataError(wanted))
    plain = {n: v.digest if isinstance(v, Payload) else v for n, v in stored.items() if n in schema}
    content = fields_digest(plain, content_fields(schema))
    return prepared._replace(stored=stored, content=content[:SHORT] if content else None)


def _kept(item: _Item, name: str) -> bool:
    return name in item.changed and item.record.get(name) is not None


def _packed(schema: Schema, name: str, value: Any, prepared: Prepared) -> Any:
    kind = schema[name].kind
    stored = kind.pack(value)
    if not kind.payload:
        return stored
    before = prepared.stored.get(name)
    stem = PurePosixPath(before.name if isinstance(before, Payload) else prepared.id).stem
    return Payload(stem + extension(stored, before.name if isinstance(before, Payload) else ""), stored)
