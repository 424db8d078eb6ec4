"""What a constraint is: it judges rows, can be built into a representation, and says how an op's change keeps it.

Columns are arrays of n values as their kinds make them (`Kind.to_column`): float64 with NaN for numbers, datetime64
with NaT, objects with None for everything else. A row that lacks a column which a constraint names is not judged by
it: a missing value is data, not a mistake.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Literal, TypeAlias

import numpy as np

from augury.errors import RecipeError, describe, shown
from augury.params import Configured
from augury.record import FieldSpec

Columns: TypeAlias = Mapping[str, np.ndarray]
Fields: TypeAlias = Mapping[str, FieldSpec]

NUMERIC = ("number", "datetime")
DISCRETE = ("category", "ordinal", "boolean", "id")


class Constraint(Configured):
    """Base of all constraints. Parameters are what a recipe gives.

    Class attributes:
        id: Its key in a recipe's ``constraints:``.
        judges: ``row`` where a row can be judged alone, ``table`` where the whole collection must be known.
        fits: Whether `fit` must see the training rows before rows can be judged.

    Args:
        collection: The collection it holds for; None is every one that has all the fields it names.
    """

    id: ClassVar[str] = ""
    judges: ClassVar[Literal["row", "table"]] = "row"
    fits: ClassVar[bool] = False

    collection: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it names."""
        raise NotImplementedError

    @property
    def text(self) -> str:
        """The constraint in words, such as ``start <= end``: its name in messages, counts and plans."""
        raise NotImplementedError

    def check_fields(self, fields: Fields) -> None:
        """Refuse columns of kinds it does not fit; all of `columns` are in ``fields``.

        Raises:
            RecipeError: naming the column.
        """

    def fit(self, columns: Columns, fields: Fields) -> Any:
        """Return what must be learned from the training rows, as JSON values; a function of their set."""
        return None

    def broken(self, columns: Columns, fields: Fields, state: Any = None) -> np.ndarray:
        """Return bool (n,), true for every row that breaks it. ``state`` is what `fit` returned. Cost: O(n)."""
        raise NotImplementedError

    def forms(self, fields: Fields) -> Sequence[Form]:
        """Return the ways to hold it by construction, the preferred one first; none: it can only be checked."""
        return ()

    def follow(self, before: Columns, after: Columns, fields: Fields, state: Any = None) -> dict[str, np.ndarray]:
        """Return the columns of ``after`` as they are when an op's change is taken in the constraint's own terms.

        A gap stays a gap, shares still sum, a combination nobody has is not entered, a formula is computed again. Only
        changed columns are returned; rows that keep the constraint are not touched. It is what ops that declare
        ``reparametrises`` ask for; what is still broken afterwards is an error of the row.
        """
        return {}


class Form:
    """One way to hold a constraint by construction: some columns are replaced by others which cannot break it.

    `forward` turns the replaced columns into new ones, `inverse` turns these back. Both are vectorised and change
    nothing in place; ``inverse(forward(x))`` is x where x keeps the constraint, up to the rounding of float64.

    Attributes:
        rewrites: The columns that are replaced (a model does not see them).
        reads: Further columns whose original values both directions need; they stay.
        bounded: Whether `inverse` also keeps the bounds of the rewritten columns' kinds.
    """

    rewrites: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    bounded: bool = False

    def fit(self, columns: Columns, fields: Fields) -> Any:
        """Return a state of JSON values, from training rows that keep the constraint."""
        return None

    def makes(self, state: Any, fields: Fields) -> dict[str, FieldSpec]:
        """Return the new columns' specs."""
        return {}

    def forward(self, columns: Columns, fields: Fields, state: Any) -> dict[str, np.ndarray]:
        """Return the new columns; ``columns`` holds `rewrites` and `reads`."""
        return {}

    def inverse(self, columns: Columns, fields: Fields, state: Any, keys: np.ndarray) -> dict[str, np.ndarray]:
        """Return `rewrites`; ``columns`` holds the new columns and `reads`, ``keys`` is one uint64 a row."""
        raise NotImplementedError


def present(columns: Columns, names: Iterable[str]) -> np.ndarray:
    """Return bool (n,): rows that have a value in every named column."""
    return np.logical_and.reduce([~missing(columns[name]) for name in names])


def missing(values: np.ndarray) -> np.ndarray:
    """Return bool (n,): where a column has no value (None, NaN, NaT)."""
    if values.dtype.kind == "f":
        return np.isnan(values)
    if values.dtype.kind == "M":
        return np.isnat(values)
    return np.array([value is None for value in values.tolist()], bool)


def require_kinds(where: str, names: Iterable[str], fields: Fields, kinds: Sequence[str]) -> None:
    """Refuse columns of other kinds.

    Raises:
        RecipeError: naming the column and its kind.
    """
    for name in names:
        if fields[name].kind_id not in kinds:
            wanted = f"{name} to be of kind {' or '.join(kinds)}"
            got = shown(fields[name].kind_id)
            raise RecipeError(describe(where, wanted, got, fix="name another column, or correct its kind"))


def rounded(values: np.ndarray, spec: FieldSpec) -> np.ndarray:
    """Return a column as its kind keeps it: bounds, whole numbers and decimals; the dtype stays."""
    return spec.kind.to_column(spec.kind.from_column(values))


def grid(spec: FieldSpec) -> float | None:
    """Return the step between neighbouring values of a number column, None where it has none."""
    if getattr(spec.kind, "integer", False):
        return 1.0
    decimals = getattr(spec.kind, "decimals", None)
    return None if decimals is None else 10.0**-decimals
