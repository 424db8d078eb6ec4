"""Finding and loading plugins: sorted, one at a time, a broken one recorded and stepped over.

The API's major version is the entry-point group's name (``augury.v1``), so nothing else is read to know it.
``AUGURY_PLUGINS=a,b`` is an allow list of distribution or entry names (empty is safe mode: built-ins only);
``AUGURY_STRICT=1`` raises the first failure instead of recording it.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any

import pluggy

from augury import hookspecs
from augury.errors import PluginBroken
from augury.installed import EntryPoint, entry_points
from augury.names import nearest
from augury.specs import Plugin

GROUP = "augury.v1"
CORE = "augury"


@dataclass(frozen=True, slots=True)
class LoadedPlugin:
    """A plugin that loaded: where it came from, what it gives, how long its hooks module took to import."""

    dist: str
    version: str
    entry: str
    target: str
    plugin: Plugin
    load_seconds: float


@dataclass(frozen=True, slots=True)
class PluginFailure:
    """A plugin that was found and did not load: why, and what to do about it."""

    dist: str
    version: str
    entry: str
    target: str
    cause: str
    fix: str
    error: BaseException | None = None

    def __str__(self) -> str:
        """Return the failure as one line for the user."""
        return f"plugin {self.entry!r} of {self.dist} {self.version}: {self.cause}. Fix: {self.fix}."


def discover() -> tuple[pluggy.PluginManager, list[LoadedPlugin], list[PluginFailure]]:
    """Load the built-ins and every installed plugin that the allow list admits, in (distribution, entry) order.

    Raises:
        PluginBroken: for the first failure under ``AUGURY_STRICT=1``.
    """
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    loaded = [_load_builtin(manager)]
    failures: list[PluginFailure] = []
    allowed = _allow_list()
    for point in entry_points("augury.v"):
        if point.group != GROUP:
            fix = f"install a version of {point.dist} for {GROUP}, or the Augury that speaks {point.group}"
            cause = f"it is written for another plugin API ({point.group}; this is {GROUP})"
            failures.append(_failure(point, cause, fix))
        elif allowed is None or not allowed.isdisjoint(_names_of(point)):
            outcome = _load(manager, point)
            (loaded if isinstance(outcome, LoadedPlugin) else failures).append(outcome)  # type: ignore[arg-type]
    if failures and os.environ.get("AUGURY_STRICT") == "1":
        raise PluginBroken(str(failures[0])) from failures[0].error
    return manager, loaded, failures


def _allow_list() -> set[str] | None:
    value = os.environ.get("AUGURY_PLUGINS")
    return None if value is None else {name.strip().lower() for name in value.split(",") if name.strip()}


def _names_of(point: EntryPoint) -> set[str]:
    dist = point.dist.lower()
    return {dist, dist.removeprefix("augury-"), point.name.lower()}


def _failure(point: EntryPoint, cause: str, fix: str, error: BaseException | None = None) -> PluginFailure:
    return PluginFailure(point.dist, point.version, point.name, point.value, cause, fix, error)


def _load_builtin(manager: pluggy.PluginManager) -> LoadedPlugin:
    from augury import __version__, builtin

    started = time.perf_counter()
    manager.register(builtin, name=CORE)
    return LoadedPlugin(
        CORE, __version__, CORE, "augury.builtin", builtin.augury_plugin(), time.perf_counter() - started
    )


def _load(manager: pluggy.PluginManager, point: EntryPoint) -> LoadedPlugin | PluginFailure:
    dist, version = point.dist, point.version
    started = time.perf_counter()
    try:
        module = _import(point.value)
    except (Exception, SystemExit) as error:
        fix = f"pip install --force-reinstall {dist}, or report it to its authors"
        if (
            isinstance(error, ModuleNotFoundError)
            and error.name
            and not point.value.startswith(error.name.split(".")[0])
        ):
            fix = f"pip install {error.name.split('.')[0]}"
        return _failure(point, f"importing {point.value} raised {type(error).__name__}: {error}", fix, error)
    seconds = time.perf_counter() - started
    name = f"{dist}:{point.name}"
    try:
        manager.register(module, name=name)
        manager.check_pending()
        plugin = _call_hook(manager, module, name)
    except Exception as error:
        if manager.has_plugin(name):
            manager.unregister(name=name)
        return _failure(point, _cause(error), _fix(error, module), error)
    return LoadedPlugin(dist, version, point.name, point.value, plugin, seconds)


def _import(value: str) -> ModuleType:
    module, _, name = value.partition(":")
    found: ModuleType = import_module(module.strip())
    return getattr(found, name.strip()) if name else found


class _WrongHook(Exception):
    """The hooks module holds no usable ``augury_plugin``."""


def _call_hook(manager: pluggy.PluginManager, module: ModuleType, name: str) -> Plugin:
    impls = [i for i in manager.hook.augury_plugin.get_hookimpls() if i.plugin_name == name]
    if not impls:
        raise _WrongHook(f"{module.__name__} has no function augury_plugin marked with @hookimpl")
    result: Any = impls[0].function()
    if not isinstance(result, Plugin):
        raise _WrongHook(f"augury_plugin() returned {type(result).__name__}, not a Plugin")
    return result


def _cause(error: BaseException) -> str:
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    if isinstance(error, _WrongHook):
        return text
    if isinstance(error, pluggy.PluginValidationError):
        return f"a hook is not one of Augury's: {' '.join(str(error).split())}"
    return f"its hook raised {type(error).__name__}: {text}"


def _fix(error: BaseException, module: ModuleType) -> str:
    hooks = [h for h in dir(hookspecs) if h.startswith("augury_")]
    if isinstance(error, pluggy.PluginValidationError):
        marked = [n for n in dir(module) if hasattr(getattr(module, n), f"{hookspecs.PROJECT}_impl") and n not in hooks]
        close = [c for n in marked for c in nearest(n, hooks)]
        return f"rename it to {close[0]}" if close else f"use one of {', '.join(hooks)}"
    if isinstance(error, _WrongHook):
        return "define augury_plugin() with @augury.plugin.hookimpl and return augury.plugin.Plugin(...)"
    return "correct the hooks module; augury.plugin documents what a Plugin holds"
