"""Made histories beside fresh real ones: distances, copies, and the verdict that follows."""

from collections import Counter

import numpy as np
import pytest
from scipy.stats import ks_2samp

from augury import quality
from augury.catalog import registry
from augury.errors import DataError
from augury.generate.generator import Generator
from augury.quality import Histories, compare, evaluate_histories, hold, likeness
from augury.quality.histories import NOT_MEASURED
from augury.recipe.synthesis import Gate
from augury.record import FieldSpec

KIND = registry().load("kinds", "interactions").build({"rating": False, "time": "none"}, "history")
FIELDS = {"history": FieldSpec("history", KIND)}


def _log(users, seed, items=30, most=12):
    """Return histories of random items, some more popular than others."""
    rng = np.random.default_rng(seed)
    shares = 1 / np.arange(1, items + 1)
    draw = lambda: rng.choice(items, rng.integers(3, most), p=shares / shares.sum())  # noqa: E731
    return [KIND.check([f"i{item}" for item in draw()]) for _ in range(users)]


def test_distances_against_other_code():
    """Lengths as scipy measures them, items by counting, copies whatever the order of their items."""
    real, made = _log(80, 0), _log(50, 1, most=8)
    made[:5] = [KIND.check(value.item[::-1].tolist()) for value in real[:5]]
    found = likeness(real, [*made, None])
    assert found.length == pytest.approx(ks_2samp([len(v) for v in real], [len(v) for v in made]).statistic)
    shares = []
    for side in (real, made):
        counts = Counter(item for value in side for item in value.item)
        shares.append({item: n / counts.total() for item, n in counts.items()})
    apart = sum(abs(shares[0].get(i, 0) - shares[1].get(i, 0)) for i in shares[0] | shares[1]) / 2
    assert found.popularity == pytest.approx(apart)
    known = {tuple(sorted(v.item)) for v in real}
    assert found.copies == sum(tuple(sorted(v.item)) in known for v in made) / 50 >= 0.1
    assert likeness(real, []) == (1.0, 1.0, 0.0)


def test_verdicts():
    """Fresh ones may be used with care, copies and another log not at all; longer ones are told."""
    train, fresh = _log(400, 0), _log(150, 1)
    good = compare(train, fresh, _log(300, 2))
    assert good.verdict == ("use with care", (NOT_MEASURED,)) and good.users == 150
    copied = compare(train, fresh, train[::-1])
    assert copied.verdict.word == "do not use" and copied.verdict.reasons[0].startswith("100.0% of them repeat")
    other = compare(train, fresh, [KIND.check(["i9"] * 5)] * 200)
    assert other.verdict.word == "do not use" and "their items' shares lie" in other.verdict.reasons[0]
    assert "numbers of events" in other.verdict.reasons[1]
    longer = compare(train, fresh, _log(200, 3, most=16)).verdict
    assert longer.word == "use with care" and "numbers of events lie" in longer.reasons[0]
    alone = compare(train, [], train)
    assert alone.fresh is None and "no fresh ones" in alone.verdict.reasons[0] and alone.verdict.word == "use with care"
    assert compare(train, fresh, [None]).verdict.word == "do not use"
    assert good.to_dict()["sides"].keys() == {"made", "held out"}


def test_what_a_gate_asks_of_histories():
    """A figure passes up to its limit; with nothing asked the verdict is."""
    train, fresh = _log(400, 0), _log(150, 1)
    found = compare(train, fresh, _log(300, 2))
    for name in ("popularity", "length", "copies"):
        got = getattr(found.made, name)
        for limit, passes in ((got + 0.01, True), (max(got - 0.01, 0), got == 0)):
            (check,) = hold(Gate(**{name: limit}), found)
            assert check.passed is passes and check.asked.startswith(f"{name} at most")
    (check,) = hold(Gate(), found)
    assert check.passed and NOT_MEASURED in check.got
    assert not hold(Gate(), compare(train, fresh, train))[0].passed


def test_a_model_is_fitted_on_the_training_side_alone(monkeypatch):
    """Each seed's rows are compared; a model sees neither the test rows nor rows beyond the protocol's most."""
    seen = []

    def spy(part, fields, *, seed, model):
        seen.append((seed, [value.item.tolist() for value in part["history"]]))
        monkeypatch.setattr(Generator, "stream", lambda self, n: iter([{"history": _log(n, 9)}]))
        return object.__new__(Generator)

    monkeypatch.setattr("augury.quality.histories.fit", spy)
    rows = {"history": [KIND.check([f"u{i}", *value.item]) for i, value in enumerate(_log(200, 0))]}
    protocol = quality.Protocol(seeds=2, rows=120)
    found = evaluate_histories(rows, FIELDS, model="synth.vae", protocol=protocol, held=np.arange(40))
    assert isinstance(found, Histories) and found.users == 40 and [seed for seed, _ in seen] == [0, 1]
    assert all(len(part) == 120 for _, part in seen)
    assert not any(one[0] in {f"u{i}" for i in range(40)} for _, part in seen for one in part)
    with pytest.raises(DataError, match="at least 40 rows"):
        evaluate_histories({"history": rows["history"][:20]}, FIELDS, model="synth.vae")
