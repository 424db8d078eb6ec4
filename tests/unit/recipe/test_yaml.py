"""Strict YAML: plain data with lines, and nothing else."""

import re

import pytest
import yaml as pyyaml
from hypothesis import given
from hypothesis import strategies as st

from augury.errors import RecipeError
from augury.recipe.yaml import MAX_BYTES, dotted, parse, parse_value


def refused(text):
    """Return the message that a text is refused with."""
    with pytest.raises(RecipeError) as caught:
        parse(text if isinstance(text, bytes) else text.encode(), "r.yaml")
    return str(caught.value)


def test_core_schema():
    """Words that YAML 1.1 turns into booleans, times and dates stay text; 1e-3 is a number."""
    text = b"[on, no, yes, 12:30:45, 2020-01-01, 1e-3, .5, 0x10, 0o17, 1_000, ~, null, true, -2, '1', .inf, .]"
    expected = ["on", "no", "yes", "12:30:45", "2020-01-01", 0.001, 0.5, 16, 15, 1000, None, None, True, -2, "1"]
    assert parse(text, "r").data == [*expected, float("inf"), "."]


def test_lines():
    """Every key and value has its line, also inside flow collections and after aliases."""
    document = parse(b"a: 1\nb:\n  - x: {y: [1,\n      2]}\n  - z\n", "r.yaml")
    assert document.where(("b", 0, "x", "y", 1)) == "r.yaml:4 b[0].x.y[1]"
    assert document.where(("b", 1)) == "r.yaml:5 b[1]"
    assert document.where(("b", 1, "gone")) == "r.yaml:5 b[1].gone"


def test_locate_reads_keys_that_hold_dots():
    """A dotted path finds op ids, whose names hold dots themselves."""
    document = parse(b"steps: [{image.rotate: {p: 1}}, {image.rotate.x: {p: 2}}]", "r")
    assert document.locate("steps[0].image.rotate.p") == ("steps", 0, "image.rotate", "p")
    assert document.locate("steps[1].image.rotate.x.p: expected") == ("steps", 1, "image.rotate.x")
    assert document.locate("steps[7].image") == ("steps",)


def test_objects_are_refused():
    """A tag builds nothing."""
    message = refused("a: 1\nb: !!python/object/apply:os.system ['echo hi']")
    assert message.startswith("r.yaml:2:4: expected plain data, got the tag !!python/object/apply:os.system.")
    assert "objects are never built" in message


@pytest.mark.parametrize("text", ["a: !!set {x}", "a: !own 1", "!!python/name:os.system", "a: !!binary aGk="])
def test_other_tags_are_refused(text):
    """Every tag that is not of plain data is refused."""
    assert "expected plain data, got the tag" in refused(text)


def test_duplicate_key():
    """A key that stands twice is refused, with the line of the first."""
    assert refused("a: 1\nb: 2\na: 3") == (
        "r.yaml:3:1: expected each key once, got 'a'. Fix: remove one of them (the first is on line 1)."
    )


def test_keys_are_text():
    """Numbers and lists are no keys."""
    assert "expected a text key, got 1" in refused("1: a")
    assert "expected a text key, got a list or mapping" in refused("? [1]\n: a")
    assert "expected a text key, got nothing" in refused("~: a")


def test_syntax_error_names_line_and_column():
    """A syntax error is one line with its place."""
    message = refused("a:\n  - b: [1, 2\nc: 3")
    assert message.startswith("r.yaml:3:") and "\n" not in message and "Fix:" in message


def test_tab():
    """A tab is told to be one."""
    assert refused("a:\n\tb: 1").endswith("Fix: indent with spaces, not tabs.")


def test_wrong_encoding():
    """A file in another encoding is refused by its first bad byte."""
    assert refused("name: caf\u00e9".encode("latin-1")) == (
        "r.yaml: expected UTF-8 text, got byte 0xe9 at offset 9. Fix: save the file as UTF-8."
    )


def test_byte_order_mark_is_passed_by():
    """A byte order mark changes nothing."""
    assert parse(b"\xef\xbb\xbfa: 1", "r").data == {"a": 1}


def test_control_character():
    """A control character is named."""
    assert "#x0007" in refused("a: \x07")


def test_alias_bomb():
    """Aliases that expand without end are refused before they fill the memory."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
    assert "aliases expanded" in refused("\n".join(lines))


def test_a_value_that_holds_itself():
    """A cycle is refused."""
    assert "a value that holds itself" in refused("a: &x [1, *x]")


def test_aliases_are_allowed():
    """A plain alias stands for its value."""
    assert parse(b"a: &x {b: 1}\nc: *x", "r").data == {"a": {"b": 1}, "c": {"b": 1}}


def test_deep_nesting():
    """Nesting without end is refused, also before the parser gives up."""
    assert "nesting of at most" in refused("[" * 80 + "]" * 80)
    assert "nesting of at most" in refused("[" * 100_000)


def test_large_file():
    """A recipe is no data file."""
    assert f"at most {MAX_BYTES:,} bytes" in refused(b"a: " + b"x" * MAX_BYTES)


def test_several_documents():
    """One document is one recipe."""
    assert "another document" in refused("a: 1\n---\nb: 2")


# Texts that YAML 1.2 reads as numbers and the writer, of YAML 1.1, leaves without quotes.
NUMBERS_SINCE_1_2 = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|0o[0-7]+")
words = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"])).filter(
    lambda text: not NUMBERS_SINCE_1_2.fullmatch(text)
)
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | words,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=12,
)


@given(plain)
def test_round_trip(value):
    """What a YAML writer writes of plain data is read back as it was."""
    text = pyyaml.safe_dump(value, allow_unicode=True)
    assert parse(text.encode(), "r").data == value


def test_override_values():
    """--set changes values at dotted paths, adds keys, and reads YAML."""
    document = parse(b"augment: {copies: 1, steps: [{image.rotate: {p: 1}}, image.flip]}", "r")
    for assignment in ("augment.copies=3", "augment.steps[0].image.rotate.p=0.5", "limits.unit_records=8"):
        document.override(assignment)
    document.override("augment.steps.1={text.swap: {fraction: 0.1}}")
    assert document.data == {
        "augment": {"copies": 3, "steps": [{"image.rotate": {"p": 0.5}}, {"text.swap": {"fraction": 0.1}}]},
        "limits": {"unit_records": 8},
    }
    assert document.where(("augment", "copies")) == "--set augment.copies"


@pytest.mark.parametrize(
    ("assignment", "expected"),
    [
        ("copies", "--set copies: expected key=value, got no =."),
        ("steps[3].p=1", "--set steps[3].p: expected a place in the recipe, got [3].p."),
        ("seed.more=1", "--set seed.more: expected a place in the recipe, got more."),
        ("seed=[1", "--set seed:1:"),
        ("seed=!!python/name:os.x ''", "expected plain data"),
    ],
)
def test_override_refused(assignment, expected):
    """A --set that names no place or no value is refused by its own words."""
    document = parse(b"seed: 1\nsteps: [a]", "r")
    with pytest.raises(RecipeError) as caught:
        document.override(assignment)
    assert expected in str(caught.value)


def test_small_helpers():
    """Paths and fragments."""
    assert dotted(("a", 0, "b.c", 1)) == "a[0].b.c[1]"
    assert parse_value("[1, x]", "n") == [1, "x"]
