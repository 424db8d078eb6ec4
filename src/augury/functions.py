"""One function as a transform: ``@augury.transform("image.sepia")``.

    @augury.transform("image.sepia")
    def sepia(image, rng, *, strength: float = 0.5):
        '''Warm brown tint.'''
        ...
        return tinted

The function is given a value of its kind and an `augury.rng.Rng`, and returns a new value of the same size;
keyword-only arguments with defaults become parameters. It is known to this process only, unless it stands
in a file that a recipe names (`FunctionFile`); a distribution makes it installable.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache
from hashlib import blake2b, sha256
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar, NamedTuple, TypeVar, cast

from augury.catalog import add_local, added_by
from augury.effects import Copy, Effects, Insert, Pixels, Rope, Rows, Samples
from augury.errors import ParamError, describe, shown
from augury.op import Info, Op
from augury.params import params_of
from augury.rng import Rng
from augury.specs import OpSpec

F = TypeVar("F", bound=Callable[..., Any])

ANCHORS = {"image": "image", "text": "text", "audio": "audio", "table": "row"}
"""What the first part of an id says the function acts on."""


@dataclass(frozen=True, slots=True)
class LocalOpSpec(OpSpec):
    """The spec of a transform of this process: it holds its op instead of naming it."""

    op: type[Op] = Op

    def load(self) -> type[Op]:
        """Return the op."""
        return self.op

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Pickle as what a file defines, where it does."""
        file = getattr(self.op, "file", None)
        return OpSpec.__reduce_ex__(self, protocol) if file is None else (_spec, (file, self.id))


class FunctionFile(NamedTuple):
    """A Python file with transforms, as it was read: another process runs these bytes, whatever has become of it."""

    path: Path
    source: bytes

    @property
    def hash(self) -> str:
        """The SHA-256 of its bytes."""
        return sha256(self.source).hexdigest()

    def load(self) -> Mapping[str, LocalOpSpec]:
        """Return the specs of the file's ops by id and add them to this process's registry.

        The file is executed once in a process.

        Raises:
            Exception: what the file raises; then nothing of it is in the registry.
        """
        specs = _execute(self)
        for spec in specs:
            add_local(spec)
        return {spec.id: spec for spec in specs}


@cache
def _execute(file: FunctionFile) -> list[LocalOpSpec]:
    module = ModuleType(f"augury_transforms_{file.hash[:16]}")
    module.__file__ = str(file.path)
    code = compile(file.source, str(file.path), "exec", dont_inherit=True)
    sys.modules[module.__name__] = module  # where dataclasses and type hints look names up
    specs = cast("list[LocalOpSpec]", added_by(lambda: exec(code, module.__dict__)))
    for spec in specs:
        spec.op.file = file  # type: ignore[attr-defined]
    return specs


def _spec(file: FunctionFile, id: str) -> LocalOpSpec:
    """Return an unpickled spec, its file executed first where this process has not done so."""
    return file.load()[id]


def _op(file: FunctionFile, id: str, given: Mapping[str, Any]) -> Op:
    """Return an unpickled op, as `_spec` does."""
    return _spec(file, id).op(**given)


def transform(id: str, *, version: int = 1) -> Callable[[F], F]:
    """Make an op of a function and add it to this process's registry; the function itself is returned unchanged.

    Args:
        id: ``image.``, ``text.``, ``audio.`` or ``table.`` and a name. The function is given an array [H, W, C], a
            text, float32 samples [C, T] (and ``rate``, if it has that argument), or a mapping of one row's columns;
            it returns the same, for a table only the columns it changes.
        version: Raise it when the function changes, so that lineages tell the two apart.

    Raises:
        ParamError: when the id or the function's signature is not of that form.
    """

    def register(fn: F) -> F:
        op = _make(id, fn)
        summary = (inspect.getdoc(fn) or f"The function {fn.__name__}.").splitlines()[0]
        effects = {"image": "Pixels", "text": "Rope", "audio": "Samples", "row": "Rows"}
        on = ANCHORS[id.split(".")[0]]
        add_local(LocalOpSpec(id, f"{fn.__module__}:{fn.__qualname__}", summary, on, version, effects[on], op=op))
        return fn

    return register


