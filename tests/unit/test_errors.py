"""Messages: one template, values shortened, neighbours named; one tree of errors with exit codes."""

import pickle

import numpy as np
import pytest

from augury import errors
from augury.errors import AuguryError, DataError, FieldError, ParamError, describe, shown
from augury.names import ENTRY_ID, FIELD_NAME, nearest
from augury.record import type_name
from augury.testing.suite import TEMPLATE


def test_the_template_in_full():
    """Place, expectation, value, neighbours and fix, in that order."""
    text = describe(
        "recipe.yaml:12 steps[2].rotat", "a known op", "rotat", name="rotat", known=["rotate", "crop"], fix="correct it"
    )
    assert (
        text == "recipe.yaml:12 steps[2].rotat: expected a known op, got 'rotat'. Did you mean rotate? Fix: correct it."
    )


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("a", "b"), "a: expected b."),
        (("", "b", 3), "expected b, got 3."),
        (("a", "b", shown("nothing")), "a: expected b, got nothing."),
        (("a", "b", 0), "a: expected b, got 0."),
        (("a", "b", ""), "a: expected b, got ''."),
    ],
)
def test_parts_may_be_left_out(arguments, text):
    """Without a place or a value the sentence still stands."""
    assert describe(*arguments) == text


def test_long_values_are_shortened():
    """A value's text ends after 80 characters."""
    text = describe("x", "less", "y" * 500)
    assert len(text) < 110
    assert text.endswith("....")


def test_a_fix_ends_with_one_full_stop():
    """A fix given with its full stop gets no second one."""
    assert describe("a", "b", fix="do it.").endswith("Fix: do it.")


@pytest.mark.parametrize(
    "text", [describe("a", "b", 1, fix="c"), describe("", "b", 1, name="x", known=["xy"], fix="c")]
)
def test_the_kit_knows_the_template(text):
    """What ``describe`` writes is what the kit looks for."""
    assert TEMPLATE.search(text)


def test_one_tree_with_exit_codes():
    """Every error is an AuguryError with the exit code of its branch."""
    codes = {"CheckFailed": 1, "DataError": 3, "FieldError": 3, "EngineError": 4}
    classes = [c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, Exception)]
    assert len(classes) >= 10
    for cls in classes:
        assert issubclass(cls, AuguryError)
        assert cls.exit_code == codes.get(cls.__name__, 2)
        assert cls.__doc__
    assert issubclass(FieldError, DataError)


@pytest.mark.parametrize("cls", [ParamError, FieldError])
def test_errors_cross_processes(cls):
    """An error pickles with its text."""
    again = pickle.loads(pickle.dumps(cls("text")))
    assert type(again) is cls
    assert str(again) == "text"


def test_types_are_shown_with_dtype_and_shape():
    """Arrays show what matters of them, other values their type."""
    assert type_name(np.zeros((4, 3), np.float64)) == "ndarray float64 (4, 3)"
    assert type_name("x") == "str"
    assert type_name(None) == "NoneType"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("image.rotat", ["image.rotate"]),
        ("rotate", ["image.rotate"]),
        ("audio.rotate", ["image.rotate"]),
        ("xyz", []),
        ("image.crop", ["image.crop", "image.crops"]),
    ],
)
def test_nearest_names(name, expected):
    """Misspelt names, and names of another modality, find what was meant, best first."""
    known = ["image.rotate", "image.crop", "image.crops", "text.delete"]
    found = nearest(name, known)
    assert found[: len(expected)] == expected
    assert len(found) <= 3


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        ("image.rotate", True),
        ("number", True),
        ("a.B1_c", True),
        ("Image.x", False),
        ("a.b.c", False),
        ("a-b", False),
        ("", False),
    ],
)
def test_entry_ids(name, fits):
    """Ids are one lower-case word, or two with a dot."""
    assert bool(ENTRY_ID.fullmatch(name)) is fits


@pytest.mark.parametrize(
    ("name", "fits"), [("photo", True), ("a-b_1", True), ("9a", False), ("a/b", False), ("", False), ("a b", False)]
)
def test_field_names(name, fits):
    """Field names are words without slashes or spaces, not beginning with a digit."""
    assert bool(FIELD_NAME.fullmatch(name)) is fits
