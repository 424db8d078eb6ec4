"""The registries of heads and backbones, open to other distributions.

    from augury_synthesis.heads import Head, heads

    @heads.register("hurdle")
    class Hurdle(Head):
        kind = "real"

A distribution names the module that does so in its entry points, group ``augury_synthesis.parts``; models that were
trained with its parts then load in any process. Whole synthesizers and objectives are registered as everything else
is: ``Plugin(synthesizers=[...])``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.metadata import entry_points
from typing import Generic, TypeVar

from augury.errors import ParamError, PluginBroken, describe, shown

GROUP = "augury_synthesis.parts"
T = TypeVar("T", bound=type)
P = TypeVar("P", bound=type)


class Parts(Generic[P]):
    """Classes by name, with a default for each of what they serve.

    Args:
        what: What they are, for messages.
        serves: The class attribute that says what a class serves: a head's ``kind``, a backbone's ``axes``.
    """

    def __init__(self, what: str, serves: str) -> None:
        """Start empty."""
        self.what, self.serves = what, serves
        self._classes: dict[str, P] = {}

    def register(self, name: str) -> Callable[[T], T]:
        """Return the decorator that adds a class under ``name``; the first one of what it serves is the default.

        Raises:
            PluginBroken: when another class has the name.
        """

        def add(cls: T) -> T:
            known = self._classes.setdefault(name, cls)  # type: ignore[arg-type]
            if known is not cls and (known.__module__, known.__qualname__) != (cls.__module__, cls.__qualname__):
                got = shown(f"{known.__module__}:{known.__qualname__} and {cls.__module__}:{cls.__qualname__}")
                raise PluginBroken(describe(f"{self.what} {name!r}", "one class", got, fix="rename one of them"))
            return cls

        return add

    def get(self, serves: str, names: tuple[str, ...] = ()) -> P | None:
        """Return the one of ``names`` that serves something, else the default for it, or None where nothing serves it.

        Raises:
            ParamError: for a name that is not registered.
        """
        discover()
        for name in names:
            if name not in self._classes:
                fix = f"use one of {', '.join(self._classes)}"
                raise ParamError(
                    describe(self.what, f"a registered {self.what}", name, name=name, known=self._classes, fix=fix)
                )
        chosen = [self._classes[name] for name in names]
        return next((c for c in [*chosen, *self._classes.values()] if getattr(c, self.serves) == serves), None)


@cache
def discover() -> None:
    """Import the modules of installed distributions that register parts, once.

    Raises:
        PluginBroken: when one fails to import, with the cause.
    """
    import augury_synthesis.backbones
    import augury_synthesis.heads  # noqa: F401

    for entry in sorted(entry_points(group=GROUP), key=lambda e: (e.name, e.value)):
        try:
            entry.load()
        except Exception as error:
            dist = entry.dist.name if entry.dist else entry.value
            got = shown(f"{type(error).__name__}: {error}")
            fix = f"correct or uninstall {dist}"
            raise PluginBroken(describe(f"{GROUP} {entry.name}", "a module that imports", got, fix=fix)) from error
