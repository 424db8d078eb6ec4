"""Finished datasets written by hand, and facts to go with them."""

import json
from html.parser import HTMLParser
from itertools import islice

import pyarrow as pa
import pytest

from augury.catalog import registry
from augury.dataset.columns import COPY, ORIGIN, PARENTS, Columns
from augury.dataset.identity import schema_document
from augury.dataset.reading import Dataset
from augury.formats.beside import ROW_ID
from augury.pipelines import parse_schema
from augury.quality.evaluating import Protocol
from augury.quality.privacy import Privacy
from augury.record import Schema
from augury.report.facts import Facts

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)> ${7*7} $\\frac{1}{2}$ | `x` [a](http://e.vil) \x00\x1b]0;\u202e"
"""Text that would do something wherever it were taken for anything but text."""

HASH = "c0ffee" * 10 + "c0ff"


@pytest.fixture
def finished(tmp_path):
    """Write rows as a finished dataset and open it.

    Each row is (collection, side, id, values): the id of a copy ends in ``@`` and its number.
    """

    def make(fields, rows, group_rows=1000, form="parquet", folder=None):
        folder = folder or tmp_path / "dataset"
        schema = schema_of(fields)
        columns = Columns(schema.fields, schema.fields)
        writes = registry().load("formats", form).build({}, "write")
        shards = []
        for collection, side in dict.fromkeys((c, s) for c, s, _, _ in rows):
            mine = [(name, values) for c, s, name, values in rows if (c, s) == (collection, side)]
            stem = folder / f"data/{collection}/{side}-00000-of-00001"
            stem.parent.mkdir(parents=True, exist_ok=True)
            with writes.writer(stem, columns.arrow(), columns.after) as writer:
                left = (stored(schema, *each) for each in mine if each[0])
                while part := list(islice(left, group_rows)):
                    writer.write(pa.Table.from_pylist(part, schema=columns.arrow()))
            shards.append(
                {
                    "path": writer.path.relative_to(folder).as_posix(),
                    "collection": collection,
                    "side": side,
                    "rows": sum(bool(name) for name, _ in mine),
                }
            )
        document = {
            "manifest": 1,
            "content_hash": HASH,
            "name": "made",
            "write": {"format": form, "options": {}},
            "schema": {c: schema_document(schema.fields) for c in dict.fromkeys(c for c, *_ in rows)},
            "shards": shards,
        }
        (folder / "manifest.json").write_text(json.dumps(document))
        return Dataset(folder)

    return make


def schema_of(fields):
    """Return a schema; names that a recipe would refuse are taken too, since a manifest may hold anything."""
    names = {name if name.isidentifier() else f"alias{i}": name for i, name in enumerate(fields)}
    parsed = parse_schema({alias: fields[name] for alias, name in names.items()})
    return Schema(spec._replace(name=names[spec.name]) for spec in parsed.fields.values())


def stored(schema, name, values):
    """Return a row as shards hold it."""
    source, _, copy = name.partition("@")
    row = {n: None for n in schema.fields}
    for field, value in values.items():
        kind = schema.fields[field].kind
        packed = kind.pack(kind.check(value))
        row[field] = {"bytes": packed, "path": None} if kind.payload else packed
    own = {ROW_ID: name, COPY: int(copy) if copy else None, PARENTS: [source] if copy else []}
    return row | own | {ORIGIN: "augmented" if copy else "original"}


@pytest.fixture
def facts():
    """Build facts, with the given ones in place of the plainest."""

    def make(**given):
        plain = {"name": "made", "recipe": {"recipe": 1}, "recipe_hash": "ab" * 32, "seed": 7, "content_hash": HASH}
        return Facts.from_dict(plain | given)

    return make


class Tree(HTMLParser):
    """A page as a real parser sees it: every element with its attributes and path, and its text."""

    VOID = ("meta", "img", "br")

    def __init__(self, text):
        """Read a page; elements must nest."""
        super().__init__(convert_charrefs=True)
        self.open, self.elements, self.texts = [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        """Keep an element."""
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        """Hold the element that is closed to be the last one opened."""
        assert self.open.pop() == tag

    def handle_data(self, data):
        """Keep text with the element it stands in."""
        self.texts.append((self.open[-1] if self.open else "", data))

    def within(self, *tags):
        """Return the texts directly inside elements of these names."""
        return [text for tag, text in self.texts if tag in tags]


@pytest.fixture
def made_rows():
    """What a run knows of one model: its gate passed, its rows were judged on a few made-up figures."""

    def make(word="people@forest", **changes):
        figures = {"main": [0.8], "closer": [0.5], "copies": [0.0]}
        one = {
            "name": word,
            "target_aware": False,
            "verdict": "use with care",
            "reasons": [word],
            "figures": {n: {"mean": v[0], "spread": 0.0, "seeds": v} for n, v in figures.items()},
        }
        privacy = dict.fromkeys(Privacy._fields, 0.5)
        evaluation = {
            "model": one,
            "beside": [one],
            "real": {"main": 0.9, "main_floor": 0.5},
            "controls": {"copy of T": privacy, "fresh real rows": privacy},
            "columns": {word: 0.1},
            "sizes": {"train": 300, "test": 100, "half": 150},
            "target": word,
            "main": "AUC",
            "protocol": Protocol()._asdict(),
            "plots": {
                "distances": {"real": [i / 100 for i in range(101)], "made": [i / 90 for i in range(101)]},
                "columns": {word: {"labels": [word], "real": [1.0], "made": [0.9]}},
            },
            "written": {"rows": 100, "added_main": 0.91},
        }
        gate = {"passed": True, "on_fail": "drop", "checks": [{"asked": word, "got": word, "passed": True}]}
        return {
            "title": word,
            "model": word,
            "rows": 100,
            "turned_away": 1,
            "how": {word: [word]},
            "stores_rows": True,
            "gate": gate,
            "inner": evaluation,
            "evaluation": evaluation,
            "histories": {word: {word: {"popularity": 0.1, "length": 0.2, "copies": 0.0}}},
            "judged": {"verdict": word, "reasons": [word], "users": 9},
            "held": word,
            "note": word,
        } | changes

    return make
