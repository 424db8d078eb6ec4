"""The audit of a split by time: silent on honest rows, and it finds whatever is planted."""

import random

import pytest

import augury
from augury.dataset.foresight import Foresight, MadeRow

CUT = 700.0
FIELDS = {"history": "interactions"}


@pytest.fixture
def wholes():
    """80 users with events on both sides of the cut; new items appear after it."""
    chance = random.Random(4)
    out = {}
    for i in range(80):
        events = [{"item": f"i{chance.randrange(20)}", "time": chance.uniform(0, 1000)} for _ in range(12)]
        events += [
            {"item": f"late{chance.randrange(4)}", "time": chance.uniform(CUT, 1000)},
            {"item": "i0", "time": 1.0},
        ]
        out[f"u{i:02d}"] = {"history": events}
    return out


@pytest.fixture
def kind():
    """The kind of the histories."""
    return augury.pipeline([], fields=FIELDS).schema["history"].kind


def setting(kind, wholes, cuts=None):
    """Return (the audit, the training side's records) for one cut for all, or one a user."""
    whole = {name: kind.check(r["history"]) for name, r in wholes.items()}
    cuts = cuts or dict.fromkeys(wholes, CUT)
    return Foresight(kind, whole, cuts), {n: {"history": kind.cut(v, cuts[n])[0]} for n, v in whole.items()}


STEPS = ["recsys.insert", "recsys.substitute", "recsys.negatives", "recsys.recombine", "recsys.reorder", "recsys.crop"]


@pytest.mark.parametrize("apart", [False, True], ids=["one cut", "a cut a user"])
def test_augmented_histories_know_nothing_of_the_future(kind, wholes, apart):
    """Every op after another, on the training side alone: no finding in rows, states or fits."""
    chance = random.Random(1)
    cuts = {n: CUT - chance.uniform(0, 200) * apart for n in wholes}
    audit, train = setting(kind, wholes, cuts)
    pipe = augury.pipeline(STEPS, fields=FIELDS).fit(train)
    made = []
    for name, record in train.items():
        out = pipe(record, seed=1, id=name, copy=0, pool=train)
        donors = [d for step in out.lineage["steps"] for d in step.get("donors", ())]
        made.append(MadeRow(f"{name}@0", [name, *donors], out["history"]))
    assert list(audit.rows(made)) == []
    assert list(audit.names(pipe.states)) == []
    assert list(audit.fits(pipe, wholes, "history")) == []
    assert audit.later_items == {"late0", "late1", "late2", "late3"}


def test_fits_on_whole_histories_are_found(kind, wholes):
    """Fitted before the cut, every state is another, and names items that come later."""
    audit, _ = setting(kind, wholes)
    pipe = augury.pipeline(STEPS[:3], fields=FIELDS).fit(wholes)
    assert len(list(audit.fits(pipe, wholes, "history"))) == 3
    assert len(list(audit.names(pipe.states))) == 3


def test_one_planted_future_event_is_found(kind, wholes):
    """A count that one event shifted, an event a row should not have, a donor's future, an item nobody has met."""
    audit, train = setting(kind, wholes)
    history = train["u05"]["history"]
    rows = [MadeRow("honest", ["u05"], history)]
    assert list(audit.rows(rows)) == []
    planted = kind.check([*kind.pack(history), {"item": "i1", "time": CUT}])
    (found,) = audit.rows([MadeRow("late", ["u05"], planted)])
    assert found.place == "late"
    assert "1 events at or after the cut of u05 at 700" in found.problem
    other = kind.pack(kind.check(wholes["u06"]["history"]))[-1]
    cuts = {n: CUT for n in wholes} | {"u05": 2000.0}
    audit, train = setting(kind, wholes, cuts)
    stolen = kind.check([*kind.pack(train["u05"]["history"]), other])
    (found,) = audit.rows([MadeRow("thief", ["u05", "u06"], stolen)])
    assert found.problem == "1 events of the future of u06"
    audit, train = setting(kind, wholes)
    foreign = kind.check([*kind.pack(train["u05"]["history"]), {"item": "late1", "time": 2.0}])
    (found,) = audit.rows([MadeRow("seer", ["u05"], foreign)])
    assert found.problem == "items met after the cuts only: late1"
    poisoned = dict(train) | {
        "u07": {"history": [*kind.pack(train["u07"]["history"]), {"item": "i1", "time": CUT + 1}]}
    }
    pipe = augury.pipeline(["recsys.negatives"], fields=FIELDS).fit(poisoned)
    assert [f.place for f in audit.fits(pipe, wholes, "history")] == ["recsys.negatives#0"]


def test_items_of_a_catalogue_may_be_known(kind, wholes):
    """An item table given beforehand is no knowledge of the future."""
    whole = {name: kind.check(r["history"]) for name, r in wholes.items()}
    audit = Foresight(kind, whole, dict.fromkeys(wholes, CUT), catalogue=["late0", "late1", "late2"])
    assert audit.later_items == {"late3"}
