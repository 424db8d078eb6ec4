"""The registry: every entry of every plugin under one name space, loaded when used."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Any

import pluggy

from augury.errors import AmbiguousId, PluginBroken, UnknownId, describe, shown
from augury.names import nearest
from augury.plugins import CORE, LoadedPlugin, PluginFailure, discover
from augury.specs import GROUPS, CouplingSpec, OpSpec, Plugin, Spec

FIRST_PARTY = {
    "image": "augury-image",
    "text": "augury-text",
    "audio": "augury-audio",
    "table": "augury-tabular",
    "recsys": "augury-tabular",
    "albumentations": "augury-bridges",
    "audiomentations": "augury-bridges",
    "kornia": "augury-bridges",
    "librosa": "augury-bridges",
    "nlpaug": "augury-bridges",
    "torchaudio": "augury-bridges",
    "torchvision": "augury-bridges",
}
"""Which distribution gives the ids that begin so: the install hint where it is missing."""


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One entry: its spec and the distribution that gives it. Compared by identity: specs may hold mappings."""

    group: str
    spec: Spec
    dist: str
    dist_version: str

    @property
    def id(self) -> str:
        """The short id."""
        return self.spec.id

    @property
    def full_id(self) -> str:
        """``<distribution>/<id>``: always unambiguous."""
        return f"{self.dist}/{self.spec.id}"

    def load(self) -> Any:
        """Import and return what the entry's target names; its ``entry_id`` is set where it is a class.

        Raises:
            PluginBroken: when the import fails, with cause and fix, or when the distribution needs another core.
        """
        return _load(self)


@cache
def _load(entry: Entry) -> Any:
    _check_core_requirement(entry.dist)
    try:
        target = entry.spec.load()
    except PluginBroken:
        raise  # the plugin names cause and fix itself
    except Exception as error:
        hint = getattr(entry.spec, "hint", "")
        if not hint and isinstance(error, ModuleNotFoundError) and error.name:
            hint = f"pip install {error.name.split('.')[0]}"
        fix = hint or f"correct {entry.spec.target} in {entry.dist}"
        raise PluginBroken(
            f"{entry.id} of {entry.dist} {entry.dist_version}: importing {entry.spec.target} raised "
            f"{type(error).__name__}: {error}. Fix: {fix}."
        ) from error
    if isinstance(target, type):
        target.entry_id = entry.id  # type: ignore[attr-defined]
    return target


@cache
def _check_core_requirement(dist: str) -> None:
    from importlib.metadata import requires

    from augury import __version__

    if dist in (CORE, LOCAL):
        return
    from packaging.requirements import Requirement

    for line in requires(dist) or ():
        requirement = Requirement(line)
        if requirement.name == CORE and not requirement.specifier.contains(__version__, prereleases=True):
            raise PluginBroken(
                describe(
                    dist, f"augury {requirement.specifier}", shown(__version__), fix=f"pip install -U {dist} augury"
                )
            )


