"""Letters, marks on them, and a kind that breaks the contract."""

from typing import Any

import pyarrow as pa

from augury.errors import FieldError, describe
from augury.kinds import Kind
from augury.record import type_name
from augury.spaces.text import TextSize, render


class Letters(Kind):
    """A text."""

    space = "text"

    def check(self, value: Any) -> str:
        """Return the text; a list of letters is joined."""
        if isinstance(value, list) and all(isinstance(v, str) for v in value):
            return "".join(value)
        if not isinstance(value, str):
            raise FieldError(describe("", "a text", type_name(value), fix="give a str"))
        return value

    def size(self, value: str) -> TextSize:
        """Return its length."""
        return TextSize(len(value))

    def render(self, value: str, segment: Any) -> str:
        """Return the edited text."""
        return render(value, segment.pieces, getattr(segment, "sources", ()))

    def arrow(self) -> pa.DataType:
        """String."""
        return pa.string()

    def samples(self) -> list[Any]:
        """Return texts."""
        return ["the quick brown fox", "", "aé中", "one two three"]


class Remarks(Letters):
    """A text about another, with no rule that follows it but broken ones."""


class Marks(Kind):
    """(start, end, label) of a text; a mark that is broken is dropped."""

    follows = frozenset({"text"})

    def check(self, value: Any) -> list[tuple[int, int, str]]:
        """Return a list of tuples."""
        try:
            return [(int(a), int(b), str(label)) for a, b, label in value]
        except (TypeError, ValueError) as error:
            raise FieldError(
                describe("", "(start, end, label)s", type_name(value), fix="give a list of them")
            ) from error

    def follow(self, carried: Any, where: Any) -> Any:
        """Keep the marks whose text is whole."""
        out = []
        for a, b, label in carried:
            out.extend((s, e, label) for s, e in where.exact(a, b)[:1])
        return sorted(out)

    def is_empty(self, value: Any) -> bool:
        """Whether no mark is left."""
        return not value

    def arrow(self) -> pa.DataType:
        """list<struct>."""
        return pa.list_(pa.struct([("a", pa.int64()), ("b", pa.int64()), ("label", pa.string())]))

    def pack(self, value: Any) -> Any:
        """Return structs."""
        return [{"a": a, "b": b, "label": label} for a, b, label in value]

    def unpack(self, stored: Any) -> Any:
        """Return tuples."""
        return [(s["a"], s["b"], s["label"]) for s in stored]

    def samples(self) -> list[Any]:
        """Return marks on the first letters."""
        return [[(0, 3, "article"), (16, 19, "noun")], [], [(4, 9, "adjective")]]


class Points(Kind):
    """The code points of a text: a list of whole numbers."""

    def check(self, value: Any) -> list[int]:
        """Return the list."""
        if not isinstance(value, list) or not all(isinstance(v, int) for v in value):
            raise FieldError(describe("", "code points", type_name(value), fix="give a list of int"))
        return value

    def arrow(self) -> pa.DataType:
        """list<int64>."""
        return pa.list_(pa.int64())

    def samples(self) -> list[Any]:
        """Return code points."""
        return [[97, 98], []]


class Lossy(Kind):
    """Packs everything as the same."""

    def check(self, value: Any) -> Any:
        """Return a text."""
        if not isinstance(value, str):
            raise FieldError("no text")
        return value

    def digest(self, value: Any) -> bytes:
        """Return the value's bytes."""
        return str(value).encode()

    def arrow(self) -> pa.DataType:
        """String."""
        return pa.string()

    def pack(self, value: Any) -> str:
        """Return a constant."""
        return "same"

    def samples(self) -> list[Any]:
        """Return texts."""
        return ["a", "b"]
