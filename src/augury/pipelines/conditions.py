"""Conditions of steps (``when:``): what another field of the record must be for a step to be applied.

They look at the record as it came into the pipeline, so no step changes what holds for a later one, and they draw
nothing, so the draws of every step stay what they are without them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from augury.errors import AuguryError, FieldError, RecipeError, describe, shown
from augury.kinds import Kind
from augury.record import Record, Schema

KEYS = ("field", "above", "below", "is", "missing")

ORDERED = ("number", "datetime")
"""Kinds whose values ``above`` and ``below`` compare."""

COMPARED = (*ORDERED, "boolean", "category", "ordinal", "id", "text")
"""Kinds whose values ``is`` compares."""


class Condition(NamedTuple):
    """What must hold of a field; all that is given must hold at once.

    Args:
        field: The field that is looked at.
        above: The value is greater than this number or moment; None asks nothing.
        below: The value is less than this number or moment; None asks nothing.
        among: The value is one of these; empty asks nothing.
        missing: Whether there is no value (NaN is none); None asks nothing. The others never hold of a missing value.
        kind: The field's kind, once bound to a schema.
    """

    field: str
    above: Any = None
    below: Any = None
    among: tuple[Any, ...] = ()
    missing: bool | None = None
    kind: Kind | None = None

    def holds(self, record: Record) -> bool:
        """Return whether it holds of a record with canonical values. Cost: none but the comparisons."""
        value = record.get(self.field)
        if value is None or (isinstance(value, float) and value != value):
            return self.missing is True
        return not self.missing and self._compares(value)

    def _compares(self, value: Any) -> bool:
        if self.above is None and self.below is None and not self.among:
            return True
        assert self.kind is not None
        value = self.kind.pack(value)
        return (
            (self.above is None or value > self.above)
            and (self.below is None or value < self.below)
            and (not self.among or value in self.among)
        )

    def to_list(self) -> list[Any]:
        """Return it as plain values, for fingerprints."""
        above, below = (None if bound is None else str(bound) for bound in (self.above, self.below))
        return [self.field, above, below, [str(value) for value in self.among], self.missing]

    def __str__(self) -> str:
        """Say it in words: ``when hour is above 18``."""
        parts = [f"{word} {_word(v)}" for word, v in (("above", self.above), ("below", self.below)) if v is not None]
        parts += [" or ".join(_word(v) for v in self.among)] if self.among else []
        parts += [] if self.missing is None else ["missing" if self.missing else "not missing"]
        return f"when {self.field} is {' and '.join(parts)}"


def _word(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def read_condition(given: Any, where: str) -> Condition:
    """Return the condition that a step's ``when:`` writes.

    Raises:
        RecipeError: for unknown keys, and for a condition that asks nothing or can never hold.
    """
    if not isinstance(given, Mapping):
        fix = "write {field: hour, above: 18}, say"
        raise RecipeError(describe(where, "a mapping with field: and what it must be", given, fix=fix))
    for key in given:
        if key not in KEYS:
            fix = f"use {', '.join(KEYS)}"
            raise RecipeError(describe(where, "a key of when", key, name=str(key), known=KEYS, fix=fix))
    field, missing = given.get("field"), given.get("missing")
    if not isinstance(field, str):
        got = shown("nothing") if field is None else field
        raise RecipeError(describe(f"{where}.field", "the name of a field", got, fix="name the field it looks at"))
    if missing is not None and not isinstance(missing, bool):
        raise RecipeError(describe(f"{where}.missing", "true or false", missing, fix="use true or false"))
    among = given.get("is", ())
    among = tuple(among) if isinstance(among, list | tuple) else (among,)
    asked = [key for key in KEYS[1:] if given.get(key) is not None]
    if not asked or ("is" in given and (not among or None in among)):
        fix = "say what the field must be; missing: true asks for no value"
        raise RecipeError(describe(where, "above, below, is (with a value) or missing", dict(given), fix=fix))
    if missing and len(asked) > 1:
        fix = "remove missing: true, or the others"
        raise RecipeError(describe(where, "missing: true alone", shown(", ".join(asked)), fix=fix))
    return Condition(field, given.get("above"), given.get("below"), among, missing)


def bind(condition: Condition, schema: Schema, where: str) -> Condition:
    """Return the condition with its values as the field's kind keeps them.

    Raises:
        RecipeError: for an unknown field, and for a value or a comparison that its kind has not got.
    """
    name = condition.field
    if name not in schema:
        fix = "name a field of the schema"
        raise RecipeError(
            describe(f"{where}.field", "a field of the schema", name, name=name, known=schema.fields, fix=fix)
        )
    kind = schema[name].kind
    above, below = (
        None if value is None else _bound(kind, name, value, f"{where}.{key}")
        for key, value in (("above", condition.above), ("below", condition.below))
    )
    if above is not None and below is not None and above >= below:
        got = shown(f"above {above} and below {below}")
        raise RecipeError(describe(where, "above less than below", got, fix="swap the two, or use two steps"))
    if condition.among:
        _require(kind, name, COMPARED, f"{where}.is")
    among = tuple(_value(kind, value, f"{where}.is") for value in condition.among)
    return condition._replace(above=above, below=below, among=among, kind=kind)


def check_conditions(tree: Sequence[Any], schema: Schema) -> list[tuple[str, AuguryError]]:
    """Return every error of the conditions of a tree of steps, with its step's place, whatever the steps act on."""
    errors: list[tuple[str, AuguryError]] = []
    for step in tree:
        if step.when is not None:
            try:
                bind(step.when, schema, f"{step.where}.when")
            except AuguryError as error:
                errors.append((step.where, error))
        for member in getattr(step, "members", ()):
            errors += check_conditions(member, schema)
    return errors


def _bound(kind: Kind, name: str, value: Any, where: str) -> Any:
    """Return a bound: a number of any sort for numbers, whole or not; a moment for datetimes."""
    _require(kind, name, ORDERED, where)
    if kind.entry_id != "number":
        return _value(kind, value, where)
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        raise RecipeError(describe(where, "a number", value, fix=f"write a number, as {name} is one"))
    return float(value)


def _value(kind: Kind, value: Any, where: str) -> Any:
    if isinstance(value, bool) and kind.entry_id != "boolean":
        fix = "write the value in quotes, or name a boolean field"
        raise RecipeError(describe(where, f"a value of kind {kind.entry_id}", value, fix=fix))
    try:
        return kind.pack(kind.check(value))
    except FieldError as error:
        raise RecipeError(f"{where}: {error}") from error


def _require(kind: Kind, name: str, kinds: Iterable[str], where: str) -> None:
    if kind.entry_id not in kinds:
        wanted = " or ".join(kinds)
        got = shown(f"{name} of kind {kind.entry_id}")
        fix = "name another field, or ask for missing: only"
        raise RecipeError(describe(where, f"a field of kind {wanted}", got, fix=fix))
