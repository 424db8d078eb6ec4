"""The split: shares, groups, repeats, strata, given sides; stable under added records."""

import pytest

from augury.dataset import clusters
from augury.dataset.assigning import _load
from augury.dataset.copies import assign_copies
from augury.dataset.index import Index, schema, write_index
from augury.dataset.split import assign
from augury.dataset.stored import Prepared, write_records
from augury.dataset.tables import batches_of, database
from augury.recipe.model import Split
from augury.record import Schema
from augury.rng import hash_point

HALF = {"train": 0.5, "val": 0.25, "test": 0.25}


@pytest.fixture
def split_into(tmp_path):
    """Split records given as (id, group, stratum, given side, content, ...); return an open database and the report."""
    count = 0

    def split(records, how, seed=7, pools=(), label=None):
        nonlocal count
        count += 1
        folder = tmp_path / str(count)
        folder.mkdir()
        units = []
        for collection in dict.fromkeys(name.split("/")[0] for name, *_ in records):
            own = [r for r in records if r[0].split("/")[0] == collection]
            rows = [
                Prepared(n, True, n, hash_point(n), b"", content, group, stratum, label and label(n), given, None)
                for n, group, stratum, given, content in own
            ]
            write_records(folder / f"{collection}.arrow", rows, Schema(()), 0)
            units.append((collection, f"{collection}.arrow"))
        with database(folder) as db:
            _load(db, folder, units)
            clusters.reject_repeats(db)
            clusters.number(db, pools)
            db.execute("CREATE TABLE near (a BIGINT, b BIGINT, number INTEGER, similarity DOUBLE)")
            clusters.join(db)
            clusters.reject_bridges(db)
            report = assign(db, how, seed)
            sides = dict(db.execute("SELECT id, side FROM records").fetchall())
            left = [(row[1], row[3]) for row in clusters.gone_rows(db)]
            query = (
                "SELECT collection, side, id, file, row, whole, point, label, cut, until FROM records ORDER BY 1, 2, 3"
            )
            write_index(folder, batches_of(db, query, schema()))
        return sides, report, left, Index(folder, folder, [name for _, name in units])

    return split


@pytest.fixture
def sides_of(split_into):
    """Split records; return id to side, the report, and what left."""
    return lambda *args, **more: split_into(*args, **more)[:3]


def plain(n, group=None, stratum=None):
    """Records of one collection; ``group`` and ``stratum`` are functions of their number."""
    return [(f"c/{i:05}", group and group(i), stratum and stratum(i), None, i.to_bytes(16, "big")) for i in range(n)]


def test_shares_are_reached_and_the_deviation_said(sides_of):
    """Ten thousand records come within two percent of the shares."""
    _, report, _ = sides_of(plain(10000), Split(HALF))
    assert sum(report.sides.values()) == 10000 and report.deviation < 0.02
    assert report.deviation == pytest.approx(max(abs(report.sides[s] / 10000 - HALF[s]) for s in HALF))


def test_added_records_and_their_order_move_none(sides_of):
    """Side is a function of seed and cluster; another seed is another split."""
    before, _, _ = sides_of(plain(400), Split(HALF))
    after, _, _ = sides_of(plain(600)[::-1], Split(HALF))
    assert {k: after[k] for k in before} == before
    assert sides_of(plain(400), Split(HALF), seed=8)[0] != before


def test_groups_stay_together_also_over_collections(sides_of):
    """No group is on two sides, and a group of two collections is one."""
    records = plain(600, group=lambda i: f"u{i % 50}")
    records += [("d/" + r[0][2:], r[1], None, None, b"d" + r[4][1:]) for r in records]
    sides, _, _ = sides_of(records, Split(HALF, group="user"))
    seen = {}
    for name, group, *_ in records:
        seen.setdefault(group, set()).add(sides[name])
    assert all(len(s) == 1 for s in seen.values()) and len({next(iter(s)) for s in seen.values()}) == 3


def test_repeats_join_the_groups_they_are_in(sides_of):
    """Two groups that share a content are one cluster, through any chain of them."""
    records = [(f"c/{i}", f"u{i // 2}", None, None, bytes([(i + 1) // 2])) for i in range(40)]
    sides, _, _ = sides_of(records, Split(HALF, group="user"))
    assert len(set(sides.values())) == 1


def test_exact_strata_are_even_in_every_collection(sides_of):
    """With exact: true each class of each collection is cut at the shares, one record aside."""
    records = plain(100, stratum=lambda i: "ab"[i % 10 == 0])
    records += [("d/" + r[0][2:], None, "a", None, b"d" + r[4][1:]) for r in records[:20]]
    _, report, _ = sides_of(records, Split(HALF, stratify="label", exact=True))
    for stratum, size in (("c/a", 90), ("c/b", 10), ("d/a", 20)):
        for side, share in HALF.items():
            assert abs(report.strata[stratum][side] - share * size) <= 1


def test_a_given_side_is_kept_and_the_test_side_wins(sides_of):
    """A repeat of a test record is rejected from train; an undecided one joins the test side."""
    records = [
        ("c/1", None, None, "train", b"x"),
        ("c/2", None, None, "test", b"x"),
        ("c/3", None, None, None, b"x"),
        ("c/4", None, None, "train", b"y"),
    ]
    sides, report, left = sides_of(records, Split(HALF))
    assert sides == {"c/2": "test", "c/3": "test", "c/4": "train"}
    assert left == [("c/1", "bridge")]
    assert report.sides["test"] == 2


def test_a_share_of_nothing_gets_nothing_and_empty_sides_are_told(sides_of):
    """A zero share is no side; a share that nothing reached is reported."""
    sides, report, _ = sides_of(plain(50), Split({"train": 1.0, "test": 0.0}))
    assert set(sides.values()) == {"train"} and report.empty == []
    assert sides_of(plain(1), Split(HALF))[1].empty != []


def test_pools_get_no_side(sides_of):
    """A collection that only serves donors is on no side and counts nowhere."""
    sides, report, _ = sides_of([*plain(40), ("p/1", None, None, None, b"z")], Split(HALF), pools=["p"])
    assert sides["p/1"] is None and sum(report.sides.values()) == 40


def test_copies_that_balance(split_into):
    """Every class reaches the largest; the copies of a class differ by one at most; no class, no copies."""
    labels = ["a"] * 11 + ["b"] * 4 + ["c"] + [None] * 2
    records = [(f"c/{i:02}", None, None, "train", None) for i in range(len(labels))]
    *_, index = split_into(records, None, label=lambda name: labels[int(name[2:])])
    counts = assign_copies(index, {"balance": "label"}, ["train"], ["c"])
    copies = {}
    for label, n in zip(index.column("label", 0, len(index)), counts.tolist(), strict=True):
        copies.setdefault(label, []).append(n)
    assert [len(copies[c]) + sum(copies[c]) for c in "abc"] == [11, 11, 11]
    assert max(copies["b"]) - min(copies["b"]) <= 1 and copies[None] == [0, 0]
