"""Rendering of composed time effects: each part of the output from its stretch of the clip, at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from augury.spaces.time import Part
from augury_audio.resample import resample
from augury_audio.stft import Samples
from augury_audio.vocoder import stretch


def render(samples: Samples, rate: int, parts: Sequence[Part], length: int) -> Samples:
    """Return ``length`` samples made of parts of a clip; what no part covers is silent.

    Sample i covers [i, i + 1). Whole-sample copies, backwards too, are exact; a part whose pitch follows its rate is
    resampled; any other goes through the vocoder once, whatever became of its tempo and pitch.

    Args:
        samples: float32 (channels, n).
        rate: Sample rate in Hz.
        parts: Non-overlapping in the output.
        length: Samples to make.
    """
    placed = [(max(0, math.ceil(p.d0 - 0.5)), min(length, math.ceil(p.d1 - 0.5)), p) for p in _joined(parts)]
    if len(placed) == 1 and placed[0][:2] == (0, length):
        return _sound(samples, rate, placed[0][2], 0, length)
    out = np.zeros((samples.shape[0], length), np.float32)
    for first, last, part in placed:
        if first < last:
            out[:, first:last] = _sound(samples, rate, part, first, last - first)
    return out


def _sound(samples: Samples, rate: int, part: Part, first: int, count: int) -> Samples:
    """Return ``count`` samples of a part from output sample ``first`` on."""
    n = samples.shape[1]
    s0, s1, step = part.s0, part.s1, part.rate
    if s1 < s0:
        samples, s0, s1 = samples[:, ::-1], n - s0, n - s1
    # The centre of output sample `first`, carried to the input, as a position where sample i is at i.
    start = s0 + (first + 0.5 - part.d0) * step - 0.5
    if math.isclose(part.pitch, step, rel_tol=1e-9):
        if math.isclose(step, 1.0, rel_tol=1e-12) and abs(start - round(start)) < 1e-6:
            return stretch(samples, 1.0, count, rate=rate, start=float(round(start)))
        return resample(samples, step, count, start=start)
    begin, end = max(0, math.floor(s0)), min(n, math.ceil(s1))
    return stretch(samples[:, begin:end], step, count, rate=rate, start=start - begin, pitch=part.pitch)


def _joined(parts: Sequence[Part]) -> list[Part]:
    """Return the parts with those that run on into each other made one, so that no seam is heard."""
    out = list(parts[:1])
    for last, part in pairwise(parts):
        if _continues(last, part):
            out[-1] = out[-1]._replace(s1=part.s1, d1=part.d1)
        else:
            out.append(part)
    return out


def _continues(last: Part, part: Part) -> bool:
    same_way = (last.s1 < last.s0) == (part.s1 < part.s0)
    touching = abs(last.s1 - part.s0) < 1e-6 and abs(last.d1 - part.d0) < 1e-6
    same_sound = math.isclose(last.pitch, part.pitch, rel_tol=1e-9) and math.isclose(last.rate, part.rate, rel_tol=1e-9)
    return same_way and touching and same_sound and last.source == part.source
