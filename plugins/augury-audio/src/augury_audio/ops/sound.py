"""Ops that change sound where it is: loudness, noise, backgrounds, denoising."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from augury.effects import Effects, Samples
from augury.op import Info, Op
from augury.params import FractionRange, Range, Within
from augury.rng import Rng
from augury_audio import stft
from augury_audio.gate import denoise
from augury_audio.noise import Color, Reference, add_noise, mix

Decibels = Annotated[Range, Within(-120, 120)]


class Gain(Op):
    """Make the recording louder or softer.

    Fields: audio, not clipped; intervals stay.

    Args:
        gain_db_range: (lo, hi) in dB, -120 to 120.
    Draws: gain_db uniform in gain_db_range.
    Cost: one multiplication a sample.
    """

    on = "audio"

    gain_db_range: Decibels = (-12.0, 6.0)

    def draw(self, rng: Rng, info: Info) -> Any:
        """Draw the gain."""
        return {"gain_db": rng.uniform(*self.gain_db_range)}

    def effect(self, draw: Any, info: Info) -> Effects:
        """Return the multiplication."""
        return Samples(amplify, draw)


class Noise(Op):
    """Add noise at a drawn signal-to-noise ratio.

    Fields: audio, not clipped; intervals stay.

    Args:
        snr_db_range: (lo, hi) in dB, -120 to 120.
        color: Its spectrum: white is flat, pink falls 3 dB an octave, brown 6 dB.
        reference: The signal's level: of its active moments (pauses left out, after ITU-T P.56), or the rms of all.
    Draws: snr_db uniform in snr_db_range; seed of the noise.
    Cost: about 0.15 ms for 4 s at 16 kHz; pink and brown about 0.8 ms.
    """

    on = "audio"

    snr_db_range: Decibels = (10.0, 30.0)
    color: Color = "white"
    reference: Reference = "active"

    def draw(self, rng: Rng, info: Info) -> Any:
        """Draw the ratio and the noise's seed."""
        return {"snr_db": rng.uniform(*self.snr_db_range), "seed": rng.seed()}

    def effect(self, draw: Any, info: Info) -> Effects:
        """Return the addition."""
        return Samples(add_noise, {**draw, "color": self.color, "reference": self.reference})


class Background(Op):
    """Put another recording under this one at a drawn signal-to-noise ratio.

    Fields: audio, not clipped; intervals stay.

    Args:
        snr_db_range: (lo, hi) in dB, -120 to 120: this recording's level over the background's rms.
        reference: This recording's level: of its active moments (pauses left out, after ITU-T P.56), or the rms of all.
    Draws: snr_db uniform in snr_db_range; start_frac in [0, 1), where in the background to begin. One donor, from the
        same side or the pool that the step names.
    Cost: two passes over the samples; resampling where the background has another rate.
    """

    on = "audio"
    donors = 1

    snr_db_range: Decibels = (5.0, 20.0)
    reference: Reference = "active"

    def draw(self, rng: Rng, info: Info) -> Any:
        """Draw the ratio and the place in the background."""
        return {"snr_db": rng.uniform(*self.snr_db_range), "start_frac": rng.random()}

    def effect(self, draw: Any, info: Info) -> Effects:
        """Return the mixture."""
        return Samples(mix, {**draw, "reference": self.reference}, sources=(0,))


class Denoise(Op):
    """Turn steady noise down by a spectral gate.

    Fields: audio; intervals stay.

    Args:
        strength_range: (lo, hi), 0 to 1; 1 lets -24 dB of the noise through.
    Draws: strength uniform in strength_range.
    Cost: about 3 ms for 4 s at 16 kHz.
    """

    on = "audio"

    strength_range: FractionRange = (0.5, 1.0)

    def draw(self, rng: Rng, info: Info) -> Any:
        """Draw the strength."""
        return {"strength": rng.uniform(*self.strength_range)}

    def effect(self, draw: Any, info: Info) -> Effects:
        """Return the gate."""
        return Samples(denoise, draw)


def amplify(samples: stft.Samples, rate: int, *, gain_db: float) -> stft.Samples:
    """Return the samples times a gain in dB."""
    return samples * np.float32(10 ** (gain_db / 20))
