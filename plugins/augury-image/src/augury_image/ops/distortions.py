"""Dense distortions: elastic, grid, lens, mesh, thin-plate spline. Each runs with the warps around it at once."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from augury.effects import Field
from augury.op import Info
from augury.params import FractionRange, IntRange, Range, Within
from augury.rng import Rng
from augury_image import distort
from augury_image.ops.geometry import Warped


class _Distorted(Warped):
    """Base of the distortions: dense maps that keep the canvas."""

    def field(self, fn: Any, args: dict[str, Any], info: Info) -> Field:
        """Return the field, with the op's border, fill and interpolation."""
        size = (info.size.height, info.size.width)
        return Field(fn, args, size, self.border, self.fill, self.interpolation)


class Elastic(_Distorted):
    """Stretch and squeeze smoothly at random, as rubber or tissue.

    Fields: image or raw_image; every target on it follows; points are found by inverting the field, and are gone where
        it folds.

    Args:
        amplitude_frac_range: (lo, hi) of the root mean square shift, as a fraction of the shorter side.
        sigma_frac: Over which distance shifts stay alike, as a fraction of the shorter side. Amplitudes above a third
            of it begin to fold.
        border: What lies outside: ``constant`` (``fill``), ``reflect`` or ``replicate``.
        fill: Colour of a constant border, in [0, 1]: one number or one a channel.
        interpolation: nearest, linear, cubic, lanczos or area.
    Draws: amplitude uniform; a sub-seed for the noise.
    Cost: one resample by a dense map, shared with the warps around it, and a small noise image.
    Reference: Simard, Steinkraus and Platt, 2003. Amplitude and smoothing are independent of each other and of the
        picture's size, where ``alpha`` and ``sigma`` of albumentations and torchvision are neither.
    """

    amplitude_frac_range: Annotated[Range, Within(0.0, 0.5)] = (0.005, 0.02)
    sigma_frac: Annotated[float, Within(0.005, 1.0)] = 0.06

    def draw(self, rng: Rng, info: Info) -> dict[str, float]:
        """Draw the amplitude and the noise's sub-seed."""
        return {"amplitude_frac": rng.uniform(*self.amplitude_frac_range), "seed": rng.seed()}

    def effect(self, draw: Any, info: Info) -> Field:
        """Return the field."""
        short = min(info.size.height, info.size.width)
        args = {
            "seed": draw["seed"],
            "amplitude_px": draw["amplitude_frac"] * short,
            "sigma_px": self.sigma_frac * short,
        }
        return self.field(distort.elastic, args, info)


class GridDistortion(_Distorted):
    """Make columns and rows of the picture wider and narrower at random; the outline stays.

    Fields: image or raw_image; every target on it follows.

    Args:
        cells: Columns and rows.
        factor_range: (lo, hi) of each one's width against the others', at least 0.1.
        border: What lies outside (nothing does).
        fill: Colour of a constant border, in [0, 1].
        interpolation: nearest, linear, cubic, lanczos or area.
    Draws: a factor for every column and every row, uniform.
    Cost: one resample by a dense map, shared with the warps around it.
    """

    cells: Annotated[int, Within(2, 64)] = 5
    factor_range: Annotated[Range, Within(0.1, 10.0)] = (0.7, 1.3)

    def draw(self, rng: Rng, info: Info) -> dict[str, list[float]]:
        """Draw where columns and rows end in the source, as fractions of the sides."""
        return {"x_knots": self._knots(rng), "y_knots": self._knots(rng)}

    def _knots(self, rng: Rng) -> list[float]:
        widths = [rng.uniform(*self.factor_range) for _ in range(self.cells)]
        total = sum(widths)
        return [0.0, *(sum(widths[: k + 1]) / total for k in range(self.cells - 1)), 1.0]

    def effect(self, draw: Any, info: Info) -> Field:
        """Return the field."""
        return self.field(distort.grid, {"x_knots": draw["x_knots"], "y_knots": draw["y_knots"]}, info)


