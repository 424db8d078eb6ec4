"""What this distribution gives the registry."""

from typing import Any

from augury.plugin import CleanerSpec, CouplingSpec, DetectorSpec, KindSpec, OpSpec, Plugin, hookimpl

_MOVING = ("level:Resample", "level:Trim")


def _op(id: str, target: str, summary: str, *examples: dict[str, Any]) -> OpSpec:
    effect = "Time" if target.startswith("time") or target in _MOVING else "Samples"
    return OpSpec(id, f"augury_audio.ops.{target}", summary, on="audio", effect=effect, examples=examples)


def _cleaner(id: str, cls: str, summary: str, *examples: dict[str, Any]) -> CleanerSpec:
    return CleanerSpec(id, f"augury_audio.cleaners:{cls}", summary, on="audio", examples=examples)


_CLEANERS = [
    _cleaner("audio.valid", "Valid", "Reject by duration, rate and channels.", {"seconds_range": [0.1, 0.4]}),
    _cleaner("audio.silent", "Silent", "Reject recordings that are nowhere loud enough.", {"level_dbfs": -10}),
    _cleaner("audio.clipped", "Clipped", "Reject recordings with samples at full scale.", {"full_scale": 0.8}),
    _cleaner(
        "audio.windows",
        "Windows",
        "Cut recordings into windows of one length.",
        {"seconds": 0.2},
        {"seconds": 0.15, "hop_s": 0.07, "edge": "pad"},
        {"seconds": 0.12, "edge": "drop"},
    ),
]

_DETECTORS = [
    DetectorSpec(
        "audio.near", "augury_audio.near:Near", "Recordings equal but for codec, level and delay.", on="audio"
    ),
    DetectorSpec(
        "audio.envelope",
        "augury_audio.envelope:Envelope",
        "Recordings by their course and colour, for audits.",
        on="audio",
        default=False,
        audits=True,
    ),
]


@hookimpl
def augury_plugin() -> Plugin:
    """Return the audio kinds, ops, cleaners and detector, and how a transcript follows its recording."""
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
            _op("audio.resample", "level:Resample", "Bring to another sample rate.", {"rate_hz": 11_025}),
            _op(
                "audio.loudness",
                "level:Loudness",
                "Bring to a loudness in LUFS.",
                {"lufs_range": [-30, -16], "max_peak_dbfs": None},
            ),
            _op("audio.trim", "level:Trim", "Cut the silence at both ends.", {"top_db": 6, "margin_s": 0}),
        ],
        cleaners=_CLEANERS,
        detectors=_DETECTORS,
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
