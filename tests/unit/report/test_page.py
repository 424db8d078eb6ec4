"""The page: parsed by a real parser, nothing runs or loads, data is text, the worst comes first."""

import re
from itertools import pairwise

import numpy as np
import pytest

from augury.report import page
from augury.report.measure import measure
from augury.report.outcome import concerns, paragraph
from augury.report.page import render
from tests.unit.report.conftest import HOSTILE, Tree

NAME = "<b>field</b>"
FIELDS = {
    NAME: {"kind": "category", "role": "label"},
    "photo": "image",
    "boxes": {"kind": "boxes", "of": "photo"},
    "caption": "text",
    "marks": {"kind": "spans", "of": "caption"},
    "x": "number",
}


@pytest.fixture
def hostile(finished, facts, made_rows):
    """A dataset and facts in which every text is hostile; returns them with the page."""
    picture = np.random.Generator(np.random.Philox(key=1)).integers(0, 255, (40, 60, 3)).astype(np.uint8)
    rows = []
    for i in range(12):
        values = {
            NAME: f"{HOSTILE}{i % 3}",
            "photo": picture,
            "boxes": [{"box": [1, 1, 30, 30], "label": HOSTILE}],
            "caption": HOSTILE + str(i),
            "marks": [{"start": 0, "end": 8, "label": HOSTILE}],
            "x": float(i),
        }
        rows.append(("c", "train", f"c/{HOSTILE}{i}", values))
        rows.append(("c", "train", f"c/{HOSTILE}{i}@0", values | {"caption": HOSTILE + "more"}))
        rows.append(("c", "test", f"c/{HOSTILE}t{i}", values))
    left = {HOSTILE: {"count": 3, "examples": [{"id": HOSTILE, "detail": HOSTILE}]}}
    known = facts(
        name=HOSTILE,
        recipe={HOSTILE: [HOSTILE, {"x": HOSTILE}]},
        recipe_hash=HOSTILE,
        environment={"python": HOSTILE, "distributions": {HOSTILE: HOSTILE}},
        workers=2,
        stages=[{"name": HOSTILE, "seconds": 1.5, "records_in": 12, "records_out": 24}],
        sources=[{"collection": HOSTILE, "format": HOSTILE, "path": HOSTILE, "records": 12}],
        split={
            "sides": {HOSTILE: 12, "test": 12},
            "asked": {HOSTILE: 0.9, "test": 0.1},
            "deviation": 0.4,
            "strata": {HOSTILE: {HOSTILE: 12}},
            "empty": [HOSTILE],
        },
        classes_before={HOSTILE: {HOSTILE: {HOSTILE: 4}}},
        classes_after={HOSTILE: {HOSTILE: {HOSTILE: 8}}},
        rejected=left,
        quarantine=left,
        duplicates={
            "exact": 1,
            "near": 2,
            "clusters": 1,
            "examples": [{"a": HOSTILE, "b": HOSTILE, "similarity": 0.9, "field": HOSTILE}],
        },
        audit=[{"check": HOSTILE, "found": [HOSTILE]}],
        warnings=[HOSTILE],
        synthesis=[made_rows(HOSTILE), made_rows(HOSTILE, evaluation={HOSTILE: HOSTILE}, gate=None)],
        notes=[HOSTILE],
    )
    return known, list(measure(finished(FIELDS, rows), 7))


def test_nothing_runs_and_nothing_is_loaded(hostile):
    """No script, no handler, no address but those within the page and data: ones; the policy says the same."""
    text = render(*hostile)
    tree = Tree(text)
    for tag, attributes in tree.elements:
        assert tag not in ("script", "iframe", "object", "embed", "link", "base", "form", "foreignobject", "img")
        for name, value in attributes.items():
            assert not name.startswith("on")
            if name in ("href", "src"):
                assert value.startswith(("#", "data:image/", "data:audio/wav"))
            if name == "style":
                assert "url" not in value and "<" not in value
    policy = next(a["content"] for t, a in tree.elements if a.get("http-equiv") == "Content-Security-Policy")
    assert "default-src 'none'" in policy and "script" not in policy
    assert "url(" not in "".join(tree.within("style")).replace("url(#", "")
    assert not re.search("[\x00-\x08\x0b-\x1f\ud800-\udfff]", text)


def test_hostile_text_is_shown_as_it_is(hostile):
    """Every hostile text is there as text: in headings, tables, lists, figures and the recipe."""
    tree = Tree(render(*hostile))
    start = HOSTILE[:20]
    shown = {tag for tag, text in tree.texts if start in text}
    assert {"h1", "td", "th", "li", "code", "b", "dd", "dt", "figcaption", "caption", "title"} <= shown
    assert any(start in text for tag, text in tree.texts if tag == "text")
    assert NAME in "".join(tree.within("dt"))


