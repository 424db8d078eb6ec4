"""Random chains of every installed op: replay, batches, and compiled against not compiled, with every target there is."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from augury.catalog import registry
from augury.errors import DataError
from augury.op import kinds_of
from augury.pipelines import Output, pipeline
from augury.spaces import geometry
from augury.testing.materials import material
from augury.testing.suite import near

ANCHORS = ["image", "text", "audio", "row"]
COLUMNS = ("number", "category", "datetime", "boolean")


def _ops(anchor):
    """The ops on an anchor that can follow one another: no conversions, no fits."""
    own = [e for e in registry().entries("ops") if e.dist != "augury-bridges"]
    found = [(e.id, e.load()) for e in own if anchor in kinds_of(e.load())]
    return sorted(
        (i, op) for i, op in found if "self" not in op.makes and not op.fits and op.expand.__qualname__ == "Op.expand"
    )


def _material(anchor):
    op = next(op for _, op in _ops(anchor)) if anchor != "row" else type("Any", (), {"columns": COLUMNS})
    return material(op, anchor)


@st.composite
def chains(draw, anchor, field):
    """Two to five steps, some gated, some in a group."""
    ids = [i for i, _ in _ops(anchor)]
    where = {"field": field} if field else {}

    def step(number):
        return {
            draw(st.sampled_from(ids)): {**where, "name": f"s{number}", "p": draw(st.sampled_from([1.0, 1.0, 0.6]))}
        }

    out = []
    for number in range(draw(st.integers(2, 5))):
        if draw(st.integers(0, 4)) == 0:
            out.append({"one_of": {"name": f"g{number}", "steps": [step(f"{number}a"), step(f"{number}b")]}})
        else:
            out.append(step(number))
    return out


def _reads_values(steps):
    members = [m for s in steps for m in (s["one_of"]["steps"] if "one_of" in s else [s])]
    return any("value" in registry().load("ops", next(iter(m))).reads for m in members)


def _run(pipe, record_id, record, copy, pool):
    try:
        return pipe(record, seed=3, id=record_id, copy=copy, pool=pool)
    except DataError as error:
        return error


@pytest.fixture(scope="module", params=ANCHORS)
def place(request):
    """An anchor with its material; skipped where no plugin acts on it."""
    if not _ops(request.param):
        pytest.skip(f"no installed op acts on {request.param}")
    return request.param, _material(request.param)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.data())
def test_chains_keep_every_promise(place, data):
    """Any chain replays, runs batched as alone, and means the same compiled or not."""
    anchor, stuff = place
    steps = data.draw(chains(anchor, stuff.field))
    fused, plain = (pipeline(steps, fields=stuff.schema, compile=on) for on in (True, False))
    records = list(stuff.records.items())[:4]
    alone = {i: _run(fused, i, r, 0, stuff.records) for i, r in records}
    batched = fused.many([(i, 0, r) for i, r in records], seed=3, pool=stuff.records)
    kinds = fused.schema_after
    for (record_id, record), batch in zip(records, batched, strict=True):
        one = alone[record_id]
        assert type(batch) is type(one)
        if not isinstance(one, Output):
            assert str(batch) == str(one)
            continue
        digests = stuff.digests(one, kinds)
        assert stuff.digests(batch, kinds) == digests
        again = fused.replay(record, json.loads(json.dumps(one.lineage)), pool=stuff.records)
        assert stuff.digests(again, kinds) == digests
        for name, value in one.items():
            assert kinds[name].kind.equal(kinds[name].kind.check(value), value), f"{name} is not canonical"
        if not _reads_values(steps):
            _same(kinds, one, _run(plain, record_id, record, 0, stuff.records))


def _same(kinds, one, two):
    assert isinstance(two, Output)
    assert near([s.get("draw") for s in one.lineage["steps"]], [s.get("draw") for s in two.lineage["steps"]])
    assert set(one) == set(two)
    for name in one:
        kind = kinds[name].kind
        if kind.space not in (None, "row"):
            assert kind.size(one[name]) == kind.size(two[name])
        if not (kind.payload or kind.follows_whole):  # those differ by interpolation
            values = [_outlines(v) if name == "polygons" else kind.pack(v) for v in (one[name], two[name])]
            assert near(*values), f"{name}: {one[name]!r:.300} compiled, {two[name]!r:.300} not"


def _outlines(polygons):
    """Labels, areas and bounds of polygons: a corner in the middle of an edge may be there or not."""
    rings = [
        [geometry.area(tuple(map(tuple, ring))), *geometry.bounds(ring.tolist())]
        for o in polygons.objects
        for ring in o
    ]
    return [list(polygons.labels), rings]
