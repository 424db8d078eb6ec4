"""Reading ``clean:``: what judges, changes, cuts and compares records, compiled for each collection in order.

An entry is a cleaner's id, an op's id, or ``dedup``. Ops that stand together are one pipeline, so that they fuse.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from augury.catalog import registry
from augury.cleaner import Cleaner
from augury.detector import Detector
from augury.errors import AuguryError, RecipeError, describe, shown
from augury.names import nearest
from augury.params import Configured, Within
from augury.pipelines import Pipeline, check_steps, pipeline
from augury.pipelines.pieces import cutting
from augury.recipe.problems import Problems
from augury.record import Schema
from augury.specs import CleanerSpec, DetectorSpec

WHERE = "clean"
DEDUP = "dedup"
ROW = "row"
APART = ("label", "group", "key", "meta")
"""Roles that no row cleaner or detector looks at unless it is told to."""


@dataclass(frozen=True)
class Judge:
    """A cleaner that keeps or rejects a record. ``columns`` are those of a row, ``field`` else."""

    where: str
    id: str
    cleaner: Cleaner
    field: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Cut:
    """A cleaner that cuts a record into several: ``pipeline`` makes piece number ``copy``."""

    where: str
    id: str
    cleaner: Cleaner
    field: str
    pipeline: Pipeline


@dataclass(frozen=True)
class Change:
    """Ops that change records."""

    pipeline: Pipeline


@dataclass(frozen=True)
class Sketch:
    """What ``dedup`` number ``number`` compares a record by."""

    number: int
    detector: Detector
    field: str
    columns: tuple[str, ...] = ()


Stage = Judge | Cut | Change | Sketch


@dataclass(frozen=True)
class CleanPlan:
    """How the records of one collection are cleaned.

    Args:
        before: The schema of what its source gives.
        after: The schema of what is left.
        stages: What is done to each record, in order.
        fitted: Cleaners that judge the training side, once they have learned from it.
    """

    before: Schema
    after: Schema
    stages: tuple[Stage, ...] = ()
    fitted: tuple[Judge, ...] = ()

    @property
    def describes(self) -> list[Any]:
        """Return what the plan does, as plain values."""
        return [_describe(stage) for stage in (*self.stages, *self.fitted)]


@dataclass(frozen=True)
class Dedup:
    """One ``dedup`` of the recipe.

    Args:
        where: Its place.
        number: Which it is among them: that of its sketches.
        id: The detector's id.
        detector: The detector.
        near: The similarity from which two records are near-duplicates.
        keep: ``one`` rejects all but one of what is alike; ``all`` keeps them, on one side.
        what: The field or columns it compares, for messages.
        kind: The kind it compares: "row" for columns.
        fields: The field or columns.
    """

    where: str
    number: int
    id: str
    detector: Detector
    near: float
    keep: str
    what: str
    kind: str
    fields: tuple[str, ...]


class _DedupKeys(Configured):
    """The keys of ``dedup`` beside the detector's own parameters.

    Args:
        field: The field to compare, or the columns of a row; may be left out where there is one to choose.
        by: The detector's id; the default one of the field's kind where it is left out.
        near: Similarity from which two records are near-duplicates, in (0, 1]; the detector's own where left out.
        keep: Whether one of what is alike is kept, or all on one side of the split.
    """

    field: str | tuple[str, ...] | None = None
    by: str | None = None
    near: Annotated[float, Within(0.0, 1.0)] | None = None
    keep: Literal["one", "all"] = "one"


@dataclass
class _Reading:
    """One reading of the section against all collections."""

    problems: Problems
    schemas: Mapping[str, Schema]
    stages: dict[str, list[Stage]] = field(default_factory=dict)
    fitted: dict[str, list[Judge]] = field(default_factory=dict)
    now: dict[str, Schema] = field(default_factory=dict)
    dedups: list[Dedup] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.stages = {name: [] for name in self.schemas}
        self.fitted = {name: [] for name in self.schemas}
        self.now = dict(self.schemas)

    def entries(self, given: Sequence[Any]) -> None:
        ops: list[Any] = []
        first = 0
        for i, entry in enumerate(given):
            name, params = _parts(entry)
            if name is None:
                fix = "write a cleaner's or op's id, {id: {parameters}}, or dedup"
                self.problems.add((WHERE, i), "one cleaner, op or dedup", entry, fix=fix)
                continue
            if registry().has("ops", name):
                first = first if ops else i
                ops.append(entry)
                if i + 1 < len(given) and registry().has("ops", _parts(given[i + 1])[0] or ""):
                    continue
            if ops:
                self._change(ops, first)
                ops = []
            if not registry().has("ops", name):
                self._try(i, name, params)

    def _try(self, i: int, name: str, params: Mapping[str, Any]) -> None:
        where = f"{WHERE}[{i}].{name}"
        try:
            if name == DEDUP:
                self._dedup(where, params)
            else:
                self._cleaner(where, name, params)
        except AuguryError as error:
            self.problems.error((WHERE, i, name) if isinstance(params, Mapping) and params else (WHERE, i), error)

    def _change(self, steps: Sequence[Any], first: int) -> None:
        where = WHERE
        met = False
        for name, schema in self.now.items():
            errors = check_steps(steps, schema, partial=True, where=where)
            for place, error in errors:
                index = int(place.partition("[")[2].partition("]")[0] or 0) + first
                self.problems.error((WHERE, index), error)
            if errors:
                return
            pipe = pipeline(steps, schema, partial=True, where=where)
            if pipe.needs_fit or pipe.needs_pool:
                fix = "use it under augment.steps, which come after the split"
                got = shown("one that is fitted or takes other records")
                self.problems.add((WHERE, first), "ops that need the record alone", got, fix=fix)
                return
            if pipe.ops:
                met = True
                self.stages[name].append(Change(pipe))
                self.now[name] = pipe.schema_after
        if not met:
            self.problems.add((WHERE, first), "a field to act on", shown("none in any collection"), fix="remove it")

    def _cleaner(self, where: str, name: str, params: Mapping[str, Any]) -> None:
        ids = [*registry().ids("cleaners"), DEDUP]
        if not registry().has("cleaners", name):
            close = nearest(name, [*ids, *registry().ids("ops")])
            fix = f"use one of {', '.join(ids)}, or an op" if not close else f"use {close[0]}"
            raise RecipeError(describe(where, "a cleaner, an op or dedup", name, name=name, known=close, fix=fix))
        entry = registry().get("cleaners", name, where)
        assert isinstance(entry.spec, CleanerSpec)
        cls: type[Cleaner] = entry.load()
        cleaner = cls.build({k: v for k, v in params.items() if k != "field"}, where)
        given = params.get("field")
        met = False
        for collection, schema in self.now.items():
            for chosen in _choose(schema, kinds_of(cleaner.on), cleaner.columns, given, where):
                met = True
                self._place(collection, schema, where, name, cleaner, chosen)
        if not met:
            wanted = " or ".join(kinds_of(cleaner.on))
            got = shown("none in any collection")
            raise RecipeError(
                describe(where, f"a field of kind {wanted}", got, fix="name it with field:, or remove it")
            )

    def _place(self, collection: str, schema: Schema, where: str, name: str, cleaner: Cleaner, chosen: _Chosen) -> None:
        judge = Judge(where, name, cleaner, chosen.field, chosen.columns)
        if cleaner.fits:
            self.fitted[collection].append(judge)
        elif type(cleaner).pieces is not Cleaner.pieces:
            pipe = cutting(cleaner, name, chosen.field, schema, where)
            self.stages[collection].append(Cut(where, name, cleaner, chosen.field, pipe))
        else:
            self.stages[collection].append(judge)

    def _dedup(self, where: str, params: Mapping[str, Any]) -> None:
        own = {k: v for k, v in params.items() if k in ("field", "by", "near", "keep")}
        keys = _DedupKeys.build(own, where)
        given = list(keys.field) if isinstance(keys.field, tuple) else keys.field
        detector_id = keys.by or self._default(given, where)
        entry = registry().get("detectors", detector_id, f"{where}.by")
        detector: Detector = entry.load().build({k: v for k, v in params.items() if k not in own}, where)
        near = detector.near if keys.near is None else keys.near
        number = len(self.dedups)
        what = kind = ""
        fields: dict[str, None] = {}
        for collection, schema in self.now.items():
            found = _choose(schema, kinds_of(detector.on), detector.columns, given, where)
            if len(found) > 1:
                names = ", ".join(c.field for c in found)
                raise RecipeError(describe(where, "one field to compare", shown(names), fix="name it with field:"))
            for chosen in found:
                what = " and ".join(chosen.columns) or chosen.field
                kind = ROW if chosen.columns else schema[chosen.field].kind_id
                fields |= dict.fromkeys(chosen.columns or (chosen.field,))
                self.stages[collection].append(Sketch(number, detector, chosen.field, chosen.columns))
        if not what:
            wanted = " or ".join(kinds_of(detector.on))
            got = shown("none in any collection")
            raise RecipeError(describe(where, f"a field of kind {wanted}", got, fix="name it with field:"))
        made = Dedup(where, number, detector_id, detector, near, keys.keep, what, kind, tuple(fields))
        self.dedups.append(made)

    def _default(self, given: str | list[str] | None, where: str) -> str:
        """Return the default detector of the field's kind; without a field, of the only kind there is one for."""
        defaults: dict[str, str] = {}
        for entry in registry().entries("detectors"):
            if isinstance(entry.spec, DetectorSpec) and entry.spec.default:
                defaults |= dict.fromkeys(kinds_of(entry.spec.on), entry.id)
        if isinstance(given, list):
            kinds = {ROW}
        else:
            fields = [f for s in self.now.values() for f in s.fields.values() if given in (None, f.name)]
            if not fields:
                names = {name for s in self.now.values() for name in s.fields}
                raise RecipeError(
                    describe(f"{where}.field", "a field", given, name=str(given), known=names, fix="correct the name")
                )
            kinds = {f.kind_id for f in fields if f.role not in APART} & defaults.keys()
            if not kinds and any(f.kind.space == ROW for f in fields):
                kinds = {ROW}
        found = sorted({defaults[k] for k in kinds if k in defaults})
        if len(found) == 1:
            return found[0]
        got = shown(", ".join(found) or f"none for {', '.join(sorted(kinds)) or 'its fields'}")
        fix = "name the field with field:" if found else "install the plugin of its kind, or name a detector with by:"
        raise RecipeError(describe(where, "one detector", got, fix=fix))


