"""Texts side by side: what was taken out, what was put in, and the labels that lie on each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import pairwise

from augury.preview.drawing import colour
from augury.preview.markup import Html, element, join
from augury.views import Mark, Run

_PIECE = re.compile(r"\w+|[^\w\s]")


def changed(before: str, after: str) -> tuple[list[bool], list[bool]]:
    """Return for each character of both texts whether it is in a piece that the other lacks.

    Words and signs are compared; the space between two counts as changed where both are, or where it differs itself.
    """
    old, new = list(_PIECE.finditer(before)), list(_PIECE.finditer(after))
    match = SequenceMatcher(None, [m[0] for m in old], [m[0] for m in new], autojunk=False)
    partner = {a + i: b + i for a, b, n in match.get_matching_blocks() for i in range(n)}
    gone = _marked(before, old, partner, after, new)
    come = _marked(after, new, {b: a for a, b in partner.items()}, before, old)
    return gone, come


def _marked(
    text: str, pieces: Sequence[re.Match[str]], partner: Mapping[int, int], other: str, others: Sequence[re.Match[str]]
) -> list[bool]:
    out = [False] * len(text)
    for i in range(-1, len(pieces)):
        if i >= 0 and i not in partner:
            out[pieces[i].start() : pieces[i].end()] = [True] * (pieces[i].end() - pieces[i].start())
        a, b = _gap(text, pieces, i)
        kept = [partner.get(j) for j in (i, i + 1) if 0 <= j < len(pieces)]
        if kept and all(p is None for p in kept):
            differs = True
        elif len(kept) == 2 and kept[0] is not None and kept[1] == kept[0] + 1:
            c, d = _gap(other, others, kept[0])
            differs = text[a:b] != other[c:d]
        else:
            differs = False
        out[a:b] = [differs] * (b - a)
    return out


def _gap(text: str, pieces: Sequence[re.Match[str]], i: int) -> tuple[int, int]:
    """The space after piece ``i``; before the first one for -1."""
    start = pieces[i].end() if i >= 0 else 0
    return start, pieces[i + 1].start() if i + 1 < len(pieces) else len(text)


def draw_words(text: str, marks: Sequence[Mark], differs: Sequence[bool], name: str) -> Html:
    """Return a text with its changed parts in ``<del>`` or ``<ins>`` and its labelled runs marked."""
    if not text:
        return element("p", "(empty)", class_="words note")
    runs = [m for m in marks if isinstance(m, Run)]
    parts = []
    for a, b, here in _sections(text, runs):
        piece: Html = join(*_changed_parts(text[a:b], differs[a:b], name))
        for run in here:
            label = element("small", run.label) if run.end == b else None
            piece = element("mark", piece, label, class_=colour(run.label), title=run.label)
        parts.append(piece)
    return element("p", *parts, class_="words")


def _sections(text: str, runs: Sequence[Run]) -> Iterator[tuple[int, int, list[Run]]]:
    """Cut the text where a run begins or ends; with each part the runs it lies in, the shortest first."""
    cuts = sorted({0, len(text), *(min(max(p, 0), len(text)) for run in runs for p in (run.start, run.end))})
    for a, b in pairwise(cuts):
        here = [run for run in runs if run.start <= a and b <= run.end]
        yield a, b, sorted(here, key=lambda run: run.end - run.start)


def _changed_parts(text: str, differs: Sequence[bool], name: str) -> Iterator[Html]:
    start = 0
    for i in range(1, len(text) + 1):
        if i == len(text) or differs[i] != differs[start]:
            part = text[start:i]
            yield element(name, part) if differs[start] else join(part)
            start = i
