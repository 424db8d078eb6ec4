"""Specs: what a plugin says it gives. Strings only, so that listing imports nothing.

``target`` is ``module:Name``, imported on first use.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from augury.names import ENTRY_ID


@dataclass(frozen=True, slots=True)
class Spec:
    """One entry of the registry: its id, where it is defined, one line on what it is."""

    id: str
    target: str
    summary: str = ""

    def __post_init__(self) -> None:
        """Check the id's and the target's form."""
        if not ENTRY_ID.fullmatch(self.id):
            raise ValueError(f"{type(self).__name__}: id {self.id!r} is not of the form modality.name (lower case)")
        if self.target.count(":") != 1:
            raise ValueError(f"{type(self).__name__} {self.id}: target {self.target!r} is not of the form module:Name")

    def load(self) -> Any:
        """Import the target and return it.

        Raises:
            ImportError, AttributeError: as the import does; the registry wraps them with the plugin's name.
        """
        module, name = self.target.split(":")
        return getattr(import_module(module), name)


@dataclass(frozen=True, slots=True)
class OpSpec(Spec):
    """An op.

    Args:
        on: The kind or kinds it acts on.
        version: Raised whenever the same key and parameters give another draw or another output.
        effect: The name of its effect, for listings.
        examples: Further parameter sets the conformance kit runs.
        aliases: Former ids.
        hint: The pip line that installs what it needs, shown where its import fails.
    """

    on: str | tuple[str, ...] = ""
    version: int = 1
    effect: str = ""
    examples: tuple[Mapping[str, Any], ...] = ()
    aliases: tuple[str, ...] = ()
    hint: str = ""


@dataclass(frozen=True, slots=True)
class KindSpec(Spec):
    """A kind. ``exceptions`` maps an effect's class name to ``module:function`` that replaces the general rule for it.

    An exception's function is ``fn(kind, carried, effect, map) -> carried``.
    """

    exceptions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EffectSpec(Spec):
    """An effect class (``space``, ``lower(size)``); ``exceptions`` maps a kind's id to ``module:function``.

    ``examples`` are the arguments the conformance kit makes it with; without any it is made with none.
    """

    exceptions: Mapping[str, str] = field(default_factory=dict)
    examples: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class CouplingSpec(Spec):
    """A coupling along a link from an anchor of ``source`` kind to one of ``destination`` kind.

    The target is ``fn(effect, source_info, destination_info) -> {field: Effect} | KEEP | REFUSE``.
    """

    link: str = ""
    space: str = ""
    source: str = ""
    destination: str = ""


@dataclass(frozen=True, slots=True)
class FormatSpec(Spec):
    """A file format: a `augury.formats.Format`. ``extensions`` are those it is guessed from, with the dot."""

    extensions: tuple[str, ...] = ()
    reads: bool = True
    writes: bool = False


@dataclass(frozen=True, slots=True)
class CleanerSpec(Spec):
    """A cleaner: a `augury.cleaner.Cleaner`. ``on`` is the kind or kinds it looks at.

    ``examples`` are further parameter sets the conformance kit runs.
    """

    on: str | tuple[str, ...] = ""
    examples: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class DetectorSpec(Spec):
    """A near-duplicate detector: a `augury.detector.Detector`. ``on`` is the kind or kinds it compares.

    ``default`` says that it is taken for these kinds where the recipe names none; ``audits``, that ``augury verify``
    compares rows of different sides by it, which should be another way than the default one.
    """

    on: str | tuple[str, ...] = ""
    default: bool = True
    audits: bool = False


@dataclass(frozen=True, slots=True)
class CommandSpec(Spec):
    """A command line verb: the target is ``fn(subparsers)`` that adds it."""


@dataclass(frozen=True, slots=True)
class Plugin:
    """What one plugin gives. A misspelt field is a TypeError, found when the plugin is loaded."""

    ops: tuple[OpSpec, ...] | list[OpSpec] = ()
    kinds: tuple[KindSpec, ...] | list[KindSpec] = ()
    effects: tuple[EffectSpec, ...] | list[EffectSpec] = ()
    couplings: tuple[CouplingSpec, ...] | list[CouplingSpec] = ()
    codecs: tuple[Spec, ...] | list[Spec] = ()
    synthesizers: tuple[Spec, ...] | list[Spec] = ()
    formats: tuple[FormatSpec, ...] | list[FormatSpec] = ()
    cleaners: tuple[CleanerSpec, ...] | list[CleanerSpec] = ()
    detectors: tuple[DetectorSpec, ...] | list[DetectorSpec] = ()
    metrics: tuple[Spec, ...] | list[Spec] = ()
    engines: tuple[Spec, ...] | list[Spec] = ()
    lexicons: tuple[Spec, ...] | list[Spec] = ()
    commands: tuple[CommandSpec, ...] | list[CommandSpec] = ()


GROUPS: tuple[str, ...] = tuple(Plugin.__dataclass_fields__)
"""The kinds of entries a plugin can give, in the order listings show them."""

CouplingRule = Callable[[Any, Any, Any], Any]
"""``(effect, source info, destination info) -> {field: Effect} | KEEP | REFUSE``."""


class _Verdict:
    """A coupling's answer other than effects."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name

    def __reduce__(self) -> str:
        return self.name


KEEP = _Verdict("KEEP")
"""The destination stays as it is, rightly."""

REFUSE = _Verdict("REFUSE")
"""The destination cannot follow this effect; with a strict link the record is refused."""
