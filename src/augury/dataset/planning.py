"""What a recipe says of each collection that is written: its pipeline, columns and pools; how many rows that makes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from augury.dataset.columns import Columns
from augury.dataset.histories import TARGET, with_target
from augury.dataset.index import Index
from augury.dataset.units import Plan, UnitResult
from augury.recipe.model import Recipe


def pool_collections(recipe: Recipe) -> list[str]:
    """Return the collections that only serve donors."""
    return [s.collection for s in recipe.collect if s.pool]


def plan_collections(recipe: Recipe, fields: Mapping[str, set[str]]) -> dict[str, Plan]:
    """Return how each written collection is augmented, its pipelines not yet fitted.

    ``fields`` are those that at least one of a collection's records has.
    """
    alone = pool_collections(recipe)
    weighted = recipe.mix is not None
    plans = {}
    for collection in dict.fromkeys(s.collection for s in recipe.collect if s.written):
        pipe = recipe.pipelines.get(collection)
        pipe = pipe if pipe is not None and recipe.augment is not None and pipe.ops else None
        time = recipe.split.time if recipe.split is not None else None
        before = with_target(_schema_of(recipe, collection), time)
        after = with_target(pipe.schema_after, time) if pipe is not None else before
        present = {*fields[collection], *(n for n in before.fields if time is not None and n == time + TARGET)}
        columns = Columns.of(before, after, present, f"collection {collection}: fields", weighted)
        skip = recipe.augment.sides if recipe.augment is not None and not recipe.augment.originals else ()
        pools = {n: (_schema_of(recipe, n), n in alone) for n in pipe.pools if n} if pipe is not None else {}
        plans[collection] = Plan(columns, before, pipe, tuple(skip), pools)
    return plans


def _schema_of(recipe: Recipe, collection: str) -> Any:
    """Return what cleaning leaves of a collection."""
    plan = recipe.cleaning.get(collection)
    pipe = recipe.pipelines.get(collection)
    return plan.after if plan is not None else pipe.schema if pipe is not None else recipe.schema


def rows_planned(index: Index, plans: Mapping[str, Plan]) -> int:
    """Return how many rows the units will make, but for those that quarantine or dropping takes."""
    rows = 0
    for span in index.spans:
        if span.side is not None:
            own = 0 if span.side in plans[span.collection].skip_originals else span.size
            rows += own + int(index.copies[span.start : span.stop].sum())
    return rows


def counts_of(
    sides: Mapping[str, int], plans: Mapping[str, Plan], results: Sequence[UnitResult]
) -> dict[str, dict[str, dict[str, int]]]:
    """Return collection -> side -> the manifest's counts of records, originals, synthetic rows and rows."""
    counts = {c: {s: dict.fromkeys(("records", "originals", "synthetic", "rows"), 0) for s in sides} for c in plans}
    for result in results:
        entry = counts[result.unit.collection][result.unit.side]
        entry["records"] += result.records
        entry["originals"] += result.originals
        entry["synthetic"] += result.synthetic
        entry["rows"] += result.rows
    return counts