@dataclass(frozen=True)
class _Chosen:
    field: str
    columns: tuple[str, ...] = ()


def _choose(schema: Schema, kinds: tuple[str, ...], columns: tuple[str, ...], given: Any, where: str) -> list[_Chosen]:
    """Return what a cleaner or detector looks at in a collection: each field of its kinds, or the row's columns."""
    names = [given] if isinstance(given, str) else list(given) if isinstance(given, list | tuple) else None
    if kinds == (ROW,):
        able = [f for f in schema.fields.values() if f.kind.space == ROW and (not columns or f.kind_id in columns)]
        chosen = [f for f in able if (f.name in names if names is not None else f.role not in APART)]
        return [_Chosen(ROW, tuple(f.name for f in chosen))] if chosen else []
    found = [f for f in schema.fields.values() if f.kind_id in kinds and (names is None or f.name in names)]
    for name in names or ():
        if name in schema and schema[name].kind_id not in kinds:
            got = shown(f"{name} of kind {schema[name].kind_id}")
            raise RecipeError(
                describe(f"{where}.field", f"a field of kind {' or '.join(kinds)}", got, fix="correct it")
            )
    return [_Chosen(f.name) for f in found]


def kinds_of(on: str | tuple[str, ...]) -> tuple[str, ...]:
    """Return what a cleaner or detector is on as a tuple."""
    return (on,) if isinstance(on, str) else tuple(on)


