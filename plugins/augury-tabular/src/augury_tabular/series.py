"""The kind of measured series: what sensors, meters and markets give, a few channels over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from augury.effects import SELF
from augury.errors import FieldError, RecipeError, describe, shown
from augury.kinds import Kind
from augury.params import Within
from augury.record import type_name
from augury.spaces.time import Part, TimeSegment, TimeSize

if TYPE_CHECKING:
    import pyarrow as pa


class Series(Kind):
    """A measured series: float32 (channels, samples). Intervals and other kinds of the time space can lie on it.

    A missing sample is NaN and stays one. Where a series is resampled, values between samples are interpolated
    linearly: a series has no pitch to keep.

    Args:
        rate: Samples a second, a whole number; 1 makes seconds and samples the same.
    """

    space = "time"

    rate: Annotated[int, Within(1)] = 1

    def check(self, value: Any) -> np.ndarray:
        """Return float32 (channels, samples); also takes (samples,), lists, and lists of channels."""
        try:
            array = np.array(value, dtype=np.float32, ndmin=2)
        except (ValueError, TypeError) as error:
            fix = "give numbers, (samples,) or (channels, samples)"
            raise FieldError(describe("", "a series of numbers", type_name(value), fix=fix)) from error
        if array.ndim != 2 or not array.size:
            got, fix = shown(str(np.shape(value))), "give at least one sample of at least one channel"
            raise FieldError(describe("", "a series (channels, samples)", got, fix=fix))
        array.flags.writeable = False
        same = isinstance(value, np.ndarray) and value.dtype == np.float32 and value.ndim == 2
        return value if same else array

    def arrow(self) -> pa.DataType:
        """list<list<float>>: the channels' samples."""
        import pyarrow as pa

        return pa.list_(pa.list_(pa.float32()))

    def pack(self, value: np.ndarray) -> list[list[float]]:
        """Return the channels as lists."""
        return value.tolist()

    def samples(self) -> list[Any]:
        """Return values for tests: one channel, three of them, a single sample."""
        t = np.arange(200) / 50
        waves = np.stack([np.sin(2 * np.pi * f * t) for f in (1, 2, 5)]).astype(np.float32)
        return [waves[:1].copy(), waves[:, :120].copy(), np.full((1, 1), 0.5, np.float32)]

    def size(self, value: np.ndarray) -> TimeSize:
        """Return samples, rate and channels."""
        return TimeSize(value.shape[1], self.rate, value.shape[0])

    def render(self, value: np.ndarray, segment: TimeSegment) -> np.ndarray:
        """Run pending time effects as one interpolation; what no part covers is 0. Cost: O(samples x channels)."""
        if segment.empty:
            return value
        if any(part.source != SELF for part in segment.parts):
            fix = "use donors through Samples"
            raise RecipeError(describe("Time", "pieces of the series itself", shown("pieces of a donor"), fix=fix))
        out = np.zeros((value.shape[0], segment.size.samples), np.float32)
        for part in segment.parts:
            first = max(0, int(np.ceil(part.d0 - 0.5)))
            last = min(segment.size.samples, int(np.ceil(part.d1 - 0.5)))
            if first < last:
                out[:, first:last] = _stretch(value, part, first, last)
        return out

    def apply(self, value: np.ndarray, effect: Any, sources: Sequence[np.ndarray]) -> np.ndarray:
        """Run a `Samples` effect."""
        return np.asarray(effect.fn(value, self.rate, *sources, **effect.args), np.float32)


def _stretch(value: np.ndarray, part: Part, first: int, last: int) -> np.ndarray:
    """Return a part's samples ``first`` to ``last``: sample i covers [i, i + 1), its value is at the middle."""
    step = (part.s1 - part.s0) / (part.d1 - part.d0)
    place = part.s0 + (np.arange(first, last) + 0.5 - part.d0) * step - 0.5
    lo, hi = sorted((part.s0, part.s1))
    place = np.clip(place, max(0.0, lo - 0.5), min(value.shape[1] - 1.0, hi))
    near = np.round(place)
    if np.abs(place - near).max() < 1e-6:
        return value[:, near.astype(int)]
    before = np.floor(place).astype(int)
    after = np.minimum(before + 1, value.shape[1] - 1)
    share = (place - before).astype(np.float32)
    return value[:, before] * (1 - share) + value[:, after] * share
