"""A fitted generator: codec, constraints and model together, giving rows in the table's own terms."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from augury.constraints import Constraint, Plan, judge
from augury.errors import DataError, describe, shown
from augury.generate.conditions import Condition as Where
from augury.generate.conditions import Rows, class_sequence, concatenate, length, meets, read_where, take
from augury.record import FieldSpec
from augury.rng import hash_point, row_keys
from augury.synthesis import CHUNK, Between, Codec, Columns, Condition, Model, Synthesizer

PATIENCE = 200
"""Chunks in a row without one row that meets a condition, after which it is given up."""


@dataclass(frozen=True)
class Generator:
    """What `augury.generate.fit` returns and `load` reads. Immutable; the same generator always gives the same rows.

    Args:
        synthesizer: The configured synthesizer.
        codec: The configured codec.
        fields: The columns' specs, in order.
        constraints: What every row keeps.
        plan_state: What the constraints' forms learned.
        codec_state: What the codec learned.
        model: What the synthesizer learned.
        target: The column a ``target_aware`` synthesizer was told, and evaluations predict.
        seed: What all randomness comes from.
        training: ``rows`` and ``sha256`` of the training rows.
        notes: What a user should know, a sentence each.
    """

    synthesizer: Synthesizer
    codec: Codec
    fields: Mapping[str, FieldSpec]
    constraints: tuple[Constraint, ...]
    plan_state: Sequence[Any]
    codec_state: Any
    model: Model
    target: str | None
    seed: int
    training: Mapping[str, Any]
    notes: tuple[str, ...] = ()

    def sample(
        self,
        rows: int,
        where: Mapping[str, Any] | None = None,
        balance: str | tuple[str, Mapping[Any, float]] | None = None,
    ) -> Rows:
        """Return ``rows`` rows at once; see `stream`."""
        parts = list(self.stream(rows, where, balance))
        return concatenate(parts) if parts else {name: [] for name in self.fields}

    def stream(
        self,
        rows: int,
        where: Mapping[str, Any] | None = None,
        balance: str | tuple[str, Mapping[Any, float]] | None = None,
    ) -> Iterator[Rows]:
        """Yield ``rows`` rows in parts of at most 1,024; fewer rows are a prefix of more.

        Args:
            rows: How many; memory does not grow with it.
            where: Column to the value, the values, or the `Between` that every row has.
            balance: A column whose values come equally often; or (column, value to share), shares of sum 1. Exact to
                one row in every prefix.

        Raises:
            DataError: for a condition that the model does not take, or that is not met: which, and how often it was.
        """
        chosen = read_where(where or {}, self.fields)
        if balance is None:
            yield from _first(self._endless(chosen, rows), rows)
            return
        column, shares = balance if isinstance(balance, tuple) else (balance, None)
        yield from self._balanced(column, self.shares(column, shares), chosen, rows)

    def complete(self, given: Columns) -> Iterator[Rows]:
        """Yield the rows of ``given`` (some columns, all of one length) with the other columns drawn for them.

        Raises:
            DataError: where the model cannot, for columns that a constraint rewrites, for rows that break one.
        """
        self._takes("partial", sorted(given))
        plan = self._plan
        if bound := sorted(set(given) & plan.rewritten):
            fix = "leave it out of what is given"
            raise DataError(describe(f"column {bound[0]!r}", "a column no constraint rewrites", bound, fix=fix))
        given = read_where({name: list(values) for name, values in given.items()}, self.fields)
        codes = self.codec.encode(self.codec_state, given)
        for start in range(0, length(given), CHUNK):
            part = {name: values[start : start + CHUNK] for name, values in given.items()}
            fixed = {name: array[start : start + CHUNK] for name, array in codes.items()}
            n = length(part)
            batch = self.model.sample_chunk(start // CHUNK, n, Condition(fixed=fixed))
            rows = {**self._decode(self.codec_state, batch, self._keys("complete", start, n), plan), **part}
            if broken := int((~self._kept(rows, plan)).sum()):
                fix = "correct the rows given, or take the constraint away"
                got = shown(f"{broken} of {n} rows that break one")
                raise DataError(describe("completed rows", "rows that keep all constraints", got, fix=fix))
            yield {name: rows[name] for name in self.fields}

    def save(self, folder: str | Path) -> None:
        """Write the generator into a new folder, whole or not at all.

        Raises:
            EngineError: when the folder holds something, or the disk refuses.
        """
        from augury.generate.saving import save

        save(self, Path(folder))

    @property
    def _plan(self) -> Plan:
        return Plan(self.constraints, self.fields)

    def chunk(self, index: int, rows: int = CHUNK, where: Mapping[str, Any] | None = None) -> Rows:
        """Return what meets ``where`` of the first ``rows`` (at most 1,024) rows of chunk ``index``.

        Pure in (generator, index, condition), and fewer rows are a prefix of more: any process makes the same, in any
        order. Fewer than ``rows`` come only where `filters` says so. `stream` is the chunks from 0 on.

        Raises:
            DataError: for a condition that the model does not take, or that is not met.
        """
        chosen = read_where(where or {}, self.fields)
        plan = self._plan
        for name, only in chosen.items():
            self._takes("range" if isinstance(only, Between) else "class", name)
        direct = {name: only for name, only in chosen.items() if name not in plan.rewritten}
        state, condition = self.codec.narrow(self.codec_state, direct) if direct else (self.codec_state, None)
        purpose = json.dumps({name: str(only) for name, only in sorted(chosen.items())})
        batch = self.model.sample_chunk(index, rows, condition)
        made = self._decode(state, batch, self._keys(purpose, index * CHUNK, rows), plan)
        if self.filters(chosen):
            rest = {name: only for name, only in chosen.items() if name in plan.rewritten}
            made = take(made, np.flatnonzero(self._kept(made, plan) & meets(made, rest)))
        return made

    def filters(self, where: Mapping[str, Any]) -> bool:
        """Whether rows of a chunk may be left out: by conditions on rewritten columns, or constraints only checked."""
        checked = any(e.mechanism == "checked" and e.constraint.judges == "row" for e in self._plan.entries)
        return checked or any(name in self._plan.rewritten for name in where)

    def _endless(self, where: Where, wanted: int) -> Iterator[Rows]:
        """Yield rows that meet ``where`` for ever, skipping what does not meet it."""
        filtered = self.filters(where)
        since = 0
        for index in count():
            n = CHUNK if filtered else min(CHUNK, max(wanted - index * CHUNK, 1))
            rows = self.chunk(index, n, where)
            since = 0 if length(rows) else since + 1
            if since == PATIENCE:
                raise unmet(where)
            yield rows

    def _balanced(self, column: str, shares: Mapping[Any, float], where: Where, rows: int) -> Iterator[Rows]:
        values = list(shares)
        places = class_sequence(np.array([shares[value] for value in values]), rows)
        wanted = np.bincount(places, minlength=len(values))
        streams = [self._endless({**where, column: v}, int(n)) for v, n in zip(values, wanted)]
        held: list[Rows] = [{name: [] for name in self.fields} for _ in values]
        for start in range(0, rows, CHUNK):
            part = places[start : start + CHUNK]
            drawn, order = [], []
            for k in np.unique(part):
                where_k = np.flatnonzero(part == k)
                while length(held[k]) < len(where_k):
                    held[k] = concatenate([held[k], next(streams[k])])
                drawn.append(take(held[k], np.arange(len(where_k))))
                held[k] = take(held[k], np.arange(len(where_k), length(held[k])))
                order.append(where_k)
            yield take(concatenate(drawn), np.argsort(np.concatenate(order)))

    def shares(self, column: str, shares: Mapping[Any, float] | None = None) -> Mapping[Any, float]:
        """Return the share of each value that a balanced sample has: those given, else the same for each class.

        Raises:
            DataError: for an unknown column, one that has no known classes, or numbers that are no shares.
        """
        if column not in self.fields:
            fix = "balance a column of the table"
            raise DataError(describe("balance", "a known column", column, name=column, known=self.fields, fix=fix))
        if shares is not None:
            if not shares or min(shares.values()) < 0 or abs(sum(shares.values()) - 1) > 1e-6:
                fix = "divide the shares by their sum"
                raise DataError(describe(f"balance of {column!r}", "shares >= 0 of sum 1", dict(shares), fix=fix))
            return {value: share for value, share in shares.items() if share > 0}
        known = self.training["classes"].get(column)
        if not known:
            fix = "balance a column of few categories, or give (column, {value: share})"
            raise DataError(describe(f"balance of {column!r}", "a column of categories", shown("another"), fix=fix))
        return {value: 1 / len(known) for value in known}

    def _takes(self, kind: str, what: Any) -> None:
        if kind not in self.synthesizer.caps.conditions:
            own = ", ".join(self.synthesizer.caps.conditions) or "none"
            fix = f"use a model that takes {kind} conditions; this one takes {own}"
            raise DataError(describe(self.synthesizer.entry_id, f"no {kind} condition", what, fix=fix))

    def _keys(self, purpose: str, start: int, rows: int) -> np.ndarray:
        """Return row keys; every condition has its own, so that rows sampled under two can stand in one table."""
        return row_keys(hash_point(str(self.seed), "rows", purpose), start, rows)

    def _decode(self, state: Any, batch: Mapping[str, np.ndarray], keys: np.ndarray, plan: Plan) -> Rows:
        rows = self.codec.decode(state, batch, keys)
        if not self.constraints:
            return rows
        seen = plan.fields_after(self.plan_state)
        arrays = plan.inverse({n: seen[n].kind.to_column(v) for n, v in rows.items()}, self.plan_state, keys)
        return {name: self.fields[name].kind.from_column(array) for name, array in arrays.items()}

    def _kept(self, rows: Rows, plan: Plan) -> np.ndarray:
        """Return which rows keep the constraints that are only checked."""
        checked = [e.constraint for e in plan.entries if e.mechanism == "checked" and e.constraint.judges == "row"]
        keep = np.ones(length(rows), dtype=bool)
        if checked:
            arrays = {name: self.fields[name].kind.to_column(values) for name, values in rows.items()}
            for broken in judge(checked, arrays, self.fields, self.training.get("constraints")).values():
                keep &= ~broken
        return keep


def unmet(where: Where) -> DataError:
    """Return the error of a condition that no row of `PATIENCE` chunks meets."""
    what = f"{', '.join(where) or 'constraints'}: rows that meet them"
    got = shown(f"none in {PATIENCE * CHUNK} tries")
    return DataError(describe("sampling", what, got, fix="widen the condition, or relax the constraint"))


def _first(parts: Iterator[Rows], rows: int) -> Iterator[Rows]:
    left = rows
    while left > 0:
        part = next(parts)
        part = take(part, np.arange(min(left, length(part))))
        left -= length(part)
        if length(part):
            yield part
