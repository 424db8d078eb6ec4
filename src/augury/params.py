"""Parameters: declared once as annotated class attributes, checked, described and serialised from there.

Ops, kinds and formats are `Configured`: subclassing makes a frozen, keyword-only dataclass whose values
are validated when built, so a wrong range fails where it was written.

    class Saturate(Op):
        strength_range: Annotated[Range, Within(0, 10)] = (0.5, 1.5)
"""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Mapping
from contextlib import suppress
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, Self, TypeAlias, Union, dataclass_transform

from augury.errors import ParamError, describe, shown

Range: TypeAlias = tuple[float, float]
"""(lo, hi), lo <= hi, both included."""

IntRange: TypeAlias = tuple[int, int]
"""(lo, hi) of integers, lo <= hi, both included."""


class Within(NamedTuple):
    """Bounds that a number, or both ends of a range, must keep. Infinite ends are open."""

    lo: float = -math.inf
    hi: float = math.inf


Fraction: TypeAlias = Annotated[float, Within(0.0, 1.0)]
FractionRange: TypeAlias = Annotated[Range, Within(0.0, 1.0)]
PositiveRange: TypeAlias = Annotated[Range, Within(1e-6)]


class Param(NamedTuple):
    """One declared parameter: its name, type without annotation, bounds, default and description."""

    name: str
    type: Any
    bounds: Within
    default: Any
    doc: str

    @property
    def required(self) -> bool:
        """Whether the parameter has no default."""
        return self.default is dataclasses.MISSING


@dataclass_transform(frozen_default=True, kw_only_default=True)
class Configured:
    """Base of everything configured by parameters: a frozen dataclass that checks itself.

    Raises:
        ParamError: at construction, when a value has a wrong type, leaves its bounds or reverses a range.
    """

    entry_id: ClassVar[str] = ""
    _declared: ClassVar[tuple[Param, ...]]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Make the subclass a frozen keyword-only dataclass."""
        super().__init_subclass__(**kwargs)
        dataclasses.dataclass(frozen=True, kw_only=True)(cls)

    def __post_init__(self) -> None:
        """Check every value and make lists tuples."""
        where = self.entry_id or type(self).__name__
        for param in params_of(type(self)):
            value = getattr(self, param.name)
            checked = _conform(value, param.type, param.bounds, f"{where}.{param.name}")
            if checked is not value:
                object.__setattr__(self, param.name, checked)
        self.check_params()

    def check_params(self) -> None:
        """Raise ParamError where parameters contradict each other. Override as needed."""

    @classmethod
    def build(cls, given: Mapping[str, Any], where: str = "") -> Self:
        """Build from a mapping as a recipe has it.

        Raises:
            ParamError: for an unknown or missing name, with the nearest ones.
        """
        known = {p.name: p for p in params_of(cls)}
        place = where or cls.entry_id or cls.__name__
        for name in given:
            if name not in known:
                fix = f"use one of {', '.join(known) or '(it takes no parameters)'}"
                raise ParamError(describe(place, "a known parameter", name, name=str(name), known=known, fix=fix))
        missing = [p.name for p in known.values() if p.required and p.name not in given]
        if missing:
            raise ParamError(describe(place, f"the parameter {missing[0]}", shown("nothing"), fix=f"give {missing[0]}"))
        return cls(**{n: _conform(v, known[n].type, known[n].bounds, f"{place}.{n}") for n, v in given.items()})

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle with the class's id: another process has it only once its registry has loaded the entry."""
        return _restore, (type(self), type(self).entry_id, dict(self.__dict__))

    def to_dict(self) -> dict[str, Any]:
        """Return the parameters as JSON-able values; ``build`` of it gives an equal object."""
        return {p.name: _plain(getattr(self, p.name)) for p in params_of(type(self))}


def _restore(cls: type[Configured], entry_id: str, values: Mapping[str, Any]) -> Configured:
    """Return an unpickled object, its class knowing its id."""
    if cls.entry_id != entry_id:
        cls.entry_id = entry_id
    made = object.__new__(cls)
    made.__dict__.update(values)
    return made


