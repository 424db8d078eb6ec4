"""text.swap: let pairs of words change places."""

from __future__ import annotations

from typing import Any, Literal

from augury.effects import Copy, Rope
from augury.op import Info, Op
from augury.params import Fraction
from augury.rng import Rng
from augury_text.edits import how_many, labelled, outside, same_text
from augury_text.tokens import word_spans


class Swap(Op):
    """Let pairs of words change places; blanks and punctuation stay where they are.

    Any language that `augury_text.word_spans` splits. The words are copied, not written anew, so tags and spans on
    them travel with them.

    Fields: text; labelled spans and tags follow.

    Args:
        fraction: Share of the words that change places, at least one pair.
        reach: "adjacent" swaps neighbours, "any" any two words.
        keep_spans: Leave words in labelled spans alone, so that no span is torn apart.

    Draws: disjoint pairs of words, uniformly.

    Cost: about 7 us for 100 characters.

    Reference: random swap of Wei and Zou, "EDA", EMNLP 2019 (reach "any").
    """

    on = "text"
    reads = frozenset({"value", "targets"})

    fraction: Fraction = 0.1
    reach: Literal["adjacent", "any"] = "adjacent"
    keep_spans: bool = True

    def draw(self, rng: Rng, info: Info) -> Any:
        """Draw the pairs: {"field", "edits": [[place start, place end, word start, word end], ...]} in order."""
        spans = word_spans(info.value)
        pairs = (how_many(self.fraction, len(spans)) + 1) // 2
        if self.keep_spans and (kept := labelled(info)):
            spans = outside(spans, kept)
        n = len(spans)
        pairs = min(pairs, n // 2)
        moves = []
        for i, j in _any_pairs(rng, n, pairs) if self.reach == "any" else _neighbours(rng, n, pairs):
            first, second = spans[i], spans[j]
            moves += [[*first, *second], [*second, *first]]
        moves.sort()
        return {"field": info.field, "edits": moves}

    def effect(self, draw: Any, info: Info) -> Any:
        """Return copies in the new order; nothing where there is no pair."""
        pieces: list[Any] = []
        done = 0
        for start, end, word_start, word_end in same_text(draw, info, self.entry_id):
            if start > done:
                pieces.append(Copy(done, start))
            pieces.append(Copy(word_start, word_end))
            done = end
        if not pieces:
            return []
        pieces.append(Copy(done, info.size.length))
        return Rope(tuple(pieces))


def _neighbours(rng: Rng, n: int, pairs: int) -> list[tuple[int, int]]:
    """Draw disjoint pairs of neighbours among n words, each set of pairs equally likely."""
    firsts = rng.sample(n - pairs, pairs)
    firsts.sort()
    return [(first + k, first + k + 1) for k, first in enumerate(firsts)]


def _any_pairs(rng: Rng, n: int, pairs: int) -> list[tuple[int, int]]:
    """Draw disjoint pairs among n words."""
    chosen = rng.sample(n, 2 * pairs)
    return list(zip(chosen[::2], chosen[1::2], strict=True))
