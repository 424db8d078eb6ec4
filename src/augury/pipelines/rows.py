"""Running row effects of many records together: each function once for all rows it applies to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from augury.effects import Rows
from augury.errors import EngineError, describe, shown

if TYPE_CHECKING:
    import numpy as np

    from augury.constraints import Constraint
    from augury.pipelines.constrained import Rules
    from augury.pipelines.nodes import OpNode
    from augury.pipelines.running import Running

Pending: TypeAlias = "tuple[Running, OpNode, Rows]"
"""One row effect that waits, with the record and the step it is of."""


def run_rows(records: Sequence[Running]) -> dict[Running, Exception]:
    """Run every pending row effect of ``records``, step by step in the pipeline's order.

    Return the records that a function refused, each with its error; the others are as if those had not been there.
    """
    by_step: dict[int, list[Pending]] = {}
    for record in records:
        for node, effect in record.rows:
            by_step.setdefault(node.index, []).append((record, node, effect))
        record.rows = []
    failed: dict[Running, Exception] = {}
    rules = records[0].rules if records else None
    for index in sorted(by_step):
        before = _before(rules, by_step[index]) if rules is not None else None
        groups: dict[Any, list[Pending]] = {}
        for item in by_step[index]:
            effect = item[2]
            groups.setdefault(_group_of(effect), []).append(item)
        for members in groups.values():
            _run_group([m for m in members if m[0] not in failed], failed)
        if rules is not None and before is not None:
            _hold(rules, before, failed)
    return failed


class _Before(NamedTuple):
    """A step about to run under constraints: those it touches, its records, their columns where it must follow."""

    node: OpNode
    touched: Sequence[Constraint]
    records: Sequence[Running]
    columns: dict[str, np.ndarray] | None


def _before(rules: Rules, items: Sequence[Pending]) -> _Before | None:
    node = items[0][1]
    touched = rules.touched(name for _, _, effect in items for name in effect.writes)
    if not touched:
        return None
    records = list(dict.fromkeys(record for record, _, _ in items))
    follows = node.op.reparametrises
    return _Before(node, touched, records, rules.columns(touched, [r.values for r in records]) if follows else None)


def _hold(rules: Rules, before: _Before, failed: dict[Running, Exception]) -> None:
    """Judge what a step made, without the records that it failed on."""
    kept = [i for i, record in enumerate(before.records) if record not in failed]
    columns = before.columns
    if columns is not None and len(kept) < len(before.records):
        columns = {name: values[kept] for name, values in columns.items()}
    for record, error in rules.hold(before.touched, columns, [before.records[i] for i in kept]).items():
        record.node = before.node
        failed[record] = error


def _group_of(effect: Rows) -> Any:
    """Return what effects must have in common to run as one; shared arguments are told apart by identity."""
    shared = tuple(map(id, effect.shared.values()))
    return effect.fn, effect.reads, effect.writes, tuple(effect.args), shared


def _run_group(members: Sequence[Pending], failed: dict[Running, Exception]) -> None:
    """Run one function over all members, or where it raises over each by itself to find whom it refuses."""
    if not members:
        return
    try:
        changed = _changed(members)
    except Exception as error:
        if len(members) == 1:
            record, node, _ = members[0]
            record.node = node
            failed[record] = error
        else:
            for member in members:
                _run_group([member], failed)
        return
    for name, values in changed.items():
        for (record, _, _), value in zip(members, values, strict=True):
            if value is None:
                record.values.pop(name, None)
            else:
                record.values[name] = value


def _changed(members: Sequence[Pending]) -> dict[str, list[Any]]:
    """Return the canonical values of the columns that one function writes, a value each member."""
    first, node, effect = members[0]
    columns = {
        name: first.kind(name).to_column([record.values.get(name) for record, _, _ in members]) for name in effect.reads
    }
    args = {name: _stack([e.args[name] for _, _, e in members]) for name in effect.args}
    changed = effect.fn(columns, **args, **effect.shared)
    out = {}
    for name in effect.writes:
        out[name] = first.kind(name).from_column(changed[name])
        if len(out[name]) != len(members):
            got = shown(f"{len(out[name])} of {name}")
            raise EngineError(describe(node.path, f"{len(members)} values", got, fix="report it to the op's authors"))
    return out


def _stack(values: list[Any]) -> np.ndarray:
    """Stack one argument over rows: numbers and arrays by numpy, everything else as objects."""
    import numpy as np

    if isinstance(values[0], np.ndarray):
        return np.stack(values)
    if isinstance(values[0], bool | int | float) or (
        isinstance(values[0], tuple | list) and values[0] and isinstance(values[0][0], bool | int | float)
    ):
        return np.array(values)
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column
