"""Which columns each constraint takes, and in which order they are put aside and brought back.

A column can be replaced by one constraint only. In declared order each takes the first of its forms whose columns are
free and which closes no circle; one that finds none is ``checked``: rows are judged after decoding. Ranges yield: where
another constraint replaced the column, its bounds are kept by that one's form (a gap stops at the bound). A key that is
made anew fits no other constraint on it: that one is ``refused``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np

from augury.constraints.base import Columns, Constraint, Fields, Form, rounded
from augury.constraints.forms import Regenerated
from augury.constraints.numbers import Range
from augury.record import FieldSpec
from augury.rng import mix

Mechanism: TypeAlias = Literal["construction", "checked", "refused"]


class Planned(NamedTuple):
    """What was decided for a constraint.

    Args:
        constraint: The constraint.
        mechanism: ``construction``: decoded rows cannot break it. ``checked``: they are judged. ``refused``: it
            contradicts another one.
        form: How it is built in; None where it is not, or where another constraint's form keeps it.
        reason: Why it is not by construction, or which form keeps it.
    """

    constraint: Constraint
    mechanism: Mechanism
    form: Form | None = None
    reason: str = ""


class Plan:
    """Constraints of one table, resolved. Immutable.

    The use in a codec::

        plan = Plan(constraints, fields)                # refused: plan.refused
        state = plan.fit(columns)                       # JSON values
        seen = plan.fields_after(state)                 # the columns a model sees, with their specs
        columns = plan.forward(columns, state)          # to them
        columns = plan.inverse(columns, state, keys)    # back, in the original columns
        broken = judge(constraints, columns, fields)    # what was only checked
    """

    def __init__(self, constraints: Sequence[Constraint], fields: Fields) -> None:
        """Resolve ``constraints`` in their order; all name columns of ``fields`` only (`holding` chooses them)."""
        self.fields = dict(fields)
        self._bounded = {**self.fields, **self._bounds([c for c in constraints if isinstance(c, Range)])}
        self._forms: list[Form] = []
        found: dict[int, Planned] = {}
        ranges = [i for i, c in enumerate(constraints) if isinstance(c, Range)]
        others = [i for i, c in enumerate(constraints) if not isinstance(c, Range)]
        # Ranges last: a form that replaces a bounded column keeps the bounds itself.
        for i in [*others, *ranges]:
            constraint = constraints[i]
            found[i] = self._place_range(constraint) if isinstance(constraint, Range) else self._place(constraint)
            if (form := found[i].form) is not None:
                self._forms.append(form)
        self.entries: tuple[Planned, ...] = tuple(found[i] for i in range(len(constraints)))
        self._order = self._backwards()

    @property
    def mechanisms(self) -> dict[str, Mechanism]:
        """Each constraint's text to its mechanism."""
        return {entry.constraint.text: entry.mechanism for entry in self.entries}

    @property
    def refused(self) -> tuple[Planned, ...]:
        """What contradicts another constraint."""
        return tuple(entry for entry in self.entries if entry.mechanism == "refused")

    @property
    def rewritten(self) -> frozenset[str]:
        """The columns that forms replace."""
        return frozenset(name for form in self._forms for name in form.rewrites)

    def _place(self, constraint: Constraint) -> Planned:
        regenerated = {n for form in self._forms if isinstance(form, Regenerated) for n in form.rewrites}
        if clash := sorted(regenerated & set(constraint.columns)):
            return Planned(constraint, "refused", None, f"{clash[0]} is made anew by unique")
        forms = constraint.forms(self._bounded)
        reason = "no form keeps it by construction" if not forms else ""
        for form in forms:
            taken = sorted(set(form.rewrites) & self.rewritten)
            named = sorted(
                n for f in self._forms for n in f.reads if isinstance(form, Regenerated) and n in form.rewrites
            )
            if taken or named:
                reason = f"{(taken or named)[0]} is under an earlier constraint already"
            elif self._circular(form):
                reason = f"{form.rewrites[0]} would be computed from itself"
            else:
                return Planned(constraint, "construction", form)
        return Planned(constraint, "checked", None, reason)

    def _place_range(self, constraint: Range) -> Planned:
        lo, hi = constraint.within(self.fields)
        if lo is not None and hi is not None and lo > hi:
            return Planned(constraint, "refused", None, f"the field's own bounds leave nothing: {lo:g} > {hi:g}")
        for form in self._forms:
            if constraint.field in form.rewrites:
                if isinstance(form, Regenerated):
                    return Planned(constraint, "refused", None, f"{constraint.field} is made anew by unique")
                how: Mechanism = "construction" if form.bounded else "checked"
                return Planned(constraint, how, None, f"with the constraint that replaces {constraint.field}")
        return Planned(constraint, "construction", constraint.forms(self.fields)[0])

    def _circular(self, form: Form) -> bool:
        """Whether ``form`` needs, directly or not, a column that is computed from those it rewrites."""
        sources = {name: f.reads for f in [*self._forms, form] for name in f.rewrites}
        seen: set[str] = set()
        todo = list(form.reads)
        while todo:
            name = todo.pop()
            if name in form.rewrites:
                return True
            if name not in seen:
                seen.add(name)
                todo.extend(sources.get(name, ()))
        return False

    def _bounds(self, ranges: Sequence[Range]) -> dict[str, FieldSpec]:
        """Return the specs of bounded columns with the bounds of all their ranges."""
        out: dict[str, FieldSpec] = {}
        for constraint in ranges:
            spec = out.get(constraint.field, self.fields[constraint.field])
            lo, hi = constraint.within({**self.fields, **out})
            if lo is None or hi is None or lo <= hi:
                out[constraint.field] = spec._replace(kind=replace(spec.kind, lo=lo, hi=hi))  # type: ignore[call-arg]
        return out

    def _backwards(self) -> list[int]:
        """Return the forms in the order of `inverse`: each after those that bring back what it reads."""
        maker = {name: i for i, form in enumerate(self._forms) for name in form.rewrites}
        order: list[int] = []

        def visit(i: int) -> None:
            if i not in order:
                for name in self._forms[i].reads:
                    if name in maker:
                        visit(maker[name])
                order.append(i)

        for i in range(len(self._forms)):
            visit(i)
        return order

    def fit(self, columns: Columns) -> list[Any]:
        """Return the forms' states, JSON values, from training rows that keep the constraints."""
        return [form.fit(columns, self._bounded) for form in self._forms]

    def fields_after(self, state: Sequence[Any]) -> dict[str, FieldSpec]:
        """Return the columns that remain, in order, then the new ones."""
        out = {name: spec for name, spec in self.fields.items() if name not in self.rewritten}
        for form, own in zip(self._forms, state, strict=True):
            out |= form.makes(own, self._bounded)
        return out

    def forward(self, columns: Columns, state: Sequence[Any]) -> dict[str, np.ndarray]:
        """Return the columns of `fields_after`."""
        out = {name: values for name, values in columns.items() if name not in self.rewritten}
        for form, own in zip(self._forms, state, strict=True):
            out |= form.forward(columns, self._bounded, own)
        return out

    def _kept(self, name: str, values: np.ndarray) -> np.ndarray:
        spec = self._bounded.get(name)
        return values if spec is None or spec.kind_id != "number" else rounded(values, spec)

    def inverse(self, columns: Columns, state: Sequence[Any], keys: np.ndarray) -> dict[str, np.ndarray]:
        """Return the original columns in their order; ``keys`` is uint64 (n,), what new keys are made from."""
        # What a form reads must be as its kind keeps it, or the rounding afterwards breaks what the form has kept.
        out = {name: self._kept(name, values) for name, values in columns.items()}
        for i in self._order:
            back = self._forms[i].inverse(out, self._bounded, state[i], keys_of(keys, i))
            out |= {name: self._kept(name, values) for name, values in back.items()}
        return {name: out[name] for name in self.fields if name in out}


def keys_of(keys: np.ndarray, place: int) -> np.ndarray:
    """Return other keys, a function of the row's own: one stream for each form."""
    return mix(keys.astype(np.uint64) + np.uint64((0x9E3779B97F4A7C15 * place) % 2**64))


def judge(
    constraints: Sequence[Constraint], columns: Columns, fields: Fields, states: Mapping[str, Any] | None = None
) -> dict[str, np.ndarray]:
    """Return each constraint's text to bool (n,), true where a row breaks it. Cost: O(n) a constraint.

    Args:
        constraints: Those to judge; a constraint whose columns are not all there is left out.
        columns: Column arrays as kinds make them.
        fields: Their specs.
        states: What was fitted, by the constraint's text.
    """
    known = states or {}
    return {
        c.text: c.broken(columns, fields, known.get(c.text))
        for c in constraints
        if all(n in columns for n in c.columns)
    }