def test_links_and_names(hostile):
    """Every id is there once, every link within the page leads somewhere, every picture and table has words."""
    tree = Tree(render(*hostile))
    ids = [a["id"] for _, a in tree.elements if "id" in a]
    assert len(ids) == len(set(ids))
    for tag, attributes in tree.elements:
        for name in ("href", "clip-path", "aria-labelledby"):
            value = attributes.get(name, "")
            target = re.fullmatch(r"(?:url\()?#([\w-]+)\)?", value) if name != "aria-labelledby" else None
            assert target is None or target[1] in ids
        if tag == "svg":
            assert attributes.get("role") == "img" or attributes.get("aria-hidden") == "true"
        if tag == "audio":
            assert attributes["aria-label"]
    tags = [tag for tag, _ in tree.elements]
    assert tags.count("table") == tags.count("caption") and tags.count("h1") == tags.count("main") == 1
    plots = sum(a.get("class") == "plotted" for _, a in tree.elements)
    assert plots == sum(text == "The numbers" for text in tree.within("summary")) > 4
    levels = [int(tag[1]) for tag in tags if re.fullmatch("h[1-4]", tag)]
    assert all(b <= a + 1 for a, b in pairwise(levels))


def test_the_same_twice(hostile):
    """The same facts and rows give the same page."""
    assert render(*hostile) == render(*hostile)


def test_grave_things_first(facts, finished):
    """Leaks and empty sides come before what was left out, and warnings last."""
    known = facts(
        audit=[{"check": "groups", "found": ["group 'a' is on test,train"]}],
        quarantine={"augment": {"count": 1, "examples": []}},
        rejected={"duplicate": {"count": 2, "examples": []}},
        split={
            "sides": {"train": 9},
            "asked": {"train": 0.5, "val": 0.5},
            "deviation": 0.5,
            "strata": {},
            "empty": ["val"],
        },
        warnings=["a word"],
        sources=[{"collection": "c", "format": "csv", "path": "c.csv", "records": 10}],
    )
    measured = list(measure(finished({"x": "number"}, [("c", "train", "c/1", {"x": 1.0})]), 7))
    found = concerns(known, measured)
    assert [c.grave for c in found] == sorted((c.grave for c in found), reverse=True)
    assert [c.text for c in found] == [
        "The audit found 1 problem. The first: group 'a' is on test,train.",
        "No record came to val, which has a share.",
        "1 record or copy failed and was left out (10.0 % of the records read): 1 at augment.",
        "2 records were turned away (20.0 % of those read): duplicate (2).",
        "The split missed its shares: train got 100.0 %, asked 50.0 % and val got 0.0 %, asked 50.0 %.",
        "a word",
    ]
    text = render(known, measured)
    assert text.index("No record came to val") < text.index("failed and was left out") < text.index("<main")


def test_a_shift_between_sides_is_a_concern(facts, finished):
    """A test side unlike the training side is named in the summary."""
    rows = [
        ("c", side, f"c/{side}{i}", {"x": float(i % 7 + (50 if side == "test" else 0))})
        for side in ("train", "test")
        for i in range(60)
    ]
    found = concerns(facts(), list(measure(finished({"x": "number"}, rows), 7)))
    assert [c.text for c in found] == [
        "c, x: test originals differ from train originals by more than chance (KS 1.00; chance reaches 0.36)."
    ]


def test_what_came_out_in_words(facts, finished):
    """The paragraph counts records, rows, originals and copies, and where they lie."""
    rows = [
        ("c", "train", "c/1", {}),
        ("c", "train", "c/1@0", {}),
        ("c", "train", "c/1@1", {}),
        ("c", "val", "c/2", {}),
    ]
    known = facts(sources=[{"collection": "c", "format": "csv", "path": "c.csv", "records": 2}])
    told = paragraph(known, list(measure(finished({"x": "number"}, rows), 7)))
    assert told == (
        "From 2 records of 1 source came 4 rows: 2 originals and 2 copies. They lie in 1 collection, 3 on train and 1 on val."
    )


def test_nothing_at_all(facts, finished):
    """The plainest facts and a dataset without rows make a page that says so."""
    tree = Tree(render(facts(), list(measure(finished({"x": "number"}, [("c", "train", "", {})]), 7))))
    assert any("came 0 rows" in text for text in tree.within("p"))


def test_style_is_shared(facts):
    """The page wears the preview's sheet, so that values look the same in both."""
    text = page.render(facts(), [])
    assert text.count("<style>") == 2 and ".stretch" in text


def test_the_page_is_bounded(facts, finished, made_rows):
    """Thousands of warnings, classes, strata, reasons and distributions of a wide table make no endless page."""
    many = [f"word-{i}" for i in range(5000)]
    known = facts(
        warnings=many,
        split={
            "sides": {"train": 5000},
            "asked": {"train": 1.0},
            "deviation": 0.0,
            "strata": {name: {"train": 1} for name in many},
            "empty": [],
        },
        classes_after={name: {"train": dict.fromkeys(many[:30], 1)} for name in many[:100]},
        rejected={name: {"count": 1, "examples": []} for name in many},
        synthesis=[made_rows(how=dict.fromkeys(many, "x"))],
    )
    fields = {f"f{i}": "number" for i in range(150)}
    rows = [
        ("c", side, f"c/{side}{i}", dict.fromkeys(fields, float(i))) for side in ("train", "test") for i in range(5)
    ]
    text = render(known, list(measure(finished(fields, rows), 7)))
    assert len(text) < 1_000_000
    assert "4,995 further warnings" in text and "76 further sides" in text
