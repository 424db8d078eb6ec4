"""Ops that each break one rule of the contract."""

import random
from typing import Any

import numpy as np

from augury.effects import Copy, Insert, Rope, Rows
from augury.op import Op


def _keep(info: Any, text: str = "") -> Rope:
    return Rope((Insert(text), Copy(0, info.size.length)))


class _Bad(Op):
    """Do nothing wrong yet.

    Fields: a text.

    Draws: n.
    Cost: O(1).
    """

    on = "demo.letters"

    def draw(self, rng: Any, info: Any) -> Any:
        """Draw a number."""
        return {"n": rng.integer(0, 9)}

    def effect(self, draw: Any, info: Any) -> Any:
        """Put it in front."""
        return _keep(info, str(draw["n"]))


class GlobalRandom(_Bad):
    __doc__ = _Bad.__doc__

    def draw(self, rng: Any, info: Any) -> Any:
        """Draw from the global state."""
        return {"n": random.randrange(10)}


class Peeks(_Bad):
    __doc__ = _Bad.__doc__
    reads = frozenset({"value"})

    def effect(self, draw: Any, info: Any) -> Any:
        """Look."""
        return _keep(info, info.value[:1])


class Constant(_Bad):
    __doc__ = _Bad.__doc__

    def draw(self, rng: Any, info: Any) -> Any:
        """Draw nothing new."""
        return {"n": 3}


class Tuples(_Bad):
    __doc__ = _Bad.__doc__

    def draw(self, rng: Any, info: Any) -> Any:
        """Draw a tuple."""
        return {"n": (rng.integer(0, 9), 1)}

    def effect(self, draw: Any, info: Any) -> Any:
        """Use it as one."""
        return _keep(info, "{}{}".format(*draw["n"]) if isinstance(draw["n"], tuple) else "lost")


class NumpyDraw(_Bad):
    __doc__ = _Bad.__doc__

    def draw(self, rng: Any, info: Any) -> Any:
        """Draw a numpy number."""
        return {"n": np.int64(rng.integer(0, 9))}


CALLS = [0]


class Remembers(_Bad):
    __doc__ = _Bad.__doc__

    def effect(self, draw: Any, info: Any) -> Any:
        """Count."""
        CALLS[0] += 1
        return _keep(info, str(CALLS[0]))


class Undocumented(_Bad):
    """Do something"""


class WrongKind(_Bad):
    __doc__ = _Bad.__doc__


def scale(columns: Any) -> Any:
    """Write into the columns."""
    for column in columns.values():
        column *= 2
    return columns


class Closure(_Bad):
    __doc__ = _Bad.__doc__

    def effect(self, draw: Any, info: Any) -> Any:
        """Return an effect that holds a function of its own."""
        return Rope((Copy(0, info.size.length), Insert(_Text(lambda: "x"))))


class _Text(str):
    def __new__(cls, fn: Any) -> "_Text":
        """Keep a function."""
        self = super().__new__(cls, fn())
        self.fn = fn
        return self


def demean(columns: Any) -> Any:
    """Depend on the batch."""
    return {name: column - np.nanmean(column) for name, column in columns.items()}


def zeroed(columns: Any) -> Any:
    """Fill gaps."""
    return {name: np.nan_to_num(column) for name, column in columns.items()}


class WritesInput(Op):
    """Write into records.

    Fields: numbers. Cost: O(rows).
    """

    on = "row"
    reads = frozenset({"value"})
    columns = ("number",)

    def draw(self, rng: Any, info: Any) -> Any:
        """Write through the donors' door.

        Draws: nothing.
        """
        return {"n": rng.integer(0, 9)}

    def effect(self, draw: Any, info: Any) -> Any:
        """Return the row function."""
        names = tuple(info.size.columns)
        return Rows(scale, {}, names, names)


class MixesRows(WritesInput):
    """Depend on other rows.

    Fields: numbers. Cost: O(rows). Draws: n.
    """

    def effect(self, draw: Any, info: Any) -> Any:
        """Return the row function."""
        names = tuple(info.size.columns)
        return Rows(demean, {}, names, names)


class FillsGaps(WritesInput):
    """Put 0 where a number is missing, without saying so.

    Fields: numbers. Cost: O(rows). Draws: n.
    """

    def effect(self, draw: Any, info: Any) -> Any:
        """Return the row function."""
        names = tuple(info.size.columns)
        return Rows(zeroed, {}, names, names)


class Loose(_Bad):
    """Do nothing wrong but take any range.

    Fields: a text.

    Args:
        span_range: (lo, hi), unchecked.

    Draws: n.
    Cost: O(1).
    """

    span_range: Any = (1.0, 2.0)
