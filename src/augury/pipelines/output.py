"""What a pipeline returns: the new record with its lineage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from augury.errors import AuguryError


class Dropped(AuguryError):
    """An output was dropped by a field's ``on_empty: drop``: nothing is wrong with the data."""

    exit_code = 3


class Applied(NamedTuple):
    """One step as it was applied: what a lineage holds of it."""

    path: str
    op: str
    version: int
    fields: tuple[str, ...]
    draw: Any
    donors: tuple[str, ...]
    state: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON-able form; empty parts are left out."""
        out: dict[str, Any] = {"path": self.path, "op": self.op, "version": self.version, "fields": list(self.fields)}
        if self.draw is not None:
            out["draw"] = self.draw
        if self.donors:
            out["donors"] = list(self.donors)
        if self.state:
            out["state"] = self.state
        return out


class Output(dict[str, Any]):
    """A record made by a pipeline: a dict of canonical values, with its `lineage`."""

    __slots__ = ("applied", "head")

    def __init__(
        self, values: Mapping[str, Any], head: tuple[int, str, int | None, str, str | None], applied: list[Applied]
    ) -> None:
        """Hold the values and what the lineage is made of."""
        super().__init__(values)
        self.head = head
        self.applied = applied

    @property
    def lineage(self) -> dict[str, Any]:
        """How the record came to be: seed, id, copy, pipeline, pool, and each applied step with its draw. JSON-able."""
        seed, record_id, copy, fingerprint, pool = self.head
        out: dict[str, Any] = {"seed": seed, "id": record_id, "copy": copy, "pipeline": fingerprint}
        if pool:
            out["pool"] = pool
        out["steps"] = [a.to_dict() for a in self.applied]
        return out
