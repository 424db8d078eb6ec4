"""Noise on numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal

from augury.effects import Effects, Rows
from augury.op import Info, Op
from augury.params import Fraction, Within
from augury_tabular.columns import jitter
from augury_tabular.statistics import Row, Spread, blocks, column_arrays, numbers, quantiles


class Jitter(Op):
    """Add normal noise to numbers, sized by the column's spread, by the value, or along the column's quantiles.

    Integers stay integers, bounds and decimals are those of the field, missing values stay missing. A column whose
    training values are all equal is left alone under ``relative_to: std``.

    Under ``quantile`` a number moves along the fitted quantile function: by the noise as a share of the training rows,
    turning back at both ends. Values then stay where the column has values: noise is small where rows are dense and a
    gap is jumped, not filled.

    Fields: number columns; the others pass through. The label, group and key only where ``field:`` names them.

    Args:
        scale: Standard deviation of the noise, as a share of the column's own (``std``), of the value (``value``), or
            of the training rows (``quantile``).
        relative_to: What the noise is measured by: ``std``, ``value`` or ``quantile``.
        fraction: Probability of each column to be touched, in [0, 1].

    Draws: seed of the noise: `augury.rng.uniforms`, two numbers a column (its noise, and whether it is touched).

    Cost: the rows run together, some 30 ns a value. Fitting: one pass, O(columns) memory.
    """

    on = "row"
    columns = ("number",)
    fits = True
    seeded = True
    reparametrises = True

    scale: Annotated[float, Within(0.0)] = 0.1
    relative_to: Literal["std", "value", "quantile"] = "std"
    fraction: Fraction = 1.0

    def fit(self, batches: Iterable[Sequence[Row]], fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return the standard deviation, or the quantiles, of each column over the known, finite values."""
        names = [name for name, spec in fields.items() if spec.kind_id in self.columns]
        if self.relative_to == "quantile":
            values = column_arrays(batches, names)
            return {name: quantiles(values[:, i]) for i, name in enumerate(names)}
        spread = Spread(len(names))
        for block in blocks(batches):
            spread.add(numbers(block, names))
        return dict(zip(names, spread.std.tolist(), strict=True))

    def effect(self, draw: dict[str, int], info: Info) -> Effects:
        """Return the noise as one `Rows` over the columns."""
        names = tuple(info.size.columns)
        shared = {"relative_to": self.relative_to, "scale": self.scale, "fraction": self.fraction, "fitted": info.state}
        return Rows(jitter, draw, names, names, shared=shared)
