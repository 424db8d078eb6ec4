"""A run: collect, split, fit, augment, write; the dataset exists once its folder has its name."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import augury
from augury.catalog import registry
from augury.dataset import write
from augury.dataset.collect import Collected, collect
from augury.dataset.columns import Columns
from augury.dataset.constraining import apply_constraints
from augury.dataset.copies import assign_copies
from augury.dataset.identity import content_hash, quarantine_digest, row_id, schema_document
from augury.dataset.manifest import FORMAT, NAME, QUARANTINE, RECORDS, ROWS, Manifest, environment, write_json
from augury.dataset.split import DEFAULT_SIDE, SplitReport, assign, refuse_empty
from augury.dataset.spool import Spool, SpoolView
from augury.dataset.units import MakeRows, Plan, UnitResult, plan_units
from augury.dataset.workspace import check_target, workspace
from augury.engines import Local
from augury.engines.process import steady
from augury.errors import AuguryError, DataError, EngineError, PluginBroken, describe, shown
from augury.formats import Format
from augury.pipelines import Pipeline
from augury.recipe.model import Recipe
from augury.record import Schema

REJECTED = ("duplicate", "bridge")
"""Stages whose records are rejected as repeats: counted apart, never against the limit."""


@dataclass
class Run:
    """A run as observers see it."""

    folder: Path
    recipe: Recipe
    workers: int
    total: int | None = None


def run(
    recipe: Recipe,
    out: str | Path,
    *,
    workers: int = 1,
    limit: int | None = None,
    fresh: bool = False,
    observers: Sequence[Any] = (),
) -> Manifest:
    """Make the dataset that a recipe describes.

    Args:
        recipe: A checked recipe.
        out: The folder to make. It appears when everything is done.
        workers: Processes; the rows are the same for any number.
        limit: The most records to take of each source; None takes all.
        fresh: Replace a finished dataset in ``out``.
        observers: Objects with ``augury_run_started`` and the other observer hooks, beside those of plugins.

    Raises:
        RecipeError: when ``out`` holds something else.
        DataError: when a source cannot be read, or more is quarantined than the recipe allows.
        EngineError: when the environment fails (disk, memory, a lost worker).
    """
    target = Path(out).absolute()
    check_target(target, fresh)
    watch = _Watch(Run(target, recipe, workers), observers)
    try:
        with workspace(target) as folder, Local(workers) as engine:
            watch.tell("run_started")
            data = _make(recipe, folder, engine, watch, limit)
            write_json(folder / "dataset" / NAME, data)
            write.put_in_place(folder / "dataset", target)
    except AuguryError:
        raise
    except (OSError, MemoryError) as error:
        fix = "free space or memory and run again"
        raise EngineError(describe(str(target), "the run to finish", shown(str(error)), fix=fix)) from error
    manifest = Manifest(target, data)
    watch.tell("run_finished", manifest=manifest)
    return manifest


def _make(recipe: Recipe, folder: Path, engine: Local, watch: _Watch, limit: int | None) -> dict[str, Any]:
    """Build the dataset in ``folder/dataset`` and return its manifest."""
    parts, dataset = folder / "parts", folder / "dataset"
    parts.mkdir()
    dataset.mkdir()
    form = registry().load("formats", recipe.write.format, "write.format").build(recipe.write.options, "write")
    spool = Spool(folder / "spool.sqlite", create=True)
    try:
        with watch.stage("collect") as done:
            collected = collect(recipe, spool, engine, limit)
            done(sum(collected.records.values()))
        with watch.stage("split") as done:
            broken = apply_constraints(recipe, spool)
            report, plans, warnings = _decide(recipe, spool, collected, limit)
            warnings += broken
            done(sum(report.sides.values()))
        with watch.stage("fit") as done:
            plans, fitted = _fit(recipe, spool, plans)
            done(fitted)
        with watch.stage("augment") as done:
            results = _augment(recipe, spool, parts, engine, watch, plans, list(report.sides))
            done(sum(r.records for r in results))
        _judge(recipe, collected, spool, results)
        with watch.stage("write") as done:
            data = _write(recipe, dataset, parts, spool, form, plans, results, list(report.sides))
            done(sum(r.rows for r in results))
    finally:
        spool.close()
    whole = _document(recipe, collected, report, plans, warnings, limit)
    return whole | data | {"counts": _counts(spool_sides=report.sides, plans=plans, results=results)}


# -- deciding --------------------------------------------------------------------------------------------------------


def _decide(
    recipe: Recipe, spool: Spool, collected: Collected, limit: int | None
) -> tuple[SplitReport, dict[str, Plan], list[str]]:
    """Split, plan each collection, and set the copies."""
    alone = pool_collections(recipe)
    report = assign(spool, recipe.split, recipe.seed, alone)
    warnings = list(recipe.warnings)
    if report.empty:
        if limit is None:
            refuse_empty(report)
        warnings.append(
            f"split: no record came to {', '.join(report.empty)}, since only {limit} of a source were taken"
        )
    plans = plan_collections(recipe, collected)
    augment = recipe.augment
    if augment is not None:
        acting = [name for name, plan in plans.items() if plan.pipeline is not None]
        assign_copies(spool, augment.copies, augment.sides, acting)
    _warn_empty(spool, report, plans, warnings)
    return report, plans, warnings


def pool_collections(recipe: Recipe) -> list[str]:
    """Return the collections that only serve donors."""
    return [s.collection for s in recipe.collect if s.pool]


def plan_collections(recipe: Recipe, collected: Collected) -> dict[str, Plan]:
    """Return how each written collection is augmented, its pipelines not yet fitted."""
    alone = pool_collections(recipe)
    plans = {}
    for collection in dict.fromkeys(s.collection for s in recipe.collect if not s.pool):
        pipe = recipe.pipelines.get(collection)
        pipe = pipe if pipe is not None and recipe.augment is not None and pipe.ops else None
        before = pipe.schema if pipe is not None else recipe.schema
        after = pipe.schema_after if pipe is not None else recipe.schema
        columns = Columns.of(before, after, collected.fields[collection], f"collection {collection}: fields")
        skip = recipe.augment.sides if recipe.augment is not None and not recipe.augment.originals else ()
        pools = {n: (_schema_of(recipe, n), n in alone) for n in pipe.pools if n} if pipe is not None else {}
        plans[collection] = Plan(columns, before, pipe, tuple(skip), pools)
    return plans


def _schema_of(recipe: Recipe, collection: str) -> Any:
    pipe = recipe.pipelines.get(collection)
    return pipe.schema if pipe is not None else recipe.schema


def _warn_empty(spool: Spool, report: SplitReport, plans: Mapping[str, Plan], warnings: list[str]) -> None:
    query = "SELECT collection, side, count(*) FROM records WHERE side IS NOT NULL GROUP BY 1, 2"
    counts = {(collection, side): n for collection, side, n in spool.db.execute(query)}
    for collection in plans:
        missing = [side for side in report.sides if not counts.get((collection, side))]
        if missing:
            warnings.append(f"collection {collection}: no record came to {', '.join(missing)}; written without rows")


def _fit(recipe: Recipe, spool: Spool, plans: dict[str, Plan]) -> tuple[dict[str, Plan], int]:
    """Fit every pipeline that must be, each on the training side of its collection."""
    out, fitted = {}, 0
    for collection, plan in plans.items():
        pipe = plan.pipeline
        if pipe is not None and pipe.needs_fit:
            pipe, records = fit(pipe, spool, collection)
            plan, fitted = plan._replace(pipeline=pipe), fitted + records
        out[collection] = plan
    return out, fitted


def fit(pipe: Pipeline, spool: Spool, collection: str) -> tuple[Pipeline, int]:
    """Return the pipeline fitted on the training side of a collection, and how many records that took.

    Payloads that no fitted step acts on are not decoded.

    Raises:
        DataError: when there are no records.
    """
    acted_on = {name for node in pipe.ops if node.op.fits for name in node.fields}
    seen = Schema(f for f in pipe.schema.fields.values() if not f.kind.payload or f.name in acted_on)
    records = SpoolView(spool, collection, DEFAULT_SIDE, seen)
    if not len(records):
        fix = "give the training side records, or leave the fitted steps out"
        raise DataError(describe(f"collection {collection}", "records to fit on", shown("none"), fix=fix))
    with steady():
        return pipe.fit(records), len(records)


# -- making rows -----------------------------------------------------------------------------------------------------


def _augment(
    recipe: Recipe,
    spool: Spool,
    parts: Path,
    engine: Local,
    watch: _Watch,
    plans: Mapping[str, Plan],
    sides: Sequence[str],
) -> list[UnitResult]:
    """Make every unit's rows and keep what left the run."""
    units = list(plan_units(spool, plans, sides, recipe.limits.unit_records))
    watch.run.total = _rows_planned(spool, plans)
    spool.ready()
    task = MakeRows(spool.path, parts, recipe.seed, recipe.on_error, plans)
    results = []
    for result in engine.map(task, units):
        results.append(result)
        spool.quarantine(result.bad)
        unit = result.unit
        quarantined = len({bad.id for bad in result.bad})
        watch.tell(
            "records_written", collection=unit.collection, side=unit.side, rows=result.rows, quarantined=quarantined
        )
    return results


