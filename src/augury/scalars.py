"""The built-in kinds of plain values: number, category, distribution, datetime, boolean, id.

They live in the core because every recipe needs them, whatever its modality: labels, groups, keys.
Missing values are None in records (a record lacks the field); a column of rows holds NaN or None there.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from augury.errors import FieldError, ParamError, describe
from augury.kinds import Kind
from augury.record import type_name

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa


class Number(Kind):
    """A number: int when ``integer`` is true, else a float64.

    Args:
        integer: Whether values are whole; results of ops are rounded back.
        lo: Least value, kept by every op; None is unbounded.
        hi: Greatest value, kept by every op; None is unbounded.
        decimals: Digits after the point that values are rounded to; None keeps all.
    """

    entry_id = "number"
    space = "row"

    integer: bool = False
    lo: float | None = None
    hi: float | None = None
    decimals: int | None = None

    def check_params(self) -> None:
        """Refuse bounds in the wrong order."""
        if self.lo is not None and self.hi is not None and self.lo > self.hi:
            raise ParamError(describe("number", "lo <= hi", (self.lo, self.hi), fix="swap the two numbers"))

    def check(self, value: Any) -> float | int:
        """Return an int or float; numpy scalars are taken, bool and text are not."""
        if type(value) is float and not self.integer:
            return value
        if hasattr(value, "item") and getattr(value, "shape", None) == ():
            value = value.item()
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise FieldError(
                describe("", "a number", type_name(value), fix="convert it, or declare the field a category")
            )
        if not self.integer:
            try:
                return float(value)
            except OverflowError as error:
                raise FieldError(describe("", "a float64", value, fix="scale it, or keep it as text")) from error
        if not math.isfinite(value) or value != int(value) or not _fits_int64(int(value)):
            raise FieldError(describe("", "a whole number of 64 bits", value, fix="round it, or drop integer: true"))
        return int(value)

    def to_column(self, values: Sequence[Any]) -> np.ndarray:
        """Return float64, NaN where missing."""
        import numpy as np

        return np.array([math.nan if v is None else v for v in values], dtype=np.float64)

    def from_column(self, column: np.ndarray) -> list[float | int | None]:
        """Return numbers held to the bounds and the rounding; NaN becomes None."""
        plain = self.hold(column).tolist()
        return [None if v != v else int(v) if self.integer else v for v in plain]

    def hold(self, column: np.ndarray) -> np.ndarray:
        """Return a column held to the bounds and the rounding."""
        import numpy as np

        values = np.asarray(column, dtype=np.float64)
        if self.integer:
            values = np.round(values)
        elif self.decimals is not None:
            values = np.round(values, self.decimals)
        if self.lo is not None or self.hi is not None:
            values = np.clip(values, self.lo, self.hi)
        return values

    def arrow(self) -> pa.DataType:
        """int64 or float64."""
        import pyarrow as pa

        return pa.int64() if self.integer else pa.float64()

    def mix(self, values: Sequence[Any], weights: Sequence[float]) -> Any:
        """Return the weighted mean, held to the bounds and the rounding; a single value is returned as it is."""
        import numpy as np

        if len(values) == 1:
            return values[0]
        return self.from_column(np.array([np.average(values, weights=weights)]))[0]

    def samples(self) -> list[Any]:
        """Return values for tests."""
        return [3, -7, 0] if self.integer else [1.5, -2.25, 0.0]


def _fits_int64(value: int) -> bool:
    return -(2**63) <= value < 2**63


class Category(Kind):
    """One of a set of values: text, a whole number or a boolean, kept as it is.

    Args:
        values: The allowed values; empty allows any.
        store: What it is kept as: ``text`` or ``integer``.
    """

    entry_id = "category"
    space = "row"
    lifts_to = "distribution"

    values: tuple[Any, ...] = ()
    store: str = "text"

    def check_params(self) -> None:
        """Refuse an unknown ``store``."""
        if self.store not in ("text", "integer"):
            raise ParamError(describe("category.store", "'text' or 'integer'", self.store, fix="use one of these"))

    def check(self, value: Any) -> Any:
        """Return the value; numpy scalars become plain ones, numbers text where the kind is kept as text."""
        if type(value) is str and self.store == "text" and not self.values:
            return value
        if hasattr(value, "item") and getattr(value, "shape", None) == ():
            value = value.item()
        if not isinstance(value, str | int):
            raise FieldError(describe("", "a text or whole number", type_name(value), fix="declare the field a number"))
        if self.values and value not in self.values and str(value) not in map(str, self.values):
            fix = "add it to values: or correct the data"
            raise FieldError(
                describe("", "one of the declared values", value, name=str(value), known=map(str, self.values), fix=fix)
            )
        if self.store == "text":
            return str(value)
        try:
            whole = int(value)
        except ValueError as error:
            raise FieldError(describe("", "a whole number", value, fix="set store: text")) from error
        if not _fits_int64(whole):
            raise FieldError(describe("", "a whole number of 64 bits", value, fix="set store: text"))
        return whole

    def arrow(self) -> pa.DataType:
        """String or int64."""
        import pyarrow as pa

        return pa.string() if self.store == "text" else pa.int64()

    def lift(self, value: Any) -> dict[str, float]:
        """Return the distribution that is certain of ``value``."""
        return {str(value): 1.0}

    def mix(self, values: Sequence[Any], weights: Sequence[float]) -> dict[str, float]:
        """Return the distribution that gives each value its share of the weights."""
        return _mix([self.lift(v) for v in values], weights)

    def samples(self) -> list[Any]:
        """Return values for tests."""
        return [1, 2, 3] if self.store == "integer" else ["red", "green", ""]


class Ordinal(Kind):
    """One of a few values with an order, such as low, medium, high; kept as text.

    Args:
        values: All of them, the least first.
    """

    entry_id = "ordinal"
    space = "row"
    lifts_to = "distribution"

    values: tuple[str, ...] = ("low", "medium", "high")

    def check_params(self) -> None:
        """Take two or more different values."""
        if len(set(self.values)) < max(2, len(self.values)):
            fix = "list each value once, the least first"
            raise ParamError(describe("ordinal.values", "two or more different values", self.values, fix=fix))

    def check(self, value: Any) -> str:
        """Return one of the declared values; whole numbers are written out."""
        if hasattr(value, "item") and getattr(value, "shape", None) == ():
            value = value.item()
        text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        if text in self.values:
            return str(text)
        fix = "add it to values: where it belongs, or correct the data"
        raise FieldError(describe("", "one of the declared values", value, name=str(value), known=self.values, fix=fix))

    def arrow(self) -> pa.DataType:
        """String."""
        import pyarrow as pa

        return pa.string()

    def lift(self, value: Any) -> dict[str, float]:
        """Return the distribution that is certain of ``value``."""
        return {value: 1.0}

    def mix(self, values: Sequence[Any], weights: Sequence[float]) -> dict[str, float]:
        """Return the distribution that gives each value its share of the weights."""
        return _mix([self.lift(v) for v in values], weights)

    def samples(self) -> list[Any]:
        """Return values for tests."""
        return list(self.values)


class Distribution(Kind):
    """Weights over categories that sum to 1: a mixed label. In memory a mapping of text to float."""

    entry_id = "distribution"

    def check(self, value: Any) -> dict[str, float]:
        """Return a dict sorted by category.

        Raises:
            FieldError: for negative weights or a sum off 1 by more than 1e-6.
        """
        if isinstance(value, str):
            value = {value: 1.0}
        try:
            if isinstance(value, list):
                value = {entry["value"]: entry["weight"] for entry in value}
            out = {str(k): float(v) for k, v in sorted(value.items(), key=lambda kv: str(kv[0]))}
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            fix = "give {category: weight}"
            raise FieldError(describe("", "a mapping of category to weight", type_name(value), fix=fix)) from error
        if any(not v >= 0 for v in out.values()) or abs(sum(out.values()) - 1.0) > 1e-6:
            raise FieldError(describe("", "weights >= 0 that sum to 1", out, fix="normalise them"))
        return out

    def arrow(self) -> pa.DataType:
        """list<struct<value: string, weight: double>>."""
        import pyarrow as pa

        return pa.list_(pa.struct([("value", pa.string()), ("weight", pa.float64())]))

    def pack(self, value: Any) -> list[dict[str, Any]]:
        """Return the list of entries sorted by category."""
        return [{"value": k, "weight": value[k]} for k in sorted(value)]

    def mix(self, values: Sequence[Any], weights: Sequence[float]) -> dict[str, float]:
        """Return the weighted mean of distributions."""
        return _mix(values, weights)

    def samples(self) -> list[Any]:
        """Return values for tests."""
        return [{"red": 1.0}, {"green": 0.25, "red": 0.75}]


def _mix(values: Sequence[Mapping[str, float]], weights: Sequence[float]) -> dict[str, float]:
    total = sum(weights)
    out: dict[str, float] = {}
    for value, weight in zip(values, weights, strict=True):
        for name, share in value.items():
            out[name] = out.get(name, 0.0) + share * weight / total
    return {name: out[name] for name in sorted(out) if out[name] > 0}


class Datetime(Kind):
    """A moment: a ``datetime`` (naive, or with its zone), or text of one.

    Args:
        format: How text is written, in the codes of ``strptime`` such as ``%d/%m/%Y``; None is ISO 8601.
    """

    entry_id = "datetime"
    space = "row"

    format: str | None = None

    def check(self, value: Any) -> datetime:
        """Return a datetime; dates become midnight."""
        if isinstance(value, datetime):
            return value if type(value) is datetime else self._parsed(value.isoformat())
        if isinstance(value, date):
            return datetime(value.year, value.month, value.day)
        if isinstance(value, str):
            return self._parsed(value.strip())
        if hasattr(value, "astype"):
            return self.check(value.astype("datetime64[us]").item())
        raise FieldError(describe("", "a date or time", type_name(value), fix="give a datetime or ISO 8601 text"))

    def _parsed(self, text: str) -> datetime:
        if self.format is not None:
            try:
                return datetime.strptime(text, self.format)
            except ValueError:
                pass  # what was written by Augury is ISO 8601, whatever the source's form
        try:
            return datetime.fromisoformat(text)
        except ValueError as error:
            expected = "an ISO 8601 date or time" if self.format is None else f"a time like {self.format}"
            fix = (
                "write 2026-01-31T12:00:00, or say how with format:"
                if self.format is None
                else "correct it, or format:"
            )
            raise FieldError(describe("", expected, text, fix=fix)) from error

    def arrow(self) -> pa.DataType:
        """timestamp[us]; a zone is converted to UTC."""
        import pyarrow as pa

        return pa.timestamp("us")

    def to_column(self, values: Sequence[Any]) -> np.ndarray:
        """Return datetime64[us] in UTC, NaT where missing."""
        import numpy as np

        return np.array([None if v is None else self.pack(v) for v in values], dtype="datetime64[us]")

    def from_column(self, column: np.ndarray) -> list[datetime | None]:
        """Return naive UTC datetimes; NaT becomes None."""
        return column.astype("datetime64[us]").tolist()

    def pack(self, value: datetime) -> datetime:
        """Return the naive UTC time."""
        if value.tzinfo is None:
            return value
        from datetime import UTC

        return value.astimezone(UTC).replace(tzinfo=None)

    def samples(self) -> list[Any]:
        """Return values for tests."""
        return [datetime(2024, 2, 29, 12, 30), datetime(1999, 12, 31), datetime(2030, 1, 1, 0, 0, 0, 1)]


class Boolean(Kind):
    """True or false."""

    entry_id = "boolean"
    space = "row"
    lifts_to = "distribution"

    def check(self, value: Any) -> bool:
        """Return a bool; 0, 1, and the words true, false, yes, no are taken."""
        if hasattr(value, "item") and getattr(value, "shape", None) == ():
            value = value.item()
        if isinstance(value, bool):
            return value
        words = {"true": True, "false": False, "yes": True, "no": False, "1": True, "0": False}
        if isinstance(value, int | str) and str(value).strip().lower() in words:
            return words[str(value).strip().lower()]
        raise FieldError(describe("", "true or false", value, fix="use true, false, 1 or 0"))

    def arrow(self) -> pa.DataType:
        """Bool."""
        import pyarrow as pa

        return pa.bool_()

    def lift(self, value: Any) -> dict[str, float]:
        """Return the distribution that is certain of ``true`` or ``false``."""
        return {"true" if value else "false": 1.0}

    def mix(self, values: Sequence[Any], weights: Sequence[float]) -> dict[str, float]:
        """Return the distribution that gives true and false their shares of the weights."""
        return _mix([self.lift(v) for v in values], weights)

    def samples(self) -> list[Any]:
        """Return values for tests."""
        return [True, False]


class Id(Kind):
    """A name of something: text, compared and never computed with. Ops leave it alone."""

    entry_id = "id"
    space = "row"

    def check(self, value: Any) -> str:
        """Return text; whole numbers are written out."""
        if hasattr(value, "item") and getattr(value, "shape", None) == ():
            value = value.item()
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise FieldError(describe("", "a text or whole number", type_name(value), fix="convert it to text"))
        return str(value)

    def arrow(self) -> pa.DataType:
        """String."""
        import pyarrow as pa

        return pa.string()

    def samples(self) -> list[Any]:
        """Return values for tests."""
        return ["a", "user-7", "\u00e9\u4e2d"]
