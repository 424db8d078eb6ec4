"""Near-duplicates of real texts: bank queries that resemble each other, and text messages."""

import csv
import random
from collections import defaultdict
from itertools import combinations

import numpy as np
import pytest

from augury_text.near import Near

pytestmark = pytest.mark.real


def banking(folder):
    """The training queries of banking77."""
    with (folder / "banking77/train.csv").open(encoding="utf-8", newline="") as file:
        return [row["text"] for row in csv.DictReader(file)]


def messages(folder):
    """The messages of the SMS spam collection."""
    path = next(p for p in sorted((folder / "sms_spam").iterdir()) if p.stat().st_size > 100_000)
    lines = path.read_text("utf-8", errors="replace").splitlines()[1:]
    return [line.split("\t", 1)[1] for line in lines if "\t" in line]


SETS = {"banking77": banking, "sms_spam": messages}


def punctuated(text, rng, words):
    """The text without its punctuation, and with other."""
    return "".join(c for c in text if c.isalnum() or c.isspace()) + "!!"


def reworded(text, rng, words):
    """The text with one word exchanged for any other of the collection."""
    parts = text.split()
    parts[rng.randrange(len(parts))] = rng.choice(words)
    return " ".join(parts)


def mistyped(text, rng, words):
    """The text without one of its characters."""
    at = rng.randrange(len(text))
    return text[:at] + text[at + 1 :]


ALTERED = {
    "same": (lambda text, rng, words: text, 1, 1.0),
    "case": (lambda text, rng, words: text.upper(), 1, 1.0),
    "punctuation": (punctuated, 1, 1.0),
    "one letter of 20 gone": (mistyped, 4, 0.95),
    "one word of 10 changed": (reworded, 10, 0.95),
}
"""How a text is altered, the fewest words it must have, and the least recall."""


@pytest.mark.parametrize("name", SETS)
def test_recall_and_false_joins(name, real_data):
    """Of copies at least 95 % are found (by case and punctuation all), of other pairs at most 0.1 % are joined."""
    rng, detector = random.Random(1), Near()
    texts = sorted({text for text in SETS[name](real_data) if detector.sketch(text, {})})
    sketches = [detector.sketch(text, {}) for text in texts]
    members = defaultdict(list)
    for i, bands in enumerate(detector.bands(sketches, detector.near, None)):
        for band in set(bands):
            members[band].append(i)
    pairs = sorted({pair for many in members.values() for pair in combinations(many, 2)})
    similar = np.array(detector.similarity([sketches[i] for i, _ in pairs], [sketches[j] for _, j in pairs], None))
    total = len(texts) * (len(texts) - 1) / 2
    joined = np.sum(similar >= detector.near) / total
    print(f"\n{name}, {len(texts)} texts: {len(pairs) / total:.4%} of pairs candidates, {joined:.5%} joined")
    assert joined <= 0.001
    words = [word for text in texts for word in text.split()]
    for how, (change, least, wanted) in ALTERED.items():
        chosen = [i for i, text in enumerate(texts) if len(text.split()) >= least and len(text) >= 2 * least]
        chosen = rng.sample(chosen, 1500)
        one, two = [sketches[i] for i in chosen], [detector.sketch(change(texts[i], rng, words), {}) for i in chosen]
        near = np.array(detector.similarity(one, two, None)) >= detector.near
        bands = zip(detector.bands(one, detector.near, None), detector.bands(two, detector.near, None), strict=True)
        recall = np.mean(near & [bool(set(a) & set(b)) for a, b in bands])
        print(f"{how:24} {recall:.1%} found")
        assert recall >= wanted
