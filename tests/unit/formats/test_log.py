"""Logs of events: grouped by user as Python groups them, flattened and grouped again, bad rows named."""

import csv
import json
import random

import polars
import pyarrow as pa
import pytest

from augury.catalog import registry
from augury.errors import DataError, RecipeError
from augury.pipelines.fields import parse_schema

FIELDS = {"age": "number", "history": {"kind": "interactions", "context": {"device": "category"}}}


def reader(**options):
    """The format, configured."""
    return registry().load("formats", "log").build(options)


def make_log(rows=500, seed=1):
    """Rows in no order of their users."""
    chance = random.Random(seed)
    users = [f"u{i}" for i in range(40)] + ["\u00e9t\u00e9", "Z", "a b"]
    ages = {user: chance.randint(18, 80) for user in users}
    for number in range(rows):
        user = chance.choice(users)
        yield {
            "user": user,
            "item": f"i{chance.randrange(30)}",
            "time": chance.randrange(1000),
            "rating": chance.choice([1, 2.5, ""]),
            "device": chance.choice(["tv", ""]),
            "age": ages[user],
            "n": number,
        }


def grouped(rows):
    """The oracle: users sorted, their rows in order."""
    out = {}
    for row in rows:
        out.setdefault(row["user"], []).append(row)
    return dict(sorted(out.items()))


def write_csv(path, rows, **options):
    """Write rows with Python's csv."""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]), **options)
        writer.writeheader()
        writer.writerows(rows)


def write_jsonl(path, rows):
    """Write rows as JSON lines, empty values left out."""
    path.write_text("".join(json.dumps({k: v for k, v in r.items() if v != ""}) + "\n" for r in rows))


@pytest.mark.parametrize("of", ["csv", "jsonl", "parquet", "arrow"])
def test_a_log_becomes_one_record_a_user(tmp_path, of):
    """Whatever the files are: users in order, events in the log's order before the kind sorts them, fields constant."""
    rows = list(make_log())
    path = tmp_path / f"log.{of}"
    if of == "csv":
        write_csv(path, rows)
    elif of == "jsonl":
        write_jsonl(path, rows)
    else:
        frame = polars.DataFrame([{k: None if v == "" else v for k, v in r.items()} for r in rows], strict=False)
        frame.write_parquet(path) if of == "parquet" else frame.write_ipc(path)
    schema = parse_schema(FIELDS)
    records = list(reader(of=of).read(str(path), schema.fields))
    wanted = grouped(rows)
    assert [r.key for r in records] == list(wanted)
    kind = schema["history"].kind
    for raw, (user, events) in zip(records, wanted.items(), strict=True):
        assert not raw.problem
        assert schema["age"].kind.check(raw.values["age"]) == events[0]["age"]
        history = kind.check(raw.values["history"])
        expected = sorted(events, key=lambda e: e["time"])
        assert history.item.tolist() == [e["item"] for e in expected], user
        assert history.time.tolist() == [e["time"] for e in expected]
        assert [history.stars(i) for i in range(len(history))] == [e["rating"] or None for e in expected]
        assert history.context["device"].tolist() == [e["device"] or None for e in expected]


def test_little_memory_gives_the_same(tmp_path):
    """The least memory DuckDB is given changes nothing."""
    write_csv(tmp_path / "log.csv", list(make_log(3000)))
    fields = parse_schema(FIELDS).fields
    least, most = (list(reader(memory_mb=mb).read(str(tmp_path / "log.csv"), fields)) for mb in (64, 2048))
    assert [r.values for r in least] == [r.values for r in most]


@pytest.mark.parametrize("of", ["csv", "jsonl", "parquet", "arrow", "sql"])
def test_what_is_written_is_read_back(tmp_path, of):
    """A row an event, numbered; no history and an empty one are told apart; the files open elsewhere."""
    schema = parse_schema({"augury_id": "id", **FIELDS})
    table = pa.table(
        {
            "augury_id": ["a", "b", "c", "d"],
            "age": [1.0, None, 3.0, 4.0],
            "history": [
                [
                    {"item": "x", "time": 1.0, "rating": None, "device": "tv"},
                    {"item": "y", "time": 2.0, "rating": 3.0, "device": None},
                ],
                [],
                None,
                [{"item": "x", "time": 5.0, "rating": 1.0, "device": None}],
            ],
        },
        schema=pa.schema([(n, s.kind.arrow()) for n, s in schema.fields.items()]),
    )
    log = reader(of=of)
    with log.writer(tmp_path / "out", table.schema, schema.fields) as writer:
        writer.write(table.slice(0, 2))
        writer.write(table.slice(2))
    back = pa.concat_tables(log.read_table(writer.path, table.schema, schema.fields))
    assert back.to_pylist() == table.to_pylist()
    if of == "csv":
        flat = polars.read_csv(writer.path)
        assert flat.columns == ["augury_id", "age", "event", "item", "time", "rating", "device"]
        assert flat["event"].to_list() == [0, 1, -1, None, 0]


