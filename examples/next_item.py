"""Next-item prediction from item co-occurrence, with and without augmented histories: does it help, and how surely?

The log is generated: users with tastes, items that go together; plenty of users, and few. Where AUGURY_REAL_DATA is
set and holds ``open_bandit_men``, the same is done on its impressions. Each user's last event is the test; everything
fitted sees the events before it. Prints the hit rate at 10 of several seeds and the 95 % interval of the difference,
whichever way it falls.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

import augury
from augury.frames import from_log

FIELDS = {"history": {"kind": "interactions", "rating": False}}
STEPS: Mapping[str, list[Any]] = {
    "crop, reorder": [{"recsys.crop": {"fraction_range": [0.6, 0.9]}}, "recsys.reorder"],
    "substitute": [{"recsys.substitute": {"fraction": 0.3, "neighbours": 5}}],
    "recombine": [{"recsys.recombine": {"alike": 8}}],
}
SEEDS = range(6)
COPIES = 2
WINDOW = 3
TOP = 10


def generated(seed: int, users: int = 400, groups: int = 12, per_group: int = 15) -> dict[str, dict[str, Any]]:
    """Return users whose next item comes mostly from their taste, near the last one."""
    random = np.random.default_rng(seed)
    out = {}
    for user in range(users):
        tastes = random.choice(groups, 2, replace=False)
        moment, item, events = random.uniform(0, 1e6), 0, []
        for _ in range(int(random.integers(4, 14))):
            group = random.choice(tastes) if random.random() < 0.85 else random.integers(groups)
            item = (item + int(random.integers(1, 4))) % per_group
            moment += random.exponential(3600)
            events.append({"item": f"{group}-{item}", "time": moment})
        out[f"u{user:04d}"] = {"history": events}
    return out


def bandit() -> dict[str, dict[str, Any]] | None:
    """Return the real log's users (the tuple of their features), or None where it is not there."""
    path = Path(os.environ.get("AUGURY_REAL_DATA", "")) / "open_bandit_men" / "men.csv"
    if not os.environ.get("AUGURY_REAL_DATA") or not path.is_file():
        return None
    import pandas

    columns = ["timestamp", "item_id", *(f"user_feature_{i}" for i in range(4))]
    log = pandas.read_csv(path, usecols=columns).rename(columns={"item_id": "item", "timestamp": "time"})
    return from_log(log, user=columns[2:], rating=None)


def next_items(histories: list[np.ndarray], items: Mapping[str, int]) -> np.ndarray:
    """Return how often an item follows another within a few events, the nearer the more: float (items, items)."""
    counts = np.full((len(items), len(items)), 1e-6)
    for history in histories:
        numbers = [items[item] for item in history]
        for place, number in enumerate(numbers):
            for gap, following in enumerate(numbers[place + 1 : place + 1 + WINDOW], 1):
                counts[number, following] += 1 / gap
    return counts / counts.sum(axis=1, keepdims=True)


def hit_rate(model: np.ndarray, histories: list[np.ndarray], answers: list[str], items: Mapping[str, int]) -> float:
    """Return the share of users whose next item is among the first ten."""
    hits = 0
    for history, answer in zip(histories, answers, strict=True):
        scores = sum(model[items[item]] / gap for gap, item in enumerate(history[::-1][:WINDOW], 1))
        hits += items[answer] in np.argsort(-np.asarray(scores), kind="stable")[:TOP]
    return hits / len(answers)


def compare(users: Mapping[str, Mapping[str, Any]], seed: int) -> dict[str, float]:
    """Return the hit rate without augmentation and with each kind of it; the last event of a user is the test."""
    kind = augury.pipeline([], fields=FIELDS).schema["history"].kind
    whole = {name: kind.check(record["history"]) for name, record in users.items()}
    whole = {name: history for name, history in whole.items() if len(history) >= 3}
    train = {name: {"history": history[:-1]} for name, history in whole.items()}
    answers = [history.item[-1] for history in whole.values()]
    own = [record["history"].item for record in train.values()]
    names = sorted({item for history in whole.values() for item in history.item})
    items = {item: number for number, item in enumerate(names)}
    out = {"none": hit_rate(next_items(own, items), own, answers, items)}
    for label, steps in STEPS.items():
        pipe = augury.pipeline(steps, fields=FIELDS)
        pipe = pipe.fit(train) if pipe.needs_fit else pipe
        keys = [(name, copy, record) for name, record in train.items() for copy in range(COPIES)]
        made = pipe.many(keys, seed=seed, pool=train if pipe.needs_pool else None)
        more = [output["history"].item for output in made if not isinstance(output, Exception)]
        out[label] = hit_rate(next_items(own + more, items), own, answers, items)
    return out


def report(title: str, runs: list[dict[str, float]]) -> None:
    """Print the mean hit rates, and the mean difference to none with its 95 % interval over seeds (Student's t)."""
    from scipy.stats import t

    print(f"{title}: hit rate at {TOP}, {len(runs)} seeds")
    base = np.array([run["none"] for run in runs])
    print(f"  {'none':14} {base.mean():.3f}")
    for label in STEPS:
        rates = np.array([run[label] for run in runs])
        gain = rates - base
        half = t.ppf(0.975, len(gain) - 1) * gain.std(ddof=1) / len(gain) ** 0.5
        verdict = "helps" if gain.mean() > half else "harms" if gain.mean() < -half else "no difference to be seen"
        print(f"  {label:14} {rates.mean():.3f}  {gain.mean():+.3f} +/- {half:.3f}  {verdict}")


def main() -> None:
    """Compare on generated logs, and on the real one where it is."""
    report("generated log, 400 users", [compare(generated(seed), seed) for seed in SEEDS])
    report("generated log, 60 users", [compare(generated(seed, users=60), seed) for seed in SEEDS])
    if (real := bandit()) is not None:
        report("open_bandit_men", [compare(real, seed) for seed in SEEDS])


if __name__ == "__main__":
    main()
