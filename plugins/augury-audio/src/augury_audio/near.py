"""audio.near: finds recordings that are copies of each other but for codec, loudness, rate and a small delay."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, ClassVar, TypeAlias

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from augury.detector import Detector, sample_of
from augury_audio.audio import Audio
from augury_audio.resample import resample
from augury_audio.stft import hann

Cells: TypeAlias = NDArray[np.float32]
"""Levels in dB above the floor, (frames, `_MELS`)."""

_RATE = 8000
_HOP = 160
_WINDOW = 512
_MELS = 16
_MEL_HZ = (150.0, 3600.0)
_FRAMES = 256
_FLOOR_DB = 45.0
_STEPS_PER_DB = 4
_BLOCK = 4096

_MOST_SHIFT_S = 0.2
_FLAT_DB = 1.0
"""What counts as movement in a sound that has none, so that the similarity of steady tones is told by their spectra."""

_MODULATIONS_HZ = np.array([0.0, 0.12, 0.25, 0.4, 0.6, 0.8, 1.0, 1.3, 1.6, 2.0, 2.5, 3.2, 4.0])
_BANDS, _BITS = 16, 16
_DIMENSIONS = 20
_PARTS = (0.0, 0.25, 0.5)
"""Shares of a frame by which sounds are also tried later and earlier, by interpolation."""

_SAMPLE = 4096
_PAIRS = 16


class Near(Detector):
    """Find recordings that sound the same but for lossy coding, level, sample rate and a delay of up to 0.2 s.

    A sketch is a picture of the sound: levels of 16 mel bands from 150 to 3600 Hz, every 20 ms, or every 40, 80, ...
    so that there are at most 256, in quarters of a dB down to 45 dB below the loudest. The similarity of two recordings
    is 1 - d / m at the best delay, d being the sum of the differences of their levels, m that of what each level moves
    about its band's mean, plus 1 dB: two unrelated recordings with equal spectra have about 0.3. A part of a
    recording is not near to the whole. Candidates share one of 16 bands of 16 bits: signs of random projections of the
    picture's modulation spectrum, which a delay leaves as it is, turned and scaled to be independent over the data.

    Digital silence is compared with nothing.

    Cost: a sketch about 2 ms a second of sound at 44.1 kHz, at most 4 kB; a comparison about 0.5 ms.

    Reference: sign projections: Charikar, "Similarity estimation techniques from rounding algorithms", 2002.
    """

    on = "audio"
    near: ClassVar[float] = 0.87
    fits: ClassVar[bool] = True

    def sketch(self, value: Audio, fields: Mapping[str, Any]) -> bytes | None:
        """Return how many frames are joined (a power of two, its exponent as one byte) and the levels, uint8."""
        mono = value.samples.mean(axis=0, keepdims=True)
        if value.rate != _RATE:
            mono = resample(mono, value.rate / _RATE, max(1, round(value.seconds * _RATE)))
        if not mono.any():
            return None
        level, joined = _levels_db(mono[0])
        loudest = np.sort(level, axis=None)[-max(1, level.size // 50) :].mean()
        steps = np.clip(np.rint((level - loudest + _FLOOR_DB) * _STEPS_PER_DB), 0, 255)
        return bytes([joined]) + steps.astype(np.uint8).tobytes()

    def fit(self, sketches: Iterable[Sequence[bytes]]) -> Any:
        """Return the mean of the modulation spectra and the projections that make them independent."""
        spectra = _modulations(sample_of(sketches, _SAMPLE))
        if not len(spectra):
            return {"mean": np.zeros(0), "turn": np.zeros((0, 0))}
        mean = spectra.mean(axis=0)
        _, size, turn = np.linalg.svd(spectra - mean, full_matrices=False)
        kept = size[:_DIMENSIONS]
        return {"mean": mean, "turn": turn[:_DIMENSIONS].T / np.sqrt(np.maximum(kept, 1e-6))}

    def bands(self, sketches: Sequence[bytes], near: float, state: Any) -> Sequence[Sequence[bytes]]:
        """Return 16 bands of three bytes: the band's number and 16 signs."""
        points = (_modulations(sketches) - state["mean"]) @ state["turn"]
        signs = points @ _directions(points.shape[1]) > 0
        bits = np.packbits(signs.reshape(len(sketches), _BANDS, _BITS), axis=2)
        return [[bytes([i]) + band.tobytes() for i, band in enumerate(row)] for row in bits]

    def similarity(self, a: Sequence[bytes], b: Sequence[bytes], state: Any) -> Sequence[float]:
        """Return the similarity of each pair at its best delay."""
        groups: dict[int, list[int]] = {}
        for i, pair in enumerate(zip(a, b, strict=True)):
            groups.setdefault(max(pair[0][0], pair[1][0]), []).append(i)
        out = np.zeros(len(a))
        for joined, members in groups.items():
            for at in range(0, len(members), _PAIRS):
                chunk = members[at : at + _PAIRS]
                out[chunk] = _best(_stacked(a, chunk, joined), _stacked(b, chunk, joined), joined)
        return [float(s) for s in out]


