"""Reading keys of a recipe's mappings: the right type, a known name, else a collected mistake."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from augury.errors import AuguryError, shown
from augury.params import Configured, params_of
from augury.recipe.problems import Problems
from augury.recipe.yaml import Path, dotted


class Section:
    """One mapping of the recipe: its keys are taken one by one, and those left over are unknown.

    Args:
        given: What the document has there; anything but a mapping is a mistake.
        path: Where it stands.
        problems: Where mistakes go.
    """

    def __init__(self, given: Any, path: Path, problems: Problems) -> None:
        """Check that it is a mapping."""
        self.path = path
        self.problems = problems
        if not isinstance(given, Mapping):
            got = shown("nothing") if given is None else given
            problems.add(path, "a mapping of keys to values", got, fix="write {key: value}")
            given = {}
        self.given: Mapping[str, Any] = given
        self._taken: list[str] = []

    def take(self, key: str, kind: type | tuple[type, ...], expected: str, default: Any = None, fix: str = "") -> Any:
        """Return the value of a key that must be of a plain type, or the default."""
        self._taken.append(key)
        value = self.given.get(key)
        if value is None:
            return default
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            self.problems.add((*self.path, key), expected, value, fix=fix or f"write {expected}")
            return default
        return value

    def choose(self, key: str, choices: tuple[str, ...], default: str | None) -> str | None:
        """Return the value of a key that must be one of some words, or the default."""
        words = " or ".join(choices)
        value: str | None = self.take(key, str, words, default, f"use {words}")
        if value is not None and value not in choices:
            self.problems.add((*self.path, key), words, value, name=value, known=choices, fix=f"use {words}")
            return default
        return value

    def name(self, key: str, known: Mapping[str, Any], what: str) -> str | None:
        """Return the value of a key that must be a known name (of a field, say), or None."""
        value: str | None = self.take(key, str, f"the name of {what}")
        if value is not None and value not in known:
            fix = f"use one of {', '.join(known) or '(there is none)'}"
            self.problems.add((*self.path, key), f"the name of {what}", value, name=value, known=known, fix=fix)
            return None
        return value

    def raw(self, key: str) -> Any:
        """Return the value of a key as it is, or None."""
        self._taken.append(key)
        return self.given.get(key)

    def rest(self) -> dict[str, Any]:
        """Return what has not been taken."""
        return {k: v for k, v in self.given.items() if k not in self._taken}

    def end(self) -> None:
        """Make mistakes of the keys that nothing has taken."""
        for key in self.rest():
            self.problems.unknown((*self.path, key), self._taken)

    def configure(
        self, cls: type[Configured], given: Mapping[str, Any], more: tuple[str, ...] = ()
    ) -> Configured | None:
        """Build a configured class from keys of this section, each checked by itself so that all mistakes show.

        Args:
            cls: What to build.
            given: Its parameters.
            more: Further keys the section knows, for the nearest names of unknown ones.
        """
        known = [p.name for p in params_of(cls)]
        required = any(p.required for p in params_of(cls))
        before = len(self.problems)
        for key, value in given.items():
            if key not in known:
                self.problems.unknown((*self.path, key), [*more, *known])
            elif not required:
                self._try(cls, {key: value})
        return self._try(cls, given) if len(self.problems) == before else None

    def _try(self, cls: type[Configured], given: Mapping[str, Any]) -> Configured | None:
        try:
            return cls.build(given, dotted(self.path))
        except AuguryError as error:
            self.problems.error(self.path, error)
            return None
