"""What the formats read: encodings, ragged rows, wrong types, escaping paths; what they write, read back."""

import gzip
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from augury.catalog import registry
from augury.errors import DataError, ParamError
from augury.formats import Payload
from augury.formats.files import find_files, join_inside
from augury.pipelines import parse_schema

FIELDS = parse_schema(
    {"name": "id", "age": "number", "note": "text", "ok": "boolean", "photo": "image", "tags": "boxes"}
).fields
TABLE = parse_schema({"name": "id", "age": "number"}).fields


def read(form, path, fields=TABLE, **options):
    """All records of a source."""
    return list(registry().load("formats", form).build(options).read(str(path), fields))


# -- CSV -------------------------------------------------------------------------------------------------------------


def test_csv_parses_by_kind_and_keeps_text(tmp_path):
    """Numbers are numbers, text is text as it stands, empty cells are missing; quoted newlines count as lines."""
    (tmp_path / "a.csv").write_text('name,age,note\n007,4,"two\nlines"\nx,,  spaced \n', newline="")
    one, two = read("csv", tmp_path / "a.csv", FIELDS)
    assert one.values == {"name": "007", "age": 4, "note": "two\nlines"} and one.where == "a.csv:2"
    assert two.values == {"name": "x", "note": "  spaced "} and two.where == "a.csv:4"


def test_csv_rows_that_are_wrong_say_where(tmp_path):
    """A ragged row and a text among numbers name line and column, and the rest is read."""
    (tmp_path / "a.csv").write_text("name,age\na,1\nb\nc,old\nd,4,5\ne,5\n")
    records = read("csv", tmp_path / "a.csv")
    assert [r.where for r in records if r.problem] == ["a.csv:3", "a.csv:4", "a.csv:5"]
    problems = [r.problem for r in records if r.problem]
    assert problems[0].startswith("expected 2 cells, got 1 (they end at column 'name').")
    assert problems[1].startswith("column 'age': expected a number, got 'old'. Fix:")
    assert problems[2].startswith("expected 2 cells, got 3")
    assert [r.values["age"] for r in records if not r.problem] == [1, 5]


@pytest.mark.parametrize(("form", "suffix"), [("csv", ".csv"), ("jsonl", ".jsonl")])
def test_a_wrong_encoding_names_line_byte_and_fix(tmp_path, form, suffix):
    """Latin text read as UTF-8 stops with the line, not somewhere later; with the right encoding it is read."""
    rows = "name,age\nMüller,1\n" if form == "csv" else '{"name": "x"}\n{"name": "Müller"}\n'
    path = tmp_path / f"a{suffix}"
    path.write_bytes(rows.encode("cp1252"))
    with pytest.raises(
        DataError, match=rf"a{suffix}:2: expected text in utf-8, got byte 0xfc .* Fix: set encoding: cp1252"
    ):
        read(form, path)
    assert read(form, path, encoding="cp1252")[-1].values["name"] == "Müller"


def test_csv_dialects(tmp_path):
    """Tabs by extension, another delimiter and missing marks by option, a byte order mark, gzip."""
    (tmp_path / "a.tsv").write_text("name\tage\nx\t1\n")
    (tmp_path / "b.csv").write_bytes("\ufeffname;age\nx;?\n".encode())
    (tmp_path / "c.csv.gz").write_bytes(gzip.compress(b"name,age\nx,3\n"))
    assert read("csv", tmp_path / "a.tsv")[0].values == {"name": "x", "age": 1}
    assert read("csv", tmp_path / "b.csv", delimiter=";", missing=["", "?"])[0].values == {"name": "x"}
    assert read("csv", tmp_path / "c.csv.gz")[0].values == {"name": "x", "age": 3}


def test_csv_headers_that_are_wrong(tmp_path):
    """Two columns of one name, and no column that is a field."""
    (tmp_path / "a.csv").write_text("name,name\nx,y\n")
    with pytest.raises(DataError, match=r"a\.csv:1: expected column names that differ, got 'name'"):
        read("csv", tmp_path / "a.csv")
    (tmp_path / "a.csv").write_text("nom,alter\nx,y\n")
    with pytest.raises(DataError, match=r"a\.csv:1: expected a column that is a field, got nom, alter\. Fix: map"):
        read("csv", tmp_path / "a.csv")


