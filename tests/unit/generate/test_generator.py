"""Generators: conditions hold, prefixes hold, saved folders are whole, bad tables are told."""

import json
import os
import subprocess
import sys
from collections import Counter
from datetime import datetime, timedelta

import numpy as np
import pytest

from augury import durable, generate
from augury.catalog import registry
from augury.constraints import read_constraint
from augury.errors import DataError, EngineError, ParamError, UnknownId
from augury.generate import Between
from augury.generate.conditions import class_sequence
from augury.record import FieldSpec

pytest.importorskip("augury_synthesis", reason="the plugin is installed with torch, not here")

MODELS = ("synth.forest", "synth.marginals", "synth.copula", "synth.smotenc", "synth.bootstrap")


def _field(name, kind, role=None, **options):
    return FieldSpec(name, registry().load("kinds", kind)(**options), role=role)


FIELDS = {
    f.name: f
    for f in (
        _field("id", "id", role="key"),
        _field("age", "number", integer=True),
        _field("income", "number", decimals=2),
        _field("city", "category"),
        _field("since", "datetime"),
        _field("until", "datetime"),
        _field("rich", "boolean"),
    )
}


def _table(n=500, seed=0):
    rng = np.random.default_rng(seed)
    age = rng.integers(18, 80, n)
    income = np.round(age * 20 + rng.lognormal(5, 1, n), 2)
    since = [datetime(2020, 1, 1) + timedelta(days=int(d)) for d in rng.integers(0, 900, n)]
    return {
        "id": [f"u{i}" for i in range(n)],
        "age": age.tolist(),
        "income": [None if x < 0.05 else float(v) for x, v in zip(rng.random(n), income)],
        "city": rng.choice(["Rome", "Oslo", "Bern"], n, p=[0.7, 0.25, 0.05]).tolist(),
        "since": since,
        "until": [s + timedelta(days=int(d)) for s, d in zip(since, rng.integers(0, 50, n))],
        "rich": (income > 1500).tolist(),
    }


def _fit(model="synth.forest", table=None, fields=FIELDS, **options):
    params = {"trees": 2} if model == "synth.forest" else None
    return generate.fit(table or _table(), fields, model=model, params=params, seed=3, **options)


@pytest.fixture(scope="module")
def forest():
    """A fitted forest."""
    return _fit()


@pytest.mark.parametrize("model", MODELS)
def test_fewer_rows_are_a_prefix_of_more(model):
    """sample(1000) begins sample(2500), column by column, whatever the model."""
    made = _fit(model)
    few, many = made.sample(1000), made.sample(2500)
    assert all(len(many[name]) == 2500 and many[name][:1000] == few[name] for name in FIELDS)


def test_rows_are_of_the_table_and_keys_new(forest):
    """Every value is canonical for its kind and within what was seen; keys are new and never repeat."""
    rows, table = forest.sample(1500), _table()
    for name, spec in FIELDS.items():
        assert all(v is None or spec.kind.check(v) == v for v in rows[name])
    assert min(rows["age"]) >= 18 and max(rows["age"]) <= 79
    assert len(set(rows["id"])) == 1500 and not set(rows["id"]) & set(table["id"])
    assert 0 < sum(v is None for v in rows["income"]) < 200


def test_a_saved_generator_gives_the_same_rows_in_another_process(forest, tmp_path):
    """Codec, constraints, schema and model come back whole."""
    forest.save(tmp_path / "m")
    code = (
        "import sys; from augury import generate; r = generate.load(sys.argv[1]).sample(30);"
        "import json; print(json.dumps(r, default=str))"
    )
    out = subprocess.run([sys.executable, "-c", code, str(tmp_path / "m")], capture_output=True, text=True, check=True)
    assert json.loads(out.stdout) == json.loads(json.dumps(forest.sample(30), default=str))
    described = json.loads((tmp_path / "m" / "generator.json").read_text())
    assert described["training"]["rows"] == 500 and len(described["training"]["sha256"]) == 64


