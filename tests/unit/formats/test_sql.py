"""Databases, read by us and by their own libraries."""

import sqlite3
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from augury.catalog import registry
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