# -- JSON lines ------------------------------------------------------------------------------------------------------


def test_jsonl_lines_that_are_no_object(tmp_path):
    """Broken JSON, a list, and very deep nesting are problems of their line alone."""
    (tmp_path / "a.jsonl").write_text('{"name": "x"}\n{"name": \n\n[1]\n' + "[" * 100_000 + "\n" + '{"age": 2}')
    records = read("jsonl", tmp_path / "a.jsonl")
    assert [bool(r.problem) for r in records] == [False, True, True, True, False]
    assert records[2].problem.startswith("expected a JSON object, got [1]. Fix:")
    assert records[4].where == "a.jsonl:6"


def test_a_folder_and_a_glob_of_files(tmp_path):
    """Files are read in the order of their names."""
    for i in (2, 1):
        (tmp_path / f"p{i}.jsonl").write_text(json.dumps({"age": i}) + "\n")
    assert [r.values["age"] for r in read("jsonl", tmp_path)] == [1, 2]
    assert [r.where for r in read("jsonl", tmp_path / "p*.jsonl")] == ["p1.jsonl:1", "p2.jsonl:1"]


def test_urls_are_read_through_fsspec():
    """A source may be any fsspec URL; payloads beside it are read from there too."""
    import fsspec

    fs = fsspec.filesystem("memory")
    fs.pipe("/corpus/rows.jsonl", b'{"name": "x", "photo": "p/a.png"}\n')
    fs.pipe("/corpus/p/a.png", b"bytes of a")
    (record,) = read("jsonl", "memory://corpus/rows.jsonl", FIELDS)
    assert record.values["photo"].read() == b"bytes of a"


def test_a_source_that_is_not_there():
    """The path and the fix are named."""
    with pytest.raises(DataError, match=r"/nowhere/rows\.csv: expected a file, or a folder of \.csv"):
        read("csv", "/nowhere/rows.csv")


def test_an_unknown_option_is_refused():
    """With the nearest name."""
    with pytest.raises(ParamError, match="delimiter"):
        registry().load("formats", "csv").build({"delimeter": ";"})


# -- paths -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["../secret", "a/../../secret", "/etc/passwd", "file:///etc/passwd", "", "..\\secret", "C:\\x"]
)
def test_paths_that_escape_are_refused(tmp_path, name):
    """Nothing outside the source's folder can be named."""
    with pytest.raises(DataError, match="a path inside the source's folder"):
        join_inside(str(tmp_path), name, "rows.jsonl:3")


def test_symbolic_links_out_are_refused_and_inner_ones_followed(tmp_path):
    """A link that leads out of the folder is as refused as a path that does."""
    (tmp_path / "in").mkdir()
    (tmp_path / "secret").write_text("s")
    (tmp_path / "in" / "own").write_text("o")
    (tmp_path / "in" / "link").symlink_to(tmp_path / "secret")
    (tmp_path / "in" / "inner").symlink_to(tmp_path / "in" / "own")
    with pytest.raises(DataError, match=r"a path inside the source's folder, got 'link'"):
        join_inside(str(tmp_path / "in"), "link", "x")
    assert Payload("inner", None, join_inside(str(tmp_path / "in"), "inner", "x")).read() == b"o"


def test_an_escaping_payload_is_its_records_problem(tmp_path):
    """One bad path quarantines one record."""
    (tmp_path / "a.jsonl").write_text('{"photo": "../x.png"}\n{"photo": "y.png"}\n')
    bad, good = read("jsonl", tmp_path / "a.jsonl", FIELDS)
    assert "a path inside the source's folder" in bad.problem and good.values["photo"].name == "y.png"


# -- folders ---------------------------------------------------------------------------------------------------------


