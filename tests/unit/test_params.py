"""Parameters: declared once, checked where they are written, described and stored from there."""

import dataclasses
import json
import pickle
from typing import Annotated, Any, Literal

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.errors import ParamError
from augury.params import (
    Configured,
    Fraction,
    FractionRange,
    IntRange,
    PositiveRange,
    Range,
    Within,
    json_schema,
    params_of,
    type_text,
)


class Everything(Configured):
    """One of each.

    Args:
        angle_deg_range: (lo, hi) in degrees.
        count_range: How many.
        share: A share,
            over two lines.
        scale_range: More than 0.
        n: At least 1.
        mode: How.

    Cost: nothing.
    """

    angle_deg_range: Range = (-30.0, 30.0)
    count_range: IntRange = (1, 3)
    share: Fraction = 0.5
    shares_range: FractionRange = (0.1, 0.2)
    scale_range: PositiveRange = (0.5, 2.0)
    maybe_range: Range | None = None
    n: Annotated[int, Within(1)] = 1
    mode: Literal["fast", "slow", 3] = "fast"
    name: str | None = None
    sizes: tuple[int, ...] = ()
    fill: float | tuple[float, float, float] = 0.0
    on: bool = True
    options: dict[str, Any] = dataclasses.field(default_factory=dict)
    free: Any = None


class Needy(Configured):
    """Has a parameter without default."""

    size: int

    def check_params(self):
        """Refuse one value."""
        if self.size == 13:
            raise ParamError("not 13")


GOOD = [
    ("angle_deg_range", [-5, 5], (-5.0, 5.0)),
    ("angle_deg_range", (2, 2), (2.0, 2.0)),
    ("count_range", [0, 9], (0, 9)),
    ("share", 1, 1.0),
    ("scale_range", [0.1, 1000], (0.1, 1000.0)),
    ("maybe_range", None, None),
    ("maybe_range", [1, 2], (1.0, 2.0)),
    ("mode", 3, 3),
    ("name", "x", "x"),
    ("sizes", [1, 2, 3], (1, 2, 3)),
    ("fill", 1, 1.0),
    ("fill", [1, 0, 0.5], (1.0, 0.0, 0.5)),
    ("on", False, False),
    ("options", {"b": 1}, {"b": 1}),
    ("free", [1, "x"], [1, "x"]),
]

BAD = [
    ("angle_deg_range", [5, -5], "lo <= hi, got (5.0, -5.0). Fix: swap the two numbers"),
    ("angle_deg_range", [1, 2, 3], "(float, float), got (1, 2, 3). Fix: give 2 values"),
    ("angle_deg_range", 3, "a list of (float, float)"),
    ("angle_deg_range", ["a", 1], "angle_deg_range[0]: expected a number, got 'a'"),
    ("angle_deg_range", [True, 1], "a number"),
    ("angle_deg_range", [float("nan"), 1], "a number"),
    ("angle_deg_range", [0, float("inf")], "a number"),
    ("count_range", [1.5, 2], "an integer"),
    ("count_range", [3, 1], "lo <= hi"),
    ("share", 1.01, "a number in [0, 1], got 1.01. Fix: move it inside the bounds"),
    ("shares_range", [-0.1, 1], "in [0, 1]"),
    ("scale_range", [0, 1], "of at least 1e-06"),
    ("maybe_range", [2, 1], "lo <= hi"),
    ("n", 0, "an integer of at least 1"),
    ("n", 2.0, "an integer"),
    ("n", True, "an integer"),
    ("mode", "fats", "one of 'fast', 'slow', 3, got 'fats'. Did you mean fast?"),
    ("mode", "3", "one of"),
    ("name", 3, "a str, got 3"),
    ("sizes", [1, "x"], "sizes[1]: expected an integer"),
    ("sizes", "abc", "a list of int values"),
    ("fill", [1, 2], "float or (float, float, float), got [1, 2]"),
    ("fill", "red", "float or (float, float, float), got 'red'"),
    ("on", 1, "a bool"),
    ("options", [1], "a mapping"),
]


@pytest.mark.parametrize(("name", "given_value", "kept"), GOOD)
def test_values_are_kept_in_one_form(name, given_value, kept):
    """Lists become tuples, whole numbers floats where floats are meant."""
    value = getattr(Everything.build({name: given_value}), name)
    assert value == kept
    assert type(value) is type(kept)