def _make(id: str, fn: Callable[..., Any]) -> type[Op]:
    prefix = id.split(".")[0]
    if prefix not in ANCHORS or "." not in id:
        accepted = ", ".join(f"{p}.name" for p in ANCHORS)
        raise ParamError(
            describe("augury.transform", f"an id of the form {accepted}", id, fix="name what it acts on first")
        )
    arguments = inspect.signature(fn, eval_str=True).parameters
    positional = [a for a in arguments.values() if a.kind in (a.POSITIONAL_ONLY, a.POSITIONAL_OR_KEYWORD)]
    if len(positional) != 2:
        got = shown(f"({', '.join(arguments)})")
        raise ParamError(
            describe(id, "a function of (value, rng, *, parameters)", got, fix="take the value and the rng")
        )
    keywords = [a for a in arguments.values() if a.kind is a.KEYWORD_ONLY and a.name != "rate"]
    for argument in keywords:
        if argument.default is argument.empty or argument.annotation is argument.empty:
            got = shown(f"parameter {argument.name}")
            raise ParamError(
                describe(id, "parameters with a type and a default", got, fix=f"write {argument.name}: float = 0.5")
            )
    body: dict[str, Any] = {
        "__annotations__": {a.name: a.annotation for a in keywords},
        "__doc__": inspect.getdoc(fn) or fn.__name__,
        "__module__": fn.__module__,
        "fn": staticmethod(fn),
        "takes_rate": "rate" in arguments,
        **{a.name: a.default for a in keywords},
    }
    made: type[Op] = type(fn.__name__.title().replace("_", ""), (_BASES[ANCHORS[prefix]],), body)
    made.entry_id = id
    return made


def _call(value: Any, seed: int, fn: Callable[..., Any], params: Mapping[str, Any]) -> Any:
    """Run the user's function on a copy, so that it may work in place, with a random stream made of ``seed``."""
    return fn(copy(value), Rng(blake2b(seed.to_bytes(8, "little")).digest()), **params)


class _Function(Op):
    """Base of ops made of functions: the draw is one sub-seed."""

    file: ClassVar[FunctionFile | None] = None

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle with the file the function stands in: it is no module that another process could import."""
        return super().__reduce__() if self.file is None else (_op, (self.file, self.entry_id, self.given))

    def draw(self, rng: Rng, info: Info) -> Any:
        """Return the sub-seed the function's own stream is made of."""
        return {"seed": rng.seed()}

    @property
    def given(self) -> dict[str, Any]:
        """The function's parameters."""
        return {p.name: getattr(self, p.name) for p in params_of(type(self))}


class _ImageFunction(_Function):
    """A function of an image array."""

    on = "image"

    def effect(self, draw: Any, info: Info) -> Effects:
        """Return the function as opaque pixels."""
        return Pixels(_call, {"seed": draw["seed"], "fn": self.fn, "params": self.given})  # type: ignore[attr-defined]


def _call_samples(samples: Any, rate: int, seed: int, fn: Callable[..., Any], params: Mapping[str, Any]) -> Any:
    return _call(samples, seed, fn, params)


def _call_samples_with_rate(
    samples: Any, rate: int, seed: int, fn: Callable[..., Any], params: Mapping[str, Any]
) -> Any:
    return _call(samples, seed, fn, {**params, "rate": rate})


class _AudioFunction(_Function):
    """A function of float32 samples."""

    on = "audio"

    def effect(self, draw: Any, info: Info) -> Effects:
        """Return the function as opaque samples."""
        call = _call_samples_with_rate if self.takes_rate else _call_samples  # type: ignore[attr-defined]
        return Samples(call, {"seed": draw["seed"], "fn": self.fn, "params": self.given})  # type: ignore[attr-defined]


class _TextFunction(_Function):
    """A function of a text: its result is compared with the text, so that spans and tags follow what really changed."""

    on = "text"
    reads = frozenset({"value"})

    def draw(self, rng: Rng, info: Info) -> Any:
        """Return the edits: pairs [a, b] that stay and texts that are new."""
        before = info.value
        after = _call(before, rng.seed(), self.fn, self.given)  # type: ignore[attr-defined]
        edits: list[Any] = []
        for tag, a0, a1, b0, b1 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
            if tag == "equal":
                edits.append([a0, a1])
            elif b1 > b0:
                edits.append(after[b0:b1])
        return {"edits": edits}

    def effect(self, draw: Any, info: Info) -> Effects:
        """Return the edits as a rope."""
        return Rope(tuple(Insert(e) if isinstance(e, str) else Copy(e[0], e[1]) for e in draw["edits"]))


def _call_rows(columns: Mapping[str, Any], seed: Any, fn: Any, params: Any, names: Any) -> dict[str, Any]:
    import numpy as np

    out = {name: np.array(columns[name]) for name in names[0]}
    for row in range(len(seed)):
        changed = _call({name: columns[name][row] for name in names[0]}, int(seed[row]), fn[row], params[row])
        for name, value in changed.items():
            out[name][row] = value
    return out


class _TableFunction(_Function):
    """A function of one row: a mapping of its columns."""

    on = "row"
    columns = ("number", "category", "datetime", "boolean")

    def effect(self, draw: Any, info: Info) -> Effects:
        """Return the function over the step's columns."""
        names = tuple(info.size.columns)
        args = {"seed": draw["seed"], "fn": self.fn, "params": self.given, "names": names}  # type: ignore[attr-defined]
        return Rows(_call_rows, args, names, names)


_BASES: Mapping[str, type[Op]] = {
    "image": _ImageFunction,
    "audio": _AudioFunction,
    "text": _TextFunction,
    "row": _TableFunction,
}
