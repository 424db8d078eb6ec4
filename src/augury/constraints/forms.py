"""Representations that cannot break a constraint: squash, gap, shares, joint category, computed, regenerated, drawn.

They are what a codec puts before a model; see `augury.constraints.base.Form` for the protocol.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from augury.constraints.base import Columns, Fields, Form, grid, missing, present, rounded
from augury.constraints.expression import Expression, evaluate
from augury.record import FieldSpec
from augury.scalars import Boolean, Category, Number

MARGIN = 0.025
"""Share of the range kept free at each end of a squash, so that the bounds themselves stay finite."""


class Squash(Form):
    """A bounded number as an unbounded one: the logit of its place in the range, or the logarithm of its distance.

    The inverse leaves the bounds by no value. Near full float64 precision ``inverse(forward(x))`` is off by some 1e-15
    of the range; the rounding of the column's kind takes that away.
    """

    bounded = True

    def __init__(self, field: str, lo: float | None, hi: float | None) -> None:
        """Hold the bounds; one may be None."""
        self.rewrites, self.name = (field,), f"{field}~"
        self.lo, self.hi = lo, hi

    def makes(self, state: Any, fields: Fields) -> dict[str, FieldSpec]:
        """The unbounded number."""
        return {self.name: FieldSpec(self.name, Number())}

    def forward(self, columns: Columns, fields: Fields, state: Any) -> dict[str, np.ndarray]:
        """Return the unbounded numbers; NaN stays. Values outside count as the bound."""
        (name,) = self.rewrites
        x = np.clip(columns[name], self.lo, self.hi)
        if self.lo is not None and self.hi is not None:
            width = self.hi - self.lo
            share = (x - self.lo) / width if width > 0 else np.where(np.isnan(x), x, 0.5)
            share = MARGIN + (1 - 2 * MARGIN) * share
            return {self.name: np.log(share) - np.log1p(-share)}
        if self.lo is not None:
            return {self.name: np.log1p(x - self.lo)}
        assert self.hi is not None
        return {self.name: -np.log1p(self.hi - x)}

    def inverse(self, columns: Columns, fields: Fields, state: Any, keys: np.ndarray) -> dict[str, np.ndarray]:
        """Return numbers inside the bounds."""
        (name,) = self.rewrites
        z = columns[self.name]
        with np.errstate(over="ignore"):
            if self.lo is not None and self.hi is not None:
                x = self.lo + (self.hi - self.lo) * ((1.0 / (1.0 + np.exp(-z)) - MARGIN) / (1 - 2 * MARGIN))
            elif self.lo is not None:
                x = self.lo + np.expm1(np.maximum(z, 0.0))
            else:
                assert self.hi is not None
                x = self.hi - np.expm1(np.maximum(-z, 0.0))
        return {name: np.clip(x, self.lo, self.hi)}


class Gap(Form):
    """``low <= high`` as one of them and the gap, in the column's unit (microseconds for datetimes).

    Where the other column is missing, the gap counts from an anchor: the least training value (greatest, for a gap
    downwards), so that the value is not lost.
    """

    bounded = True

    def __init__(self, base: str, moved: str, sign: int, strict: bool) -> None:
        """Hold which column stays, which is replaced, and whether it lies above (1) or below (-1)."""
        self.rewrites, self.reads = (moved,), (base,)
        self.sign, self.strict = sign, strict
        self.name = f"{base}..{moved}"

    def fit(self, columns: Columns, fields: Fields) -> Any:
        """Return the anchor."""
        values = _counted(columns[self.rewrites[0]])
        known = values[np.isfinite(values)]
        return {"anchor": float(self.sign * (self.sign * known).min()) if len(known) else 0.0}

    def makes(self, state: Any, fields: Fields) -> dict[str, FieldSpec]:
        """The gap, a number of at least 0."""
        kind = fields[self.rewrites[0]].kind
        whole = bool(getattr(kind, "integer", True)) and _whole(fields[self.reads[0]])
        return {self.name: FieldSpec(self.name, Number(integer=whole, lo=0.0))}

    def forward(self, columns: Columns, fields: Fields, state: Any) -> dict[str, np.ndarray]:
        """Return the gap; NaN where the replaced column is missing."""
        base, moved = _counted(columns[self.reads[0]]), _counted(columns[self.rewrites[0]])
        return {self.name: self.sign * (moved - np.where(np.isnan(base), state["anchor"], base))}

    def inverse(self, columns: Columns, fields: Fields, state: Any, keys: np.ndarray) -> dict[str, np.ndarray]:
        """Return the replaced column, on its own grid and inside its bounds, never past the other one."""
        spec, base = fields[self.rewrites[0]], columns[self.reads[0]]
        known = ~missing(base)
        anchor = np.full(len(base), state["anchor"])
        start = _like(np.where(known, _counted(base), anchor), base)
        target = _like(_counted(start) + self.sign * np.maximum(columns[self.name], 0.0), base)
        moved = rounded(target, spec)
        return {spec.name: np.where(known, gap_moved(base, moved, self.sign, spec, self.strict), moved)}


def gap_moved(base: np.ndarray, moved: np.ndarray, sign: int, spec: FieldSpec, strict: bool) -> np.ndarray:
    """Return ``moved`` brought to the nearest value of its column that is not past ``base``; missing stays."""
    least = base
    if base.dtype.kind == "M":
        if strict:
            least = base + np.timedelta64(sign, "us")
    else:
        step = grid(spec)
        if step is not None:
            snap = np.ceil if sign > 0 else np.floor
            whole = np.round(base / step)
            exact = np.abs(base / step - whole) <= 1e-9 + 1e-15 * np.abs(whole)
            least = (np.where(exact, whole + (sign if strict else 0), snap(base / step))) * step
            least = np.where(exact & (not strict), base, np.round(least, getattr(spec.kind, "decimals", None) or 0))
        elif strict:
            least = np.nextafter(base, sign * np.inf)
    past = (moved < least) if sign > 0 else (moved > least)
    return np.where(past, least, moved)


def _counted(values: np.ndarray) -> np.ndarray:
    """Return numbers as they are, datetimes as float64 microseconds since 1970 (exact until 2255)."""
    if values.dtype.kind != "M":
        return values
    micro = values.astype("datetime64[us]").astype(np.int64).astype(np.float64)
    return np.where(np.isnat(values), np.nan, micro)


def _like(values: np.ndarray, sample: np.ndarray) -> np.ndarray:
    if sample.dtype.kind != "M":
        return values
    known = np.isfinite(values)
    out = np.where(known, values, 0.0).round().astype(np.int64).astype("datetime64[us]")
    return np.where(known, out, np.datetime64("NaT", "us"))


def _whole(spec: FieldSpec) -> bool:
    return bool(getattr(spec.kind, "integer", True))


class Shares(Form):
    """Parts of a sum as their shares of it, one column each, in [0, 1]. Parts lie at 0 or above.

    A row that lacks a part, or the total, keeps the known ones as multiples of the total (of the training rows' mean
    total where that is missing).
    """

    bounded = True

    def __init__(self, parts: tuple[str, ...], total: float | str) -> None:
        """Hold the parts and the total: a number, or a column."""
        self.rewrites = parts
        self.reads = (total,) if isinstance(total, str) else ()
        self.total = total

    def fit(self, columns: Columns, fields: Fields) -> Any:
        """Return the mean total."""
        if not isinstance(self.total, str):
            return {"scale": float(self.total) or 1.0}
        known = np.sort(columns[self.total][np.isfinite(columns[self.total])])
        return {"scale": float(known.mean()) or 1.0 if len(known) else 1.0}

    def makes(self, state: Any, fields: Fields) -> dict[str, FieldSpec]:
        """A share for each part."""
        return {self._share(name): FieldSpec(self._share(name), Number(lo=0.0)) for name in self.rewrites}

    @staticmethod
    def _share(name: str) -> str:
        return f"{name}/sum"

    def _totals(self, columns: Columns, rows: int, state: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return what shares are of, never 0 or missing, and whether the total is known."""
        given = columns[self.total] if isinstance(self.total, str) else np.full(rows, float(self.total))
        return np.where(np.isnan(given) | (given == 0), state["scale"], given), ~np.isnan(given)

    def forward(self, columns: Columns, fields: Fields, state: Any) -> dict[str, np.ndarray]:
        """Return the shares; NaN where a part is missing."""
        scale, _ = self._totals(columns, len(columns[self.rewrites[0]]), state)
        return {self._share(name): columns[name] / scale for name in self.rewrites}

    def inverse(self, columns: Columns, fields: Fields, state: Any, keys: np.ndarray) -> dict[str, np.ndarray]:
        """Return parts that sum to the total exactly, on their grid, where all of them are present."""
        shares = np.stack([np.maximum(columns[self._share(name)], 0.0) for name in self.rewrites])
        scale, known = self._totals(columns, shares.shape[1], state)
        whole = known & ~np.isnan(shares).any(axis=0)
        total = columns[self.total] if isinstance(self.total, str) else scale
        exact = shared(np.where(whole, shares, 1.0), np.where(whole, total, 1.0), grid(fields[self.rewrites[0]]))
        loose = shares * scale
        return {name: np.where(whole, exact[i], loose[i]) for i, name in enumerate(self.rewrites)}