def _parts(entry: Any) -> tuple[str | None, Mapping[str, Any]]:
    if isinstance(entry, str):
        return entry, {}
    if isinstance(entry, Mapping) and len(entry) == 1:
        name, params = next(iter(entry.items()))
        if isinstance(name, str) and isinstance(params, Mapping | None):
            return name, params or {}
    return None, {}


def read_clean(
    given: Any, schemas: Mapping[str, Schema], problems: Problems
) -> tuple[dict[str, CleanPlan], tuple[Dedup, ...]]:
    """Return how each collection is cleaned, and what is compared.

    Args:
        given: The section, or None.
        schemas: Each collection's schema, as its source gives it.
        problems: Where mistakes go.
    """
    reading = _Reading(problems, schemas)
    if given is not None and (not isinstance(given, list) or not given):
        problems.add((WHERE,), "a list of cleaners, ops and dedup", given, fix="write clean: [image.valid], say")
    elif given:
        reading.entries(given)
    plans = {
        name: CleanPlan(schema, reading.now[name], tuple(reading.stages[name]), tuple(reading.fitted[name]))
        for name, schema in schemas.items()
    }
    return plans, tuple(reading.dedups)


def _describe(stage: Stage) -> Any:
    if isinstance(stage, Change):
        return ["change", stage.pipeline.fingerprint]
    if isinstance(stage, Sketch):
        return ["sketch", stage.number, stage.detector.entry_id, stage.detector.to_dict(), stage.field, stage.columns]
    columns = stage.columns if isinstance(stage, Judge) else ()
    return [type(stage).__name__, stage.id, stage.cleaner.to_dict(), stage.field, columns]
