"""The contract of a file format: a streaming reader, and a writer where the format writes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeAlias

from augury.errors import DataError, RecipeError, describe, shown
from augury.params import Configured
from augury.record import FieldSpec

if TYPE_CHECKING:
    import pyarrow as pa

PEEKED_RECORDS = 1000
"""Records that columns are looked for in, where a source has no header."""

Fields: TypeAlias = Mapping[str, FieldSpec]
"""The source's columns that are wanted, each with the field it becomes."""


class RawRecord(NamedTuple):
    """One record as a source holds it.

    Args:
        key: What names it in the source (a path below it); None when nothing does.
        values: Column to value: plain Python objects, and `Payload` for the fields kept as encoded bytes.
        where: The place, for messages: ``rows.csv:12``. Never part of an identity.
        problem: Why it could not be read; empty when it could. ``values`` then holds what there was, as text.
    """

    key: str | None
    values: Mapping[str, Any]
    where: str
    problem: str = ""


class Writer(ABC):
    """Writes one shard. Use as a context manager; what it wrote is in ``files`` afterwards."""

    def __init__(self, stem: Path, schema: pa.Schema, fields: Fields) -> None:
        """Write to paths that begin with ``stem`` (no extension); ``fields`` are the schema's own, by column."""
        self.stem, self.schema, self.fields = stem, schema, fields

    @property
    @abstractmethod
    def path(self) -> Path:
        """The shard's main file."""

    @abstractmethod
    def write(self, table: pa.Table) -> None:
        """Append rows."""

    @abstractmethod
    def close(self) -> None:
        """Finish the file."""

    def __enter__(self) -> Writer:
        """Return the writer."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self.close()


class Format(Configured):
    """Base of all formats. Its parameters are the options a ``collect`` entry or ``write:`` may give.

    Class attributes:
        shards: Where Hugging Face's ``datasets`` finds a side's rows among what the writer makes.
    """

    shards: ClassVar[str] = "{side}-*.parquet"

    def read(self, source: str, fields: Fields) -> Iterator[RawRecord]:
        """Yield the records of a local path or an fsspec URL, a file at a time, in bounded memory.

        Raises:
            DataError: for a source that cannot be read at all; a single bad record is yielded with its problem.
        """
        raise RecipeError(
            describe(self.entry_id, "a format that reads", shown("one that only writes"), fix="use another")
        )

    def files(self, source: str) -> list[str]:
        """Return the files that ``source`` names, sorted (payloads beside them left out)."""
        raise NotImplementedError

    def columns(self, source: str) -> list[str]:
        """Return the columns that a source has, in order: those of its headers, or of its first records.

        Raises:
            DataError: for a source that cannot be read at all.
        """
        raise NotImplementedError

    def stated(self, source: str) -> Mapping[str, Mapping[str, Any]]:
        """Return what the source itself says of its columns: name to kind, link, role and options, as in ``fields:``.

        A recipe without ``fields:`` takes them all; one with them takes the options that it leaves out. Nothing where
        the format does not say.

        Raises:
            DataError: for a source that cannot be read at all.
        """
        return {}

    def check_fields(self, fields: Fields) -> None:
        """Refuse, before a run, fields that the writer cannot write.

        Raises:
            RecipeError: saying what is missing.
        """

    def writer(self, stem: Path, schema: pa.Schema, fields: Fields) -> Writer:
        """Return a writer of one shard."""
        raise RecipeError(
            describe(self.entry_id, "a format that writes", shown("one that only reads"), fix="use another")
        )

    def gather(self, folder: Path, shards: Mapping[str, Sequence[Path]]) -> None:
        """Write, after all shards of a collection, what stands for them together; most formats need nothing.

        Args:
            folder: The collection's folder.
            shards: Side to the main files of its shards.
        """

    def read_table(self, path: Path, schema: pa.Schema, fields: Fields) -> Iterator[pa.Table]:
        """Yield what `writer` wrote to ``path`` as tables of ``schema``, in order."""
        import pyarrow as pa

        rows: list[dict[str, Any]] = []
        for raw in self.read(str(path), fields):
            if raw.problem:
                raise DataError(f"{raw.where}: {raw.problem}")
            rows.append(stored_row(raw, schema, fields))
            if len(rows) == 1024:
                yield pa.Table.from_pylist(rows, schema=schema)
                rows = []
        if rows:
            yield pa.Table.from_pylist(rows, schema=schema)


def stored_row(raw: RawRecord, schema: pa.Schema, fields: Fields) -> dict[str, Any]:
    """Return a record that was read back as the plain objects its columns hold."""
    out: dict[str, Any] = {}
    for name in schema.names:
        value = raw.values.get(name)
        if value is not None:
            kind = fields[name].kind
            value = {"bytes": value.read(), "path": value.name} if kind.payload else kind.pack(kind.unpack(value))
        out[name] = value
    return out


def check_columns(where: str, fields: Fields, present: list[str], wanted: list[str]) -> None:
    """Refuse a source that lacks a column it was asked for, or has none of the fields.

    Raises:
        DataError: naming the nearest columns.
    """
    for name in wanted:
        if name not in present:
            fix = f"correct as: or use one of {', '.join(present) or '(no columns)'}"
            raise DataError(describe(where, f"a column {name!r}", shown("none"), name=name, known=present, fix=fix))
    if not any(name in fields for name in present):
        raise DataError(
            describe(
                where, "a column that is a field", shown(", ".join(present) or "no columns"), fix="map columns with as:"
            )
        )
