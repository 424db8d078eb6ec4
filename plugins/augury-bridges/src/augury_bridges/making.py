"""Makes the op of one transform from its row of the table, when the op is first used."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from importlib.metadata import version
from importlib.resources import files
from importlib.util import find_spec
from typing import Any, ClassVar

from augury.errors import AuguryError, ParamError, PluginBroken, describe, shown
from augury.op import Info, Op
from augury.params import params_of
from augury.rng import Rng
from augury_bridges.scope import seeded

TYPES: Mapping[str, Any] = {"bool": bool, "int": int, "float": float, "str": str, "any": Any}

FLAGS = (
    "opaque: the library makes the value by itself, and what is pending runs first; not replayable across versions "
    "of {library}; one call at a time in a process."
)


@cache
def table(library: str) -> dict[str, Any]:
    """Return what was read off a library: its distribution, version and the rows of its transforms."""
    return json.loads(files("augury_bridges").joinpath("tables", f"{library}.json").read_bytes())


@cache
def installed(library: str) -> str:
    """Return the library's name with the version that is installed, as draws keep it."""
    return f"{library} {version(table(library)['dist'])}"


def remembered(build: Callable[[str, dict[str, Any]], Any]) -> Callable[[str, Mapping[str, Any]], Any]:
    """Return ``build(name, parameters)`` with the last 128 transforms kept; it is called in the guarded scope only."""

    @lru_cache(maxsize=128)
    def kept(name: str, text: str) -> Any:
        return build(name, _tuples(json.loads(text)))

    def make(name: str, given: Mapping[str, Any]) -> Any:
        return kept(name, json.dumps(given))

    return make


class Bridged(Op):
    """Base of the ops made of transforms. The transform itself is made of ``given`` by its library's module."""

    library: ClassVar[str] = ""
    name: ClassVar[str] = ""
    role: ClassVar[str] = ""
    make: ClassVar[Callable[[str, Mapping[str, Any]], Any]]

    def check_params(self) -> None:
        """Make lists tuples, refuse reversed ranges, and let the library check the rest by building the transform."""
        for param in params_of(type(self)):
            value = _tuples(getattr(self, param.name))
            object.__setattr__(self, param.name, value)
            where = f"{self.entry_id}.{param.name}"
            if param.name.endswith("_range") and _is_pair(value) and value[0] > value[1]:
                raise ParamError(describe(where, "lo <= hi", value, fix="swap the two numbers"))
        try:
            with seeded(0):
                type(self).make(self.name, self.given)
        except AuguryError:
            raise
        except Exception as error:
            text = f"{type(error).__name__}: {' '.join(str(error).split())}"
            what = f"parameters that {self.library} takes"
            raise ParamError(describe(self.entry_id, what, shown(text), fix="correct the parameters")) from error

    @property
    def given(self) -> dict[str, Any]:
        """The transform's parameters; one whose name the op needs itself has an underscore more here."""
        return {p.name.rstrip("_"): getattr(self, p.name) for p in params_of(type(self))}

    @property
    def arguments(self) -> dict[str, Any]:
        """What the functions in effects are given beside the value and the seed."""
        return {"library": self.library, "name": self.name, "given": self.given}

    def draw(self, rng: Rng, info: Info) -> Any:
        """Return the seed of the library's generators, and its version: a replay with another one is refused."""
        return {"seed": rng.seed(), "library": installed(self.library)}


def _tuples(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return tuple(_tuples(v) for v in value)
    return {k: _tuples(v) for k, v in value.items()} if isinstance(value, Mapping) else value


def _is_pair(value: Any) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and all(isinstance(v, int | float) for v in value)


def make_op(module: str, name: str, base: type[Bridged], make: Callable[..., Any]) -> type[Bridged]:
    """Return the op of a transform.

    Args:
        module: The full name of the library's module here, where the op can be found again.
        name: The transform's name.
        base: Its base: an image, sound or text op.
        make: ``make(name, given)`` builds the transform.

    Raises:
        AttributeError: where the library has no such transform.
        PluginBroken: where its transform cannot act on a record, or needs a package that is missing.
    """
    library = module.rpartition(".")[2]
    row = table(library)["ops"].get(name)
    if row is None:
        raise AttributeError(f"module {module!r} has no attribute {name!r}")
    if "refused" in row:
        got = shown(f"one that {row['refused']}")
        raise PluginBroken(describe(f"{library}.{name}", "a transform of one record", got, fix=row["instead"]))
    if "needs" in row and find_spec(row["needs"][0]) is None:
        what = f"the package {row['needs'][1]}, which {library} leaves optional"
        raise PluginBroken(describe(f"{library}.{name}", what, shown("none"), fix=f"pip install {row['needs'][1]}"))
    body: dict[str, Any] = {
        "__annotations__": {p["name"]: TYPES[p["type"]] for p in row["params"]},
        "__doc__": document(library, name, row),
        "__module__": module,
        "library": library,
        "name": name,
        "role": row["role"],
        "make": staticmethod(make),
        **{p["name"]: _default(p["default"]) for p in row["params"] if "default" in p},
    }
    made: type[Bridged] = type(name, (base,), body)
    made.entry_id = f"{library}.{name}"
    return made


def _default(value: Any) -> Any:
    value = _tuples(value)
    return dataclasses.field(default_factory=lambda: dict(value)) if isinstance(value, dict) else value


FIELDS = {
    "image": "image uint8 or float32 (height, width, channels); {targets}",
    "audio": "audio float32 (channels, n) at its own rate; {targets}",
    "text": "text; spans and tags follow what really changed.",
}

TARGETS = {
    "still": "nothing moves.",
    "recolours": "nothing moves; channels or dtype may change.",
    "unknown": "nothing can follow, so a record with something on it is refused.",
}


def document(library: str, name: str, row: Mapping[str, Any]) -> str:
    """Return the op's docstring, from the transform's signature and documentation."""
    targets = TARGETS.get(row["role"], "what lies on it follows, or the record is refused where that cannot be told.")
    lines = [
        row["summary"],
        "",
        f"`{name}` of {library}, made for version {table(library)['version']}; its own probability is always 1: use p.",
        "",
        f"Fields: {FIELDS[row['on']].format(targets=targets)}",
        "",
        *(["Args:", *(f"    {p['name']}: {p['doc']}" for p in row["params"]), ""] if row["params"] else []),
        "Draws: seed of the library's generators; library: its version.",
        "",
        "Cost: the transform's own and a lock; telling where things went runs a moving one once more.",
        "",
        f"Flags: {FLAGS.format(library=library)}",
    ]
    return "\n".join(lines)