def _plain(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_plain(v) for v in value]
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    return value


def params_of(cls: type[Configured]) -> tuple[Param, ...]:
    """Return the declared parameters of a `Configured` class, in order. Worked out once a class."""
    known: tuple[Param, ...] | None = cls.__dict__.get("_declared")
    if known is None:
        known = cls._declared = _declared(cls)
    return known


def _declared(cls: type[Configured]) -> tuple[Param, ...]:
    if not dataclasses.is_dataclass(cls):
        return ()
    hints = typing.get_type_hints(cls, include_extras=True)
    docs = _arg_docs(cls.__doc__ or "")
    out = []
    for field in dataclasses.fields(cls):
        hint, bounds = hints[field.name], Within()
        if typing.get_origin(hint) is Annotated:
            hint, *extras = typing.get_args(hint)
            bounds = next((e for e in extras if isinstance(e, Within)), bounds)
        default = field.default
        if field.default_factory is not dataclasses.MISSING:
            default = field.default_factory()
        out.append(Param(field.name, hint, bounds, default, docs.get(field.name, "")))
    return tuple(out)


def _arg_docs(docstring: str) -> dict[str, str]:
    """Read the ``Args:`` section of a Google-style docstring: name to its text on one line."""
    docs: dict[str, str] = {}
    inside, name, indent = False, "", 0
    for line in docstring.splitlines():
        stripped = line.strip()
        depth = len(line) - len(line.lstrip())
        if stripped == "Args:":
            inside, indent = True, depth
        elif inside and stripped and depth <= indent:
            inside = False
        elif inside and stripped:
            head, colon, rest = stripped.partition(":")
            if colon and head.isidentifier() and depth <= indent + 4:
                name = head
                docs[name] = rest.strip()
            elif name:
                docs[name] += " " + stripped
    return docs


