"""Adaptation to another picture's look: its histogram, its low frequencies, or its colours' mean and spread."""

from __future__ import annotations

from typing import Annotated, Any

import cv2
import numpy as np

from augury.effects import Pixels
from augury.op import Info, Op
from augury.params import FractionRange, Range, Within
from augury.rng import Rng
from augury_image.tones import look_up
from augury_image.working import DTYPES, colours_of, in_floats, resized, to_unit, with_colours

_LEVELS = 1024
_LEAST_VARIANCE = 1e-6  # that of a quarter of an 8-bit level


class HistogramMatching(Op):
    """Give each colour channel the histogram of another record's picture.

    Fields: image, and one donor's, of any size; targets stay.

    Args:
        blend_range: (lo, hi) in [0, 1] of the matched picture's share.
    Draws: blend uniform.
    Cost: two histograms a channel and one look-up; floats and 16 bit are counted in 1024 levels.
    """

    on = "image"
    donors = 1

    blend_range: FractionRange = (0.5, 1.0)

    def draw(self, rng: Rng, info: Info) -> dict[str, float]:
        """Draw the share."""
        return {"blend": rng.uniform(*self.blend_range)}

    def effect(self, draw: Any, info: Info) -> Pixels:
        """Return the pixel function."""
        return Pixels(histograms_matched, draw, DTYPES, (0,))


class FourierDomainAdaptation(Op):
    """Take the amplitudes of the lowest frequencies from another record's picture, the phases kept.

    Fields: image, and one donor's, resized to it; targets stay.

    Args:
        reach_range: (lo, hi) of how far the exchanged square reaches from frequency zero, as a fraction of the sides.
            Above 0.02 the donor's layout shows as coloured blotches.
    Draws: reach uniform.
    Cost: three Fourier transforms a channel.
    Reference: Yang and Soatto, FDA, 2020.
    """

    on = "image"
    donors = 1

    reach_range: Annotated[Range, Within(0.0, 0.5)] = (0.0, 0.01)

    def draw(self, rng: Rng, info: Info) -> dict[str, float]:
        """Draw the reach."""
        return {"reach": rng.uniform(*self.reach_range)}

    def effect(self, draw: Any, info: Info) -> Pixels:
        """Return the pixel function."""
        return Pixels(amplitudes_exchanged, draw, DTYPES, (0,))


class PixelDistributionAdaptation(Op):
    """Give the colours the mean and the covariance of another record's picture.

    Fields: image, and one donor's, of any size; targets stay.

    Args:
        blend_range: (lo, hi) in [0, 1] of the adapted picture's share.
    Draws: blend uniform.
    Cost: two covariances and one colour matrix.
    Reference: the optimal map between Gaussians, Pitie and Kokaram, 2007: the nearest colours of that covariance.
        albumentations turns principal axes into each other, which may swap colours.
    """

    on = "image"
    donors = 1

    blend_range: FractionRange = (0.25, 1.0)

    def draw(self, rng: Rng, info: Info) -> dict[str, float]:
        """Draw the share."""
        return {"blend": rng.uniform(*self.blend_range)}

    def effect(self, draw: Any, info: Info) -> Pixels:
        """Return the pixel function."""
        return Pixels(distribution_matched, draw, DTYPES, (0,))


def histograms_matched(image: np.ndarray, donor: np.ndarray, blend: float) -> np.ndarray:
    """Return the image with its channels' histograms taken towards the donor's."""
    own, theirs = colours_of(image), colours_of(donor)
    if image.dtype != np.uint8:
        goal = to_unit(theirs)

        def matched(value: np.ndarray) -> np.ndarray:
            pairs = zip(np.moveaxis(value, 2, 0), np.moveaxis(goal, 2, 0), strict=True)
            return np.dstack([_matching(_indices(a), _indices(b), _LEVELS, blend)[_indices(a)] for a, b in pairs])

        return in_floats(image, matched)
    planes = zip(np.moveaxis(own, 2, 0), np.moveaxis(theirs, 2, 0), strict=True)
    tables = [_matching(a, b, 256, blend) for a, b in planes]
    table = np.rint(np.stack(tables, axis=1) * 255.0).astype(np.uint8)
    return with_colours(image, look_up(own, table))


