"""Conditions of steps: which records they pass by, and that they change nothing else."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

import augury
from augury.errors import RecipeError

TEXT = "abcdefghijklmnopqrstuvwxyz" * 20
FIELDS = {
    "text": "demo.letters",
    "hour": "number",
    "taken": "datetime",
    "city": "category",
    "night": "boolean",
    "lot": {"kind": "category", "store": "integer"},
}


def _pipe(*steps, **options):
    return augury.pipeline(list(steps), fields=FIELDS, **options)


def _draws(pipe, copy=0, **record):
    lineage = pipe({"text": TEXT, **record}, seed=3, id="r/0", copy=copy).lineage
    return {step["path"]: step["draw"] for step in lineage["steps"]}


def _applied(when, **record):
    return bool(_draws(_pipe({"demo.rotate": {"when": when}}), **record))


@given(st.floats(-50, 50), st.floats(-50, 50), st.floats(0.5, 50))
def test_bounds_are_strict_and_hold_together(value, low, width):
    """Above and below compare as Python does, the bounds themselves outside."""
    when = {"field": "hour", "above": low, "below": low + width}
    assert _applied(when, hour=value) == (low < value < low + width)


@pytest.mark.parametrize(
    ("when", "record", "holds"),
    [
        ({"field": "taken", "above": "2024-01-01"}, {"taken": datetime(2024, 1, 1, 0, 0, 1)}, True),
        ({"field": "taken", "above": "2024-01-01"}, {"taken": datetime(2024, 1, 1)}, False),
        ({"field": "taken", "below": "2024-01-01T12:00:00+02:00"}, {"taken": "2024-01-01T09:59:00"}, True),
        ({"field": "taken", "below": "2024-01-01T12:00:00+02:00"}, {"taken": "2024-01-01T10:00:00"}, False),
        ({"field": "city", "is": "Rome"}, {"city": "Rome"}, True),
        ({"field": "city", "is": ["Oslo", "Rome"]}, {"city": "Rome"}, True),
        ({"field": "city", "is": ["Oslo", "Bern"]}, {"city": "Rome"}, False),
        ({"field": "lot", "is": "7"}, {"lot": 7}, True),
        ({"field": "hour", "is": [3, 4]}, {"hour": 4.0}, True),
        ({"field": "night", "is": True}, {"night": True}, True),
        ({"field": "night", "is": False}, {"night": True}, False),
        ({"field": "night", "is": False}, {}, False),
        ({"field": "hour", "below": 5}, {}, False),
        ({"field": "hour", "below": 5}, {"hour": float("nan")}, False),
        ({"field": "hour", "missing": True}, {}, True),
        ({"field": "hour", "missing": True}, {"hour": float("nan")}, True),
        ({"field": "hour", "missing": True}, {"hour": 1}, False),
        ({"field": "hour", "missing": False}, {"hour": 1}, True),
        ({"field": "hour", "missing": False, "above": 2}, {"hour": 1}, False),
        ({"field": "hour", "missing": False}, {}, False),
    ],
)
def test_values_of_every_kind(when, record, holds):
    """Moments compare in UTC, values as their kind keeps them; a missing value satisfies missing: true alone."""
    assert _applied(when, **record) is holds


def test_draws_of_other_steps_stay_as_they_are():
    """A condition takes no draw: the steps around one that is passed by draw as without it, and so does it itself."""
    steps = [{"demo.rotate": {"name": name}} for name in "abc"]
    conditional = [steps[0], {"demo.rotate": {"name": "b", "when": {"field": "hour", "above": 18}}}, steps[2]]
    full, some = _pipe(*steps), _pipe(*conditional)
    for copy in range(20):
        drawn = _draws(full, copy, hour=20)
        assert _draws(some, copy, hour=20) == drawn
        del drawn["b"]
        assert _draws(some, copy, hour=12) == drawn


def test_a_combinator_is_passed_by_whole():
    """A condition on one_of, or on a nested group, passes every step in it by; conditions nest."""
    night, rome = {"field": "night", "is": True}, {"field": "city", "is": "Rome"}
    pipe = _pipe({"one_of": {"steps": ["demo.rotate", {"demo.rotate": {"name": "x"}}], "when": night}})
    assert len(_draws(pipe, night=True)) == 1
    assert _draws(pipe, night=False) == {}
    nested = _pipe({"sequence": {"when": night, "steps": [{"demo.rotate": {"when": rome}}]}})
    assert len(_draws(nested, night=True, city="Rome")) == 1
    assert _draws(nested, night=True, city="Oslo") == _draws(nested, night=False, city="Rome") == {}


def test_the_record_is_looked_at_as_it_came():
    """A step before that changes the field does not change what holds."""
    shift = {"demo.shift": {"field": "hour"}}
    pipe = _pipe(shift, {"demo.rotate": {"when": {"field": "hour", "above": 18}}})
    held = ["demo.rotate#0" in _draws(pipe, copy, hour=18.5) for copy in range(20)]
    assert all(held)


def test_fingerprint_explanation_and_replay():
    """The condition is part of the fingerprint, is said in words, and a replay follows it."""
    plain = _pipe("demo.rotate")
    pipes = [_pipe({"demo.rotate": {"when": {"field": "hour", "above": bound}}}) for bound in (18, 18.0, 19)]
    assert pipes[0].fingerprint == pipes[1].fingerprint
    assert len({plain.fingerprint, *(pipe.fingerprint for pipe in pipes)}) == 3
    for hour, place in ((20, "1. demo.rotate on text (when hour is above 18)"), (3, "passed by: demo.rotate#0 (when")):
        record = {"text": TEXT, "hour": hour}
        made = pipes[0](record, seed=1, id="r", copy=0)
        assert place in pipes[0].explain(made.lineage)
        assert pipes[0].replay(record, made.lineage)["text"] == made["text"]


@pytest.mark.parametrize(
    ("when", "words"),
    [
        ({"field": "huor", "above": 1}, "hour"),
        ({"field": "hour", "abvoe": 1}, "above"),
        ({"field": "hour"}, "above, below, is"),
        ({"above": 1}, "name of a field"),
        ({"field": "hour", "above": "late"}, "a number"),
        ({"field": "hour", "above": True}, "a number"),
        ({"field": "hour", "is": True}, "kind number"),
        ({"field": "hour", "above": 5, "below": 5}, "above less than below"),
        ({"field": "city", "above": 1}, "number or datetime"),
        ({"field": "text", "is": "a"}, "demo.letters"),
        ({"field": "taken", "below": "soon"}, "ISO 8601"),
        ({"field": "lot", "is": "x"}, "whole number"),
        ({"field": "night", "is": "perhaps"}, "true or false"),
        ({"field": "city", "is": []}, "is (with a value)"),
        ({"field": "city", "missing": "yes"}, "true or false"),
        ({"field": "city", "missing": True, "is": "Rome"}, "missing: true alone"),
        ("hour > 18", "a mapping"),
    ],
)
@pytest.mark.parametrize("group", [False, True])
def test_mistakes_are_refused_with_their_place(when, words, group):
    """A wrong field, key, value or comparison is a RecipeError that says where and what, before anything runs."""
    step = (
        {"sometimes": {"p": 0.5, "steps": ["demo.rotate"], "when": when}} if group else {"demo.rotate": {"when": when}}
    )
    with pytest.raises(RecipeError) as caught:
        _pipe(step)
    assert words in str(caught.value)
    assert ".when" in str(caught.value)


def test_where_a_collection_lacks_the_field():
    """Under partial a step is left out, unless it asks for the value to be missing."""
    for missing, kept in ((True, 1), (False, 0)):
        when = {"field": "elsewhere", "missing": missing}
        pipe = _pipe({"demo.rotate": {"when": when}}, partial=True)
        assert len(pipe.ops) == kept
        assert len(_draws(pipe)) == kept


def test_a_step_that_changes_kinds_follows_the_rule_of_p():
    """What may pass records by may not leave a field of two kinds, unless one lifts to the other."""
    when = {"field": "hour", "above": 1}
    fields = {"text": "demo.letters", "hour": "number"}
    for step in ({"demo.split": {"when": when}}, {"sequence": {"when": when, "steps": ["demo.split"]}}):
        with pytest.raises(RecipeError, match="one kind of text"):
            augury.pipeline([step], fields=fields)
    fields = {"a": "number", "y": {"kind": "category", "role": "label"}}
    pipe = augury.pipeline([{"demo.mix": {"when": {"field": "a", "above": 1}}}], fields=fields)
    pool = {"d": {"a": 5.0, "y": "no"}}
    assert pipe({"a": 0.0, "y": "yes"}, seed=0, id="r", copy=0, pool=pool)["y"] == {"yes": 1.0}
