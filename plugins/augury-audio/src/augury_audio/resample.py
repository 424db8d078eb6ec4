"""Band-limited resampling at any ratio, as matrix products.

Why our own: scipy's `resample_poly` is several times slower in float32 and its filter has a phase for each
numerator; soxr is LGPL. The output positions of a rational step p/q repeat every q samples, so a bank of
Kaiser-windowed sinc filters for a few dozen outputs, times a matrix of input windows, gives those outputs of
every cycle at once.

Reference: Smith and Gossett, A Flexible Sampling-Rate Conversion Method, 1984.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from augury_audio.stft import Samples

# 32 lobes a side, -6 dB at 0.92 of the lower Nyquist frequency, Kaiser beta 8: flat to 0.84, -80 dB from 1.0.
_LOBES = 32
_CUTOFF = 0.92
_BETA = 8.0
_FINE = 512

# Outputs of one matrix product: more wastes products with zeros, fewer copies more windows.
_TILE = 44

# Multiply-adds of one matrix product. Its windows stay in the cache, and OpenBLAS gives larger ones to several threads,
# with other roundings: results must not hang on the number of threads.
_PRODUCT = 2**19

_DRIFT = 0.02
_KEEP = 4096


def resample(samples: Samples, step: float, n_out: int, *, start: float = 0.0) -> Samples:
    """Return ``n_out`` samples of the clip read every ``step`` samples from position ``start``.

    Args:
        samples: float32 (channels, n); silent outside.
        step: Input samples for each output sample, above 0: 1.1 is 10 % faster and higher.
        n_out: Samples to make.
        start: Input position of output sample 0, in samples (sample i is at position i).

    Returns:
        float32 (channels, n_out). The last sample stands within 0.02 samples of ``start + (n_out - 1) * step``.

    Raises:
        ValueError: If ``step`` is not above 0.

    Cost: about 110 multiply-adds a sample, as BLAS products; for an odd step also the filters of its cycle.
    """
    if not step > 0:
        raise ValueError(f"expected step above 0, got {step}")
    channels, n = samples.shape
    if n_out == 0:
        return np.zeros((channels, 0), np.float32)
    p, q = _ratio(step, n_out)
    whole = math.floor(start)
    make = _bank if q <= _KEEP else _bank.__wrapped__
    bank = make(p, q, start - whole, min(n_out, q))
    cycles = -(-n_out // bank.outputs)
    first = whole + bank.tiles[0].low
    last = whole + (cycles - 1) * bank.inputs + max(tile.low + len(tile.filters) for tile in bank.tiles)
    padded = np.zeros((channels, last - first), np.float32)
    a, b = max(first, 0), min(last, n)
    if a < b:
        padded[:, a - first : b - first] = samples[:, a:b]
    out = np.empty((channels, cycles, bank.outputs), np.float32)
    for tile in bank.tiles:
        width, outputs = tile.filters.shape
        views = np.lib.stride_tricks.sliding_window_view(padded, width, axis=1)
        views = views[:, whole + tile.low - first :: bank.inputs]
        rows = max(1, _PRODUCT // tile.filters.size)
        for begin in range(0, cycles, rows):
            end = min(begin + rows, cycles)
            windows = np.ascontiguousarray(views[:, begin:end])
            out[:, begin:end, tile.at : tile.at + outputs] = windows @ tile.filters
    return out.reshape(channels, -1)[:, :n_out]


def _ratio(step: float, n_out: int) -> tuple[int, int]:
    """Return p and q with the smallest bound on q for which p/q drifts at most `_DRIFT` samples from ``step``."""
    exact = Fraction(step)
    bound = 64
    while True:
        near = exact.limit_denominator(bound)
        if bound >= n_out or abs(float(near - exact)) * n_out <= _DRIFT:
            return near.numerator, near.denominator
        bound *= 4


class _Tile(NamedTuple):
    """Filters of neighbouring outputs: ``filters`` (window, outputs) on the window that begins at input ``low``."""

    at: int
    low: int
    filters: NDArray[np.float32]


class _Bank(NamedTuple):
    """The filters of a cycle that makes ``outputs`` samples of ``inputs``."""

    outputs: int
    inputs: int
    tiles: tuple[_Tile, ...]


@lru_cache(maxsize=32)
def _bank(p: int, q: int, start: float, needed: int) -> _Bank:
    """Return the filters of a cycle of step p/q that begins at position ``start``, or its first ``needed`` outputs."""
    repeats = max(1, _TILE // q) if needed == q else 1
    total = needed * repeats
    size = -(-total // max(1, round(total / _TILE)))
    scale = min(1.0, q / p)
    half = math.ceil(_LOBES / scale)
    taps = np.arange(1 - half, half + 1)
    tiles = []
    for at in range(0, total, size):
        end = min(at + size, total)
        position = start + np.arange(at, end) * p / q
        base = np.floor(position).astype(np.int64)
        low = int(base[0]) - half + 1
        filters = np.zeros((end - at, int(base[-1]) + half + 1 - low), np.float32)
        weights = _kernel(((base - position)[:, None] + taps) * scale) * np.float32(scale)
        np.put_along_axis(filters, (base - low)[:, None] + taps, weights, axis=1)
        tiles.append(_Tile(at, low, np.ascontiguousarray(filters.T)))
    return _Bank(q * repeats, p * repeats, tuple(tiles))


@lru_cache(maxsize=1)
def _table() -> NDArray[np.float32]:
    """Return the right half of the kernel at `_FINE` points a lobe, and two zeros to read past the end."""
    u = np.arange(_LOBES * _FINE + 2) / _FINE
    window = np.i0(_BETA * np.sqrt(np.maximum(1 - (u / _LOBES) ** 2, 0))) / np.i0(_BETA)
    return np.where(u < _LOBES, _CUTOFF * np.sinc(_CUTOFF * u) * window, 0).astype(np.float32)


def _kernel(t: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the kernel at distances ``t`` in samples, by linear interpolation of its table."""
    u = np.minimum(np.abs(t) * _FINE, _LOBES * _FINE)
    index = u.astype(np.intp)
    table = _table()
    left = table[index]
    value: NDArray[np.float32] = left + (table[index + 1] - left) * (u - index).astype(np.float32)
    return value