def _conform(value: Any, hint: Any, bounds: Within, where: str) -> Any:
    """Return ``value`` as ``hint`` wants it (lists become tuples, ints floats) or raise ParamError."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return value
    if origin in (Union, types.UnionType):
        return _conform_union(value, args, bounds, where)
    if origin is Literal:
        if value in args and type(value) in {type(a) for a in args}:
            return value
        accepted = ", ".join(map(repr, args))
        names = [a for a in args if isinstance(a, str)]
        raise ParamError(
            describe(where, f"one of {accepted}", value, name=str(value), known=names, fix="use one of these")
        )
    if origin is tuple:
        return _conform_tuple(value, args, bounds, where)
    if origin in (dict, Mapping) or (isinstance(origin, type) and issubclass(origin, Mapping)):
        if isinstance(value, Mapping):
            return value
        raise ParamError(describe(where, "a mapping", value, fix="write {key: value}"))
    if hint in (int, float):
        return _conform_number(value, hint, bounds, where)
    if isinstance(hint, type):
        if isinstance(value, hint) and not (hint is not bool and isinstance(value, bool)):
            return value
        raise ParamError(describe(where, f"a {hint.__name__}", value, fix=f"give a {hint.__name__}"))
    raise TypeError(f"{where}: parameters of type {hint} are not supported; use a simple type")


def _conform_union(value: Any, args: tuple[Any, ...], bounds: Within, where: str) -> Any:
    if value is None and type(None) in args:
        return None
    options = [a for a in args if a is not type(None)]
    if len(options) == 1:
        return _conform(value, options[0], bounds, where)
    for option in options:
        with suppress(ParamError):
            return _conform(value, option, bounds, where)
    accepted = " or ".join(map(type_text, options)) + bounds_text(bounds)
    raise ParamError(describe(where, accepted, value, fix="give one of these"))


def _conform_number(value: Any, hint: type, bounds: Within, where: str) -> Any:
    unit = "an integer" if hint is int else "a number"
    expected = unit + bounds_text(bounds)
    accepted = int if hint is int else int | float
    if isinstance(value, bool) or not isinstance(value, accepted) or not math.isfinite(value):
        raise ParamError(describe(where, expected, value, fix=f"give {unit}"))
    if not bounds.lo <= value <= bounds.hi:
        raise ParamError(describe(where, expected, value, fix="move it inside the bounds"))
    return hint(value)


def _conform_tuple(value: Any, args: tuple[Any, ...], bounds: Within, where: str) -> Any:
    if not isinstance(value, tuple | list):
        raise ParamError(describe(where, f"a list of {_tuple_text(args)}", value, fix="write it as [a, b]"))
    if len(args) == 2 and args[1] is Ellipsis:
        return tuple(_conform(v, args[0], bounds, f"{where}[{i}]") for i, v in enumerate(value))
    if len(value) != len(args):
        raise ParamError(describe(where, _tuple_text(args), tuple(value), fix=f"give {len(args)} values"))
    out = tuple(_conform(v, a, bounds, f"{where}[{i}]") for i, (v, a) in enumerate(zip(value, args, strict=True)))
    if where.endswith("_range") and args[0] in (int, float) and out[0] > out[1]:
        raise ParamError(describe(where, "lo <= hi", out, fix="swap the two numbers"))
    return out


def _tuple_text(args: tuple[Any, ...]) -> str:
    names = [getattr(a, "__name__", str(a)) for a in args if a is not Ellipsis]
    return f"{names[0]} values" if Ellipsis in args else f"({', '.join(names)})"


def bounds_text(bounds: Within) -> str:
    """Return bounds as messages and listings show them: `` in [0, 1]``, `` of at least 0``, or nothing."""
    lo, hi = bounds
    if math.isinf(lo) and math.isinf(hi):
        return ""
    if math.isinf(hi):
        return f" of at least {lo:g}"
    if math.isinf(lo):
        return f" of at most {hi:g}"
    return f" in [{lo:g}, {hi:g}]"


def json_schema(cls: type[Configured]) -> dict[str, Any]:
    """Return the JSON Schema of a class's parameters (draft 2020-12)."""
    params = params_of(cls)
    properties: dict[str, Any] = {}
    for p in params:
        schema = _type_schema(p.type, p.bounds)
        if p.doc:
            schema["description"] = p.doc
        if not p.required:
            schema["default"] = _plain(p.default)
        properties[p.name] = schema
    out: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
    if required := [p.name for p in params if p.required]:
        out["required"] = required
    return out


def type_text(hint: Any) -> str:
    """Return a short text for a parameter's type, as listings show it: ``(float, float)``, ``int | None``."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (Union, types.UnionType):
        return " | ".join(type_text(a) for a in args)
    if origin is Literal:
        return " | ".join(repr(a) for a in args)
    if origin is tuple:
        return f"({', '.join('...' if a is Ellipsis else type_text(a) for a in args)})"
    if hint is type(None):
        return "None"
    return getattr(hint, "__name__", str(hint))


def _type_schema(hint: Any, bounds: Within) -> dict[str, Any]:
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (Union, types.UnionType):
        return {"anyOf": [_type_schema(a, bounds) for a in args]}
    if origin is Literal:
        return {"enum": list(args)}
    if origin is tuple:
        if len(args) == 2 and args[1] is Ellipsis:
            return {"type": "array", "items": _type_schema(args[0], bounds)}
        items = [_type_schema(a, bounds) for a in args]
        return {"type": "array", "prefixItems": items, "minItems": len(args), "maxItems": len(args)}
    if hint in (int, float):
        out: dict[str, Any] = {"type": "integer" if hint is int else "number"}
        if not math.isinf(bounds.lo):
            out["minimum"] = bounds.lo
        if not math.isinf(bounds.hi):
            out["maximum"] = bounds.hi
        return out
    names = {bool: "boolean", str: "string", type(None): "null"}
    return {"type": names[hint]} if hint in names else {} if hint is Any else {"type": "object"}
