"""The split: shares, groups, repeats, strata, given sides; stable under added records."""

import pickle

import pytest

from augury.dataset.collect import Prepared, insert
from augury.dataset.copies import assign_copies
from augury.dataset.split import assign
from augury.dataset.spool import Spool
from augury.recipe.model import Split

HALF = {"train": 0.5, "val": 0.25, "test": 0.25}


@pytest.fixture
def sides_of(tmp_path):
    """Split records given as (id, group, stratum, given side, content); return id to side, and the report."""
    count = 0

    def split(records, how, seed=7, pools=()):
        nonlocal count
        count += 1
        spool = Spool(tmp_path / f"{count}.sqlite", create=True)
        for name, group, stratum, given, content in records:
            collection = name.split("/")[0]
            body = pickle.dumps({})
            row = Prepared(name, True, name, b"", content, group, stratum, None, given, body)
            insert(spool, collection, row)
        report = assign(spool, how, seed, pools)
        sides = dict(spool.db.execute("SELECT id, side FROM records"))
        left = [(b.id, b.stage) for b in spool.quarantined()]
        spool.close()
        return sides, report, left

    return split


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


def test_copies_that_balance(tmp_path):
    """Every class reaches the largest; the copies of a class differ by one at most; no class, no copies."""
    spool = Spool(tmp_path / "s.sqlite", create=True)
    labels = ["a"] * 11 + ["b"] * 4 + ["c"] + [None] * 2
    for i, label in enumerate(labels):
        insert(spool, "c", Prepared(f"c/{i:02}", True, "", b"", None, None, None, label, None, b""))
    spool.db.execute("UPDATE records SET side = 'train'")
    assign_copies(spool, {"balance": "label"}, ["train"], ["c"])
    copies = {}
    for label, n in spool.db.execute("SELECT class, copies FROM records"):
        copies.setdefault(label, []).append(n)
    spool.close()
    assert [len(copies[c]) + sum(copies[c]) for c in "abc"] == [11, 11, 11]
    assert max(copies["b"]) - min(copies["b"]) <= 1 and copies[None] == [0, 0]