def shared(parts: np.ndarray, totals: np.ndarray, step: float | None) -> np.ndarray:
    """Return ``parts`` (k, n), all at least 0, scaled to sum to ``totals`` (n,), each on the grid of ``step``.

    The running sums are rounded, so that the last is the total itself and no part is off by more than a step.
    """
    parts = np.maximum(parts, 0.0)
    weight = parts.sum(axis=0)
    parts = np.where(weight > 0, parts, 1.0)
    running = np.cumsum(parts, axis=0) / parts.sum(axis=0) * totals
    if step is None:
        return np.diff(running, axis=0, prepend=0.0)
    marks = np.round(running / step)
    return np.diff(marks, axis=0, prepend=0.0) * step


class Joint(Form):
    """Several columns as one category: the combinations that the training rows have, missing values included."""

    bounded = True

    def __init__(self, fields: tuple[str, ...]) -> None:
        """Hold the columns."""
        self.rewrites = fields
        self.name = "+".join(fields)

    def fit(self, columns: Columns, fields: Fields) -> Any:
        """Return the combinations, as packed JSON texts in sorted order."""
        return sorted(set(self._packed(columns, fields)))

    def _packed(self, columns: Columns, fields: Fields) -> list[str]:
        return packed([fields[name].kind.from_column(columns[name]) for name in self.rewrites])

    def makes(self, state: Any, fields: Fields) -> dict[str, FieldSpec]:
        """One category: the combination's place in the sorted list."""
        values = tuple(range(len(state)))
        return {self.name: FieldSpec(self.name, Category(values=values, store="integer"))}

    def forward(self, columns: Columns, fields: Fields, state: Any) -> dict[str, np.ndarray]:
        """Return the combination's number; None where the training rows have none such."""
        place = {text: i for i, text in enumerate(state)}
        out = np.empty(len(columns[self.rewrites[0]]), object)
        out[:] = [place.get(text) for text in self._packed(columns, fields)]
        return {self.name: out}

    def inverse(self, columns: Columns, fields: Fields, state: Any, keys: np.ndarray) -> dict[str, np.ndarray]:
        """Return the columns of the combination; all missing where it is None."""
        rows = [json.loads(text) for text in state] + [[None] * len(self.rewrites)]
        chosen = [len(state) if code is None else int(code) for code in columns[self.name]]
        out = {}
        for i, name in enumerate(self.rewrites):
            kind = fields[name].kind
            table = kind.to_column([None if row[i] is None else kind.unpack(row[i]) for row in rows])
            out[name] = table[chosen]
        return out


