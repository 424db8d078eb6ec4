"""text.normalize and text.fix_mojibake: what unicodedata and ftfy give, and labels that stay on what is rewritten."""

import unicodedata
from itertools import pairwise

import ftfy
import pytest
from hypothesis import given
from hypothesis import strategies as st

import augury
from augury_text.edits import written
from augury_text.ops.fix_mojibake import differences
from augury_text.ops.normalize import plain_blanks, straight_quotes, to_form

FORMS = ("NFC", "NFD", "NFKC", "NFKD")
TRICKY = "ae\u0301\u0323 \u00e9\uac00\u1100\u1161\u11a8\u314f\uff9e\uff76\ufb01\u00a8\u0344\u09c7\u09be\u2126 \t\n\u3000\u200b'\u201c"
FIELDS = {"t": "text", "spans": {"kind": "spans", "of": "t"}, "tags": {"kind": "tags", "of": "t"}}


@pytest.mark.parametrize("form", FORMS)
@given(text=st.text(st.one_of(st.sampled_from(TRICKY), st.characters(exclude_categories=["Cs"])), max_size=30))
def test_forms_are_those_of_unicodedata(form, text):
    """The edits make what Python's unicodedata makes, and are in order and apart."""
    edits = to_form(text, form)
    assert written(text, edits) == unicodedata.normalize(form, text)
    assert all(a < b for a, b, _ in edits)
    assert all(one[1] <= two[0] for one, two in pairwise(edits))


@pytest.mark.parametrize("form", FORMS)
def test_every_character_is_normalised_beside_a_hangul_and_a_latin_letter(form):
    """For every assigned character below U+30000, a cluster ends only where normalising cannot cross it."""
    ideographs_and_syllables = (
        range(0x3400, 0xA000),
        range(0xAC10, 0xD7A4),
        range(0x17000, 0x1B000),
        range(0x20000, 0x2F800),
    )
    points = [
        chr(p)
        for p in range(0x80, 0x30000)
        if not any(p in many for many in ideographs_and_syllables)
        and unicodedata.category(chr(p)) not in ("Cs", "Cn", "Co")
    ]
    for before in ("e", "\u1100", "\uac00", "\u30ab"):
        text = "".join(before + c for c in points if unicodedata.normalize(form, before + c) != before + c)
        assert written(text, to_form(text, form)) == unicodedata.normalize(form, text)


@given(text=st.text(st.sampled_from("ab \t\n\r\u00a0\u2028"), max_size=20))
def test_line_blanks_are_those_of_split(text):
    """``line`` gives what joining the words by single spaces gives; a second round changes nothing."""
    once = written(text, plain_blanks(text, "line"))
    assert once == " ".join(text.split())
    assert plain_blanks(once, "line") == []


@given(text=st.text(st.sampled_from("ab \t\n\r\u00a0\u2028"), max_size=20))
def test_single_blanks_keep_lines(text):
    """``single`` gives each line's words joined by spaces, the line breaks as they were, nothing at the ends."""
    once = written(text, plain_blanks(text, "single"))
    stripped = text.strip()
    wanted = "".join(
        " ".join(line.split()) + line[len(line.rstrip("\n\r\u2028")) :] for line in stripped.splitlines(True)
    )
    assert once == wanted
    assert plain_blanks(once, "single") == []


def test_quotes_become_straight():
    """Curly, low and angle quotes and primes become their typewriter forms."""
    text = "\u201cIt\u2019s\u201d \u00aboui\u00bb \u201ejo\u201c 5\u2032 6\u2033"
    assert written(text, straight_quotes(text)) == '"It\'s" "oui" "jo" 5\' 6"'


def test_labels_stay_on_what_is_written_otherwise():
    """Spans and tags name the same words before and after, normalised; one that parts an edit is dropped."""
    text = "  Cafe\u0301  \u201cBar\u201d\u00a0 x"
    record = {
        "t": text,
        "spans": [(2, 7, "A"), (9, 14, "B"), (2, 14, "C"), (5, 6, "PARTS"), (3, 5, "PLAIN")],
        "tags": [(2, 7, "N"), (10, 13, "M")],
    }
    out = augury.pipeline([{"text.normalize": {"quotes": True}}], fields=FIELDS)(record, seed=1, id="a")
    assert out["t"] == 'Caf\u00e9 "Bar" x'
    found = {label: out["t"][a:b] for a, b, label in out["spans"]}
    assert found == {"A": "Caf\u00e9", "B": '"Bar"', "C": 'Caf\u00e9 "Bar"', "PLAIN": "af"}
    assert [(out["t"][a:b], tag) for a, b, tag in out["tags"]] == [("Caf\u00e9", "N"), ("Bar", "M")]


