"""The kinds of this distribution: sound, and labelled stretches of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, NamedTuple

import numpy as np

from augury.effects import SELF
from augury.errors import FieldError, RecipeError, describe, shown
from augury.kinds import Kind
from augury.params import Fraction, Within
from augury.record import type_name
from augury.spaces.time import TimeMap, TimeSegment, TimeSize
from augury.values import canonical_bytes
from augury_audio.audio import Audio, Store, read_audio, stored, write_audio
from augury_audio.render import render
from augury_audio.resample import resample

if TYPE_CHECKING:
    import pyarrow as pa

    from augury.views import Sound, Stretch


class AudioKind(Kind):
    """Sound: an `Audio` in memory, a FLAC or WAV file on disk.

    Args:
        store: How it is written: ``flac`` (16 bits), ``flac24`` (24 bits), both clipped to [-1, 1], or ``wav`` (float,
            exact). Values count as equal when they are written alike.
        max_seconds: Longest recording taken; a longer one is refused before it is decoded.
    """

    space = "time"
    payload: ClassVar[bool] = True

    store: Store = "flac"
    max_seconds: Annotated[float, Within(1e-3)] = 3600.0

    def check(self, value: Any) -> Audio:
        """Return an `Audio`; also takes what `Audio.of` does, file bytes, and a mapping with ``bytes``."""
        if isinstance(value, Mapping) and value.get("bytes") is not None:
            value = value["bytes"]
        if isinstance(value, bytes | bytearray | memoryview):
            return self.unpack(value)
        audio = Audio.of(value, "")
        if audio.seconds > self.max_seconds:
            got, fix = shown(f"{audio.seconds:.1f} s"), "crop it, or raise max_seconds"
            raise FieldError(describe("", f"at most {self.max_seconds:g} s of sound", got, fix=fix))
        return audio

    def digest(self, value: Audio) -> bytes:
        """Return the canonical bytes of the rate and the samples as they are stored."""
        return canonical_bytes([value.rate, stored(value.samples, self.store)])

    def arrow(self) -> pa.DataType:
        """struct<bytes: binary, path: string>."""
        import pyarrow as pa

        return pa.struct([("bytes", pa.binary()), ("path", pa.string())])

    def pack(self, value: Audio) -> bytes:
        """Return the bytes of its file."""
        return write_audio(value, self.store)

    def unpack(self, stored: Any) -> Audio:
        """Return the sound in a file's bytes."""
        return read_audio(bytes(stored), "", max_seconds=self.max_seconds)

    def feature(self) -> Mapping[str, Any]:
        """Return the Hugging Face feature."""
        return {"_type": "Audio"}

    def show(self, value: Audio) -> Sound:
        """Return the recording to play, with its outline."""
        from augury_audio.show import sound

        return sound(value)

    def samples(self) -> list[Any]:
        """Return values for tests: mono, stereo at another rate, a single sample."""
        t = np.arange(4000) / 8000
        mono = (0.4 * np.sin(2 * np.pi * 330 * t * (1 + t))).astype(np.float32)
        noise = np.random.Generator(np.random.Philox(key=1)).uniform(-0.9, 0.9, (2, 3000)).astype(np.float32)
        return [Audio(mono[None], 8000), Audio(noise, 16000), Audio(np.full((1, 1), 0.5, np.float32), 44100)]

    def size(self, value: Audio) -> TimeSize:
        """Return samples, rate and channels."""
        return TimeSize(value.samples.shape[1], value.rate, value.channels)

    def render(self, value: Audio, segment: TimeSegment) -> Audio:
        """Run pending time effects as one rendering."""
        if segment.empty:
            return value
        if any(part.source != SELF for part in segment.parts):
            fix = "use donors through Samples"
            raise RecipeError(describe("Time", "pieces of the clip itself", shown("pieces of a donor"), fix=fix))
        return Audio(render(value.samples, value.rate, segment.parts, segment.size.samples), segment.size.rate)

    def apply(self, value: Audio, effect: Any, sources: Sequence[Audio]) -> Audio:
        """Run a `Samples` effect."""
        return Audio(effect.fn(value.samples, value.rate, *(s.samples for s in sources), **effect.args), value.rate)

    def conform(self, value: Audio, like: Audio) -> Audio:
        """Return a donor at the rate and with the channels of ``like``: mixed down to mono, or its channels in turn."""
        samples = value.samples
        if value.rate != like.rate:
            samples = resample(samples, value.rate / like.rate, round(value.seconds * like.rate))
        if len(samples) != like.channels:
            down = like.channels == 1
            samples = samples.mean(0, keepdims=True) if down else samples[np.arange(like.channels) % len(samples)]
        return value if samples is value.samples else Audio(samples, like.rate)


class Interval(NamedTuple):
    """A stretch of a recording: its start and end in seconds and what it is. A moment has start = end."""

    start: float
    end: float
    label: str


