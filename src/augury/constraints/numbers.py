"""Constraints on numbers and times: a range, an order of two columns, a sum, a formula."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np

from augury.constraints.base import (
    DISCRETE,
    NUMERIC,
    Columns,
    Constraint,
    Fields,
    Form,
    grid,
    missing,
    present,
    require_kinds,
)
from augury.constraints.expression import Expression, column_type, evaluate, parse_expression, plain, type_of
from augury.constraints.forms import Computed, Gap, Shares, Squash, gap_moved, shared
from augury.errors import ParamError, RecipeError, describe, shown
from augury.params import Within

RELATIVE = 1e-9
"""How far a sum or a formula may be off, in units of its greatest term, beside the rounding of the column."""


class Range(Constraint):
    """A number lies between two bounds, both included; one may be left out.

    Args:
        field: The column.
        lo: The least value.
        hi: The greatest value.
    """

    id = "range"

    field: str
    lo: float | None = None
    hi: float | None = None

    def check_params(self) -> None:
        """Refuse no bounds, and bounds in the wrong order."""
        if self.lo is None and self.hi is None:
            raise ParamError(describe("range", "lo or hi", shown("neither"), fix="give one of them"))
        if self.lo is not None and self.hi is not None and self.lo > self.hi:
            raise ParamError(describe("range", "lo <= hi", (self.lo, self.hi), fix="swap the two numbers"))

    @property
    def columns(self) -> tuple[str, ...]:
        """The one column."""
        return (self.field,)

    @property
    def text(self) -> str:
        """Such as ``17 <= age <= 90``."""
        lo = "" if self.lo is None else f"{self.lo:.15g} <= "
        hi = "" if self.hi is None else f" <= {self.hi:.15g}"
        return f"{lo}{self.field}{hi}"

    def check_fields(self, fields: Fields) -> None:
        """Take a number."""
        require_kinds("range", self.columns, fields, ("number",))

    def broken(self, columns: Columns, fields: Fields, state: Any = None) -> np.ndarray:
        """Values outside the bounds."""
        values = columns[self.field]
        return (values < self._lo) | (values > self._hi)

    @property
    def _lo(self) -> float:
        return -np.inf if self.lo is None else self.lo

    @property
    def _hi(self) -> float:
        return np.inf if self.hi is None else self.hi

    def forms(self, fields: Fields) -> Sequence[Form]:
        """A squash onto the bounds, the tighter ones of it and of the column's kind."""
        return (Squash(self.field, *self.within(fields)),)

    def within(self, fields: Fields) -> tuple[float | None, float | None]:
        """Return the tighter bounds of the constraint and of the column's kind."""
        kind = fields[self.field].kind
        lows = [b for b in (self.lo, getattr(kind, "lo", None)) if b is not None]
        highs = [b for b in (self.hi, getattr(kind, "hi", None)) if b is not None]
        return max(lows, default=None), min(highs, default=None)

    def follow(self, before: Columns, after: Columns, fields: Fields, state: Any = None) -> dict[str, np.ndarray]:
        """Stop at the bound."""
        return {self.field: np.clip(after[self.field], self.lo, self.hi)}