def _levels_db(mono: NDArray[np.float32]) -> tuple[Cells, int]:
    """Return the mel levels in dB of a clip at 8 kHz, and the exponent of how many 20 ms frames are joined in each."""
    frames = -(-mono.size // _HOP)
    joined = max(0, math.ceil(math.log2(frames / _FRAMES)))
    step = 1 << joined
    total = -(-frames // step) * step
    padded = np.zeros((total - 1) * _HOP + _WINDOW, np.float32)
    edge = (_WINDOW - _HOP) // 2
    padded[edge : edge + mono.size] = mono[: padded.size - edge]
    views = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP]
    block = max(_BLOCK, step)
    out = []
    for at in range(0, total, block):
        spectra = scipy.fft.rfft(views[at : at + block] * hann(_WINDOW), axis=1)
        power: Cells = (spectra.real**2 + spectra.imag**2) @ _mel_filters()
        level: Cells = 10 * np.log10(power + np.float32(1e-9))
        out.append(level.reshape(-1, step, _MELS).mean(axis=1))
    return np.concatenate(out).astype(np.float32, copy=False), joined


@lru_cache(maxsize=1)
def _mel_filters() -> NDArray[np.float32]:
    """Return triangles evenly spread over the mel scale (2595 log10(1 + f / 700)), (frequencies, `_MELS`)."""
    lo, hi = (2595 * math.log10(1 + edge / 700) for edge in _MEL_HZ)
    edges = 700 * (10 ** (np.linspace(lo, hi, _MELS + 2) / 2595) - 1)
    hz = np.arange(_WINDOW // 2 + 1)[:, None] * (_RATE / _WINDOW)
    up, down = (hz - edges[:-2]) / np.diff(edges)[:-1], (edges[2:] - hz) / np.diff(edges)[1:]
    return np.maximum(0, np.minimum(up, down)).astype(np.float32)


def _cells(sketch: bytes) -> Cells:
    steps = np.frombuffer(sketch, np.uint8, offset=1).reshape(-1, _MELS)
    return steps.astype(np.float32) * np.float32(1 / _STEPS_PER_DB)


def _modulations(sketches: Sequence[bytes]) -> NDArray[np.float64]:
    """Return how much each mel band moves at each of `_MODULATIONS_HZ`, (sketches, mels x modulations)."""
    out = np.empty((len(sketches), _MODULATIONS_HZ.size * _MELS))
    for i, sketch in enumerate(sketches):
        cells = _cells(sketch)
        out[i] = np.sqrt(np.abs(_waves(len(cells), sketch[0]) @ cells)).ravel()
    return out


@lru_cache(maxsize=512)
def _waves(frames: int, joined: int) -> NDArray[np.complex64]:
    seconds = _HOP / _RATE * (1 << joined)
    phase = 2j * np.pi * seconds * _MODULATIONS_HZ[:, None] * np.arange(frames)
    return (np.exp(-phase) * seconds).astype(np.complex64)


@lru_cache(maxsize=8)
def _directions(dimensions: int) -> NDArray[np.float64]:
    return np.random.Generator(np.random.Philox(key=7)).standard_normal((dimensions, _BANDS * _BITS))


def _stacked(sketches: Sequence[bytes], members: Sequence[int], joined: int) -> Cells:
    """Return the levels of some sketches with equally long frames, silence at both ends, (members, frames, mels)."""
    most = _most_shift(joined)
    out = np.zeros((len(members), _FRAMES + 2 * most, _MELS), np.float32)
    for row, i in enumerate(members):
        cells, step = _cells(sketches[i]), 1 << (joined - sketches[i][0])
        frames = min(_FRAMES, -(-len(cells) // step))
        padded = np.zeros((frames * step, _MELS), np.float32)
        padded[: len(cells)] = cells[: frames * step]
        out[row, most : most + frames] = padded.reshape(frames, step, _MELS).mean(axis=1)
    return out


def _most_shift(joined: int) -> int:
    return max(1, math.ceil(_MOST_SHIFT_S * _RATE / _HOP) >> joined)


def _best(a: Cells, b: Cells, joined: int) -> NDArray[np.float64]:
    """Return the similarities of pairs of levels, each at its best delay."""
    length = np.maximum(_frames(a), _frames(b))
    most = _moves(a) + _moves(b) + _FLAT_DB * length * _MELS
    delay = _delays(a, b, _most_shift(joined))
    frames = (np.arange(b.shape[1]) - delay[:, None]) % b.shape[1]
    near, before, after = (np.take_along_axis(b, ((frames + i) % b.shape[1])[:, :, None], axis=1) for i in (0, -1, 1))
    best = np.full(len(a), np.inf)
    for share in _PARTS:
        for beside in (before, after):
            apart = np.abs(a - near + share * (near - beside)).sum(axis=(1, 2), dtype=np.float64)
            best = np.minimum(best, apart)
    return np.clip(1 - best / np.maximum(most, 1e-9), 0, 1)


def _delays(a: Cells, b: Cells, most: int) -> NDArray[np.int64]:
    """Return by how many frames each of ``b`` must be later to lie on ``a``, told by the bands in four groups."""
    shape = (len(a), -1, 4, _MELS // 4)
    coarse_a, coarse_b = a.reshape(shape).mean(axis=3), b.reshape(shape).mean(axis=3)
    shifts = np.arange(-most, most + 1)
    apart = [np.abs(coarse_a - np.roll(coarse_b, shift, axis=1)).sum(axis=(1, 2)) for shift in shifts]
    return shifts[np.argmin(apart, axis=0)]


def _frames(cells: Cells) -> NDArray[np.int64]:
    """Return how many frames of each are above the floor: those before the first and after the last do not count."""
    sounding = cells.max(axis=2) > 0
    first, last = sounding.argmax(axis=1), sounding[:, ::-1].argmax(axis=1)
    return np.where(sounding.any(axis=1), cells.shape[1] - first - last, 0)


def _moves(cells: Cells) -> NDArray[np.float64]:
    """Return the sum over all cells that sound of what they are off their band's mean."""
    frames = np.arange(cells.shape[1])
    first = (cells.max(axis=2) > 0).argmax(axis=1)[:, None]
    inside = ((frames >= first) & (frames < first + _frames(cells)[:, None]))[:, :, None]
    count = np.maximum(inside.sum(axis=1, keepdims=True), 1)
    mean = (cells * inside).sum(axis=1, keepdims=True) / count
    return (np.abs(cells - mean) * inside).sum(axis=(1, 2), dtype=np.float64)
