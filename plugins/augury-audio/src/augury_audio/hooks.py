"""What this distribution gives the registry."""

from typing import Any

from augury.plugin import CouplingSpec, KindSpec, OpSpec, Plugin, hookimpl


def _op(id: str, target: str, summary: str, *examples: dict[str, Any]) -> OpSpec:
    effect = "Time" if target.startswith("time") else "Samples"
    return OpSpec(id, f"augury_audio.ops.{target}", summary, on="audio", effect=effect, examples=examples)


@hookimpl
def augury_plugin() -> Plugin:
    """Return the audio kinds and ops, and the rule by which a transcript follows its recording."""
    return Plugin(
        kinds=[
            KindSpec("audio", "augury_audio.kinds:AudioKind", "Sound: float32 samples, any channels, with their rate."),
            KindSpec("intervals", "augury_audio.kinds:Intervals", "Labelled stretches of a recording, in seconds."),
        ],
        ops=[
            _op("audio.pitch", "time:Pitch", "Shift the pitch; the tempo stays.", {"semitones_range": [-12, -12]}),
            _op("audio.stretch", "time:Stretch", "Change the tempo; the pitch stays.", {"rate_range": [0.5, 0.6]}),
            _op(
                "audio.speed", "time:Speed", "Play faster or slower, as a tape does.", {"rate_range": [1.0731, 1.0732]}
            ),
            _op("audio.shift", "time:Shift", "Move in time; silence fills the gap.", {"roll": True}),
            _op("audio.crop", "time:Crop", "Keep one stretch of the recording.", {"seconds": 0.2}, {"seconds": 0.75}),
            _op("audio.reverse", "time:Reverse", "Play backwards."),
            _op("audio.gain", "sound:Gain", "Make louder or softer."),
            _op(
                "audio.noise",
                "sound:Noise",
                "Add noise at a signal-to-noise ratio.",
                {"color": "pink"},
                {"color": "brown", "reference": "rms"},
            ),
            _op(
                "audio.background",
                "sound:Background",
                "Put another recording under this one.",
                {"snr_db_range": [0, 0], "reference": "rms"},
            ),
            _op(
                "audio.denoise",
                "sound:Denoise",
                "Turn steady noise down by a spectral gate.",
                {"strength_range": [1, 1]},
            ),
        ],
        couplings=[
            CouplingSpec(
                "audio.transcript",
                "augury_audio.transcripts:follow",
                "A cut recording keeps the transcript's words that are still heard.",
                link="transcribes",
                space="time",
                source="audio",
                destination="text",
            ),
        ],
    )