class Order(Constraint):
    """One number or time is at most another.

    Args:
        low: The column of the lesser value.
        high: The column of the greater value.
        strict: Whether they must differ.
    """

    id = "order"

    low: str
    high: str
    strict: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """The two columns."""
        return (self.low, self.high)

    @property
    def text(self) -> str:
        """Such as ``start <= end``."""
        return f"{self.low} {'<' if self.strict else '<='} {self.high}"

    def check_fields(self, fields: Fields) -> None:
        """Take two numbers or two datetimes."""
        require_kinds("order", self.columns, fields, NUMERIC)
        if fields[self.low].kind_id != fields[self.high].kind_id:
            got = shown(f"{fields[self.low].kind_id} and {fields[self.high].kind_id}")
            raise RecipeError(
                describe("order", "two columns of one kind", got, fix="name two numbers or two datetimes")
            )

    def broken(self, columns: Columns, fields: Fields, state: Any = None) -> np.ndarray:
        """Rows where the lesser column is greater."""
        low, high = columns[self.low], columns[self.high]
        wrong = low >= high if self.strict else low > high
        return wrong & present(columns, self.columns)

    def forms(self, fields: Fields) -> Sequence[Form]:
        """The gap in the place of the greater column, or of the lesser one; none where their bounds forbid it."""
        low, high = fields[self.low], fields[self.high]
        out = []
        if _room(getattr(low.kind, "hi", None), getattr(high.kind, "hi", None), 1):
            out.append(Gap(self.low, self.high, 1, self.strict))
        if _room(getattr(high.kind, "lo", None), getattr(low.kind, "lo", None), -1):
            out.append(Gap(self.high, self.low, -1, self.strict))
        return out

    def follow(self, before: Columns, after: Columns, fields: Fields, state: Any = None) -> dict[str, np.ndarray]:
        """Move the column that the op changed no further than the other; the greater one where it changed both."""
        broken = self.broken(after, fields)
        if not broken.any():
            return {}
        high_moved = ~_same(before[self.high], after[self.high])
        pushed = gap_moved(after[self.low], after[self.high], 1, fields[self.high], self.strict)
        pulled = gap_moved(after[self.high], after[self.low], -1, fields[self.low], self.strict)
        return {
            self.high: np.where(broken & high_moved, pushed, after[self.high]),
            self.low: np.where(broken & ~high_moved, pulled, after[self.low]),
        }


def _room(base: float | None, moved: float | None, sign: int) -> bool:
    """Whether the moved column's bound leaves room wherever the base column may be."""
    return moved is None or (base is not None and sign * base <= sign * moved)


