"""Databases by URL, through SQLAlchemy: opening one, and writing rows into a table of one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa

from augury.errors import DataError, RecipeError, describe, shown
from augury.formats.base import Writer
from augury.formats.beside import ROW_ID
from augury.formats.jsonl import dump

KEY_LENGTH = 512
"""Characters of a row's id: a key of text must be bounded in some databases."""

_BATCH_ROWS = 500


@contextmanager
def engine_of(url: str, password_env: str | None) -> Iterator[Any]:
    """Open a database's engine; ``password_env`` names the environment variable with the password.

    Raises:
        RecipeError: without SQLAlchemy, and where the variable is not set.
    """
    try:
        import sqlalchemy
    except ImportError as error:
        fix = "pip install augury[sql]"
        raise RecipeError(describe("sql", "SQLAlchemy for a database URL", shown("none installed"), fix=fix)) from error
    parsed = sqlalchemy.make_url(url)
    if password_env:
        if password_env not in os.environ:
            where, fix = "sql.password_env", f"export {password_env}=..."
            raise RecipeError(describe(where, "an environment variable", password_env, fix=fix))
        parsed = parsed.set(password=os.environ[password_env])
    engine = sqlalchemy.create_engine(parsed, hide_parameters=True)
    try:
        yield engine
    finally:
        engine.dispose()


class DatabaseWriter(Writer):
    """Writes rows where ``beside`` does, and into a table of a database.

    Rows that the table has already, by their id, are replaced, so that what is written twice is there once. Each batch
    is a transaction. Structures are JSON text; moments, booleans and bytes have the database's own types.
    """

    def __init__(
        self,
        beside: Writer,
        url: str,
        password_env: str | None,
        table: str,
        told: Callable[[], AbstractContextManager[None]],
    ) -> None:
        """Make the table, unless it is there; ``told`` tells the database's errors.

        Raises:
            DataError: where the table has other columns.
        """
        super().__init__(beside.stem, beside.schema, beside.fields)
        import sqlalchemy as sa

        self._beside, self._told = beside, told
        self._opened = engine_of(url, password_env)
        self._engine = self._opened.__enter__()
        self._table = sa.Table(table, sa.MetaData(), *(_column(field) for field in self.schema))
        try:
            self._make()
        except BaseException:
            self._opened.__exit__(None, None, None)
            raise

    def _make(self) -> None:
        import sqlalchemy as sa

        name = self._table.name
        try:
            self._table.create(self._engine, checkfirst=True)
        except sa.exc.DBAPIError:  # another shard was first
            if not sa.inspect(self._engine).has_table(name):
                raise
        there = [column["name"] for column in sa.inspect(self._engine).get_columns(name)]
        if there != self.schema.names:
            got, fix = shown(", ".join(there)), "name another table, or drop this one"
            raise DataError(describe(f"table {name!r}", f"the columns {', '.join(self.schema.names)}", got, fix=fix))

    @property
    def path(self) -> Path:
        """The file beside the database."""
        return self._beside.path

    def write(self, table: pa.Table) -> None:
        """Append rows to both."""
        self._beside.write(table)
        for start in range(0, table.num_rows, _BATCH_ROWS):
            rows = [_cells(row) for row in table.slice(start, _BATCH_ROWS).to_pylist()]
            with self._told(), self._engine.begin() as connection:
                if ROW_ID in self._table.c:
                    ids = [row[ROW_ID] for row in rows]
                    connection.execute(self._table.delete().where(self._table.c[ROW_ID].in_(ids)))
                connection.execute(self._table.insert(), rows)

    def close(self) -> None:
        """Finish the file, and leave the database."""
        self._opened.__exit__(None, None, None)
        self._beside.close()


def _column(field: pa.Field) -> Any:
    import sqlalchemy as sa

    if field.name == ROW_ID:
        return sa.Column(field.name, sa.String(KEY_LENGTH), primary_key=True)
    kinds = (
        (pa.types.is_boolean, sa.Boolean),
        (pa.types.is_integer, sa.BigInteger),
        (pa.types.is_floating, sa.Double),
        (pa.types.is_timestamp, sa.DateTime),
        (pa.types.is_binary, sa.LargeBinary),
    )
    kind = next((kind for fits, kind in kinds if fits(field.type)), sa.Text)
    return sa.Column(field.name, kind)


def _cells(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: dump(value) if isinstance(value, list | dict) else value for name, value in row.items()}
