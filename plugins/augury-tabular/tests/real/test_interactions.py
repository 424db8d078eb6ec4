"""Histories of real logs: no leak through any op, and nothing lost on the way in."""

import csv

import polars
import pytest

import augury
from augury.dataset.foresight import Foresight, MadeRow
from augury.formats.log import Log

pytestmark = pytest.mark.real

STEPS = ["recsys.insert", "recsys.substitute", "recsys.recombine", "recsys.negatives", "recsys.reorder", "recsys.crop"]


def read(fields, source, **options):
    """Return the records of a log by user, none of them with a problem."""
    schema = augury.pipeline([], fields=fields).schema
    records = list(Log.build(options).read(str(source), schema.fields))
    assert not [r.problem for r in records if r.problem]
    return schema, {r.key: {n: schema[n].kind.check(v) for n, v in r.values.items()} for r in records}


@pytest.fixture(scope="module")
def bandit(real_data):
    """Impressions by the tuple of user features, a click as rating; items from the item table."""
    fields = {
        "history": {"kind": "interactions", "rating_range": [0, 1], "rating_step": 1, "context": {"position": "number"}}
    }
    user = [f"user_feature_{i}" for i in range(4)]
    options = {"user": user, "item": "item_id", "time": "timestamp", "rating": "click", "items": "item_context.csv"}
    return fields, *read(fields, real_data / "open_bandit_men" / "men.csv", **options)


def test_the_bandit_log_is_grouped_as_polars_groups_it(bandit, real_data):
    """Users, their numbers of events, and the times in order."""
    _, _, records = bandit
    log = polars.read_csv(real_data / "open_bandit_men" / "men.csv")
    user = polars.concat_str([f"user_feature_{i}" for i in range(4)], separator="|").alias("user")
    counts = dict(log.group_by(user).len().iter_rows())
    assert {name: len(r["history"]) for name, r in records.items()} == counts
    assert sum(counts.values()) == 10_000
    first = log.with_columns(user).sort("timestamp").group_by("user", maintain_order=True).first()
    for name, item in first.select("user", "item_id").iter_rows():
        history = records[name]["history"]
        assert str(item) in history.item[history.time == history.time[0]]


def test_no_op_sees_past_a_cut_of_the_bandit_log(bandit):
    """Cut at the day where four fifths have happened: the audit is silent on rows, names and fits; a plant is found."""
    fields, schema, records = bandit
    kind = schema["history"].kind
    moments = sorted(t for r in records.values() for t in r["history"].time.tolist())
    cut = moments[int(0.8 * len(moments))]
    whole = {name: r["history"] for name, r in records.items()}
    audit = Foresight(kind, whole, dict.fromkeys(whole, cut))
    train = {n: {"history": kind.cut(v, cut)[0]} for n, v in whole.items()}
    train = {n: r for n, r in train.items() if len(r["history"])}
    pipe = augury.pipeline(STEPS, fields=fields).fit(train)
    made = pipe.many([(n, 0, r) for n, r in train.items()], seed=1, pool=train)
    rows = []
    for name, out in zip(train, made, strict=True):
        donors = [d for step in out.lineage["steps"] for d in step.get("donors", ())]
        rows.append(MadeRow(name, [name, *donors], out["history"]))
    assert [str(f) for f in audit.rows(rows)] == []
    assert list(audit.names(pipe.states)) == []
    trained = {n: {"history": whole[n]} for n in train}
    assert list(audit.fits(pipe, trained, "history")) == []
    assert len(list(audit.fits(pipe.fit(trained), trained, "history"))) == 3
    future = next(kind.pack(kind.cut(v, cut)[1])[0] for v in whole.values() if len(kind.cut(v, cut)[1]))
    planted = kind.check([*kind.pack(rows[0].value), future])
    assert list(audit.rows([rows[0]._replace(value=planted)]))


def test_restaurant_ratings_have_no_times(real_data):
    """By user, without times: every rating is there, ops keep places that exist and ratings of 0, 1 and 2."""
    folder = real_data / "restaurant_consumer"
    with (folder / "places.csv").open(encoding="latin-1", newline="") as file:
        places = tuple(row["placeID"] for row in csv.DictReader(file))
    fields = {
        "history": {
            "kind": "interactions",
            "time": "none",
            "rating_range": [0, 2],
            "rating_step": 1,
            "items": list(places),
            "context": {"food_rating": "number", "service_rating": "number"},
        }
    }
    _, records = read(fields, folder / "rating_final.csv", user=["userID"], item="placeID")
    assert sum(len(r["history"]) for r in records.values()) == 1161
    assert len(records) == 138
    pipe = augury.pipeline([*STEPS, {"recsys.rating_jitter": {"std": 1.0}}], fields=fields).fit(records)
    made = pipe.many([(n, 0, r) for n, r in records.items()], seed=1, pool=records)
    changed = 0
    for (name, record), out in zip(records.items(), made, strict=True):
        assert not isinstance(out, Exception), (name, out)
        assert set(out["history"].rating.tolist()) <= {0.0, 1.0, 2.0}
        assert set(out["history"].item) <= set(places)
        changed += out["history"].item.tolist() != record["history"].item.tolist()
    assert changed > 120
