"""Fields that are decoded only when something runs on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from augury.kinds import Later
from augury.record import FieldSpec, Record, Schema

if TYPE_CHECKING:
    from augury.pipelines.nodes import OpNode


def deferring(schema: Schema, ops: Sequence[OpNode]) -> tuple[tuple[str, ...], list[str]]:
    """Return the fields that are decoded only when something runs on them, and what is to be said of them."""
    names, said = [], []
    for name, spec in schema.fields.items():
        if not spec.kind.defers:
            continue
        reading = [node.path for node in ops if "value" in node.op.reads and name in node.fields]
        if reading:
            said.append(f"fields.{name}: is decoded whole, since {reading[0]} looks at it.")
        else:
            names.append(name)
            said.append(f"fields.{name}: is decoded at a half, a quarter or an eighth where steps shrink it so far.")
    return tuple(names), said


def later_value(spec: FieldSpec, record: Record) -> Later | None:
    """Return what stands for a field of a record that is still encoded; None where it is not, or must be decoded."""
    if spec.name not in record:
        return None
    held = getattr(record, "later", None)
    if held is not None:
        found: Later | None = held(spec.name)
        return found
    value = record[spec.name]
    return spec.kind.later(value) if isinstance(value, bytes) else None
