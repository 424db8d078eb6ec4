"""The split: which side each record goes to, decided by cluster, so that nothing leaks from one side to another.

A cluster is what must stay together: the records of one group, exact repeats of the same content, near-duplicates.
Its side is where a hash of the seed and its key falls among the shares, so added records move none that were there; or
where its latest record lies in time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any

from augury.dataset.clusters import KEPT_SIDES
from augury.dataset.collect import strength
from augury.dataset.histories import expand
from augury.dataset.tables import count, first, insert_rows, remake, rows_of
from augury.errors import DataError, describe, shown
from augury.recipe.model import Split
from augury.rng import hash_point

if TYPE_CHECKING:
    import duckdb

DEFAULT_SIDE = "train"
RING = float(2**64)

WAITING = "FROM records WHERE side IS NULL AND cluster IS NOT NULL"
"""The records that no side has been chosen for yet, as the end of a query."""

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
        cuts: Side to the moment it begins at, for a split by time.
    """

    sides: dict[str, int]
    asked: dict[str, float]
    deviation: float
    strata: dict[str, dict[str, int]]
    empty: list[str]
    cuts: dict[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON-able form."""
        return dict(self.__dict__)


def assign(db: duckdb.DuckDBPyConnection, split: Split | None, seed: int) -> SplitReport:
    """Give every record of the table ``records`` with a cluster a side.

    ``given`` holds the sides that records have already; where two meet in a cluster, `rejected` has been asked.
    """
    db.execute("CREATE TABLE chosen (cluster VARCHAR, side VARCHAR)")
    _keep_given(db)
    shares = dict(split.shares) if split and not split.field else {}
    hashed = count(db, WAITING)
    cuts: dict[str, float] = {}
    if split and split.time and hashed:
        cuts = dict(split.cuts) or _moments(db, shares)
        if cuts:
            expand(db, cuts, DEFAULT_SIDE)
        _by_time(db, cuts)
    elif split and shares and hashed:
        chosen = _by_quota(db, shares, seed) if split.exact else _by_hash(db, shares, seed, split.stratify)
        _store(db, chosen)
    elif hashed:
        db.execute(f"INSERT INTO chosen SELECT DISTINCT cluster, ? {WAITING}", [DEFAULT_SIDE])
    if hashed:
        _settle(db)
    return _report(db, shares if hashed else {}, bool(split and split.stratify), cuts)


def _keep_given(db: duckdb.DuckDBPyConnection) -> None:
    """Give clusters the side their source, field or earlier dataset names; where two meet, the stronger one."""
    db.execute(f"INSERT INTO chosen {KEPT_SIDES}")
    if count(db, "FROM chosen"):
        _settle(db)


def _settle(db: duckdb.DuckDBPyConnection) -> None:
    """Put the records of the clusters in ``chosen`` on the sides it names, and empty it."""
    query = (
        "SELECT records.* REPLACE (coalesce(chosen.side, records.side) AS side) "
        "FROM records LEFT JOIN chosen ON chosen.cluster = records.cluster AND records.side IS NULL"
    )
    remake(db, "records", query)
    db.execute("CREATE OR REPLACE TABLE chosen (cluster VARCHAR, side VARCHAR)")


def _store(db: duckdb.DuckDBPyConnection, chosen: Iterator[tuple[str, str]]) -> None:
    import pyarrow as pa

    insert_rows(db, "chosen", pa.schema([("cluster", pa.string()), ("side", pa.string())]), chosen)


def _moments(db: duckdb.DuckDBPyConnection, shares: Mapping[str, float]) -> dict[str, float]:
    """Return the moments at which sides begin: where the shares cut the records, or their events, in order of time."""
    db.execute(
        f"CREATE TABLE moments AS SELECT moment {WAITING} AND moments IS NULL AND moment IS NOT NULL "
        f"UNION ALL SELECT unnest(moments) AS moment {WAITING} AND moments IS NOT NULL"
    )
    total = count(db, "FROM moments")
    cuts: dict[str, float] = {}
    reached = 0.0
    for side, share in shares.items():
        if reached > 0 and share > 0:
            query = "SELECT moment FROM moments ORDER BY moment LIMIT 1 OFFSET ?"
            found = first(db, query, [min(round(reached * total), total - 1)])
            cuts[side] = found[0] if found else 0.0
        reached += share
    return cuts


def _by_time(db: duckdb.DuckDBPyConnection, cuts: Mapping[str, float]) -> None:
    """Choose for each cluster the side that its latest record lies in.

    Raises:
        DataError: when a record has no moment.
    """
    lost = first(db, f"SELECT source, count(*) OVER () {WAITING} AND moment IS NULL ORDER BY id LIMIT 1")
    if lost:
        fix = "fill the field, reject such records under clean:, or split by group"
        got = shown(f"none, and so in {lost[1]} records")
        raise DataError(describe(str(lost[0]), "a moment to split by", got, fix=fix))
    latest_first = sorted(cuts.items(), key=lambda cut: cut[1])[::-1]
    cases = " ".join("WHEN max(moment) >= ? THEN ?" for _ in cuts)
    side = f"CASE {cases} ELSE ? END" if cuts else "?"
    values = [*(value for side, moment in latest_first for value in (moment, side)), DEFAULT_SIDE]
    db.execute(f"INSERT INTO chosen SELECT cluster, {side} {WAITING} GROUP BY cluster", values)


def _clusters(db: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, str, int]]:
    """Yield (cluster, its commonest stratum, its records) of the records without a side, sorted by cluster."""
    query = f"SELECT cluster, {_STRATUM} AS stratum, count(*) AS size {WAITING} GROUP BY 1, 2 ORDER BY 1, 3 DESC, 2"
    rows = rows_of(db, query)
    for cluster, members in groupby(rows, key=lambda row: row[0]):
        strata = [(stratum, count) for _, stratum, count in members]
        yield cluster, strata[0][0], sum(count for _, count in strata)


def _point(seed: int, stratum: str, cluster: str) -> float:
    return hash_point("split", str(seed), stratum, cluster) / RING


def _by_hash(
    db: duckdb.DuckDBPyConnection, shares: Mapping[str, float], seed: int, stratify: str | None
) -> Iterator[tuple[str, str]]:
    """Yield each cluster's side: where its hash falls among the shares; each stratum has hashes of its own."""
    for cluster, stratum, _ in _clusters(db):
        yield cluster, _side_at(shares, _point(seed, stratum if stratify else "", cluster))


def _by_quota(db: duckdb.DuckDBPyConnection, shares: Mapping[str, float], seed: int) -> Iterator[tuple[str, str]]:
    """Yield each cluster's side: each stratum cut at the shares, its clusters in the order of their hashes."""
    import pyarrow as pa

    types = [("stratum", pa.string()), ("point", pa.float64()), ("cluster", pa.string()), ("size", pa.int64())]
    db.execute("CREATE TABLE points (stratum VARCHAR, point DOUBLE, cluster VARCHAR, size BIGINT)")
    rows = ((stratum, _point(seed, stratum, cluster), cluster, size) for cluster, stratum, size in _clusters(db))
    insert_rows(db, "points", pa.schema(types), rows)
    totals = dict(db.execute("SELECT stratum, sum(size) FROM points GROUP BY stratum").fetchall())
    reached: dict[str, int] = dict.fromkeys(totals, 0)
    query = "SELECT stratum, cluster, size FROM points ORDER BY stratum, point, cluster"
    for stratum, cluster, size in rows_of(db, query):
        yield cluster, _side_at(shares, (reached[stratum] + size / 2) / int(totals[stratum]))
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


def _report(
    db: duckdb.DuckDBPyConnection, shares: Mapping[str, float], stratified: bool, cuts: dict[str, float]
) -> SplitReport:
    counts = dict(db.execute("SELECT side, count(*) FROM records WHERE side IS NOT NULL GROUP BY side").fetchall())
    wanted = [*(s for s, share in shares.items() if share > 0), *(cuts and [DEFAULT_SIDE, *cuts])]
    order = [*wanted, *sorted(counts, key=lambda s: (strength(s), s))]
    sides = {side: counts.get(side, 0) for side in dict.fromkeys(order)}
    strata: dict[str, dict[str, int]] = {}
    if stratified:
        query = f"SELECT {_STRATUM}, side, count(*) FROM records WHERE side IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2"
        for stratum, side, size in db.execute(query).fetchall():
            strata.setdefault(stratum, {})[side] = size
    groups = list(strata.values()) or [sides]
    deviations = [
        abs(group.get(side, 0) / sum(group.values()) - share)
        for group in groups
        if sum(group.values())
        for side, share in shares.items()
    ]
    empty = [side for side in dict.fromkeys(wanted) if not counts.get(side)]
    return SplitReport(sides, dict(shares), max(deviations, default=0.0), strata, empty, cuts)


def refuse_empty(report: SplitReport) -> None:
    """Refuse a split that leaves a side with a share without any record.

    Raises:
        DataError: naming the side.
    """
    if report.empty:
        total = sum(report.sides.values())
        fix = "add records, change shares or seed, set the side's share to 0, or allow_empty: true"
        got = shown(f"none of {total} records")
        raise DataError(describe(f"split: side {report.empty[0]!r}", "at least one record", got, fix=fix))
