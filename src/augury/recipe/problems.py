"""Everything that is wrong with a recipe, collected with its places and shown at once."""

from __future__ import annotations

from typing import Any, NamedTuple

from augury.errors import AuguryError, RecipeError, describe
from augury.recipe.yaml import Document, Path, dotted


class Problem(NamedTuple):
    """One mistake: the line it is on, its dotted path, and the whole message."""

    line: int
    path: str
    message: str


class RecipeErrors(RecipeError):
    """All mistakes of a recipe, a line each, in the order of the text."""

    def __init__(self, problems: list[Problem]) -> None:
        """Hold the mistakes."""
        self.problems = problems
        super().__init__("\n".join(p.message for p in problems))


class Problems:
    """Collects the mistakes of one document."""

    def __init__(self, document: Document) -> None:
        """Start with none."""
        self.document = document
        self._found: dict[str, Problem] = {}

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._found)

    def add(self, path: Path, expected: str, got: Any = None, **more: Any) -> None:
        """Add a mistake at a path; see `augury.errors.describe` for the rest."""
        self._keep(path, describe(self.document.where(path), expected, got, **more))

    def unknown(self, path: Path, known: list[str], what: str = "a known key") -> None:
        """Add the mistake of a key that nothing reads."""
        name = str(path[-1])
        self.add(path, what, name, name=name, known=known, fix=f"use one of {', '.join(known)}")

    def error(self, path: Path, error: AuguryError) -> None:
        """Add an error raised for what stands at ``path``, with the line of the place that its words begin with."""
        for text in str(error).splitlines():
            head, _, rest = text.partition(": ")
            if " " in head or not rest:
                head, rest = "", text
            place = head if head.startswith(dotted(path)) else ".".join(filter(None, (dotted(path), head)))
            line = self.document.where(self.document.locate(place), place)
            self._keep(self.document.locate(place), f"{line}: {rest}")

    def quote(self, path: Path, error: AuguryError) -> None:
        """Add an error whose own place is elsewhere (a data file), as it is."""
        self._keep(path, f"{self.document.where(path)}: {error}")

    def _keep(self, path: Path, message: str) -> None:
        self._found.setdefault(message, Problem(self.document.line(path), dotted(path), message))

    def raise_if_any(self) -> None:
        """Raise all of them, in the order of the text.

        Raises:
            RecipeErrors: when there is any.
        """
        if self._found:
            raise RecipeErrors(sorted(self._found.values(), key=lambda p: p.line))
