"""one_of, some_of, sometimes, repeat, sequence: what they choose and how often."""

import math
from collections import Counter

import pytest

import augury
from augury.errors import AuguryError, RecipeError

N = 2000
A, B, C = ({"demo.rotate": {"name": name}} for name in "abc")


def _pipe(*steps):
    return augury.pipeline(list(steps), fields={"text": "demo.letters"})


def _chosen(pipe, n=N):
    out = []
    for i in range(n):
        lineage = pipe({"text": "abcdef"}, seed=1, id=str(i)).lineage
        out.append("".join(step["path"].rsplit("/", 1)[-1] for step in lineage["steps"]))
    return Counter(out)


def _near(count, share, n=N):
    return abs(count - share * n) < 4.5 * math.sqrt(n * share * (1 - share))


def test_one_of_takes_one_alike():
    """One member each time, each as often."""
    counts = _chosen(_pipe({"one_of": [A, B, C]}))
    assert set(counts) == {"a", "b", "c"}
    assert all(_near(count, 1 / 3) for count in counts.values())


def test_one_of_follows_weights_and_p():
    """Weights give shares; p leaves all out."""
    counts = _chosen(_pipe({"one_of": {"steps": [A, B, C], "weights": [1, 0, 3], "p": 0.5}}))
    assert set(counts) == {"", "a", "c"}
    assert _near(counts[""], 0.5)
    assert _near(counts["a"], 0.125)


def test_some_of_takes_a_number_in_the_order_written():
    """n_range members, each set alike, in the order written."""
    counts = _chosen(_pipe({"some_of": {"steps": [A, B, C], "n_range": [1, 2]}}))
    assert set(counts) == {"a", "b", "c", "ab", "ac", "bc"}
    assert all(_near(count, 1 / 6) for count in counts.values())


def test_some_of_may_take_none_or_all():
    """The ends of n_range are included."""
    assert set(_chosen(_pipe({"some_of": {"steps": [A, B], "n_range": [0, 2]}}), 200)) == {"", "a", "b", "ab"}


def test_sometimes_runs_all_or_none():
    """p is for the group as a whole."""
    counts = _chosen(_pipe({"sometimes": {"p": 0.25, "steps": [A, B]}}))
    assert set(counts) == {"", "ab"}
    assert _near(counts["ab"], 0.25)


def test_groups_gate_independently_of_their_members():
    """A group's p and its member's p multiply."""
    member = {"demo.rotate": {"name": "a", "p": 0.5}}
    counts = _chosen(_pipe({"sometimes": {"p": 0.5, "steps": [member]}}))
    assert _near(counts["a"], 0.25)


def test_repeat_runs_each_time():
    """Every repetition runs the steps in order."""
    assert set(_chosen(_pipe({"repeat": {"times": 3, "steps": [A, B]}}), 5)) == {"ababab"}


def test_groups_nest():
    """Groups hold groups."""
    pipe = _pipe({"one_of": [{"sequence": [A, B]}, {"repeat": {"times": 2, "steps": [C]}}]})
    assert set(_chosen(pipe, 100)) == {"ab", "cc"}


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ({"one_of": {"steps": [A, B], "weights": [1]}}, "2 numbers"),
        ({"one_of": {"steps": [A, B], "weights": [0, 0]}}, "not all 0"),
        ({"one_of": {"steps": [A], "weights": [-1]}}, ">= 0"),
        ({"one_of": []}, "at least one step"),
        ({"some_of": {"steps": [A, B], "n_range": [1, 3]}}, "n_range"),
        ({"some_of": {"steps": [A, B], "n_range": [3, 3]}}, "n_range"),
        ({"some_of": {"steps": [A, B], "n_range": [-1, 1]}}, "n_range"),
        ({"some_of": {"steps": [A, B], "n_range": [2, 1]}}, "lo <= hi"),
        ({"sometimes": {"steps": [A]}}, "a probability"),
        ({"sometimes": {"steps": [A], "p": 1.5}}, r"in \[0, 1\]"),
        ({"repeat": {"steps": [A], "times": 0}}, "1 to 100"),
        ({"repeat": {"steps": [A], "weights": [1]}}, "a key of repeat"),
        ({"on_of": [A]}, "one_of"),
        ({"sequence": "demo.rotate"}, "a list of steps"),
        ({**A, "sequence": []}, "one op id or combinator"),
        ("demo.rotat", "Did you mean demo.rotate"),
        ({"demo.rotate": {"fractoin": 0.1}}, "Did you mean fraction"),
        ({"demo.rotate": {"p": "often"}}, "a number"),
        ({"demo.rotate": {"name": "a/b"}}, "letters, digits"),
        ({"demo.rotate": {"field": "tekst"}}, "Did you mean text"),
        ({"demo.rotate": {"field": ["text", "text"]}}, "each field once"),
        ({"demo.rotate": []}, "a mapping of parameters"),
        (3, "one op id"),
    ],
)
def test_mistakes_are_refused(step, message):
    """Each mistake in a step is an error that says where it is and what to do."""
    with pytest.raises(AuguryError, match=message) as caught:
        _pipe(step)
    assert "steps[0]" in str(caught.value)
    assert "Fix:" in str(caught.value)


def test_every_mistake_is_reported_at_once():
    """All errors of the steps come in one message, a line each, in order."""
    with pytest.raises(RecipeError) as caught:
        _pipe("demo.rotat", A, {"demo.rotate": {"p": 2}}, {"one_of": ["nothing.at_all"]})
    lines = str(caught.value).splitlines()
    assert [line.split(".")[0].split(":")[0] for line in lines] == ["steps[0]", "steps[2]", "steps[3]"]
