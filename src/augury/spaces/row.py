"""Rows: table columns of one record, or of many at once; the functions of a `Rows` effect are always batched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from augury.effects import Rows


class RowSize(NamedTuple):
    """The columns of a row: name to the name of its kind."""

    columns: Mapping[str, str]


class RowSegment:
    """Pending row effects, in order. They run one after another, each over as many rows as are pending."""

    __slots__ = ("effects", "size")

    def __init__(self, size: RowSize) -> None:
        """Start empty on a row of ``size``."""
        self.size = size
        self.effects: list[Rows] = []

    @property
    def empty(self) -> bool:
        """Whether nothing is pending."""
        return not self.effects

    def push(self, effect: Any) -> bool:
        """Take a Rows effect."""
        if type(effect) is not Rows:
            return False
        self.effects.append(effect)
        return True

    def describe(self) -> str:
        """Return in words what is run together: a row's effects wait elsewhere."""
        return "nothing"

    def map(self) -> None:
        """Return None: nothing lies on a row."""
        return None
