"""Clusters: what must stay on one side. Exact repeats, groups, near-duplicates; and which of them leave."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from augury.dataset.collect import strength
from augury.dataset.near import Near
from augury.dataset.tables import count, first, insert_rows, remake, rows_of
from augury.errors import DataError, describe, shown

if TYPE_CHECKING:
    import duckdb

DUPLICATE, NEAR, BRIDGE = "duplicate", "near_duplicate", "bridge"
"""Stages of records that leave as repeats: of the same id and content, nearly the same, of a record on another side."""

SMALL = 20
"""Records that near-duplicates may chain together whatever their share."""


def _strength(column: str) -> str:
    """Return SQL for `augury.dataset.collect.strength`."""
    ranks = " ".join(f"WHEN {column} = '{side}' THEN {strength(side)}" for side in ("train", "test"))
    return f"(CASE WHEN {column} IS NULL THEN -1 {ranks} ELSE 1 END)"


KEPT_SIDES = (
    f"SELECT cluster, arg_min(given, (-{_strength('given')}, given)) AS side FROM records "
    "WHERE given IS NOT NULL AND cluster IS NOT NULL GROUP BY cluster"
)
"""A query of the clusters that have been given a side, by source, field or earlier dataset: the strongest, for each."""


def reject_repeats(db: duckdb.DuckDBPyConnection) -> None:
    """Move all but one of the records with the same id out of ``raw``: the strongest side's, then the least digest.

    Raises:
        DataError: when a key names two records.
    """
    twice = "SELECT id FROM raw GROUP BY id HAVING count(*) > 1"
    clash = first(
        db,
        f"SELECT id, min(source), max(source) FROM raw WHERE id IN ({twice}) GROUP BY id HAVING bool_or(keyed) "
        "ORDER BY id LIMIT 1",
    )
    if clash:
        fix = "give the records different keys, or remove one"
        raise DataError(describe(f"{clash[1]} and {clash[2]}", "different keys", clash[0], fix=fix))
    db.execute(
        f"CREATE TABLE losers AS SELECT file, row, collection, id, source FROM raw WHERE id IN ({twice}) "
        f"QUALIFY row_number() OVER (PARTITION BY id ORDER BY {_strength('given')} DESC, whole, file, row) > 1"
    )
    db.execute(
        f"INSERT INTO gone SELECT collection, id, NULL, '{DUPLICATE}', '{DUPLICATE}', source || ': expected new "
        "content, got that of ' || id || ' again. Fix: none needed.' FROM losers"
    )


def number(db: duckdb.DuckDBPyConnection, apart: Sequence[str] = ()) -> None:
    """Make ``records`` of what is left of ``raw``, numbered by collection and id, each in its own cluster.

    A record's cluster is its group, else its content, else itself; the collections ``apart`` are in none.
    """
    db.execute(
        "CREATE TABLE records AS SELECT row_number() OVER () - 1 AS n, *, CASE "
        "WHEN collection IN (SELECT unnest(?::VARCHAR[])) THEN NULL WHEN grp IS NOT NULL THEN 'g:' || grp "
        "WHEN content IS NOT NULL THEN 'c:' || hex(content) ELSE 'i:' || id END AS cluster, "
        "CAST(NULL AS VARCHAR) AS side, CAST(NULL AS DOUBLE) AS cut, CAST(NULL AS DOUBLE) AS until "
        "FROM (FROM raw ANTI JOIN losers USING (file, row) ORDER BY collection, id)",
        [list(apart)],
    )
    db.execute("DROP TABLE raw")


def reject_near(db: duckdb.DuckDBPyConnection, found: Sequence[Near], against: Sequence[str]) -> None:
    """Reject what repeats a record of a collection that is only compared with, then all but one of what is alike."""
    db.execute(
        "CREATE TABLE edges AS SELECT a, b, similarity FROM near WHERE number IN "
        "(SELECT unnest(?::INTEGER[])) OR EXISTS (SELECT 1 FROM records WHERE n IN (a, b) "
        "AND collection IN (SELECT unnest(?::VARCHAR[])))",
        [[f.dedup.number for f in found if f.dedup.keep == "one"], list(against)],
    )
    if against:
        db.execute(
            "INSERT INTO edges SELECT x.n, y.n, 1.0 FROM records x JOIN records y USING (content) "
            "WHERE x.collection IN (SELECT unnest(?::VARCHAR[])) AND y.collection NOT IN (SELECT unnest(?::VARCHAR[]))",
            [list(against), list(against)],
        )
    neighbours: dict[int, dict[int, float]] = {}
    for a, b, similarity in rows_of(db, "SELECT a, b, max(similarity) FROM edges GROUP BY a, b ORDER BY a, b"):
        neighbours.setdefault(a, {})[b] = similarity
        neighbours.setdefault(b, {})[a] = similarity
    order = rows_of(
        db,
        "SELECT n, collection IN (SELECT unnest(?::VARCHAR[])) FROM records WHERE n IN (SELECT a FROM edges UNION "
        f"SELECT b FROM edges) ORDER BY 2 DESC, pinned DESC, {_strength('given')} DESC, n",
        [list(against)],
    )
    kept: set[int] = set()
    left: list[tuple[int, int, float]] = []
    for n, compared in order:
        stronger = [(similarity, -other) for other, similarity in neighbours[n].items() if other in kept]
        if compared or not stronger:
            kept.add(n)
        else:
            similarity, other = max(stronger)
            left.append((n, -other, similarity))
    db.execute("DROP TABLE edges")
    _reject_near(db, left)


def _reject_near(db: duckdb.DuckDBPyConnection, left: Sequence[tuple[int, int, float]]) -> None:
    import pyarrow as pa

    db.execute("CREATE OR REPLACE TABLE leaving (n BIGINT, other BIGINT, similarity DOUBLE)")
    types = [("n", pa.int64()), ("other", pa.int64()), ("similarity", pa.float64())]
    insert_rows(db, "leaving", pa.schema(types), iter(left))
    db.execute(
        f"INSERT INTO gone SELECT x.collection, x.id, NULL, '{NEAR}', '{NEAR}', x.source || ': it is ' || "
        "printf('%.3f', similarity) || ' similar to ' || y.id || ', which is kept' "
        "FROM leaving JOIN records x USING (n) JOIN records y ON y.n = other"
    )
    _remove(db)


def _remove(db: duckdb.DuckDBPyConnection) -> None:
    """Take the records of ``leaving`` out of everything."""
    db.execute("DELETE FROM near WHERE a IN (SELECT n FROM leaving) OR b IN (SELECT n FROM leaving)")
    db.execute("DELETE FROM records WHERE n IN (SELECT n FROM leaving)")


def join(db: duckdb.DuckDBPyConnection) -> None:
    """Make one of the clusters whose records share content or are near-duplicates."""
    links: dict[str, str] = {}
    shared = (
        "SELECT content, cluster FROM records WHERE cluster IS NOT NULL AND content IN (SELECT content FROM records "
        "WHERE cluster IS NOT NULL AND content IS NOT NULL GROUP BY content HAVING count(DISTINCT cluster) > 1) "
        "GROUP BY content, cluster ORDER BY content, cluster"
    )
    for _, rows in groupby(rows_of(db, shared), key=lambda row: row[0]):
        first, *others = (cluster for _, cluster in rows)
        for other in others:
            _link(links, first, other)
    near = (
        "SELECT DISTINCT x.cluster, y.cluster FROM near JOIN records x ON x.n = a JOIN records y ON y.n = b "
        "WHERE x.cluster != y.cluster ORDER BY 1, 2"
    )
    for first, other in rows_of(db, near):
        _link(links, first, other)
    _rename(db, {node: _root(links, node) for node in links})


def _link(links: dict[str, str], one: str, other: str) -> None:
    a, b = sorted((_root(links, one), _root(links, other)))
    if a != b:
        links[b] = a


def _root(links: dict[str, str], node: str) -> str:
    while node in links:
        parent = links[node]
        links[node] = node = links.get(parent, parent)
    return node


def _rename(db: duckdb.DuckDBPyConnection, names: Mapping[str, str]) -> None:
    import pyarrow as pa

    if names:
        db.execute("CREATE OR REPLACE TABLE renamed (cluster VARCHAR, root VARCHAR)")
        insert_rows(
            db, "renamed", pa.schema([("cluster", pa.string()), ("root", pa.string())]), iter(sorted(names.items()))
        )
        remake(
            db,
            "records",
            "SELECT records.* REPLACE (coalesce(root, records.cluster) AS cluster) "
            "FROM records LEFT JOIN renamed USING (cluster)",
        )


def refuse_giants(db: duckdb.DuckDBPyConnection, largest: float) -> None:
    """Refuse near-duplicates that chain a great part of all records together.

    Raises:
        DataError: naming the component's weakest links.
    """
    total = count(db, "FROM records WHERE cluster IS NOT NULL")
    giant = first(
        db,
        "SELECT cluster, count(*) FROM records WHERE cluster IN (SELECT x.cluster FROM near JOIN records x ON x.n = a) "
        "GROUP BY cluster HAVING count(*) > greatest(?, ?) ORDER BY 2 DESC, 1 LIMIT 1",
        [largest * total, SMALL],
    )
    if giant:
        links = db.execute(
            "SELECT x.id, y.id, similarity FROM near JOIN records x ON x.n = a JOIN records y ON y.n = b "
            "WHERE x.cluster = ? ORDER BY similarity, a, b LIMIT 3",
            [giant[0]],
        ).fetchall()
        shown_links = "; ".join(f"{a} and {b} ({similarity:.3f})" for a, b, similarity in links)
        got = shown(f"{giant[1]} of {total} records in one, by {shown_links}")
        fix = "raise near: of dedup, keep: one, or set split.largest"
        expected = f"clusters of at most {largest:.0%} of the records"
        raise DataError(describe("split", expected, got, fix=fix))


def reject_bridges(db: duckdb.DuckDBPyConnection) -> None:
    """Reject records whose cluster also lies on a stronger side that was given: `KEPT_SIDES` says which that is."""
    db.execute(
        f"CREATE OR REPLACE TABLE leaving AS WITH meeting AS ({KEPT_SIDES} HAVING count(DISTINCT given) > 1) "
        "SELECT n, meeting.side AS kept FROM records JOIN meeting USING (cluster) "
        "WHERE given IS NOT NULL AND given != meeting.side"
    )
    db.execute(
        f"INSERT INTO gone SELECT collection, id, NULL, '{BRIDGE}', '{BRIDGE}', source || ': expected ' || "
        "CASE WHEN cluster LIKE 'g:%' THEN 'its group' ELSE 'what it repeats' END || ' on one side, got it on ' "
        "|| given || ' and ' || kept || '. Fix: none needed; ' || kept || ' keeps it.' "
        "FROM records JOIN leaving USING (n)"
    )
    _remove(db)


def gone_rows(db: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    """Yield what left so far: (collection, id, copy, stage, code, detail), sorted."""
    return rows_of(db, "SELECT * FROM gone ORDER BY collection, id, copy NULLS FIRST, stage, code, detail")
