"""Users of a real log made anew: how long their histories are, and how popular each item is."""

from collections import Counter

import pandas
import pytest
from scipy.stats import ks_2samp

import augury
from augury.frames import from_log
from augury.generate import fit
from augury.synthesis import Budget

pytestmark = pytest.mark.real

FIELDS = {"history": {"kind": "interactions", "rating": False}}
USER = [f"user_feature_{i}" for i in range(4)]


def popularity(histories):
    """Return each item's share of all events."""
    counts = Counter(item for history in histories for item in history.item)
    total = sum(counts.values())
    return Counter({item: count / total for item, count in counts.items()})


def test_users_of_the_bandit_log(real_data):
    """Lengths within 0.1 by Kolmogorov and Smirnov's distance, items within 0.1 by total variation, of the real ones.

    Short training of a small network is enough for both.
    """
    log = pandas.read_csv(real_data / "open_bandit_men" / "men.csv", usecols=["timestamp", "item_id", *USER])
    users = from_log(log.rename(columns={"item_id": "item", "timestamp": "time"}), user=USER, rating=None)
    field = augury.pipeline([], fields=FIELDS).schema["history"]
    real = [field.kind.check(record["history"]) for record in users.values()]
    made = fit(
        {"history": real}, {"history": field}, model="synth.autoregressive", codec="codec.history_sequence",
        params={"width": 64}, budget=Budget(steps=120),
    ).sample(2000)["history"]  # fmt: skip
    assert ks_2samp([len(h) for h in real], [len(h) for h in made]).statistic <= 0.1
    shares = popularity(real), popularity(made)
    assert sum(abs(shares[0][item] - shares[1][item]) for item in shares[0] | shares[1]) / 2 <= 0.1