def packed(values: Sequence[Sequence[Any]]) -> list[str]:
    """Return each row of some columns as one JSON text."""
    return [json.dumps(row, ensure_ascii=False, default=str) for row in zip(*values, strict=True)]


class Computed(Form):
    """A computed column, dropped and computed again.

    Two things of it stay where the training rows need them: whether it was missing (``total?``, a boolean), and its own
    value in rows that lack a column it is computed from (``total!``).
    """

    def __init__(self, target: str, expression: Expression) -> None:
        """Hold the column and how it is computed."""
        self.rewrites, self.reads = (target,), expression.columns
        self.expression = expression
        self.flag, self.own = f"{target}?", f"{target}!"

    def fit(self, columns: Columns, fields: Fields) -> Any:
        """Return which of the two is needed."""
        there, able = ~missing(columns[self.rewrites[0]]), present(columns, self.reads)
        return {"flag": bool((able & ~there).any()), "own": bool((there & ~able).any())}

    def makes(self, state: Any, fields: Fields) -> dict[str, FieldSpec]:
        """The two columns, as far as they are needed."""
        flag = {self.flag: FieldSpec(self.flag, Boolean())} if state["flag"] else {}
        own = {self.own: fields[self.rewrites[0]]._replace(name=self.own, role=None)} if state["own"] else {}
        return flag | own

    def forward(self, columns: Columns, fields: Fields, state: Any) -> dict[str, np.ndarray]:
        """Return the two columns, as far as they are needed."""
        values, able = columns[self.rewrites[0]], present(columns, self.reads)
        flag = {self.flag: (~missing(values) | ~able).astype(object)} if state["flag"] else {}
        return flag | ({self.own: np.where(able, _none(values), values)} if state["own"] else {})

    def inverse(self, columns: Columns, fields: Fields, state: Any, keys: np.ndarray) -> dict[str, np.ndarray]:
        """Return the computed column."""
        values = self.value(columns, fields)
        if state["flag"]:
            there = np.array([value is True for value in columns[self.flag].tolist()], bool)
            values = np.where(there, values, _none(values))
        if state["own"]:
            values = np.where(present(columns, self.reads), values, columns[self.own])
        return {self.rewrites[0]: values}

    def value(self, columns: Columns, fields: Fields) -> np.ndarray:
        """Return what the formula gives for each row, rounded as the column is; missing where that is not finite."""
        spec = fields[self.rewrites[0]]
        found = np.asarray(evaluate(self.expression, columns), np.float64)
        found = np.where(present(columns, self.reads) & np.isfinite(found), found, np.nan)
        if spec.kind_id == "datetime":
            return _like(found * 1e6, np.empty(0, "datetime64[us]"))
        return rounded(found, spec)


