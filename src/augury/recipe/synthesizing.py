"""Reading ``synthesize:``: models of a collection's training records, and the rows that are made by them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from augury.catalog import registry
from augury.errors import AuguryError, FieldError, shown
from augury.params import Configured
from augury.recipe.deriving import Derived
from augury.recipe.keys import Section
from augury.recipe.problems import Problems
from augury.recipe.synthesis import (
    CODEC,
    LEAST,
    MODEL,
    MOST,
    OF_HISTORIES,
    OF_TARGET,
    Balance,
    Gate,
    Synthesis,
    Training,
)
from augury.recipe.yaml import Path
from augury.record import FieldSpec, Schema
from augury.synthesis import Between, Budget, Codec, Synthesizer

if TYPE_CHECKING:
    from augury.constraints import Constraint

SECTION = "synthesize"
MODELS, CODECS = "synth.", "codec."
"""What short ids are short of."""

CLASSES = ("category", "ordinal", "boolean")
"""Kinds of fields that rows can be balanced by."""

APART = ("group", "meta")
"""Roles of fields that are learned only where a recipe names them: they say where a record is from."""


def read_synthesize(
    given: Any,
    schemas: Mapping[str, Schema],
    rules: Mapping[str, Sequence[Constraint]],
    derived: Sequence[Derived],
    target: str | None,
    problems: Problems,
) -> tuple[Synthesis, ...]:
    """Return the entries; mistakes are collected.

    Args:
        given: What the document has there.
        schemas: Each written collection to what cleaning leaves of its records; empty where that could not be read.
        rules: Each collection to what holds between its columns.
        derived: The recipe's derived fields.
        target: The report's target, which is that of every entry that names none and learns it.
        problems: Where mistakes go.
    """
    if given is None:
        return ()
    if not isinstance(given, list) or not given:
        problems.add((SECTION,), "a list of models", given or shown("none"), fix="write [{model: forest, rows: 1000}]")
        return ()
    out: list[Synthesis] = []
    for i, item in enumerate(given):
        found = _Reading(item, (SECTION, i), schemas, rules, derived, target, problems).entry()
        if found is not None:
            if any((other.collection, other.name) == (found.collection, found.name) for other in out):
                fix = "give it a name: of its own"
                problems.add((SECTION, i), "a name that no other model of the collection has", found.name, fix=fix)
            out.append(found)
    return tuple(out)


class _Reading:
    """One reading of one entry."""

    def __init__(
        self,
        given: Any,
        path: Path,
        schemas: Mapping[str, Schema],
        rules: Mapping[str, Sequence[Constraint]],
        derived: Sequence[Derived],
        target: str | None,
        problems: Problems,
    ) -> None:
        self.section = Section(given, path, problems)
        self.path, self.problems = path, problems
        self.schemas, self.rules, self.derived, self.reported = schemas, rules, derived, target

    def entry(self) -> Synthesis | None:
        """Return the entry, or None where a mistake leaves nothing to build."""
        before = len(self.problems)
        model = self._configured("model", "synthesizers", MODEL, MODELS)
        codec = self._configured("codec", "codecs", CODEC, CODECS)
        name = self.section.take("name", str, "a name", model[0].rpartition(".")[2] if model else "")
        if name and not name.replace("_", "").replace("-", "").isalnum():
            self._add("name", "letters, digits, - and _", name, fix="choose another name")
        names = self._names()
        schema, collection = self._collection(names, codec[2] if codec else None)
        if model is None or codec is None or schema is None:
            for key in ("target", "rows", "ratio", "balance", "where", "budget", "gate"):
                self.section.raw(key)
            self.section.end()
            return None
        fields = self._fields(schema, codec[2], names)
        known = {n: schema[n] for n in fields}
        computed = tuple(self._computed(fields, names))
        target = self._target(known)
        rows, ratio, level = self._rows(known, model[2])
        balance = self._balance(known, model[2], level)
        where = self._where(known, model[2])
        budget = self._inner("budget", Training) or Training()
        gate = self._gate(target, known)
        self.section.end()
        self._check_rules(collection, fields)
        if len(self.problems) > before:
            return None
        assert isinstance(budget, Training)
        return Synthesis(
            collection, name, model[:2], codec[:2], tuple(fields), computed, target, rows, ratio, level, balance, where,
            Budget(budget.steps, budget.patience, budget.threads), gate,
        )  # fmt: skip

    def _add(self, key: str, expected: str, got: Any = None, **more: Any) -> None:
        self.problems.add((*self.path, key) if key in self.section.given else self.path, expected, got, **more)

    # -- what learns -------------------------------------------------------------------------------------------------

    def _configured(self, key: str, group: Any, default: str, prefix: str) -> tuple[str, Mapping[str, Any], Any] | None:
        """Return id, parameters and the built object of ``id`` or ``{id: {parameters}}``."""
        given = self.section.raw(key)
        if isinstance(given, Mapping) and len(given) == 1:
            ((name, params),) = given.items()
            params = params or {}
        else:
            name, params = default if given is None else given, {}
        if not isinstance(name, str) or not isinstance(params, Mapping):
            self._add(key, "an id, or {id: {parameters}}", given, fix=f"write {key}: {default}")
            return None
        if not registry().ids(group):
            fix = "pip install augury-synthesis" if key == "model" else "pip install augury-tabular"
            self._add(key, f"{group} that are installed", shown("none"), fix=fix)
            return None
        entry = name if "." in name else prefix + name
        try:
            built = registry().load(group, entry).build(params, entry)
        except AuguryError as error:
            self.problems.quote((*self.path, key), error)
            return None
        return entry, dict(params), built

    def _names(self) -> list[str] | None:
        given = self.section.take("fields", list, "a list of fields")
        if given is not None and not (given and all(isinstance(n, str) for n in given)):
            self._add("fields", "a list of names of fields", given, fix="write fields: [age, income]")
            return None
        return given

    def _collection(self, names: Sequence[str] | None, codec: Codec | None) -> tuple[Schema | None, str]:
        """Return the schema and name of the collection meant: the one named, else the one it can be."""
        known: Mapping[Any, Any] = self.schemas or {self.section.given.get("collection"): None}  # unread: any is right
        named = self.section.name("collection", known, "a collection")
        if not self.schemas or (named is None and self.section.given.get("collection") is not None):
            return None, ""
        if named is not None:
            return self.schemas[named], named
        kinds = _kinds(codec)
        fitting = [
            name
            for name, schema in self.schemas.items()
            if (all(n in schema for n in names) if names else any(s.kind_id in kinds for s in schema.fields.values()))
        ]
        if len(fitting) == 1 or len(self.schemas) == 1:
            only = fitting[0] if fitting else next(iter(self.schemas))
            return self.schemas[only], only
        got = shown(f"{', '.join(fitting)}" if fitting else "none")
        self._add(
            "collection", "one collection that has the fields", got, fix=f"add collection: {next(iter(self.schemas))}"
        )
        return None, ""

    def _fields(self, schema: Schema, codec: Codec, names: Sequence[str] | None) -> list[str]:
        """Return the fields that are learned, in the order of the schema."""
        kinds = _kinds(codec)
        if names is None:
            learned = [n for n, s in schema.fields.items() if s.kind_id in kinds and s.role not in APART]
            computed = [one.spec.name for one in self._computed(learned, None)]
            names = [n for n in learned if n not in computed]
        for i, name in enumerate(names):
            place = (*self.path, "fields", i)
            if name not in schema:
                fix = "name a field of the collection"
                self.problems.add(place, "the name of a field", name, name=name, known=schema.fields, fix=fix)
            elif schema[name].kind_id not in kinds:
                able = [e.id for e in registry().entries("codecs") if schema[name].kind_id in _kinds(e.load())]
                fix = f"add codec: {' or '.join(able)}" if able else "leave it out: made rows are without it"
                got = shown(f"{name} of kind {schema[name].kind_id}")
                self.problems.add(place, f"fields of kind {' or '.join(sorted(kinds))}", got, fix=fix)
            elif schema[name].role == "group":
                fix = "leave it out: a made row belongs to no group"
                self.problems.add(place, "a field that is not the group of the split", name, fix=fix)
        found = [n for n in schema.fields if n in names and schema[n].kind_id in kinds]
        if not any(schema[n].role != "key" for n in found) and "fields" not in self.section.given:
            every = {k for e in registry().entries("codecs") for k in _kinds(e.load())}
            others = [s.name for s in schema.fields.values() if s.kind_id in every]
            fix = f"add fields: and codec: for {others[0]}" if others else "choose another collection"
            got = shown("none that is no key, group or metadata")
            self._add("fields", f"fields of kind {' or '.join(sorted(kinds))}", got, fix=fix)
        return found

    def _computed(self, learned: Sequence[str], names: Sequence[str] | None) -> Iterator[Derived]:
        """Yield the derived fields whose inputs are all made: they are computed again, and not learned."""
        there = set(learned)
        for one in self.derived:
            if there.issuperset(one.expression.columns):
                there.add(one.spec.name)
                yield one
                if names and one.spec.name in names:
                    fix = "leave it out: it is computed from the made fields"
                    self._add("fields", "no field that is derived from the others", one.spec.name, fix=fix)

    def _target(self, known: Mapping[str, FieldSpec]) -> str | None:
        target = self.section.name("target", known, "a field that is learned")
        if target is None and self.section.given.get("target") is None:
            label = next((n for n, s in known.items() if s.role == "label"), None)
            target = self.reported if self.reported in known else label
        return target

    def _check_rules(self, collection: str, fields: Sequence[str]) -> None:
        """Make mistakes of constraints that made rows cannot be held to."""
        from augury.constraints import Plan

        own = [rule for rule in self.rules.get(collection, ()) if set(rule.columns) <= set(fields)]
        plan = Plan(own, {n: self.schemas[collection][n] for n in fields})
        for entry in plan.entries:
            table = entry.mechanism == "checked" and entry.constraint.judges == "table"
            if table or entry.mechanism == "refused":
                fix = f"leave {entry.constraint.columns[-1]} out of fields:, or take the constraint away"
                got = shown(f"{entry.constraint.text}: {entry.reason}")
                self._add("fields", "constraints that made rows can be held to", got, fix=fix)

    # -- what is made ------------------------------------------------------------------------------------------------

    def _rows(self, known: Mapping[str, FieldSpec], model: Synthesizer) -> tuple[int | None, float, str | None]:
        rows, ratio = self.section.raw("rows"), self.section.take("ratio", (int, float), "a number above 0")
        if rows is not None and ratio is not None:
            self._add("ratio", "rows: or ratio:", shown("both"), fix="remove one")
        if ratio is not None and not 0 < ratio < float("inf"):
            self._add("ratio", "a number above 0", ratio, fix="write 0.5 for a row for every second record")
            ratio = None
        if isinstance(rows, Mapping):
            inner = Section(rows, (*self.path, "rows"), self.problems)
            level = self._class_field(inner, "balance", known, model)
            inner.end()
            if "balance" not in rows:
                fix = "write rows: {balance: label}"
                self._add("rows", "balance: with a field of classes", shown("none"), fix=fix)
            return None, 1.0, level
        if rows is not None and (not isinstance(rows, int) or isinstance(rows, bool) or rows < 1):
            self._add("rows", "a whole number from 1 on, or {balance: field}", rows, fix="write rows: 1000")
            rows = None
        return rows, float(ratio or 1.0), None

    def _balance(self, known: Mapping[str, FieldSpec], model: Synthesizer, level: str | None) -> Balance | None:
        given = self.section.raw("balance")
        if given is None:
            return None
        if level is not None:
            self._add("balance", "rows: {balance: ...} or balance:", shown("both"), fix="remove one")
        if not isinstance(given, Mapping):
            field = self._class_field(self.section, "balance", known, model)
            return Balance(field) if field is not None else None
        inner = Section(given, (*self.path, "balance"), self.problems)
        to = inner.raw("to")
        shares = None if to in (None, "equal") else to
        field = inner.name("field", known, "a field that is learned") if shares else self._class_field(
            inner, "field", known, model
        )  # fmt: skip
        inner.end()
        if shares and field is not None:
            self._takes("balance", "class", model)
            return Balance(field, self._shares(known[field], shares))
        return Balance(field) if field is not None else None

    def _class_field(
        self, section: Section, key: str, known: Mapping[str, FieldSpec], model: Synthesizer
    ) -> str | None:
        field = section.name(key, known, "a field that is learned")
        if field is not None and known[field].kind_id not in CLASSES:
            fix = "name a field of classes, or give to: {value: share}"
            got = shown(f"{field} of kind {known[field].kind_id}")
            self.problems.add((*section.path, key), f"a field of kind {' or '.join(CLASSES)}", got, fix=fix)
            return None
        self._takes("balance", "class", model)
        return field

    def _shares(self, spec: FieldSpec, to: Any) -> Mapping[Any, float]:
        place = (*self.path, "balance", "to")
        numbers = isinstance(to, Mapping) and all(
            isinstance(v, int | float) and not isinstance(v, bool) and v >= 0 for v in to.values()
        )
        if not numbers or abs(sum(to.values()) - 1) > 1e-6:
            fix = "write to: {yes: 0.3, no: 0.7}"
            self.problems.add(place, "equal, or shares of 0 or more that sum to 1", to, fix=fix)
            return {}
        out = {}
        for value, share in to.items():
            canonical = self._value(spec, value, (*place, value))
            if canonical is not None and share > 0:
                out[canonical] = float(share)
        return out

    def _where(self, known: Mapping[str, FieldSpec], model: Synthesizer) -> dict[str, Any]:
        given = self.section.raw("where")
        if given is None:
            return {}
        inner = Section(given, (*self.path, "where"), self.problems)
        out: dict[str, Any] = {}
        for name, only in inner.given.items():
            place = (*inner.path, name)
            if name not in known:
                fix = f"use one of {', '.join(known)}"
                self.problems.add(place, "a field that is learned", str(name), name=str(name), known=known, fix=fix)
            elif isinstance(only, Mapping):
                out[name] = self._between(known[name], only, place)
                self._takes("where", "range", model)
            elif isinstance(only, list):
                out[name] = [self._value(known[name], value, place) for value in only]
                self._takes("where", "class", model)
            else:
                out[name] = self._value(known[name], only, place)
                self._takes("where", "class", model)
        return out

    def _between(self, spec: FieldSpec, given: Mapping[str, Any], place: Path) -> Between:
        inner = Section(given, place, self.problems)
        ends = [inner.raw(key) for key in ("lo", "hi")]
        inner.end()
        if spec.kind_id not in ("number", "datetime") or ends == [None, None]:
            fix = "write {lo: 30, hi: 50} for a number, a value or a list for others"
            got = shown(f"bounds of {spec.name} of kind {spec.kind_id}") if ends != [None, None] else shown("neither")
            self.problems.add(place, "lo, hi or both of a number or datetime", got, fix=fix)
            return Between()
        return Between(*(None if end is None else self._value(spec, end, place) for end in ends))

    def _value(self, spec: FieldSpec, value: Any, place: Path) -> Any:
        """Return a value as the field's kind has it."""
        try:
            return None if value is None else spec.kind.check(value)
        except FieldError as error:
            self.problems.quote(place, FieldError(f"{spec.name}: {error}"))
            return None

    def _takes(self, key: str, kind: str, model: Synthesizer) -> None:
        if kind not in model.caps.conditions:
            able = [e.id for e in registry().entries("synthesizers") if kind in e.load().caps.conditions]
            fix = f"use {' or '.join(able)}" if able else "remove it"
            self._add(key, f"a model that takes {kind} conditions", model.entry_id, fix=fix)

    # -- what it must reach ------------------------------------------------------------------------------------------

    def _inner(self, key: str, cls: type[Configured]) -> Configured | None:
        given = self.section.raw(key)
        if given is None:
            return None
        inner = Section(given, (*self.path, key), self.problems)
        return inner.configure(cls, inner.given)

    def _gate(self, target: str | None, known: Mapping[str, FieldSpec]) -> Gate | None:
        from importlib.util import find_spec

        gate = self._inner("gate", Gate)
        if not isinstance(gate, Gate):
            return None
        asked = [name for name in OF_TARGET if getattr(gate, name) is not None]
        asked += ["utility: not_worse"] if gate.utility == "not_worse" else []
        if asked and target is None:
            self._add("gate", f"a target for {asked[0]}", shown("none"), fix="add target: with the field to predict")
        history = next((n for n, spec in known.items() if spec.kind.space != "row"), None)
        figures = {*LEAST, *MOST, *OF_HISTORIES, "utility", "privacy"}
        other = figures - {*OF_HISTORIES} if history else {*OF_HISTORIES} - {*MOST}
        if wrong := next((name for name in sorted(other) if getattr(gate, name) is not None), None):
            fix = f"ask for {', '.join(OF_HISTORIES)} or a verdict" if history else f"remove {wrong}"
            what = f"what can be measured of the history {history}" if history else f"a field of histories for {wrong}"
            self._add("gate", what, shown(wrong if history else "none"), fix=fix)
        if find_spec("sklearn") is None:
            self._add("gate", "scikit-learn to measure it", shown("nothing"), fix="pip install 'augury[quality]'")
        return gate


def _kinds(codec: Any) -> set[str]:
    on = codec.on if codec is not None else ()
    return {on} if isinstance(on, str) else set(on)
