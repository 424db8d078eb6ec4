"""Constraints while row effects run: after every step the rows it changed are judged, batch by batch.

An op that declares ``reparametrises`` has its change taken in the constraint's own terms first (a gap stays a gap, a
computed column is computed again). What breaks a constraint after that is the error of its record; nothing is repaired
in silence, and rows that a step leaves alone are not looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from augury.errors import DataError, describe, shown

if TYPE_CHECKING:
    import numpy as np

    from augury.constraints import Constraint
    from augury.pipelines.running import Running
    from augury.record import Record, Schema

STATE = "constraints/"
"""What the states of fitted constraints begin with, among those of the steps."""


class Rules:
    """The constraints of a pipeline that rows are judged by, with what they were fitted to. Immutable."""

    def __init__(self, constraints: Sequence[Constraint], schema: Schema, states: Mapping[str, Any]) -> None:
        """Hold those that judge single rows."""
        self.constraints = tuple(c for c in constraints if c.judges == "row")
        self.schema = schema
        self.states = states

    def touched(self, writes: Iterable[str]) -> list[Constraint]:
        """Return the constraints that name a column of ``writes``, in declared order."""
        names = set(writes)
        return [c for c in self.constraints if not names.isdisjoint(c.columns)]

    def state(self, constraint: Constraint) -> Any:
        """Return what a constraint was fitted to, or None."""
        return self.states.get(STATE + constraint.text)

    def columns(self, touched: Sequence[Constraint], rows: Sequence[Mapping[str, Any]]) -> dict[str, np.ndarray]:
        """Return the columns that some constraints name, of rows of canonical values."""
        names = dict.fromkeys(name for c in touched for name in c.columns)
        return {n: self.schema[n].kind.to_column([row.get(n) for row in rows]) for n in names}

    def hold(
        self, touched: Sequence[Constraint], before: dict[str, np.ndarray] | None, records: Sequence[Running]
    ) -> dict[Running, DataError]:
        """Follow where ``before`` (the columns ahead of the step) is given, then judge; return who breaks what."""
        fields = self.schema.fields
        touched = [c for c in touched if not any(name in record.kinds for name in c.columns for record in records)]
        columns = self.columns(touched, [record.values for record in records])
        for constraint in touched if before is not None else ():
            assert before is not None
            followed = constraint.follow(before, columns, fields, self.state(constraint))
            for name, values in followed.items():
                plain = fields[name].kind.from_column(values)
                columns[name] = fields[name].kind.to_column(plain)
                for record, value in zip(records, plain, strict=True):
                    if value is None:
                        record.values.pop(name, None)
                    else:
                        record.values[name] = value
        failed: dict[Running, DataError] = {}
        for constraint in touched:
            wrong = constraint.broken(columns, fields, self.state(constraint))
            for place in wrong.nonzero()[0].tolist():
                failed.setdefault(records[place], broken_error(constraint, records[place].values))
        return failed


def broken_error(constraint: Constraint, record: Record) -> DataError:
    """Return the error of a record that breaks a constraint, with the values that do."""
    got = shown(", ".join(f"{name} = {record.get(name)!r}" for name in constraint.columns))
    fix = "correct the row, or take the constraint out"
    return DataError(describe("constraint", constraint.text, got, fix=fix))


def read_constraints(given: Sequence[Any], schema: Schema) -> tuple[Constraint, ...]:
    """Return constraints given as objects, or as mappings the way a recipe has them."""
    if not given:
        return ()
    from augury.constraints import Constraint, read_constraint

    return tuple(
        c if isinstance(c, Constraint) else read_constraint(c, schema.fields, f"constraints[{i}]")
        for i, c in enumerate(given)
    )


def fit_constraints(
    constraints: Sequence[Constraint], schema: Schema, batches: Iterable[Sequence[tuple[str, Record]]]
) -> dict[str, Any]:
    """Return the states of the constraints that are learned from the training rows, under `STATE` and their texts."""
    fitted = [c for c in constraints if c.fits]
    if not fitted:
        return {}
    import numpy as np

    rules = Rules(fitted, schema, {})
    parts = [rules.columns(fitted, [record for _, record in batch]) for batch in batches]
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return {STATE + c.text: c.fit(columns, schema.fields) for c in fitted}
