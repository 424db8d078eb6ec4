"""Ops that keep the contract."""

from typing import Any

import numpy as np

from augury.effects import Convert, Copy, Insert, Rope, Rows
from augury.errors import DataError, describe
from augury.op import Op
from augury.params import Fraction, Range


class Rotate(Op):
    """Move letters from the front to the end.

    Fields: a text, whose marks follow.

    Args:
        fraction: Greatest share of the letters that move, in [0, 1].

    Draws: at, an index.
    Cost: O(pieces).
    """

    on = "demo.letters"

    fraction: Fraction = 1.0

    def draw(self, rng: Any, info: Any) -> Any:
        """Draw where to cut."""
        return {"at": rng.integer(0, int(self.fraction * info.size.length))}

    def effect(self, draw: Any, info: Any) -> Any:
        """Return the rope."""
        return Rope((Copy(draw["at"], info.size.length), Copy(0, draw["at"])))


class Noop(Op):
    """Declare nothing.

    Fields: a text. Cost: none.
    """

    on = "demo.letters"

    def effect(self, draw: Any, info: Any) -> Any:
        """Return no effect."""
        return []


class Splice(Op):
    """Append the first letters of a donor.

    Fields: a text, whose marks stay.

    Draws: n, how many letters.
    Cost: O(1).
    """

    on = "demo.letters"
    donors = 1

    def draw(self, rng: Any, info: Any) -> Any:
        """Draw how many letters to take, and which they are."""
        donor = info.donors[0]
        n = rng.integer(0, donor.size.length)
        return {"n": n}

    def effect(self, draw: Any, info: Any) -> Any:
        """Return the rope."""
        return Rope((Copy(0, info.size.length), Insert(info.donors[0].value[: draw["n"]])))


def add(columns: Any, shift: Any) -> Any:
    """Add a number of each row's own."""
    return {name: column + shift for name, column in columns.items()}


class Shift(Op):
    """Add a drawn number to every number.

    Fields: numbers.

    Args:
        shift_range: (lo, hi) of what is added.

    Draws: shift, uniform in shift_range.
    Cost: O(rows).
    """

    on = "row"
    columns = ("number",)

    shift_range: Range = (-1.0, 1.0)

    def draw(self, rng: Any, info: Any) -> Any:
        """Draw the number."""
        return {"shift": rng.uniform(*self.shift_range)}

    def effect(self, draw: Any, info: Any) -> Any:
        """Return the row function."""
        names = tuple(info.size.columns)
        return Rows(add, {"shift": draw["shift"]}, names, names)


class Center(Op):
    """Subtract the mean of the training side from every number.

    Fields: numbers. Cost: O(rows).
    """

    on = "row"
    columns = ("number",)
    fits = True

    def fit(self, batches: Any, fields: Any) -> Any:
        """Return the mean over everything."""
        numbers = [
            record[name]
            for batch in batches
            for _, record in batch
            for name in fields
            if isinstance(record.get(name), float)
        ]
        return {"mean": float(np.mean(numbers))}

    def effect(self, draw: Any, info: Any) -> Any:
        """Return the row function."""
        names = tuple(info.size.columns)
        return Rows(add, {"shift": -info.state["mean"]}, names, names)


class Twice(Op):
    """Rotate twice.

    Fields: a text. Cost: two ropes.
    """

    on = "demo.letters"

    def expand(self) -> Any:
        """Return two named steps."""
        return [{"demo.rotate": {"name": "one"}}, {"demo.rotate": {"name": "two", "fraction": 0.5}}]


class Count(Op):
    """Put the number of marks, the first letter and the note in front.

    Fields: a text. Draws: text, what was seen. Cost: O(1).
    """

    on = "demo.letters"
    reads = frozenset({"value", "targets", "links"})

    def draw(self, rng: Any, info: Any) -> Any:
        """Look at everything."""
        marks = sum(len(value) for value in info.targets.values())
        return {"text": f"{marks}{info.value[:1]}{len(info.links)}{rng.integer(0, 9)}:"}

    def effect(self, draw: Any, info: Any) -> Any:
        """Return the rope."""
        return Rope((Insert(draw["text"]), Copy(0, info.size.length)))


def code_points(value: str) -> list[int]:
    """Return code points."""
    return [ord(c) for c in value]


class Split(Op):
    """Break a text into code points.

    Fields: a text, without marks. Cost: O(letters).
    """

    on = "demo.letters"
    makes = {"self": "demo.points"}

    def effect(self, draw: Any, info: Any) -> Any:
        """Return the conversion."""
        return Convert("demo.points", code_points)


def refuse_below(columns: Any, least: Any) -> Any:
    """Refuse rows with numbers below the least."""
    for column in columns.values():
        if (column < least).any():
            raise DataError(describe("row", "numbers from least on", float(column.min()), fix="drop the row"))
    return {}


class Strict(Op):
    """Refuse rows with numbers below a bound.

    Fields: numbers.

    Args:
        least: The least number that passes.

    Cost: O(rows).
    """

    on = "row"
    columns = ("number",)

    least: float = -1e9

    def effect(self, draw: Any, info: Any) -> Any:
        """Return the row function."""
        return Rows(refuse_below, {"least": self.least}, tuple(info.size.columns), ())


class Clash(Op):
    """Give an effect to a field that moves with another.

    Fields: a text. Cost: O(1).
    """

    on = "demo.letters"

    def effect(self, draw: Any, info: Any) -> Any:
        """Return effects by field."""
        keep = Rope((Copy(0, info.size.length),))
        return {info.field: keep, "lies_on": keep}


class Mix(Op):
    """Blend numbers with a donor's, and labels by the same weight.

    Fields: numbers, the label. Draws: weight. Cost: O(rows).
    """

    on = "row"
    columns = ("number",)
    donors = 1
    makes = {"label": "distribution"}

    def draw(self, rng: Any, info: Any) -> Any:
        """Draw the donor's weight."""
        return {"weight": rng.uniform(0.1, 0.4)}

    def effect(self, draw: Any, info: Any) -> Any:
        """Return the row function with the weights of the record and its donor."""
        names = tuple(info.size.columns)
        theirs = [float(info.donors[0].record[name]) for name in names]
        args = {"weight": draw["weight"], "theirs": theirs}
        return Rows(blend, args, names, names, weights=(1 - draw["weight"], draw["weight"]))


def blend(columns: Any, weight: Any, theirs: Any) -> Any:
    """Blend each row with its donor's numbers."""
    return {name: column * (1 - weight) + theirs[:, j] * weight for j, (name, column) in enumerate(columns.items())}


class Draw(Op):
    """Draw a number and declare nothing.

    Fields: a text. Draws: u, uniform in [0, 1). Cost: none.
    """

    on = "demo.letters"

    def draw(self, rng: Any, info: Any) -> Any:
        """Draw the number."""
        return {"u": rng.random()}

    def effect(self, draw: Any, info: Any) -> Any:
        """Return no effect."""
        return []