def _none(values: np.ndarray) -> np.ndarray:
    return np.array("NaT" if values.dtype.kind == "M" else np.nan, values.dtype)


class Regenerated(Form):
    """A key, made anew for every row: text of 16 hexadecimal digits, or a whole number below 2**53."""

    def __init__(self, field: str) -> None:
        """Hold the column."""
        self.rewrites = (field,)

    def inverse(self, columns: Columns, fields: Fields, state: Any, keys: np.ndarray) -> dict[str, np.ndarray]:
        """Return the row's key as a value of the column; different keys give different ones (53 bits for numbers)."""
        (name,) = self.rewrites
        if fields[name].kind_id == "number":
            return {name: (keys >> np.uint64(11)).astype(np.float64)}
        out = np.empty(len(keys), object)
        out[:] = [f"{key:016x}" for key in keys.tolist()]
        return {name: out}


class FromParents(Form):
    """A foreign key, drawn from those of the training rows as often as they have it; missing ones count too."""

    def __init__(self, field: str) -> None:
        """Hold the column."""
        self.rewrites = (field,)

    def fit(self, columns: Columns, fields: Fields) -> Any:
        """Return the values, and their cumulative counts."""
        (name,) = self.rewrites
        kind = fields[name].kind
        counts = Counter(kind.from_column(columns[name]))
        values = sorted((v for v in counts if v is not None), key=lambda v: (str(type(v)), v))
        values += [None] if None in counts else []
        return {"values": values, "until": np.cumsum([counts[v] for v in values]).tolist()}

    def inverse(self, columns: Columns, fields: Fields, state: Any, keys: np.ndarray) -> dict[str, np.ndarray]:
        """Return a parent's key for each row, by the row's key."""
        (name,) = self.rewrites
        kind = fields[name].kind
        until = np.array(state["until"], np.int64)
        point = (keys >> np.uint64(11)).astype(np.float64) * 2.0**-53 * until[-1]
        return {name: kind.to_column(state["values"])[np.searchsorted(until, point, side="right")]}
