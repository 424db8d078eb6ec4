"""Replaying: one row made again from its source, compared bit for bit with the row that is stored."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

import augury.recipe
from augury.dataset.assigning import events_of
from augury.dataset.collect import open_source, preparing
from augury.dataset.columns import COPY, ORIGIN, PARENTS
from augury.dataset.identity import digest, plain_value
from augury.dataset.index import Index, schema, write_index
from augury.dataset.manifest import RECORDS, environment
from augury.dataset.planning import plan_collections
from augury.dataset.reading import Dataset
from augury.dataset.remaking import make_again
from augury.dataset.stored import LazyRecord, Prepared, write_records
from augury.dataset.tables import MOST_MEMORY, batches_of, database, first, insert_rows
from augury.dataset.training import fit
from augury.dataset.units import Plan
from augury.engines.process import steady
from augury.errors import CheckFailed, DataError, RecipeError, describe, shown
from augury.formats import RawRecord
from augury.formats.beside import ROW_ID
from augury.pipelines import Pipeline
from augury.recipe.model import Recipe, Source
from augury.recipe.sections import AUGMENTED, ORIGINAL, SYNTHETIC

READ_AGAIN = 256
"""Records that are read again at a time."""

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
    if stored[ORIGIN] == SYNTHETIC:
        with steady():
            values, explanation = make_again(data, recipe, shard["collection"], row_id)
    else:
        source = row_id if stored[COPY] is None else stored[PARENTS][0]
        with tempfile.TemporaryDirectory(prefix="augury-replay-") as temporary, steady():
            values, explanation = _rebuild(data, recipe, Path(temporary), shard, stored, source)
    columns = data.columns[shard["collection"]]
    again = pa.Table.from_pylist([values], schema=columns.rows()).to_pylist()[0]
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
    data: Dataset, recipe: Recipe, folder: Path, shard: Mapping[str, Any], stored: Mapping[str, Any], source: str
) -> tuple[dict[str, Any], str]:
    """Return the row's values, made again, and how they came to be."""
    collection, side, copy = shard["collection"], shard["side"], stored[COPY]
    present = {name: set(columns.after) for name, columns in data.columns.items()}
    plan = plan_collections(recipe, present)[collection]
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
    index = _reload(data, recipe, folder, wanted)
    position = index.find(index.span(collection, side), source)
    assert position is not None
    body = index.stored(position)
    if pipe is None or copy is None:
        own: dict[str, Any] = {ROW_ID: source, COPY: None, PARENTS: [], ORIGIN: ORIGINAL}
        return plan.columns.original(body) | own, f"{source}: the original, as it came"
    return _copy_again(data, recipe, index, plan, pipe, (collection, side, source, copy), body)


def _copy_again(
    data: Dataset,
    recipe: Recipe,
    index: Index,
    plan: Plan,
    pipe: Pipeline,
    which: tuple[str, str, str, int],
    body: Mapping[str, Any],
) -> tuple[dict[str, Any], str]:
    collection, side, source, copy = which
    if pipe.needs_fit:
        pipe, _ = fit(pipe, index, collection)
        if dict(pipe.state_hashes) != data.manifest.data["lineage"]["states"][collection]:
            fix = "restore the source, or make the dataset anew"
            raise CheckFailed(
                describe(f"collection {collection}", "the fitted state it had", shown("another"), fix=fix)
            )
    pool = index.ring(index.span(collection, side), plan.schema) if pipe.needs_pool else None
    pools = {n: index.ring(index.span(n, None if alone else side), s) for n, (s, alone) in plan.pools.items()}
    record = LazyRecord(body, plan.schema)
    output = pipe(record, seed=recipe.seed, id=source, copy=copy, pool=pool, pools=pools)
    trace: list[str] = []
    pipe.replay(record, output.lineage, pool=pool, pools=pools, trace=trace)
    name = f"{source}@{copy}"
    parents = list(dict.fromkeys([source, *(d for a in output.applied for d in a.donors)]))
    own = {ROW_ID: name, COPY: copy, PARENTS: parents, ORIGIN: AUGMENTED}
    return plan.columns.augmented(output, record, body, name) | own, pipe.explain(output.lineage, trace)