class Registry:
    """All entries by group and id. Frozen once built; iteration is in plugin order, listings are sorted."""

    def __init__(
        self, loaded: list[LoadedPlugin], failures: list[PluginFailure], manager: pluggy.PluginManager
    ) -> None:
        """Index the entries of the loaded plugins. `registry` builds the one of this process."""
        self.plugins = tuple(loaded)
        self.failures = tuple(failures)
        self.hooks = manager.hook
        self._by_id: dict[str, dict[str, list[Entry]]] = {group: {} for group in GROUPS}
        self._aliases: dict[tuple[str, str], list[Entry]] = {}
        for plugin in loaded:
            for group in GROUPS:
                for spec in getattr(plugin.plugin, group):
                    entry = Entry(group, spec, plugin.dist, plugin.version)
                    self._by_id[group].setdefault(spec.id, []).append(entry)
                    for alias in getattr(spec, "aliases", ()):
                        self._aliases.setdefault((group, alias), []).append(entry)
        self._couplings: dict[tuple[str, str, str, str], list[Entry]] = {}
        for entry in self.entries("couplings"):
            spec = entry.spec
            assert isinstance(spec, CouplingSpec)
            self._couplings.setdefault((spec.link, spec.space, spec.source, spec.destination), []).append(entry)
        self._exceptions = self._index_exceptions()

    def _index_exceptions(self) -> Mapping[tuple[str, str], list[tuple[Entry, str]]]:
        out: dict[tuple[str, str], list[tuple[Entry, str]]] = {}
        for entry in self.entries("kinds"):
            for effect, target in entry.spec.exceptions.items():  # type: ignore[attr-defined]
                out.setdefault((effect, entry.id), []).append((entry, target))
        for entry in self.entries("effects"):
            for kind, target in entry.spec.exceptions.items():  # type: ignore[attr-defined]
                out.setdefault((entry.spec.target.split(":")[1], kind), []).append((entry, target))
        return MappingProxyType(out)

    def entries(self, group: str) -> list[Entry]:
        """Return every entry of a group, clashing ones included, in plugin order."""
        return [e for entries in self._by_id[group].values() for e in entries]

    def ids(self, group: str) -> list[str]:
        """Return the sorted ids of a group; clashing ids by their full ids."""
        out = []
        for short, entries in self._by_id[group].items():
            owner = _owner(entries)
            out.extend([short] if owner else [])
            out.extend(e.full_id for e in entries if e is not owner)
        return sorted(out)

    def clashes(self) -> dict[str, list[Entry]]:
        """Return the ids that several distributions give, with their entries."""
        return {
            f"{group}:{short}": entries
            for group, by_id in self._by_id.items()
            for short, entries in by_id.items()
            if len(entries) > 1
        }

    def ops(self, pattern: str = "*") -> list[Entry]:
        """Return the ops whose id matches a shell pattern, sorted by id; nothing is imported."""
        found = [self.get("ops", name) for name in self.ids("ops")]
        return [e for e in found if fnmatchcase(e.id, pattern) or fnmatchcase(e.full_id, pattern)]

    def has(self, group: str, name: str) -> bool:
        """Whether an id, short or full, or a former one, is known."""
        dist, _, short = name.rpartition("/")
        known = name in self._by_id[group] or (group, name) in self._aliases
        return known or any(e.dist == dist for e in self._by_id[group].get(short, ()) if dist)

    def get(self, group: str, name: str, where: str = "") -> Entry:
        """Return the entry of an id, short or full.

        Raises:
            UnknownId: with the nearest ids, the plugin to install, or the failure of the plugin that would give it.
            AmbiguousId: when two distributions give it, listing the full ids.
        """
        by_id = self._by_id[group]
        dist, _, short = name.rpartition("/")
        if dist:
            for entry in by_id.get(short, ()):
                if entry.dist == dist:
                    return entry
        entries = by_id.get(name) or self._aliases.get((group, name))
        if not entries or dist:
            raise UnknownId(self._unknown(group, name, where))
        owner = _owner(entries)
        if owner is None:
            full = " or ".join(e.full_id for e in entries)
            place = f"{where}: " if where else ""
            raise AmbiguousId(
                f"{place}{group[:-1]} {name!r} is given by several distributions. "
                f"Fix: write {full}, or uninstall one of them."
            )
        return owner

    def _unknown(self, group: str, name: str, where: str) -> str:
        kind = group[:-1]
        prefix = name.split(".")[0]
        given = {e.split(".")[0] for e in self._by_id[group]}
        fix = f"see augury ops list {prefix}.*" if group == "ops" else f"use one of {', '.join(self.ids(group))}"
        if group == "ops" and prefix not in given and prefix in FIRST_PARTY:
            fix = f"pip install {FIRST_PARTY[prefix]}"
        article = "an" if kind[0] in "aeiou" else "a"
        text = describe(where, f"{article} {kind} that is installed", name, name=name, known=self.ids(group), fix=fix)
        # Which ids a plugin would have given is not known when it did not load: each of them may be the one.
        return " Note: ".join([text, *map(str, self.failures)])

    def load(self, group: str, name: str, where: str = "") -> Any:
        """Return the class or function of an id; see `get` and `Entry.load` for the errors."""
        return self.get(group, name, where).load()

    def op_version(self, name: str) -> int:
        """Return an op's version."""
        spec = self.get("ops", name).spec
        assert isinstance(spec, OpSpec)
        return spec.version

    def coupling(self, link: str, space: str, source: str, destination: str) -> Entry | None:
        """Return the coupling of a link between two kinds, or None.

        Raises:
            AmbiguousId: when two plugins give one.
        """
        found = self._couplings.get((link, space, source, destination), [])
        if len(found) > 1:
            names = " and ".join(e.full_id for e in found)
            raise AmbiguousId(f"two couplings for {link} from {source} to {destination}: {names}. Fix: uninstall one.")
        return found[0] if found else None

    def exceptions(self, kinds: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Return effect class name to kind to function, for the exceptions among ``kinds``; see `exception`."""
        out: dict[str, dict[str, Any]] = {}
        for kind in set(kinds):
            for effect, other in self._exceptions:
                if other == kind:
                    out.setdefault(effect, {})[kind] = self.exception(effect, kind)
        return out

    def exception(self, effect: str, kind: str) -> Any:
        """Return the function that replaces the general rule for an effect's class name and a kind, or None.

        Raises:
            AmbiguousId: when two distributions give one.
        """
        found = self._exceptions.get((effect, kind), [])
        if len(found) > 1:
            names = " and ".join(e.dist for e, _ in found)
            raise AmbiguousId(f"two rules for {effect} on {kind}, from {names}. Fix: uninstall one of them.")
        return Spec("rule", found[0][1]).load() if found else None


def _owner(entries: list[Entry]) -> Entry | None:
    """The entry that a short id means: the only one, or the core's, whose ids are reserved."""
    if len(entries) == 1:
        return entries[0]
    return next((e for e in entries if e.dist == CORE), None)


LOCAL = "this-process"
"""The distribution name of transforms that were made of functions in this process."""

_local: dict[str, OpSpec] = {}


def add_local(spec: OpSpec) -> None:
    """Add an op of this process to the registry; one of the same id made here before is replaced."""
    if _local.get(spec.id) is not spec:
        _local[spec.id] = spec
        registry.cache_clear()


@contextmanager
def local_ops() -> Iterator[None]:
    """Start without ops of this process, and in the end have those of before again."""
    before = dict(_local)
    _restore({})
    try:
        yield
    finally:
        _restore(before)


def added_by(define: Callable[[], object]) -> list[OpSpec]:
    """Return the ops of this process that a call adds; when it raises, none of them stays."""
    before = dict(_local)
    try:
        define()
    except BaseException:
        _restore(before)
        raise
    return [spec for name, spec in _local.items() if before.get(name) is not spec]


def _restore(ops: Mapping[str, OpSpec]) -> None:
    _local.clear()
    _local.update(ops)
    registry.cache_clear()


@lru_cache(maxsize=1)
def registry() -> Registry:
    """Return this process's registry, built on first use. ``registry.cache_clear()`` builds it anew."""
    manager, loaded, failures = discover()
    if _local:
        local = Plugin(ops=list(_local.values()))
        loaded.append(LoadedPlugin(LOCAL, "0", LOCAL, "augury.functions", local, 0.0))
    return Registry(loaded, failures, manager)


def suggest(group: str, name: str) -> list[str]:
    """Return the nearest ids of a group."""
    return nearest(name, registry().ids(group))
