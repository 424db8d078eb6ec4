"""Mixup of rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from scipy.special import betaincinv

from augury.effects import Effects
from augury.op import Info, Op
from augury.params import Within
from augury.rng import Rng
from augury_tabular.ops.blend import BLENDED, blend, taken


class Mixup(Op):
    """Mix a row with another one, and the label with it.

    Numbers become the weighted mean, held to their field's integers, bounds and decimals; each category is the donor's
    with probability 1 - weight; the label becomes a distribution with the two weights. What is missing stays missing,
    and where the donor has nothing the row keeps its own.

    Fields: number, category and boolean columns, and the field with role label, whose kind becomes ``distribution``
        (a number stays one and becomes the weighted mean). Group and key only where ``field:`` names them.

    Args:
        alpha: Both parameters of the beta distribution of the weight: small ones leave most rows nearly alone, 1 is
            uniform, at least 0.01.

    Draws: weight in [0, 1], the row's own share: the inverse of the Beta(alpha, alpha) distribution function at a
        uniform number, to nine decimals, so that it does not hang on the last bit of a scipy version; take, the names
        of the category columns that become the donor's.

    Cost: some 2 us a row for the weight; the rows run together, O(1) a value.

    Reference: Zhang et al., mixup: Beyond Empirical Risk Minimization, 2018.
    """

    on = "row"
    columns = BLENDED
    donors = 1
    reparametrises = True
    makes: ClassVar[Mapping[str, str]] = {"label": "distribution"}

    alpha: Annotated[float, Within(0.01)] = 0.2

    def draw(self, rng: Rng, info: Info) -> dict[str, Any]:
        """Return the row's own weight and the columns that take the donor's category."""
        weight = round(float(betaincinv(self.alpha, self.alpha, rng.random())), 9)
        return {"weight": weight, "take": taken(rng, info, 1.0 - weight)}

    def effect(self, draw: dict[str, Any], info: Info) -> Effects:
        """Return the mix as `Rows` with the label's weights."""
        weight = draw["weight"]
        return blend(info, 1.0 - weight, draw["take"], weights=(weight, 1.0 - weight))
