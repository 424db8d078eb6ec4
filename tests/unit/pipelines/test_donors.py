"""Donors: whom a step takes from, and how little that depends on who else is there."""

from collections import Counter

import pytest

import augury
from augury.errors import CheckFailed, DataError, RecipeError
from augury.pipelines import Ring
from augury.pipelines.donors import View
from augury.rng import Rng, block, path_key, record_key

FIELDS = {"text": "demo.letters", "note": "id"}
POOL = {f"p/{i}": {"text": f"text {i}"} for i in range(300)}


def _pipe(*steps, fields=FIELDS):
    return augury.pipeline(list(steps) or ["demo.splice"], fields=fields)


def _rng(i):
    return Rng(block(record_key(1, str(i), 0), path_key("x")))


def _donor(pipe, record_id, pool):
    return pipe({"text": "abc"}, seed=3, id=record_id, pool=pool).lineage["steps"][0]["donors"]


def test_added_records_change_few_donors():
    """Adding a tenth more records changes about a tenth of the donors; the rest keep draw and result."""
    pipe = _pipe()
    more = {**POOL, **{f"new/{i}": {"text": f"new {i}"} for i in range(30)}}
    ids = [f"r/{i}" for i in range(600)]
    changed = [i for i in ids if _donor(pipe, i, POOL) != _donor(pipe, i, more)]
    assert all(_donor(pipe, i, more)[0].startswith("new/") for i in changed), "an old donor gave way to another old one"
    assert 15 <= len(changed) <= 130


def test_donors_are_spread():
    """Over many records every donor's turn comes; none dominates."""
    view = View(Ring({str(i): {"row": 1} for i in range(10)}), "", "row")
    counts = Counter(view.near(_rng(i), 1)[0] for i in range(3000))
    assert len(counts) == 10


def test_donors_are_different_and_never_the_record():
    """A record is not its own donor, and several donors are different, down to the last."""
    pool = {str(i): {"text": str(i)} for i in range(5)}
    view = View(Ring(pool), "2", "text")
    for i in range(50):
        assert sorted(view.near(_rng(i), 4)) == ["0", "1", "3", "4"]
    with pytest.raises(DataError, match="5 other records with text"):
        view.near(_rng(0), 5)


def test_donors_have_the_field():
    """Records without the field, or with none in it, are passed over."""
    pool = {"a": {"note": "x"}, "b": {"text": None}, "c": {"text": "donor"}}
    out = _pipe()({"text": "abc"}, id="r", pool=pool)
    assert out.lineage["steps"][0]["donors"] == ["c"]


def test_donors_are_canonical():
    """What a user naturally holds serves as a donor as it does as a record."""
    natural = _pipe()({"text": list("abc")}, id="r", pool={"d": {"text": list("donor")}})
    assert dict(natural) == dict(_pipe()({"text": "abc"}, id="r", pool={"d": {"text": "donor"}}))


def test_wrong_donors_are_data_errors():
    """A donor whose value is not of the kind is refused as data, naming the donor."""
    with pytest.raises(DataError, match="'d'"):
        _pipe()({"text": "abc"}, id="r", pool={"d": {"text": 3.5}})


def test_pools_may_be_a_mapping_or_a_ring():
    """An index built once gives what the mapping gives."""
    pipe = _pipe()
    for i in ("a", "b", "c"):
        assert _donor(pipe, i, POOL) == _donor(pipe, i, Ring(POOL))


def test_a_grown_mapping_is_indexed_anew():
    """The index of a mapping is not kept past a change of its size, nor for another mapping."""
    pipe, pool = _pipe(), {"a": {"text": "A"}}
    assert _donor(pipe, "r", pool) == ["a"]
    pool |= {str(i): {"text": "B"} for i in range(100)}
    assert _donor(pipe, "r", pool) == _donor(pipe, "r", dict(pool)) != ["a"]


def test_without_a_pool_it_is_refused():
    """A pipeline with donors says that it needs a pool; a named pool is asked for by name."""
    pipe = _pipe()
    assert pipe.needs_pool
    with pytest.raises(RecipeError, match="a pool of donor records"):
        pipe({"text": "abc"})
    named = _pipe({"demo.splice": {"pool": "others"}})
    with pytest.raises(RecipeError, match="others"):
        named({"text": "abc"}, pool=POOL)
    out = named({"text": "abc"}, id="r", pools={"others": {"d": {"text": "donor"}}})
    assert out.lineage["steps"][0]["donors"] == ["d"]


def test_replay_compares_donors():
    """A stored donor that would no longer be picked is an error; the same pool replays."""
    pipe = _pipe()
    out = pipe({"text": "abc"}, id="r/1", pool=POOL)
    (donor,) = out.lineage["steps"][0]["donors"]
    assert dict(pipe.replay({"text": "abc"}, out.lineage, pool=POOL)) == dict(out)
    fewer = {i: r for i, r in POOL.items() if i != donor}
    with pytest.raises(CheckFailed, match=donor):
        pipe.replay({"text": "abc"}, out.lineage, pool=fewer)


def test_row_donors_blend_numbers_and_labels():
    """A row op with a donor mixes the label by the weight it mixes the numbers by."""
    fields = {"x": "number", "colour": {"kind": "category", "role": "label"}}
    pipe = _pipe("demo.mix", fields=fields)
    out = pipe({"x": 0.0, "colour": "red"}, id="r", pool={"d": {"x": 1.0, "colour": "green"}})
    weight = out.lineage["steps"][0]["draw"]["weight"]
    assert out["x"] == pytest.approx(weight)
    assert out["colour"] == pytest.approx({"red": 1 - weight, "green": weight})
    assert pipe.schema_after["colour"].kind_id == "distribution"
