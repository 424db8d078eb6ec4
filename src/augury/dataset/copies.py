"""How many augmented copies each record gets: a number for all, or as many as bring classes level."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

import numpy as np

from augury.dataset.index import Index, Span
from augury.dataset.tables import BATCH
from augury.frames import level


def assign_copies(
    index: Index, copies: int | Mapping[str, str], sides: Collection[str], collections: Collection[str]
) -> np.ndarray:
    """Return the copies of every record, int32 by position: those of the given collections on the given sides.

    ``{"balance": field}`` gives each class the copies that bring it level with the largest of its collection and side,
    spread evenly over its records in the order of their ids; records without a class get none.
    """
    out = np.zeros(len(index), np.int32)
    for span in index.spans:
        if span.collection in collections and span.side in sides:
            if isinstance(copies, int):
                out[span.start : span.stop] = copies
            else:
                _balance(index, span, out)
    return out


def _balance(index: Index, span: Span, out: np.ndarray) -> None:
    counts: Counter[str] = Counter()
    for start in range(span.start, span.stop, BATCH):
        counts.update(
            label for label in index.column("label", start, min(start + BATCH, span.stop)) if label is not None
        )
    most = max(counts.values(), default=0)
    seen: Counter[str] = Counter()
    for start in range(span.start, span.stop, BATCH):
        for offset, label in enumerate(index.column("label", start, min(start + BATCH, span.stop))):
            if label is not None and counts[label]:
                out[start + offset] = level(seen[label], most - counts[label], counts[label])
                seen[label] += 1
