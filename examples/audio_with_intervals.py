"""A recording with times of events: played faster, cut and put under noise, the events stay on the sound.

python examples/audio_with_intervals.py [SOUND.wav]
"""

from __future__ import annotations

import sys

import numpy as np
import soundfile

import augury

RATE = 16_000
BEEPS = [(0.25, 0.35, "low", 440.0), (0.80, 0.95, "high", 1320.0), (1.60, 1.70, "low", 440.0)]


def main() -> None:
    """Make a two-second recording of three beeps, and three copies of it."""
    time = np.arange(2 * RATE) / RATE
    sound = sum((0.5 * np.sin(2 * np.pi * hz * time) * ((time >= a) & (time < b)) for a, b, _, hz in BEEPS), 0 * time)
    record = {"clip": (sound.astype(np.float32), RATE), "beeps": [(a, b, name) for a, b, name, _ in BEEPS]}
    pipe = augury.pipeline(
        [
            {"audio.stretch": {"rate_range": (0.8, 1.25)}},
            {"audio.crop": {"seconds": 1.5}},
            {"audio.noise": {"snr_db_range": (10, 20)}},
        ],
        fields={"clip": "audio", "beeps": {"kind": "intervals", "of": "clip"}},
    )
    for copy in range(3):
        out = pipe(record, seed=7, id="beeps", copy=copy)
        print(f"copy {copy}: {out['clip'].seconds:.2f} s", [tuple(beep) for beep in out["beeps"]])
    if len(sys.argv) > 1:
        soundfile.write(sys.argv[1], out["clip"].samples.T, out["clip"].rate)
        print(sys.argv[1])


if __name__ == "__main__":
    main()
