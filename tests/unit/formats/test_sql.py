"""Databases, read by us and by their own libraries."""

import sqlite3
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

import augury
from augury.catalog import registry
from augury.dataset import verify
from augury.errors import DataError, ParamError, RecipeError
from augury.pipelines.fields import parse_schema

FIELDS = parse_schema({"name": "id", "size": "number", "history": "interactions"}).fields


def build(**options):
    """The format, configured."""
    return registry().load("formats", "sql").build(options)


@pytest.fixture(params=["duckdb", "sqlite"])
def shop(request, tmp_path):
    """A database with a table of an awkward name, and a second one."""
    path = tmp_path / f"shop.{request.param}"
    db = duckdb.connect(str(path)) if request.param == "duckdb" else sqlite3.connect(path)
    db.execute('CREATE TABLE "my ""items"" ; --" (name TEXT, size DOUBLE)')
    db.execute("CREATE TABLE other (name TEXT)")
    db.executemany('INSERT INTO "my ""items"" ; --" VALUES (?, ?)', [("a", 1.5), ("b", None), ("c", 3.0)])
    db.commit()
    db.close()
    return str(path)


def test_tables_and_queries_are_read(shop):
    """Identifiers are quoted; missing values are left out; a query chooses."""
    rows = list(build(table='my "items" ; --').read(shop, FIELDS))
    assert [r.values for r in rows] == [{"name": "a", "size": 1.5}, {"name": "b"}, {"name": "c", "size": 3.0}]
    query = 'SELECT upper(name) AS name, size FROM "my ""items"" ; --" WHERE size > 2'
    with pytest.raises((ParamError, RecipeError), match="a single SELECT"):
        build(query=query)  # it holds a semicolon: refused rather than parsed
    assert build(table='my "items" ; --').columns(shop) == ["name", "size"]
    assert [r.values for r in build(query="SELECT 'x' AS name, 2 AS size").read(shop, FIELDS)] == [
        {"name": "x", "size": 2}
    ]


def test_unclear_and_unknown_tables_are_refused(shop):
    """Two tables and none named; a wrong name; a query without sense; two columns of one name."""
    with pytest.raises(DataError, match="none named of"):
        list(build().read(shop, FIELDS))
    with pytest.raises(DataError, match="Did you mean other"):
        list(build(table="othr").read(shop, FIELDS))
    with pytest.raises(DataError, match="a database that can be read"):
        list(build(query="SELECT name FROM nowhere").read(shop, FIELDS))
    with pytest.raises(DataError, match="names that differ"):
        list(build(query="SELECT 1 AS name, 2 AS name").read(shop, FIELDS))


@pytest.mark.parametrize("query", ["DELETE FROM other", "SELECT 1; DROP TABLE other", "PRAGMA writable_schema=1", ""])
def test_queries_that_do_more_than_select_are_refused(query):
    """Only one SELECT is taken."""
    with pytest.raises(RecipeError, match="a single SELECT"):
        build(query=query)


def test_reading_cannot_write(shop):
    """Even a query that slips through finds the file read-only, and its bytes stay."""
    before = Path(shop).read_bytes()
    form = build(query="WITH x AS (SELECT 1 AS name) SELECT name FROM x")
    assert [r.values["name"] for r in form.read(shop, FIELDS)] == [1]
    object.__setattr__(form, "query", "INSERT INTO other VALUES ('z')")
    with pytest.raises(DataError):
        list(form.read(shop, FIELDS))
    assert Path(shop).read_bytes() == before


@pytest.mark.parametrize("engine", ["duckdb", "sqlite"])
def test_written_databases_open_with_their_own_library(tmp_path, engine):
    """Types, missing values and structures come back; the library itself sees the rows."""
    schema = pa.schema([(n, s.kind.arrow()) for n, s in FIELDS.items()])
    events = [{"item": "x", "time": 1.0, "rating": None}]
    table = pa.table({"name": ['a"b', "c"], "size": [1.5, None], "history": [events, None]}, schema=schema)
    form = build(engine=engine, table="my table")
    with form.writer(tmp_path / "out", schema, FIELDS) as writer:
        writer.write(table)
    back = pa.concat_tables(form.read_table(writer.path, schema, FIELDS))
    assert back.to_pylist() == table.to_pylist()
    db = duckdb.connect(str(writer.path), read_only=True) if engine == "duckdb" else sqlite3.connect(writer.path)
    assert db.execute('SELECT count(*), sum(size) FROM "my table"').fetchall() == [(2, 1.5)]
    db.close()


def test_urls_go_through_sqlalchemy(tmp_path, monkeypatch):
    """A table with a reserved name by URL, quoted by its dialect."""
    pytest.importorskip("sqlalchemy")
    db = sqlite3.connect(tmp_path / "x.db")
    db.execute('CREATE TABLE "order" (name TEXT, size REAL)')
    db.execute("""INSERT INTO "order" VALUES ('a', 2)""")
    db.commit()
    db.close()
    rows = list(build(table="order").read(f"sqlite:///{tmp_path}/x.db", FIELDS))
    assert [r.values for r in rows] == [{"name": "a", "size": 2.0}]
    assert rows[0].where.endswith("row 0")


