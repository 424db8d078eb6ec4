"""RecBole's atomic files, and other files without quotes or headers."""

import polars
import pyarrow as pa
import pytest

from augury.catalog import registry
from augury.errors import DataError, RecipeError
from augury.pipelines.fields import parse_schema

INTER = "user_id:token\titem_id:token\trating:float\ttimestamp:float\nu1\ti1\t4\t10\nu2\ti2\t3.5\t5\nu1\ti3\t\t7\n"
NAMES = {"user": ["user_id"], "item": "item_id", "time": "timestamp"}


def build(name, **options):
    """A format, configured."""
    return registry().load("formats", name).build(options)


def test_atomic_files_are_read_by_their_types(tmp_path):
    """Columns are named without their type; sequences are lists; empty cells are missing."""
    path = tmp_path / "m.item"
    path.write_text(
        "item_id:token\tyear:float\tgenres:token_seq\temb:float_seq\ni1\t1999\tdrama war\t0.5 2\ni2\t\t\t\n"
    )
    fields = {
        c: spec
        for c, spec in parse_schema({"item_id": "id", "year": "number", "genres": "id", "emb": "id"}).fields.items()
    }
    first, second = build("recbole", extension="item").read(str(path), fields)
    assert first.values == {"item_id": "i1", "year": 1999, "genres": ["drama", "war"], "emb": [0.5, 2]}
    assert second.values == {"item_id": "i2"}


def test_interactions_with_users_and_items_are_one_recipe(tmp_path):
    """An .inter file becomes a record a user, with the .user file's fields and the .item file's catalogue."""
    (tmp_path / "m.inter").write_text(INTER)
    (tmp_path / "m.user").write_text("user_id:token\tage:float\nu1\t30\nu2\t40\n")
    (tmp_path / "m.item").write_text("item_id:token\ni1\ni2\n")
    fields = parse_schema({"age": "number", "history": "interactions"}).fields
    log = build("log", of="recbole", users="m.user", items="m.item", **NAMES)
    bad, one, two = log.read(str(tmp_path / "m.inter"), fields)
    assert "got 'i3'" in bad.problem
    assert one.values == {"age": 30, "history": [{"item": "i1", "time": 10, "rating": 4}]}
    assert two.values == {"age": 40, "history": [{"item": "i2", "time": 5, "rating": 3.5}]}


def test_written_atomic_files_have_types_and_open_elsewhere(tmp_path):
    """A history is written as an .inter file that polars reads, with RecBole's header."""
    schema = parse_schema({"augury_id": "id", "history": "interactions"})
    events = [{"item": "i1", "time": 1.0, "rating": 4.0}, {"item": "i2", "time": 2.5, "rating": None}]
    arrow = pa.schema([(n, s.kind.arrow()) for n, s in schema.fields.items()])
    log = build("log", of="recbole", **NAMES)
    with log.writer(tmp_path / "out", arrow, schema.fields) as writer:
        writer.write(pa.table({"augury_id": ["u"], "history": [events]}, schema=arrow))
    frame = polars.read_csv(writer.path, separator="\t")
    assert writer.path.suffix == ".inter"
    assert frame.columns == ["augury_id:token", "event:float", "item_id:token", "timestamp:float", "rating:float"]
    assert frame["timestamp:float"].to_list() == [1.0, 2.5]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("user_id\titem_id\n", "columns as name:type"),
        ("user_id:string\n", "columns as name:type"),
        ("item_id:token\titem_id:token\n", "names that differ"),
    ],
)
def test_bad_headers_are_refused(tmp_path, text, words):
    """Without types, with unknown ones, repeated."""
    (tmp_path / "m.inter").write_text(text)
    with pytest.raises(DataError, match=words):
        list(build("recbole").read(str(tmp_path / "m.inter"), parse_schema({"item_id": "id"}).fields))


def test_bad_rows_and_cells_are_named(tmp_path):
    """A ragged line and a word among numbers leave alone; text with a tab is not written."""
    path = tmp_path / "m.inter"
    path.write_text("item_id:token\tyear:float\na\t1\nb\nc\tnew\nd\tinf\n")
    fields = parse_schema({"item_id": "id", "year": "number"}).fields
    good, *bad = build("recbole").read(str(path), fields)
    assert not good.problem
    assert [r.where for r in bad] == ["m.inter:3", "m.inter:4", "m.inter:5"]
    assert all(r.problem for r in bad)
    arrow = pa.schema([("item_id", pa.string())])
    with (
        build("recbole").writer(tmp_path / "x", arrow, fields) as writer,
        pytest.raises(DataError, match="without tabs"),
    ):
        writer.write(pa.table({"item_id": ["a\tb"]}))
    nested = pa.schema([("x", pa.struct([("y", pa.string())]))])
    with pytest.raises(RecipeError, match="a number or a list"):
        build("recbole").writer(tmp_path / "x", nested, fields)


def test_files_with_double_colons_and_no_header(tmp_path):
    """MovieLens' form: names given in the recipe; the place of a ragged line is right."""
    path = tmp_path / "ratings.dat"
    path.write_bytes("1::10::5::978300760\r\n2::20::3\r\n1::30::4::978300700\r\n".encode("latin-1"))
    options = {"delimiter": "::", "names": ["user", "item", "rating", "time"], "encoding": "latin-1"}
    fields = parse_schema({"history": {"kind": "interactions", "time": "integer"}}).fields
    bad, one = build("log", of="csv", options=options).read(str(path), fields)
    assert bad.where == "ratings.dat:2"
    assert "expected 4 cells, got 3" in bad.problem
    assert fields["history"].kind.check(one.values["history"]).time.tolist() == [978300700, 978300760]
    with pytest.raises(RecipeError, match="a delimiter of one character"):
        build("csv", delimiter="::").writer(tmp_path / "x", pa.schema([]), {})