def test_many_columns_name_a_user(tmp_path):
    """A tuple of features is the user; no user is a row's problem, at its place."""
    rows = [{"f0": a, "f1": b, "item": "x", "time": i} for i, (a, b) in enumerate(["pq", "pr", "pq", ("p", "")])]
    write_csv(tmp_path / "log.csv", rows)
    fields = parse_schema({"history": "interactions"}).fields
    bad, *good = reader(user=["f0", "f1"]).read(str(tmp_path / "log.csv"), fields)
    assert [(r.key, len(r.values["history"])) for r in good] == [("p|q", 2), ("p|r", 1)]
    assert bad.where == "log.csv:5"
    assert "expected a value in f0 and f1" in bad.problem


def test_users_and_items_have_files_of_their_own(tmp_path):
    """The user's fields come from the users' file; an event of an item that is not in the items' leaves alone."""
    write_csv(tmp_path / "log.csv", [{"u": u, "i": i, "t": t} for t, (u, i) in enumerate(["1a", "2b", "1c", "3a"])])
    write_jsonl(tmp_path / "people.jsonl", [{"u": "2", "age": 20}, {"u": "1", "age": 10}, {"u": "9", "age": 90}])
    write_csv(tmp_path / "things.csv", [{"i": "a"}, {"i": "b"}])
    log = reader(user=["u"], item="i", time="t", users="people.jsonl", items="things.csv")
    source = str(tmp_path / "log.csv")
    fields = parse_schema({"age": "number", "history": "interactions"}).fields
    bad, *good = log.read(source, fields)
    assert "expected an item of things.csv, got 'c'" in bad.problem
    assert bad.where == "log.csv:4"
    assert [(r.key, r.values.get("age"), [e["item"] for e in r.values["history"]]) for r in good] == [
        ("1", 10, ["a"]),
        ("2", 20, ["b"]),
        ("3", None, ["a"]),
    ]
    assert {p.rsplit("/", 1)[-1] for p in log.files(source)} == {"log.csv", "people.jsonl", "things.csv"}
    assert set(log.columns(source)) == {"u", "history", "age"}


def test_bad_logs_are_named(tmp_path):
    """Ragged rows, a field that differs inside a user, absent columns, escaping paths."""
    fields = parse_schema({"age": "number", "history": "interactions"}).fields
    path = tmp_path / "log.csv"
    path.write_text("user,item,time,age\nu,a,1,30\nu,b,2,31\nv,c\nw,d,1,5\n")
    found = {r.where: r for r in reader().read(str(path), fields)}
    assert "expected 4 cells, got 2" in found["log.csv:4"].problem
    assert "one value for the user u, got 30 and 31 (log.csv:3)" in found["log.csv:2 (user u)"].problem
    assert not found["log.csv:5 (user w)"].problem
    with pytest.raises(DataError, match="a column 'movie'"):
        list(reader(item="movie").read(str(path), fields))
    with pytest.raises(DataError, match="inside the source's folder"):
        list(reader(users="../people.csv").read(str(path), fields))
    with pytest.raises(RecipeError, match="set history: events"):
        list(reader().read(str(path), parse_schema({"events": "interactions"}).fields))
    with pytest.raises(RecipeError, match="the format of the files"):
        reader(of="log")


def test_what_a_log_cannot_hold_is_refused_before_writing(tmp_path):
    """Two histories, and a field called like a column of the events."""
    for fields in ({"a": "interactions", "b": "interactions"}, {"item": "id", "history": "interactions"}):
        schema = parse_schema({"augury_id": "id", **fields})
        arrow = pa.schema([(n, s.kind.arrow()) for n, s in schema.fields.items()])
        with pytest.raises(RecipeError, match=r"log: expected"):
            reader().writer(tmp_path / "x", arrow, schema.fields)
