"""Sound transforms of other libraries as ops."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import numpy as np

from augury.effects import Effect, Effects, Opaque, Piece, Samples, Time
from augury.errors import AuguryError, FieldError, describe, shown
from augury.op import Info
from augury_bridges.images import refusal
from augury_bridges.making import Bridged
from augury_bridges.scope import seeded

_STEP = 2.0**-24
"""The difference between neighbouring samples of the probe: float32 holds that many exactly."""
_SHORTEST = 4
"""Runs of fewer samples are not taken for copies."""


class SoundOp(Bridged):
    """A transform of sound. Its role is "still", "scales", "copies", "tells" (its adapter does) or "unknown"."""

    on = "audio"

    def effect(self, draw: Any, info: Info) -> Effects:
        """Return the transform as an opaque effect; one that moves sound tells where it went by `where`."""
        args = {**self.arguments, "seed": draw["seed"], "role": self.role}
        return Samples(sound, args) if self.role == "still" else Opaque(sound, where, args)


def sound(
    samples: np.ndarray, rate: int, *, library: str, name: str, given: Mapping[str, Any], seed: int, role: str
) -> np.ndarray:
    """Run a transform on float32 samples (channels, n).

    Raises:
        FieldError: when the library cannot take them, or what it makes of them is no sound.
    """
    adapter: Any = import_module(f"augury_bridges.{library}")
    try:
        with seeded(seed):
            made = adapter.run(name, given, np.array(samples), rate, seed)
    except AuguryError:
        raise
    except Exception as error:
        got = f"{samples.shape[0]} channels of {samples.shape[1]} samples at {rate} Hz"
        raise refusal(f"{library}.{name}", "sound", got, error) from error
    out = np.ascontiguousarray(made, dtype=np.float32)
    out = out[None] if out.ndim == 1 else out
    same = out.shape == samples.shape if role == "still" else out.shape[0] == samples.shape[0] and out.shape[1] > 0
    if not same:
        got = shown(f"{list(out.shape)} from {list(samples.shape)}")
        what = f"sound of the same {'shape' if role == 'still' else 'channels'} from {library}.{name}"
        raise FieldError(describe("", what, got, fix="leave the step out for such records"))
    if not np.isfinite(out).all():
        what = f"finite samples from {library}.{name}"
        raise FieldError(describe("", what, shown("NaN or infinity"), fix="leave the step out for such records"))
    return out


def where(value: Any, *, library: str, name: str, given: Mapping[str, Any], seed: int, role: str) -> Effect | None:
    """Return where the transform moves moments of the recording; None where that cannot be told."""
    samples, rate = value.samples, value.rate
    args: dict[str, Any] = {"library": library, "name": name, "given": given, "seed": seed, "role": role}
    if role == "tells":
        adapter: Any = import_module(f"augury_bridges.{library}")
        sound(samples, rate, **args)  # refuses what the library cannot take
        with seeded(seed):
            told: Effect | None = adapter.moved(name, given, np.array(samples), rate, seed)
        return told
    length = samples.shape[1]
    if role == "scales":
        made = sound(samples, rate, **args).shape[1]
        return Time((Piece(0, length, 0, made),), made, mode="stretch")
    if role != "copies" or length >= 2**23:
        return None
    adapter = import_module(f"augury_bridges.{library}")
    probe = np.tile(np.arange(1, length + 1, dtype=np.float32) * np.float32(_STEP), (samples.shape[0], 1))
    plain = {**given, **adapter.WITHOUT_FADES.get(name, {})}
    return copied(sound(probe, rate, **{**args, "given": plain})[0], length)


def copied(moved: np.ndarray, length: int) -> Time | None:
    """Return the pieces that made ``moved`` of a clip whose samples count from one step upwards; None where it cannot.

    Args:
        moved: float32 (n,), what the transform made of the counting clip.
        length: Samples of the counting clip.
    """
    at = np.rint(moved.astype(np.float64) / _STEP)
    known = np.abs(moved.astype(np.float64) / _STEP - at) < 1e-3
    if not (known & (at >= 0) & (at <= length)).all():
        return None
    steps = np.diff(at)
    changes = [*(np.flatnonzero(np.diff(steps)) + 1).tolist(), len(steps)]
    pieces: list[Piece] = []
    start = 0
    for change in changes:
        if change < start:
            continue
        end = change + 1
        step = steps[start] if start < len(steps) else 0.0
        if end - start >= _SHORTEST and abs(step) == 1 and min(at[start], at[end - 1]) >= 1:
            first = at[start] - 1 if step > 0 else at[start]
            pieces.append(Piece(float(first), float(first + step * (end - start)), float(start), float(end)))
        start = end
    return Time(tuple(pieces), len(at))
