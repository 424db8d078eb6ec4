"""What a person sees and hears of a recording, for previews."""

from __future__ import annotations

import io

import numpy as np
import soundfile

from augury.views import Sound
from augury_audio.audio import Audio

PARTS = 480
"""Parts of the outline."""

MOST_SECONDS = 30.0
"""A longer recording is played only so far."""


def sound(value: Audio) -> Sound:
    """Return a recording as a playable beginning (16-bit WAV) and the outline of the whole."""
    heard = value.samples[:, : round(MOST_SECONDS * value.rate)]
    file = io.BytesIO()
    soundfile.write(file, np.clip(heard, -1.0, 1.0).T, value.rate, format="WAV", subtype="PCM_16")
    channels = {1: "mono", 2: "stereo"}.get(value.channels, f"{value.channels} channels")
    note = f"{value.seconds:.2f} s, {value.rate / 1000:g} kHz, {channels}"
    if heard.shape[1] < value.samples.shape[1]:
        note += f"; plays the first {MOST_SECONDS:g} s"
    return Sound(file.getvalue(), value.seconds, _peaks(value.samples), note)


def _peaks(samples: np.ndarray) -> tuple[tuple[float, float], ...]:
    """Return the least and greatest sample of each part, over all channels."""
    n = samples.shape[1]
    starts = np.unique(np.linspace(0, n, min(PARTS, n), endpoint=False).astype(int))
    least = np.minimum.reduceat(samples.min(axis=0), starts)
    greatest = np.maximum.reduceat(samples.max(axis=0), starts)
    return tuple(zip(least.tolist(), greatest.tolist(), strict=True))
