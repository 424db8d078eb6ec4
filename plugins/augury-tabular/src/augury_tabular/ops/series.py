"""Series bent and cut: values by smooth curves and noise, time by pieces that intervals follow."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from scipy.interpolate import CubicSpline

from augury.effects import Effects, Piece, Samples, Time
from augury.op import Info, Op
from augury.params import FractionRange, Within
from augury.rng import Rng, generator


def add_noise(samples: np.ndarray, rate: int, *, scale: float, seed: int) -> np.ndarray:
    """Add normal noise of ``scale`` standard deviations of each channel."""
    noise = generator(seed).standard_normal(samples.shape, dtype=np.float32)
    return samples + scale * _spread(samples) * noise


def multiply(samples: np.ndarray, rate: int, *, factors: list[float]) -> np.ndarray:
    """Multiply each channel by its factor."""
    return samples * np.array(factors, np.float32)[:, None]


def bend(samples: np.ndarray, rate: int, *, knots: list[list[float]]) -> np.ndarray:
    """Multiply each channel by a cubic spline through its knots, evenly spaced from the first to the last sample."""
    count = samples.shape[1]
    at = np.linspace(0.0, max(count - 1.0, 1.0), len(knots[0]))
    curves = CubicSpline(at, np.array(knots), axis=1)(np.arange(count))
    return samples * curves.astype(np.float32)


def _spread(samples: np.ndarray) -> np.ndarray:
    known = np.isfinite(samples)
    count = np.maximum(known.sum(axis=1, keepdims=True), 1)
    centred = np.where(known, samples, 0.0)
    centred = np.where(known, centred - centred.sum(axis=1, keepdims=True) / count, 0.0)
    return np.sqrt((centred**2).sum(axis=1, keepdims=True) / count).astype(np.float32)


class SeriesJitter(Op):
    """Add normal noise to every sample, sized by the channel's standard deviation.

    Fields: a series; a channel that does not vary stays as it is.

    Args:
        scale: Standard deviation of the noise, as a share of the channel's own.

    Draws: seed of the noise.

    Cost: O(samples x channels).

    Reference: Um et al., Data augmentation of wearable sensor data, 2017.
    """

    on = "series"

    scale: Annotated[float, Within(0.0)] = 0.05

    def draw(self, rng: Rng, info: Info) -> dict[str, int]:
        """Return the seed."""
        return {"seed": rng.seed()}

    def effect(self, draw: dict[str, int], info: Info) -> Effects:
        """Return the noise."""
        return Samples(add_noise, {"scale": self.scale, "seed": draw["seed"]})


class SeriesScale(Op):
    """Multiply each channel by a drawn factor: another gain of its sensor.

    Fields: a series.

    Args:
        sigma: Standard deviation of the factors around 1.

    Draws: factors, one a channel, normal.

    Cost: O(samples x channels).

    Reference: Um et al., Data augmentation of wearable sensor data, 2017.
    """

    on = "series"

    sigma: Annotated[float, Within(0.0)] = 0.1

    def draw(self, rng: Rng, info: Info) -> dict[str, list[float]]:
        """Return the factors."""
        return {"factors": [1.0 + self.sigma * rng.normal() for _ in range(info.size.channels)]}

    def effect(self, draw: dict[str, list[float]], info: Info) -> Effects:
        """Return the multiplication."""
        return Samples(multiply, {"factors": draw["factors"]})


class MagnitudeWarp(Op):
    """Multiply each channel by a smooth curve around 1.

    Fields: a series.

    Args:
        sigma: Standard deviation of the curve's knots around 1.
        knots: Knots between the two ends.

    Draws: knots, a list a channel, normal.

    Cost: O(samples x channels).

    Reference: Um et al., Data augmentation of wearable sensor data, 2017.
    """

    on = "series"

    sigma: Annotated[float, Within(0.0)] = 0.2
    knots: Annotated[int, Within(0, 100)] = 4

    def draw(self, rng: Rng, info: Info) -> dict[str, list[list[float]]]:
        """Return the knots."""
        each = range(self.knots + 2)
        return {"knots": [[1.0 + self.sigma * rng.normal() for _ in each] for _ in range(info.size.channels)]}

    def effect(self, draw: dict[str, list[list[float]]], info: Info) -> Effects:
        """Return the multiplication."""
        return Samples(bend, {"knots": draw["knots"]})


class TimeWarp(Op):
    """Let time run faster here and slower there; the length stays, and what lies on the series moves along.

    Fields: a series.

    Args:
        speed_range: The least and the greatest relative speed, in (0, 1]: from 0.5 to 1, one stretch is up to twice as
            fast as another.
        pieces: Stretches of equal length in the result, each with a speed of its own.

    Draws: speeds, one a piece.

    Cost: O(samples x channels): one interpolation.

    Reference: Um et al., Data augmentation of wearable sensor data, 2017, with pieces of constant speed.
    """

    on = "series"

    speed_range: Annotated[tuple[float, float], Within(1e-3, 1.0)] = (0.6, 1.0)
    pieces: Annotated[int, Within(1, 1000)] = 6

    def draw(self, rng: Rng, info: Info) -> dict[str, list[float]]:
        """Return the speeds."""
        return {"speeds": [rng.uniform(*self.speed_range) for _ in range(self.pieces)]}

    def effect(self, draw: dict[str, list[float]], info: Info) -> Effects:
        """Return the pieces."""
        count, total = info.size.samples, sum(draw["speeds"])
        pieces, source = [], 0.0
        for i, speed in enumerate(draw["speeds"]):
            end = count if i == len(draw["speeds"]) - 1 else source + speed / total * count
            pieces.append(Piece(source, end, i * count / self.pieces, (i + 1) * count / self.pieces))
            source = end
        return Time(tuple(pieces), count)


class WindowSlice(Op):
    """Keep a drawn window of the series; ``resize`` stretches it back to the whole length.

    Fields: a series.

    Args:
        share_range: The least and the greatest share of the samples that is kept, in [0, 1]; at least one sample stays.
        resize: Whether the window is stretched to the length the series had.

    Draws: share, and start, its place in the rest, in [0, 1].

    Cost: O(samples x channels).

    Reference: Le Guennec, Malinowski and Tavenard, Data Augmentation for Time Series Classification, 2016.
    """

    on = "series"

    share_range: FractionRange = (0.8, 0.95)
    resize: bool = False

    def draw(self, rng: Rng, info: Info) -> dict[str, float]:
        """Return the window."""
        return {"share": rng.uniform(*self.share_range), "start": rng.random()}

    def effect(self, draw: dict[str, float], info: Info) -> Effects:
        """Return the one piece, of whole samples."""
        count = info.size.samples
        kept = max(1, round(draw["share"] * count))
        start = round(draw["start"] * (count - kept))
        length = count if self.resize else kept
        return Time((Piece(start, start + kept, 0, length),), length)


class Permute(Op):
    """Cut the series into pieces and put them together in another order.

    Fields: a series; one with fewer samples than pieces is cut into single samples.

    Args:
        pieces: How many pieces of equal length, up to one sample.

    Draws: order, the pieces' numbers as they are put together.

    Cost: O(samples x channels); samples are copied as they are.

    Reference: Um et al., Data augmentation of wearable sensor data, 2017.
    """

    on = "series"

    pieces: Annotated[int, Within(2, 1000)] = 4

    def draw(self, rng: Rng, info: Info) -> dict[str, list[int]]:
        """Return the order."""
        count = min(self.pieces, info.size.samples)
        keys = [rng.random() for _ in range(count)]
        return {"order": sorted(range(count), key=keys.__getitem__)}

    def effect(self, draw: dict[str, list[int]], info: Info) -> Effects:
        """Return the pieces in their new order."""
        count, order = info.size.samples, draw["order"]
        edges = [round(i * count / len(order)) for i in range(len(order) + 1)]
        pieces, at = [], 0
        for number in order:
            size = edges[number + 1] - edges[number]
            pieces.append(Piece(edges[number], edges[number + 1], at, at + size))
            at += size
        return Time(tuple(pieces), count)
