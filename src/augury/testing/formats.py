"""The conformance checks of formats: what is written is read again, whole and in order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from augury.catalog import Entry
from augury.errors import DataError, ParamError
from augury.formats import Format
from augury.kinds import Kind
from augury.record import FieldSpec
from augury.specs import FormatSpec
from augury.testing.materials import kind_of
from augury.testing.suite import Suite, refusal

ROWS = 7


@dataclass(frozen=True, eq=False)
class FormatCase:
    """A format with its default options."""

    entry: Entry
    format: Format

    def __str__(self) -> str:
        return "with its default options"

    @property
    def spec(self) -> FormatSpec:
        """The format's spec."""
        assert isinstance(self.entry.spec, FormatSpec)
        return self.entry.spec


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
    refusal(lambda: type(case.format).build({"no_such_option": 1}), ParamError, "an unknown option")


@check(when=lambda case: case.spec.writes)
def reads_back_its_tables(case: FormatCase) -> None:
    """``read_table`` gives the tables that were written, missing values and all.

    Troubleshooting: the writer and ``read_table`` must agree on missing values, order and types.
    """
    fields, schema, table = _table()
    with TemporaryDirectory() as folder:
        for name, written in (("some", table), ("none", table.slice(0, 0))):
            path = _write(case, Path(folder) / name, written, fields)
            back = schema.empty_table()
            for part in case.format.read_table(path, schema, fields):
                back = _concat(back, part)
            assert back.equals(written), f"{written.to_pylist()} came back as {back.to_pylist()}"


@check(when=lambda case: case.spec.writes and case.spec.reads)
def reads_back_its_records(case: FormatCase) -> None:
    """``read`` gives the records that were written, by the kinds' digests, twice the same.

    Troubleshooting: ``read`` leaves out missing values and yields what each kind's ``unpack`` takes.
    """
    fields, _, table = _table()
    with TemporaryDirectory() as folder:
        path = _write(case, Path(folder) / "some", table, fields)
        source = str(path if case.spec.extensions else path.parent)
        first, again = (list(case.format.read(source, fields)) for _ in range(2))
        assert [r.values for r in first] == [r.values for r in again], "a second reading differs"
        assert [r.problem for r in first] == [""] * ROWS
        for raw, row in zip(first, table.to_pylist(), strict=True):
            _same_record(raw.values, row, fields)
        assert case.format.files(source), "files() finds nothing where read() reads"


@check(when=lambda case: case.spec.reads)
def refuses_a_missing_source(case: FormatCase) -> None:
    """A source that is not there is a DataError in the house's template.

    Troubleshooting: look before opening; raise DataError(describe(...)).
    """
    fields, _, _ = _table()
    with TemporaryDirectory() as folder:
        source = str(Path(folder) / "missing")
        refusal(lambda: list(case.format.read(source, fields)), DataError, "a missing source")


def _kinds() -> dict[str, Kind]:
    return {
        "augury_id": kind_of("id"),
        "size": kind_of("number"),
        "count": kind_of("number", integer=True),
        "colour": kind_of("category"),
        "moment": kind_of("datetime"),
        "good": kind_of("boolean"),
    }


def _table() -> tuple[dict[str, FieldSpec], Any, Any]:
    """Return fields, Arrow schema and a table: every column but the first has missing values."""
    import pyarrow as pa

    kinds = _kinds()
    columns: dict[str, list[Any]] = {}
    for j, (name, kind) in enumerate(kinds.items()):
        values = [v for v in kind.samples() if v != ""]
        columns[name] = [
            None if j and (i + j) % 4 == 0 else kind.pack(kind.check(values[i % len(values)])) for i in range(ROWS)
        ]
    columns["augury_id"] = [f'rows/{i}, \u00e9 "x"' for i in range(ROWS)]
    schema = pa.schema([(name, kind.arrow()) for name, kind in kinds.items()])
    fields = {name: FieldSpec(name, kind) for name, kind in kinds.items()}
    return fields, schema, pa.table(columns, schema=schema)


def _concat(one: Any, two: Any) -> Any:
    import pyarrow as pa

    return pa.concat_tables([one, two]).combine_chunks()


def _write(case: FormatCase, stem: Path, table: Any, fields: Mapping[str, FieldSpec]) -> Path:
    with case.format.writer(stem, table.schema, fields) as writer:
        writer.write(table.slice(0, 3))
        writer.write(table.slice(3))
    return writer.path


def _same_record(values: Mapping[str, Any], row: Mapping[str, Any], fields: Mapping[str, FieldSpec]) -> None:
    for name, spec in fields.items():
        if row[name] is None:
            assert values.get(name) is None, f"{name}: a missing value was read as {values[name]!r}"
        else:
            got, kept = spec.kind.unpack(values[name]), spec.kind.unpack(row[name])
            assert spec.kind.equal(got, kept), f"{name}: {kept!r} was read as {got!r}"
