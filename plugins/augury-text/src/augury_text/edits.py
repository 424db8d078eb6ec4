"""What the text ops share: which words they may touch, how many, and ropes made from lists of edits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from augury.effects import Copy, Insert, Rope
from augury.errors import RecipeError, describe, shown
from augury.op import Info
from augury.spaces.text import render
from augury_text.kinds import Label
from augury_text.tokens import Span

Edit = tuple[int, int, str]
"""(start, end, replacement), in characters."""


def replace(length: int, edits: Iterable[Sequence[Any]], *, same: bool = False) -> tuple[Copy | Insert, ...]:
    """Return the rope's pieces that replace ranges of a text of `length` characters.

    Args:
        length: of the text, in characters.
        edits: (start, end, replacement), in order and apart; an empty replacement deletes, an empty range inserts.
        same: whether the replacements are the same text written otherwise, so that labelled spans stay on them.
    """
    pieces: list[Copy | Insert] = []
    done = 0
    for start, end, new in edits:
        if start > done:
            pieces.append(Copy(done, start))
        if new or same:
            pieces.append(Insert(new, (start, end) if start < end else None, same))
        done = end
    if done < length:
        pieces.append(Copy(done, length))
    return tuple(pieces)


def written(text: str, edits: Iterable[Sequence[Any]]) -> str:
    """Return the text after edits, in order and apart."""
    return render(text, replace(len(text), edits))


def ropes(length: int, passes: Iterable[Sequence[Sequence[Any]]]) -> list[Rope]:
    """Return the ropes of several passes over a text, each of which writes the same text otherwise.

    Args:
        length: of the text before the first pass, in characters.
        passes: the edits of each pass, offsets counted in what the pass before it left.
    """
    out = []
    for edits in passes:
        if edits:
            out.append(Rope(replace(length, edits, same=True)))
            length += sum(len(new) - (end - start) for start, end, new in edits)
    return out


def how_many(fraction: float, words: int) -> int:
    """Return a share of a number of words: rounded, but at least one word where there is any and the share is not 0."""
    return max(1, int(fraction * words + 0.5)) if fraction and words else 0


def labelled(info: Info) -> list[Span]:
    """Return the character ranges of every labelled span that lies on the text an op is shown."""
    ranges: list[Span] = []
    targets = info.targets
    for name in targets:
        value = targets[name]
        if value and type(value[0]) is Label:
            ranges += [(label.start, label.end) for label in value]
    return ranges


def outside(spans: Sequence[Span], ranges: Sequence[Span]) -> list[Span]:
    """Return the words that touch none of the ranges; words in order, ranges in any."""
    ordered = sorted(ranges)
    free, at, reach = [], 0, 0
    for start, end in spans:
        while at < len(ordered) and ordered[at][0] < end:
            reach = max(reach, ordered[at][1])
            at += 1
        if reach <= start:
            free.append((start, end))
    return free


def same_text(draw: Any, info: Info, op_id: str) -> list[Any]:
    """Return the edits of a draw, which were drawn looking at one text and fit no other.

    Raises:
        RecipeError: the step names several fields and would share one draw among them.
    """
    if draw["field"] != info.field:
        raise RecipeError(
            describe(
                op_id,
                "a draw of its own for each text",
                shown(f"one draw for {draw['field']} and {info.field}"),
                fix="add independent: true to the step",
            )
        )
    edits: list[Any] = draw["edits"]
    return edits
