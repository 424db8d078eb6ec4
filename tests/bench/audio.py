"""The audio kernels and chain against audiomentations, librosa and torchaudio, on four seconds of real conversation."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import distribution
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

ROUNDS = 9
SECONDS = 0.12
RATE = 16000

Call = Callable[[np.ndarray], Any]


def tables() -> Iterator[dict[str, Any]]:
    """Yield one row a figure: what, ours, against, ratio, asked, met."""
    clips = conversation()
    for what, ours, peers, asked in works():
        speeds = alternate({"augury": ours, **peers}, clips)
        mine = speeds.pop("augury")
        best = max(speeds, key=speeds.__getitem__)
        ratio = mine / speeds[best]
        yield {
            "what": what,
            "ours": f"{mine:,.0f} a second",
            "against": f"{best} {speeds[best]:,.0f}",
            "ratio": ratio,
            "asked": f"at least {asked:g}",
            "met": ratio >= asked,
        }
    yield from quality(clips)


def conversation() -> list[np.ndarray]:
    """Return three stretches of 4 s of the recorded conversation, float32 (64000,), 16 kHz."""
    import soundfile

    path = Path(str(distribution("pyannote-audio").locate_file("pyannote/audio/sample/sample.wav")))
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    if rate != RATE:
        raise ValueError(f"{path}: expected {RATE} Hz, got {rate}")
    mono = samples.mean(axis=1)
    return [np.ascontiguousarray(mono[start * RATE : (start + 4) * RATE]) for start in (7, 13, 20)]


def alternate(calls: Mapping[str, Call], clips: list[np.ndarray]) -> dict[str, float]:
    """Return clips a second of each call, medians of rounds in which they take turns."""
    counts = {}
    for name, call in calls.items():
        _speed(call, clips, 2)
        counts[name] = max(3, int(SECONDS * _speed(call, clips, 3)))
    rounds = [{name: _speed(call, clips, counts[name]) for name, call in calls.items()} for _ in range(ROUNDS)]
    return {name: median(r[name] for r in rounds) for name in calls}


def _speed(call: Call, clips: list[np.ndarray], n: int) -> float:
    started = time.perf_counter()
    for i in range(n):
        call(clips[i % len(clips)])
    return n / (time.perf_counter() - started)


def works() -> Iterator[tuple[str, Call, dict[str, Call], float]]:
    """Yield each work: its name, ours, the peers' by name, and the ratio asked."""
    import audiomentations as am
    import librosa
    import torch
    import torchaudio.functional as ta

    from augury_audio.noise import add_noise
    from augury_audio.ops.sound import amplify
    from augury_audio.resample import resample
    from augury_audio.vocoder import stretch

    torch.set_num_threads(1)

    def their(transform: Any) -> Call:
        return lambda x: transform(x, RATE)

    def tensor(call: Any) -> Call:
        return lambda x: call(torch.from_numpy(x)[None])

    yield (
        "pitch +3 semitones",
        lambda x: stretch(x[None], 1.0, len(x), rate=RATE, pitch=2**0.25),
        {
            "audiomentations": their(am.PitchShift(3, 3, p=1)),
            "librosa": lambda x: librosa.effects.pitch_shift(x, sr=RATE, n_steps=3),
        },
        2.0,
    )
    yield (
        "stretch 1.2",
        lambda x: stretch(x[None], 1.2, round(len(x) / 1.2), rate=RATE),
        {
            "audiomentations": their(am.TimeStretch(1.2, 1.2, leave_length_unchanged=False, p=1)),
            "librosa": lambda x: librosa.effects.time_stretch(x, rate=1.2),
        },
        2.0,
    )
    yield (
        "speed 1.1",
        lambda x: resample(x[None], 1.1, round(len(x) / 1.1)),
        {
            "torchaudio": tensor(lambda x: ta.speed(x, RATE, 1.1)),
            "librosa": lambda x: librosa.resample(x, orig_sr=17600, target_sr=RATE),
        },
        1.0,
    )
    yield (
        "noise at 10 dB",
        lambda x: add_noise(x[None], RATE, snr_db=10, seed=5),
        {
            "audiomentations": their(am.AddGaussianSNR(10, 10, p=1)),
            "torchaudio": tensor(lambda x: ta.add_noise(x, torch.randn_like(x), torch.tensor([10.0]))),
        },
        1.5,
    )
    yield (
        "gain",
        lambda x: amplify(x[None], RATE, gain_db=-6),
        {"audiomentations": their(am.Gain(-6, -6, p=1))},
        0.5,
    )
    steps = [am.AddGaussianSNR(10, 20, p=1), am.TimeStretch(0.9, 1.1, p=1), am.PitchShift(-3, 3, p=1), am.Gain(p=1)]
    yield "noise, stretch, pitch, gain, as a pipeline", chain(), {"audiomentations": their(am.Compose(steps))}, 3.0


def chain() -> Call:
    """Return the chain as a pipeline, everything it does for a record counted in."""
    import augury

    pipe = augury.pipeline(
        [
            {"audio.noise": {"snr_db_range": (10, 20)}},
            {"audio.stretch": {"rate_range": (0.9, 1.1)}},
            {"audio.pitch": {"semitones_range": (-3, 3)}},
            {"audio.gain": {"gain_db_range": (-12, 12)}},
        ],
        {"clip": "audio"},
    )
    return lambda x: pipe({"clip": (x, RATE)}, seed=1, id="a")


def quality(clips: list[np.ndarray]) -> Iterator[dict[str, Any]]:
    """Yield how far the stretched sound's spectra are from its source's, ours over librosa's, at three windows."""
    import librosa

    from augury_audio.vocoder import stretch

    for window in (128, 512, 2048):
        ours, theirs = [], []
        for x in clips:
            ours.append(_mismatch(x, stretch(x[None], 1.2, round(len(x) / 1.2), rate=RATE)[0], 1.2, window))
            theirs.append(_mismatch(x, librosa.effects.time_stretch(x, rate=1.2), 1.2, window))
        ratio = float(np.mean(ours) / np.mean(theirs))
        yield {
            "what": f"spectral mismatch after stretch 1.2, windows of {window}",
            "ours": f"{np.mean(ours):.3f}",
            "against": f"librosa {np.mean(theirs):.3f}",
            "ratio": ratio,
            "asked": "at most 1",
            "met": ratio <= 1,
        }


def _mismatch(x: np.ndarray, y: np.ndarray, step: float, window: int) -> float:
    """Return the relative distance of magnitude spectra at positions that the map joins."""
    at = np.arange(window, len(y) - window, window // 8)
    source = np.rint(at * step).astype(int)
    at, source = at[source < len(x) - window], source[source < len(x) - window]
    before, after = (_magnitudes(z, where, window) for z, where in ((x, source), (y, at)))
    return float(np.linalg.norm(after - before) / np.linalg.norm(before))


def _magnitudes(x: np.ndarray, centres: np.ndarray, window: int) -> np.ndarray:
    frames = np.stack([x[i - window // 2 : i + window // 2] for i in centres])
    return np.abs(np.fft.rfft(frames * np.hanning(window)))
