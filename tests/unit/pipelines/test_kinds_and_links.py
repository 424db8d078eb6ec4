"""Kinds are static; links carry effects; what cannot follow is refused or dropped."""

import pytest

import augury
from augury.errors import DataError, RecipeError
from augury.pipelines import Dropped

COUPLE = {"text": "demo.letters", "caption": {"kind": "demo.letters", "about": "text"}}
SPOKEN = {"text": "demo.letters", "said": {"kind": "demo.letters", "transcribes": "text"}}
MARKED = {"text": "demo.letters", "marks": {"kind": "demo.marks", "of": "text"}}


def _pipe(*steps, fields):
    return augury.pipeline(list(steps), fields=fields)


def test_loose_links_carry_effects():
    """A coupling's effect reaches the linked field, with the source's size as it was before the effect."""
    pipe = _pipe({"demo.rotate": {"field": "text"}}, fields=COUPLE)
    out = pipe({"text": "abcdef", "caption": "a caption"}, id="r")
    assert out["caption"] == "6:a caption"
    assert pipe({"text": "abc", "caption": ""}, id="r")["caption"] == ""
    assert "caption" not in pipe({"text": "abc"}, id="r")


def test_coupled_effects_do_not_couple_back():
    """An effect on the caption, coupled or its own, leaves the photo's side alone."""
    fields = {**COUPLE, "third": {"kind": "demo.letters", "about": "caption"}}
    out = _pipe({"demo.rotate": {"field": "text"}}, fields=fields)(
        {"text": "abc", "caption": "c", "third": "t"}, id="r"
    )
    assert out["caption"] == "3:c"
    assert out["third"] == "t"


def test_strict_links_refuse_or_keep():
    """REFUSE is a data error naming both fields; KEEP leaves the field; nothing else is touched."""
    pipe = _pipe({"demo.rotate": {"field": "text"}}, fields=SPOKEN)
    with pytest.raises(DataError, match="'said'") as caught:
        pipe({"text": "abc", "said": "hello"}, id="r/9")
    assert "r/9" in str(caught.value)
    assert pipe({"text": "xyz", "said": "hello"}, id="r")["said"] == "hello"


def test_on_unmoved_drops_the_field():
    """With on_unmoved: drop a refused field is left out, and only then."""
    fields = {**SPOKEN, "said": {**SPOKEN["said"], "on_unmoved": "drop"}}
    pipe = _pipe({"demo.rotate": {"field": "text"}}, fields=fields)
    assert set(pipe({"text": "abc", "said": "hello"}, id="r")) == {"text"}
    assert set(pipe({"text": "xyz", "said": "hello"}, id="r")) == {"text", "said"}


def test_strict_links_without_a_rule_are_refused_when_compiled():
    """No rule for a moving op along a strict link is a mistake of the recipe, unless it may be dropped."""
    fields = {"text": "demo.letters", "seen": {"kind": "demo.letters", "sees": "text"}}
    with pytest.raises(RecipeError, match="a rule by which seen"):
        _pipe({"demo.rotate": {"field": "text"}}, fields=fields)
    fields["seen"]["on_unmoved"] = "drop"
    out = _pipe({"demo.rotate": {"field": "text"}}, fields=fields)({"text": "abc", "seen": "x"}, id="r")
    assert set(out) == {"text"}


def test_loose_links_without_a_rule_are_said_once():
    """A loose link without a rule leaves the field and warns."""
    fields = {"text": "demo.letters", "note": {"kind": "id", "about": "text"}}
    pipe = _pipe("demo.rotate", {"demo.rotate": {"name": "b"}}, fields=fields)
    assert pipe({"text": "abc", "note": "n"}, id="r")["note"] == "n"
    assert any("note (about text) has no rule" in w for w in pipe.warnings)


def test_targets_that_cannot_follow_are_refused():
    """A field that lies on an anchor must follow its space, or may be dropped."""
    fields = {"text": "demo.letters", "n": {"kind": "number", "of": "text"}}
    with pytest.raises(RecipeError, match="a kind that follows"):
        _pipe("demo.rotate", fields=fields)
    fields["n"]["on_unmoved"] = "drop"
    pipe = _pipe("demo.rotate", fields=fields)
    assert set(pipe({"text": "abc", "n": 1}, id="r")) == {"text"}
    looking = _pipe("demo.count", fields={**fields, "marks": {"kind": "demo.marks", "of": "text"}})
    assert looking({"text": "abc", "n": 1, "marks": [(0, 1, "x")]}, id="r")["text"].startswith("1a")


def test_effects_on_a_field_and_what_lies_on_it_overlap():
    """An op may not move a target by itself and with its anchor."""
    fields = {"text": "demo.letters", "lies_on": {"kind": "demo.marks", "of": "text"}}
    with pytest.raises(RecipeError, match="lies_on"):
        _pipe("bad.clash", fields=fields)({"text": "abc", "lies_on": []}, id="r")


def test_conversions_change_the_schema():
    """``makes`` self changes the field's kind for what comes after; an op of the old kind is then refused."""
    pipe = _pipe("demo.split", fields={"text": "demo.letters"})
    assert pipe({"text": "ab"}, id="r")["text"] == [97, 98]
    assert pipe.schema["text"].kind_id == "demo.letters"
    assert pipe.schema_after["text"].kind_id == "demo.points"
    with pytest.raises(RecipeError, match="a field of kind"):
        _pipe("demo.split", "demo.rotate", fields={"text": "demo.letters"})


