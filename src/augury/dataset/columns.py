"""The columns of an output: a collection's fields, and beside them where each row comes from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from augury.dataset.identity import plain_value, row_digest, row_digests
from augury.errors import RecipeError, describe, shown
from augury.formats import Payload
from augury.formats.beside import ROW_ID, extension, file_stem
from augury.kinds import Kind
from augury.record import FieldSpec, Schema

if TYPE_CHECKING:
    import pyarrow as pa

COPY, PARENTS, ORIGIN, WEIGHT = "augury_copy", "augury_parents", "augury_origin", "augury_weight"
OWN = (ROW_ID, COPY, PARENTS, ORIGIN, WEIGHT)


@dataclass(frozen=True)
class Columns:
    """The fields of one collection, as they came and as they are written.

    Args:
        before: Field to its spec in the source.
        after: Field to its spec in the output, in the order of the columns.
        weighted: Whether rows carry a weight.
    """

    before: Mapping[str, FieldSpec]
    after: Mapping[str, FieldSpec]
    weighted: bool = False

    @classmethod
    def of(cls, before: Schema, after: Schema, present: Iterable[str], where: str, weighted: bool = False) -> Columns:
        """Return the columns of a collection whose records have the fields ``present``.

        Raises:
            RecipeError: when a field is called like one of our own columns, or originals cannot be written in the
                kind that the pipeline makes of a field.
        """
        names = set(present)
        for name, spec in after.fields.items():
            if name in OWN:
                raise RecipeError(describe(f"{where}.{name}", "another name", name, fix="rename the field"))
            old = before[name].kind
            if name in names and spec.kind_id != old.entry_id and old.lifts_to != spec.kind_id:
                fix = "leave out the step that changes it, and do that when training"
                got = shown(f"{old.entry_id} and {spec.kind_id}")
                raise RecipeError(describe(f"{where}.{name}", "one kind for originals and copies", got, fix=fix))
        kept = {name: spec for name, spec in after.fields.items() if name in names}
        return cls({name: before[name] for name in kept}, kept, weighted)

    def arrow(self) -> pa.Schema:
        """Return the Arrow schema of the output."""
        import pyarrow as pa

        weight = [pa.field(WEIGHT, pa.float64())] if self.weighted else []
        return pa.schema([*self.rows(), *weight])

    def rows(self) -> pa.Schema:
        """Return the Arrow schema of rows as units make them: before they are weighed against each other."""
        import pyarrow as pa

        own = [(ROW_ID, pa.string()), (COPY, pa.int32()), (PARENTS, pa.list_(pa.string())), (ORIGIN, pa.string())]
        return pa.schema([*self.fields(), *own])

    def fields(self) -> pa.Schema:
        """Return the Arrow schema of the fields alone."""
        import pyarrow as pa

        return pa.schema([pa.field(name, spec.kind.arrow()) for name, spec in self.after.items()])

    def original(self, stored: Mapping[str, Any]) -> dict[str, Any]:
        """Return a source record's values as they are written: the very bytes it came with, labels lifted."""
        out: dict[str, Any] = {}
        for name, spec in self.after.items():
            value = stored.get(name)
            if isinstance(value, Payload):
                value = {"bytes": value.read(), "path": PurePosixPath(value.name).name or None}
            elif value is not None:
                value = _lifted(self.before[name].kind, spec.kind, value)
            out[name] = value
        return out

    def augmented(
        self, output: Mapping[str, Any], record: Mapping[str, Any], stored: Mapping[str, Any], row: str
    ) -> dict[str, Any]:
        """Return an output's values as they are written; a payload no step touched keeps its bytes."""
        out: dict[str, Any] = {}
        for name, spec in self.after.items():
            value = output.get(name)
            if value is not None and spec.kind.payload:
                source = stored.get(name)
                untouched = isinstance(source, Payload) and value is record.get(name)
                data = source.read() if untouched and source is not None else spec.kind.pack(value)
                value = {"bytes": data, "path": file_stem(row) + extension(data, source.name if source else "")}
            elif value is not None:
                value = spec.kind.pack(value)
            out[name] = value
        return out

    def digests(self, collection: str, side: str, rows: pa.Table | pa.RecordBatch) -> list[bytes]:
        """Return the digest of each row of an Arrow table: of what Arrow holds, which is what can be read back."""
        columns = {}
        for name, spec in self.after.items():
            values = rows.column(name).to_pylist()
            columns[name] = [plain_value(spec, value) for value in values] if spec.kind.payload else values
        return row_digests(collection, side, rows.column(ROW_ID).to_pylist(), columns)

    def digest(self, collection: str, side: str, row: Mapping[str, Any]) -> bytes:
        """Return the digest of a row read from an Arrow table."""
        values = {name: plain_value(spec, row[name]) for name, spec in self.after.items()}
        return row_digest(collection, side, row[ROW_ID], values)


def _lifted(before: Kind, after: Kind, stored: Any) -> Any:
    if before.entry_id == after.entry_id:
        return stored
    return after.pack(after.check(before.lift(before.unpack(stored))))
