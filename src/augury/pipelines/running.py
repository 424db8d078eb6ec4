"""One record on its way through a pipeline: pending segments, targets, donors, what an op may look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from augury.effects import SELF, Convert, Effect, Events, Layers, Opaque, Pixels, Rows, Samples
from augury.errors import DataError, RecipeError, describe, shown
from augury.kinds import Kind
from augury.op import Donor
from augury.pipelines.donors import Ring, View, conformed
from augury.pipelines.info import RunInfo
from augury.pipelines.layering import compose_layers, mix_label
from augury.pipelines.output import Applied
from augury.record import FieldSpec, Record, Schema
from augury.spaces import segment_class
from augury.spaces.row import RowSize

if TYPE_CHECKING:
    from augury.pipelines.constrained import Rules as ConstraintRules
    from augury.pipelines.nodes import OpNode

OPAQUE = (Pixels, Samples, Events)


class Running:
    """The state of one record. Everything of it is thrown away at the end but `values` and `applied`."""

    __slots__ = (
        "_excepted",
        "_infos",
        "_segments",
        "applied",
        "came",
        "carried",
        "compile",
        "copy",
        "exceptions",
        "id",
        "key",
        "kinds",
        "later",
        "node",
        "rings",
        "rows",
        "rules",
        "schema",
        "state_hashes",
        "states",
        "stored",
        "trace",
        "values",
    )  # fmt: skip

    def __init__(
        self,
        schema: Schema,
        record: Record,
        record_id: str,
        copy: int | None,
        key: bytes,
        rings: Mapping[str, Ring],
        states: Mapping[str, Any],
        state_hashes: Mapping[str, str],
        compile: bool,
    ) -> None:
        """Start with the canonical values of ``record``."""
        self.schema = schema
        self.came = record
        self.values = dict(record)
        self.kinds: dict[str, Kind] = {}
        self.id = record_id
        self.copy = copy
        self.key = key
        self.rings = rings
        self.states = states
        self.state_hashes = state_hashes
        self.compile = compile
        self.applied: list[Applied] = []
        self.node: OpNode | None = None
        self.rows: list[tuple[OpNode, Rows]] = []
        self.rules: ConstraintRules | None = None
        self.stored: dict[str, Applied] | None = None
        self.trace: list[str] | None = None
        self.exceptions: Mapping[str, Mapping[str, Any]] = {}
        self._excepted: Effect | None = None
        self._segments: dict[str, Any] = {}
        self._infos: dict[str, RunInfo] = {}
        self.carried: dict[str, Any] = {}
        self.later: set[str] = set()

    def branch(self, without: Sequence[str]) -> Running:
        """Return the record as it is now, without some fields, for steps whose result is taken by itself.

        What they apply is written down here as there.
        """
        values = {name: value for name, value in self.values.items() if name not in without}
        rest = (self.rings, self.states, self.state_hashes, self.compile)
        other = Running(self.schema, values, self.id, self.copy, self.key, *rest)
        other.came, other.later = self.came, set(self.later)
        other.kinds, other.applied, other.stored, other.trace = dict(self.kinds), self.applied, self.stored, self.trace
        return other

    # -- what ops are shown ------------------------------------------------------------------------------------

    def kind(self, field: str) -> Kind:
        """Return the kind that a field's value has now."""
        return self.kinds.get(field) or self.schema.fields[field].kind

    def info(self, field: str) -> RunInfo:
        """Return the info of an anchor."""
        info = self._infos.get(field)
        if info is None:
            if field == "row":
                info = RunInfo(self, field, None, RowSize({}))
            else:
                kind = self.kind(field)
                info = RunInfo(self, field, kind, kind.size(self.values[field]) if kind.space != "row" else None)
            self._infos[field] = info
        return info

    def current(self, field: str) -> Any:
        """Return a field's canonical value after running what is pending on it."""
        spec = self.schema.fields[field]
        if spec.link and spec.link[0] == "of" and spec.link[1] in self.values:
            self.flush(spec.link[1])
            return self._closed(field, spec.link[1])
        if spec.kind.space == "row":
            self.run_rows()
        else:
            self.flush(field)
        return self.values[field]

    def row_values(self) -> dict[str, Any]:
        """Return every column of the row, None where missing, after running what is pending."""
        self.run_rows()
        return {f.name: self.values.get(f.name) for f in self.schema.of_space("row")}

    def peek(self, name: str, anchor: str, then: Effect = None) -> Any:
        """Return a target's value mapped through what is pending, and an effect after it, without running them."""
        kind, size = self.kind(name), self.info(anchor).size
        segment = self._segments.get(anchor)
        carried = self.opened(name, anchor, segment.source if segment is not None else None)
        where = segment.map() if segment is not None else None
        if where is not None:
            carried = followed(kind, carried, where)
        if then is not None:
            ahead = segment_class(self.kind(anchor).space or "")(size)
            if ahead.push(then) and (where := ahead.map()) is not None:
                carried, size = followed(kind, carried, where), ahead.size
        return None if carried is None else kind.close(carried, size)

    def view(self, pool: str, field: str) -> View:
        """Return the donor pool as this record sees it."""
        ring = self.rings.get(pool)
        if ring is None:
            known = [name for name in self.rings if name]
            what = f"a pool named {pool!r}" if pool else "a pool of donor records"
            got = shown("none" if not known else ", ".join(known))
            raise RecipeError(
                describe("donors", what, got, fix="pass pool=mapping of id to record (or pools={name: mapping})")
            )
        return View(ring, self.id, field)

    def donors(self, node: OpNode, info: RunInfo, ids: Sequence[str]) -> tuple[Donor, ...]:
        """Return the donors of the given ids, conformed to the anchor's value."""
        ring = self.rings[node.pool]
        if info.field != "row":
            self.flush(info.field)  # what is pending may change the rate that donors are brought to
        value = None if info.field == "row" else self.values[info.field]
        return tuple(conformed(ring, donor_id, self.schema, info.field, info.size, value) for donor_id in ids)

    # -- applying effects --------------------------------------------------------------------------------------

    def push(self, field: str, effect: Effect, donors: Sequence[Donor]) -> None:
        """Apply an effect to an anchor: pend it if it can run with what is pending, else run that first."""
        if self.exceptions and type(effect).__name__ in self.exceptions and self._excepted is None:
            self._push_excepted(field, effect, donors)
            return
        info = self._infos.get(field) or self.info(field)
        segment = self._segments.get(field)
        if segment is None:
            segment = self._fresh(field, info)
        if segment.push(effect):
            info.size = segment.size
            if not self.compile:
                self.flush(field)
            return
        if type(effect) is Convert:
            self._convert(field, effect, segment)
            return
        self.flush(field)
        if type(effect) in OPAQUE:
            self._opaque(field, effect, donors)
        elif type(effect) is Opaque:
            self._opaque_moving(field, effect, donors)
        elif type(effect) is Layers:
            assert self.node is not None
            compose_layers(self, field, effect, donors, self.node.label)
        elif hasattr(effect, "lower"):
            for part in effect.lower(info.size):
                self.push(field, part, donors)
        elif type(effect) is Rows:
            raise RecipeError(describe(field, "Rows from an op whose on is 'row'", shown("Rows"), fix="set on = 'row'"))
        else:
            self._push_fresh(field, effect, info)

    def _push_excepted(self, field: str, effect: Effect, donors: Sequence[Donor]) -> None:
        """Apply an effect by itself, since some kind follows it by a rule that is not the general one."""
        self.flush(field)
        self._excepted = effect
        try:
            self.push(field, effect, donors)
            self.flush(field)
        finally:
            self._excepted = None

    def _push_fresh(self, field: str, effect: Effect, info: RunInfo) -> None:
        segment = self._segments.get(field) or self._fresh(field, info)
        if not segment.push(effect):
            expected = f"an effect of the {info.kind.space}"
            raise RecipeError(describe(field, expected, shown(type(effect).__name__), fix="correct the op's effect"))
        info.size = segment.size
        if not self.compile:
            self.flush(field)

    def _fresh(self, field: str, info: RunInfo) -> Any:
        if info.kind is None or info.kind.space is None:
            raise RecipeError(
                describe(field, "an anchor", shown(f"kind {info.kind.entry_id}"), fix="act on the field it lies on")
            )
        segment = self._segments[field] = segment_class(info.kind.space)(info.size)
        return segment

    def flush(self, field: str) -> None:
        """Run what is pending on an anchor: its value once, then every target once."""
        segment = self._segments.pop(field, None)
        if segment is None or segment.empty:
            if field in self.later:
                self.later.discard(field)
                self.values[field] = self.values[field].whole()
            return
        targets = self.schema.targets(field)
        if targets and (where := segment.map()) is not None:
            self._follow(field, targets, segment.source, where)
        self.values[field] = self.kind(field).render(self.values[field], segment)
        self.later.discard(field)
        if self.trace is not None:
            self.trace.append(f"{field}: {segment.describe()}")

    def _follow(self, anchor: str, targets: Sequence[FieldSpec], size: Any, where: Any) -> None:
        for spec in targets:
            if spec.name not in self.values:
                continue
            kind = self.kind(spec.name)
            if self.schema.fields[anchor].kind.space not in kind.follows:
                self.remove(spec.name)
                continue
            opened = self.opened(spec.name, anchor, size)
            rule = self.exceptions[type(self._excepted).__name__].get(kind.entry_id) if self._excepted else None
            moved = rule(kind, opened, self._excepted, where) if rule else followed(kind, opened, where)
            if moved is None:
                self.unmoved((spec,))
            else:
                self.carried[spec.name] = moved

    def opened(self, name: str, anchor: str, size: Any = None) -> Any:
        """Return a target in its carried form; ``size`` is the anchor's where it is opened only now."""
        if name not in self.carried:
            return self.kind(name).open(self.values[name], size if size is not None else self.info(anchor).size)
        return self.carried[name]

    def _closed(self, name: str, anchor: str) -> Any:
        if name in self.carried:
            return self.kind(name).close(self.carried[name], self.info(anchor).size)
        return self.values[name]

    def _opaque(self, field: str, effect: Effect, donors: Sequence[Donor]) -> None:
        sources = [donors[i].value for i in effect.sources]
        self.values[field] = self.kind(field).apply(self.values[field], effect, sources)
        if self.trace is not None:
            self.trace.append(f"{field}: {effect.fn.__name__}")

    def _opaque_moving(self, field: str, effect: Opaque, donors: Sequence[Donor]) -> None:
        """Run an opaque function that may move things; its targets follow what it says of itself."""
        info = self.info(field)
        targets = [spec for spec in self.schema.targets(field) if spec.name in self.values]
        expected = None
        if targets:
            moved = self.moved_by(field, effect)
            segment = segment_class(info.kind.space)(info.size)
            if moved is None:
                self.unmoved(targets)
            elif segment.push(moved):
                expected = segment.size
                if (where := segment.map()) is not None:
                    self._follow(field, targets, segment.source, where)
        self._opaque(field, effect, donors)
        info.size = info.kind.size(self.values[field])
        if expected is not None and expected[:2] != info.size[:2]:
            raise RecipeError(
                describe(field, f"a value of the size {expected}", shown(str(info.size)), fix="correct the op's effect")
            )

    def moved_by(self, field: str, effect: Opaque) -> Effect | None:
        """Return the effect that says what an opaque one moves on a field; None where it cannot tell."""
        self.flush(field)
        return effect.where(self.values[field], **effect.args)

    def unmoved(self, targets: Sequence[FieldSpec]) -> None:
        """Leave out targets that cannot follow, where their fields say so.

        Raises:
            DataError: where one does not.
        """
        for spec in targets:
            if spec.on_unmoved != "drop":
                fix = f"leave the step out, or give {spec.name} on_unmoved: drop"
                what = f"a step that {spec.name} can follow"
                raise DataError(describe("", what, shown("one that cannot tell where it goes"), fix=fix))
            self.remove(spec.name)

    def _convert(self, field: str, effect: Convert, segment: Any) -> None:
        """Change an anchor's value to another kind, after what is pending, or together with its last curves."""
        assert self.node is not None
        kind = self.node.conversions[field]
        curves = segment.release_curves() if effect.takes_curves else []
        self.flush(field)
        more = {"curves": curves} if curves else {}
        self.values[field] = effect.fn(self.values[field], **effect.args, **more)
        self.kinds[field] = kind
        self._infos.pop(field, None)
        if self.trace is not None:
            along = f" with {len(curves)} tone{'s' * (len(curves) > 1)} as one table" if curves else ""
            self.trace.append(f"{field}: converted to {kind.entry_id} by {effect.fn.__name__}{along}")

    def lift(self, field: str, kind: Kind) -> None:
        """Lift a field's value to ``kind`` unless it is of it already."""
        now = self.kind(field)
        if field in self.values and now.entry_id != kind.entry_id:
            self.run_rows()
            self.values[field] = now.lift(self.values[field])
        self.kinds[field] = kind

    def remove(self, field: str) -> None:
        """Leave a field out of the output."""
        self.values.pop(field, None)
        self.later.discard(field)
        self.carried.pop(field, None)
        self._segments.pop(field, None)

    # -- rows --------------------------------------------------------------------------------------------------

    def push_row(self, node: OpNode, effect: Rows, donors: Sequence[Donor]) -> None:
        """Pend a row effect; rows of many records run together."""
        if type(effect) is not Rows:
            raise RecipeError(
                describe(node.path, "a Rows effect of an op on 'row'", shown(type(effect).__name__), fix="return Rows")
            )
        self.rows.append((node, effect))
        if node.label is not None and effect.weights:
            if any(node.label[0] in pending.writes for _, pending in self.rows):
                self.run_rows()
            mix_label(self, node.label, range(SELF, len(donors)), effect.weights, donors)
        if not self.compile:
            self.run_rows()

    def run_rows(self) -> None:
        """Run the pending row effects of this record alone."""
        if self.rows:
            from augury.pipelines.rows import run_rows

            for error in run_rows([self]).values():
                raise error

    # -- the end -----------------------------------------------------------------------------------------------

    def finish(self) -> dict[str, Any]:
        """Run everything pending, close every target, and return the values."""
        if self.rows:
            self.run_rows()
        for field in [*self._segments, *self.later]:
            self.flush(field)
        for name in self.carried:
            spec = self.schema.fields[name]
            if name in self.values and spec.link is not None:
                self.values[name] = self._closed(name, spec.link[1])
        # Infos point back here: kept, they would hold every array until the garbage collector comes round.
        self._infos.clear()
        return self.values


def followed(kind: Kind, carried: Any, where: Any) -> Any:
    """Return a target moved by a map, stage by stage where it is made of several; None where it cannot follow."""
    stages = (where,) if kind.follows_whole else getattr(where, "stages", (where,))
    for stage in stages:
        if carried is None:
            return None
        carried = kind.follow(carried, stage)
    return carried
