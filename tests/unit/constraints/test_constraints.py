"""Each constraint judges rows as a loop over them does; its forms cannot break it and give back what they were given."""

from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augury.constraints import Plan, holding, judge, read_constraint
from augury.errors import ParamError, RecipeError
from augury.pipelines.fields import parse_schema

FIELDS = parse_schema(
    {
        "a": {"kind": "number", "lo": 0, "hi": 50, "integer": True},
        "b": {"kind": "number", "lo": 0, "hi": 100, "integer": True},
        "x": {"kind": "number", "decimals": 2},
        "y": {"kind": "number", "decimals": 2},
        "p": {"kind": "number", "lo": 0, "integer": True},
        "q": {"kind": "number", "lo": 0, "integer": True},
        "t": {"kind": "number", "lo": 0, "integer": True},
        "start": "datetime",
        "end": "datetime",
        "city": "category",
        "country": "category",
        "red": "boolean",
        "blue": "boolean",
        "key": {"kind": "id", "role": "key"},
        "user": "id",
    }
).fields
WHOLE = st.integers(0, 50)
CENTS = st.integers(-10_000, 10_000).map(lambda n: n / 100)
TIMES = st.integers(0, 10**7).map(lambda s: datetime(2024, 1, 1) + timedelta(seconds=s))


def read(given):
    """Read a constraint against FIELDS."""
    return read_constraint(given, FIELDS)


def columns_of(rows, names):
    """Return the rows' values as columns."""
    return {n: FIELDS[n].kind.to_column([row[i] for row in rows]) for i, n in enumerate(names)}


def values_of(columns):
    """Return columns as lists of canonical values."""
    return {n: FIELDS[n].kind.from_column(v) for n, v in columns.items()}


CASES = [
    ({"range": {"field": "a", "lo": 10, "hi": 20}}, ("a",), (WHOLE,), lambda a: 10 <= a <= 20),
    ({"range": {"field": "x", "lo": -5}}, ("x",), (CENTS,), lambda x: x >= -5),
    ({"range": {"field": "x", "hi": 7}}, ("x",), (CENTS,), lambda x: x <= 7),
    ({"order": {"low": "a", "high": "b"}}, ("a", "b"), (WHOLE, WHOLE), lambda a, b: a <= b),
    ({"order": {"low": "x", "high": "y", "strict": True}}, ("x", "y"), (CENTS, CENTS), lambda x, y: x < y),
    ({"order": {"low": "start", "high": "end"}}, ("start", "end"), (TIMES, TIMES), lambda s, e: s <= e),
    ({"sum": {"fields": ["p", "q"], "total": "t"}}, ("p", "q", "t"), (WHOLE,) * 3, lambda p, q, t: p + q == t),
    ({"sum": {"fields": ["p", "q"], "total": 50}}, ("p", "q"), (WHOLE, WHOLE), lambda p, q: p + q == 50),
    ({"formula": {"rule": "y = x * 2"}}, ("x", "y"), (CENTS, CENTS), lambda x, y: abs(y - 2 * x) < 0.006),
    ({"formula": {"rule": "end - start <= 3600"}}, ("start", "end"), (TIMES, TIMES),
     lambda s, e: (e - s).total_seconds() <= 3600),
    ({"one_hot": {"fields": ["red", "blue"]}}, ("red", "blue"), (st.booleans(),) * 2,
     lambda r, b: r + b == 1),
]  # fmt: skip

IDS = [f"{kind}-{i}" for i, (kind,) in enumerate(case[0] for case in CASES)]

CONDITIONS = [{"formula": {"rule": "end - start <= 3600"}}]
"""What can only be checked."""


@pytest.mark.parametrize(("given_", "names", "strategies", "holds"), CASES, ids=IDS)
@settings(max_examples=40)
@given(data=st.data())
def test_judges_like_a_loop_and_forms_cannot_break_it(given_, names, strategies, holds, data):
    """A row with all columns breaks it exactly where plain Python says so; kept rows survive the way there and back."""
    constraint = read(given_)
    assert set(constraint.columns) == set(names)
    rows = data.draw(st.lists(st.tuples(*(st.none() | s for s in strategies)), min_size=1, max_size=12))
    broken = constraint.broken(columns_of(rows, names), FIELDS)
    assert broken.tolist() == [None not in row and not holds(*row) for row in rows]
    kept = [row for row, wrong in zip(rows, broken, strict=True) if not wrong]
    plan = Plan([constraint], {n: FIELDS[n] for n in names})
    if not kept or not plan.entries[0].form:
        return
    columns = columns_of(kept, names)
    state = plan.fit(columns)
    seen = plan.forward(columns, state)
    assert seen.keys() == plan.fields_after(state).keys()
    back = plan.inverse(seen, state, np.arange(len(kept), dtype=np.uint64))
    assert values_of(back) == values_of(columns)


