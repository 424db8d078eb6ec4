"""The kind of a user's history, and how edits, cuts and storage treat it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np

from augury.effects import Copy, Event, Events
from augury.errors import FieldError, ParamError, RecipeError, describe, shown
from augury.kinds import Kind
from augury.params import Range, Within
from augury.spaces.events import EventsSegment, EventsSize
from augury_tabular.interactions import reading
from augury_tabular.interactions.history import History

if TYPE_CHECKING:
    import pyarrow as pa

    from augury.views import Words

_OWN = ("item", "time", "rating")
_YEAR_1990, _YEAR_2100 = 631_152_000, 4_102_444_800


class Interactions(Kind):
    """One user's ordered events: what they met, when, and how they liked it. In memory a `History` of columns.

    Taken are lists of events (``[{item: a, time: 3, rating: 4}]``), mappings of columns (``{item: [a, b], time: [3,
    9]}``), and, without times, lists of items. Events that come out of order are sorted by time; those of one moment
    keep the order they came in. Repeated events are kept. Items are text; whole numbers are written out.

    Args:
        time: "float" keeps seconds (or any count) as float64, "integer" as int64, "none" keeps an order alone. Moments
            become seconds since 1970; those without a zone are read as UTC.
        rating: Whether events have ratings; one may be missing.
        rating_range: Least and greatest rating; None sets no bounds.
        rating_step: Ratings are whole multiples of it, counted from the least one; 0 takes any.
        context: Further columns of an event: name to "number" or "category".
        items: The catalogue: other items are refused, and ops put in no others. Empty takes every item.
        mask: The item that stands for a masked one. It is taken beside the catalogue.
    """

    space = "events"

    time: Literal["float", "integer", "none"] = "float"
    rating: bool = True
    rating_range: Range | None = None
    rating_step: Annotated[float, Within(0)] = 0.0
    context: Mapping[str, str] | None = None
    items: tuple[str, ...] = ()
    mask: str = "[mask]"

    def check_params(self) -> None:
        """Refuse context columns of other names or types, and repeated items."""
        for name, kind in (self.context or {}).items():
            if kind not in ("number", "category") or name in _OWN:
                where = f"{self.entry_id or 'interactions'}.context.{name}"
                fix = "write {device: category, position: number}, say"
                raise ParamError(describe(where, "a new name with number or category", kind, fix=fix))
        if len(set(self.items)) < len(self.items):
            raise ParamError(
                describe(f"{self.entry_id or 'interactions'}.items", "items that differ", fix="list each once")
            )

    @property
    def columns(self) -> dict[str, str]:
        """The columns of an event in order: name to "item", "time", "number" or "category"."""
        out = {"item": "item"}
        if self.time != "none":
            out["time"] = "time"
        if self.rating:
            out["rating"] = "number"
        return out | dict(self.context or {})

    # -- every kind ------------------------------------------------------------------------------------------

    def check(self, value: Any) -> History:
        """Return a `History`, sorted by time.

        Raises:
            FieldError: another form; an event without item or time; an unknown column or item; a rating out of bounds.
        """
        history = value if type(value) is History and self._fits(value) else self._read(value)
        if history.time is not None and (history.time[1:] < history.time[:-1]).any():
            history = history[np.argsort(history.time, kind="stable")]
        if self.items:
            self._check_items(history.item)
        if history.rating is not None and self.rating_range is not None:
            self._check_ratings(history.rating)
        return history

    def _fits(self, value: History) -> bool:
        dtype = None if value.time is None else value.time.dtype
        wanted = {"float": np.float64, "integer": np.int64, "none": None}[self.time]
        return (
            dtype == wanted
            and (value.rating is not None) == self.rating
            and set(value.context) == set(self.context or {})
        )

    def _read(self, value: Any) -> History:
        if type(value) is History:
            value = list(map(_mapping, value))
        given = reading.columns_of(value, tuple(self.columns))
        count = len(given["item"])
        blank = [None] * count
        context = {
            name: (reading.numbers if kind == "number" else reading.categories)(name, given.get(name, blank))
            for name, kind in (self.context or {}).items()
        }
        return History(
            reading.items(given["item"]),
            None if self.time == "none" else reading.times(given.get("time", blank), self.time == "integer"),
            reading.numbers("rating", given.get("rating", blank)) if self.rating else None,
            context,
        )

    def _check_items(self, found: np.ndarray) -> None:
        known = _catalogue(self.items)
        for index, item in enumerate(found):
            if item not in known and item != self.mask:
                fix = "add it to the field's items:, or drop the event"
                raise FieldError(
                    describe(f"[{index}].item", "an item of the catalogue", item, name=item, known=self.items, fix=fix)
                )

    def _check_ratings(self, ratings: np.ndarray) -> None:
        lo, hi = self.rating_range or (-np.inf, np.inf)
        wrong = (ratings < lo) | (ratings > hi)
        if self.rating_step:
            steps = (ratings - lo) / self.rating_step
            wrong |= np.abs(steps - np.round(steps)) > 1e-6
        if wrong.any():
            index = int(np.argmax(wrong))
            step = f" in steps of {self.rating_step:g}" if self.rating_step else ""
            fix = "correct it, or the field's rating_range"
            raise FieldError(describe(f"[{index}].rating", f"{lo:g} to {hi:g}{step}", float(ratings[index]), fix=fix))

    def arrow(self) -> pa.DataType:
        """list<struct<item: string, time: double or int64, rating: double, and the context's columns>>."""
        import pyarrow as pa

        time = pa.int64() if self.time == "integer" else pa.float64()
        types = {"item": pa.string(), "time": time, "number": pa.float64(), "category": pa.string()}
        return pa.list_(pa.struct([(name, types[kind]) for name, kind in self.columns.items()]))

    def pack(self, value: History) -> list[dict[str, Any]]:
        """Return a list of mappings, None for what is missing."""
        columns = {"item": value.item, "time": value.time, "rating": value.rating, **value.context}
        lists = [_listed(columns[name]) for name in self.columns]
        names = tuple(self.columns)
        return [dict(zip(names, row, strict=True)) for row in zip(*lists, strict=True)]

    def samples(self) -> list[Any]:
        """Return histories for tests: ratings, missing ones, events of one moment, one event, none."""
        timed = self.time != "none"
        rows = [("tea", 10, 4.0), ("milk", 20, None), ("tea", 20, 5.0), ("rye", 45, 1.0), ("oats", 70, 3.0)]
        first = [_sample(row, timed, self.rating) for row in [*rows, ("jam", 71, 2.0)]]
        other = [_sample(row, timed, self.rating) for row in [("nuts", 90, 2.0), ("figs", 30, 4.0), *rows]]
        return [first, other, first[2:], first[3:4], []]

    def show(self, value: History) -> Words:
        """Return the events as words: item, time (as a moment where it can be one after 1990) and rating."""
        from augury.views import Words

        words = []
        for item, time, rating, _ in value:
            at = "" if time is None else f" @{_moment(time)}"
            words.append(f"{item}{at}" + ("" if rating is None else f" \u2605{rating:g}"))
        return Words("\n".join(words))

    def is_empty(self, value: History) -> bool:
        """Whether no event is left."""
        return not len(value)

    # -- anchor ----------------------------------------------------------------------------------------------

    def size(self, value: History) -> EventsSize:
        """Number of events."""
        return EventsSize(len(value))

    def render(self, value: History, segment: EventsSegment) -> History:
        """Put the pending pieces together, once.

        Raises:
            RecipeError: for an effect that puts an event where its time does not fit.
        """
        new: list[Event] = []
        what: list[int] = []
        for piece in segment.pieces:
            if isinstance(piece, Copy):
                what += range(piece.a, piece.b)
            else:
                first = len(value) + len(new)
                what += range(first, first + len(piece.text))
                new += piece.text  # type: ignore[arg-type]
        chosen = np.array(what, dtype=np.int64)
        all_of_them = value.extended(new) if new else value
        return History(
            all_of_them.item[chosen],
            None if value.time is None else _times(value.time, segment),
            None if all_of_them.rating is None else all_of_them.rating[chosen],
            {name: column[chosen] for name, column in all_of_them.context.items()},
        )

    def apply(self, value: History, effect: Events, sources: Sequence[History]) -> History:
        """Run `Events`.

        Raises:
            RecipeError: for a function that changes how many events there are, or their times.
        """
        made: History = effect.fn(value, *sources, **effect.args)
        if len(made) != len(value) or made.time is not value.time:
            fix = "return a Rope to add, drop or move events"
            raise RecipeError(describe("Events", "as many events at the same times", shown("others"), fix=fix))
        return made

    # -- in time ---------------------------------------------------------------------------------------------

    def moments(self, value: History) -> np.ndarray:
        """Return the events' times.

        Raises:
            FieldError: where the field keeps no times.
        """
        if value.time is None:
            fix = "declare the field with time: float or integer, or split by group"
            raise FieldError(describe("time", "events with times", shown("time: none"), fix=fix))
        return value.time

    def cut(self, value: History, at: float) -> tuple[History, History]:
        """Return the events before ``at``, and those at it or later.

        Raises:
            FieldError: where the field keeps no times.
        """
        place = int(np.searchsorted(self.moments(value), at, side="left"))
        return value[:place], value[place:]


