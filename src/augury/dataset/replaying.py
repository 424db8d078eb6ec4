"""Replaying: one row made again from its source, compared bit for bit with the row that is stored."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

import augury.recipe
from augury.dataset.building import fit, plan_collections
from augury.dataset.collect import Collected, Prepare, insert, open_source, roles_of, source_fields
from augury.dataset.columns import COPY, ORIGIN, PARENTS
from augury.dataset.identity import digest, plain_value
from augury.dataset.manifest import environment
from augury.dataset.reading import Dataset
from augury.dataset.spool import LazyRecord, Spool, SpoolView
from augury.dataset.units import Plan
from augury.engines.process import steady
from augury.errors import CheckFailed, DataError, RecipeError, describe, shown
from augury.formats import RawRecord
from augury.formats.beside import ROW_ID
from augury.pipelines import Pipeline, Ring
from augury.recipe.model import Recipe, Source

RESTORE = "restore the source, or make the dataset anew"


@dataclass
class Replay:
    """What replaying a row gave.

    Attributes:
        row_id: The row.
        equal: Whether every field is bit for bit what is stored.
        differences: Each field that is not, in words.
        explanation: How the row came to be, in words.
        notes: What is different about this environment.
        values: The rebuilt row's values, as stored.
    """

    row_id: str
    equal: bool
    differences: list[str]
    explanation: str
    notes: list[str] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)


def replay(folder: str | Path, row_id: str, *, recipe: Recipe | None = None, allow_code: bool = False) -> Replay:
    """Make a row of a dataset again from its source.

    Args:
        folder: The dataset.
        row_id: The row's ``augury_id``.
        recipe: The recipe that made it; None takes what the manifest holds, its paths relative to where it lay.
        allow_code: Whether the Python files that the manifest's recipe names may be executed.

    Raises:
        RecipeError: when the dataset has no such row.
        CheckFailed: when the source, the recipe or a Python file of it is not what it was, naming what is missing or
            changed.
    """
    data = Dataset(folder)
    found = data.row(row_id)
    if found is None:
        fix = "take an id from the column augury_id"
        raise RecipeError(describe(str(data.folder), "a row of the dataset", row_id, fix=fix))
    shard, stored = found
    made = data.manifest.data
    if recipe is None:
        recipe = augury.recipe.rebuild(made["recipe"], Path(made["recipe_folder"]), made["name"], allow_code=allow_code)
    _check_files(recipe, made.get("transforms", {}))
    recipe = replace(recipe, seed=made["seed"])
    source = row_id if stored[COPY] is None else stored[PARENTS][0]
    with tempfile.TemporaryDirectory(prefix="augury-replay-") as temporary, steady():
        spool = Spool(Path(temporary) / "spool.sqlite", create=True)
        try:
            values, explanation = _rebuild(data, recipe, spool, shard, stored, source)
        finally:
            spool.close()
    columns = data.columns[shard["collection"]]
    again = pa.Table.from_pylist([values], schema=columns.arrow()).to_pylist()[0]
    differences = []
    for name, spec in columns.after.items():
        before, after = plain_value(spec, stored[name]), plain_value(spec, again[name])
        if digest(before) != digest(after):
            differences.append(f"field {name!r}: stored {_short(before)}, rebuilt {_short(after)}")
    if stored[PARENTS] != again[PARENTS]:
        differences.append(f"parents: stored {stored[PARENTS]}, rebuilt {again[PARENTS]}")
    return Replay(row_id, not differences, differences, explanation, _notes(made), again)


def _check_files(recipe: Recipe, were: Mapping[str, str]) -> None:
    """Raise CheckFailed where the recipe's Python files are not those that made the dataset."""
    changed = {*were.values()} ^ {*recipe.transforms.values()}
    for name, hash in [*were.items(), *recipe.transforms.items()]:
        if hash in changed:
            fix = f"restore {name}, or make the dataset anew"
            raise CheckFailed(describe(f"transforms {name}", "the file that made it", shown("another"), fix=fix))