@pytest.mark.parametrize(("given_", "names", "strategies", "holds"), CASES, ids=IDS)
@settings(max_examples=40)
@given(data=st.data())
def test_no_representation_breaks_it(given_, names, strategies, holds, data):
    """Whatever numbers and known categories a model makes, a constraint by construction holds after the inverse."""
    constraint = read(given_)
    plan = Plan([constraint], {n: FIELDS[n] for n in names})
    rows = data.draw(st.lists(st.tuples(*(st.none() | s for s in strategies)), min_size=1, max_size=12))
    columns = columns_of(rows, names)
    keep = ~constraint.broken(columns, FIELDS)
    if not keep.any() or plan.mechanisms[constraint.text] != "construction":
        return
    state = plan.fit({n: v[keep] for n, v in columns.items()})
    made = {}
    for name, spec in plan.fields_after(state).items():
        if spec.kind_id == "number":
            wild = st.lists(st.floats(-1e6, 1e6), min_size=4, max_size=4)
            made[name] = spec.kind.to_column(spec.kind.from_column(np.array(data.draw(wild))))
        elif spec.kind_id == "datetime":
            made[name] = spec.kind.to_column(data.draw(st.lists(TIMES, min_size=4, max_size=4)))
        else:
            choices = spec.kind.values if spec.kind_id == "category" else (True, False)
            made[name] = spec.kind.to_column(data.draw(st.lists(st.sampled_from(choices), min_size=4, max_size=4)))
    back = plan.inverse(made, state, np.arange(4, dtype=np.uint64))
    assert not judge([constraint], back, FIELDS)[constraint.text].any()


@pytest.mark.parametrize(("given_", "names", "strategies", "holds"), CASES, ids=IDS)
@settings(max_examples=40)
@given(data=st.data())
def test_following_an_op_keeps_it(given_, names, strategies, holds, data):
    """From a row that keeps it, any change followed in the constraint's terms keeps it; kept rows are not touched."""
    constraint = read(given_)
    rows = data.draw(st.lists(st.tuples(*strategies), min_size=1))
    before = columns_of(rows, names)
    keep = ~constraint.broken(before, FIELDS)
    if given_ in CONDITIONS:
        return
    before = {n: v[keep] for n, v in before.items()}
    count = int(keep.sum())
    if not count:
        return
    other = data.draw(st.lists(st.tuples(*strategies), min_size=count,
                               max_size=count))  # fmt: skip
    after = columns_of(other, names)
    out = {**after, **constraint.follow(before, after, FIELDS)}
    assert not constraint.broken(out, FIELDS).any()
    fine = ~constraint.broken(after, FIELDS)
    for name in names:
        assert (out[name][fine] == after[name][fine]).all()


def test_combinations_are_those_of_the_training_rows():
    """Unknown pairs break it, missing ones are not judged, and the joint category gives back every known row."""
    constraint = read({"combination": {"fields": ["city", "country"]}})
    train = columns_of([("Oslo", "no"), ("Graz", "at"), ("Graz", None)], ("city", "country"))
    state = constraint.fit(train, FIELDS)
    rows = columns_of([("Oslo", "at"), ("Oslo", "no"), (None, "at"), ("Graz", "at")], ("city", "country"))
    assert constraint.broken(rows, FIELDS, state).tolist() == [True, False, False, False]
    followed = constraint.follow({n: v[[1, 1, 1, 1]] for n, v in rows.items()}, rows, FIELDS, state)
    assert followed["country"].tolist() == ["no", "no", "at", "at"]
    plan = Plan([constraint], {n: FIELDS[n] for n in ("city", "country")})
    fitted = plan.fit(train)
    back = plan.inverse(plan.forward(train, fitted), fitted, np.zeros(3, np.uint64))
    assert values_of(back) == values_of(train)


def test_keys_are_made_anew_and_parents_drawn():
    """New keys are unique and a function of the row's key; foreign keys come from the training rows, by frequency."""
    unique, reference = (
        read({"unique": {"fields": ["key"]}}),
        read({"reference": {"field": "user", "parent": "users.id"}}),
    )
    rows = columns_of([("k1", "u1"), ("k2", "u1"), ("k2", None), ("k3", "u9")], ("key", "user"))
    assert unique.broken(rows, FIELDS).tolist() == [False, False, True, False]
    assert reference.broken(rows, FIELDS, {"u1"}).tolist() == [False, False, False, True]
    plan = Plan([unique, reference], {n: FIELDS[n] for n in ("key", "user")})
    state = plan.fit(rows)
    assert plan.fields_after(state) == {}
    keys = np.arange(4000, dtype=np.uint64)
    back = plan.inverse({}, state, keys)
    assert len(set(back["key"])) == 4000
    assert not set(back["key"]) & {"k1", "k2", "k3"}
    share = (back["user"] == "u1").mean()
    assert set(back["user"]) == {"u1", "u9", None}
    assert abs(share - 0.5) < 0.05
    again = plan.inverse({}, state, keys[7:8])
    assert (again["key"][0], again["user"][0]) == (back["key"][7], back["user"][7])


