"""Text, spans and tags: what they take, and where they are after an edit."""

import numpy as np
import pytest

import augury
from augury.effects import Copy, Insert
from augury.errors import FieldError
from augury.spaces.text import TextMap, TextSize, render
from augury_text import Label, Spans, Tag, Tags, Text, tagged

TEXT = "Anna met Bob in New York."
PER, LOC = Label(0, 4, "PER"), Label(16, 24, "LOC")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (b"caf\xe9", r"expected text \(str\), got bytes\. Fix: decode it"),
        (7, r"expected text \(str\), got int\. Fix: convert it"),
        ("\ud800", "expected text that UTF-8 can hold, got a lone surrogate at character 0"),
    ],
)
def test_text_refuses(value, message):
    """Bytes, numbers and what UTF-8 cannot hold are refused with the fix."""
    with pytest.raises(FieldError, match=message):
        Text().check(value)


def test_text_takes():
    """A str of any class becomes a plain str; an empty one is taken unless refused."""
    assert type(Text().check(np.str_("a"))) is str
    assert Text().check("") == ""
    with pytest.raises(FieldError, match="at least one character"):
        Text(empty="refuse").check("")
    assert Text().is_empty(" \n")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("PER", r"expected a list of \(start, end, label\), got str"),
        ([(0, 4)], r"\[0\]: expected \(start, end, label\)"),
        ([(4, 4, "PER")], "whole offsets with 0 <= start < end"),
        ([(-1, 4, "PER")], "whole offsets"),
        ([(0, 4.0, "PER")], "whole offsets"),
        ([(0, 4, "PER"), (0, 4, 3)], r"\[1\]: expected a label that is text, got 3"),
        ([{"start": 0, "end": 4, "name": "PER"}], r"\(start, end, label\)"),
    ],
)
def test_spans_refuse(value, message):
    """A wrong shape, wrong offsets and wrong labels are named by their place."""
    with pytest.raises(FieldError, match=message):
        Spans().check(value)


def test_spans_take():
    """Triples, mappings and numpy integers become the same canonical value."""
    expected = (Label(0, 4, "PER"),)
    assert Spans().check([[0, 4, "PER"]]) == expected
    assert Spans().check([{"start": 0, "end": 4, "label": "PER"}]) == expected
    assert Spans().check([(np.int64(0), np.int64(4), "PER")]) == expected
    assert Spans().check(expected) is expected


def test_offsets_beyond_the_text_are_refused():
    """A span that ends beyond its text is refused, by the record's name, when the text is edited."""
    fields = {"text": "text", "spans": {"kind": "spans", "of": "text"}}
    pipe = augury.pipeline([{"text.swap": {}}], fields=fields)
    with pytest.raises(FieldError, match=r"(?s)record 'r1'.*offsets up to 7, the length of its text, got \(0, 99"):
        pipe({"text": "one two", "spans": [(0, 99, "X")]}, id="r1")


def test_tags_in_order_and_apart():
    """Tokens that overlap or come in the wrong order are refused."""
    with pytest.raises(FieldError, match="tokens in order and apart"):
        Tags().check([(0, 4, "A"), (3, 6, "B")])


def test_tagged():
    """Tags are put on the tokens of a text, repeated tokens in order."""
    assert tagged("a b a.", ["a", "b", "a", "."], ["X", "Y", "Z", "P"]) == (
        Tag(0, 1, "X"), Tag(2, 3, "Y"), Tag(4, 5, "Z"), Tag(5, 6, "P"),
    )  # fmt: skip
    with pytest.raises(FieldError, match="a token of the text after character 1, got 'c'"):
        tagged("a b", ["a", "c"], ["X", "Y"])
    with pytest.raises(FieldError, match="2 tags, got 1"):
        tagged("a b", ["a", "b"], ["X"])


def follow(kind, value, pieces):
    """Return the new text and the value after an edit."""
    text = render(TEXT, pieces)
    carried = kind.follow(kind.open(value, TextSize(len(TEXT))), TextMap(pieces))
    return text, kind.close(carried, TextSize(len(text)))


def test_span_moves_with_its_text():
    """Spans in copied pieces are found in their new places."""
    text, spans = follow(Spans(), (PER, LOC), [Copy(16, 25), Insert(" "), Copy(0, 16)])
    assert [text[s.start : s.end] for s in spans] == ["Anna", "New York"]


def test_span_copied_twice_is_there_twice():
    """Where the text is repeated, so is the label."""
    text, spans = follow(Spans(), (PER,), [Copy(0, 5), Copy(0, 25)])
    assert [(s.start, text[s.start : s.end]) for s in spans] == [(0, "Anna"), (5, "Anna")]


@pytest.mark.parametrize(
    "pieces",
    [
        [Copy(0, 16), Copy(20, 25)],
        [Copy(0, 20), Insert("er"), Copy(20, 25)],
        [Copy(0, 16), Copy(20, 24), Copy(19, 20), Copy(16, 19), Copy(24, 25)],
        [Copy(0, 16), Insert("Rome", (16, 24)), Copy(24, 25)],
    ],
)
def test_changed_span_is_dropped_with_its_label(pieces):
    """A span that was cut, widened, turned round or replaced is gone; the other one stays."""
    text, spans = follow(Spans(), (LOC, PER), pieces)
    assert spans == (PER,)
    assert text[:4] == "Anna"


def test_replaced_span_is_kept_on_request():
    """With `replaced: keep` a label stays on the words that stand for the old ones, and only then."""
    kind = Spans(replaced="keep")
    text, spans = follow(kind, (LOC,), [Copy(0, 16), Insert("Old", (16, 19)), Copy(19, 25)])
    assert [text[s.start : s.end] for s in spans] == ["Old York"]
    assert follow(kind, (LOC,), [Copy(0, 16), Insert("Rome"), Copy(24, 25)])[1] == ()


def test_tags_follow_replaced_and_inserted_words():
    """A tag stays on the stand-in, goes with the deleted token, and a new word gets the neutral tag."""
    tags = tagged(TEXT, ["Anna", "met", "Bob"], ["P", "V", "P"])
    pieces = [Copy(0, 5), Insert("saw", (5, 8)), Insert(" again"), Copy(12, 25)]
    text, found = follow(Tags(), tags, pieces)
    assert text == "Anna saw again in New York."
    assert [(text[t.start : t.end], t.tag) for t in found] == [("Anna", "P"), ("saw", "V"), ("again", "O")]
    assert follow(Tags(inserted=None), tags, pieces)[1] == found[:2]


def test_empty():
    """An empty value says so, for `on_empty: drop`."""
    assert Spans().is_empty(())
    assert not Tags().is_empty((Tag(0, 1, "X"),))
