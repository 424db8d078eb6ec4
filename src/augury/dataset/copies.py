"""How many augmented copies each record gets: a number for all, or as many as bring classes level."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from augury.dataset.spool import Spool


def assign_copies(
    spool: Spool, copies: int | Mapping[str, str], sides: Collection[str], collections: Collection[str]
) -> None:
    """Set the copies of every record of the given collections on the given sides.

    ``{"balance": field}`` gives each class the copies that bring it level with the largest of its collection and side,
    spread evenly over its records in the order of their ids; records without a class get none.
    """
    for collection in collections:
        for side in sides:
            if isinstance(copies, int):
                query = "UPDATE records SET copies = ? WHERE collection = ? AND side = ?"
                spool.db.execute(query, (copies, collection, side))
            else:
                updates = list(_balanced(spool, collection, side))
                spool.db.executemany("UPDATE records SET copies = ? WHERE place = ?", updates)
    spool.ready()


def _balanced(spool: Spool, collection: str, side: str) -> Iterator[tuple[int, int]]:
    which = "FROM records WHERE collection = ? AND side = ? AND class IS NOT NULL"
    counts = dict(spool.db.execute(f"SELECT class, count(*) {which} GROUP BY class", (collection, side)))
    most = max(counts.values(), default=0)
    seen = dict.fromkeys(counts, 0)
    for place, label in spool.db.execute(f"SELECT place, class {which} ORDER BY id", (collection, side)):
        need, have, rank = most - counts[label], counts[label], seen[label]
        seen[label] += 1
        yield (rank + 1) * need // have - rank * need // have, place