def test_passwords_stay_out_of_everything(tmp_path, monkeypatch):
    """A URL with a password is refused without repeating it; one from the environment is in no message."""
    pytest.importorskip("sqlalchemy")
    for url in ("postgresql://u:hunter2@h/db", "mysql://h/db?password=hunter2"):
        for act in (build().files, build().columns, lambda u: list(build().read(u, FIELDS))):
            with pytest.raises(RecipeError) as caught:
                act(url)
            assert "hunter2" not in str(caught.value)
            assert "password_env" in str(caught.value)
    monkeypatch.setenv("SHOP_PASSWORD", "hunter2")
    form = build(password_env="SHOP_PASSWORD", table="t")
    with pytest.raises(DataError) as caught:
        list(form.read(f"sqlite://u@/{tmp_path}/none/x.db", FIELDS))
    assert "hunter2" not in str(caught.value)
    with pytest.raises(RecipeError, match="an environment variable"):
        list(build(password_env="NOT_SET_ANYWHERE").read("sqlite://", FIELDS))


SCHEMA = pa.schema(
    [
        ("name", pa.string()),
        ("size", pa.float64()),
        ("count", pa.int64()),
        ("flag", pa.bool_()),
        ("at", pa.timestamp("us")),
        ("tags", pa.list_(pa.string())),
        ("augury_id", pa.string()),
    ]
)
ROWS = [
    {"name": "a'b", "size": 1.5, "count": 2**40, "flag": True, "at": datetime(2024, 2, 29, 1), "tags": ["é"], "augury_id": "r/1"},
    {"name": None, "size": None, "count": None, "flag": None, "at": None, "tags": None, "augury_id": "r/1@0"},
]  # fmt: skip


def written(url, stem, rows=ROWS, schema=SCHEMA, **options):
    """Write rows by URL; return the file beside."""
    with build(url=url, **options).writer(stem, schema, {}) as writer:
        for row in rows:
            writer.write(pa.Table.from_pylist([row], schema=schema))
    return writer.path


def test_rows_are_written_by_url(tmp_path):
    """SQLAlchemy reads them back as they were, structures as JSON; the file beside has them too; nothing is there twice."""
    sqlalchemy = pytest.importorskip("sqlalchemy")
    url = f"sqlite:///{tmp_path}/x.db"
    beside = written(url, tmp_path / "shard", table="my rows")
    with duckdb.connect(str(beside), read_only=True) as db:
        assert db.sql('SELECT count(*) FROM "my rows"').fetchall() == [(2,)]
    written(url, tmp_path / "again", [{**ROWS[1], "name": "new"}], table="my rows")
    engine = sqlalchemy.create_engine(url)
    table = sqlalchemy.Table("my rows", sqlalchemy.MetaData(), autoload_with=engine)
    with engine.connect() as connection:
        rows = [dict(row._mapping) for row in connection.execute(table.select().order_by(table.c.augury_id))]
    engine.dispose()
    assert rows == [{**ROWS[0], "tags": '["é"]'}, {**ROWS[1], "name": "new"}]


def test_another_table_of_that_name_is_refused(tmp_path):
    """Its columns are told, and nothing is written to it; nor to a database that is not there."""
    pytest.importorskip("sqlalchemy")
    with sqlite3.connect(tmp_path / "x.db") as db:
        db.execute("CREATE TABLE records (name TEXT)")
    db.close()
    with pytest.raises(
        DataError, match=r"table 'records': expected the columns name, size, .* got name\. Fix: name anoth"
    ):
        written(f"sqlite:///{tmp_path}/x.db", tmp_path / "shard")
    with pytest.raises(DataError, match="expected a database that can be written, got unable to open"):
        written(f"sqlite:///{tmp_path}/none/x.db", tmp_path / "shard")
    with pytest.raises(RecipeError, match="a URL without a password"):
        build(url="postgresql://u:hunter2@h/db")


def test_a_run_writes_to_a_database(tmp_path):
    """With two workers and more shards than one, every row of the dataset is in the table once."""
    pytest.importorskip("sqlalchemy")
    (tmp_path / "rows.csv").write_text("id,n\n" + "\n".join(f"r{i},{i}" for i in range(30)))
    (tmp_path / "recipe.yaml").write_text(
        "recipe: 1\ncollect: [{path: rows.csv}]\nfields: {id: {kind: id, role: key}, n: number}\n"
        "split: {train: 0.5, val: 0.5}\nreport: {page: false}\naugment: {copies: 1, steps: [table.jitter]}\n"
        f"write: {{format: sql, engine: sqlite, table: made, url: 'sqlite:///{tmp_path}/made.db'}}\n"
    )
    manifest = augury.load(tmp_path / "recipe.yaml").run(tmp_path / "out", workers=2)
    with sqlite3.connect(tmp_path / "made.db") as db:
        counted = db.execute("SELECT count(*), count(DISTINCT augury_id) FROM made").fetchall()
    db.close()
    rows = sum(shard["rows"] for shard in manifest.data["shards"])
    assert counted == [(rows, rows)] and rows > 30
    assert verify(tmp_path / "out").ok
