"""The ops on histories, against counting by hand."""

import random
from collections import Counter
from itertools import pairwise
from math import log2

import numpy as np
import pytest
from scipy.stats import chisquare

import augury
from augury.errors import RecipeError
from augury_tabular.interactions.correlation import correlations, partner
from augury_tabular.interactions.kind import Interactions

ALL = [
    {"recsys.crop": {}},
    {"recsys.reorder": {}},
    {"recsys.mask": {}},
    {"recsys.mask": {"how": "delete"}},
    {"recsys.insert": {}},
    {"recsys.substitute": {}},
    {"recsys.rating_jitter": {}},
    {"recsys.negatives": {}},
    {"recsys.recombine": {}},
    {"recsys.merge": {}},
]


def ran(steps, fields, records, copies=1, seed=3):
    """Return [(id, history before, history after)] of a fitted pipeline."""
    pipe = augury.pipeline(steps, fields=fields)
    pipe = pipe.fit(records) if pipe.needs_fit else pipe
    items = [(name, copy, record) for copy in range(copies) for name, record in records.items()]
    made = pipe.many(items, seed=seed, pool=records if pipe.needs_pool else None)
    for out in made:
        assert not isinstance(out, Exception), out
    kind = pipe.schema["history"].kind
    return [(n, kind.check(r["history"]), out["history"]) for (n, _, r), out in zip(items, made, strict=True)]


def events(history):
    """An event of a history as a hashable thing, without its time."""
    return [(e.item, e.rating, tuple(e.context.items())) for e in history]


@pytest.mark.parametrize("step", ALL, ids=lambda s: next(iter(s)))
def test_every_op_keeps_what_a_history_promises(step, fields, users):
    """Times ascend and lie in the record's own span, ratings keep bounds and steps, items are known ones."""
    known = {e["item"] for r in users.values() for e in r["history"]} | {"[mask]"}
    changed = 0
    for _, before, after in ran([step], fields, users):
        assert (np.diff(after.time) >= 0).all()
        assert before.time[0] <= after.time[0]
        assert after.time[-1] <= before.time[-1]
        assert set(after.item) <= known
        Interactions(**{k: v for k, v in fields["history"].items() if k != "kind"}).check(list(map(_given, after)))
        changed += events(before) != events(after)
    assert changed > len(users) / 2 or "recsys.merge" in step


def _given(event):
    return {"item": event.item, "time": event.time, "rating": event.rating, **event.context}


def test_crop_keeps_a_run(fields, users):
    """What is kept are neighbouring events with their times; keep: last ends with the last."""
    for _, before, after in ran([{"recsys.crop": {"fraction_range": [0.5, 0.5]}}], fields, users):
        n, kept = len(before), len(after)
        assert kept == max(1, int(0.5 * n + 0.5))
        whole = list(zip(events(before), before.time, strict=True))
        part = list(zip(events(after), after.time, strict=True))
        assert any(whole[i : i + kept] == part for i in range(n - kept + 1))
    for _, before, after in ran([{"recsys.crop": {"keep": "last"}}], fields, users):
        assert events(before)[-len(after) :] == events(after)


def test_reorder_shuffles_what_happened_and_leaves_when(fields, users):
    """The same events at the same times, outside one run in the same places."""
    moved = 0
    for _, before, after in ran([{"recsys.reorder": {"fraction_range": [0.5, 0.5]}}], fields, users):
        assert before.time.tolist() == after.time.tolist()
        assert Counter(events(before)) == Counter(events(after))
        differ = [i for i, (a, b) in enumerate(zip(events(before), events(after), strict=True)) if a != b]
        moved += bool(differ)
        if differ:
            assert differ[-1] - differ[0] < max(2, int(0.5 * len(before) + 0.5))
    assert moved > len(users) / 2


def test_mask_hides_a_share(fields, users):
    """A token stands for the item and nothing else changes; deleting leaves the others and at least one."""
    for _, before, after in ran([{"recsys.mask": {"fraction_range": [0.3, 0.3]}}], fields, users):
        masked = [i for i, item in enumerate(after.item) if item == "[mask]"]
        assert len(masked) == max(1, int(0.3 * len(before) + 0.5))
        assert all(after.item[i] == before.item[i] for i in range(len(before)) if i not in masked)
        assert after.rating.tolist() == before.rating.tolist()
    for _, before, after in ran([{"recsys.mask": {"how": "delete", "fraction_range": [1, 1]}}], fields, users):
        assert len(after) == 1
        assert events(after)[0] in events(before)


