"""Records: named fields, each of a kind, with links between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias, overload

from augury.errors import FieldError, describe, shown
from augury.kinds import Kind

if TYPE_CHECKING:
    import numpy as np

Record: TypeAlias = Mapping[str, Any]
"""A mapping of field names to values. A record lacks the fields it has no value for."""

STRICT_LINKS = ("of", "transcribes", "sees")
"""Links whose targets must follow every effect, or the recipe is refused."""

LOOSE_LINKS = ("about",)
"""Links along which an effect is carried where a coupling exists, and else leaves the field unchanged."""

LINKS = STRICT_LINKS + LOOSE_LINKS

Role: TypeAlias = Literal["label", "group", "meta", "key"]


class FieldSpec(NamedTuple):
    """One field of a schema.

    Args:
        name: The field's name.
        kind: Its kind, configured.
        link: (link, field) such as ("of", "photo"); None for a field that stands alone.
        role: What the field is for: the label, the group, the key, or metadata; None for plain data.
        on_unmoved: ``drop`` leaves the field out of outputs that a strict link cannot follow to, instead of refusing.
        on_empty: ``drop`` drops an output whose field has become empty (last box gone); ``keep`` keeps it.
    """

    name: str
    kind: Kind
    link: tuple[str, str] | None = None
    role: Role | None = None
    on_unmoved: Literal["error", "drop"] = "error"
    on_empty: Literal["keep", "drop"] = "keep"

    @property
    def kind_id(self) -> str:
        """The id of the field's kind."""
        return self.kind.entry_id


class Schema:
    """The fields of a dataset, in the order given. Immutable."""

    __slots__ = ("_targets", "fields")

    def __init__(self, fields: Iterable[FieldSpec]) -> None:
        """Hold the fields; links must name fields of the schema (checked where schemas are parsed)."""
        self.fields: dict[str, FieldSpec] = {f.name: f for f in fields}
        self._targets: dict[str, tuple[FieldSpec, ...]] = {
            name: tuple(f for f in self.fields.values() if f.link == ("of", name)) for name in self.fields
        }

    def __getitem__(self, name: str) -> FieldSpec:
        """Return a field by name."""
        return self.fields[name]

    def __contains__(self, name: object) -> bool:
        """Whether the schema has a field of this name."""
        return name in self.fields

    def targets(self, anchor: str) -> tuple[FieldSpec, ...]:
        """Return the fields that lie on ``anchor`` (link ``of``)."""
        return self._targets.get(anchor, ())

    def linked(self, anchor: str) -> list[FieldSpec]:
        """Return the fields that name ``anchor`` by any link but ``of``."""
        return [f for f in self.fields.values() if f.link and f.link[1] == anchor and f.link[0] != "of"]

    def of_kinds(self, kinds: Iterable[str]) -> list[FieldSpec]:
        """Return the fields whose kind is one of ``kinds``."""
        wanted = set(kinds)
        return [f for f in self.fields.values() if f.kind_id in wanted]

    def of_space(self, space: str) -> list[FieldSpec]:
        """Return the fields that are anchors of a space."""
        return [f for f in self.fields.values() if f.kind.space == space]

    def with_role(self, role: Role) -> FieldSpec | None:
        """Return the first field with a role."""
        return next((f for f in self.fields.values() if f.role == role), None)

    def check(self, record: Record, record_id: str = "") -> dict[str, Any]:
        """Return the record with canonical values, unknown fields refused, None left out.

        Raises:
            FieldError: naming the record, the field, what was expected and what came.
        """
        out = {}
        for name, value in record.items():
            spec = self.fields.get(name)
            if spec is None:
                where = f"record {record_id!r}" if record_id else ""
                fix = "add it to fields:"
                raise FieldError(describe(where, "a field of the schema", name, name=name, known=self.fields, fix=fix))
            if value is not None:
                try:
                    out[name] = spec.kind.check(value)
                except FieldError as error:
                    where = f"record {record_id!r} " if record_id else ""
                    raise FieldError(f"{where}field {name!r}: {error}") from error
        return out


class Batch(Sequence[tuple[str, Record]]):
    """Rows of a table, held as columns: a sequence of (id, record) whose columns can be had whole. Immutable.

    Args:
        ids: The rows' ids.
        columns: Field to its values as `augury.kinds.Kind.to_column` makes them, one a row.
        fields: The fields' specs.
    """

    __slots__ = ("columns", "fields", "ids")

    def __init__(self, ids: Sequence[str], columns: Mapping[str, np.ndarray], fields: Mapping[str, FieldSpec]) -> None:
        """Hold the rows."""
        self.ids, self.columns, self.fields = ids, columns, fields

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.ids)

    @overload
    def __getitem__(self, place: int) -> tuple[str, Record]: ...

    @overload
    def __getitem__(self, place: slice) -> Batch: ...

    def __getitem__(self, place: int | slice) -> tuple[str, Record] | Batch:
        """Return a row, or some of them as a batch; nothing is copied."""
        if isinstance(place, slice):
            columns = {name: column[place] for name, column in self.columns.items()}
            return Batch(self.ids[place], columns, self.fields)
        place = range(len(self))[place]
        return next(iter(self[place : place + 1]))

    def __iter__(self) -> Iterator[tuple[str, Record]]:
        """Iterate over the rows, each without what is missing. Cost: some 0.1 us a value."""
        names = list(self.columns)
        cells = zip(*map(self.cells, names), strict=True) if names else ((),) * len(self)
        for record_id, values in zip(self.ids, cells, strict=True):
            yield record_id, {n: v for n, v in zip(names, values, strict=True) if v is not None}

    @classmethod
    def joined(cls, batches: Sequence[Batch]) -> Batch:
        """Return the rows of several batches of the same columns as one."""
        import numpy as np

        first = batches[0]
        if len(batches) == 1:
            return first
        columns = {name: np.concatenate([batch.columns[name] for batch in batches]) for name in first.columns}
        return cls([i for batch in batches for i in batch.ids], columns, first.fields)

    def cells(self, name: str) -> list[Any]:
        """Return a column's canonical values, None where missing."""
        values = self.columns[name].tolist()
        if self.columns[name].dtype.kind != "f":
            return values
        whole = getattr(self.fields[name].kind, "integer", False)
        return [None if v != v else int(v) if whole else v for v in values]


def type_name(value: Any) -> str:
    """Return a value's type as errors show it: ``ndarray float64 (4, 4)``, ``str``."""
    shape, dtype = getattr(value, "shape", None), getattr(value, "dtype", None)
    return shown(
        f"{type(value).__name__}{'' if dtype is None else f' {dtype}'}{'' if shape is None else f' {tuple(shape)}'}"
    )
