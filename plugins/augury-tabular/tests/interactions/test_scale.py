"""A generated log with times, through the reader, every fitted op and the audit. AUGURY_TEST_EVENTS says how many."""

import os

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import augury
from augury.dataset.foresight import Foresight, MadeRow
from augury.formats.log import Log

EVENTS = int(os.environ.get("AUGURY_TEST_EVENTS", "20000"))
STEPS = ["recsys.insert", "recsys.substitute", {"recsys.recombine": {"alike": 4}}, "recsys.negatives", "recsys.crop"]


def write_log(path, events):
    """Users of uneven activity, items of Zipf's frequencies, ratings, times over three years; a tenth of the items appears late."""
    random = np.random.default_rng(0)
    users, items = max(events // 50, 10), max(events // 200, 20)
    late = random.random(items) < 0.1
    active = random.lognormal(0, 1.2, users)
    user = random.choice(users, events, p=active / active.sum())
    item = np.minimum(random.zipf(1.4, events), items) - 1
    time = random.integers(1_600_000_000, 1_700_000_000, events)
    time = np.where(late[item], 1_690_000_000 + time % 10_000_000, time)
    table = {"user": user, "item": item, "time": time, "rating": random.integers(1, 6, events)}
    pq.write_table(pa.table(table), path)


def test_a_log_of_many_events_leaks_nothing(tmp_path):
    """Read in order of users, cut at one moment, augmented: nothing knows of a later event, and a planted one is found."""
    write_log(tmp_path / "log.parquet", EVENTS)
    fields = {"history": {"kind": "interactions", "time": "integer", "rating_range": [0, 5]}}
    schema = augury.pipeline([], fields=fields).schema
    kind = schema["history"].kind
    log = Log.build({"of": "parquet", "memory_mb": 256})
    whole = {r.key: kind.check(r.values["history"]) for r in log.read(str(tmp_path / "log.parquet"), schema.fields)}
    assert sum(map(len, whole.values())) == EVENTS
    cut = 1_690_000_000
    audit = Foresight(kind, whole, dict.fromkeys(whole, cut))
    assert audit.later_items
    train = {n: {"history": kind.cut(v, cut)[0]} for n, v in whole.items()}
    train = {n: r for n, r in train.items() if len(r["history"])}
    pipe = augury.pipeline(STEPS, fields=fields).fit(train)
    made = pipe.many([(n, 0, r) for n, r in train.items()], seed=1, pool=train)
    rows = []
    for name, out in zip(train, made, strict=True):
        donors = [d for step in out.lineage["steps"] for d in step.get("donors", ())]
        rows.append(MadeRow(name, [name, *donors], out["history"]))
    assert list(audit.rows(rows)) == []
    assert list(audit.names(pipe.states)) == []
    trained = {n: {"history": whole[n]} for n in train}
    assert list(audit.fits(pipe, trained, "history")) == []
    name = next(n for n in train if len(whole[n]) > len(train[n]["history"]))
    planted = kind.check([*kind.pack(train[name]["history"]), kind.pack(kind.cut(whole[name], cut)[1])[0]])
    assert [f.place for f in audit.rows([MadeRow("planted", [name], planted)])][:1] == ["planted"]
    poisoned = train | {name: {"history": planted}}
    assert len(list(audit.fits(augury.pipeline(STEPS, fields=fields).fit(poisoned), trained, "history"))) == 3