def test_correlations_are_those_counted_by_hand(users):
    """Item-based filtering with inverse user frequency, by three nested loops."""
    sets = [{e["item"] for e in r["history"]} for r in users.values()]
    histories = [
        Interactions().check([{"item": e["item"], "time": e["time"]} for e in r["history"]]) for r in users.values()
    ]
    state = correlations(histories, "[mask]", neighbours=4)
    names = sorted(set().union(*sets))
    assert state["items"] == names
    for i, one in enumerate(names):
        strength = {}
        for other in names:
            shared = [s for s in sets if one in s and other in s]
            if other != one and shared:
                both = sum(one in s for s in sets) * sum(other in s for s in sets)
                strength[other] = sum(1 / log2(1 + len(s)) for s in shared) / both**0.5
        best = sorted(strength, key=lambda o: (-round(strength[o], 12), o))[:4]
        found = [names[j] for j in state["near"][i] if j >= 0]
        assert np.allclose(state["weight"][i][: len(best)], [strength[o] for o in best])
        assert sorted(strength[o] for o in found) == pytest.approx(sorted(strength[o] for o in best))


def test_insert_puts_partners_behind_events(fields, users):
    """Without the new events the history is as it was; each lies in time between its neighbours."""
    grown = 0
    for _, before, after in ran([{"recsys.insert": {"fraction": 0.5}}], fields, users):
        old = iter([*zip(events(before), before.time, strict=True), None])
        wanted = next(old)
        for event in zip(events(after), after.time, strict=True):
            if wanted == event:
                wanted = next(old)
        assert wanted is None
        grown += len(after) - len(before)
    assert grown > 0.4 * sum(len(r["history"]) for r in users.values())


def test_inserted_and_substituted_items_go_together_with_theirs(fields, users):
    """Items of the taste's own group are drawn far more often than one in five."""
    same = total = 0
    for _, before, after in ran([{"recsys.substitute": {"fraction": 1.0, "neighbours": 3}}], fields, users):
        assert after.time.tolist() == before.time.tolist()
        pairs = zip(before.item, after.item, strict=True)
        same += sum(a[:2] == b[:2] for a, b in pairs)
        assert all(a != b for a, b in zip(before.item, after.item, strict=True))
        total += len(before)
    assert same / total > 0.6


def test_partners_are_drawn_by_weight():
    """Frequencies of drawn partners follow the fitted weights (chi-square)."""
    from augury.rng import Rng, block, path_key, record_key

    state = {"items": ["a", "b", "c", "d"], "near": np.array([[1, 2, 3]]), "weight": np.array([[0.5, 0.3, 0.2]])}
    drawn = Counter(partner(Rng(block(record_key(1, str(i), 0), path_key("x"))), state, "a") for i in range(4000))
    assert chisquare([drawn[i] for i in "bcd"], [2000, 1200, 800]).pvalue > 1e-4
    assert partner(Rng(b"0" * 64), state, "z") is None
    assert partner(Rng(b"0" * 64), state, "a", ("d",)) == "d"


def test_rating_jitter_leaves_missing_ones_and_keeps_steps(fields):
    """Noise of the asked size, on the grid of the field; no number where there was none."""
    records = {
        f"u{i}": {"history": [{"item": "a", "time": t, "rating": 2.5 if t % 2 else None} for t in range(40)]}
        for i in range(40)
    }
    rated = []
    for _, _, after in ran([{"recsys.rating_jitter": {"std": 0.5}}], fields, records):
        assert np.isnan(after.rating[::2]).all()
        rated += after.rating[1::2].tolist()
    assert {r * 2 % 1 for r in rated} == {0.0}
    assert np.std(rated) == pytest.approx((0.25 + 1 / 48) ** 0.5, rel=0.1)  # the noise and the rounding to halves


