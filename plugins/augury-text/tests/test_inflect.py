"""Inflection both ways."""

import pytest

from augury_text import load_lexicon
from augury_text.inflect import article, in_case_of, inflect

FORMS = [
    ("car", "NNS", "cars"), ("bus", "NNS", "buses"), ("baby", "NNS", "babies"), ("key", "NNS", "keys"),
    ("man", "NNS", "men"), ("policeman", "NNS", "policemen"), ("human", "NNS", "humans"), ("child", "NNS", "children"),
    ("leaf", "NNS", "leaves"), ("roof", "NNS", "roofs"), ("church", "NNS", "churches"), ("auto", "NNS", "autos"), ("hero", "NNS", "heroes"), ("sheep", "NNS", "sheep"),
    ("walk", "VBD", "walked"), ("love", "VBD", "loved"), ("try", "VBD", "tried"), ("stop", "VBD", "stopped"),
    ("prefer", "VBD", "preferred"), ("visit", "VBD", "visited"), ("go", "VBD", "went"), ("go", "VBN", "gone"),
    ("take", "VBN", "taken"), ("put", "VBD", "put"), ("jog", "VBG", "jogging"), ("lie", "VBG", "lying"),
    ("make", "VBG", "making"), ("see", "VBG", "seeing"), ("panic", "VBG", "panicking"), ("play", "VBG", "playing"),
    ("fix", "VBG", "fixing"), ("pass", "VBZ", "passes"), ("go", "VBZ", "goes"), ("fly", "VBZ", "flies"),
    ("big", "JJR", "bigger"), ("large", "JJS", "largest"), ("happy", "JJR", "happier"), ("quick", "JJS", "quickest"),
    ("beautiful", "JJR", None), ("run", "VB", "run"),
]  # fmt: skip


@pytest.mark.parametrize(("lemma", "tag", "form"), FORMS)
def test_inflect(lemma, tag, form):
    """A lemma takes the form its tag asks for."""
    assert inflect(lemma, tag, load_lexicon().irregular) == form


@pytest.mark.parametrize(("lemma", "tag", "form"), [row for row in FORMS if row[2] and row[0] not in ("roof", "jog")])
def test_readings_undo_inflect(lemma, tag, form):
    """Every inflected form is read back as its lemma with the tag."""
    assert (lemma, tag) in {(reading.lemma, reading.tag) for reading in load_lexicon().readings(form)}


def test_a_form_is_not_read_as_one_it_is_not():
    """`hoping` comes from `hope`; `hop` would have doubled its consonant."""
    assert {reading.lemma for reading in load_lexicon().readings("hoping") if reading.pos == "v"} == {"hope"}
    assert {reading.lemma for reading in load_lexicon().readings("hopping") if reading.pos == "v"} == {"hop"}


@pytest.mark.parametrize(
    ("word", "model", "cased"),
    [("auto", "car", "auto"), ("auto", "Car", "Auto"), ("auto", "CAR", "AUTO"), ("an", "A", "An"), ("x", "", "x")],
)
def test_case(word, model, cased):
    """A word is written in the casing of the one it replaces."""
    assert in_case_of(word, model) == cased


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("apple", "an"), ("car", "a"), ("hour", "an"), ("house", "a"), ("union", "a"), ("uninvited", "an"),
        ("university", "a"), ("umbrella", "an"), ("useful", "a"), ("European", "a"), ("one-way", "a"), ("unimportant", "an"),
    ],
)  # fmt: skip
def test_article(word, expected):
    """The article goes by sound."""
    assert article(word) == expected
