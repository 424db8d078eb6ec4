"""The ops on text: what each does, and what it leaves alone."""

import pytest

import augury
from augury.errors import AuguryError, ParamError
from augury_text import Label, load_lexicon, load_tagger, tagged, word_spans
from augury_text.ops.delete import Delete, tidied

TEXT = "The quick brown fox jumped over the lazy dogs near Boston while the happy children watched a film."
OPS = ("text.synonym", "text.swap", "text.insert", "text.delete")


def words(text):
    """Return the words of a text."""
    return [text[a:b] for a, b in word_spans(text)]


@pytest.mark.parametrize("op", OPS)
def test_fraction_says_how_many(run, op):
    """The share of words is kept to, and none at all leaves the text."""
    assert run({op: {"fraction": 0.0}}, TEXT)["text"] == TEXT
    edits = {f: run({op: {"fraction": f}}, TEXT).lineage["steps"][0]["draw"]["edits"] for f in (0.01, 0.2)}
    assert len(edits[0.01]) == (2 if op == "text.swap" else 1)
    assert len(edits[0.2]) > len(edits[0.01])


@pytest.mark.parametrize("op", OPS)
@pytest.mark.parametrize("text", ["", " ", "...", "\U0001f469\u200d\U0001f467", "Boston"])
def test_nothing_to_do(run, op, text):
    """A text without words, or with one name, comes back as it is."""
    assert run({op: {"fraction": 1.0}}, text)["text"] == text


@pytest.mark.parametrize("op", OPS)
def test_labelled_spans_are_kept(run, op):
    """With every word to be touched, those in spans stay whole, in any order."""
    named = {"quick brown fox": "ANIMAL", "Boston": "CITY", "film": "WORK"}
    spans = [(TEXT.index(name), TEXT.index(name) + len(name), label) for name, label in named.items()]
    for i in range(20):
        out = run({op: {"fraction": 1.0}}, TEXT, spans=spans, id=str(i))
        found = sorted((out["text"][s.start : s.end], s.label) for s in out["spans"])
        assert found == sorted(named.items())


@pytest.mark.parametrize("op", OPS)
def test_spans_may_be_given_up(run, op):
    """With `keep_spans: false` some are torn; what is left still has its surface."""
    if op == "text.insert":
        spans = [(0, len(TEXT), "ALL")]
    else:
        spans = [(a, b, TEXT[a:b]) for a, b in word_spans(TEXT)]
    left = 0
    for i in range(10):
        out = run({op: {"fraction": 0.4, "keep_spans": False}}, TEXT, spans=spans, id=str(i))
        assert all(out["text"][s.start : s.end] == s.label for s in out["spans"] if op != "text.insert")
        left += len(out["spans"])
    assert left == 10 * len(spans) if op == "text.swap" else left < 10 * len(spans)


@pytest.mark.parametrize("op", OPS)
def test_one_draw_for_two_texts_is_refused(op):
    """Two fields cannot share the edits of one; each by itself works."""
    fields = {"a": "text", "b": "text"}
    record = {"a": TEXT, "b": TEXT[:50]}
    with pytest.raises(AuguryError, match=r"one draw for a and b\. Fix: add independent: true to the step"):
        augury.pipeline([{op: {"field": ["a", "b"]}}], fields=fields)(record)
    out = augury.pipeline([{op: {"field": ["a", "b"], "independent": True}}], fields=fields)(record)
    assert out["a"] != TEXT
    assert out["b"] != TEXT[:50]


@pytest.mark.parametrize(("op", "bad"), [("text.swap", {"reach": "far"}), ("text.delete", {"min_words": 0}),
                                         ("text.synonym", {"fraction": 1.5}), ("text.insert", {"senses": 9})])  # fmt: skip
def test_bad_parameters(op, bad):
    """Wrong parameters are refused when the pipeline is built."""
    with pytest.raises(ParamError, match=rf"{op.replace('.', '[.]')}.*{next(iter(bad))}"):
        augury.pipeline([{op: bad}], fields={"t": "text"})


# -- synonym -----------------------------------------------------------------------------------------------------


def test_synonym_replaces_by_a_synonym_of_the_same_tag(run):
    """Each changed word is replaced by one that the lexicon lists for its tag; the others are untouched."""
    spans, tags = word_spans(TEXT), load_tagger().tags(TEXT, word_spans(TEXT))
    changed = 0
    for i in range(30):
        new = words(run({"text.synonym": {"fraction": 0.3}}, TEXT, id=str(i))["text"])
        assert len(new) == len(spans)
        for (a, b), tag, word in zip(spans, tags, new, strict=True):
            if word != TEXT[a:b] and TEXT[a:b] != "a":
                assert word in load_lexicon().substitutes(TEXT[a:b], tag, 1)
                changed += 1
    assert changed > 60


