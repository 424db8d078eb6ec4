"""What a pipeline is known by."""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from augury.pipelines.nodes import GroupNode, LiftNode, Node, OpNode
from augury.record import Schema

if TYPE_CHECKING:
    from augury.constraints import Constraint


def fingerprint(nodes: Sequence[Node], schema: Schema, constraints: Sequence[Constraint]) -> str:
    """Hash what determines the output beside keys and data: every step, its parameters and version, every field."""
    steps = [_describe(n) for n in nodes]
    fields = [
        [f.name, f.kind_id, f.kind.to_dict(), f.link, f.role, f.on_unmoved, f.on_empty] for f in schema.fields.values()
    ]
    parts = [steps, fields]
    if constraints:
        parts.append([[c.id, c.to_dict()] for c in constraints])
    return blake2b(json.dumps(parts, sort_keys=True).encode(), digest_size=16).hexdigest()


def _describe_condition(node: OpNode | GroupNode) -> list[Any]:
    return [] if node.when is None else [["when", *node.when.to_list()]]


def _describe(node: Node) -> Any:
    if isinstance(node, OpNode):
        columns = dict(node.columns.columns)
        return [
            node.path,
            node.spec.id,
            node.spec.version,
            node.op.to_dict(),
            node.p,
            node.fields,
            node.independent,
            node.pool,
            columns,
            *_describe_condition(node),
        ]
    if isinstance(node, GroupNode):
        members = [[_describe(n) for n in member] for member in node.members]
        blend = [node.blend.concentration] if node.blend else []
        return [node.path, node.kind, node.p, node.weights, node.n_range, members, *blend, *_describe_condition(node)]
    assert isinstance(node, LiftNode)
    return ["lift", {name: kind.entry_id for name, kind in node.kinds.items()}]
