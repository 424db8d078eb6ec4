"""Times moved."""

from __future__ import annotations

from typing import Any, Literal

from augury.effects import Effects, Rows
from augury.op import Info, Op
from augury.params import IntRange
from augury.rng import Rng
from augury_tabular.columns import add_time

_MICROSECONDS = {"days": 86_400_000_000, "hours": 3_600_000_000, "minutes": 60_000_000, "seconds": 1_000_000}


class DateShift(Op):
    """Move a row's dates and times by a drawn number of days (or hours, minutes, seconds).

    All columns of the row move together, so that the time between them stays; ``together: false`` moves each by itself.
    Shifting by whole days keeps the time of day; by multiples of seven, the day of the week (``shift_range: [-4, 4]``,
    ``unit: weeks``).

    Fields: datetime columns; label, group and key only where ``field:`` names them.

    Args:
        shift_range: The least and the greatest shift, in units.
        unit: ``weeks``, ``days``, ``hours``, ``minutes`` or ``seconds``.
        together: Whether the columns of a row share one shift.

    Draws: for each column the shift in units, under the column's name.

    Cost: O(1) a value; the rows run together.
    """

    on = "row"
    columns = ("datetime",)
    reparametrises = True

    shift_range: IntRange = (-30, 30)
    unit: Literal["weeks", "days", "hours", "minutes", "seconds"] = "days"
    together: bool = True

    def draw(self, rng: Rng, info: Info) -> dict[str, int]:
        """Return the shift of each column."""
        if self.together:
            return dict.fromkeys(info.size.columns, rng.integer(*self.shift_range))
        return {name: rng.integer(*self.shift_range) for name in info.size.columns}

    def effect(self, draw: dict[str, int], info: Info) -> Effects:
        """Return one `Rows` over the columns."""
        size = 7 * _MICROSECONDS["days"] if self.unit == "weeks" else _MICROSECONDS[self.unit]
        names: tuple[Any, ...] = tuple(draw)
        return Rows(add_time, {"microseconds": tuple(size * n for n in draw.values())}, names, names)
