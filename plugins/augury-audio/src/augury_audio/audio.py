"""The value of an audio field: samples with their rate. Reading and writing it as files."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import soundfile
from numpy.typing import NDArray

from augury.errors import FieldError, describe, shown
from augury_audio.stft import Samples

Store: TypeAlias = Literal["flac", "flac24", "wav"]
"""How sound is written: FLAC of 16 or 24 bits, or WAV of 32-bit floats."""


@dataclass(frozen=True, slots=True, eq=False)
class Audio:
    """Sound: ``samples`` float32 (channels, n), nominally in [-1, 1], at ``rate`` Hz.

    Made directly it trusts its arguments; `Audio.of` checks and converts what users bring.
    """

    samples: Samples
    rate: int

    @classmethod
    def of(cls, value: Any, where: str = "audio") -> Audio:
        """Return ``value`` as a checked `Audio`.

        Args:
            value: An `Audio`; a ``(samples, rate)`` pair; a mapping with ``array`` and ``sampling_rate``. Samples
                are (n,) for mono or (channels, n), of float, or of int16 or int32 for full scale.
            where: The place that errors name.

        Raises:
            FieldError: If it is none of these, is empty, or holds NaN or infinity.
        """
        if isinstance(value, Audio):
            samples, rate = value.samples, value.rate
        elif isinstance(value, Mapping) and {"array", "sampling_rate"} <= value.keys():
            samples, rate = value["array"], value["sampling_rate"]
        elif isinstance(value, (tuple, list)) and len(value) == 2:
            samples, rate = value
        else:
            raise FieldError(
                describe(where, "a pair (samples, rate)", shown(type(value).__name__), fix="pass Audio(samples, rate)")
            )
        checked = _checked_samples(samples, where)
        if isinstance(value, Audio) and checked is samples:
            return value
        return cls(checked, _checked_rate(rate, where))

    @property
    def channels(self) -> int:
        """Number of channels."""
        return self.samples.shape[0]

    @property
    def seconds(self) -> float:
        """Duration in seconds."""
        return self.samples.shape[1] / self.rate

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Audio):
            return NotImplemented
        return self.rate == other.rate and np.array_equal(self.samples, other.samples)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Audio({self.channels} x {self.samples.shape[1]} samples at {self.rate} Hz)"


def read_audio(data: bytes, where: str = "audio", *, max_seconds: float = math.inf) -> Audio:
    """Return the sound in the bytes of a WAV, FLAC, OGG, MP3 or other file that libsndfile reads.

    Args:
        data: The file's bytes.
        where: The place that errors name.
        max_seconds: Longest sound to decode.

    Raises:
        FieldError: If the bytes are no such file, are cut short, too long, hold no sample, or hold NaN or infinity.
    """
    if not data:
        raise FieldError(describe(where, "an audio file", shown("0 bytes"), fix="remove or replace the file"))
    _check_riff_length(data, where)
    try:
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            rate, promised = file.samplerate, file.frames
            if promised > max_seconds * rate:
                got, fix = shown(f"{promised / rate:.1f} s"), "crop it, or raise max_seconds"
                raise FieldError(describe(where, f"at most {max_seconds:g} s of sound", got, fix=fix))
            samples = file.read(dtype="float32", always_2d=True)
    except (soundfile.SoundFileError, RuntimeError) as error:
        raise FieldError(
            describe(where, "a readable audio file", shown(f"{error}"), fix="replace the file or convert it to WAV")
        ) from error
    if len(samples) < promised:
        raise FieldError(
            describe(where, f"{promised} samples, as its header says", shown(f"{len(samples)}"), fix=_TRUNCATED_FIX)
        )
    return Audio.of((np.ascontiguousarray(samples.T), rate), where)


def write_audio(audio: Audio, store: Store = "flac") -> bytes:
    """Return ``audio`` as the bytes of a file; reading them gives the samples as `stored` has them."""
    samples = stored(audio.samples, store)
    container, subtype = {"flac": ("FLAC", "PCM_16"), "flac24": ("FLAC", "PCM_24"), "wav": ("WAV", "FLOAT")}[store]
    out = io.BytesIO()
    # libsndfile takes 24 bits as the upper ones of 32.
    soundfile.write(out, (samples << 8 if store == "flac24" else samples).T, audio.rate, subtype, format=container)
    return out.getvalue()


def stored(samples: Samples, store: Store) -> NDArray[Any]:
    """Return the numbers that a file holds of ``samples``: for FLAC whole steps, clipped; for WAV the samples.

    Returns:
        int16 or int32 (channels, n) for ``flac`` and ``flac24``; float32 for ``wav``.
    """
    if store == "wav":
        return samples
    full, dtype = (2**15, np.int16) if store == "flac" else (2**23, np.int32)
    return np.clip(np.rint(samples * np.float32(full)), -full, full - 1).astype(dtype)


_TRUNCATED_FIX = "copy the file again; it is cut short"


def _checked_rate(rate: Any, where: str) -> int:
    if isinstance(rate, bool) or not isinstance(rate, (int, np.integer)) or rate <= 0:
        raise FieldError(describe(where, "a rate in Hz, a whole number above 0", rate, fix="pass (samples, rate)"))
    return int(rate)


def _checked_samples(value: Any, where: str) -> Samples:
    samples = np.asarray(value)
    if samples.dtype.kind == "i" and samples.dtype.itemsize in (2, 4):
        samples = samples.astype(np.float32) / np.float32(2 ** (8 * samples.dtype.itemsize - 1))
    if samples.dtype.kind != "f":
        got = shown(f"dtype {samples.dtype}")
        raise FieldError(describe(where, "samples of float, int16 or int32", got, fix="convert the samples to float32"))
    if samples.ndim == 1:
        samples = samples[None]
    if samples.ndim != 2:
        got = shown(f"shape {samples.shape}")
        raise FieldError(describe(where, "samples (n,) or (channels, n)", got, fix="pass one clip of at most 2 axes"))
    if samples.size == 0:
        got = shown(f"shape {samples.shape}")
        raise FieldError(describe(where, "at least one sample", got, fix="remove the empty clip"))
    if samples.shape[0] > 64 and samples.shape[0] > samples.shape[1]:
        got = shown(f"shape {samples.shape}")
        raise FieldError(describe(where, "samples as (channels, n)", got, fix="transpose the samples"))
    samples = samples.astype(np.float32, copy=False)
    flat = samples.reshape(-1)
    # The power is finite exactly when every sample is (or beyond all sound): one fast pass in place of two.
    with np.errstate(over="ignore"):
        power = np.dot(flat, flat)
    if not np.isfinite(power) and not (finite := np.isfinite(samples)).all():
        channel, at = np.argwhere(~finite)[0]
        got = shown(f"{samples[channel, at]} at sample {at} of channel {channel}")
        raise FieldError(describe(where, "finite samples", got, fix="repair or remove the clip"))
    return samples


def _check_riff_length(data: bytes, where: str) -> None:
    """Refuse a WAV whose data chunk ends before its header says; libsndfile reads it in silence."""
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        return
    at = 12
    while at + 8 <= len(data):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if name == b"data":
            # Writers to a pipe leave 0xFFFFFFFF: the data then goes to the end of the file.
            if size != 0xFFFFFFFF and size > len(data) - at - 8:
                got = shown(f"{len(data) - at - 8}")
                raise FieldError(describe(where, f"{size} bytes of sound, as its header says", got, fix=_TRUNCATED_FIX))
            return
        at += 8 + size + size % 2
    raise FieldError(describe(where, "a WAV file with a data chunk", shown("none"), fix=_TRUNCATED_FIX))
