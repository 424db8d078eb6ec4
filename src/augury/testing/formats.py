"""The conformance checks of formats: what is written is read again, whole and in order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from augury.catalog import Entry
from augury.errors import DataError, ParamError, RecipeError
from augury.formats import Format, Payload
from augury.kinds import Kind
from augury.record import FieldSpec
from augury.specs import FormatSpec
from augury.testing.materials import kind_of, payload_kinds
from augury.testing.suite import Suite, refusal

ROWS = 7


@dataclass(frozen=True, eq=False)
class FormatCase:
    """A format with its default options, and a table to try it on."""

    entry: Entry
    format: Format

    def __str__(self) -> str:
        return "with its default options"

    @property
    def spec(self) -> FormatSpec:
        """The format's spec."""
        assert isinstance(self.entry.spec, FormatSpec)
        return self.entry.spec

    @cached_property
    def fields(self) -> dict[str, FieldSpec]:
        """Plain fields, and one kept as a file where the format writes nothing else and such a kind is installed."""
        kinds = {name: kind_of(kind_id, **options) for name, (kind_id, options) in PLAIN.items()}
        payloads = payload_kinds()
        if payloads and self._refuses(kinds):
            kinds["payload"] = kind_of(payloads[0])
        return {name: FieldSpec(name, kind) for name, kind in kinds.items()}

    def _refuses(self, kinds: Mapping[str, Kind]) -> bool:
        fields = {name: FieldSpec(name, kind) for name, kind in kinds.items()}
        with TemporaryDirectory() as folder:
            try:
                self.format.writer(Path(folder) / "probe", _schema(fields), fields).close()
            except RecipeError:
                return True
        return False

    @property
    def writable(self) -> bool:
        """Whether the format writes, and writes the kinds that are installed."""
        return self.spec.writes and not self._refuses({name: spec.kind for name, spec in self.fields.items()})


PLAIN: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "augury_id": ("id", {}),
    "size": ("number", {}),
    "count": ("number", {"integer": True}),
    "colour": ("category", {}),
    "moment": ("datetime", {}),
    "good": ("boolean", {}),
}
"""Fields that every format can keep: name to kind and options."""


def _cases(entry: Entry) -> list[FormatCase]:
    return [FormatCase(entry, entry.load()())]


FORMATS = Suite("formats", _cases)
check = FORMATS.check


@check()
def loads(case: FormatCase) -> None:
    """The spec's target is a format that works with no options and rejects unknown ones.

    Troubleshooting: give every option a default; correct the spec's target.
    """
    assert isinstance(case.format, Format), f"{case.entry.spec.target} is not a Format"
    assert case.format.entry_id == case.entry.id
    assert case.spec.reads or case.spec.writes, "it neither reads nor writes"
    refusal(ParamError, "an unknown option", type(case.format).build, {"no_such_option": 1})


@check(when=lambda case: case.writable)
def reads_back_its_tables(case: FormatCase) -> None:
    """``read_table`` gives the tables that were written, missing values and all.

    Troubleshooting: the writer and ``read_table`` must agree on missing values, order and types.
    """
    whole = _table(case)
    with TemporaryDirectory() as folder:
        for name, table in (("some", whole), ("none", whole.slice(0, 0))):
            path = _write(case, Path(folder) / name, table)
            rows = [row for part in case.format.read_table(path, table.schema, case.fields) for row in part.to_pylist()]
            assert len(rows) == table.num_rows
            for back, row in zip(rows, table.to_pylist(), strict=True):
                _same_record(back, row, case.fields)


@check(when=lambda case: case.writable and case.spec.reads)
def reads_back_its_records(case: FormatCase) -> None:
    """``read`` gives the records that were written, by the kinds' digests, twice the same.

    Troubleshooting: ``read`` leaves out missing values and yields what each kind's ``unpack`` takes.
    """
    table = _table(case)
    with TemporaryDirectory() as folder:
        path = _write(case, Path(folder) / "some", table)
        source = str(path if case.spec.extensions else path.parent)
        first, again = (list(case.format.read(source, case.fields)) for _ in range(2))
        assert [r.values for r in first] == [r.values for r in again], "a second reading differs"
        assert [r.problem for r in first] == [""] * ROWS
        for raw, row in zip(first, table.to_pylist(), strict=True):
            _same_record(raw.values, row, case.fields)
        assert case.format.files(source), "files() finds nothing where read() reads"


@check(when=lambda case: case.spec.reads)
def refuses_a_missing_source(case: FormatCase) -> None:
    """A source that is not there is a DataError in the house's template.

    Troubleshooting: look before opening; raise DataError(describe(...)).
    """
    with TemporaryDirectory() as folder:
        source = str(Path(folder) / "missing")
        refusal(DataError, "a missing source", lambda: list(case.format.read(source, case.fields)))


def _schema(fields: Mapping[str, FieldSpec]) -> Any:
    import pyarrow as pa

    return pa.schema([(name, spec.kind.arrow()) for name, spec in fields.items()])


def _table(case: FormatCase) -> Any:
    """Return a table of the case's fields; every column but the id and the payload has missing values."""
    import pyarrow as pa

    columns: dict[str, list[Any]] = {}
    for j, (name, spec) in enumerate(case.fields.items()):
        stored = [_stored(spec.kind, v) for v in spec.kind.samples() if not isinstance(v, str) or v]
        missing = 0 if spec.kind.payload else 4
        columns[name] = [None if missing and (i + j) % missing == 0 else stored[i % len(stored)] for i in range(ROWS)]
    columns["augury_id"] = [f'rows/{i}, \u00e9 "x"' for i in range(ROWS)]
    return pa.table(columns, schema=_schema(case.fields))


def _stored(kind: Kind, value: Any) -> Any:
    packed = kind.pack(kind.check(value))
    return {"bytes": packed, "path": None} if kind.payload else packed


def _write(case: FormatCase, stem: Path, table: Any) -> Path:
    with case.format.writer(stem, table.schema, case.fields) as writer:
        writer.write(table.slice(0, 3))
        writer.write(table.slice(3))
    return writer.path


def _same_record(values: Mapping[str, Any], row: Mapping[str, Any], fields: Mapping[str, FieldSpec]) -> None:
    for name, spec in fields.items():
        if row[name] is None:
            assert values.get(name) is None, f"{name}: a missing value was read as {values[name]!r}"
        else:
            got, kept = _canonical(spec.kind, values[name]), _canonical(spec.kind, row[name])
            assert spec.kind.equal(got, kept), f"{name}: {kept!r} was read as {got!r}"


def _canonical(kind: Kind, stored: Any) -> Any:
    if kind.payload:
        stored = stored.read() if isinstance(stored, Payload) else stored["bytes"]
    return kind.unpack(stored)