def test_a_column_under_two_rules_is_solved_in_declared_order():
    """The first rule takes the column; ranges are kept by its form; circles are checked; contradictions are refused."""
    fields = parse_schema({n: "number" for n in "abc"} | {"k": {"kind": "id", "role": "key"}}).fields

    def plan(*given_):
        return Plan([read_constraint(g, fields) for g in given_], fields)

    order = {"order": {"low": "a", "high": "b"}}
    both = plan({"range": {"field": "b", "hi": 9}}, {"range": {"field": "a", "hi": 5}}, order)
    assert set(both.mechanisms.values()) == {"construction"}
    # b's bound leaves no room above an unbounded a: the gap then replaces a, below b.
    below = plan({"range": {"field": "b", "hi": 9}}, order)
    assert below.entries[1].form.rewrites == ("a",)
    circle = plan(order, {"order": {"low": "b", "high": "c"}}, {"order": {"low": "c", "high": "a"}})
    assert [e.mechanism for e in circle.entries] == ["construction", "construction", "checked"]
    refused = plan({"unique": {"fields": ["k"]}}, {"reference": {"field": "k", "parent": "x.y"}})
    assert [e.mechanism for e in refused.entries] == ["construction", "refused"]
    assert refused.refused[0].reason


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=1, max_size=9))
def test_a_chain_of_rules_comes_back_in_the_right_order(pairs):
    """c = a + b, a <= b, both bounded: everything is restored from two free columns, in order."""
    fields = parse_schema({n: {"kind": "number", "integer": True} for n in "abc"}).fields
    rules = [
        {"formula": {"rule": "c = a + b"}},
        {"order": {"low": "a", "high": "b"}},
        {"range": {"field": "a", "lo": 0, "hi": 60}},
        {"range": {"field": "b", "lo": 0, "hi": 60}},
    ]
    constraints = [read_constraint(rule, fields) for rule in rules]
    plan = Plan(constraints, fields)
    assert set(plan.mechanisms.values()) == {"construction"}
    rows = [(min(p), max(p), sum(p)) for p in pairs]
    columns = {n: fields[n].kind.to_column([r[i] for r in rows]) for i, n in enumerate("abc")}
    state = plan.fit(columns)
    assert "c" not in plan.fields_after(state)
    back = plan.inverse(plan.forward(columns, state), state, np.zeros(len(rows), np.uint64))
    assert {n: fields[n].kind.from_column(back[n]) for n in back} == {
        n: fields[n].kind.from_column(columns[n]) for n in back
    }


@pytest.mark.parametrize(
    ("given_", "words"),
    [
        ("order", "one constraint"),
        ({"ordr": {}}, "Did you mean order"),
        ({"order": {"low": "a", "hgh": "b"}}, "Did you mean high"),
        ({"order": {"low": "a", "high": "bb"}}, "Did you mean b"),
        ({"order": {"low": "a", "high": "city"}}, "city to be of kind number or datetime"),
        ({"order": {"low": "a", "high": "start"}}, "two columns of one kind"),
        ({"range": {"field": "a"}}, "lo or hi"),
        ({"range": {"field": "a", "lo": 3, "hi": 2}}, "lo <= hi"),
        ({"sum": {"fields": ["p"], "total": 1}}, "two or more"),
        ({"combination": {"fields": ["city"]}}, "two or more"),
        ({"one_hot": {"fields": ["red", "red"]}}, "two or more"),
        ({"unique": {"fields": []}}, "one or more"),
        ({"reference": {"field": "user", "parent": "id"}}, "collection.column"),
        ({"formula": {"rule": "city = a"}}, "city to be of kind"),
        ({"formula": {"rule": "a = a + 1"}}, "computed from others"),
        ({"formula": {"rule": "a + 1"}}, "a condition"),
        ({"formula": {"rule": "a = b < 1"}}, "arithmetic"),
        ({"formula": {"rule": "a = __import__('os')"}}, "known function"),
    ],
)
def test_wrong_declarations_are_refused(given_, words):
    """Each mistake is named with its place, and the fix is given."""
    with pytest.raises((ParamError, RecipeError), match=words) as caught:
        read(given_)
    assert "Fix: " in str(caught.value)


def test_constraints_hold_where_all_their_columns_are():
    """One that names a collection holds there only; the others wherever all their columns are."""
    mine = read({"range": {"field": "a", "lo": 1, "collection": "people"}})
    any_ = read({"order": {"low": "x", "high": "y"}})
    assert holding([mine, any_], FIELDS, "people") == (mine, any_)
    assert holding([mine, any_], FIELDS, "towns") == (any_,)
    assert holding([mine, any_], {"a": FIELDS["a"]}, "people") == (mine,)
