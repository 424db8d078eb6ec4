"""What the kit tries entries on: schemas, records and donors, built from the samples that kinds give of themselves."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

from augury.catalog import Entry, registry
from augury.errors import PluginBroken
from augury.kinds import Kind
from augury.op import Op
from augury.pipelines.running import Running
from augury.record import FieldSpec, Record, Schema

ROWS = 24
"""Records for ops on rows: enough for each label to have neighbours."""

SPACES_THAT_MOVE = ("plane", "text", "events", "time")
"""The spaces in which something can lie on an anchor, and rules run along links."""


@dataclass(frozen=True)
class Material:
    """A schema, records of it by id, and the field a step is to name (None lets the step choose)."""

    schema: Schema
    records: Mapping[str, Record]
    field: str | None

    def digests(self, values: Mapping[str, Any], schema: Schema | None = None) -> dict[str, bytes]:
        """Return the digest of each value by its field's kind."""
        schema = schema or self.schema
        return {name: schema[name].kind.digest(value) for name, value in values.items()}


def kind_of(kind_id: str, **params: Any) -> Kind:
    """Return a kind of the registry, configured."""
    kind: Kind = registry().load("kinds", kind_id).build(params)
    return kind


def anchor_kind(space: str, dist: str = "") -> Kind:
    """Return a kind that is an anchor of ``space``, of the same distribution where that has one.

    Raises:
        LookupError: when no installed kind is an anchor of the space.
    """
    found = [(e.dist != dist, e.id, cls) for e, cls in _loadable() if cls.space == space]
    anchors = [cls for *_, cls in sorted(found, key=lambda f: (bool(f[2].follows), *f[:2]))]
    if not anchors:
        raise LookupError(f"no installed kind is an anchor of the space {space!r}")
    return anchors[0]()


def anchors_of(space: str) -> list[Kind]:
    """Return every installed kind that is an anchor of a space."""
    return [cls() for _, cls in sorted(_loadable(), key=lambda found: found[0].id) if cls.space == space]


def targets_of(space: str) -> list[Kind]:
    """Return every installed kind that follows the maps of a space."""
    return [cls() for _, cls in sorted(_loadable(), key=lambda found: found[0].id) if space in cls.follows]


def payload_kinds() -> list[str]:
    """Return the ids of the installed kinds that are kept as encoded bytes."""
    return sorted(entry.id for entry, cls in _loadable() if cls.payload)


def _loadable() -> list[tuple[Entry, type[Kind]]]:
    """Every kind that can be imported: one that cannot is its own distribution's failure, not that of others."""
    out = []
    for entry in registry().entries("kinds"):
        with suppress(PluginBroken):
            out.append((entry, entry.load()))
    return out


def material(op: type[Op], anchor: str) -> Material:
    """Return what ops on ``anchor`` (a kind's id, or "row") are tried on, with every target that follows its space."""
    return _row_material(op.columns) if anchor == "row" else anchor_material(kind_of(anchor))


def anchor_material(kind: Kind) -> Material:
    """Return records of an anchor, with every target that follows its space lying on it."""
    field = kind.entry_id.replace(".", "_")
    values = [kind.check(value) for value in kind.samples()]
    targets = {k.entry_id.replace(".", "_"): k for k in targets_of(kind.space or "") if k.entry_id != kind.entry_id}
    fields = [
        FieldSpec("note", kind_of("id")),
        FieldSpec(field, kind),
        *(FieldSpec(name, target, ("of", field)) for name, target in targets.items()),
        FieldSpec("bystander", kind),
        FieldSpec("label", kind_of("category"), role="label"),
    ]
    lying = {name: [target.check(v) for v in target.samples()] for name, target in targets.items()}
    rounds = max([len(v) for v in lying.values()], default=1)
    records: list[dict[str, Any]] = [
        {field: values[0], **{name: v[i % len(v)] for name, v in lying.items()}} for i in range(rounds)
    ]
    records += [{field: value} for value in values[1:]]
    records += [{field: values[i % len(values)]} for i in range(6 - len(records))]
    for i, record in enumerate(records):
        record |= {"note": f"n{i}", "bystander": values[-1], "label": ("red", "green", "blue")[i % 3]}
    return Material(Schema(fields), {f"kit/{i:04d}": r for i, r in enumerate(records)}, field)


def _row_material(columns: tuple[str, ...]) -> Material:
    fields = [FieldSpec("note", kind_of("id"), role="key")]
    for kind_id in columns or ("number", "category"):
        fields += [FieldSpec(f"{kind_id}_{i}".replace(".", "_"), kind_of(kind_id)) for i in (1, 2)]
    fields.append(FieldSpec("label", kind_of("category"), role="label"))
    records: dict[str, Record] = {}
    for i in range(ROWS):
        record: dict[str, Any] = {"note": f"n{i}", "label": ("red", "green")[i % 2]}
        for j, spec in enumerate(fields[1:-1]):
            values = spec.kind.samples()
            value = values[(i * (j + 1) + i // 3) % len(values)]
            record[spec.name] = spec.kind.check(value + 0.37 * i * (j + 1) if spec.kind_id == "number" else value)
        records[f"kit/{i:04d}"] = record
    return Material(Schema(fields), records, None)


def running(schema: Schema, record: Record, compile: bool = True) -> Running:
    """Return a record on its way, as a step that mixes no label and converts nothing finds it."""
    now = Running(schema, record, "kit", 0, b"", {}, {}, {}, compile)
    now.node = cast(Any, SimpleNamespace(label=None, conversions={}))
    return now
