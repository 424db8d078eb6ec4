"""What the preview shows: the first records of each collection and their first copy, as a run would make it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from augury.dataset.collect import open_source, preparing
from augury.dataset.stored import LazyRecord
from augury.errors import DataError
from augury.pipelines import Dropped, Output, Pipeline
from augury.recipe.model import Recipe, Source
from augury.record import Record, Schema

POOLED = 256
"""Records that donors are taken from and statistics are learned from; a run uses the whole training side."""


@dataclass(frozen=True)
class Sample:
    """One record before and after. ``after`` is None where there is no copy, and ``problem`` says why."""

    id: str
    before: Record
    after: Output | None = None
    fused: tuple[str, ...] = ()
    problem: str = ""


@dataclass
class Collection:
    """What is shown of one collection."""

    source: Source
    before: Schema
    after: Schema
    pipeline: Pipeline
    samples: list[Sample] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    approximate: bool = False
    """Whether donors or statistics of a run would differ from those used here."""


def collections(recipe: Recipe, n: int) -> Iterator[Collection]:
    """Yield each written collection with its first ``n`` records."""
    for source in recipe.collect:
        if source.written:
            yield _collection(recipe, source, n)


def _collection(recipe: Recipe, source: Source, n: int) -> Collection:
    pipe = recipe.pipelines[source.collection]
    out = Collection(source, pipe.schema, pipe.schema_after, pipe)
    out.approximate = pipe.needs_pool or pipe.needs_fit
    records = dict(_records(recipe, source, POOLED if out.approximate else n, out.left_out))
    pools = {name: _pool(recipe, name, records, source) for name in pipe.pools}
    try:
        pipe = pipe.fit(records) if pipe.needs_fit else pipe
    except DataError as error:
        out.samples = [Sample(name, dict(record), problem=str(error)) for name, record in islice(records.items(), n)]
        return out
    named = {name: pool for name, pool in pools.items() if name}
    for name, record in islice(records.items(), n):
        out.samples.append(_sample(pipe, recipe.seed, name, dict(record), pools.get(""), named))
    return out


def _sample(
    pipe: Pipeline, seed: int, name: str, record: Record, pool: Mapping[str, Any] | None, pools: Mapping[str, Any]
) -> Sample:
    try:
        made = pipe(record, seed=seed, id=name, copy=0, pool=pool, pools=pools)
        trace: list[str] = []
        pipe.replay(record, made.lineage, pool=pool, pools=pools, trace=trace)
    except (DataError, Dropped) as error:
        return Sample(name, record, problem=str(error))
    return Sample(name, record, made, tuple(trace))


def _records(recipe: Recipe, source: Source, most: int, left_out: list[str]) -> Iterator[tuple[str, LazyRecord]]:
    """Yield up to ``most`` good records with the ids that a run gives them; bad ones are told."""
    reader, path = open_source(recipe, source)
    prepare = preparing(recipe, source)
    good = 0
    for raw in reader.read(path, prepare.fields):
        for prepared in prepare([raw]):
            if prepared.stage:
                left_out.append(prepared.detail)
                continue
            yield prepared.id, LazyRecord(prepared.stored, recipe.pipelines[source.collection].schema)
            good += 1
            if good == most:
                return


def _pool(recipe: Recipe, name: str, own: Mapping[str, Any], source: Source) -> Mapping[str, Any]:
    if name in ("", source.collection):
        return own
    other = next(s for s in recipe.collect if s.collection == name)
    return dict(_records(recipe, other, POOLED, []))
