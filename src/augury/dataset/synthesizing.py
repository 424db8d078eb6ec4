"""Synthesis in a run: a gate on an inner split, a model of the training side, and what its rows are worth.

Only records of the training side are read here, sorted by id, but for those that made rows must not equal. A model is
an artefact named by what it is a function of, whole or absent; while it is learned its checkpoints lie beside it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from augury.dataset.index import Index, Side
from augury.dataset.judging import evaluate, gate
from augury.dataset.made import read_chunks, said_of, streams_of, where_of
from augury.dataset.split import DEFAULT_SIDE
from augury.dataset.units import Plan, UnitResult
from augury.dataset.workspace import Workspace
from augury.durable import write_json
from augury.engines.process import steady
from augury.errors import CheckFailed, DataError, describe, shown
from augury.generate import fit, load
from augury.generate.generator import Generator
from augury.recipe.model import Evaluate, Recipe
from augury.recipe.synthesis import Synthesis
from augury.record import FieldSpec, Schema
from augury.rng import hash_point

MODELS = "models"
DESCRIBED = "generator.json"
Rows = dict[str, list[Any]]


@dataclass(frozen=True)
class Learned:
    """An entry with the model of it.

    Args:
        entry: What the recipe says.
        model: The folder of the model; None where its gate did not pass.
        streams: Each condition rows are made under, and how many.
        facts: What reports and replay know of it, as JSON values.
    """

    entry: Synthesis
    model: Path | None
    streams: tuple[tuple[Mapping[str, Any], int], ...]
    facts: dict[str, Any]


class Synthesizing:
    """One run's way through its ``synthesize`` section."""

    def __init__(
        self,
        recipe: Recipe,
        work: Workspace,
        index: Index,
        plans: Mapping[str, Plan],
        progress: Callable[[str, Mapping[str, Any]], None],
    ) -> None:
        """Learn from the records of ``index``; ``progress`` is told an entry's title and how far its model is."""
        self.recipe, self.work, self.index, self.plans, self.progress = recipe, work, index, plans, progress

    # -- learning ----------------------------------------------------------------------------------------------------

    def learn(self) -> list[Learned]:
        """Return each entry's model, learned or found learned.

        Raises:
            DataError: for records that a model cannot learn, naming the entry.
            CheckFailed: when a gate with ``on_fail: fail`` does not pass.
        """
        return [self._learn(entry) for entry in self.recipe.synthesize]

    def _learn(self, entry: Synthesis) -> Learned:
        folder = self.work.stage(MODELS)
        constraints = self.constraints(entry)
        span = self.index.span(entry.collection, DEFAULT_SIDE)
        described = [[c.id, c.to_dict()] for c in constraints]
        key = self.work.key("model", entry.learns(), described, span.hash)
        rows: Rows | None = None
        facts = self._facts(entry)
        if entry.gate is not None:
            name = f"gate-{self.work.key(key, entry.gate.to_dict())}.json"
            if (verdict := said_of(folder, name)) is None:
                rows = self.rows(entry)
                self.progress(entry.title, {"doing": "gate"})
                with steady():
                    verdict = gate(entry, rows, self.fields(entry), constraints, self._inner(entry))
                write_json(folder / name, verdict)
            facts["gate"] = {n: verdict[n] for n in ("passed", "checks")} | {"on_fail": entry.gate.on_fail}
            facts["inner"] = verdict["evaluation"]
            if not verdict["passed"]:
                if entry.gate.on_fail == "fail":
                    raise _failed(entry, verdict["checks"])
                return Learned(entry, None, (), facts)
        model = folder / key
        if not (model / DESCRIBED).exists():
            rows = rows if rows is not None else self.rows(entry)
            self._fit(entry, rows, model)
        generator = load(model)
        streams = self._streams(entry, generator, rows)
        facts |= {
            "training": {name: generator.training[name] for name in ("rows", "sha256")},
            "notes": list(generator.notes),
            "streams": [{"value": _packed(value), "rows": n} for value, n in streams],
        }
        return Learned(entry, model, tuple((where_of(entry, v), n) for v, n in streams), facts)

    def _fit(self, entry: Synthesis, rows: Rows, model: Path) -> None:
        checkpoint = model.with_name(f"{model.name}.checkpoint")

        try:
            with steady():
                generator = fit(
                    rows, self.fields(entry), **entry.fitting(self.constraints(entry)),
                    seed=hash_point(str(self.recipe.seed), entry.title) % 2**31, checkpoint=checkpoint,
                    observe=partial(self.progress, entry.title),
                )  # fmt: skip
        except DataError as error:
            raise DataError(f"synthesize {entry.title}: {error}") from error
        generator.save(model)
        shutil.rmtree(checkpoint, ignore_errors=True)

    def rows(self, entry: Synthesis, side: str = DEFAULT_SIDE, more: Sequence[str] = ()) -> Rows:
        """Return what a side's records hold of the fields that an entry learns, sorted by id; all of it in memory."""
        names = [*entry.fields, *(name for name in more if name not in entry.fields)]
        schema = Schema([self.plans[entry.collection].schema[name] for name in names])
        out: Rows = {name: [] for name in names}
        for _, record in Side(self.index, self.index.span(entry.collection, side), schema).items():
            for name, values in out.items():
                values.append(record.get(name))
        return out

    def fields(self, entry: Synthesis) -> dict[str, FieldSpec]:
        """Return the specs of the fields that an entry learns."""
        schema = self.plans[entry.collection].schema
        return {name: schema[name] for name in entry.fields}

    def constraints(self, entry: Synthesis) -> list[Any]:
        """Return what holds between the fields that an entry learns."""
        pipe = self.recipe.pipelines.get(entry.collection)
        names = set(entry.fields)
        return [c for c in (pipe.constraints if pipe is not None else ()) if names.issuperset(c.columns)]

    def _inner(self, entry: Synthesis) -> np.ndarray | None:
        """Return which training records the gate tests on, where the split says how: groups whole, the latest last."""
        split = self.recipe.split
        schema = self.plans[entry.collection].schema
        name = split and (split.group or split.time)
        if not name or name not in schema or schema[name].kind.space != "row":
            return None
        assert split is not None
        values = self.rows(replace(entry, fields=(name,)))[name]
        if split.group:
            limit = 2**62  # a quarter of the ring
            places = [i for i, v in enumerate(values) if hash_point(str(self.recipe.seed), "inner", str(v)) < limit]
        else:
            moments = schema[name].kind.to_column(values)
            places = np.argsort(moments, kind="stable")[len(values) - len(values) // 4 :].tolist()
        return np.array(places, np.int64) if 10 <= len(places) <= len(values) - 10 else None

    def _streams(self, entry: Synthesis, generator: Generator, rows: Rows | None) -> list[tuple[Any, int]]:
        level = () if entry.level is None else (rows or self.rows(replace(entry, fields=(entry.level,))))[entry.level]
        try:
            return streams_of(entry, generator, level)
        except DataError as error:
            raise DataError(f"synthesize {entry.title}: {error}") from error

    # -- judging -----------------------------------------------------------------------------------------------------

    def judge(self, learned: Learned, made: Sequence[UnitResult], how: Evaluate) -> None:
        """Judge an entry's rows on records that are held out, and add that to its facts; no row hangs on it."""
        assert learned.model is not None
        entry = learned.entry
        folder = self.work.stage(MODELS)
        name = f"evaluation-{self.work.key(learned.model.name, how.to_dict())}.json"
        if (found := said_of(folder, name)) is None:
            train, test = (self.rows(entry, side) for side in (DEFAULT_SIDE, "test"))
            with steady():
                found = evaluate(
                    entry, how, train, test, self.fields(entry), self.constraints(entry), self._written(entry, made),
                    lambda text: self.progress(entry.title, {"doing": text}),
                )  # fmt: skip
            write_json(folder / name, found)
        learned.facts.update(found)

    def _written(self, entry: Synthesis, made: Sequence[UnitResult]) -> list[Rows] | None:
        """Return the rows that were made, as they are learned; None where a step has changed the kind of a field."""
        specs = {n: self.plans[entry.collection].columns.after.get(n) for n in entry.fields}
        if any(s is None or s.kind_id != self.fields(entry)[n].kind_id for n, s in specs.items()):
            return None
        out = []
        for batch in read_chunks(self.work.folder / "rows", made):
            columns = {n: batch[n].to_pylist() for n in specs}
            out.append(
                {n: [None if v is None else s.kind.unpack(v) for v in columns[n]] for n, s in specs.items() if s}
            )
        return out

    # -- what is told ------------------------------------------------------------------------------------------------

    def _facts(self, entry: Synthesis) -> dict[str, Any]:
        from augury.catalog import registry

        caps = registry().load("synthesizers", entry.model[0]).caps
        return {
            "title": entry.title,
            "collection": entry.collection,
            "name": entry.name,
            "model": entry.model[0],
            "how": entry.describes() | {"seed": hash_point(str(self.recipe.seed), entry.title) % 2**31},
            "conditions": dict(caps.conditions),
            "target_aware": caps.target_aware,
            "stores_rows": caps.stores_rows,
            "rows": 0,
            "turned_away": 0,
            "failed": 0,
            "gate": None,
            "inner": None,
            "evaluation": None,
            "histories": {},
            "judged": None,
            "held": "",
            "note": "",
        }


def said_of_model(learned: Learned) -> list[str]:
    """Return what a run says of an entry: that its gate did not pass, rows that were turned away."""
    title, facts = learned.entry.title, learned.facts
    if learned.model is None:
        failed = [f"asked {c['asked']}: {c['got']}" for c in facts["gate"]["checks"] if not c["passed"]]
        return [f"synthesize {title}: its gate did not pass, so it makes no rows ({'; '.join(failed)})"]
    if facts["turned_away"]:
        return [f"synthesize {title}: {facts['turned_away']} made rows equal a record of val or test and were left out"]
    return []


def _packed(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _failed(entry: Synthesis, checks: Sequence[Mapping[str, Any]]) -> CheckFailed:
    failed = [check for check in checks if not check["passed"]]
    lines = "".join(f"\n  asked {check['asked']}: {check['got']}" for check in failed)
    fix = "choose another model, or write on_fail: drop to go on without its rows"
    what = "made rows that reach all that is asked"
    got = shown(f"{len(failed)} of {len(checks)} that are not reached")
    return CheckFailed(describe(f"gate of {entry.title}", what, got, fix=fix) + lines)