class OpticalDistortion(_Distorted):
    """See the picture through a lens: barrel, pincushion or fisheye.

    Fields: image or raw_image; every target on it follows.

    Args:
        model: ``brown_conrady`` or ``fisheye`` (equidistant).
        k1_range: (lo, hi) of the r^2 coefficient, radii in half diagonals; above 0 is a barrel (edges come in), below 0
            a pincushion.
        k2_range: (lo, hi) of the r^4 coefficient.
        view_deg_range: (lo, hi) of the fisheye's angle of view across the diagonal, in degrees, in [10, 170].
        center_frac_range: (lo, hi) of the optical centre, as a fraction of each side, x and y drawn apart.
        border: What lies outside: ``constant`` (``fill``), ``reflect`` or ``replicate``.
        fill: Colour of a constant border, in [0, 1]: one number or one a channel.
        interpolation: nearest, linear, cubic, lanczos or area.
    Draws: coefficients, angle and centre, uniform.
    Cost: one resample by a dense map, shared with the warps around it.
    Reference: Brown, 1966; Kannala and Brandt, 2006.
    """

    model: Literal["brown_conrady", "fisheye"] = "brown_conrady"
    k1_range: Annotated[Range, Within(-0.5, 2.0)] = (-0.15, 0.3)
    k2_range: Annotated[Range, Within(-0.25, 1.0)] = (0.0, 0.0)
    view_deg_range: Annotated[Range, Within(10.0, 170.0)] = (60.0, 130.0)
    center_frac_range: FractionRange = (0.45, 0.55)

    def draw(self, rng: Rng, info: Info) -> dict[str, Any]:
        """Draw coefficients, angle and centre."""
        return {
            "k1": rng.uniform(*self.k1_range),
            "k2": rng.uniform(*self.k2_range),
            "view_deg": rng.uniform(*self.view_deg_range),
            "center_frac": [rng.uniform(*self.center_frac_range), rng.uniform(*self.center_frac_range)],
        }

    def effect(self, draw: Any, info: Info) -> Field:
        """Return the field."""
        fisheye = self.model == "fisheye"
        args = {
            "k1": math.radians(draw["view_deg"] / 2) if fisheye else draw["k1"],
            "k2": draw["k2"],
            "center_frac": draw["center_frac"],
            "model": self.model,
        }
        return self.field(distort.lens, args, info)


class PiecewiseAffine(_Distorted):
    """Move the nodes of a mesh at random; every triangle between them is mapped affinely.

    Fields: image or raw_image; every target on it follows.

    Args:
        cells_range: (lo, hi) of the mesh's columns and rows, drawn apart.
        shift_frac_range: (lo, hi) of a node's shift along each side, as a fraction of a cell; up to 0.24, so that the
            mesh does not fold. Nodes on the edge stay.
        border: What lies outside (nothing does).
        fill: Colour of a constant border, in [0, 1].
        interpolation: nearest, linear, cubic, lanczos or area.
    Draws: the mesh and each node's shift, uniform, of either sign.
    Cost: one resample by a dense map, shared with the warps around it.
    """

    cells_range: Annotated[IntRange, Within(2, 16)] = (3, 5)
    shift_frac_range: Annotated[Range, Within(0.0, 0.24)] = (0.05, 0.2)

    def draw(self, rng: Rng, info: Info) -> dict[str, Any]:
        """Draw the nodes' shifts in cells, rows of columns of (x, y)."""
        columns, rows = rng.integer(*self.cells_range), rng.integer(*self.cells_range)

        def shift(fixed: bool) -> float:
            size = rng.uniform(*self.shift_frac_range)
            return 0.0 if fixed else size * rng.choice((-1.0, 1.0))

        nodes = [
            [[shift(j in (0, columns)), shift(i in (0, rows))] for j in range(columns + 1)] for i in range(rows + 1)
        ]
        return {"shifts_cells": nodes}

    def effect(self, draw: Any, info: Info) -> Field:
        """Return the field."""
        nodes = draw["shifts_cells"]
        across, down = info.size.width / (len(nodes[0]) - 1), info.size.height / (len(nodes) - 1)
        offsets = [[[x * across, y * down] for x, y in row] for row in nodes]
        return self.field(distort.mesh, {"offsets_px": offsets}, info)


class ThinPlateSpline(_Distorted):
    """Bend the picture as a thin metal plate that is moved at a few points.

    Fields: image or raw_image; every target on it follows.

    Args:
        points: Control points along each side.
        shift_frac_range: (lo, hi) of a point's shift along each side, as a fraction of the side.
        border: What lies outside: ``constant`` (``fill``), ``reflect`` or ``replicate``.
        fill: Colour of a constant border, in [0, 1]: one number or one a channel.
        interpolation: nearest, linear, cubic, lanczos or area.
    Draws: each point's shift, uniform, of either sign.
    Cost: one resample by a dense map, shared with the warps around it, and the spline on a coarse lattice.
    Reference: Bookstein, 1989.
    """

    points: Annotated[int, Within(2, 8)] = 4
    shift_frac_range: Annotated[Range, Within(0.0, 0.3)] = (0.0, 0.05)

    def draw(self, rng: Rng, info: Info) -> dict[str, list[list[float]]]:
        """Draw the points' shifts (x, y), row by row."""

        def shift() -> float:
            return rng.uniform(*self.shift_frac_range) * rng.choice((-1.0, 1.0))

        return {"shifts_frac": [[shift(), shift()] for _ in range(self.points**2)]}

    def effect(self, draw: Any, info: Info) -> Field:
        """Return the field."""
        step = 1.0 / (self.points - 1)
        points = [[j * step, i * step] for i in range(self.points) for j in range(self.points)]
        return self.field(distort.thin_plate, {"points_frac": points, "offsets_frac": draw["shifts_frac"]}, info)
