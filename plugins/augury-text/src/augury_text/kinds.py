"""The kinds of text: strings, labelled spans of them, and tags of their tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple

from augury.effects import Copy
from augury.errors import FieldError, describe, shown
from augury.kinds import Kind
from augury.record import type_name
from augury.spaces.text import TextMap, TextSegment, TextSize, length, render
from augury_text.places import Places
from augury_text.tokens import word_spans

if TYPE_CHECKING:
    import pyarrow as pa

    from augury.views import Run, Words


class Text(Kind):
    """A string. Offsets on it count Unicode code points, as Python does.

    Args:
        empty: "keep" takes a text without any character as a value, "refuse" refuses the record.
    """

    space = "text"

    empty: Literal["keep", "refuse"] = "keep"

    def check(self, value: Any) -> str:
        """Return a plain str; text that UTF-8 cannot hold is refused.

        Raises:
            FieldError: bytes, another type, lone surrogates, or an empty text where those are refused.
        """
        if type(value) is not str:
            if isinstance(value, bytes | bytearray):
                fix = 'decode it: value.decode("utf-8")'
                raise FieldError(describe("", "text (str)", type_name(value), fix=fix))
            if not isinstance(value, str):
                raise FieldError(describe("", "text (str)", type_name(value), fix="convert it with str()"))
            value = str(value)
        if not value and self.empty == "refuse":
            raise FieldError(describe("", "a text with at least one character", value, fix="drop the record"))
        if not value.isascii():
            try:
                value.encode()
            except UnicodeEncodeError as cause:
                what = f"a lone surrogate at character {cause.start}"
                fix = "read the file in the encoding it was written in"
                raise FieldError(describe("", "text that UTF-8 can hold", shown(what), fix=fix)) from cause
        return value

    def arrow(self) -> pa.DataType:
        """A string, in UTF-8."""
        import pyarrow as pa

        return pa.string()

    def size(self, value: str) -> TextSize:
        """Length in characters."""
        return TextSize(len(value))

    def render(self, value: str, segment: TextSegment) -> str:
        """Put the pending pieces together, once."""
        return render(value, segment.pieces)

    def is_empty(self, value: str) -> bool:
        """Whether nothing but blanks is left."""
        return not value.strip()

    def show(self, value: str) -> Words:
        """Return the text, to be shown with its changes."""
        from augury.views import Words

        return Words(value)

    def samples(self) -> list[str]:
        """Return texts for tests: English, and everything offsets go wrong on."""
        return [
            "The quick brown fox jumps over the lazy dog.",
            "A small dog, left of the old car, barks loudly.\r\n\tThen\u00a0it runs away!",
            "Cafe\u0301 \U0001f469\u200d\U0001f467 \u6f22\u5b57 and 1\ufe0f\u20e3 well-acted \u201cfilm\u201d\u2026",
            "",
        ]


class Label(NamedTuple):
    """A labelled range of characters [start, end) of a text."""

    start: int
    end: int
    label: str


class Tag(NamedTuple):
    """A tagged token of a text: the characters [start, end)."""

    start: int
    end: int
    tag: str


class _Ranges(Kind):
    """What spans and tags share: a tuple of (start, end, name), kept as a list of structs."""

    follows = frozenset({"text"})
    item: ClassVar[type[Label] | type[Tag]]

    def check(self, value: Any) -> tuple[Any, ...]:
        """Return a tuple of `Label` or `Tag`; triples and mappings of the same names are taken.

        Raises:
            FieldError: another form, an offset that is no integer, an empty or negative range, a name that is no str.
        """
        if type(value) is tuple and all(type(item) is self.item for item in value):
            return self.arranged(value)
        if isinstance(value, str | bytes | Mapping) or not isinstance(value, Sequence):
            expected = f"a list of ({', '.join(self.item._fields)})"
            raise FieldError(describe("", expected, type_name(value), fix="write [[0, 5, 'PER']], say"))
        return self.arranged(tuple(_item(self.item, item, index) for index, item in enumerate(value)))

    def arranged(self, ranges: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return the ranges if they may stand together."""
        return ranges

    def arrow(self) -> pa.DataType:
        """list<struct<start: int64, end: int64, and the name: string>>."""
        import pyarrow as pa

        start, end, name = self.item._fields
        return pa.list_(pa.struct([(start, pa.int64()), (end, pa.int64()), (name, pa.string())]))

    def pack(self, value: tuple[Any, ...]) -> list[dict[str, Any]]:
        """Return a list of mappings."""
        return [item._asdict() for item in value]

    def open(self, value: tuple[Any, ...], size: TextSize) -> tuple[Any, ...]:
        """Return the ranges, held against the text they lie on.

        Raises:
            FieldError: a range that ends beyond the text.
        """
        for item in value:
            if item.end > size.length:
                expected = f"offsets up to {size.length}, the length of its text"
                fix = "count characters, not bytes, from the text's start"
                raise FieldError(describe("", expected, tuple(item), fix=fix))
        return value

    def show(self, value: tuple[Any, ...]) -> list[Run]:
        """Return the ranges as marks."""
        from augury.views import Run

        return [Run(*item) for item in value]

    def is_empty(self, value: tuple[Any, ...]) -> bool:
        """Whether none is left."""
        return not value


