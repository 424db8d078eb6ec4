"""A run: collect and clean, assign, fit, augment, synthesize, write, report. Each stage leaves its units on disk.

The dataset exists once its folder, manifest included, has its name. Until then everything lies in the workspace
beside it, and a run that ends before its time is gone on with from there.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import augury
from augury.catalog import registry
from augury.dataset import write
from augury.dataset.assigning import Assigned, Left, assign, events_of, left_before, sides_of, sorted_left
from augury.dataset.collect import Collected, collect
from augury.dataset.constraining import apply_constraints, count_broken
from augury.dataset.copies import assign_copies
from augury.dataset.identity import DIGEST, content_hash, quarantine_digest, row_id, schema_document
from augury.dataset.index import Index
from augury.dataset.manifest import FORMAT, NAME, QUARANTINE, RECORDS, REJECTED, ROWS, Manifest, environment
from augury.dataset.mixing import weights_of
from augury.dataset.planning import counts_of, plan_collections, pool_collections, rows_planned
from augury.dataset.reading import Dataset
from augury.dataset.sampling import Sampling, write_synthesis
from augury.dataset.signature import signatures
from augury.dataset.split import refuse_empty
from augury.dataset.synthesizing import Learned, Synthesizing, said_of_model
from augury.dataset.tables import database, sorted_digests
from augury.dataset.training import fit_once, judge_fitted
from augury.dataset.units import MakeRows, Plan, UnitResult, finished, left_in, plan_units
from augury.dataset.watching import Run, Watch
from augury.dataset.workspace import DATASET, Workspace, check_target, workspace
from augury.durable import put_in_place, write_json
from augury.engines import Local
from augury.errors import AuguryError, DataError, EngineError, describe, shown
from augury.formats import Format
from augury.recipe.model import Recipe


def run(
    recipe: Recipe,
    out: str | Path,
    *,
    workers: int = 1,
    limit: int | None = None,
    fresh: bool = False,
    observers: Sequence[Any] = (),
) -> Manifest:
    """Make the dataset that a recipe describes, or go on with making it.

    Args:
        recipe: A checked recipe.
        out: The folder to make. It appears when everything is done.
        workers: Processes; the rows are the same for any number.
        limit: The most records to take of each source; None takes all.
        fresh: Replace a finished dataset in ``out``, and leave what an unfinished run made.
        observers: Objects with ``augury_run_started`` and the other observer hooks, beside those of plugins.

    Raises:
        RecipeError: when ``out`` holds something else, or parts of another run.
        DataError: when a source cannot be read, or more is quarantined than the recipe allows.
        EngineError: when the environment fails (disk, memory, a lost worker); the next run goes on from there.
    """
    target = Path(out).absolute()
    check_target(target, fresh)
    watch = Watch(Run(target, recipe, workers), observers)
    try:
        with workspace(target) as work, Local(workers, work.folder) as engine:
            facts = identity(recipe, limit)
            work.bind(facts, fresh)
            watch.tell("run_started")
            data = _Making(recipe, work, engine, watch, limit).dataset() | {"environment": facts["environment"]}
            write_json(work.folder / DATASET / NAME, data)
            _report(Manifest(work.folder / DATASET, data), recipe, workers)
            put_in_place(work.folder / DATASET, target)
            work.discard()
    except AuguryError:
        raise
    except (OSError, MemoryError) as error:
        fix = "free space or memory and run again"
        raise EngineError(describe(str(target), "the run to finish", shown(str(error)), fix=fix)) from error
    manifest = Manifest(target, data)
    watch.tell("run_finished", manifest=manifest)
    return manifest


def _report(manifest: Manifest, recipe: Recipe, workers: int) -> None:
    """Write the report and the card beside the finished rows."""
    from augury.report.remembered import facts_of
    from augury.report.writing import write_report

    facts = replace(facts_of(manifest), workers=workers)
    write_report(manifest.folder, facts, Dataset(manifest.folder), page=recipe.report.page)


def identity(recipe: Recipe, limit: int | None) -> dict[str, Any]:
    """Return what the units of a run are a function of; a change of any of it is another run.

    Limits on what may be quarantined, the report and the way of writing can change between a run and its resumption.
    """
    parts = dict(recipe.parts) or {"recipe": recipe.hash}
    for later in ("seed", "limits", "report", "write", "mix"):
        parts.pop(later, None)
    decoding = recipe.limits.to_dict()
    decoding.pop("max_quarantined")
    return {
        "augury": augury.__version__,
        "recipe": parts,
        "limits": decoding,
        "seed": recipe.seed,
        "limit": limit,
        "source": signatures(recipe),
        "environment": environment(),
    }


class _Making:
    """One run's way through its stages."""

    def __init__(self, recipe: Recipe, work: Workspace, engine: Local, watch: Watch, limit: int | None) -> None:
        self.recipe, self.work, self.engine, self.watch, self.limit = recipe, work, engine, watch, limit
        self.warnings = list(recipe.warnings)
        self.stages: list[dict[str, Any]] = []

    def dataset(self) -> dict[str, Any]:
        """Build the dataset in the workspace and return its manifest."""
        with self._stage("collect") as done:
            collected = collect(self.recipe, self.work, self.engine, self.limit)
            done(sum(collected.records.values()))
        with self._stage("assign") as done:
            assigned = assign(self.recipe, self.work, collected, self.engine.workers)
            index, gone = self._judge_fitted(assigned)
            index, broken = apply_constraints(self.recipe, self.work, index)
            gone += broken
            self.warnings += count_broken(broken)
            plans = self._plan(assigned, index, collected)
            done(len(index))
        with self._stage("fit") as done:
            plans, fitted = self._fit(index, plans)
            done(fitted)
        with self._stage("augment") as done:
            results = self._augment(index, plans, list(assigned.report.sides))
            done(sum(r.records for r in results))
        learned, made = self._synthesize(index, plans)
        results += [result for each in made.values() for result in each]
        self._judge(collected, index, gone, results)
        with self._stage("write") as done:
            data = self._write(assigned, index, gone, plans, results)
            data["files"] |= write_synthesis(self.work.folder / DATASET, learned)
            done(sum(r.rows for r in results))
        facts = self._document(collected, assigned, plans) | data
        return facts | {"counts": counts_of(assigned.report.sides, plans, results), "stages": self.stages}

    @contextmanager
    def _stage(self, name: str) -> Iterator[Any]:
        """Time a stage; the caller says how many records it took."""
        started = time.monotonic()
        records = [0]
        yield lambda count: records.__setitem__(0, count)
        seconds = time.monotonic() - started
        self.stages.append({"name": name, "seconds": round(seconds, 3), "records": records[0]})
        self.watch.tell("stage_done", stage=name, seconds=seconds, records=records[0])

    # -- deciding ----------------------------------------------------------------------------------------------------

    def _judge_fitted(self, assigned: Assigned) -> tuple[Index, list[Left]]:
        """Let the cleaners that learn judge the training side; what they reject leaves the index."""
        return judge_fitted(self.recipe, self.work, self.engine, assigned.index)

    def _plan(self, assigned: Assigned, index: Index, collected: Collected) -> dict[str, Plan]:
        report = assigned.report
        if report.empty:
            allowed = self.recipe.split is not None and self.recipe.split.allow_empty
            if self.limit is None and not allowed:
                refuse_empty(report)
            why = "" if self.limit is None else f", since only {self.limit} of a source were taken"
            self.warnings.append(f"split: no record came to {', '.join(report.empty)}{why}")
        plans = plan_collections(self.recipe, collected.fields)
        augment = self.recipe.augment
        copies = np.zeros(len(index), np.int32)
        if augment is not None:
            acting = [name for name, plan in plans.items() if plan.pipeline is not None]
            copies = assign_copies(index, augment.copies, augment.sides, acting)
        index.write_copies(copies)
        if any(plan.pipeline is not None and plan.pipeline.needs_pool for plan in plans.values()):
            index.write_ring()
        there = sides_of(index)
        for collection in plans:
            missing = [side for side in report.sides if not there.get(collection, {}).get(side)]
            if missing:
                self.warnings.append(
                    f"collection {collection}: no record came to {', '.join(missing)}; written without rows"
                )
        return plans

    def _fit(self, index: Index, plans: dict[str, Plan]) -> tuple[dict[str, Plan], int]:
        """Fit every pipeline that must be, each on the training side of its collection."""
        out, fitted = {}, 0
        for collection, plan in plans.items():
            if plan.pipeline is not None and plan.pipeline.needs_fit:
                pipe, records = fit_once(plan.pipeline, index, collection, self.work)
                plan, fitted = plan._replace(pipeline=pipe), fitted + records
            out[collection] = plan
        return out, fitted

    # -- making rows -------------------------------------------------------------------------------------------------

    def _augment(self, index: Index, plans: Mapping[str, Plan], sides: Sequence[str]) -> list[UnitResult]:
        """Make every unit's rows; those that are there already are not made again."""
        folder = self.work.stage("rows")
        states = {n: dict(p.pipeline.state_hashes) for n, p in plans.items() if p.pipeline is not None}
        key = lambda *parts: self.work.key(states, *parts)  # noqa: E731
        most = self.recipe.limits.unit_records
        units = list(plan_units(index, plans, sides, most, key))
        results: dict[str, UnitResult] = {}
        for unit in units:
            result = finished(folder, unit)
            if result is not None:
                results[unit.name] = result
        run = self.watch.run
        run.resumed = len(results)
        run.total = rows_planned(index, plans)
        for result in results.values():
            self._tell(result)
        task = MakeRows(index, folder, self.recipe.seed, self.recipe.on_error, plans)
        for result in self.engine.map(task, (u for u in units if u.name not in results)):
            results[result.unit.name] = result
            self._tell(result)
        return [results[unit.name] for unit in units]

    def _tell(self, result: UnitResult) -> None:
        unit = result.unit
        told = {"collection": unit.collection, "side": unit.side, "rows": result.rows, "quarantined": result.left}
        self.watch.tell("records_written", **told)

    def _synthesize(self, index: Index, plans: Mapping[str, Plan]) -> tuple[list[Learned], dict[str, list[UnitResult]]]:
        """Learn what is to be synthesized and make its rows, then judge them for the report."""
        recipe = self.recipe
        if not recipe.synthesize:
            return [], {}
        told = lambda model, progress: self.watch.tell("model_progress", model=model, progress=progress)  # noqa: E731
        making = Synthesizing(recipe, self.work, index, plans, told)
        with self._stage("synthesize") as done:
            learned = making.learn()
            self.watch.run.total = (self.watch.run.total or 0) + sum(n for one in learned for _, n in one.streams)
            made = Sampling(recipe, self.work, self.engine, index, plans, self._tell).sample(learned)
            done(sum(one.facts["rows"] for one in learned))
        self.warnings += [text for one in learned for text in said_of_model(one)]
        if recipe.report.evaluate is not None:
            with self._stage("evaluate") as done:
                for one in learned:
                    if one.model is not None:
                        making.judge(one, made[one.entry.title], recipe.report.evaluate)
                done(len(learned))
        return learned, made

    def _judge(self, collected: Collected, index: Index, gone: list[Left], results: Sequence[UnitResult]) -> None:
        """Judge what was quarantined against the recipe's limit, on totals.

        Raises:
            DataError: naming the first reasons.
        """
        total = sum(collected.records.values()) + sum(r.rows - r.originals for r in results)
        first: list[Left] = []
        bad = failed_copies = 0
        for left in self._left(index, gone, results):
            if write.is_quarantined(left):
                bad += 1
                failed_copies += left.copy is not None
                if len(first) < 5:
                    first.append(left)
        total += failed_copies
        limit = self.recipe.limits.max_quarantined
        if bad > limit * total:
            reasons = "".join(f"\n  {b.id}{'' if b.copy is None else f'@{b.copy}'}: {b.reason}" for b in first)
            more = f"\n  and {bad - 5} more" if bad > 5 else ""
            share = f"at most {limit:.2%} of {total} records and copies quarantined"
            fix = "correct the data, or raise limits.max_quarantined"
            raise DataError(describe("quarantine", share, shown(str(bad)), fix=fix) + reasons + more)

    def _left(self, index: Index, gone: Iterable[Left], results: Sequence[UnitResult]) -> Iterator[Left]:
        yield from left_before(index)
        yield from gone
        folder = self.work.folder / "rows"
        for result in results:
            if result.left:
                yield from left_in(folder, result.unit)

    # -- writing -----------------------------------------------------------------------------------------------------

    def _write(
        self,
        assigned: Assigned,
        index: Index,
        gone: Sequence[Left],
        plans: Mapping[str, Plan],
        results: Sequence[UnitResult],
    ) -> dict[str, Any]:
        """Write everything but the manifest; return the manifest's part about it."""
        folder, rows = self.work.stage(DATASET), self.work.folder / "rows"
        columns = {name: plan.columns for name, plan in plans.items()}
        shards = list(write.plan_shards(results, list(plans), list(assigned.report.sides)))
        weights = weights_of(self.recipe.mix, rows, results)
        shards = [shard._replace(weights=weights.get((shard.collection, shard.side), {})) for shard in shards]
        form = (self.recipe.write.format, dict(self.recipe.write.options))
        task = write.WriteShard(folder, rows, self.work.stage("shards"), columns, form)
        written = list(self.engine.map(task, shards))
        write.write_marks(folder, rows, shards)
        write.write_records(folder, index)
        schema = {name: schema_document(c.after) for name, c in columns.items()}
        with database(self.work.stage("sorting"), self.engine.workers) as db:
            left = list[Any]()
            stages, reasons = write.write_left(folder, _noted(sorted_left(db, self._left(index, gone, results)), left))
            digests = write.digests_in(rows, (r.unit for r in results))
            content = content_hash(schema, sorted_digests(db, _with(digests, left)))
        made: Format = registry().load("formats", form[0], "write.format").build(form[1], "write")
        write.gather(folder, made, written)
        sidecars = [RECORDS, ROWS, QUARANTINE, REJECTED]
        return {
            "content_hash": content,
            "schema": schema,
            "shards": written,
            "files": {name: write.hash_file(folder / name) for name in sidecars},
            "quarantine": {
                "stages": stages,
                "dropped": sum(r.dropped for r in results),
                "limit": self.recipe.limits.max_quarantined,
            },
            "rejected": reasons,
            "weighted": self.recipe.mix is not None,
        }

    def _document(self, collected: Collected, assigned: Assigned, plans: Mapping[str, Plan]) -> dict[str, Any]:
        """Return the manifest's part about what was asked and what it stood on."""
        recipe = self.recipe
        pipes = {name: plan.pipeline for name, plan in plans.items()}
        return {
            "manifest": FORMAT,
            "augury": augury.__version__,
            "name": recipe.name,
            "recipe": dict(recipe.document),
            "recipe_hash": recipe.hash,
            "recipe_parts": dict(recipe.parts),
            "transforms": dict(recipe.transforms),
            "recipe_folder": str(recipe.folder.absolute()),
            "seed": recipe.seed,
            "limit": self.limit,
            "write": {"format": recipe.write.format, "options": dict(recipe.write.options)},
            "split": assigned.report.to_dict(),
            "repeats": assigned.repeats,
            "classes": assigned.classes,
            "lineage": {
                "mode": "keys",
                "pipelines": {name: pipe.fingerprint for name, pipe in pipes.items() if pipe is not None},
                "states": {name: dict(pipe.state_hashes) for name, pipe in pipes.items() if pipe is not None},
            },
            "pools": pool_collections(recipe),
            "group": recipe.split.group if recipe.split else None,
            "time": events.field if (events := events_of(recipe)) is not None else None,
            "sources": collected.sources,
            "warnings": self.warnings,
        }


def _noted(left: Iterable[Left], digests: list[Any]) -> Iterator[Left]:
    """Pass on what left, keeping the digest of each."""
    for row in left:
        digests.append(quarantine_digest(row.collection, row_id(row.id, row.copy), row.stage))
        yield row


def _with(arrays: Iterable[Any], digests: list[bytes]) -> Iterator[Any]:
    import pyarrow as pa

    yield from arrays
    yield pa.array(digests, pa.binary(DIGEST))
