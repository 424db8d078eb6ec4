"""The split: which side each record goes to, decided by cluster, so that nothing leaks from one side to another.

A cluster is what must stay together: the records of one group, and exact repeats of the same content. Its side is
where a hash of the seed and its key falls among the shares, so added records move none that were there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from augury.dataset.collect import strength
from augury.dataset.spool import Bad, Spool
from augury.errors import DataError, describe, shown
from augury.recipe.model import Split
from augury.rng import hash_point

DEFAULT_SIDE = "train"
RING = float(2**64)

_STRATUM = "collection || '/' || coalesce(stratum, '')"


@dataclass
class SplitReport:
    """What the split did.

    Attributes:
        sides: Side to records, in the order sides are written.
        asked: Side to share asked for; empty when nothing was split.
        deviation: The greatest difference between a share asked for and one reached.
        strata: Stratum to side to records; empty unless stratified.
        empty: Sides with a share that got no record at all.
    """

    sides: dict[str, int]
    asked: dict[str, float]
    deviation: float
    strata: dict[str, dict[str, int]]
    empty: list[str]

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON-able form."""
        return dict(self.__dict__)


def assign(spool: Spool, split: Split | None, seed: int, pools: Sequence[str]) -> SplitReport:
    """Give every record of the spool a side, and reject those that repeat a record of a stronger side.

    Args:
        spool: The collected records.
        split: What the recipe asks; None puts every record without a side on ``train``.
        seed: The recipe's seed.
        pools: Collections that only serve donors; they get no side.
    """
    db = spool.db
    db.execute("ALTER TABLE records ADD COLUMN cluster TEXT")
    db.execute("CREATE TEMP TABLE pools (name TEXT PRIMARY KEY)")
    db.executemany("INSERT INTO pools VALUES (?)", [(p,) for p in pools])
    _cluster(spool)
    _keep_given(spool)
    shares = dict(split.shares) if split and not split.field else {}
    hashed = db.execute("SELECT count(*) FROM records WHERE side IS NULL AND collection NOT IN pools").fetchone()[0]
    if split and shares and hashed:
        db.execute("CREATE TEMP TABLE sides (cluster TEXT PRIMARY KEY, side TEXT NOT NULL)")
        chosen = _by_quota(spool, shares, seed) if split.exact else _by_hash(spool, shares, seed, split.stratify)
        db.executemany("INSERT INTO sides VALUES (?, ?)", chosen)
        db.execute(
            "UPDATE records SET side = (SELECT side FROM sides WHERE sides.cluster = records.cluster) "
            "WHERE side IS NULL AND collection NOT IN pools"
        )
    else:
        query = "UPDATE records SET side = ? WHERE side IS NULL AND collection NOT IN pools"
        db.execute(query, (DEFAULT_SIDE,))
    spool.ready()
    return _report(spool, shares if hashed else {}, bool(split and split.stratify))


def _cluster(spool: Spool) -> None:
    """Name each record's cluster: its group, else its content, else itself; groups that share content are one."""
    db = spool.db
    db.execute(
        "UPDATE records SET cluster = CASE WHEN grp IS NOT NULL THEN 'g:' || grp "
        "WHEN content IS NOT NULL THEN 'c:' || hex(content) ELSE 'i:' || id END WHERE collection NOT IN pools"
    )
    db.execute("CREATE INDEX by_cluster ON records (cluster)")
    db.execute("CREATE INDEX by_content ON records (content)")
    links: dict[str, str] = {}
    shared = db.execute(
        "SELECT content, cluster FROM records WHERE content IN (SELECT content FROM records WHERE cluster IS NOT NULL "
        "AND content IS NOT NULL GROUP BY content HAVING count(DISTINCT cluster) > 1) AND cluster IS NOT NULL "
        "ORDER BY content, cluster"
    )
    for _, rows in groupby(shared, key=lambda row: row[0]):
        first, *others = dict.fromkeys(cluster for _, cluster in rows)
        for other in others:
            a, b = sorted((_root(links, first), _root(links, other)))
            if a != b:
                links[b] = a
    renames = [(_root(links, node), node) for node in links]
    db.executemany("UPDATE records SET cluster = ? WHERE cluster = ?", renames)


def _root(links: dict[str, str], node: str) -> str:
    while node in links:
        node = links[node]
    return node


def _keep_given(spool: Spool) -> None:
    """Give clusters the side their source or field names; where two meet, the stronger wins and the others leave."""
    db = spool.db
    given = db.execute(
        "SELECT DISTINCT cluster, given FROM records WHERE given IS NOT NULL AND cluster IS NOT NULL ORDER BY cluster"
    ).fetchall()
    for cluster, rows in groupby(given, key=lambda row: row[0]):
        sides = sorted((side for _, side in rows), key=lambda s: (-strength(s), s))
        db.execute("UPDATE records SET side = ? WHERE cluster = ?", (sides[0], cluster))
        if len(sides) > 1:
            _reject(spool, cluster, sides[0])