class _Carried(NamedTuple):
    """An interval on its way: positions in samples, and the share of the original that is left."""

    begin: float
    end: float
    label: str
    share: float


class Intervals(Kind):
    """Labelled stretches of a recording: words, speakers, events. Sorted by time, kept to the nanosecond.

    They follow every time effect. One that is cut is kept, clipped, where enough of it is heard.

    Args:
        min_share: The least share of an interval that must be heard for it to stay.
        min_seconds: It also stays where at least this many seconds of it are heard, whatever their share.
    """

    follows = frozenset({"time"})

    min_share: Fraction = 0.5
    min_seconds: Annotated[float, Within(0)] = 1.0

    def check(self, value: Any) -> list[Interval]:
        """Return a sorted list of `Interval`; also takes (start, end, label) and mappings of these."""
        if not isinstance(value, Iterable) or isinstance(value, str | bytes | Mapping):
            fix = "give [(start, end, label), ...]"
            raise FieldError(describe("", "a list of intervals", type_name(value), fix=fix))
        return sorted(_interval(entry, i) for i, entry in enumerate(value))

    def arrow(self) -> pa.DataType:
        """list<struct<start: double, end: double, label: string>>."""
        import pyarrow as pa

        return pa.list_(pa.struct([("start", pa.float64()), ("end", pa.float64()), ("label", pa.string())]))

    def pack(self, value: Sequence[Interval]) -> list[dict[str, Any]]:
        """Return the intervals as mappings."""
        return [interval._asdict() for interval in value]

    def show(self, value: Sequence[Interval]) -> list[Stretch]:
        """Return the intervals as marks."""
        from augury.views import Stretch

        return [Stretch(*interval) for interval in value]

    def samples(self) -> list[Any]:
        """Return values for tests: words, a moment beside an overlap, none."""
        words = [(0.0, 0.125, "yes"), (0.2, 0.4321, "no")]
        return [words, [(0.1, 0.1, "click"), (0.05, 0.3, "tone"), (0.25, 0.5, "tone")], []]

    def open(self, value: Sequence[Interval], size: TimeSize) -> list[_Carried]:
        """Return the intervals in samples.

        Raises:
            FieldError: If one begins after the recording's end.
        """
        late = [i for i in value if i.start > size.seconds]
        if late:
            fix = "correct the interval or the recording"
            raise FieldError(describe("", f"intervals within {size.seconds:g} s of sound", tuple(late[0]), fix=fix))
        rate, n = size.rate, size.samples
        return [_Carried(i.start * rate, min(i.end * rate, n), i.label, 1.0) for i in value]

    def follow(self, carried: Sequence[_Carried], where: TimeMap) -> list[_Carried]:
        """Return each place where some of each interval is heard."""
        out = []
        for begin, end, label, share in carried:
            if begin == end:
                moments = where.ranges(begin, begin + _MOMENT) or where.ranges(begin - _MOMENT, begin)
                out += [_Carried(d0, d0, label, share) for d0, _, _ in moments]
            else:
                out += [_Carried(d0, d1, label, share * part) for d0, d1, part in where.ranges(begin, end)]
        return out

    def close(self, carried: Sequence[_Carried], size: TimeSize) -> list[Interval]:
        """Return the intervals in seconds, without those of which too little is left."""
        share, length = self.min_share - 1e-6, self.min_seconds * size.rate
        kept = [c for c in carried if c.share >= share or c.end - c.begin >= length]
        seconds = [(_seconds(c.begin, size), _seconds(c.end, size), c.label) for c in kept]
        return sorted(Interval(*entry) for entry in seconds)

    def is_empty(self, value: Sequence[Interval]) -> bool:
        """Whether no interval is left."""
        return not value


_MOMENT = 1e-6
"""Samples that a moment is taken to last while its place is looked up."""


def _seconds(position: float, size: TimeSize) -> float:
    return round(min(max(position, 0.0), size.samples) / size.rate, 9)


def _interval(entry: Any, index: int) -> Interval:
    """Return one checked interval."""
    if isinstance(entry, Mapping):
        entry = [entry.get(name) for name in Interval._fields]
    if not isinstance(entry, Sequence) or isinstance(entry, str | bytes) or len(entry) != 3:
        fix = "give [(start, end, label), ...]"
        raise FieldError(describe(f"interval {index}", "(start, end, label)", entry, fix=fix))
    start, end, label = (v.item() if isinstance(v, np.generic) else v for v in entry)
    numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in (start, end))
    if not numbers or not 0 <= start <= end < float("inf"):
        fix = "give seconds from the recording's beginning"
        raise FieldError(describe(f"interval {index}", "0 <= start <= end in seconds", (start, end), fix=fix))
    if not isinstance(label, str | int) or isinstance(label, bool):
        raise FieldError(describe(f"interval {index}", "a label of text", label, fix="convert the label to text"))
    return Interval(round(float(start), 9), round(float(end), 9), str(label))
