"""The class of a row: what several ops fit and draw by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from augury.errors import RecipeError, describe, shown

CLASSES = ("category", "ordinal", "boolean")


def label_of(fields: Mapping[str, Any], named: str | None = None, where: str = "label") -> str | None:
    """Return the field of the class: the named one, or that with role label and a kind of classes; None without one.

    Raises:
        RecipeError: where the named field, or the label, is no field of classes.
    """
    if named is None:
        label = next((name for name, spec in fields.items() if spec.role == "label"), None)
        return label if label is not None and fields[label].kind_id in CLASSES else None
    kind = fields[named].kind_id if named in fields else None
    if kind is not None and kind not in CLASSES:
        got = shown(f"{named}: {kind}")
        raise RecipeError(describe(where, "a category, ordinal or boolean field", got, fix="name another field"))
    return named


def class_of(record: Mapping[str, Any], label: str | None) -> str:
    """Return a row's class as text; rows without one share the empty text."""
    value = None if label is None else record.get(label)
    return "" if value is None else str(value)
