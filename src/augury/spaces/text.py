"""Text: edits as ropes. Edits of several steps compose into one map of characters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from augury.effects import SELF, Copy, Insert
from augury.spaces.rope import RopeMap, RopeSegment, compose, length, within

__all__ = ["TextMap", "TextSegment", "TextSize", "compose", "length", "render", "within"]


class TextSize(NamedTuple):
    """Length of a text in characters (Unicode code points)."""

    length: int


class TextSegment(RopeSegment):
    """Pending edits of one text."""

    __slots__ = ()


TextMap = RopeMap
"""Where characters go."""


def render(text: str, pieces: Sequence[Copy | Insert], sources: Sequence[str] = ()) -> str:
    """Return the text that the pieces make."""
    out = []
    for piece in pieces:
        if type(piece) is Copy:
            source = text if piece.source == SELF else sources[piece.source]
            out.append(source[piece.a : piece.b])
        else:
            out.append(piece.text)  # type: ignore[arg-type, union-attr]
    return "".join(out)