@pytest.mark.parametrize(
    ("where", "holds"),
    [
        ({"city": "Oslo"}, lambda r: r["city"] == "Oslo"),
        ({"city": ["Oslo", "Bern"], "rich": True}, lambda r: r["city"] != "Rome" and r["rich"]),
        ({"age": Between(30, 35)}, lambda r: 30 <= r["age"] <= 35),
        ({"income": Between(None, 900.005)}, lambda r: r["income"] is not None and r["income"] <= 900),
    ],
)
def test_conditions_hold_for_every_row(forest, where, holds):
    """Classes and ranges are met by all rows asked for, and the rows are a prefix of more."""
    rows, more = forest.sample(300, where=where), forest.sample(1200, where=where)
    assert all(holds(dict(zip(rows, values))) for values in zip(*rows.values()))
    assert all(more[name][:300] == rows[name] for name in rows)


def test_rows_under_two_conditions_share_no_key(forest):
    """Samples of two conditions can stand in one table."""
    ids = [*forest.sample(200, where={"city": "Oslo"})["id"], *forest.sample(200)["id"]]
    assert len(set(ids)) == 400


@pytest.mark.parametrize("balance", ["city", ("city", {"Rome": 0.5, "Oslo": 0.3, "Bern": 0.2})])
def test_balance_is_exact(forest, balance):
    """Every prefix has each category as often as asked, to within one row or two."""
    rows, more = forest.sample(1000, balance=balance), forest.sample(1500, balance=balance)
    wanted = dict.fromkeys(["Rome", "Oslo", "Bern"], 1 / 3) if isinstance(balance, str) else balance[1]
    for n in (10, 333, 1000):
        got = Counter(rows["city"][:n])
        assert all(abs(got[city] - share * n) <= 1.5 for city, share in wanted.items())
    assert all(more[name][:1000] == rows[name] for name in rows)


def test_class_sequences_are_prefixes():
    """A longer sequence of classes begins with a shorter one, and shares are kept to a row."""
    shares = np.array([0.6, 0.25, 0.1, 0.05])
    long = class_sequence(shares, 5000)
    for n in (1, 7, 100, 4999):
        assert np.array_equal(class_sequence(shares, n), long[:n])
        assert np.abs(np.bincount(long[:n], minlength=4) - shares * n).max() <= 2


def test_rows_are_completed():
    """Given columns come back as they were, the others drawn for them."""
    made = _fit("synth.copula")
    given = {"age": [20, 70] * 600, "city": ["Rome", "Oslo"] * 600}
    parts = list(made.complete(given))
    rows = {name: [v for part in parts for v in part[name]] for name in FIELDS}
    assert rows["age"] == given["age"] and rows["city"] == given["city"]
    young, old = (np.array([v for v in rows["income"][i::2] if v is not None]) for i in (0, 1))
    assert np.median(old) > np.median(young) + 400


def test_constraints_hold_by_construction_and_by_count():
    """An order of two dates is kept by all rows, also where the model draws every column alone."""
    order = read_constraint({"order": {"low": "since", "high": "until"}}, FIELDS)
    rows = _fit("synth.marginals", constraints=[order]).sample(2000)
    assert all(a <= b for a, b in zip(rows["since"], rows["until"]))
    free = _fit("synth.marginals").sample(2000)
    assert any(a > b for a, b in zip(free["since"], free["until"]))


def test_constraints_come_back_from_disk(tmp_path):
    """A loaded generator keeps what the saved one kept."""
    order = read_constraint({"order": {"low": "since", "high": "until"}}, FIELDS)
    made = _fit("synth.marginals", constraints=[order])
    made.save(tmp_path / "m")
    assert generate.load(tmp_path / "m").sample(50) == made.sample(50)


@pytest.mark.parametrize(
    ("change", "options", "words"),
    [
        ({"age": [1]}, {}, "at least one column and 2 rows"),
        ({"age": [5] * 40}, {}, "a column that varies"),
        ({"income": [1.0] * 39 + [float("inf")]}, {}, "1 infinite values"),
        ({"city": [f"c{i}" for i in range(40)]}, {}, "40 categories in 40 rows"),
        ({"age": list(range(20)) * 2, "city": ["Rome"] * 40}, {"target": "city"}, "at least two different values"),
        ({"age": list(range(20)) * 2}, {"target": "agee"}, "Did you mean age"),
    ],
)
def test_bad_tables_are_told(change, options, words):
    """What cannot be learned is refused in words that say what to change."""
    fields = {name: FIELDS[name] for name in change}
    with pytest.raises(DataError, match=words) as caught:
        _fit(table=change, fields=fields, **options)
    assert "Fix:" in str(caught.value)


