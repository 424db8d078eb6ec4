"""A generated log: users with tastes, sessions and times, whose items go together in groups."""

import random

import pytest

GROUPS = 5
PER_GROUP = 8


def make_users(count=60, seed=5):
    """Return records by id; each user likes one group of items and strays with one event in five."""
    chance = random.Random(seed)
    out = {}
    for number in range(count):
        taste = chance.randrange(GROUPS)
        moment, events = chance.randrange(10_000), []
        for _ in range(chance.randint(4, 24)):
            group = taste if chance.random() < 0.8 else chance.randrange(GROUPS)
            moment += chance.choice([30, 60, 600, 5000])
            item = f"g{group}-{chance.randrange(PER_GROUP)}"
            events.append({"item": item, "time": moment, "rating": chance.randint(1, 5), "device": chance.choice("ab")})
        out[f"u{number:03d}"] = {"user": f"u{number:03d}", "age": chance.randint(18, 80), "history": events}
    return out


FIELDS = {
    "user": {"kind": "id", "role": "group"},
    "age": "number",
    "history": {
        "kind": "interactions",
        "rating_range": [0, 5],
        "rating_step": 0.5,
        "context": {"device": "category"},
    },
}


@pytest.fixture
def users():
    """60 users."""
    return make_users()


@pytest.fixture
def fields():
    """Their schema."""
    return dict(FIELDS)
