"""The audit of a split by time: whether anything on the training side knows of an event after its cut.

Each record of events has a cut; its history lies before it, its future at it or later. Three things are looked at, none
of them through the splitter: the rows that were made, the names in what was fitted, and the fits, done again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from augury.dataset.audit import Finding
from augury.kinds import Kind
from augury.pipelines import Pipeline
from augury.record import Record
from augury.values import canonical_bytes


class MadeRow(NamedTuple):
    """A row of the training side.

    Args:
        id: Its id.
        sources: The records it was made of: its own first, then donors.
        value: Its events, canonical.
    """

    id: str
    sources: Sequence[str]
    value: Any


class Foresight:
    """What the training side must not know, from whole records and their cuts.

    Args:
        kind: The field's kind: its ``moments``, ``cut`` and ``pack`` are used; a part has an ``item``.
        wholes: Id to the whole value, canonical, as it was before the split. Read once now, and again for the sources
            of a row; it may read from disk.
        cuts: Id to the moment of its cut, in the unit of the values' times; a record without one has no future.
        catalogue: Items that may be known without having been met: those of a given item table.

    Memory: the items, and one record at a time.
    """

    def __init__(
        self, kind: Kind, wholes: Mapping[str, Any], cuts: Mapping[str, float], catalogue: Iterable[str] = ()
    ) -> None:
        """Find the items that are met after the cuts alone."""
        self.kind, self.wholes, self.cuts = kind, wholes, cuts
        met: set[str] = set(catalogue)
        later: set[str] = set()
        for name in wholes:
            history, future = self._sides(name)
            met.update(part["item"] for part in kind.pack(history))
            later.update(part["item"] for part in kind.pack(future))
        self.later_items = frozenset(later - met)

    def _sides(self, name: str) -> tuple[Any, Any]:
        whole = self.wholes[name]
        return self.kind.cut(whole, self.cuts.get(name, float("inf")))

    def rows(self, rows: Iterable[MadeRow]) -> Iterator[Finding]:
        """Yield what rows know of the future: a later moment, an event of a source's future, an item met later only."""
        for row in rows:
            own = row.sources[0] if row.sources else row.id
            cut = self.cuts.get(own, float("inf"))
            late = [moment for moment in self.kind.moments(row.value).tolist() if moment >= cut]
            if late:
                problem = f"{len(late)} events at or after the cut of {own} at {cut:g}, the first at {late[0]:g}"
                yield Finding(row.id, problem)
            parts = self.kind.pack(row.value)
            for source in row.sources:
                if stolen := self._stolen(source, parts):
                    yield Finding(row.id, f"{stolen} events of the future of {source}")
            if foreign := sorted({part["item"] for part in parts} & self.later_items):
                yield Finding(row.id, f"items met after the cuts only: {', '.join(foreign[:5])}")

    def _stolen(self, source: str, parts: Sequence[Any]) -> int:
        """Return how many parts are events of a source's future that its history does not have too."""
        if source not in self.wholes or source not in self.cuts:
            return 0
        history, future = ({canonical_bytes(part) for part in self.kind.pack(side)} for side in self._sides(source))
        return sum(canonical_bytes(part) in future - history for part in parts) if future else 0

    def names(self, states: Mapping[str, Any]) -> Iterator[Finding]:
        """Yield the fitted states (step path to state) that name an item met after the cuts only."""
        for path, state in states.items():
            if found := sorted(set(_texts(state)) & self.later_items):
                yield Finding(path, f"the fitted state names items met after the cuts only: {', '.join(found[:5])}")

    def fits(self, pipe: Pipeline, records: Mapping[str, Record], field: str) -> Iterator[Finding]:
        """Yield the steps whose state is not the one that the histories alone give: they are fitted again.

        Args:
            pipe: The pipeline as the run fitted it.
            records: The training side's records with their whole values; ``field`` is cut here.
            field: The field of events.
        """
        blind = {name: {**record, field: self._sides(name)[0]} for name, record in records.items()}
        again = pipe.fit(blind).state_hashes if pipe.needs_fit else {}
        for path, found in pipe.state_hashes.items():
            if again.get(path) != found:
                yield Finding(path, f"fitted to {found}, but the histories alone give {again.get(path)}")


def _texts(state: Any) -> Iterator[str]:
    """Yield every text in a state, keys of mappings among them."""
    if isinstance(state, str):
        yield state
    elif isinstance(state, Mapping):
        for key, value in state.items():
            yield str(key)
            yield from _texts(value)
    elif isinstance(state, list | tuple):
        for value in state:
            yield from _texts(value)
    elif getattr(state, "dtype", None) is not None and state.dtype.kind in "UO":
        yield from _texts(state.tolist())