def _reload(data: Dataset, recipe: Recipe, folder: Path, wanted: Mapping[str, str | None]) -> Index:
    """Read again the records that the dataset was made from: one of a collection, or all of it (None).

    Raises:
        CheckFailed: for a record that is missing or not what it was.
    """
    files: list[str] = []
    with database(folder, memory=MOST_MEMORY) as db:
        db.execute(
            "CREATE TABLE found (collection VARCHAR, id VARCHAR, file INTEGER, row INTEGER, whole BLOB, point UBIGINT, "
            "label VARCHAR, problem VARCHAR)"
        )
        for source in recipe.collect:
            if source.collection in wanted:
                for records in _prepared(recipe, source, wanted[source.collection]):
                    plan = recipe.cleaning.get(source.collection)
                    name = f"{len(files):06d}.arrow"
                    write_records(folder / name, records, plan.after if plan else recipe.schema, len(recipe.dedups))
                    insert_rows(db, "found", _found_schema(), _found(source.collection, len(files), records))
                    files.append(name)
        db.execute(
            "CREATE TABLE known AS SELECT collection, id AS name, side, digest, cut, until, CASE WHEN cut IS NULL "
            "THEN id ELSE left(id, len(id) - len(side) - 1) END AS id FROM read_parquet(?) "
            "JOIN (SELECT unnest(?::VARCHAR[]) AS collection, unnest(?::VARCHAR[]) AS wanted) USING (collection) "
            "WHERE wanted IS NULL OR wanted = name",
            [str(data.folder / RECORDS), list(wanted), list(wanted.values())],
        )
        lost = first(
            db,
            "SELECT known.id, coalesce(max(problem), CASE WHEN max(found.id) IS NULL THEN 'none' ELSE "
            "'another content' END) FROM known LEFT JOIN found USING (id) GROUP BY known.id "
            "HAVING count(*) FILTER (problem = '' AND whole = digest) = 0 ORDER BY 1 LIMIT 1",
        )
        if lost:
            got = shown(lost[1] or "another content")
            raise CheckFailed(describe(f"record {lost[0]}", "what the source held", got, fix=RESTORE))
        query = (
            "SELECT known.collection, side, name AS id, min(file) AS file, arg_min(row, file) AS row, whole, "
            "min(point) AS point, min(label) AS label, cut, until FROM known JOIN found USING (id) "
            "WHERE whole = digest AND problem = '' GROUP BY known.collection, side, name, whole, cut, until "
            "ORDER BY 1, side NULLS LAST, name"
        )
        write_index(folder, batches_of(db, query, schema()))
    index = Index(folder, folder, files, events_of(recipe))
    index.write_ring()
    return index


def _found_schema() -> pa.Schema:
    text, number = pa.string(), pa.int32()
    types = [text, text, number, number, pa.binary(), pa.uint64(), text, text]
    names = ("collection", "id", "file", "row", "whole", "point", "label", "problem")
    return pa.schema(list(zip(names, types, strict=True)))


def _found(collection: str, file: int, records: list[Prepared]) -> Iterator[tuple[Any, ...]]:
    for row, record in enumerate(records):
        yield collection, record.id, file, row, record.whole, record.point, record.label, record.detail


def _prepared(recipe: Recipe, source: Source, only: str | None) -> Iterator[list[Prepared]]:
    """Yield a source's records made ready; with ``only``, those whose key already tells them apart are passed by."""
    try:
        reader, path = open_source(recipe, source)
        task = preparing(recipe, source)
        batch: list[RawRecord] = []
        for raw in reader.read(path, task.fields):
            name = task.keyed_id(raw)
            if only is None or name is None or only == name or only.startswith(f"{name}/"):
                batch.append(raw)
            if len(batch) == READ_AGAIN:
                yield task(batch)
                batch = []
        if batch:
            yield task(batch)
    except DataError as error:
        raise CheckFailed(f"the source cannot be read again: {error}") from error


def _notes(made: Mapping[str, Any]) -> list[str]:
    here, there = environment(), made["environment"]
    same = ("python", "machine", "cpu", "system")
    notes = [f"{k}: made with {there.get(k)}, here {here[k]}" for k in same if here[k] != there.get(k)]
    names = sorted({*here["distributions"], *there["distributions"]})
    pairs = ((n, there["distributions"].get(n, "none"), here["distributions"].get(n, "none")) for n in names)
    return notes + [f"{name}: made with {was}, here {now}" for name, was, now in pairs if was != now]


def _short(value: Any) -> str:
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
