"""audio.envelope: compares recordings by their course and colour, for audits: another way than `audio.near`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np

from augury.detector import Detector
from augury_audio.audio import Audio

_PARTS = 96
_BANDS = 32
_LOWEST_HZ, _HIGHEST_HZ = 100.0, 3600.0
_FLOOR_DB = 60.0


class Envelope(Detector):
    """Compare recordings by level over time (96 equal parts) and level over frequency (32 bands, 100 to 3600 Hz).

    The similarity is the lesser of the two correlations. Copies by codec, level and rate have 0.99 and more; a delay
    lowers it. Every pair is a candidate: it is made for audits of samples, not for whole collections.

    Cost: a sketch about 1 ms a second of sound, 129 bytes; a comparison under 1 us.
    """

    on = "audio"
    near: ClassVar[float] = 0.985

    def sketch(self, value: Audio, fields: Mapping[str, Any]) -> bytes | None:
        """Return the duration in quarters of a second, then levels in dB, uint8; None for silence and the shortest."""
        mono = value.samples.mean(axis=0, dtype=np.float64)
        if len(mono) < 4 * _PARTS or not np.any(mono):
            return None
        edges = np.linspace(0, len(mono), _PARTS + 1).astype(int)[:-1]
        course = np.add.reduceat(mono * mono, edges) / (len(mono) / _PARTS)
        power = np.abs(np.fft.rfft(mono)) ** 2
        hz = np.geomspace(_LOWEST_HZ, min(_HIGHEST_HZ, value.rate / 2), _BANDS + 1)
        bins = np.minimum((hz * len(mono) / value.rate).astype(int), len(power) - 1)
        colour = np.array([power[lo : max(hi, lo + 1)].mean() for lo, hi in pairwise(bins)])
        quarters = min(round(4 * len(mono) / value.rate), 255)
        return bytes([quarters]) + _levels(course) + _levels(colour)

    def bands(self, sketches: Sequence[bytes], near: float, state: Any) -> Sequence[Sequence[bytes]]:
        """Return the one band that all share."""
        return [[b"*"] for _ in sketches]

    def similarity(self, a: Sequence[bytes], b: Sequence[bytes], state: Any) -> Sequence[float]:
        """Return the lesser correlation of each pair; 0 for durations that differ by more than half a second."""
        x, y = (
            np.frombuffer(b"".join(s), np.uint8).reshape(-1, 1 + _PARTS + _BANDS).astype(np.float64) for s in (a, b)
        )
        close = np.abs(x[:, 0] - y[:, 0]) <= 2
        parts = (slice(1, 1 + _PARTS), slice(1 + _PARTS, None))
        least = np.min([_correlation(x[:, part], y[:, part]) for part in parts], axis=0)
        return [float(s) for s in np.where(close, np.clip(least, 0, 1), 0)]


def _levels(power: np.ndarray) -> bytes:
    """Return levels in quarters of a dB above a floor 60 dB below the greatest."""
    level = 10 * np.log10(np.maximum(power / max(float(power.max()), 1e-30), 1e-12))
    return np.clip(np.rint((level + _FLOOR_DB) * 4), 0, 240).astype(np.uint8).tobytes()


def _correlation(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return each row's correlation; rows that are equal have 1, a constant one has 0 with any other."""
    dx, dy = x - x.mean(axis=1, keepdims=True), y - y.mean(axis=1, keepdims=True)
    size = np.sqrt((dx * dx).sum(axis=1) * (dy * dy).sum(axis=1))
    found: np.ndarray = np.divide((dx * dy).sum(axis=1), size, out=np.zeros(len(x)), where=size > 0)
    return np.where((x == y).all(axis=1), 1.0, found)
