"""Stored records: what collecting and cleaning leave of each, in Arrow files of fixed runs of a source.

A file is one batch: columns that barriers sort and group, sketches, then the stored fields, one column each. Payloads
that lie in files stay there, by reference with size, time and hash. Nothing is pickled: a folder that somebody else
has made runs no code.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from augury.durable import written
from augury.errors import FieldError
from augury.formats import Payload
from augury.kinds import Later
from augury.record import FieldSpec, Schema

if TYPE_CHECKING:
    import pyarrow as pa

OPEN = 256
"""Files that are held open at once."""

FIELD, SKETCH = "field:", "sketch:"
"""What the names of columns begin with."""


class Prepared(NamedTuple):
    """A record made ready: named, checked, hashed, cleaned; or why it left.

    Args:
        id: Its id.
        keyed: Whether a key named it, not its content.
        source: Where it stands in its source, for messages.
        point: Its place on the ring of hashed ids.
        whole: Digest of all its fields, shortened.
        content: Digest of its plain fields, shortened; None when it has none.
        group, stratum, label, given, moment: Its values of the fields that the run looks at.
        moments: Those of its events, where the field that a split by time looks at holds events.
        stored: Its fields as they are kept.
        sketches: What each detector made of it.
        stage: Where it left: "" (it did not), "collect" or "clean".
        code: Why, in a word.
        detail: Why, for a person.
    """

    id: str
    keyed: bool
    source: str
    point: int = 0
    whole: bytes = b""
    content: bytes | None = None
    group: str | None = None
    stratum: str | None = None
    label: str | None = None
    given: str | None = None
    moment: float | None = None
    moments: tuple[float, ...] | None = None
    stored: Mapping[str, Any] = {}
    sketches: tuple[bytes | None, ...] = ()
    stage: str = ""
    code: str = ""
    detail: str = ""


OWN = Prepared._fields[: Prepared._fields.index("stored")]
FATE = ("stage", "code", "detail")


def _own_schema() -> list[tuple[str, Any]]:
    import pyarrow as pa

    text, digest = pa.string(), pa.binary()
    moment = pa.float64()
    types = [text, pa.bool_(), text, pa.uint64(), digest, digest, text, text, text, text, moment, pa.list_(moment)]
    return [*zip(OWN, types, strict=True), *((name, text) for name in FATE)]


def _field_type(spec: FieldSpec) -> Any:
    import pyarrow as pa

    if not spec.kind.payload:
        return spec.kind.arrow()
    parts = [("name", pa.string()), ("data", pa.binary()), ("location", pa.string())]
    return pa.struct([*parts, ("size", pa.int64()), ("modified", pa.int64()), ("sha", pa.binary())])


def write_records(path: Path, records: Sequence[Prepared], schema: Schema, sketches: int) -> None:
    """Write records as one file, whole or not at all; fields that none of them has are left out.

    Args:
        path: Where to.
        records: What to write, in order.
        schema: The fields' kinds after cleaning.
        sketches: How many sketches each has.
    """
    import pyarrow as pa

    columns: dict[str, Any] = {}
    for name, kind in _own_schema():
        columns[name] = pa.array([getattr(r, name) for r in records], kind)
    for i in range(sketches):
        columns[f"{SKETCH}{i}"] = pa.array([r.sketches[i] if r.sketches else None for r in records], pa.binary())
    for name, spec in schema.fields.items():
        values = [r.stored.get(name) for r in records]
        if any(v is not None for v in values):
            plain = [_payload_row(v) for v in values] if spec.kind.payload else values
            columns[FIELD + name] = pa.array(plain, _field_type(spec))
    batch = pa.RecordBatch.from_pydict(columns)
    with (
        written(path) as temporary,
        pa.OSFile(str(temporary), "wb") as sink,
        pa.ipc.new_file(sink, batch.schema) as writer,
    ):
        writer.write_batch(batch)


def _payload_row(payload: Payload | None) -> dict[str, Any] | None:
    if payload is None:
        return None
    size, modified, sha = payload.stamp or (None, None, None)
    parts = {"name": payload.name, "data": payload.data, "location": payload.location or None}
    return parts | {"size": size, "modified": modified, "sha": sha}


def _payload(row: Mapping[str, Any]) -> Payload:
    stamp = None if row["size"] is None else (row["size"], row["modified"], row["sha"])
    return Payload(row["name"], row["data"], row["location"] or "", stamp)


def read_batch(path: Path) -> pa.RecordBatch:
    """Return a file's one batch, memory-mapped."""
    import pyarrow as pa

    with pa.memory_map(str(path)) as source:
        return pa.ipc.open_file(source).get_batch(0)


