"""The codecs of histories: sequences come back as they were, what users met comes back, times stay in order."""

import json
from collections import Counter

import numpy as np
import pytest

from augury.catalog import registry
from augury.errors import DataError
from augury.record import FieldSpec
from augury.rng import row_keys

Interactions = registry().load("kinds", "interactions")
KIND = Interactions(time="integer", context={"device": "category"})
SCHEMA = {
    "events": FieldSpec("events", KIND),
    "user": FieldSpec("user", registry().load("kinds", "id")(), role="key"),
    "age": FieldSpec("age", registry().load("kinds", "number")(integer=True)),
}


def _users(n=300, seed=0):
    rng = np.random.default_rng(seed)
    out = []
    for _ in range(n):
        count = int(rng.integers(0, 12))
        item = [f"i{min(int(x), 39)}" for x in rng.exponential(8, count)]
        time = np.cumsum(rng.integers(0, 5000, count)) + 1_000_000
        rating = [None if x < 0.1 else float(r) for x, r in zip(rng.random(count), rng.integers(1, 6, count))]
        device = rng.choice(["phone", "desk"], count).tolist()
        out.append(KIND.check({"item": item, "time": time.tolist(), "rating": rating, "device": device}))
    ages = rng.integers(18, 60, n).tolist()
    return {"events": out, "user": [f"u{i}" for i in range(n)], "age": ages}


def _round_trip(name, rows, schema=SCHEMA, **params):
    codec = registry().load("codecs", name)(**params)
    state = json.loads(json.dumps(codec.fit(rows, schema)))
    batch = codec.encode(state, rows)
    return codec, state, batch, codec.decode(state, batch, row_keys(0, 0, len(rows["events"])))


@pytest.mark.parametrize("name", ["codec.history_sequence", "codec.history_counts"])
def test_blocks_are_as_the_spec_says(name):
    """Every block has its declared shape and range, and what comes back is canonical for its kind."""
    rows = _users()
    codec, state, batch, back = _round_trip(name, rows)
    for block in codec.spec(state).blocks:
        array = batch[block.name]
        assert array.shape == (300, *block.shape)
        if block.kind in ("token", "category"):
            assert array.dtype == np.int32 and array.min() >= 0 and array.max() < block.size
        else:
            assert set(np.unique(array)) <= {0.0, 1.0}
    for made in back["events"]:
        assert KIND.equal(KIND.check(made), made) and (np.diff(made.time) >= 0).all()
    assert list(back) == list(rows) and np.mean(np.equal(back["age"], rows["age"])) > 0.9
    assert not set(back["user"]) & set(rows["user"])


def test_sequences_come_back():
    """Items, devices, ratings and empty histories are exact; gaps come back in their bins, so times nearly."""
    rows = _users()
    _, _, batch, back = _round_trip("codec.history_sequence", rows, length=12, bins=400)
    for was, made in zip(rows["events"], back["events"]):
        assert made.item.tolist() == was.item.tolist()
        assert made.context["device"].tolist() == was.context["device"].tolist()
        assert np.array_equal(made.rating, was.rating, equal_nan=True)
        if len(was):
            assert (
                abs(made.time[0] - was.time[0]) < 400
                and np.abs(np.diff(made.time) - np.diff(was.time)).max(initial=0) < 400
            )
    mask, lengths = batch["events#item?"], [len(h) for h in rows["events"]]
    assert mask.sum(axis=1).tolist() == lengths


def test_long_histories_keep_their_last_events():
    """Cut to three events, a history begins with the third last, at its time."""
    rows = _users()
    _, _, _, back = _round_trip("codec.history_sequence", rows, length=3, bins=400)
    for was, made in zip(rows["events"], back["events"]):
        assert made.item.tolist() == was.item[-3:].tolist()
    starts = [(w.time[-3:][0], m.time[0]) for w, m in zip(rows["events"], back["events"]) if len(w)]
    assert np.corrcoef(np.array(starts).T)[0, 1] > 0.9


def test_what_users_met_comes_back():
    """With counts, the set of items and the number of events are exact; repeats go to items that come often."""
    rows = _users()
    _, _, _, back = _round_trip("codec.history_counts", rows)
    for was, made in zip(rows["events"], back["events"]):
        assert set(made.item) == set(was.item) and len(made) == len(was)
    shares = [Counter(i for h in side for i in h.item) for side in (rows["events"], back["events"])]
    total = sum(shares[0].values())
    assert sum(abs(shares[0][i] - shares[1][i]) for i in shares[0]) / 2 / total < 0.1


def test_many_items_share_codes():
    """Past the most codes rare items share one, and are drawn by frequency inside it."""
    rng = np.random.default_rng(0)
    kind = Interactions(time="none", rating=False)
    users = [kind.check([f"i{int(x)}" for x in rng.zipf(1.3, 20) % 3000]) for _ in range(500)]
    schema = {"events": FieldSpec("events", kind)}
    codec, state, _, back = _round_trip("codec.history_sequence", {"events": users}, schema, items=64)
    assert codec.spec(state).block("events#item").size == 64
    assert len({i for h in back["events"] for i in h.item}) > 500 and back["events"][0].time is None


def test_generated_codes_decode_whatever_they_are():
    """Random codes, which a bad model might make, still give canonical histories."""
    codec, state, _, _ = _round_trip("codec.history_sequence", _users())
    rng = np.random.default_rng(1)
    batch = {b.name: rng.integers(0, b.size, (200, *b.shape), dtype=np.int32) for b in codec.spec(state).blocks}
    batch |= {f"{b.name}?": rng.integers(0, 2, (200, *b.shape)) for b in codec.spec(state).blocks if b.masked}
    for made in codec.decode(state, batch, row_keys(2, 0, 200))["events"]:
        assert KIND.equal(KIND.check(made), made)


def test_conditions_are_on_the_columns_beside():
    """A column beside the history may be a condition; the history itself may not."""
    codec, state, _, _ = _round_trip("codec.history_sequence", _users())
    narrowed, condition = codec.narrow(state, {"age": 30})
    batch = {b.name: np.ones((5, *b.shape), dtype=np.int32) for b in codec.spec(state).blocks}
    batch |= {f"{b.name}?": np.ones((5, *b.shape)) for b in codec.spec(state).blocks if b.masked}
    batch["age"] = np.repeat(condition.allowed["age"][:1], 5)
    assert set(codec.decode(narrowed, batch, row_keys(0, 0, 5))["age"]) == {30}
    with pytest.raises(DataError, match="no condition on a history"):
        codec.narrow(state, {"events": "x"})


@pytest.mark.parametrize("name", ["codec.history_sequence", "codec.history_counts"])
def test_nothing_to_learn_is_told(name):
    """No history, or none with an event, is an error with a fix."""
    codec = registry().load("codecs", name)()
    with pytest.raises(DataError, match=r"one column of histories, got 0.*codec\.table"):
        codec.fit({"age": [1, 2]}, SCHEMA)
    with pytest.raises(DataError, match="histories with events"):
        codec.fit({"events": [KIND.check([]), KIND.check([])]}, SCHEMA)