def _indices(plane: np.ndarray) -> np.ndarray:
    """Return floats in [0, 1] as whole levels."""
    return np.rint(plane * np.float32(_LEVELS - 1)).astype(np.uint16)


def _matching(own: np.ndarray, theirs: np.ndarray, levels: int, blend: float) -> np.ndarray:
    """Return float32 (levels,): each level's value in [0, 1] after matching one plane's histogram to another's."""
    shares, wanted = _shares(own, levels), _shares(theirs, levels)
    used = np.flatnonzero(np.diff(wanted, prepend=0.0) > 0)
    table = np.interp(shares, wanted[used], used / (levels - 1.0))
    same = np.linspace(0.0, 1.0, levels)
    return (same + blend * (table - same)).astype(np.float32)


def _shares(plane: np.ndarray, levels: int) -> np.ndarray:
    """Return the share of values at or below each level."""
    counts = cv2.calcHist([np.ascontiguousarray(plane)], [0], None, [levels], [0, levels]).ravel()
    return np.cumsum(counts, dtype=np.float64) / plane.size


def amplitudes_exchanged(image: np.ndarray, donor: np.ndarray, reach: float) -> np.ndarray:
    """Return the image with its low frequencies' amplitudes replaced by the donor's."""
    height, width = image.shape[:2]
    other = resized(to_unit(colours_of(donor)), (width, height), cv2.INTER_AREA)
    rows, columns = int(reach * height), int(reach * width)

    def exchanged(value: np.ndarray) -> np.ndarray:
        spectrum, theirs = np.fft.rfft2(value, axes=(0, 1)), np.fft.rfft2(other, axes=(0, 1))
        low = np.arange(-rows, rows + 1)[:, None] % height, np.arange(min(columns, width // 2) + 1)[None, :]
        own = spectrum[low]
        size = np.abs(own)
        phase = np.where(size > 1e-12, own / np.where(size > 1e-12, size, 1.0), 1.0)
        spectrum[low] = np.abs(theirs[low]) * phase
        return np.fft.irfft2(spectrum, s=(height, width), axes=(0, 1)).astype(np.float32)

    return in_floats(image, exchanged)


def distribution_matched(image: np.ndarray, donor: np.ndarray, blend: float) -> np.ndarray:
    """Return the image with its colours' mean and covariance taken towards the donor's."""
    theirs = to_unit(colours_of(donor))

    def matched(value: np.ndarray) -> np.ndarray:
        mean, covariance = _moments(value)
        goal_mean, goal = _moments(theirs)
        root = _power(covariance, 0.5)
        back = _power(covariance, -0.5)
        matrix = back @ _power(root @ goal @ root, 0.5, _LEAST_VARIANCE**2) @ back
        matrix = (1.0 - blend) * np.eye(len(matrix)) + blend * matrix
        shift = (1.0 - blend) * mean + blend * goal_mean - matrix @ mean
        return value @ matrix.T.astype(np.float32) + shift.astype(np.float32)

    return in_floats(image, matched)


def _moments(value: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean and the covariance of colours."""
    flat = value.reshape(-1, value.shape[2]).astype(np.float64)
    mean = flat.mean(axis=0)
    flat -= mean
    return mean, flat.T @ flat / len(flat)


def _power(symmetric: np.ndarray, exponent: float, least: float = _LEAST_VARIANCE) -> np.ndarray:
    """Return a power of a covariance, its variances held above ``least``."""
    variances, axes = np.linalg.eigh(symmetric)
    return (axes * np.maximum(variances, least) ** exponent) @ axes.T
