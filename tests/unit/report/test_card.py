"""The card: `datasets` opens by it, Markdown shows data as text, what it claims is known."""

import datasets
import pytest
import yaml
from markdown_it import MarkdownIt

from augury.report.card import card
from augury.report.measure import measure
from tests.unit.report.conftest import HOSTILE

FIELDS = {"x": "number", "label": {"kind": "category", "role": "label"}}


def written(dataset, facts):
    """Return the card of a dataset, split into front matter and Markdown."""
    text = card(facts, list(measure(dataset, 7)), dataset)
    _, front, body = text.split("---\n", 2)
    return yaml.safe_load(front), body


def some(n=3):
    """Return rows of two collections; the second has an empty side."""
    rows = [("a", side, f"a/{side}{i}", {"x": float(i), "label": "z"}) for side in ("train", "test") for i in range(n)]
    return [*rows, ("b", "train", "b/1", {"x": 1.0, "label": "y"}), ("b", "val", "", {})]


@pytest.mark.parametrize("form", ["parquet", "jsonl", "csv"])
def test_datasets_opens_it(finished, facts, tmp_path, monkeypatch, form):
    """Every collection is a config with the sides that have rows, under Hugging Face `datasets`."""
    monkeypatch.setattr(datasets.config, "HF_DATASETS_OFFLINE", True)
    dataset = finished(FIELDS, some(), form=form)
    text = card(facts(), list(measure(dataset, 7)), dataset)
    (dataset.folder / "README.md").write_text(text, encoding="utf-8")
    for name, sides in {"a": {"train": 3, "test": 3}, "b": {"train": 1}}.items():
        opened = datasets.load_dataset(str(dataset.folder), name, cache_dir=str(tmp_path / "cache"))
        assert {side: len(rows) for side, rows in opened.items()} == sides
    assert datasets.load_dataset_builder(str(dataset.folder), "a", cache_dir=str(tmp_path / "cache")).config.name == "a"


def test_metadata(finished, facts):
    """The licence is the recipe's, the size the rows', and the task only what cannot be another."""
    front, _ = written(finished(FIELDS, some()), facts(recipe={"report": {"license": "cc-by-4.0"}}))
    assert front["license"] == "cc-by-4.0"
    assert front["task_categories"] == ["tabular-classification"]
    assert front["size_categories"] == ["n<1K"]
    front, _ = written(finished(FIELDS, some(600)), facts())
    assert "license" not in front and front["size_categories"] == ["1K<n<10K"]


@pytest.mark.parametrize(
    ("fields", "task"),
    [
        ({"photo": "image", "label": {"kind": "category", "role": "label"}}, "image-classification"),
        ({"photo": "image", "boxes": {"kind": "boxes", "of": "photo"}}, "object-detection"),
        ({"clip": "audio", "label": {"kind": "distribution", "role": "label"}}, "audio-classification"),
        ({"words": "text", "label": {"kind": "category", "role": "label"}}, "text-classification"),
        ({"words": "text", "tags": {"kind": "tags", "of": "words"}}, "token-classification"),
        ({"a": "number", "b": {"kind": "number", "role": "label"}}, "tabular-regression"),
        ({"photo": "image", "words": {"kind": "text", "about": "photo"}}, None),
        ({"photo": "image", "words": "text", "label": {"kind": "category", "role": "label"}}, None),
        ({"a": "number", "b": "number"}, None),
    ],
)
def test_tasks_only_when_sure(finished, facts, fields, task):
    """A task is named where the kinds leave only one."""
    front, _ = written(finished(fields, [("c", "train", "", {})]), facts())
    assert front.get("task_categories") == ([task] if task else None)


def test_hostile_text_stays_text(finished, facts):
    """Names, paths and reasons make no markup, no link and no further lines, as CommonMark with tables reads them."""
    ticks = "```\n<script>alert(2)</script>\n````"
    known = facts(
        name=HOSTILE + "\n# more",
        recipe={"x": ticks, "y": HOSTILE},
        sources=[{"collection": HOSTILE, "format": "csv", "path": HOSTILE, "records": 3}],
        audit=[{"check": "c", "found": [HOSTILE]}],
        notes=[HOSTILE, "# not a heading", "- not a list", "1. nor this", "www.example.org and https://example.org"],
    )
    front, body = written(finished(FIELDS, some()), known)
    assert front["pretty_name"].startswith("<script>")
    tokens = MarkdownIt("commonmark", {"html": True, "linkify": False}).enable(["table", "strikethrough"]).parse(body)
    inline = [t for token in tokens for t in token.children or ()]
    assert not [t.type for t in (*tokens, *inline) if "html" in t.type or t.type in ("link_open", "image")]
    headings = [tokens[i + 1].content for i, t in enumerate(tokens) if t.type == "heading_open"]
    assert len(headings) == 8 and not any(h.startswith(("more", "not")) for h in headings)
    assert sum(t.type == "fence" for t in tokens) == 2
    texts = "".join(t.content for t in inline)
    assert "<script>alert(1)</script>" in texts and "[a](http://e.vil)" in texts
    widths = {
        line.count(" | ") for line in body.splitlines() if line.startswith("| a |") or line.startswith("| collection")
    }
    assert widths <= {1, 2, 3}
    assert "https\\://" in body and "www\\." in body


def test_what_a_reader_needs(finished, facts):
    """The card says what it is, how it was made, splits, fields, limits, and how to check and replay it."""
    known = facts(
        split={"sides": {"train": 4}, "asked": {"train": 0.8, "test": 0.2}, "deviation": 0, "strata": {}, "empty": []},
        copies={"a": {"train": 2}},
    )
    _, body = written(finished(FIELDS, some()), known)
    for words in ("## How it was made", "## Splits", "## Fields", "## Limits", "## Verify and replay"):
        assert words in body
    assert "| a | 3 | 3 | 0 |" in body and "train 80.0 %, test 20.0 %" in body
    assert "augury verify ." in body and "augury replay . ROW_ID" in body and known.content_hash in body
    assert "Copies are not new evidence" in body and "| label | category | label |" in body
