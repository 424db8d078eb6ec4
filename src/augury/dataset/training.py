"""What learns from the training side: fitted cleaners, then the fitted ops of pipelines."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from augury.dataset.assigning import GONE, Left
from augury.dataset.cleaning import CLEAN, INVALID, judge, looked_at
from augury.dataset.index import Index, Side, without, write_index
from augury.dataset.split import DEFAULT_SIDE
from augury.dataset.states import load_states, save_states
from augury.dataset.stored import LazyRecord
from augury.dataset.workspace import Workspace
from augury.durable import write_json
from augury.engines import Local
from augury.engines.process import steady
from augury.errors import DataError, describe, shown
from augury.pipelines import Pipeline
from augury.recipe.cleaning import Judge
from augury.recipe.model import Recipe
from augury.record import Schema

JUDGED = 1024
"""Records that a worker judges at a time."""


def fit_once(pipe: Pipeline, index: Index, collection: str, work: Workspace) -> tuple[Pipeline, int]:
    """Return what `fit` does; what an earlier run has learned from the same records is read, not learned again."""
    span = index.span(collection, DEFAULT_SIDE)
    folder = work.stage(f"fit-{work.key('fit', collection, pipe.fingerprint, index.folder.name, span.hash)}")
    states = load_states(folder)
    if states is not None:
        return pipe.with_states(states), span.size
    fitted, records = fit(pipe, index, collection)
    save_states(folder, fitted.states)
    return fitted, records


def fit(pipe: Pipeline, index: Index, collection: str) -> tuple[Pipeline, int]:
    """Return the pipeline fitted on the training side of a collection, and how many records that took.

    Payloads that no fitted step acts on are not decoded.

    Raises:
        DataError: when there are no records.
    """
    acted_on = {name for node in pipe.ops if node.op.fits for name in node.fields}
    seen = Schema(f for f in pipe.schema.fields.values() if not f.kind.payload or f.name in acted_on)
    records = _training(index, collection, seen)
    with steady():
        return pipe.fit(records), len(records)


def _training(index: Index, collection: str, schema: Schema) -> Side:
    records = Side(index, index.span(collection, DEFAULT_SIDE), schema)
    if not len(records):
        fix = "give the training side records, or leave the fitted steps out"
        raise DataError(describe(f"collection {collection}", "records to fit on", shown("none"), fix=fix))
    return records


class Run(NamedTuple):
    """Records to judge: the positions [start, stop) of the index."""

    start: int
    stop: int

    def __str__(self) -> str:
        """Return the run as messages name it."""
        return f"records {self.start} to {self.stop - 1}"


class JudgeRun:
    """The task that lets one fitted cleaner judge a run of records."""

    def __init__(self, index: Index, stage: Judge, schema: Schema, state: Any) -> None:
        """Judge by what the cleaner has learned."""
        self.index, self.stage, self.schema, self.state = index, stage, schema, state

    def __call__(self, run: Run) -> list[tuple[int, str, str, str]]:
        """Return (position, id, reason, detail) of those that leave."""
        out = []
        for offset, item in enumerate(self.index.items(run.start, run.stop)):
            try:
                verdict = judge(self.stage, self.schema, item.id, LazyRecord(item.stored, self.schema), self.state)
            except DataError as error:
                out.append((run.start + offset, item.id, INVALID, str(error)))
                continue
            if verdict is not None:
                detail = f"{self.stage.id}: {verdict.detail or verdict.reason}"
                out.append((run.start + offset, item.id, verdict.reason, detail))
        return out


def judge_fitted(recipe: Recipe, work: Workspace, engine: Local, index: Index) -> tuple[Index, list[Left]]:
    """Return the index without what fitted cleaners reject on the training side, and what that is.

    Cleaners learn one after the other, each from what those before have left.
    """
    gone: list[Left] = []
    for collection, plan in recipe.cleaning.items():
        for number, stage in enumerate(plan.fitted):
            folder = work.stage(f"index-{work.key('fitted', collection, number, stage.cleaner.to_dict())}")
            done = folder / "left.json"
            if not done.exists():
                state = _learn(index, collection, plan.after, stage)
                span = index.span(collection, DEFAULT_SIDE)
                runs = (Run(s, min(s + JUDGED, span.stop)) for s in range(span.start, span.stop, JUDGED))
                left = [row for rows in engine.map(JudgeRun(index, stage, plan.after, state), runs) for row in rows]
                write_index(folder, without(index, [row[0] for row in left]))
                (folder / GONE).write_bytes((index.folder / GONE).read_bytes())
                write_json(done, left)
            left = json.loads(done.read_text(encoding="utf-8"))
            gone.extend(Left(collection, name, None, CLEAN, code, detail) for _, name, code, detail in left)
            index = Index(folder, index.store.folder, index.store.files, index.events)
    return index, gone


def _learn(index: Index, collection: str, schema: Schema, stage: Judge) -> Any:
    names = stage.columns or (stage.field,)
    seen = Schema(schema[name] for name in names)
    records = _training(index, collection, seen)
    with steady():
        return stage.cleaner.fit(_values(records, stage.field, stage.columns, seen), dict(seen.fields))


def _values(
    records: Mapping[str, Any], field: str, columns: Sequence[str], schema: Schema
) -> Iterator[tuple[str, Any]]:
    for name, record in records.items():
        value, _, _ = looked_at(field, columns, schema, record)
        if value is not None:
            yield name, value