class Spans(_Ranges):
    """Labelled character ranges of a text: entities, answers, aspects. They may overlap; their order is kept.

    A span goes where its characters go, all together and unchanged; one whose characters were edited, parted or
    deleted is dropped with its label. Where its text was copied twice it is there twice.

    Args:
        replaced: What becomes of a span whose words were replaced by others that stand for them (synonyms): "drop",
            or "keep" to let the label stay on the new words.
    """

    item = Label

    replaced: Literal["drop", "keep"] = "drop"

    def follow(self, carried: tuple[Label, ...], where: TextMap) -> tuple[Label, ...]:
        """Return the spans where they are after an edit."""
        out: list[Label] = []
        places = Places(where)
        for start, end, label in carried:
            found = places.exact(start, end)
            if not found and self.replaced == "keep":
                found = places.image(start, end)
            out += [Label(a, b, label) for a, b in found]
        return tuple(out)

    def samples(self) -> list[tuple[Label, ...]]:
        """Return spans on the first sample of `Text`, overlapping and none."""
        return [(Label(4, 19, "ANIMAL"), Label(4, 9, "ADJ"), Label(40, 43, "ANIMAL")), (Label(26, 44, "WHERE"),), ()]


class Tags(_Ranges):
    """One tag for each token of a text, as (start, end, tag) in order and apart; `augury_text.tagged` makes them.

    A tag goes where its token goes, also where the token was replaced or changed in part; it goes with a deleted one.

    Args:
        inserted: The tag of words that an edit inserts and that stand for none; None gives them no tag.
    """

    item = Tag

    inserted: str | None = "O"

    def arranged(self, ranges: tuple[Tag, ...]) -> tuple[Tag, ...]:
        """Return the tags if their tokens are in order and apart."""
        for before, after in pairwise(ranges):
            if before.end > after.start:
                got = shown(f"{tuple(before)} before {tuple(after)}")
                fix = "sort them, or declare the field spans"
                raise FieldError(describe("", "tokens in order and apart", got, fix=fix))
        return ranges

    def follow(self, carried: tuple[Tag, ...], where: TextMap) -> tuple[Tag, ...]:
        """Return the tags where their tokens are after an edit, in the order of the new text."""
        places = Places(where)
        out = [Tag(a, b, tag) for start, end, tag in carried for a, b in places.image(start, end)]
        if self.inserted is not None:
            out += [Tag(a, b, self.inserted) for a, b in _new_words(where)]
        return tuple(sorted(out))

    def samples(self) -> list[tuple[Tag, ...]]:
        """Return tags of all tokens of the first sample of `Text`, of some, and none."""
        text = Text().samples()[0]
        names = ("DET", "ADJ", "ADJ", "NOUN", "VERB", "ADP", "DET", "ADJ", "NOUN")
        whole = tuple(Tag(a, b, name) for (a, b), name in zip(word_spans(text), names, strict=True))
        return [whole, whole[2:5], ()]


def tagged(text: str, tokens: Sequence[str], tags: Sequence[str]) -> tuple[Tag, ...]:
    """Return the value of a `tags` field from a text, its tokens in order, and a tag for each.

    Args:
        text: the text; tokens may be parted by anything.
        tokens: each is found in the text after the one before it.
        tags: as many as tokens.

    Raises:
        FieldError: a token is not found, or the numbers differ.
    """
    if len(tokens) != len(tags):
        fix = "give one tag for each token"
        raise FieldError(describe("", f"{len(tokens)} tags", shown(str(len(tags))), fix=fix))
    out, at = [], 0
    for token, tag in zip(tokens, tags, strict=True):
        start = text.find(token, at)
        if start < 0 or not token:
            expected = f"a token of the text after character {at}"
            raise FieldError(describe("", expected, token, fix="give the tokens as the text has them, in order"))
        at = start + len(token)
        out.append(Tag(start, at, str(tag)))
    return tuple(out)


def _new_words(where: TextMap) -> list[tuple[int, int]]:
    """Return the words of inserts that stand for nothing."""
    words: list[tuple[int, int]] = []
    out = 0
    for piece in where.pieces:
        if type(piece) is not Copy and piece.stands_for is None:  # type: ignore[union-attr]
            words += [(out + a, out + b) for a, b in word_spans(piece.text)]  # type: ignore[arg-type, union-attr]
        out += length(piece)
    return words


def _item(item_type: type[Label] | type[Tag], item: Any, index: int) -> Label | Tag:
    """Return a `Label` or `Tag` made of a triple or a mapping."""
    names = item_type._fields
    if isinstance(item, Mapping) and item.keys() == set(names):
        item = tuple(item[name] for name in names)
    if isinstance(item, str | Mapping) or not isinstance(item, Sequence) or len(item) != 3:
        raise FieldError(describe(f"[{index}]", f"({', '.join(names)})", item, fix="write [0, 5, 'PER'], say"))
    start, end, name = (part.item() if hasattr(part, "item") else part for part in item)
    if type(start) is not int or type(end) is not int or not 0 <= start < end:
        fix = "count characters from 0; the end is not included"
        raise FieldError(describe(f"[{index}]", "whole offsets with 0 <= start < end", (start, end), fix=fix))
    if not isinstance(name, str):
        raise FieldError(describe(f"[{index}]", f"a {names[2]} that is text", name, fix="name it with a str"))
    return item_type(start, end, str(name))
