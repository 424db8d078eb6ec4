"""What smote and mixup share: a row on its way to a donor's."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

import numpy as np

from augury.effects import Rows
from augury.op import Info
from augury.rng import Rng, Rngs
from augury.spaces.row import RowSize
from augury_tabular.columns import interpolate, leave, put

BLENDED = ("number", "category", "ordinal", "boolean")
"""The kinds of columns that can be blended."""


def taken(rng: Rng, info: Info, share: float, without: str | None = None) -> list[str]:
    """Return the category columns, but for ``without``, that take the donor's category: each with chance ``share``."""
    columns = info.size.columns.items()
    return [name for name, kind in columns if kind != "number" and name != without and rng.chance(share)]


def chances(rng: Rngs, size: RowSize, share: np.ndarray, without: str | None = None) -> dict[str, np.ndarray]:
    """Return for each column that `taken` asks about which of many rows take the donor's category."""
    columns = size.columns.items()
    return {name: rng.chance(share) for name, kind in columns if kind != "number" and name != without}


def blend(info: Info, share: float, take: Collection[str], weights: tuple[float, ...] = ()) -> Sequence[Rows]:
    """Return the effects that bring a row ``share`` of the way to its donor.

    Args:
        info: Of the row; its first donor is the one meant.
        share: How far the numbers go, in [0, 1].
        take: The category columns that become the donor's, unless it has none there.
        weights: Shares of the row and the donor in the label's mix; empty for no mix.
    """
    donor = info.donors[0].record
    names = tuple(name for name, kind in info.size.columns.items() if kind == "number")
    out = [Rows(leave, {}, (), (), weights)]
    if names:
        values = tuple(math.nan if donor.get(name) is None else float(donor[name]) for name in names)
        out = [Rows(interpolate, {"share": share, "donor": values}, names, names, weights)]
    return out + [Rows(put, {"value": donor[name]}, (name,), (name,)) for name in take if donor.get(name) is not None]