@pytest.mark.parametrize("popularity", [0.0, 0.5, 1.0])
def test_negatives_are_unmet_items_by_popularity(popularity):
    """No negative is an item of the user; over many users their counts follow count ** popularity."""
    chance = random.Random(1)
    weights = {f"i{k}": 2 ** (k % 6) for k in range(12)}
    names, shares = list(weights), list(weights.values())
    records = {}
    for i in range(300):
        items = ["base", *chance.choices(names, shares, k=3)]
        records[f"u{i:03d}"] = {"history": [{"item": x, "time": t, "rating": 5} for t, x in enumerate(items)]}
    drawn = Counter()
    expected = Counter()
    counts = Counter(e["item"] for r in records.values() for e in r["history"])
    step = {"recsys.negatives": {"per_event": 2, "popularity": popularity}}
    for _, before, after in ran([step], {"history": "interactions"}, records):
        new = [e.item for e in after if e.rating == 0]
        assert len(new) == 2 * len(before)
        assert not set(new) & set(before.item)
        drawn.update(new)
        rest = {x: c**popularity for x, c in counts.items() if x not in set(before.item)}
        for x, w in rest.items():
            expected[x] += len(new) * w / sum(rest.values())
    assert "base" not in drawn
    assert chisquare([drawn[x] for x in expected], list(expected.values())).pvalue > 1e-4


def test_negatives_leave_impressions_and_full_users_alone():
    """Events that are negatives already get none, and who has met everything neither; the catalogue adds items."""
    records = {
        "all": {"history": [{"item": x, "time": t, "rating": 1} for t, x in enumerate("abc")]},
        "seen": {"history": [{"item": "a", "time": 0, "rating": 0}, {"item": "b", "time": 1, "rating": 1}]},
    }
    after = {n: h for n, _, h in ran(["recsys.negatives"], {"history": "interactions"}, records)}
    assert after["all"].item.tolist() == ["a", "b", "c"]
    assert after["seen"].item.tolist() == ["a", "b", "c"]
    catalogue = {"history": {"kind": "interactions", "items": list("abcd")}}
    for popularity, unmet in ((0, {"d"}), (1, set())):
        made = ran([{"recsys.negatives": {"popularity": popularity}}], catalogue, records, copies=5)
        assert {e.item for n, _, h in made if n == "all" for e in h if e.rating == 0} == unmet


def test_negatives_need_a_rating_of_the_field():
    """A rating out of the field's range is refused with its fix, not written."""
    fields = {"history": {"kind": "interactions", "rating_range": [1, 5]}}
    pipe = augury.pipeline(["recsys.negatives"], fields=fields)
    records = {"u": {"history": [{"item": "a", "time": 1, "rating": 3}]}}
    with pytest.raises(RecipeError, match="rating: expected 1 to 5, got 0"):
        pipe.fit(records)(records["u"], seed=1, id="u", copy=0)


def test_a_synthetic_user_starts_as_one_and_goes_on_as_another(fields, users):
    """Own events to a moment, then the donor's of later moments, none later than the record's own last one."""
    kind = augury.pipeline(["recsys.recombine"], fields=fields).schema["history"].kind
    mixed = 0
    pipe = augury.pipeline([{"recsys.recombine": {"alike": 4}}], fields=fields)
    for name, record in users.items():
        out = pipe(record, seed=1, id=name, copy=0, pool=users)
        (step,) = out.lineage["steps"]
        own, other = (kind.check(users[n]["history"]) for n in (name, step["donors"][0]))
        keep, (a, b) = step["draw"]["keep"][1], step["draw"]["take"]
        if a == b:
            assert kind.equal(out["history"], own)
            continue
        mixed += 1
        assert events(out["history"]) == events(own)[:keep] + events(other)[a:b]
        assert other.time[a] > own.time[keep - 1]
        assert out["age"] == record["age"]
    assert mixed > len(users) / 4


def test_the_donor_is_the_most_alike(fields, users):
    """Of all users looked at, the donor shares at least as large a part of the items as a random one, on average."""

    def shared(alike):
        pipe = augury.pipeline([{"recsys.recombine": {"alike": alike}}], fields=fields)
        found = []
        for name, record in users.items():
            donor = pipe(record, seed=1, id=name, copy=0, pool=users).lineage["steps"][0]["donors"][0]
            one, two = ({e["item"] for e in users[n]["history"]} for n in (name, donor))
            found.append(len(one & two) / len(one | two))
        return sum(found) / len(found)

    assert shared(16) > 2 * shared(1)