def _reject(spool: Spool, cluster: str, side: str) -> None:
    query = "SELECT place, collection, id, source, given FROM records WHERE cluster = ? AND given != ?"
    for place, collection, record, source, given in spool.db.execute(query, (cluster, side)).fetchall():
        what = "its group" if cluster.startswith("g:") else "its content"
        reason = (
            f"{source}: expected {what} on one side, got it on {given} and {side}. Fix: none needed; {side} keeps it."
        )
        spool.quarantine([Bad(collection, record, None, "bridge", reason)])
        spool.db.execute("DELETE FROM records WHERE place = ?", (place,))
        spool.db.execute("DELETE FROM bodies WHERE place = ?", (place,))


def _clusters(spool: Spool) -> Iterator[tuple[str, str, int]]:
    """Yield (cluster, its commonest stratum, its records) of the records without a side, sorted by cluster."""
    rows = spool.db.execute(
        f"SELECT cluster, {_STRATUM}, count(*) FROM records WHERE side IS NULL AND cluster IS NOT NULL "
        "GROUP BY 1, 2 ORDER BY 1, 3 DESC, 2"
    )
    for cluster, members in groupby(rows, key=lambda row: row[0]):
        strata = [(stratum, count) for _, stratum, count in members]
        yield cluster, strata[0][0], sum(count for _, count in strata)


def _point(seed: int, stratum: str, cluster: str) -> float:
    return hash_point("split", str(seed), stratum, cluster) / RING


def _by_hash(spool: Spool, shares: Mapping[str, float], seed: int, stratify: str | None) -> Iterator[tuple[str, str]]:
    """Yield each cluster's side: where its hash falls among the shares; each stratum has hashes of its own."""
    for cluster, stratum, _ in _clusters(spool):
        yield cluster, _side_at(shares, _point(seed, stratum if stratify else "", cluster))


def _by_quota(spool: Spool, shares: Mapping[str, float], seed: int) -> Iterator[tuple[str, str]]:
    """Yield each cluster's side: each stratum cut at the shares, its clusters in the order of their hashes."""
    db = spool.db
    db.execute("CREATE TEMP TABLE points (stratum TEXT, point REAL, cluster TEXT, size INTEGER)")
    rows = ((stratum, _point(seed, stratum, cluster), cluster, size) for cluster, stratum, size in _clusters(spool))
    db.executemany("INSERT INTO points VALUES (?, ?, ?, ?)", rows)
    totals = dict(db.execute("SELECT stratum, sum(size) FROM points GROUP BY stratum"))
    reached: dict[str, int] = dict.fromkeys(totals, 0)
    query = "SELECT stratum, cluster, size FROM points ORDER BY stratum, point, cluster"
    for stratum, cluster, size in db.execute(query):
        yield cluster, _side_at(shares, (reached[stratum] + size / 2) / totals[stratum])
        reached[stratum] += size


def _side_at(shares: Mapping[str, float], position: float) -> str:
    """Return the side whose part of [0, 1) holds ``position``; sides without a share hold nothing."""
    end = 0.0
    last = ""
    for side, share in shares.items():
        if share > 0:
            end += share
            last = side
            if position < end:
                return side
    return last


def _report(spool: Spool, shares: Mapping[str, float], stratified: bool) -> SplitReport:
    db = spool.db
    counts = dict(db.execute("SELECT side, count(*) FROM records WHERE side IS NOT NULL GROUP BY side"))
    order = [*(s for s, share in shares.items() if share > 0), *sorted(counts, key=lambda s: (strength(s), s))]
    sides = {side: counts.get(side, 0) for side in dict.fromkeys(order)}
    strata: dict[str, dict[str, int]] = {}
    if stratified:
        query = f"SELECT {_STRATUM}, side, count(*) FROM records WHERE side IS NOT NULL GROUP BY 1, 2"
        for stratum, side, count in db.execute(query):
            strata.setdefault(stratum, {})[side] = count
    groups = list(strata.values()) or [sides]
    deviations = [
        abs(group.get(side, 0) / sum(group.values()) - share)
        for group in groups
        if sum(group.values())
        for side, share in shares.items()
    ]
    empty = [side for side, share in shares.items() if share > 0 and not counts.get(side)]
    return SplitReport(sides, dict(shares), max(deviations, default=0.0), strata, empty)


def refuse_empty(report: SplitReport) -> None:
    """Refuse a split that leaves a side with a share without any record.

    Raises:
        DataError: naming the side.
    """
    if report.empty:
        total = sum(report.sides.values())
        fix = "add records, change shares or seed, or set the side's share to 0"
        got = shown(f"none of {total} records")
        raise DataError(describe(f"split: side {report.empty[0]!r}", "at least one record", got, fix=fix))
