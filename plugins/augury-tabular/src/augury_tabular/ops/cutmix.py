"""Columns taken from another row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from scipy.special import betaincinv

from augury.effects import Effects, Rows
from augury.op import Info, Op
from augury.params import Within
from augury.rng import Rng
from augury_tabular.columns import take


class Cutmix(Op):
    """Take some columns from another row, and mix the label by the share of columns taken.

    Every value of the result is one of the two rows', so that no value is new. The label becomes a distribution with
    the shares of columns (a number stays one and becomes the weighted mean). A value that is missing in the donor is
    taken as missing.

    Fields: number, category, ordinal, boolean and datetime columns, and the field with role label, whose kind becomes
        ``distribution``. Group and key only where ``field:`` names them.

    Args:
        alpha: Both parameters of the beta distribution of the share that is kept, at least 0.01; 1 is uniform.

    Draws: take, the names of the donor's columns: each with probability 1 - share, with share from Beta(alpha, alpha).

    Cost: some 2 us a row for the share; the rows run together, O(1) a value.

    Reference: Yun et al., CutMix, 2019, with columns in the place of pixels.
    """

    on = "row"
    columns = ("number", "category", "ordinal", "boolean", "datetime")
    donors = 1
    changes_missing = True
    makes: ClassVar[Mapping[str, str]] = {"label": "distribution"}
    reparametrises = True

    alpha: Annotated[float, Within(0.01)] = 1.0

    def draw(self, rng: Rng, info: Info) -> dict[str, Any]:
        """Return the columns to take."""
        share = round(float(betaincinv(self.alpha, self.alpha, rng.random())), 9)
        return {"take": [name for name in info.size.columns if rng.chance(1.0 - share)]}

    def effect(self, draw: dict[str, Any], info: Info) -> Effects:
        """Return one `Rows` with the label's weights."""
        donor, names = info.donors[0].record, tuple(info.size.columns)
        kept = 1.0 - len(draw["take"]) / len(names)
        taken = {name: donor.get(name) for name in draw["take"]}
        return Rows(take, {"donor": taken}, names, names, (kept, 1.0 - kept))