def test_sessions_are_cut_by_a_gap_and_merged_again(fields, users):
    """The cleaner's pieces are the events between long pauses; merging puts each behind the one before it."""
    from types import SimpleNamespace

    from augury.spaces.events import EventsSegment
    from augury_tabular.interactions.cleaners import SplitSessions

    kind = augury.pipeline(["recsys.merge"], fields=fields).schema["history"].kind
    whole = kind.check(users["u000"]["history"])
    cleaner = SplitSessions(gap=1000.0)
    info = SimpleNamespace(field="history", record={"history": whole}, size=kind.size(whole))
    sessions = {}
    for piece in range(cleaner.pieces(whole, info)):
        segment = EventsSegment(kind.size(whole))
        segment.push(cleaner.effect(piece, info))
        sessions[f"log/u000/{piece}"] = {"user": "u000", "history": kind.render(whole, segment)}
    parts = [s["history"] for s in sessions.values()]
    assert len(parts) > 1
    assert [e for p in parts for e in events(p)] == events(whole)
    assert all((np.diff(p.time) <= 1000).all() for p in parts)
    assert all(b.time[0] - a.time[-1] > 1000 for a, b in pairwise(parts))
    pipe = augury.pipeline(["recsys.merge"], fields=fields)
    joined = [pipe(r, seed=1, id=n, copy=0, pool=sessions)["history"] for n, r in sessions.items()]
    assert events(joined[0]) == events(parts[0])
    assert all(events(joined[i]) == events(parts[i - 1]) + events(parts[i]) for i in range(1, len(parts)))
    strangers = {n: {**r, "user": n} for n, r in sessions.items()}
    assert all(
        len(pipe(r, seed=1, id=n, copy=0, pool=strangers)["history"]) == len(r["history"]) for n, r in strangers.items()
    )


def test_sessions_follow_what_happens_to_their_events(fields, users):
    """Through crop, insert and deletion a session holds exactly the events that were its own or put in for them."""
    fields = {**fields, "visits": {"kind": "sessions", "of": "history"}}
    steps = [{"recsys.insert": {"fraction": 0.4}}, {"recsys.crop": {}}, {"recsys.mask": {"how": "delete"}}]
    records = {n: {**r, "visits": [[0, 2, "first"], [2, len(r["history"]), "rest"]]} for n, r in users.items()}
    pipe, plain = (augury.pipeline(steps, fields=fields, compile=on).fit(records) for on in (True, False))
    for name, record in records.items():
        out = pipe(record, seed=2, id=name, copy=0)
        again = plain(record, seed=2, id=name, copy=0)
        assert out["visits"] == again["visits"]
        covered = sorted(i for s in out["visits"] for i in range(s.start, s.end))
        assert covered == list(range(len(out["history"])))


def test_fitted_statistics_are_functions_of_the_set_of_training_records(fields, users):
    """Another order of the records, and other records on the test side, change no state."""
    for step in ("recsys.insert", "recsys.substitute", "recsys.negatives"):
        pipe = augury.pipeline([step], fields=fields)
        names = list(users)
        train = {n: users[n] for n in names[:40]}
        shuffled = {n: train[n] for n in random.Random(2).sample(list(train), len(train))}
        assert pipe.fit(train).state_hashes == pipe.fit(shuffled).state_hashes
        more = {**train, names[40]: users[names[40]]}
        assert pipe.fit(train).state_hashes != pipe.fit(more).state_hashes


def test_replay_makes_the_same_rows(fields, users):
    """A stored lineage replays to the same values, draws looked up again and compared."""
    steps = [next(iter(s)) for s in ALL if "recsys.merge" not in s and s != {"recsys.mask": {"how": "delete"}}]
    pipe = augury.pipeline(steps, fields=fields).fit(users)
    for name in list(users)[:10]:
        out = pipe(users[name], seed=9, id=name, copy=1, pool=users)
        again = pipe.replay(users[name], out.lineage, pool=users)
        assert events(again["history"]) == events(out["history"])