@pytest.mark.parametrize(("name", "given_value", "message"), BAD)
def test_wrong_values_are_refused(name, given_value, message):
    """Each wrong value is refused with its place, what was expected and what to do."""
    with pytest.raises(ParamError) as caught:
        Everything(**{name: given_value})
    text = str(caught.value)
    assert text.startswith(f"Everything.{name}")
    assert message in text
    assert "Fix: " in text


def test_unknown_and_missing_names():
    """An unknown name finds its neighbour, a missing one is named; no parameters are said to be none."""
    with pytest.raises(ParamError, match=r"recipe:3: .*'shere'\. Did you mean share\?"):
        Everything.build({"shere": 1}, "recipe:3")
    with pytest.raises(ParamError, match="the parameter size, got nothing"):
        Needy.build({})
    with pytest.raises(ParamError, match="it takes no parameters"):
        type("Empty", (Configured,), {}).build({"a": 1})


def test_parameters_may_contradict_each_other():
    """``check_params`` runs on construction."""
    assert Needy(size=12).size == 12
    with pytest.raises(ParamError, match="not 13"):
        Needy(size=13)


def test_objects_are_frozen_keyword_only_and_equal_by_value():
    """A configured object is a value: no assignment, no positions, equal and hashed by its parameters."""
    one, two = Needy(size=1), Needy(size=1)
    assert one == two
    assert hash(one) == hash(two)
    assert one != Needy(size=2)
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.size = 3
    with pytest.raises(TypeError):
        Needy(1)
    assert pickle.loads(pickle.dumps(one)) == one


def test_subclasses_add_parameters():
    """A subclass has its parent's parameters and its own."""
    more = type("More", (Needy,), {"__annotations__": {"extra": int}, "extra": 5, "__module__": __name__})
    assert [p.name for p in params_of(more)] == ["size", "extra"]
    assert more(size=1).to_dict() == {"size": 1, "extra": 5}


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "angle_deg_range": st.tuples(st.floats(-1e9, 0), st.floats(0, 1e9)),
            "count_range": st.tuples(st.integers(-9, 0), st.integers(0, 9)),
            "share": st.floats(0, 1),
            "n": st.integers(1),
            "mode": st.sampled_from(["fast", "slow", 3]),
            "name": st.none() | st.text(),
            "sizes": st.lists(st.integers()),
            "fill": st.floats(-1, 1) | st.tuples(*[st.floats(0, 1)] * 3),
            "free": st.recursive(st.none() | st.integers() | st.text(), st.lists, max_leaves=4),
        },
    )
)
def test_recipes_round_trip(values):
    """What is stored as JSON builds an equal object, and satisfies the published schema."""
    built = Everything.build(values)
    stored = json.loads(json.dumps(built.to_dict()))
    assert Everything.build(stored) == built
    jsonschema.Draft202012Validator(json_schema(Everything)).validate(stored)


def test_the_schema_is_one_and_refuses_what_is_refused():
    """The JSON Schema is valid, closed, describes, and refuses wrong types and numbers out of bounds."""
    schema = json_schema(Everything)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["properties"]["share"]["description"] == "A share, over two lines."
    assert schema["properties"]["mode"]["description"] == "How."
    assert schema["properties"]["n"]["minimum"] == 1
    assert json_schema(Needy)["required"] == ["size"]
    validator = jsonschema.Draft202012Validator(schema)
    for wrong in (
        {"nope": 1},
        {"share": 2},
        {"count_range": [1]},
        {"mode": "x"},
        {"angle_deg_range": ["a", 1]},
        {"on": 3},
    ):
        assert not validator.is_valid(wrong), wrong


def test_types_have_a_short_text():
    """Listings show types as one writes them."""
    texts = {p.name: type_text(p.type) for p in params_of(Everything)}
    assert texts["angle_deg_range"] == "(float, float)"
    assert texts["name"] == "str | None"
    assert texts["mode"] == "'fast' | 'slow' | 3"
    assert texts["sizes"] == "(int, ...)"
    assert texts["fill"] == "float | (float, float, float)"


def test_unsupported_types_are_the_authors_mistake():
    """A type that no check exists for is a TypeError for the author, not a ParamError for the user."""
    with pytest.raises(TypeError, match="not supported"):
        type("Odd", (Configured,), {"__annotations__": {"x": set[int]}, "x": 3, "__module__": __name__})()
