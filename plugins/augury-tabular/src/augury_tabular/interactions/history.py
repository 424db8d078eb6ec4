"""A history: one user's events as immutable columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from augury.effects import Event


@dataclass(frozen=True, eq=False, slots=True)
class History:
    """One user's events, in order of time. The arrays are read-only and of one length.

    Args:
        item: Object array of str.
        time: Ascending float64 or int64, equal moments in the order they came in; None where events have no times.
        rating: float64, NaN where missing; None where the field keeps no ratings.
        context: Further columns: float64 with NaN for numbers, object with None for categories.
    """

    item: np.ndarray
    time: np.ndarray | None = None
    rating: np.ndarray | None = None
    context: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make the arrays read-only."""
        for column in (self.item, self.time, self.rating, *self.context.values()):
            if column is not None:
                column.setflags(write=False)

    def __len__(self) -> int:
        """Return the number of events."""
        return len(self.item)

    def __iter__(self) -> Iterator[Event]:
        """Iterate over the events."""
        return (self.event(i) for i in range(len(self)))

    def __getitem__(self, chosen: Any) -> History:
        """Return the events of a slice, or of an index array in ascending order."""
        context = {name: column[chosen] for name, column in self.context.items()}
        time = None if self.time is None else self.time[chosen]
        return History(self.item[chosen], time, None if self.rating is None else self.rating[chosen], context)

    def event(self, i: int) -> Event:
        """Return one event of plain Python values."""
        return Event(self.item[i], self.moment(i), self.stars(i), self.around(i))

    def moment(self, i: int) -> Any:
        """Return an event's time as an int or float, or None."""
        return None if self.time is None else self.time[i].item()

    def stars(self, i: int) -> float | None:
        """Return an event's rating, None where missing."""
        value = None if self.rating is None else float(self.rating[i])
        return None if value is None or value != value else value

    def around(self, i: int) -> dict[str, Any]:
        """Return an event's context without what is missing."""
        found = {name: _plain(column[i]) for name, column in self.context.items()}
        return {name: value for name, value in found.items() if value is not None}

    def with_items(self, items: np.ndarray) -> History:
        """Return the history with other items."""
        return History(items, self.time, self.rating, self.context)

    def with_ratings(self, ratings: np.ndarray) -> History:
        """Return the history with other ratings."""
        return History(self.item, self.time, ratings, self.context)

    def extended(self, events: Sequence[Event]) -> History:
        """Return the history with events behind its own, in no order of time: what edits take their pieces from."""
        item = np.empty(len(events), dtype=object)
        item[:] = [event.item for event in events]
        columns = {name: [event.context.get(name) for event in events] for name in self.context}
        return History(
            np.concatenate([self.item, item]),
            self.time,
            None if self.rating is None else _joined(self.rating, [event.rating for event in events]),
            {name: _joined(self.context[name], values) for name, values in columns.items()},
        )


def _joined(column: np.ndarray, values: Sequence[Any]) -> np.ndarray:
    added = np.empty(len(values), dtype=column.dtype)
    added[:] = [np.nan if v is None else v for v in values] if column.dtype == np.float64 else values
    return np.concatenate([column, added])


def _plain(value: Any) -> Any:
    if isinstance(value, float | np.floating):
        return None if value != value else float(value)
    return value
