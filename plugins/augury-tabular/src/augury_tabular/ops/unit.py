"""Other units of numbers."""

from __future__ import annotations

from typing import Any

from augury.effects import Effects, Rows
from augury.errors import ParamError, describe
from augury.op import Info, Op
from augury_tabular.columns import scale


class Unit(Op):
    """Write numbers in another unit: ``factor`` times the number, plus ``offset``.

    Fahrenheit becomes Celsius by ``factor: 0.5555555555555556, offset: -17.77777777777778``. Bounds, decimals and
    ``integer`` of the field hold afterwards, so state them in the new unit.

    Fields: number columns, all of them unless ``field:`` names those that change their unit. The label, group and key
        only where they are named.

    Args:
        factor: What a number is multiplied by; not 0.
        offset: What is added afterwards.

    Cost: O(1) a value; rows run together.
    """

    on = "row"
    columns = ("number",)

    factor: float = 1.0
    offset: float = 0.0

    def check_params(self) -> None:
        """Refuse a factor that makes all numbers one."""
        if self.factor == 0:
            where = f"{self.entry_id or type(self).__name__}.factor"
            fix = "give the new units in an old one"
            raise ParamError(describe(where, "a number other than 0", self.factor, fix=fix))

    def effect(self, draw: Any, info: Info) -> Effects:
        """Return the change as one `Rows` over the columns."""
        names = tuple(info.size.columns)
        return Rows(scale, {"factor": self.factor, "offset": self.offset}, names, names)
