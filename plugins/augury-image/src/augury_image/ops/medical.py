"""Medical pictures: stains of histology, ringing of magnetic resonance."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np

from augury.effects import Pixels
from augury.op import Info, Op
from augury.params import FractionRange, Range, Within
from augury.rng import Rng
from augury_image.working import DTYPES, in_floats

_HE = np.array([[0.65, 0.70, 0.29], [0.07, 0.99, 0.11], [0.27, 0.57, 0.78]])
"""Optical densities of haematoxylin, eosin and DAB in R, G, B: Ruifrok and Johnston, 2001."""

_LEAST_LIGHT = 1.0 / 255.0
_TISSUE_DENSITY = 0.15


class StainJitter(Op):
    """Vary how strongly the stains of a histological picture took.

    Fields: image of three colours (four with opacity); others are left alone. Targets stay.

    Args:
        method: ``hed`` separates by the stains' published vectors, ``macenko`` by vectors found in the picture.
        gain_range: (lo, hi) that each stain's concentration is multiplied by.
        shift_range: (lo, hi) added to it, in units of optical density.
    Draws: one gain and one shift for haematoxylin and one for eosin, uniform.
    Cost: a logarithm and an exponential a value; ``macenko`` also the picture's covariance and two percentiles.
    Reference: Tellez et al., 2018; Ruifrok and Johnston, 2001; Macenko et al., 2009.
    """

    on = "image"

    method: Literal["hed", "macenko"] = "hed"
    gain_range: Annotated[Range, Within(0.0, 5.0)] = (0.8, 1.2)
    shift_range: Annotated[Range, Within(-1.0, 1.0)] = (-0.05, 0.05)

    def draw(self, rng: Rng, info: Info) -> dict[str, Any]:
        """Draw gains and shifts of both stains."""
        gains = [rng.uniform(*self.gain_range), rng.uniform(*self.gain_range)]
        return {"gains": gains, "shifts": [rng.uniform(*self.shift_range), rng.uniform(*self.shift_range)]}

    def effect(self, draw: Any, info: Info) -> Pixels:
        """Return the pixel function."""
        return Pixels(restained, {**draw, "method": self.method}, DTYPES)


class GibbsRinging(Op):
    """Cut off the highest frequencies sharply, as a short scan of magnetic resonance does.

    Fields: image; targets stay.

    Args:
        kept_range: (lo, hi) in (0, 1] of the share of frequencies kept along each cut axis.
        axis: ``x``, ``y`` or ``both``.
    Draws: kept uniform.
    Cost: two Fourier transforms a channel.
    Reference: Gibbs, 1899: the overshoot at a step is 9 % of its height.
    """

    on = "image"

    kept_range: Annotated[FractionRange, Within(0.02, 1.0)] = (0.25, 0.6)
    axis: Literal["x", "y", "both"] = "both"

    def draw(self, rng: Rng, info: Info) -> dict[str, float]:
        """Draw the share."""
        return {"kept": rng.uniform(*self.kept_range)}

    def effect(self, draw: Any, info: Info) -> Pixels:
        """Return the pixel function."""
        return Pixels(frequencies_cut, {**draw, "axis": self.axis}, DTYPES)


def restained(image: np.ndarray, gains: list[float], shifts: list[float], method: str) -> np.ndarray:
    """Return the image with the concentrations of its two stains changed."""
    if image.shape[2] not in (3, 4):
        return image.copy()

    def changed(value: np.ndarray) -> np.ndarray:
        density = -np.log(np.maximum(value, np.float32(_LEAST_LIGHT)))
        stains = stain_vectors(density.reshape(-1, 3)) if method == "macenko" else _unit_rows(_HE)
        # density' = density + concentrations @ diag(gains - 1) @ stains + shifts @ stains, one matrix and one shift.
        gain, shift = np.array([*gains, 1.0]) - 1.0, np.array([*shifts, 0.0])
        matrix = np.linalg.inv(stains) @ np.diag(gain) @ stains
        tissue = (density.mean(axis=2, keepdims=True) > _TISSUE_DENSITY).astype(np.float32)
        moved = density @ matrix.astype(np.float32) + (shift @ stains).astype(np.float32)
        return value * np.exp(-moved * tissue)

    return in_floats(image, changed)


def _unit_rows(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def stain_vectors(density: np.ndarray) -> np.ndarray:
    """Return (3, 3): unit vectors of haematoxylin, eosin and what is neither, found in optical densities (n, 3).

    The plane of the two greatest variances, in it the directions at the 1st and 99th percentile of the angle. Where
    under 64 pixels are stained, or only one colour is, the published vectors.
    """
    stained = density[density.min(axis=1) > _TISSUE_DENSITY].astype(np.float64)
    if len(stained) < 64:
        return _unit_rows(_HE)
    _, axes = np.linalg.eigh(stained.T @ stained / len(stained) - np.outer(stained.mean(axis=0), stained.mean(axis=0)))
    plane = axes[:, [2, 1]] * np.where(axes[:, [2, 1]].sum(axis=0) < 0, -1.0, 1.0)
    angles = np.arctan2(stained @ plane[:, 1], stained @ plane[:, 0])
    ends = [plane @ (np.cos(a), np.sin(a)) for a in np.percentile(angles, (1, 99))]
    first, second = sorted(ends, key=lambda v: -v[0])
    third = np.cross(first, second)
    if np.linalg.norm(third) < 0.05:
        return _unit_rows(_HE)
    return np.stack([first, second, third / np.linalg.norm(third)])


def frequencies_cut(image: np.ndarray, kept: float, axis: str) -> np.ndarray:
    """Return the image without its highest frequencies."""
    height, width = image.shape[:2]

    def cut(value: np.ndarray) -> np.ndarray:
        spectrum = np.fft.rfft2(value, axes=(0, 1))
        if axis in ("y", "both"):
            spectrum[np.abs(np.fft.fftfreq(height)) > kept / 2.0] = 0.0
        if axis in ("x", "both"):
            spectrum[:, np.fft.rfftfreq(width) > kept / 2.0] = 0.0
        return np.fft.irfft2(spectrum, s=(height, width), axes=(0, 1)).astype(np.float32)

    return in_floats(image, cut)
