"""Running row effects of many records together: each function once for all rows it applies to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from augury.effects import Rows
from augury.errors import EngineError, describe, shown

if TYPE_CHECKING:
    import numpy as np

    from augury.pipelines.nodes import OpNode
    from augury.pipelines.running import Running


def run_rows(records: Sequence[Running]) -> None:
    """Run every pending row effect of ``records``, step by step in the pipeline's order."""
    by_step: dict[int, list[tuple[Running, OpNode, Rows]]] = {}
    for record in records:
        for node, effect in record.rows:
            by_step.setdefault(node.index, []).append((record, node, effect))
        record.rows = []
    for index in sorted(by_step):
        groups: dict[Any, list[tuple[Running, OpNode, Rows]]] = {}
        for item in by_step[index]:
            effect = item[2]
            groups.setdefault((effect.fn, effect.reads, effect.writes, tuple(effect.args)), []).append(item)
        for members in groups.values():
            _run_group(members)


def _run_group(members: Sequence[tuple[Running, OpNode, Rows]]) -> None:
    first, node, effect = members[0]
    columns = {
        name: first.kind(name).to_column([record.values.get(name) for record, _, _ in members]) for name in effect.reads
    }
    args = {name: _stack([e.args[name] for _, _, e in members]) for name in effect.args}
    changed = effect.fn(columns, **args)
    for name in effect.writes:
        values = first.kind(name).from_column(changed[name])
        if len(values) != len(members):
            got = shown(f"{len(values)} of {name}")
            raise EngineError(describe(node.path, f"{len(members)} values", got, fix="report it to the op's authors"))
        for (record, _, _), value in zip(members, values, strict=True):
            if value is None:
                record.values.pop(name, None)
            else:
                record.values[name] = value


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