@pytest.mark.parametrize(
    "step",
    [
        {"demo.split": {"p": 0.5}},
        {"one_of": ["demo.split", "demo.rotate"]},
        {"some_of": ["demo.split", "demo.rotate"]},
        {"sometimes": {"p": 0.5, "steps": ["demo.split"]}},
    ],
)
def test_kinds_must_agree_over_branches(step):
    """A conversion that runs only sometimes is refused where the kind cannot be lifted."""
    with pytest.raises(RecipeError, match="one kind of text after the step"):
        _pipe(step, fields={"text": "demo.letters"})


def test_labels_are_lifted_over_branches():
    """A label that is mixed only sometimes is a distribution always."""
    fields = {"x": "number", "colour": {"kind": "category", "role": "label"}}
    pool = {"d": {"x": 1.0, "colour": "green"}}
    for step in ({"demo.mix": {"p": 0.5}}, {"one_of": ["demo.mix", "demo.shift"]}):
        pipe = _pipe(step, fields=fields)
        seen = set()
        for i in range(30):
            out = pipe({"x": 0.0, "colour": "red"}, id=str(i), pool=pool)
            assert isinstance(out["colour"], dict)
            seen.add(len(out["colour"]))
        assert seen == {1, 2}


def test_labels_mix_twice():
    """A mixed label is mixed again by its weights."""
    fields = {"x": "number", "colour": {"kind": "category", "role": "label"}}
    pipe = _pipe({"demo.mix": {"name": "a"}}, {"demo.mix": {"name": "b"}}, fields=fields)
    out = pipe({"x": 0.0, "colour": "red"}, id="r", pool={"d": {"x": 1.0, "colour": "green"}})
    one, two = (step["draw"]["weight"] for step in out.lineage["steps"])
    assert out["colour"] == pytest.approx({"red": (1 - one) * (1 - two), "green": one * (1 - two) + two})
    assert out["x"] == pytest.approx(one * (1 - two) + two)


def test_on_empty_drops_outputs():
    """An output whose marks are all lost is dropped; one that had none to begin with, or no marks field, is kept."""
    fields = {**MARKED, "marks": {**MARKED["marks"], "on_empty": "drop"}}
    pipe = _pipe("demo.rotate", fields=fields)
    with pytest.raises(Dropped, match="something left in marks"):
        for i in range(20):
            pipe({"text": "abcdef", "marks": [(1, 5, "x")]}, id=str(i))
    assert pipe({"text": "abcdef", "marks": []}, id="r")["marks"] == []
    assert "marks" not in pipe({"text": "abcdef"}, id="r")
    results = pipe.many([(str(i), 0, {"text": "abcdef", "marks": [(1, 5, "x")]}) for i in range(20)])
    assert any(isinstance(r, Dropped) for r in results)
    assert not all(isinstance(r, Dropped) for r in results)


def test_fields_without_values_are_passed_by():
    """Steps on a field the record lacks do nothing, and None is no value."""
    fields = {"text": "demo.letters", "x": "number"}
    pipe = _pipe("demo.rotate", "demo.shift", fields=fields)
    assert pipe({}, id="r") == {}
    assert [s["path"] for s in pipe({"x": 1, "text": None}, id="r").lineage["steps"]] == ["demo.shift#0"]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"a": "demo.lettres"}, "Did you mean demo.letters"),
        ({"a": {"kind": "number", "integr": True}}, "Did you mean integer"),
        ({"a": {"of": "b"}}, "the id of a kind"),
        ({"a": 3}, "a kind or a mapping"),
        ({"row": "number"}, "a field name"),
        ({"9a": "number"}, "a field name"),
        ({"a": {"kind": "demo.marks", "of": "b"}, "bb": "demo.letters"}, "Did you mean bb"),
        ({"a": {"kind": "demo.marks", "of": "a"}}, "another field"),
        ({"a": {"kind": "demo.marks", "of": "b", "about": "b"}, "b": "demo.letters"}, "at most one link"),
        ({"a": {"kind": "number", "role": "labl"}}, "Did you mean label"),
        ({"a": {"kind": "number", "on_empty": "keeps"}}, "keep"),
    ],
)
def test_wrong_fields_are_refused(fields, message):
    """Each mistake under fields is an error that names its place."""
    with pytest.raises(augury.errors.AuguryError, match=message) as caught:
        _pipe(fields=fields)
    assert str(caught.value).startswith("fields.")


def test_an_exception_replaces_the_general_rule_for_its_effect_and_kind(monkeypatch):
    """A rule of its own is given the kind, the carried value, the effect and the map; other effects keep to the general rule."""
    from augury.effects import Rope

    fields = {"text": "demo.letters", "marks": {"kind": "demo.marks", "of": "text"}}
    record = {"text": "ab", "marks": [(0, 2, "x")]}
    pipe = augury.pipeline(["demo.rotate", "demo.rotate"], fields=fields)
    seen = []

    def rule(kind, carried, effect, where):
        seen.append((kind.entry_id, type(effect), where is not None))
        return []

    monkeypatch.setattr(pipe, "exceptions", {"Rope": {"demo.marks": rule}})
    assert not pipe(record, seed=1, id="a")["marks"]
    assert seen == [("demo.marks", Rope, True)] * 2
    monkeypatch.setattr(pipe, "exceptions", {"Warp": {"demo.marks": rule}})
    pipe(record, seed=1, id="a")
    assert len(seen) == 2