def _same(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return (a == b) | (missing(a) & missing(b))


class Sum(Constraint):
    """Columns sum to a constant or to another column.

    Args:
        fields: The parts, two or more number columns.
        total: What they sum to: a number, or the name of a number column.
    """

    id = "sum"

    fields: tuple[str, ...]
    total: float | str

    def check_params(self) -> None:
        """Take two or more different parts."""
        if len(set(self.fields)) < 2 or len(set(self.columns)) < len(self.columns):
            got = shown(", ".join(self.columns))
            raise ParamError(describe("sum", "two or more different columns", got, fix="name each part once"))

    @property
    def columns(self) -> tuple[str, ...]:
        """The parts, then the total where it is a column."""
        return (*self.fields, self.total) if isinstance(self.total, str) else self.fields

    @property
    def text(self) -> str:
        """Such as ``rent + food = spent``."""
        total = self.total if isinstance(self.total, str) else f"{self.total:.15g}"
        return f"{' + '.join(self.fields)} = {total}"

    def check_fields(self, fields: Fields) -> None:
        """Take numbers."""
        require_kinds("sum", self.columns, fields, ("number",))

    def broken(self, columns: Columns, fields: Fields, state: Any = None) -> np.ndarray:
        """Rows whose parts sum to something else, beyond the rounding of float64."""
        total = self.totals(columns)
        parts = np.stack([columns[name] for name in self.fields])
        with np.errstate(invalid="ignore"):
            off = np.abs(parts.sum(axis=0) - total)
            return (off > RELATIVE * np.maximum(np.abs(parts).max(axis=0), np.abs(total))) & present(
                columns, self.columns
            )

    def totals(self, columns: Columns) -> np.ndarray:
        """Return what each row must sum to."""
        if isinstance(self.total, str):
            return columns[self.total]
        return np.full(len(columns[self.fields[0]]), float(self.total))

    def forms(self, fields: Fields) -> Sequence[Form]:
        """Shares of the total where all parts have the lower bound 0, no tighter upper one, and one grid; else none."""
        most = np.inf if isinstance(self.total, str) else self.total
        kinds = [fields[name].kind for name in self.fields]
        free = all(getattr(k, "lo", None) == 0 and (k.hi is None or k.hi >= most) for k in kinds)  # type: ignore[attr-defined]
        grids = {grid(fields[name]) for name in self.columns}
        return (Shares(self.fields, self.total),) if free and len(grids) == 1 else ()

    def follow(self, before: Columns, after: Columns, fields: Fields, state: Any = None) -> dict[str, np.ndarray]:
        """Scale the parts to the total, rounded so that they still sum to it."""
        broken = self.broken(after, fields)
        if not broken.any():
            return {}
        parts = shared(
            np.stack([after[name] for name in self.fields]), self.totals(after), grid(fields[self.fields[0]])
        )
        return {name: np.where(broken, part, after[name]) for name, part in zip(self.fields, parts, strict=True)}


class Formula(Constraint):
    """A formula holds: ``total = price * quantity`` computes a column, ``end - start <= 86400`` is a condition.

    A computed column may be off by its own rounding. A row where the formula has no finite value (a division by zero)
    breaks it.

    Args:
        rule: The formula; `augury.constraints.expression` tells what may stand in it.
        tolerance: How far a computed column may be off besides, in its unit.
    """

    id = "formula"

    rule: str
    tolerance: Annotated[float, Within(0.0)] = 0.0

    def check_params(self) -> None:
        """Refuse what is no formula."""
        self.parsed()

    def parsed(self) -> tuple[str | None, Expression]:
        """Return the computed column, None for a condition, and the expression."""
        target, mark, rest = _split(self.rule)
        if not mark:
            return None, parse_expression(self.rule)
        name = parse_expression(target)
        if len(name.columns) != 1 or name.text not in (name.columns[0], f'col("{name.columns[0]}")'):
            raise ParamError(
                describe("formula", "a column before =", target.strip(), fix="write total = price * quantity")
            )
        expression = parse_expression(rest)
        if name.columns[0] in expression.columns:
            got = shown(self.rule)
            fix = "take it out of the right side, or write it as a condition with =="
            raise ParamError(describe("formula", "a column computed from others", got, fix=fix))
        return name.columns[0], expression

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the expression, then the computed one."""
        target, expression = self.parsed()
        return expression.columns if target is None else (*expression.columns, target)

    @property
    def text(self) -> str:
        """The formula as written."""
        return self.rule.strip()

    def check_fields(self, fields: Fields) -> None:
        """Refuse arithmetic with text, a computed column of text, and a condition that is none."""
        target, expression = self.parsed()
        kinds = {name: column_type(fields[name].kind_id) for name in self.columns}
        require_kinds("formula", self.columns, fields, (*NUMERIC, *DISCRETE))
        try:
            gives = type_of(expression, kinds)
        except ParamError as error:
            raise RecipeError(str(error)) from error
        if target is not None:
            require_kinds("formula", [target], fields, NUMERIC)
        wanted = "truth" if target is None else "number"
        if ("number" if gives == "moment" else gives) != wanted:
            what = "a condition such as end >= start" if target is None else "arithmetic after ="
            raise RecipeError(describe("formula", what, self.rule, fix="correct the formula"))

    def broken(self, columns: Columns, fields: Fields, state: Any = None) -> np.ndarray:
        """Rows where the condition is false, or the column is not what is computed."""
        target, expression = self.parsed()
        found = evaluate(expression, columns)
        known = present(columns, self.columns)
        if target is None:
            return ~found.astype(bool) & known
        with np.errstate(invalid="ignore"):
            value = plain(columns[target])
            step = 1e-6 if fields[target].kind_id == "datetime" else grid(fields[target]) or 0.0
            allowed = self.tolerance + 0.5 * step + RELATIVE * np.maximum(np.abs(found), np.abs(value))
            return ~(np.abs(value - found) <= allowed) & known

    def forms(self, fields: Fields) -> Sequence[Form]:
        """The computed column dropped, and computed again."""
        target, expression = self.parsed()
        if (
            target is None
            or getattr(fields[target].kind, "lo", None) is not None
            or getattr(fields[target].kind, "hi", None) is not None
        ):
            return ()
        return (Computed(target, expression),)

    def follow(self, before: Columns, after: Columns, fields: Fields, state: Any = None) -> dict[str, np.ndarray]:
        """Compute the column again; a condition is only checked."""
        target, expression = self.parsed()
        broken = self.broken(after, fields)
        if target is None or not broken.any():
            return {}
        computed = Computed(target, expression).value(after, fields)
        return {target: np.where(broken & ~missing(computed), computed, after[target])}


def _split(rule: str) -> tuple[str, str, str]:
    """Split at the one ``=`` that is no comparison."""
    for i, char in enumerate(rule):
        if char == "=" and rule[i - 1 : i] not in ("=", "<", ">", "!") and rule[i + 1 : i + 2] != "=":
            return rule[:i], "=", rule[i + 1 :]
    return rule, "", ""