def _rebuild(
    data: Dataset, recipe: Recipe, spool: Spool, shard: Mapping[str, Any], stored: Mapping[str, Any], source: str
) -> tuple[dict[str, Any], str]:
    """Return the row's values, made again, and how they came to be."""
    collection, side, copy = shard["collection"], shard["side"], stored[COPY]
    present = {name: set(columns.after) for name, columns in data.columns.items()}
    plan = plan_collections(recipe, Collected(present, {}, []))[collection]
    pipe = plan.pipeline if copy is not None else None
    if copy is not None and (
        pipe is None or pipe.fingerprint != data.manifest.data["lineage"]["pipelines"][collection]
    ):
        fix = "replay with the recipe and the plugins that made the dataset"
        raise CheckFailed(describe(f"collection {collection}", "the pipeline that made it", shown("another"), fix=fix))
    everything = pipe is not None and (pipe.needs_pool or pipe.needs_fit)
    wanted = {collection: None if everything else source}
    if pipe is not None:
        wanted |= dict.fromkeys(plan.pools)
    _reload(data, recipe, spool, wanted)
    body = spool.item(source)
    assert body is not None
    if pipe is None or copy is None:
        own: dict[str, Any] = {ROW_ID: source, COPY: None, PARENTS: [], ORIGIN: "original"}
        return plan.columns.original(body) | own, f"{source}: the original, as it came"
    return _copy_again(data, recipe, spool, plan, pipe, (collection, side, source, copy), body)


def _copy_again(
    data: Dataset,
    recipe: Recipe,
    spool: Spool,
    plan: Plan,
    pipe: Pipeline,
    which: tuple[str, str, str, int],
    body: Mapping[str, Any],
) -> tuple[dict[str, Any], str]:
    collection, side, source, copy = which
    if pipe.needs_fit:
        pipe, _ = fit(pipe, spool, collection)
        if dict(pipe.state_hashes) != data.manifest.data["lineage"]["states"][collection]:
            fix = "restore the source, or make the dataset anew"
            raise CheckFailed(
                describe(f"collection {collection}", "the fitted state it had", shown("another"), fix=fix)
            )
    pool = Ring(SpoolView(spool, collection, side, plan.schema)) if pipe.needs_pool else None
    pools = {n: Ring(SpoolView(spool, n, None if alone else side, s)) for n, (s, alone) in plan.pools.items()}
    record = LazyRecord(body, plan.schema)
    output = pipe(record, seed=recipe.seed, id=source, copy=copy, pool=pool, pools=pools)
    trace: list[str] = []
    pipe.replay(record, output.lineage, pool=pool, pools=pools, trace=trace)
    name = f"{source}@{copy}"
    parents = list(dict.fromkeys([source, *(d for a in output.applied for d in a.donors)]))
    own = {ROW_ID: name, COPY: copy, PARENTS: parents, ORIGIN: "augmented"}
    return plan.columns.augmented(output, record, body, name) | own, pipe.explain(output.lineage, trace)


def _reload(data: Dataset, recipe: Recipe, spool: Spool, wanted: Mapping[str, str | None]) -> None:
    """Read again the records that the dataset was made from: one of a collection, or all of it (None).

    Raises:
        CheckFailed: for a record that is missing or not what it was.
    """
    known = {r["id"]: r for r in data.records() if r["collection"] in wanted}
    changed: dict[str, str] = {}
    for source in recipe.collect:
        if source.collection in wanted:
            for record in _prepared(recipe, source, wanted[source.collection]):
                was = known.get(record.id)
                if was is None or spool.item(record.id) is not None:
                    continue
                if record.problem or record.whole != was["digest"]:
                    changed[record.id] = record.problem or "another content"
                    continue
                insert(spool, source.collection, record)
                spool.db.execute("UPDATE records SET side = ? WHERE id = ?", (was["side"], record.id))
    spool.ready()
    for name, was in known.items():
        needed = wanted[was["collection"]]
        if (needed is None or needed == name) and spool.item(name) is None:
            got = shown(changed.get(name, "none"))
            raise CheckFailed(describe(f"record {name}", "what the source held", got, fix=RESTORE))


def _prepared(recipe: Recipe, source: Source, only: str | None) -> Iterator[Any]:
    """Yield a source's records made ready; with ``only``, those whose key already tells them apart are passed by."""
    try:
        reader, path = open_source(recipe, source)
        fields = source_fields(recipe, source)
        task = Prepare(source.collection, fields, recipe.schema, source.side, roles_of(recipe))
        for raw in reader.read(path, fields):
            if _may_be(task, raw, only):
                yield from task([raw])
    except DataError as error:
        raise CheckFailed(f"the source cannot be read again: {error}") from error


def _may_be(task: Prepare, raw: RawRecord, only: str | None) -> bool:
    if only is None:
        return True
    name = task.keyed_id(raw)
    return name is None or name == only


def _notes(made: Mapping[str, Any]) -> list[str]:
    here, there = environment(), made["environment"]
    notes = [
        f"{k}: made with {there[k]}, here {here[k]}" for k in ("python", "machine", "system") if here[k] != there[k]
    ]
    names = sorted({*here["distributions"], *there["distributions"]})
    pairs = ((n, there["distributions"].get(n, "none"), here["distributions"].get(n, "none")) for n in names)
    return notes + [f"{name}: made with {was}, here {now}" for name, was, now in pairs if was != now]


def _short(value: Any) -> str:
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