def test_synonym_spares_names_and_function_words(run):
    """Names inside a sentence, articles, auxiliaries and phrasal verbs stay."""
    text = "Frank Ford should have given up the film."
    for i in range(10):
        new = run({"text.synonym": {"fraction": 1.0, "senses": 3}}, text, id=str(i))["text"]
        assert new.startswith("Frank Ford should have given up the ")
        assert new != text


@pytest.mark.parametrize(("text", "expected"), [("A car stops.", "An au"), ("She saw a car.", "She saw an au")])
def test_synonym_corrects_the_article(run, text, expected):
    """The article goes by the new word, in the casing it had."""
    outs = [run({"text.synonym": {"fraction": 0.4}}, text, id=str(i))["text"] for i in range(20)]
    assert any(out.startswith(expected) for out in outs)
    assert not any(out.startswith(expected.replace("n au", " au")) for out in outs)


def test_synonym_leaves_a_labelled_article_alone(run):
    """Where the article is labelled, no word comes behind it that would need the other one."""
    for i in range(20):
        out = run({"text.synonym": {"fraction": 1.0}}, "A car stops", spans=[(0, 1, "DET")], id=str(i))
        assert out["spans"] == (Label(0, 1, "DET"),)
        assert out["text"].startswith(("A car ", "A motorcar "))


def test_synonym_keeps_casing(run):
    """Capitals at the start and throughout are kept."""
    step = {"text.synonym": {"fraction": 1.0, "best": 1}}
    lower, title, upper = (run(step, text)["text"] for text in ("films ended", "Films ended", "FILMS ENDED"))
    assert lower != "films ended"
    assert title == lower.capitalize()
    assert upper == lower.upper()


def test_synonym_keeps_tags(run):
    """A tag stays on the word that stands for the old one."""
    names = ["D", "J", "C", "N", "V"]
    tags = tagged("The quick brown fox jumped", words("The quick brown fox jumped"), names)
    out = run({"text.synonym": {"fraction": 1.0}}, "The quick brown fox jumped", tags=tags)
    assert [t.tag for t in out["tags"]] == names
    assert [out["text"][t.start : t.end] for t in out["tags"]] == words(out["text"])


def test_synonym_may_keep_replaced_spans(run):
    """With `replaced: keep` and `keep_spans: false` a label stays on the synonym."""
    step = {"text.synonym": {"fraction": 1.0, "keep_spans": False}}
    out = run(step, "a film", spans=[(2, 6, "WORK")], spans_kind={"kind": "spans", "replaced": "keep"})
    (span,) = out["spans"]
    assert out["text"][span.start : span.end] in load_lexicon().substitutes("film", "NN", 1)
    assert run(step, "a film", spans=[(2, 6, "WORK")])["spans"] == ()


# -- swap --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reach", ["adjacent", "any"])
def test_swap_exchanges_pairs(run, reach):
    """Words are the same as a bag, an even number is in new places, and the gaps are as they were."""
    old = words(TEXT)
    for i in range(30):
        new = run({"text.swap": {"fraction": 0.25, "reach": reach}}, TEXT, id=str(i))["text"]
        found = words(new)
        assert sorted(found) == sorted(old)
        moved = [k for k, (a, b) in enumerate(zip(old, found, strict=True)) if a != b]
        assert 2 <= len(moved) <= 6
        assert all(found.index(old[k]) in moved or old[k] == "the" for k in moved)
        if reach == "adjacent":
            assert all(found[k] in old[max(k - 1, 0) : k + 2] for k in moved)
        assert new[-1] == "."


def test_swap_reaches_every_pair(run):
    """Every pair of neighbours is drawn, and none but neighbours."""
    seen = {run({"text.swap": {"fraction": 0.1}}, "a1 b2 c3 d4", id=str(i))["text"] for i in range(60)}
    assert seen == {"b2 a1 c3 d4", "a1 c3 b2 d4", "a1 b2 d4 c3"}


def test_swap_carries_token_tags(run):
    """Every token has the tag it had, wherever it went."""
    names = [f"T{i}" for i in range(len(words(TEXT)))]
    tags = tagged(TEXT, words(TEXT), names)
    before = {name: TEXT[t.start : t.end] for name, t in zip(names, tags, strict=True)}
    for i in range(10):
        out = run({"text.swap": {"fraction": 0.8, "reach": "any"}}, TEXT, tags=tags, id=str(i))
        assert {t.tag: out["text"][t.start : t.end] for t in out["tags"]} == before
        assert [t.start for t in out["tags"]] == sorted(t.start for t in out["tags"])
        assert out["text"] != TEXT


# -- insert ------------------------------------------------------------------------------------------------------