def _rows_planned(spool: Spool, plans: Mapping[str, Plan]) -> int:
    query = "SELECT collection, side, count(*), sum(copies) FROM records WHERE side IS NOT NULL GROUP BY 1, 2"
    rows = 0
    for collection, side, count, copies in spool.db.execute(query):
        rows += copies + (0 if side in plans[collection].skip_originals else count)
    return rows


def _judge(recipe: Recipe, collected: Collected, spool: Spool, results: Sequence[UnitResult]) -> None:
    """Judge what was quarantined against the recipe's limit, on totals.

    Raises:
        DataError: naming the first reasons.
    """
    bad = [b for b in spool.quarantined() if b.stage not in REJECTED]
    total = sum(collected.records.values()) + sum(r.rows - r.originals for r in results)
    total += sum(b.copy is not None for b in bad)
    if len(bad) > recipe.limits.max_quarantined * total:
        reasons = "".join(f"\n  {b.id}{'' if b.copy is None else f'@{b.copy}'}: {b.reason}" for b in bad[:5])
        more = f"\n  and {len(bad) - 5} more" if len(bad) > 5 else ""
        share = f"at most {recipe.limits.max_quarantined:.2%} of {total} records and copies quarantined"
        fix = "correct the data, or raise limits.max_quarantined"
        raise DataError(describe("quarantine", share, shown(str(len(bad))), fix=fix) + reasons + more)


