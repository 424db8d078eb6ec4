"""The kit's machinery: checks are functions of a case; a suite runs each check over every case of an entry.

A *case* is one thing to try about an entry: an op with one set of parameters on one kind, a kind with its samples.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, TypeVar

from augury.catalog import Entry, registry
from augury.errors import AuguryError, PluginBroken, describe, shown

C = TypeVar("C", bound=type)
Run = Callable[[Any], None]

TEMPLATE = re.compile(r"(.+: )?expected .+\.( Did you mean .+\?)?( Fix: .+\.)", re.DOTALL)
"""What every message that Augury raises on purpose looks like."""


class Check(NamedTuple):
    """One check: its name, the function that raises when a case fails it, and which cases it is for."""

    name: str
    run: Run
    when: Callable[[Any], bool]

    @property
    def help(self) -> str:
        """What to do about a failure: the docstring's Troubleshooting line."""
        text = " ".join((self.run.__doc__ or "").split())
        return text[text.index("Troubleshooting:") :]


class Outcome(NamedTuple):
    """How one check of one entry ended: ``error`` is None where it holds."""

    entry: Entry
    check: Check
    error: BaseException | None


class Suite:
    """The checks of one group of entries.

    Args:
        group: The group of the registry ("ops", "kinds", "formats").
        cases: Makes the cases of an entry; it may import the entry.
    """

    def __init__(self, group: str, cases: Callable[[Entry], Sequence[Any]]) -> None:
        """Start without checks."""
        self.group = group
        self.checks: list[Check] = []
        self._make = cases
        self._made: dict[Entry, Sequence[Any]] = {}

    def check(self, when: Callable[[Any], bool] = lambda case: True) -> Callable[[Run], Run]:
        """Return the decorator that adds a check. The first one added is all an entry gets that cannot be imported."""

        def add(run: Run) -> Run:
            if "Troubleshooting:" not in (run.__doc__ or ""):
                raise TypeError(f"the check {run.__name__} needs a line 'Troubleshooting:' in its docstring")
            self.checks.append(Check(run.__name__, run, when))
            return run

        return add

    def cases(self, entry: Entry) -> Sequence[Any]:
        """Return the cases of an entry, made once."""
        if entry not in self._made:
            self._made[entry] = self._make(entry)
        return self._made[entry]

    def pairs(self, dist: str, pattern: str = "*") -> list[tuple[Entry, Check]]:
        """Return every (entry, check) that applies; an entry that cannot be imported has the first check only.

        Raises:
            PluginBroken: when the distribution's plugin did not load, or gives no entry of the group.
        """
        if not __debug__:
            raise RuntimeError("the conformance kit checks by assertions. Fix: run Python without -O.")
        entries = [e for e in registry().entries(self.group) if e.dist == dist and _matches(e, pattern)]
        if not entries:
            failures = [str(f) for f in registry().failures if f.dist == dist]
            got = shown(failures[0] if failures else "none")
            fix = "install it, or name the distribution that gives them"
            raise PluginBroken(describe(f"augury.testing: {dist}", f"{self.group} of this distribution", got, fix=fix))
        return [(entry, check) for entry in entries for check in self._applicable(entry)]

    def _applicable(self, entry: Entry) -> list[Check]:
        try:
            cases = self.cases(entry)
        except Exception:
            return self.checks[:1]
        return [check for check in self.checks if any(_applies(check, case) for case in cases)]

    def run(self, entry: Entry, check: Check) -> None:
        """Run a check on every case of an entry.

        Raises:
            Exception: what the check raised, with the case and the Troubleshooting line added as notes.
        """
        if check is self.checks[0]:
            entry.load()
        for case in self.cases(entry):
            if _applies(check, case):
                try:
                    check.run(case)
                except Exception as error:
                    error.add_note(f"{entry.full_id} {case}: {check.name}")
                    error.add_note(check.help)
                    raise

    def outcomes(self, dist: str, pattern: str = "*") -> Iterator[Outcome]:
        """Run every check of a distribution's entries, without pytest."""
        for entry, check in self.pairs(dist, pattern):
            error: BaseException | None = None
            try:
                self.run(entry, check)
            except Exception as raised:
                error = raised
            yield Outcome(entry, check, error)


