"""What an op is shown of a running record: sizes always, values only while it picks and draws."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from augury.effects import Effect
from augury.op import Donor
from augury.pipelines.donors import View

if TYPE_CHECKING:
    from augury.pipelines.running import Running

LOOK_NONE: frozenset[str] = frozenset()
NO_TARGETS: Mapping[str, Any] = MappingProxyType({})


class RunInfo:
    """What an op is shown of one anchor: the `augury.op.Info` of a running record."""

    __slots__ = ("_memo", "_now", "copy", "donors", "field", "id", "kind", "look", "size", "state", "view")

    def __init__(self, now: Running, field: str, kind: Any, size: Any) -> None:
        """Show ``field`` of the record ``now``."""
        self._now = now
        self.field = field
        self.kind = kind
        self.size = size
        self.id = now.id
        self.copy = now.copy
        self.state: Any = None
        self.donors: Sequence[Donor] = ()
        self.view: View | None = None
        self.look = LOOK_NONE
        self._memo: dict[Any, Any] = {}

    def _may(self, what: str) -> None:
        if what not in self.look:
            raise RuntimeError(
                f"info.{what} is for pick and draw of an op whose reads has {what!r}; effect() must not look"
            )

    @property
    def value(self) -> Any:
        """The anchor's value, after running what is pending; for rows a mapping of columns to values."""
        self._may("value")
        return self._now.row_values() if self.field == "row" else self._now.current(self.field)

    @property
    def targets(self) -> Mapping[str, Any]:
        """The anchor's targets, mapped through what is pending, each when it is asked for."""
        self._may("targets")
        return _Targets(self._now, self.field) if self._now.schema.targets(self.field) else NO_TARGETS

    def after(self, effect: Effect) -> Mapping[str, Any]:
        """Return the targets as they will be once the anchor has ``effect`` too."""
        self._may("targets")
        return _Targets(self._now, self.field, effect)

    @property
    def links(self) -> Mapping[str, Any]:
        """The record's other fields as they are now."""
        self._may("links")
        return _Links(self._now, self.field)

    @property
    def pool(self) -> View:
        """The donor pool, in pick only."""
        if self.view is None:
            raise RuntimeError("info.pool is for pick() only")
        return self.view

    def memo(self, fn: Callable[[Any], Any]) -> Any:
        """Return ``fn(value)``, computed once for each value."""
        value = self.value
        known = self._memo.get(fn)
        if known is None or known[0] is not value:
            known = self._memo[fn] = (value, fn(value))
        return known[1]


class _Lazy(Mapping[str, Any]):
    """A mapping of fields whose values are worked out when asked for."""

    __slots__ = ("_anchor", "_now")

    def __init__(self, now: Running, anchor: str) -> None:
        self._now = now
        self._anchor = anchor

    def _names(self) -> list[str]:
        raise NotImplementedError

    def __iter__(self) -> Iterator[str]:
        return iter(self._names())

    def __len__(self) -> int:
        return len(self._names())


class _Targets(_Lazy):
    __slots__ = ("_then",)

    def __init__(self, now: Running, anchor: str, then: Effect = None) -> None:
        super().__init__(now, anchor)
        self._then = then

    def _names(self) -> list[str]:
        space = self._now.kind(self._anchor).space
        targets = self._now.schema.targets(self._anchor)
        return [f.name for f in targets if f.name in self._now.values and space in f.kind.follows]

    def __getitem__(self, name: str) -> Any:
        if name not in self._names():
            raise KeyError(name)
        return self._now.peek(name, self._anchor, self._then)


class _Links(_Lazy):
    __slots__ = ()

    def _names(self) -> list[str]:
        return [name for name in self._now.values if name != self._anchor]

    def __getitem__(self, name: str) -> Any:
        if name not in self._names():
            raise KeyError(name)
        return self._now.current(name)
