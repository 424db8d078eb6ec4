"""Judging source rows by the recipe's constraints: what breaks one is counted and quarantined with its name."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np

from augury.dataset.assigning import GONE, Left
from augury.dataset.cleaning import INVALID
from augury.dataset.index import Index, without, write_index
from augury.dataset.stored import LazyRecord
from augury.dataset.workspace import Workspace
from augury.durable import write_json
from augury.errors import DataError
from augury.pipelines.constrained import broken_error
from augury.recipe.model import Recipe
from augury.record import Schema

if TYPE_CHECKING:
    from augury.constraints import Constraint, Reference

STAGE = "constraint"
_BATCH = 4096


def apply_constraints(recipe: Recipe, work: Workspace, index: Index) -> tuple[Index, list[Left]]:
    """Return the index without the records that break a constraint, and these.

    Single rows are judged first, then uniqueness (of rows with one key the first by side and id stays), then foreign
    keys until no child is without its parent. Cost: one pass over the records for each of these.

    Raises:
        DataError: when the recipe says ``on_error: raise``.
    """
    if not recipe.constraints:
        return index, []
    described = [[c.id, c.to_dict()] for c in recipe.constraints]
    folder = work.stage(f"index-{work.key('constraints', described, index.folder.name)}")
    done = folder / "left.json"
    if not done.exists():
        judging = _Judging(recipe, index)
        judging.rows()
        judging.references()
        write_index(folder, without(index, sorted(judging.gone)))
        (folder / GONE).write_bytes((index.folder / GONE).read_bytes())
        write_json(done, [list(judging.gone[position]) for position in sorted(judging.gone)])
    left = [Left(*row) for row in json.loads(done.read_text(encoding="utf-8"))]
    return Index(folder, index.store.folder, index.store.files, index.events), left


def count_broken(left: Sequence[Left]) -> list[str]:
    """Return a line for each constraint that was broken, with how often."""
    counts = Counter((row.collection, row.reason.partition("expected ")[2].partition(", got ")[0]) for row in left)
    return [
        f"constraint {text}: {count} record{'s' * (count > 1)} of {collection} break it and were quarantined"
        for (collection, text), count in sorted(counts.items())
    ]


class _Judging:
    """One run's judging; ``gone`` maps the positions of broken records to what is said of them."""

    def __init__(self, recipe: Recipe, index: Index) -> None:
        self.recipe, self.index = recipe, index
        self.gone: dict[int, Left] = {}
        self.schemas = {name: pipe.schema for name, pipe in recipe.pipelines.items()}
        self.own = {name: pipe.constraints for name, pipe in recipe.pipelines.items()}

    def rows(self) -> None:
        """Judge rows by themselves, then by uniqueness."""
        for collection, constraints in self.own.items():
            self._sweep(collection, [c for c in constraints if c.judges == "row" and not c.fits], {})
            unique = [c for c in constraints if c.id == "unique"]
            self._sweep(collection, unique, {c.text: set() for c in unique})

    def references(self) -> None:
        """Remove children without a parent, until all have one."""
        from augury.constraints import Reference

        pending = [(n, c) for n, own in self.own.items() for c in own if isinstance(c, Reference)]
        removed = True
        while removed:
            removed = any([self._sweep(name, [c], {c.text: self._parents(c)}) for name, c in pending])

    def _parents(self, constraint: Reference) -> set[str]:
        collection, column = constraint.parent_column
        return {str(r[column]) for _, _, r in self._records(collection) if column in r}

    def _records(self, collection: str) -> Iterator[tuple[int, str, LazyRecord]]:
        """Yield position, id and record of what is left of a collection, by side and id."""
        schema = self.schemas[collection]
        for span in (span for span in self.index.spans if span.collection == collection):
            for position, item in enumerate(self.index.items(span.start, span.stop), span.start):
                if position not in self.gone:
                    yield position, item.id, LazyRecord(item.stored, schema)

    def _sweep(self, collection: str, constraints: Sequence[Constraint], seen: dict[str, Any]) -> bool:
        """Judge all records of a collection; return whether any leaves."""
        before = len(self.gone)
        batch: list[tuple[int, str, LazyRecord]] = []
        for found in self._records(collection) if constraints else ():
            batch.append(found)
            if len(batch) == _BATCH:
                self._judge(collection, constraints, seen, batch)
                batch = []
        if batch:
            self._judge(collection, constraints, seen, batch)
        return len(self.gone) > before

    def _judge(
        self,
        collection: str,
        constraints: Sequence[Constraint],
        seen: dict[str, Any],
        batch: Sequence[tuple[int, str, LazyRecord]],
    ) -> None:
        schema = self.schemas[collection]
        names = dict.fromkeys(name for c in constraints for name in c.columns)
        columns = {n: schema[n].kind.to_column([record.get(n) for *_, record in batch]) for n in names}
        for constraint in constraints:
            for place in _broken(constraint, columns, schema, seen.get(constraint.text)).nonzero()[0].tolist():
                position, record_id, record = batch[place]
                if position not in self.gone:
                    index = self.index
                    source = index.store.source(index.value("file", position), index.value("row", position))
                    reason = f"{source}: {broken_error(constraint, record)}"
                    if self.recipe.on_error == "raise":
                        raise DataError(reason)
                    self.gone[position] = Left(collection, record_id, None, STAGE, INVALID, reason)


def _broken(constraint: Constraint, columns: dict[str, np.ndarray], schema: Schema, seen: Any) -> np.ndarray:
    """Judge one batch; uniqueness remembers 16 bytes of every key that came before in ``seen``."""
    if constraint.id != "unique":
        return constraint.broken(columns, schema.fields, seen)
    from augury.constraints.base import present
    from augury.constraints.forms import packed

    out = np.zeros(len(columns[constraint.columns[0]]), bool)
    known = present(columns, constraint.columns)
    rows = packed([schema[name].kind.from_column(columns[name]) for name in constraint.columns])
    for place, row in enumerate(rows):
        key = blake2b(row.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        out[place] = known[place] and key in seen
        if known[place]:
            seen.add(key)
    return out