@lru_cache(maxsize=64)
def _catalogue(items: tuple[str, ...]) -> frozenset[str]:
    return frozenset(items)


def _times(time: np.ndarray, segment: EventsSegment) -> np.ndarray:
    """Return the times of the output; 0 for an event without one in a history without any."""
    new = np.array([event.time for event in segment.clocks] + [0], dtype=time.dtype)
    out = np.concatenate([time, new])[np.array(segment.when, dtype=np.int64)]
    if (out[1:] < out[:-1]).any():
        fix = "give each inserted event a time between those around it"
        raise RecipeError(describe("Rope", "inserted events in the order of time", shown("one out of order"), fix=fix))
    return out


def _listed(column: np.ndarray | None) -> list[Any]:
    assert column is not None, "a column its kind does not keep"
    values = column.tolist()
    return [None if v != v else v for v in values] if column.dtype == np.float64 else values


def _moment(time: float) -> str:
    if not _YEAR_1990 < time < _YEAR_2100:
        return f"{time:.12g}"
    return datetime.fromtimestamp(time, UTC).replace(tzinfo=None).isoformat(" ", "seconds")


def _mapping(event: Event) -> dict[str, Any]:
    out = {"item": event.item, "time": event.time, "rating": event.rating, **event.context}
    return {name: value for name, value in out.items() if value is not None}


def _sample(row: tuple[str, int, float | None], timed: bool, rated: bool) -> dict[str, Any]:
    item, time, rating = row
    return {"item": item} | ({"time": time} if timed else {}) | ({"rating": rating} if rated else {})
