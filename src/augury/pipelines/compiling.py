"""From a tree of steps and a schema to nodes that run: fields resolved, kinds followed, links checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from augury.catalog import registry
from augury.effects import STILL
from augury.errors import AuguryError, RecipeError, describe, shown
from augury.kinds import Kind
from augury.op import kinds_of
from augury.params import params_of
from augury.pipelines.blending import check_blend
from augury.pipelines.conditions import Condition, bind
from augury.pipelines.nodes import Coupled, GroupNode, LiftNode, Node, OpNode
from augury.pipelines.steps import BRANCHING, GroupStep, OpStep
from augury.record import STRICT_LINKS, FieldSpec, Schema
from augury.rng import path_key

STILL_EFFECTS = frozenset(effect.__name__ for effect in STILL)
"""An op whose spec declares another effect than these may move targets."""

PROTECTED_ROLES = ("label", "group", "key")
"""Columns with these roles, and ids, are changed by a row op only when the step names them."""


@dataclass
class Compiler:
    """Compiles steps against a schema. ``kinds`` follows each field's kind from step to step."""

    schema: Schema
    partial: bool = False
    errors: list[tuple[str, AuguryError]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    nodes: list[OpNode] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Start from the schema's kinds."""
        self.kinds: dict[str, Kind] = {name: spec.kind for name, spec in self.schema.fields.items()}

    def compile(self, steps: Sequence[Any]) -> list[Node]:
        """Return the nodes of a sequence of steps; errors are collected."""
        out: list[Node] = []
        for step in steps:
            try:
                if isinstance(step, GroupStep):
                    out.extend(self._group(step))
                else:
                    out.extend(self._op(step))
            except AuguryError as error:
                self.errors.append((step.where, error))
        return out

    def _when(self, step: OpStep | GroupStep) -> tuple[Condition | None, bool]:
        """Return the step's condition, and whether it can hold: without its field only ``missing: true`` does."""
        if step.when is None:
            return None, True
        if self.partial and step.when.field not in self.schema:
            return step.when, step.when.missing is True
        return bind(step.when, self.schema, f"{step.where}.when"), True

    def _group(self, step: GroupStep) -> list[Node]:
        when, able = self._when(step)
        if not able:
            self.skipped.append(step.where)
            return []
        before = dict(self.kinds)
        branches = step.kind in BRANCHING
        first = len(self.nodes)
        members, outcomes = [], []
        for member in step.members:
            if branches:
                self.kinds = dict(before)
            members.append(self.compile(member))
            outcomes.append(dict(self.kinds))
        if step.may_pass or step.kind == "some_of" or not outcomes:
            outcomes.append(before)
        lifts = self._agree(outcomes, step.where)
        if not any(members):
            return []
        blend = None
        if step.kind == "blend":
            blend = check_blend(self.nodes[first:], self.schema, step.concentration, step.where)
        node = GroupNode(
            step.path,
            path_key(step.path),
            step.kind,
            members,
            step.p,
            step.weights,
            step.n_range,
            blend,
            when,
        )
        return [node, LiftNode(lifts)] if lifts else [node]

    def _agree(self, outcomes: Sequence[dict[str, Kind]], where: str) -> dict[str, Kind]:
        """Make the branches' kinds one, lifting where a kind allows it; return what must be lifted."""
        lifts: dict[str, Kind] = {}
        for name in outcomes[0]:
            found = {o[name].entry_id: o[name] for o in outcomes}
            if len(found) == 1:
                self.kinds[name] = outcomes[-1][name]
                continue
            tops = [k for k in found.values() if all(o.lifts_to == k.entry_id for o in found.values() if o is not k)]
            if not tops:
                kinds = " or ".join(sorted(found))
                fix = "give every branch the same kind, or set p to 1 and leave out when"
                raise RecipeError(describe(where, f"one kind of {name} after the step", shown(kinds), fix=fix))
            self.kinds[name] = lifts[name] = tops[0]
        return lifts

    def _op(self, step: OpStep) -> list[Node]:
        when, able = self._when(step)
        on = kinds_of(step.op)
        columns: dict[str, str] = {}
        fields: tuple[str, ...]
        if on == ("row",):
            columns = self._columns(step)
            fields = ("row",) if columns else ()
        else:
            fields = self._anchors(step, on)
        if not fields or not able:
            self.skipped.append(step.where)
            return []
        conversions, label = self._makes(step, fields)
        node = OpNode(
            len(self.nodes),
            step.path,
            path_key(step.path),
            step.op,
            step.spec,
            fields,
            p=step.p,
            independent=step.independent,
            pool=step.pool,
            columns=columns,
            couplings=tuple(c for f in fields for c in self._couplings(step, f)),
            conversions=conversions,
            label=label,
            when=when,
        )
        self.nodes.append(node)
        changed = {**conversions, **({label[0]: label[1]} if label else {})}
        if not changed:
            return [node]
        before = dict(self.kinds)
        self.kinds.update(changed)
        lifts = self._agree([dict(self.kinds), before], step.where) if step.may_pass else {}
        return [node, LiftNode(lifts)] if lifts else [node]

    def _anchors(self, step: OpStep, on: tuple[str, ...]) -> tuple[str, ...]:
        able = [name for name, kind in self.kinds.items() if kind.entry_id in on]
        wanted = " or ".join(on)
        if not step.fields:
            if len(able) == 1:
                return (able[0],)
            if not able and self.partial:
                return ()
            got = shown(", ".join(able) if able else "none in the schema")
            fix = f"add field: {able[0]}" if able else f"add a field of kind {wanted}"
            raise RecipeError(describe(step.where, f"one field of kind {wanted}, or field: to say which", got, fix=fix))
        present = []
        for name in step.fields:
            if name not in self.kinds:
                if self.partial:
                    continue
                fix = "name a field of the schema"
                raise RecipeError(
                    describe(f"{step.where}.field", "a field of the schema", name, name=name, known=self.kinds, fix=fix)
                )
            if self.kinds[name].entry_id not in on:
                raise RecipeError(
                    describe(
                        f"{step.where}.field",
                        f"a field of kind {wanted}",
                        shown(f"{name} of kind {self.kinds[name].entry_id}"),
                        fix=f"use {' or '.join(able)}" if able else f"add a field of kind {wanted}",
                    )
                )
            present.append(name)
        return tuple(present)

    def _columns(self, step: OpStep) -> dict[str, str]:
        columns = [f for f in self.schema.fields.values() if self.kinds[f.name].space == "row"]
        if not step.fields:
            chosen = [
                f for f in columns if self.kinds[f.name].entry_id in step.op.columns and f.role not in PROTECTED_ROLES
            ]
            if not chosen and not self.partial:
                wanted = " or ".join(step.op.columns)
                fix = "add one to fields:, or name columns with field:"
                raise RecipeError(
                    describe(step.where, f"a column of kind {wanted}", shown("none in the schema"), fix=fix)
                )
            return {f.name: self.kinds[f.name].entry_id for f in chosen}
        names = {f.name: f for f in columns}
        out = {}
        for name in step.fields:
            if name not in names:
                if self.partial and name not in self.schema:
                    continue
                fix = "name a column of the table"
                raise RecipeError(describe(f"{step.where}.field", "a column", name, name=name, known=names, fix=fix))
            kind = self.kinds[name].entry_id
            if kind not in step.op.columns:
                wanted = " or ".join(step.op.columns)
                fix = f"leave {name} out"
                raise RecipeError(
                    describe(
                        f"{step.where}.field", f"columns of kind {wanted}", shown(f"{name} of kind {kind}"), fix=fix
                    )
                )
            out[name] = kind
        return out

    def _makes(self, step: OpStep, fields: tuple[str, ...]) -> tuple[dict[str, Kind], tuple[str, Kind] | None]:
        conversions: dict[str, Kind] = {}
        label = None
        for what, kind_id in step.op.makes.items():
            if what == "self":
                for name in fields:
                    conversions[name] = self._as(self.kinds[name], kind_id, step.where)
            else:
                spec = self.schema.with_role("label")
                if spec is not None:
                    kind = self.kinds[spec.name]
                    label = (spec.name, kind if kind.entry_id == "number" else self._as(kind, kind_id, step.where))
        return conversions, label

    def _as(self, kind: Kind, kind_id: str, where: str) -> Kind:
        """Return the kind ``kind_id`` with the options it shares with ``kind``."""
        if kind.entry_id == kind_id:
            return kind
        new = registry().load("kinds", kind_id, where)
        options = {p.name: getattr(kind, p.name) for p in params_of(new) if hasattr(kind, p.name)}
        made: Kind = new.build(options, where)
        return made

    def _couplings(self, step: OpStep, anchor: str) -> list[Coupled]:
        out = []
        moving = step.spec.effect not in STILL_EFFECTS
        for spec in self.schema.linked(anchor) if anchor != "row" else ():
            link = spec.link[0] if spec.link else ""
            strict = link in STRICT_LINKS
            kind = self.kinds[anchor]
            entry = registry().coupling(link, kind.space or "", self.schema[anchor].kind_id, spec.kind_id)
            if entry is None and moving:
                self._uncoupled(step, anchor, spec, strict)
            rule = entry.load() if entry is not None else None
            if rule is not None or strict:
                out.append(Coupled(link, anchor, spec.name, rule, strict, spec.on_unmoved))
        return sorted(out, key=lambda c: c.destination)

    def _uncoupled(self, step: OpStep, anchor: str, spec: FieldSpec, strict: bool) -> None:
        link = spec.link[0] if spec.link else ""
        if not strict:
            self.warnings.append(f"{step.where}: {spec.name} ({link} {anchor}) has no rule for it and stays unchanged.")
        elif spec.on_unmoved != "drop":
            raise RecipeError(
                describe(
                    step.where,
                    f"a rule by which {spec.name} ({link} {anchor}) follows {step.op.entry_id}",
                    shown("none installed"),
                    fix=f"add on_unmoved: drop to {spec.name}, or install the plugin that has the rule",
                )
            )
