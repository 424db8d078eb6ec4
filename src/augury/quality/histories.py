"""How near made histories lie to real ones: which items they hold, and how long they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np


class Likeness(NamedTuple):
    """How far two sets of histories lie apart; both lie in [0, 1], 0 is equal.

    Args:
        popularity: Total variation distance of the items' shares of all events.
        length: Kolmogorov-Smirnov distance of the numbers of events.
    """

    popularity: float
    length: float


def likeness(real: Sequence[Any], made: Sequence[Any]) -> Likeness:
    """Return how far made histories lie from real ones.

    Args:
        real: Histories: values with a length and an array ``item``; None is left out.
        made: The same.
    """
    sides = [[value for value in side if value is not None] for side in (real, made)]
    counts = [Counter(item for value in side for item in value.item.tolist()) for side in sides]
    totals = [max(count.total(), 1) for count in counts]
    items = counts[0].keys() | counts[1].keys()
    apart = sum(abs(counts[0][i] / totals[0] - counts[1][i] / totals[1]) for i in items) / 2
    lengths = [np.sort([len(value) for value in side]) for side in sides]
    if not all(len(side) for side in lengths):
        return Likeness(1.0, 1.0)
    at = np.unique(np.concatenate(lengths))
    below = [np.searchsorted(side, at, side="right") / len(side) for side in lengths]
    return Likeness(float(apart), float(np.abs(below[0] - below[1]).max()))
