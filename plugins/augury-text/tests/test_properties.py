"""What holds for any text whatever: blanks of every kind, emoji, Chinese, combining marks, broken lines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import augury
from augury_text import tagged, word_spans

STEPS = (
    {"text.synonym": {"fraction": 0.6, "senses": 3}},
    {"text.swap": {"fraction": 0.5}},
    {"text.swap": {"fraction": 0.7, "reach": "any"}},
    {"text.insert": {"fraction": 0.4}},
    {"text.delete": {"fraction": 0.5}},
)
FIELDS = {"text": "text", "spans": {"kind": "spans", "of": "text"}, "tags": {"kind": "tags", "of": "text"}}
PIPES = {str(step): augury.pipeline([step], fields=FIELDS) for step in STEPS}
PIECES = [
    "the", "A", "an", "quick", "film", "children", "jumped", "well-acted", "don't", "Boston", "CAR", "left", "3.5", "50%",
    " ", "  ", "\n", "\r\n", "\t", "\u00a0", "\u2003", "\u3000", ".", ",", "; ", "(", ")", "\u201c", "\u201d", "\u2014",
    "\U0001f469\u200d\U0001f467\u200d\U0001f466", "\U0001f44d\U0001f3fd", "1\ufe0f\u20e3", "\u6f22", "\u5b57", "\u3002",
    "cafe\u0301", "\u0301", "\u0939\u093f\u0928\u094d\u0926\u0940", "\u0645\u06cc\u200c\u062e", "\u200f", "&nbsp;",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES), max_size=24).map("".join) | st.text(max_size=40)


@st.composite
def labelled(draw):
    """A text with spans anywhere on it and a tag on every word."""
    text = draw(TEXTS)
    ends = st.integers(0, len(text))
    pairs = draw(st.lists(st.tuples(ends, ends), max_size=4)) if text else []
    spans = [(min(p), max(p), text[min(p) : max(p)]) for p in pairs if p[0] != p[1]]
    words = [text[a:b] for a, b in word_spans(text)]
    return {"text": text, "spans": spans, "tags": tagged(text, words, words)}


def parts(step, out, text):
    """The old text's characters that an op did not declare to change, and where they are now, from its draw alone."""
    edits = out.lineage["steps"][0]["draw"]["edits"]
    kept, at, now = [], 0, 0
    for edit in edits:
        start, end = edit[:2]
        if "text.swap" in step:
            new = edit[3] - edit[2]
        else:
            new = len(edit[2]) if len(edit) == 3 else 0
        kept.append((at, start, now))
        now += start - at + new
        at = end
    return [*kept, (at, len(text), now)], now + len(text) - at


@pytest.mark.parametrize("step", STEPS, ids=str)
@given(record=labelled(), id=st.integers(0, 9))
def test_outside_the_edits_everything_is_the_same(step, record, id):
    """The text is the old one but for the declared edits, character by character."""
    text = record["text"]
    out = PIPES[str(step)](record, seed=1, id=str(id))
    kept, length = parts(step, out, text)
    assert len(out["text"]) == length
    for a, b, now in kept:
        assert out["text"][now : now + b - a] == text[a:b]


@pytest.mark.parametrize("step", STEPS, ids=str)
@given(record=labelled(), id=st.integers(0, 9))
def test_spans_keep_their_surface_or_go(step, record, id):
    """A span that is still there holds the characters it held; each label comes at most as often as before."""
    out = PIPES[str(step)](record, seed=1, id=str(id))
    for span in out["spans"]:
        assert out["text"][span.start : span.end] == span.label
    before = sorted(label for _, _, label in record["spans"])
    for span in out["spans"]:
        before.remove(span.label)


@pytest.mark.parametrize("step", STEPS, ids=str)
@given(record=labelled(), id=st.integers(0, 9))
def test_tags_stay_on_their_words(step, record, id):
    """Tags lie on words, in order; a word that was only moved has its own tag."""
    out = PIPES[str(step)](record, seed=1, id=str(id))
    found = [(out["text"][t.start : t.end], t.tag) for t in out["tags"]]
    if "text.synonym" in step:
        assert [tag for _, tag in found] == [t.tag for t in record["tags"]]
    else:
        assert all(word == tag or tag == "O" for word, tag in found)
    if "text.swap" in step:
        assert sorted(tag for _, tag in found) == sorted(t.tag for t in record["tags"])


@given(text=TEXTS, id=st.integers(0, 9))
def test_words_are_never_all_deleted(text, id):
    """A text with words has words afterwards."""
    out = PIPES[str(STEPS[-1])]({"text": text}, seed=1, id=str(id))["text"]
    assert bool(word_spans(out)) == bool(word_spans(text))


@pytest.mark.parametrize("step", STEPS, ids=str)
@given(text=TEXTS, id=st.integers(0, 9))
def test_no_cluster_is_split(step, text, id):
    """A mark or joiner stays behind the character it belongs to."""
    out = PIPES[str(step)]({"text": text}, seed=1, id=str(id))["text"]
    for mark in ("\u0301", "\u200d\U0001f467", "\ufe0f\u20e3", "\U0001f3fd", "\u094d"):
        assert befores(out, mark) <= befores(text, mark)


def befores(text, mark):
    """The characters that stand right before a mark."""
    return {text[i - 1 : i] for i in range(len(text)) if text.startswith(mark, i)}
