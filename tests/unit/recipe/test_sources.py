"""Reading ``collect:``: formats guessed, columns met, collections named."""

import json

import numpy as np
import pytest
from PIL import Image

from augury.errors import AuguryError

FIELDS = """\
fields:
  photo: image
  boxes: {kind: boxes, of: photo}
  caption: {kind: text, about: photo}
  age: number
  label: {kind: category, role: label}
"""


def picture(path):
    """Write a small picture."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.zeros((4, 6, 3), np.uint8)).save(path)


def recipe(bench, collect, fields=FIELDS):
    """Load a recipe of sources alone."""
    return bench.load(f"recipe: 1\ncollect:\n{collect}{fields}")


def refusal(bench, collect, fields=FIELDS):
    """Return the message a recipe of sources is refused with."""
    with pytest.raises(AuguryError) as caught:
        recipe(bench, collect, fields)
    return str(caught.value)


@pytest.fixture
def corpus(bench):
    """Return a bench with a folder of photos with metadata, class folders, a CSV and JSON lines."""
    picture(bench.folder / "photos" / "a.png")
    rows = [{"file_name": "a.png", "boxes": [{"box": [0, 0, 2, 2], "label": "x"}], "caption": "left"}]
    (bench.folder / "photos" / "metadata.jsonl").write_text("\n".join(map(json.dumps, rows)))
    picture(bench.folder / "classes" / "cat" / "b.png")
    (bench.folder / "more.jsonl").write_text('{"age": 3, "who": "x"}\n{"age": 4, "label": "y"}\n')
    return bench


def test_each_collection_has_what_its_source_gives(corpus):
    """Formats are guessed, and fields decided by columns."""
    made = recipe(
        corpus,
        "  - {path: photos, as: {image: photo}}\n  - {path: classes, as: {image: photo}}\n  - path: more.jsonl\n",
    )
    assert [(s.collection, s.format) for s in made.collect] == [
        ("photos", "folder"), ("classes", "folder"), ("more", "jsonl"),
    ]  # fmt: skip
    fields = {name: list(pipe.schema.fields) for name, pipe in made.pipelines.items()}
    assert fields == {"photos": ["photo", "boxes", "caption"], "classes": ["photo", "label"], "more": ["age", "label"]}


def test_resolved_columns(corpus):
    """The source says every column that is read: renamed ones, and those called like a field."""
    made = recipe(corpus, "  - {path: more.jsonl, as: {who: caption}}\n", "fields: {caption: text, age: number}\n")
    assert made.collect[0].rename == {"who": "caption", "age": "age"}


def test_a_loose_link_ends_where_its_anchor_is_missing(corpus):
    """A caption without its photo stands alone; boxes without theirs are refused."""
    (corpus.folder / "t.jsonl").write_text('{"caption": "left"}\n')
    made = recipe(corpus, "  - {path: photos, as: {image: photo}}\n  - path: t.jsonl\n  - path: more.jsonl\n")
    assert made.pipelines["t"].schema["caption"].link is None
    assert made.pipelines["photos"].schema["caption"].link == ("about", "photo")
    (corpus.folder / "t.jsonl").write_text('{"boxes": []}\n')
    message = refusal(corpus, "  - {path: photos, as: {image: photo}}\n  - path: t.jsonl\n  - path: more.jsonl\n")
    assert "r.yaml:4 collect[1]: expected photo, which boxes belongs to" in message


def test_steps_on_fields_a_collection_lacks_are_left_out(corpus):
    """One recipe's steps serve collections of different shapes."""
    steps = "augment: {steps: [image.flip, {table.jitter: {field: age}}]}\n"
    made = recipe(corpus, "  - {path: photos, as: {image: photo}}\n  - path: more.jsonl\n", FIELDS + steps)
    paths = {name: [n.path for n in pipe.ops] for name, pipe in made.pipelines.items()}
    assert paths == {"photos": ["image.flip#0"], "more": ["table.jitter#0"]}


def test_two_sources_of_one_name(corpus):
    """Two files of the same name need two collections."""
    (corpus.folder / "b").mkdir()
    (corpus.folder / "b" / "more.jsonl").write_text('{"age": 3, "label": "z"}\n')
    fields = "fields: {age: number, label: category}\n"
    message = refusal(corpus, "  - path: more.jsonl\n  - path: b/more.jsonl\n", fields)
    assert message == (
        "r.yaml:4 collect[1]: expected a collection name of its own, got 'more', which r.yaml:3 collect[0] has too. "
        "Fix: add collection: with another name."
    )
    made = recipe(corpus, "  - path: more.jsonl\n  - {path: b/more.jsonl, collection: others}\n", fields)
    assert [s.collection for s in made.collect] == ["more", "others"]


def test_unknown_extension(bench):
    """A file whose extension says nothing needs a format."""
    (bench.folder / "x.dat").write_text("a")
    assert "expected a format, got x.dat, which says none. Fix: add format: with one of" in refusal(
        bench, "  - path: x.dat\n"
    )


def test_folder_of_tables(bench):
    """A folder whose data files have one format is of that format."""
    (bench.folder / "parts").mkdir()
    for name in ("1.csv", "2.csv"):
        (bench.folder / "parts" / name).write_text("age\n3\n")
    assert recipe(bench, "  - path: parts\n", "fields: {age: number}\n").collect[0].format == "csv"


def test_no_column_is_a_field(bench):
    """A source without any field says which columns it has."""
    message = refusal(bench, "  - path: rows.csv\n", "fields: {caption: text}\n")
    assert "expected a source with a column that is a field, got columns age, income, city, label." in message


def test_wrong_encoding_of_a_source(bench):
    """A data file in another encoding is named with its line."""
    (bench.folder / "rows.csv").write_bytes("age,caf\u00e9\n1,2\n".encode("latin-1"))
    message = refusal(bench, "  - path: rows.csv\n", "fields: {age: number}\n")
    assert "r.yaml:3 collect[0].path: rows.csv:1: expected text in utf-8, got byte 0xe9" in message


def test_damaged_source(bench):
    """A Parquet file that is none is named."""
    (bench.folder / "x.parquet").write_text("no")
    message = refusal(bench, "  - path: x.parquet\n", "fields: {age: number}\n")
    assert "collect[0].path: x.parquet: expected a whole Parquet file" in message


def test_url(bench):
    """A URL is read through fsspec and needs no file here."""
    location = (bench.folder / "rows.csv").as_uri()
    made = recipe(bench, f"  - path: {location}\n", "fields: {age: number}\n")
    assert (made.collect[0].collection, made.collect[0].path) == ("rows", location)


def test_name_that_cannot_be_guessed(bench):
    """A file name that is no plain name needs a collection name."""
    (bench.folder / "2024 data.csv").write_text("age\n1\n")
    message = refusal(bench, '  - path: "2024 data.csv"\n', "fields: {age: number}\n")
    assert "expected a file name that can name the collection, got '2024 data'. Fix: add collection:" in message