class Stored:
    """The stored records of a run, by (file, row). Files are mapped when first needed, the latest kept open."""

    def __init__(self, folder: Path, files: Sequence[str]) -> None:
        """Read the files of ``folder``, numbered in the order given."""
        self.folder, self.files = folder, files
        self._open: OrderedDict[int, dict[str, Any]] = OrderedDict()

    def columns(self, file: int) -> dict[str, Any]:
        """Return the columns of a file's fields by name."""
        columns = self._open.get(file)
        if columns is None:
            batch = read_batch(self.folder / self.files[file])
            columns = {
                name[len(FIELD) :]: batch.column(i)
                for i, name in enumerate(batch.schema.names)
                if name.startswith(FIELD)
            }
            self._open[file] = columns
            if len(self._open) > OPEN:
                self._open.popitem(last=False)
        else:
            self._open.move_to_end(file)
        return columns

    def record(self, file: int, row: int) -> dict[str, Any]:
        """Return a record's stored fields."""
        out = {}
        for name, column in self.columns(file).items():
            value = column[row].as_py()
            if value is not None:
                out[name] = _payload(value) if isinstance(value, dict) and "location" in value else value
        return out

    def source(self, file: int, row: int) -> str:
        """Return where a record stands in its source, for messages."""
        return str(read_batch(self.folder / self.files[file]).column("source")[row].as_py())

    def records(self, places: Sequence[tuple[int, int]]) -> Iterator[dict[str, Any]]:
        """Yield the stored fields of records, in order; runs of neighbouring rows are read together."""
        start = 0
        while start < len(places):
            file, first = places[start]
            end = start + 1
            while end < len(places) and places[end] == (file, first + end - start):
                end += 1
            if end - start < 4:
                yield from (self.record(*places[i]) for i in range(start, end))
            else:
                columns = self.columns(file)
                lists = {name: column.slice(first, end - start).to_pylist() for name, column in columns.items()}
                for i in range(end - start):
                    row = {n: v for n, values in lists.items() if (v := values[i]) is not None}
                    yield {n: _payload(v) if isinstance(v, dict) and "location" in v else v for n, v in row.items()}
            start = end

    def table(self, files: Sequence[int], rows: Sequence[int], schema: pa.Schema) -> pa.Table:
        """Return the stored fields of records, in order, as a table of ``schema``: null where a record has none."""
        import numpy as np
        import pyarrow as pa

        of, at = np.array(files, np.int64), np.array(rows, np.int64)
        order = np.argsort(of, kind="stable")
        parts = []
        for file in np.unique(of).tolist():
            mine = pa.array(at[order[of[order] == file]])
            columns = self.columns(file)
            taken = [columns[f.name].take(mine) if f.name in columns else pa.nulls(len(mine), f.type) for f in schema]
            parts.append(pa.table(taken, schema=schema))
        whole = pa.concat_tables(parts) if parts else schema.empty_table()
        return whole.combine_chunks() if (order[:-1] < order[1:]).all() else whole.take(pa.array(np.argsort(order)))


class LazyRecord(Mapping[str, Any]):
    """A record whose fields are decoded when they are looked at, each once."""

    __slots__ = ("_done", "_later", "_schema", "_stored")

    def __init__(self, stored: Mapping[str, Any], schema: Schema) -> None:
        """Hold the stored fields that the schema has."""
        self._stored = {name: value for name, value in stored.items() if name in schema}
        self._schema = schema
        self._done: dict[str, Any] = {}
        self._later: dict[str, Later | None] = {}

    def _bytes(self, name: str) -> Any:
        stored = self._stored[name]
        return stored.read() if isinstance(stored, Payload) else stored

    def later(self, name: str) -> Later | None:
        """Return what stands for a field's value until it is decoded, the same object each time (see `Kind.later`)."""
        if name not in self._later:
            self._later[name] = self._schema[name].kind.later(self._bytes(name))
        return self._later[name]

    def __getitem__(self, name: str) -> Any:
        """Return a field's canonical value.

        Raises:
            FieldError: when it is damaged.
        """
        if name not in self._done:
            later = self._later.get(name)
            try:
                kind = self._schema[name].kind
                self._done[name] = kind.unpack(self._bytes(name)) if later is None else later.whole()
            except FieldError as error:
                raise FieldError(f"field {name!r}: {error}") from error
        return self._done[name]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the fields' names."""
        return iter(self._stored)

    def __len__(self) -> int:
        """Return the number of fields."""
        return len(self._stored)

    def __contains__(self, name: object) -> bool:
        """Whether the record has a field; decodes nothing."""
        return name in self._stored
