"""Constraints on categories and keys: fixed combinations, one-hot groups, uniqueness, foreign keys."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, cast

import numpy as np

from augury.constraints.base import DISCRETE, Columns, Constraint, Fields, Form, missing, present, require_kinds
from augury.constraints.forms import FromParents, Joint, Regenerated, packed
from augury.errors import ParamError, describe, shown


class Combination(Constraint):
    """Only the combinations of values that the training rows have are allowed: city and country, say.

    Args:
        fields: Two or more category, ordinal, boolean or id columns.
    """

    id = "combination"
    fits = True

    fields: tuple[str, ...]

    def check_params(self) -> None:
        """Take two or more different columns."""
        _need_two("combination", self.fields)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns."""
        return self.fields

    @property
    def text(self) -> str:
        """Such as ``known (city, country)``."""
        return f"known ({', '.join(self.fields)})"

    def check_fields(self, fields: Fields) -> None:
        """Take columns of categories."""
        require_kinds("combination", self.fields, fields, DISCRETE)

    def fit(self, columns: Columns, fields: Fields) -> Any:
        """Return the combinations that occur."""
        return Joint(self.fields).fit(columns, fields)

    def broken(self, columns: Columns, fields: Fields, state: Any = None) -> np.ndarray:
        """Rows whose combination no training row has; none before it is fitted."""
        if state is None:
            return np.zeros(len(columns[self.fields[0]]), bool)
        known = set(state)
        rows = packed([list(columns[name]) for name in self.fields])
        return np.array([row not in known for row in rows], bool) & present(columns, self.fields)

    def forms(self, fields: Fields) -> Sequence[Form]:
        """One joint category."""
        return (Joint(self.fields),)

    def follow(self, before: Columns, after: Columns, fields: Fields, state: Any = None) -> dict[str, np.ndarray]:
        """Stay with the row's own combination where the new one is unknown."""
        return _stay(self.broken(after, fields, state), before, after, self.fields)


class OneHot(Constraint):
    """Exactly one of some columns is on: 1 of numbers, true of booleans; the others are 0 or false.

    Args:
        fields: Two or more number or boolean columns.
    """

    id = "one_hot"

    fields: tuple[str, ...]

    def check_params(self) -> None:
        """Take two or more different columns."""
        _need_two("one_hot", self.fields)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns."""
        return self.fields

    @property
    def text(self) -> str:
        """Such as ``one of (red, green, blue)``."""
        return f"one of ({', '.join(self.fields)})"

    def check_fields(self, fields: Fields) -> None:
        """Take numbers and booleans."""
        require_kinds("one_hot", self.fields, fields, ("number", "boolean"))

    def broken(self, columns: Columns, fields: Fields, state: Any = None) -> np.ndarray:
        """Rows with none or several on, or with a value that is neither on nor off."""
        known = present(columns, self.fields)
        values = np.stack([np.where(known, columns[name], 0).astype(np.float64) for name in self.fields])
        wrong = ((values != 0) & (values != 1)).any(axis=0) | (values.sum(axis=0) != 1)
        return cast(np.ndarray, wrong & known)

    def forms(self, fields: Fields) -> Sequence[Form]:
        """One joint category: which is on."""
        return (Joint(self.fields),)

    def follow(self, before: Columns, after: Columns, fields: Fields, state: Any = None) -> dict[str, np.ndarray]:
        """Stay with the one that was on where an op leaves none or several."""
        return _stay(self.broken(after, fields), before, after, self.fields)


class Unique(Constraint):
    """No two rows of a collection have the same values in these columns. Copies of a row repeat its key.

    Args:
        fields: One or more columns.
    """

    id = "unique"
    judges = "table"

    fields: tuple[str, ...]

    def check_params(self) -> None:
        """Take one or more columns."""
        if not self.fields:
            raise ParamError(describe("unique", "one or more columns", shown("none"), fix="write fields: [id]"))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns."""
        return self.fields

    @property
    def text(self) -> str:
        """Such as ``unique (id)``."""
        return f"unique ({', '.join(self.fields)})"

    def broken(self, columns: Columns, fields: Fields, state: Any = None) -> np.ndarray:
        """Every row but the first with its values."""
        rows = packed([fields[name].kind.from_column(columns[name]) for name in self.fields])
        seen: dict[str, int] = {}
        first = np.array([seen.setdefault(row, i) == i for i, row in enumerate(rows)], bool)
        return ~first & present(columns, self.fields)

    def forms(self, fields: Fields) -> Sequence[Form]:
        """A key made anew: for one column of ids, whole unbounded numbers, or with role key; else none."""
        spec = fields[self.fields[0]]
        number = spec.kind_id == "number"
        whole = number and spec.kind.integer and spec.kind.lo is None and spec.kind.hi is None  # type: ignore[attr-defined]
        textual = spec.kind_id == "id" or (spec.role == "key" and not number)
        return (Regenerated(spec.name),) if len(self.fields) == 1 and (whole or textual) else ()


class Reference(Constraint):
    """A foreign key: every value is one that the parent's column has.

    Args:
        field: The column of the child.
        parent: The parent's column, as ``collection.column``.
    """

    id = "reference"
    judges = "table"

    field: str
    parent: str

    def check_params(self) -> None:
        """Take ``collection.column``."""
        if not all(self.parent_column) or not self.parent_column[1]:
            raise ParamError(describe("reference.parent", "collection.column", self.parent, fix="write users.id, say"))

    @property
    def parent_column(self) -> tuple[str, str]:
        """The parent's collection and column."""
        collection, _, column = self.parent.rpartition(".")
        return collection, column

    @property
    def columns(self) -> tuple[str, ...]:
        """The child's column."""
        return (self.field,)

    @property
    def text(self) -> str:
        """Such as ``user in users.id``."""
        return f"{self.field} in {self.parent}"

    def check_fields(self, fields: Fields) -> None:
        """Take ids, categories and numbers."""
        require_kinds("reference", self.columns, fields, ("id", "category", "number"))

    def broken(self, columns: Columns, fields: Fields, state: Any = None) -> np.ndarray:
        """Rows whose value no parent has. ``state`` holds the parents' values; None judges nothing."""
        values = columns[self.field]
        if state is None:
            return np.zeros(len(values), bool)
        known: Collection[Any] = state if isinstance(state, set | frozenset) else set(state)
        plain = fields[self.field].kind.from_column(values)
        return np.array([str(value) not in known for value in plain], bool) & ~missing(values)

    def forms(self, fields: Fields) -> Sequence[Form]:
        """Drawn from the parents."""
        return (FromParents(self.field),)


def _need_two(where: str, fields: tuple[str, ...]) -> None:
    if len(set(fields)) < 2 or len(set(fields)) < len(fields):
        got = shown(", ".join(fields) or "none")
        raise ParamError(describe(where, "two or more different columns", got, fix="name each column once"))


def _stay(broken: np.ndarray, before: Columns, after: Columns, names: tuple[str, ...]) -> dict[str, np.ndarray]:
    return {name: np.where(broken, before[name], after[name]) for name in names} if broken.any() else {}
