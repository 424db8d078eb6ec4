"""The one tree of errors, and the one template their messages follow.

AuguryError                 exit  what it means
├── RecipeError              2    a recipe, schema or step is wrong
├── ParamError               2    a parameter of an op, kind or format is wrong
├── PluginError              2    something about a plugin
│   ├── UnknownId                 no entry of that name is installed
│   ├── AmbiguousId               two distributions give the same id
│   └── PluginBroken              the plugin was found and failed to load
├── CheckFailed              1    verify, replay or a gate found a difference
├── DataError                3    the data is wrong: quarantines one record
│   └── FieldError                a value is not of its field's kind
└── EngineError              4    disk, memory, lock, lost worker: resumable
"""

from __future__ import annotations

from collections.abc import Iterable

from augury.names import nearest


def describe(
    where: str,
    expected: str,
    got: object = None,
    *,
    name: str | None = None,
    known: Iterable[str] = (),
    fix: str = "",
) -> str:
    """Return the message ``<where>: expected <expected>, got <got>. Did you mean ...? Fix: <fix>.`` of an error.

    Args:
        where: The place: a file and line, a step path, a field.
        expected: What would have been right, with units.
        got: What came; its ``repr`` is shown, shortened to 80 characters. None leaves it out.
        name: The misspelt name to find neighbours of.
        known: The accepted names.
        fix: One action, in the imperative.
    """
    text = f"{where}: expected {expected}" if where else f"expected {expected}"
    if got is not None:
        shown = got if isinstance(got, _Shown) else repr(got)
        text += f", got {shown if len(shown) <= 80 else shown[:77] + '...'}"
    text += "."
    if name is not None and (close := nearest(name, known)):
        text += f" Did you mean {' or '.join(close)}?"
    if fix:
        text += f" Fix: {fix.rstrip('.')}."
    return text


class _Shown(str):
    """Text that `describe` shows as it is, without quotes."""


def shown(text: str) -> str:
    """Mark ``text`` to be shown by `describe` without quotes (for types, say)."""
    return _Shown(text)


class AuguryError(Exception):
    """Base of every error that Augury raises on purpose; its text is meant for the user."""

    exit_code = 2


class RecipeError(AuguryError):
    """A recipe, a schema or a step is wrong. Nothing has been run."""


class ParamError(AuguryError):
    """A parameter has a wrong name, type, unit or range."""


class PluginError(AuguryError):
    """Something about a plugin."""


class UnknownId(PluginError):
    """No installed plugin gives this id."""


class AmbiguousId(PluginError):
    """Two distributions give this id; the message lists the full ids."""


class PluginBroken(PluginError):
    """The plugin that gives this id was found and failed to load."""


class CheckFailed(AuguryError):
    """A verification found a difference; the message names the place."""

    exit_code = 1


class DataError(AuguryError):
    """The data is wrong. In a run it quarantines one record with this reason."""

    exit_code = 3


class FieldError(DataError):
    """A value is not of its field's kind."""


class EngineError(AuguryError):
    """The environment failed (disk, memory, lock, lost worker); the run can be resumed."""

    exit_code = 4