@given(text=st.text(st.sampled_from(TRICKY + "bc"), min_size=1, max_size=16), data=st.data())
def test_two_steps_are_those_steps_one_by_one(text, data):
    """Normalising and then normalising again moves spans as two pipelines do, one after the other."""
    a = data.draw(st.integers(0, len(text) - 1))
    record = {"t": text, "spans": [(a, data.draw(st.integers(a + 1, len(text))), "X")], "tags": []}
    one, two = (
        {"text.normalize": {"form": "NFKD", "quotes": True}},
        {"text.normalize": {"form": "NFC", "blanks": "line"}},
    )
    both = augury.pipeline([{**one}, {"text.normalize": {**two["text.normalize"], "name": "b"}}], fields=FIELDS)
    first = augury.pipeline([one], fields=FIELDS)(record, seed=1, id="a")
    apart = augury.pipeline([two], fields=FIELDS)(dict(first), seed=1, id="a")
    together = both(record, seed=1, id="a")
    assert together["t"] == apart["t"]
    assert set(apart["spans"]) >= set(together["spans"])


def test_a_replacement_of_other_words_still_drops_its_span():
    """A synonym is not the same text written otherwise, even where it is normalised afterwards."""
    from augury.effects import Copy, Insert
    from augury.spaces.text import TextMap, compose
    from augury_text.kinds import Label, Spans

    other = [Insert("cafe\u0301", (0, 3)), Copy(3, 6)]
    same = [Insert("caf\u00e9", (0, 5), True), Copy(5, 8)]
    span = (Label(0, 3, "X"),)
    assert Spans().follow(span, TextMap(compose(other, same))) == ()
    assert Spans().follow((Label(0, 5, "X"),), TextMap(same)) == (Label(0, 4, "X"),)


WORDS = ["Jos\u00e9", "M\u00fcnchen", "na\u00efve", "\u2014", "\u20ac5", "\u4f60\u597d", "plain", "caf\u00e9s"]


@given(words=st.lists(st.sampled_from(WORDS), min_size=1, max_size=6))
def test_mojibake_is_repaired_and_labels_stay(words):
    """Text read as Windows-1252 becomes ftfy's repair of it, and spans of whole words stay on them."""
    broken = [word.encode().decode("cp1252", errors="replace") for word in words]
    if any("\ufffd" in word for word in broken):
        return
    text = " ".join(broken)
    at, spans = 0, []
    for i, word in enumerate(broken):
        spans.append((at, at + len(word), str(i)))
        at += len(word) + 1
    pipe = augury.pipeline(["text.fix_mojibake"], fields=FIELDS)
    out = pipe({"t": text, "spans": spans, "tags": []}, seed=1, id="a")
    assert out["t"] == ftfy.fix_encoding(text)
    if out["t"] == " ".join(words):
        assert [out["t"][a:b] for a, b, _ in out["spans"]] == words


def test_good_text_is_left_alone():
    """Curly quotes, ligatures and entities are not mojibake; entities are read on demand."""
    pipe = augury.pipeline(["text.fix_mojibake"], fields={"t": "text"})
    for text in ("\u201cquote\u201d \ufb01sh", "a &amp; b", "\u00c5land", ""):
        assert pipe({"t": text}, seed=1, id="a")["t"] == text
    pipe = augury.pipeline([{"text.fix_mojibake": {"entities": True}}], fields={"t": "text"})
    assert pipe({"t": "a &amp; b"}, seed=1, id="a")["t"] == "a & b"


@given(
    old=st.text(st.sampled_from("ab\u00e9\u20ac"), max_size=12),
    new=st.text(st.sampled_from("ab\u00e9\u20ac"), max_size=12),
)
def test_differences_make_the_new_text(old, new):
    """The edits between two texts make the second of the first, and none of them touch."""
    edits = differences(old, new)
    assert written(old, edits) == new
    assert all(one[1] < two[0] for one, two in pairwise(edits))
