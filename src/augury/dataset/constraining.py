"""Judging source rows by the recipe's constraints: what breaks one is counted and quarantined with its name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from augury.dataset.spool import Bad, LazyRecord, Spool
from augury.errors import DataError
from augury.pipelines.constrained import broken_error
from augury.recipe.model import Recipe
from augury.record import Schema

if TYPE_CHECKING:
    import numpy as np

    from augury.constraints import Constraint, Reference

STAGE = "constraint"
_BATCH = 4096


def apply_constraints(recipe: Recipe, spool: Spool) -> list[str]:
    """Move every record that breaks a constraint into quarantine; return a warning for each constraint broken.

    Single rows are judged first, then uniqueness (of rows with one key the one with the least id stays), then foreign
    keys until no child is without its parent. Cost: one pass over the records for each of these.

    Raises:
        DataError: when the recipe says ``on_error: raise``.
    """
    if not recipe.constraints:
        return []
    judge = _Judge(recipe, spool)
    judge.rows()
    judge.references()
    spool.ready()
    return [
        f"constraint {text}: {count} record{'s' * (count > 1)} of {collection} break it and were quarantined"
        for (collection, text), count in sorted(judge.counts.items())
    ]


class _Judge:
    """One run's judging."""

    def __init__(self, recipe: Recipe, spool: Spool) -> None:
        self.recipe, self.spool = recipe, spool
        self.counts: Counter[tuple[str, str]] = Counter()
        self.schemas = {name: pipe.schema for name, pipe in recipe.pipelines.items()}
        self.own = {name: pipe.constraints for name, pipe in recipe.pipelines.items()}

    def rows(self) -> None:
        """Judge rows by themselves, then by uniqueness."""
        for collection, constraints in self.own.items():
            by_row = [c for c in constraints if c.judges == "row" and not c.fits]
            self._sweep(collection, by_row, {})
            unique = [c for c in constraints if c.id == "unique"]
            self._sweep(collection, unique, {c.text: set() for c in unique})

    def references(self) -> None:
        """Remove children without a parent, until all have one."""
        from augury.constraints import Reference

        pending = [(n, c) for n, own in self.own.items() for c in own if isinstance(c, Reference)]
        removed = True
        while removed:
            removed = any([self._sweep(name, [c], {c.text: self._parents(c)}) for name, c in pending])

    def _parents(self, constraint: Reference) -> set[Any]:
        collection, column = constraint.parent_column
        out: set[Any] = set()
        for _, _, records in self._batches(collection):
            out.update(str(record[column]) for record in records if column in record)
        return out

    def _batches(self, collection: str) -> Iterator[tuple[list[str], list[str], list[LazyRecord]]]:
        """Yield ids, sources and records of a collection, sorted by id."""
        import pickle

        schema = self.schemas[collection]
        query = (
            "SELECT id, source, body FROM records JOIN bodies USING (place) WHERE collection = ? AND id > ? "
            "ORDER BY id LIMIT ?"
        )
        last = ""
        while rows := self.spool.db.execute(query, (collection, last, _BATCH)).fetchall():
            last = rows[-1][0]
            records = [LazyRecord(pickle.loads(body), schema) for _, _, body in rows]
            yield [r[0] for r in rows], [r[1] for r in rows], records

    def _sweep(self, collection: str, constraints: Sequence[Constraint], seen: dict[str, Any]) -> bool:
        """Judge all records of a collection; return whether any was removed."""
        if not constraints:
            return False
        schema, removed = self.schemas[collection], False
        for ids, sources, records in self._batches(collection):
            columns = _columns(constraints, schema, records)
            found: dict[int, Constraint] = {}
            for constraint in constraints:
                for place in _broken(constraint, columns, schema, seen.get(constraint.text)).nonzero()[0].tolist():
                    found.setdefault(place, constraint)
            for place, constraint in sorted(found.items()):
                self._remove(collection, ids[place], sources[place], constraint, records[place])
            removed = removed or bool(found)
        return removed

    def _remove(self, collection: str, record_id: str, source: str, constraint: Constraint, record: LazyRecord) -> None:
        reason = f"{source}: {broken_error(constraint, record)}"
        if self.recipe.on_error == "raise":
            raise DataError(reason)
        self.counts[collection, constraint.text] += 1
        db = self.spool.db
        self.spool.quarantine([Bad(collection, record_id, None, STAGE, reason)])
        db.execute("DELETE FROM bodies WHERE place = (SELECT place FROM records WHERE id = ?)", (record_id,))
        db.execute("DELETE FROM records WHERE id = ?", (record_id,))


def _columns(constraints: Sequence[Constraint], schema: Schema, records: Sequence[LazyRecord]) -> dict[str, np.ndarray]:
    names = dict.fromkeys(name for c in constraints for name in c.columns)
    return {n: schema[n].kind.to_column([record.get(n) for record in records]) for n in names}


def _broken(constraint: Constraint, columns: dict[str, np.ndarray], schema: Schema, seen: Any) -> np.ndarray:
    """Judge one batch; uniqueness remembers 16 bytes of every key that came before in ``seen``."""
    if constraint.id != "unique":
        return constraint.broken(columns, schema.fields, seen)
    import numpy as np

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