def test_all_missing_and_constant_columns_are_kept():
    """They come back as they are, with a note each."""
    table = {"age": list(range(20)) * 2, "city": [None] * 40, "rich": [True] * 40}
    made = _fit(table=table, fields={name: FIELDS[name] for name in table})
    rows = made.sample(10)
    assert rows["city"] == [None] * 10 and rows["rich"] == [True] * 10 and len(made.notes) == 2


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ({"citty": "Rome"}, "Did you mean city"),
        ({"city": "Romee"}, "Did you mean Rome"),
        ({"age": Between(200, None)}, "between 18 and 79"),
        ({"age": "old"}, "a number"),
    ],
)
def test_impossible_conditions_are_told(forest, where, words):
    """Unknown columns, values and ranges are named, with the nearest ones."""
    with pytest.raises(DataError, match=words):
        forest.sample(5, where=where)


def test_what_a_model_does_not_take_is_told(forest):
    """A condition outside the declared ones is refused, and says what the model takes."""
    with pytest.raises(DataError, match="this one takes class, range"):
        next(forest.complete({"age": [20]}))
    with pytest.raises(DataError, match="few categories"):
        forest.sample(5, balance="income")
    with pytest.raises(UnknownId, match=r"Did you mean synth\.forest"):
        _fit("synth.forrest")
    with pytest.raises(ParamError, match="tree"):
        generate.fit(_table(), FIELDS, params={"tree": 3})


def test_a_full_disk_leaves_nothing(forest, tmp_path, monkeypatch):
    """A write that fails while saving is an error with a fix, and no folder is left."""

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("augury_synthesis.storage.save_file", full)
    with pytest.raises(EngineError, match=r"No space left.*Fix:"):
        forest.save(tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


def test_a_kill_while_saving_leaves_a_whole_model_or_none(forest, tmp_path):
    """Killed before or after any write, sync or rename, the folder is absent or loads; saving again then succeeds."""
    wanted = forest.sample(5)
    for n in range(1, 50):
        folder = tmp_path / str(n)
        pid = os.fork()
        if not pid:
            durable._CRASH = n
            durable._passed.update(crash=0)
            try:
                forest.save(folder)
            finally:
                os._exit(0)
        if os.waitpid(pid, 0)[1] == 0:
            break
        if folder.exists():
            assert generate.load(folder).sample(5) == wanted
        else:
            forest.save(folder)
            assert [p.name for p in tmp_path.iterdir() if p.name.startswith(f".{n}.")] == []
    assert 8 <= n < 50


def test_a_damaged_folder_is_told(forest, tmp_path):
    """A missing or cut description is an error that says what to do."""
    with pytest.raises(DataError, match="a saved model"):
        generate.load(tmp_path)
    forest.save(tmp_path / "m")
    text = (tmp_path / "m" / "generator.json").read_text()
    (tmp_path / "m" / "generator.json").write_text(text[: len(text) // 2])
    with pytest.raises(DataError, match="a saved model"):
        generate.load(tmp_path / "m")


@pytest.mark.parametrize("model", [*MODELS, "synth.forest_target"])
@pytest.mark.parametrize("codec", ["codec.history_sequence", "codec.history_counts"])
def test_models_of_rows_refuse_histories(model, codec):
    """A model of one code a column refuses token sequences and item sets, and says which block it is."""
    kind = registry().load("kinds", "interactions")(time="none", rating=False)
    rows = {"events": [kind.check([f"i{i % 5}", f"i{i % 3}"]) for i in range(40)]}
    with pytest.raises(DataError, match=r"not one code a row.*Fix: use the codec codec\.table"):
        generate.fit(rows, {"events": FieldSpec("events", kind)}, model=model, codec=codec)