# -- writing ---------------------------------------------------------------------------------------------------------


def _write(
    recipe: Recipe,
    folder: Path,
    parts: Path,
    spool: Spool,
    form: Format,
    plans: Mapping[str, Plan],
    results: Sequence[UnitResult],
    sides: Sequence[str],
) -> dict[str, Any]:
    """Write everything but the manifest; return the manifest's part about it."""
    columns = {name: plan.columns for name, plan in plans.items()}
    shards = list(write.plan_shards(results, list(plans), sides))
    written = write.write_shards(folder, parts, shards, columns, form)
    write.write_marks(folder, shards)
    write.write_records(folder, spool)
    stages = write.write_quarantine(folder, spool)
    schema = {name: schema_document(c.after) for name, c in columns.items()}
    left = [quarantine_digest(b.collection, row_id(b.id, b.copy), b.stage) for b in spool.quarantined()]
    content = content_hash(schema, [*(r.digests for r in results), *left])
    write.write_readme(folder, recipe.name, recipe.write.format, written, content)
    sidecars = [RECORDS, ROWS, QUARANTINE]
    return {
        "content_hash": content,
        "schema": schema,
        "shards": written,
        "files": {name: write.hash_file(folder / name) for name in sidecars},
        "quarantine": {
            "stages": stages,
            "dropped": sum(r.dropped for r in results),
            "limit": recipe.limits.max_quarantined,
        },
    }


def _document(
    recipe: Recipe,
    collected: Collected,
    report: SplitReport,
    plans: Mapping[str, Plan],
    warnings: Sequence[str],
    limit: int | None,
) -> dict[str, Any]:
    """Return the manifest's part about what was asked and what it stood on."""
    pipes = {name: plan.pipeline for name, plan in plans.items()}
    return {
        "manifest": FORMAT,
        "augury": augury.__version__,
        "name": recipe.name,
        "recipe": dict(recipe.document),
        "recipe_hash": recipe.hash,
        "transforms": dict(recipe.transforms),
        "recipe_folder": str(recipe.folder.absolute()),
        "seed": recipe.seed,
        "limit": limit,
        "write": {"format": recipe.write.format, "options": dict(recipe.write.options)},
        "split": report.to_dict(),
        "lineage": {
            "mode": "keys",
            "pipelines": {name: pipe.fingerprint for name, pipe in pipes.items() if pipe is not None},
            "states": {name: dict(pipe.state_hashes) for name, pipe in pipes.items() if pipe is not None},
        },
        "pools": pool_collections(recipe),
        "group": recipe.split.group if recipe.split else None,
        "sources": collected.sources,
        "environment": environment(),
        "warnings": list(warnings),
    }


def _counts(
    spool_sides: Mapping[str, int], plans: Mapping[str, Plan], results: Sequence[UnitResult]
) -> dict[str, dict[str, dict[str, int]]]:
    counts = {c: {s: {"records": 0, "originals": 0, "rows": 0} for s in spool_sides} for c in plans}
    for result in results:
        entry = counts[result.unit.collection][result.unit.side]
        entry["records"] += result.records
        entry["originals"] += result.originals
        entry["rows"] += result.rows
    return counts


class _Watch:
    """Tells observers: those that plugins register, and those the caller gives."""

    def __init__(self, run: Run, observers: Sequence[Any]) -> None:
        self.run, self.observers = run, observers

    def tell(self, event: str, **facts: Any) -> None:
        """Call one hook of every observer.

        Raises:
            PluginBroken: when a plugin's observer raises, naming the plugin.
        """
        name = f"augury_{event}"
        facts["run"] = self.run
        for hook in getattr(registry().hooks, name).get_hookimpls():
            try:
                hook.function(*(facts[argument] for argument in hook.argnames))
            except Exception as error:
                got = shown(f"{type(error).__name__}: {error}")
                fix = "correct it, uninstall it, or leave it out with AUGURY_PLUGINS, and run again"
                raise PluginBroken(describe(f"{name} of {hook.plugin_name}", "no error", got, fix=fix)) from error
        for observer in self.observers:
            if hasattr(observer, name):
                getattr(observer, name)(**facts)

    @contextmanager
    def stage(self, name: str) -> Iterator[Any]:
        """Time a stage; the caller says how many records it took."""
        started = time.monotonic()
        records = [0]
        yield lambda count: records.__setitem__(0, count)
        self.tell("stage_done", stage=name, seconds=time.monotonic() - started, records=records[0])