def test_class_folders_give_labels_and_metadata_gives_fields(tmp_path):
    """Both forms of Hugging Face's folders; keys are paths below the folder; hidden and other files are passed by."""
    fields = parse_schema({"image": "image", "label": "category", "note": "text"}).fields
    for name in ("cat/1.png", "dog/1.png", "cat/notes.txt", ".cache/2.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    records = read("folder", tmp_path, fields)
    assert [(r.key, r.values["label"]) for r in records] == [("cat/1.png", "cat"), ("dog/1.png", "dog")]
    (tmp_path / "metadata.csv").write_text("file_name,note\ncat/1.png,a cat\n../x.png,out\n")
    good, bad = read("folder", tmp_path, fields)
    assert good.values["image"].read() == b"cat/1.png" and good.values["note"] == "a cat" and good.key == "cat/1.png"
    assert "a path inside the source's folder" in bad.problem


def test_a_folder_without_files_is_said(tmp_path):
    """An empty folder, and none at all."""
    with pytest.raises(DataError, match="image or audio files, got none"):
        read("folder", tmp_path, FIELDS)
    with pytest.raises(DataError, match="expected a folder, got none there"):
        read("folder", tmp_path / "no", FIELDS)


# -- writing ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["parquet", "jsonl", "csv", "folder"])
def test_what_is_written_is_read_back(tmp_path, form):
    """Every format gives back its rows: missing values, unicode, structures and payload bytes."""
    fields = {n: FIELDS[n] for n in ("name", "age", "note", "ok", "photo", "tags")}
    names = {**fields, **parse_schema({"augury_id": "id"}).fields}
    schema = pa.schema([(n, s.kind.arrow()) for n, s in names.items()])
    png = registry().load("kinds", "image")().pack(registry().load("kinds", "image")().samples()[0])
    box = [{"box": [1.0, 2.0, 3.5, 4.0], "label": 'é, "q"'}]
    rows = [
        {"name": "1", "age": 2.5, "note": "=1+1\n中", "ok": True, "photo": {"bytes": png, "path": "a"}, "tags": box},
        {"name": None, "age": None, "note": None, "ok": False, "photo": {"bytes": png, "path": None}, "tags": []},
    ]
    table = pa.Table.from_pylist([{**r, "augury_id": f"c/{i}"} for i, r in enumerate(rows)], schema=schema)
    writer_of = registry().load("formats", form)()
    with writer_of.writer(tmp_path / "train-00000-of-00001", schema, names) as writer:
        writer.write(table)
    back = pa.concat_tables(writer_of.read_table(writer.path, schema, names)).to_pylist()
    for before, after in zip(table.to_pylist(), back, strict=True):
        assert after["photo"]["bytes"] == before["photo"]["bytes"]
        assert {**after, "photo": None} == {**before, "photo": None}


def test_formulas_are_escaped_on_request(tmp_path):
    """A cell that a spreadsheet would run is written with a quote before it."""
    schema = pa.schema([("name", pa.string()), ("age", pa.float64()), ("augury_id", pa.string())])
    table = pa.table([["=cmd()"], [-1.0], ["c/1"]], schema=schema)
    form = registry().load("formats", "csv")(escape_formulas=True)
    with form.writer(tmp_path / "t", schema, {}) as writer:
        writer.write(table)
    assert writer.path.read_text() == "name,age,augury_id\n'=cmd(),-1.0,c/1\n"


def test_parquet_compresses_all_but_encoded_files(tmp_path):
    """Columns and what lies within them take the codec; the bytes of pictures, compressed already, stay as they are."""
    schema = pa.schema([(n, FIELDS[n].kind.arrow()) for n in ("note", "photo", "tags")])
    with registry().load("formats", "parquet")(compression="gzip").writer(tmp_path / "t", schema, FIELDS) as writer:
        writer.write(pa.Table.from_pylist([{"note": "n", "photo": {"bytes": b"png"}, "tags": []}], schema=schema))
    group = pq.ParquetFile(writer.path).metadata.row_group(0)
    codecs = {c.path_in_schema: c.compression for c in (group.column(i) for i in range(group.num_columns))}
    assert codecs.pop("photo.bytes") == "UNCOMPRESSED"
    assert set(codecs.values()) == {"GZIP"}
    assert {"note", "photo.path"} < set(codecs)


def test_parquet_that_is_cut_or_no_parquet(tmp_path):
    """A damaged file is named."""
    (tmp_path / "a.parquet").write_bytes(b"PAR1 nothing")
    with pytest.raises(DataError, match=r"a\.parquet: expected a whole Parquet file"):
        read("parquet", tmp_path / "a.parquet")
    assert find_files(str(tmp_path), (".parquet",)) == [str(tmp_path / "a.parquet")]
