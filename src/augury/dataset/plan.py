"""The plan of a run: its stages and barriers, what each takes and leaves, and how far an unfinished run has come."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from augury.dataset.collect import open_source
from augury.dataset.tables import MEMORY
from augury.errors import DataError
from augury.formats.files import is_url
from augury.recipe.cleaning import Change, Cut, Judge, Sketch
from augury.recipe.model import Recipe
from augury.recipe.synthesis import Synthesis
from augury.synthesis import CHUNK


class Entry(NamedTuple):
    """One stage or barrier.

    Args:
        name: What observers and the report call it.
        kind: ``stage`` (by unit, on all workers) or ``barrier`` (sees everything, bounded in memory).
        does: What it does, in words.
        size: What it takes: files and bytes of sources, records of a unit.
        done: What an unfinished run has of it: ``3 units``.
    """

    name: str
    kind: str
    does: str
    size: str
    done: str = ""


def plan(recipe: Recipe, out: Path | None = None) -> list[Entry]:
    """Return the plan of a run into ``out``; sources are looked at, nothing is read."""
    work = out.absolute().with_name(f".{out.name}.partial") if out is not None else None
    return [entry._replace(done=_done(work, entry)) for entry in _entries(recipe)]


def _entries(recipe: Recipe) -> Iterator[Entry]:
    unit = f"{recipe.limits.unit_records} records a unit"
    for source in recipe.collect:
        yield Entry(
            "collect", "stage", f"{source.collection}: {_cleaning(recipe, source.collection)}", _size(recipe, source)
        )
    yield Entry("assign", "barrier", _assigning(recipe), f"{MEMORY} MB a thread in memory, the rest on disk")
    learned = [f"{n}: {node.path}" for n, pipe in recipe.pipelines.items() for node in pipe.ops if node.op.fits]
    learned += [f"{n}: {stage.id}" for n, cleaning in recipe.cleaning.items() for stage in cleaning.fitted]
    yield Entry("fit", "barrier", ", ".join(learned) or "nothing is learned", "the training side")
    if recipe.augment is not None:
        copies = recipe.augment.copies
        each = f"{copies} copies" if isinstance(copies, int) else f"copies that balance {copies['balance']}"
        yield Entry("augment", "stage", f"{each} of {' and '.join(recipe.augment.sides)}", unit)
    else:
        yield Entry("augment", "stage", "rows of the originals alone", unit)
    for one in recipe.synthesize:
        gated = f"a gate on an inner split ({one.gate.seeds} seeds), " if one.gate else ""
        does = f"{one.title}: {gated}{one.model[0]} of {len(one.fields)} fields"
        yield Entry("synthesize", "barrier", does, "the training side, in memory")
        yield Entry("synthesize", "stage", f"{one.title}: {_asked(one)}", f"{CHUNK} rows a unit")
    if recipe.synthesize and (how := recipe.report.evaluate) is not None:
        beside = "beside simpler models, " if how.baselines else ""
        does = f"use, likeness and privacy on held-out records, {beside}{how.seeds} seeds; changes no row"
        yield Entry("evaluate", "barrier", does, f"at most {how.rows} records")
    yield Entry("write", "stage", f"{recipe.write.format} shards, manifest, report", "256 MiB a shard")


def _asked(one: Synthesis) -> str:
    """Return how many rows an entry makes, in words."""
    if one.level is not None:
        return f"rows that bring the classes of {one.level} level"
    rows = f"{one.rows} rows" if one.rows is not None else f"{one.ratio:g} rows a training record"
    words = [rows, *([f"balanced by {one.balance.field}"] if one.balance else [])]
    return ", ".join([*words, *([f"where {', '.join(one.where)}"] if one.where else [])])


def _cleaning(recipe: Recipe, collection: str) -> str:
    cleaning = recipe.cleaning.get(collection)
    words = ["read, check, hash"]
    for stage in cleaning.stages if cleaning is not None else ():
        if isinstance(stage, Judge | Cut):
            words.append(stage.id)
        elif isinstance(stage, Change):
            words.extend(node.spec.id for node in stage.pipeline.ops)
        elif isinstance(stage, Sketch):
            words.append(f"sketch by {stage.detector.entry_id}")
    return ", ".join(words)


def _assigning(recipe: Recipe) -> str:
    words = ["exact repeats"]
    words += [f"near-duplicates of {d.what} by {d.id} at {d.near}" for d in recipe.dedups]
    split = recipe.split
    if split is None:
        return ", ".join([*words, "everything on train"])
    how = f"by time ({split.time})" if split.time else f"by field {split.field}" if split.field else "by hash"
    more = [f"group {split.group}"] if split.group else []
    more += [f"stratify {split.stratify}"] if split.stratify else []
    more += [f"sides of {split.pinned}"] if split.pinned else []
    return ", ".join([*words, f"split {how}", *more])


def _size(recipe: Recipe, source: Any) -> str:
    try:
        reader, path = open_source(recipe, source)
        files = reader.files(path)
    except DataError as error:
        return str(error)
    if is_url(path):
        return f"{len(files)} files at a URL"
    there = [p for p in Path(path).rglob("*") if p.is_file()] if Path(path).is_dir() else [Path(f) for f in files]
    total = sum(p.stat().st_size for p in there if p.exists())
    return f"{len(there)} file{'s' if len(there) != 1 else ''}, {_bytes(total)}"


def _bytes(count: float) -> str:
    for word in ("B", "KiB", "MiB", "GiB"):
        if count < 1024:
            return f"{count:.0f} {word}" if word == "B" else f"{count:.1f} {word}"
        count /= 1024
    return f"{count:.1f} TiB"


_DONE = {
    ("collect", "stage"): "collect/*.arrow",
    ("assign", "barrier"): "index-*/assigned.json",
    ("fit", "barrier"): "fit-*/states.json",
    ("augment", "stage"): "rows/[0-9]*.json",
    ("synthesize", "barrier"): "models/*/generator.json",
    ("synthesize", "stage"): "rows/made-*.json",
    ("evaluate", "barrier"): "models/evaluation-*.json",
    ("write", "stage"): "shards/*.json",
}
"""Name and kind of an entry to the files that each tell of one thing done."""


def _done(work: Path | None, entry: Entry) -> str:
    if work is None or not work.is_dir():
        return ""
    count = len(list(work.glob(_DONE[entry.name, entry.kind])))
    return f"{count} unit{'s' if count != 1 else ''}" if count else ""