def _applies(check: Check, case: Any) -> bool:
    """Whether a check is for a case; where that cannot be told, running it says why."""
    try:
        return check.when(case)
    except Exception:
        return True


def _matches(entry: Entry, pattern: str) -> bool:
    from fnmatch import fnmatchcase

    return fnmatchcase(entry.id, pattern)


class Conformance:
    """Base of the conformance classes. A subclass says what is exempt, and nothing else of the kit can be changed.

    Class attributes:
        exempt: {entry id: {check name: reason}}. An exempt check must fail: the exemption goes when it holds.
    """

    suite: ClassVar[Suite]
    exempt: ClassVar[Mapping[str, Mapping[str, str]]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Refuse a subclass that overrides a part of the kit, or exempts without a reason."""
        super().__init_subclass__(**kwargs)
        base = cls.__mro__[1]
        if base is Conformance:
            return
        for name in ("test_conforms", "suite"):
            if name in cls.__dict__:
                raise TypeError(f"{cls.__name__}: {name} belongs to the kit and cannot be overridden. Fix: use exempt.")
        names = {check.name for check in cls.suite.checks}
        for entry_id, reasons in cls.exempt.items():
            for name, reason in reasons.items():
                where = f"{cls.__name__}.exempt[{entry_id!r}]"
                if name not in names:
                    raise TypeError(
                        describe(where, "a check of the kit", name, name=name, known=names, fix="correct it")
                    )
                if not reason.strip():
                    raise TypeError(describe(where, f"a reason for {name}", reason, fix="say why it cannot hold"))

    def test_conforms(self, entry: Entry, check: Check) -> None:
        """Run one check of the kit on one entry."""
        self.suite.run(entry, check)


def parametrize(dist: str, pattern: str) -> Callable[[C], C]:
    """Return the decorator that gives a `Conformance` class one test id for each (entry, check)."""
    import pytest

    def decorate(cls: C) -> C:
        params = []
        for entry, check in cls.suite.pairs(dist, pattern):  # type: ignore[attr-defined]
            reason = cls.exempt.get(entry.id, {}).get(check.name)  # type: ignore[attr-defined]
            marks = [pytest.mark.xfail(reason=reason, strict=True)] if reason else []
            params.append(pytest.param(entry, check, id=f"{entry.id}-{check.name}", marks=marks))
        return pytest.mark.parametrize(("entry", "check"), params)(cls)

    return decorate


def refusal(error: type[AuguryError], what: str, call: Callable[..., Any], *args: Any) -> str:
    """Return the message with which ``call(*args)`` refuses, which must be an ``error`` in the house's template."""
    try:
        result = call(*args)
    except error as raised:
        text = str(raised)
        assert TEMPLATE.search(text), f"{what}: the message does not follow the template: {text}"
        return text
    raise AssertionError(f"{what}: expected {error.__name__}, got the result {result!r:.200}")


def near(a: Any, b: Any) -> bool:
    """Whether two plain values are equal, floats to 0.001 of their unit."""
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return a.keys() == b.keys() and all(near(a[k], b[k]) for k in a)
    if isinstance(a, float) and isinstance(b, float):
        return abs(a - b) <= 1e-3 + 1e-6 * abs(a) or (a != a and b != b)
    if hasattr(a, "tolist") and hasattr(b, "tolist"):
        return near(a.tolist(), b.tolist())
    if isinstance(a, Sequence) and isinstance(b, Sequence) and not isinstance(a, str | bytes):
        return len(a) == len(b) and all(near(x, y) for x, y in zip(a, b, strict=True))
    return bool(a == b)