def test_insert_adds_synonyms_of_its_words(run):
    """What is new is a synonym of a word of the text; without it the text is the old one."""
    pool = {
        synonym.lower()
        for (a, b), tag in zip(word_spans(TEXT), load_tagger().tags(TEXT, word_spans(TEXT)), strict=True)
        for synonym in load_lexicon().substitutes(TEXT[a:b], tag, 1)
    }
    for i in range(30):
        out = run({"text.insert": {"fraction": 0.15}}, TEXT, id=str(i))
        edits = out.lineage["steps"][0]["draw"]["edits"]
        assert len(edits) == 3
        assert {new.strip() for _, _, new in edits} <= pool
        text = out["text"]
        assert "  " not in text
        assert text.endswith(".")
        assert not text.endswith(" .")
        rest = words(text)
        for _, _, new in edits:
            rest.remove(new.strip())
        assert rest == words(TEXT)


def test_insert_never_parts_article_and_noun(run):
    """No word comes between an article and what it belongs to."""
    for i in range(40):
        text = run({"text.insert": {"fraction": 1.0}}, "A film ended the game", id=str(i))["text"]
        assert "A film" in text
        assert "the game" in text


def test_insert_tags_new_words(run):
    """The new word gets the neutral tag, all others keep theirs."""
    tags = tagged("a film", ["a", "film"], ["D", "N"])
    out = run({"text.insert": {"fraction": 0.5}}, "a film", tags=tags)
    assert sorted(t.tag for t in out["tags"]) == ["D", "N", "O"]
    assert [out["text"][t.start : t.end] for t in out["tags"]] == words(out["text"])


# -- delete ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "word", "expected"),
    [
        ("The lazy dog.", "dog", "The lazy."),
        ("The lazy dog.", "The", "lazy dog."),
        ("The lazy dog.", "lazy", "The dog."),
        ("Hello, world!", "world", "Hello!"),
        ("Hello, world!", "Hello", "world!"),
        ("red, green, blue", "green", "red, blue"),
        ("a (small) dog", "small", "a dog"),
        ("(small dog)", "small", "(dog)"),
        ("(small dog)", "dog", "(small)"),
        ("say \u201cyes\u201d now", "yes", "say now"),
        ("one\ntwo three", "two", "one\nthree"),
        ("one two\nthree", "two", "one\nthree"),
        ("one\u00a0two three", "two", "one three"),
        ("one  two  three", "two", "one  three"),
        ("one\u2014two three", "two", "one\u2014 three"),
        ("\u6f22\u5b57\u3002", "\u5b57", "\u6f22\u3002"),
        ("up \U0001f469\u200d\U0001f467 down", "down", "up \U0001f469\u200d\U0001f467"),
        ("dog", "dog", ""),
        ("the \u0301 end", "the", " \u0301 end"),
    ],
)
def test_deletion_tidies_up(text, word, expected):
    """The gap is closed: blanks, brackets, quotes and commas that would be left over go with the word."""
    start = text.index(word)
    a, b = tidied(text, start, start + len(word))
    assert text[:a] + text[b:] == expected
    assert a <= start
    assert b >= start + len(word)


def test_delete_leaves_enough(run):
    """However much is asked for, `min_words` are left."""
    for n in (1, 3):
        for i in range(10):
            text = run({"text.delete": {"fraction": 1.0, "min_words": n}}, TEXT, id=str(i))["text"]
            assert len(words(text)) == n
    assert run({"text.delete": {"fraction": 1.0, "min_words": 3}}, "Only two.")["text"] == "Only two."


def test_delete_leaves_no_ragged_gaps(run):
    """Whatever goes, no double blank, no blank before a stop, none at the ends."""
    for i in range(60):
        text = run({"text.delete": {"fraction": 0.5}}, TEXT, id=str(i))["text"]
        assert "  " not in text
        assert " ." not in text
        assert text == text.strip()
        assert len(words(text)) == 9


def test_delete_takes_tags_with_words(run):
    """Tags of deleted words go, the others stay on theirs."""
    tags = tagged(TEXT, words(TEXT), words(TEXT))
    out = run({"text.delete": {"fraction": 0.5}}, TEXT, tags=tags)
    assert [t.tag for t in out["tags"]] == words(out["text"])
    assert all(out["text"][t.start : t.end] == t.tag for t in out["tags"])


def test_ops_compose(run):
    """A chain of all four keeps tags on their words and the surviving spans whole, in one map or step by step."""
    spans = [Label(4, 19, "ANIMAL"), Label(51, 57, "CITY")]
    steps = [{op: {"fraction": 0.2}} for op in OPS]
    fields = {"text": "text", "spans": {"kind": "spans", "of": "text"}}
    for i in range(10):
        out = run(steps, TEXT, spans=spans, id=str(i))
        assert sorted(out["text"][s.start : s.end] for s in out["spans"]) == ["Boston", "quick brown fox"]
        eager = augury.pipeline(steps, fields=fields, compile=False)
        again = eager({"text": TEXT, "spans": spans}, seed=7, id=str(i))
        assert (again["text"], again["spans"]) == (out["text"], out["spans"])


def test_parameters_default():
    """Every op works with its defaults."""
    assert Delete() == Delete(fraction=0.1, min_words=1, keep_spans=True)
