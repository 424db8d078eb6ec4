"""Traits: what is measured of a field's values, by what its kind says of itself; never by its name.

A trait is a number (a length, a brightness) or a class (a label). Those of plain columns are read by Arrow; those of
encoded payloads and of targets are read from `Kind.show`, one row at a time, for a sample of the rows.
"""

from __future__ import annotations

import io
import wave
from collections.abc import Iterator, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augury.dataset.identity import plain_value
from augury.kinds import Kind
from augury.record import FieldSpec
from augury.views import Mark, Picture, Sound, View

CLASS_KINDS = ("category", "boolean", "distribution")
QUIET = -120.0
"""The level that silence is given, in dBFS."""


class Trait(NamedTuple):
    """One thing that is measured of a field.

    Args:
        field: The field's name.
        name: What is measured; empty for the value itself.
        unit: The unit of a number, ``date`` for moments (seconds since 1970), else empty.
        sort: Whether values are numbers or classes.
    """

    field: str
    name: str
    unit: str
    sort: Literal["number", "class"]

    @property
    def title(self) -> str:
        """The trait as a heading: ``photo: brightness``."""
        return f"{self.field}: {self.name}" if self.name else self.field


def is_plain(spec: FieldSpec) -> bool:
    """Whether Arrow reads the field's traits; else they come from `Kind.show`."""
    return spec.kind_id in ("number", "datetime", *CLASS_KINDS) or (
        spec.kind.space == "text" and pa.types.is_string(spec.kind.arrow())
    )


def column_numbers(spec: FieldSpec, column: pa.ChunkedArray) -> Iterator[tuple[Trait, np.ndarray]]:
    """Yield the number traits of a plain column, missing values and what is not finite left out."""
    if spec.kind_id == "number":
        yield Trait(spec.name, "", "", "number"), _finite(column.cast(pa.float64(), safe=False))
    elif spec.kind_id == "datetime":
        seconds = pc.divide(column.cast(pa.timestamp("us")).cast(pa.int64()).cast(pa.float64(), safe=False), 1e6)
        yield Trait(spec.name, "", "date", "number"), _finite(seconds)
    elif spec.kind.space == "text" and pa.types.is_string(spec.kind.arrow()):
        yield Trait(spec.name, "length", "characters", "number"), _finite(pc.utf8_length(column).cast(pa.float64()))


def column_classes(spec: FieldSpec, column: pa.ChunkedArray) -> Iterator[tuple[Trait, dict[str, float]]]:
    """Yield the class traits of a plain column with their counts; a distribution counts by its weights."""
    if spec.kind_id not in CLASS_KINDS:
        return
    trait = Trait(spec.name, "", "", "class")
    if spec.kind_id == "distribution":
        entries = pc.list_flatten(column)
        entries = entries.combine_chunks() if isinstance(entries, pa.ChunkedArray) else entries
        table = pa.table({"name": entries.field("value"), "weight": entries.field("weight")})
        sums = table.group_by("name").aggregate([("weight", "sum")])
        yield trait, dict(zip(sums["name"].to_pylist(), sums["weight_sum"].to_pylist(), strict=True))
        return
    counts = pc.value_counts(column.drop_null()).to_pylist()
    yield trait, {_class_name(c["values"]): float(c["counts"]) for c in counts}


def shown_traits(spec: FieldSpec, stored: Any) -> Iterator[tuple[Trait, float | list[str]]]:
    """Yield the traits of one stored value, as `Kind.show` tells them; nothing where it cannot be shown."""
    if not _shows(spec.kind):
        return
    try:
        shown = spec.kind.show(spec.kind.unpack(plain_value(spec, stored)))
        numbers = list(_numbers(shown))
    except Exception:  # kinds are anyone's, and what cannot be measured must not cost a finished dataset its report
        return
    for name, unit, value in numbers:
        yield Trait(spec.name, name, unit, "number"), value
    if shown is not None and not isinstance(shown, View):
        labels = [label for mark in shown if (label := getattr(mark, "label", ""))]
        if labels:
            yield Trait(spec.name, "labels", "", "class"), labels


def _numbers(shown: View | Sequence[Mark] | None) -> Iterator[tuple[str, str, float]]:
    """Yield name, unit and value of what is measured of a view, or of the marks of a target."""
    if isinstance(shown, Picture):
        yield from _of_picture(shown)
    elif isinstance(shown, Sound):
        yield from _of_sound(shown)
    elif shown is not None and not isinstance(shown, View):
        yield "count", "per record", float(len(shown))


def _shows(kind: Kind) -> bool:
    """Whether looking at a value is worth its cost: a mask's cover says nothing that is measured here."""
    return type(kind).show is not Kind.show and not (kind.payload and kind.space is None)


def _class_name(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _finite(column: pa.ChunkedArray) -> np.ndarray:
    values = column.drop_null().to_numpy().astype(np.float64)
    return values[np.isfinite(values)]


def _of_picture(view: Picture) -> Iterator[tuple[str, str, float]]:
    """Width, height, and the mean and spread of its luma (ITU-R BT.601, as Pillow's mode L), in [0, 1]."""
    from PIL import Image

    yield "width", "pixels", float(view.width)
    yield "height", "pixels", float(view.height)
    with Image.open(io.BytesIO(view.data)) as picture:
        counts = np.array(picture.convert("L").histogram(), np.float64)
    levels = np.arange(256) / 255.0
    mean = np.average(levels, weights=counts)
    yield "brightness", "0 to 1", float(mean)
    yield "contrast", "0 to 1", float(np.sqrt(np.average((levels - mean) ** 2, weights=counts)))


def _of_sound(view: Sound) -> Iterator[tuple[str, str, float]]:
    """Its length, and the level of what the view plays: 20 log10 of the root mean square, full scale at 0."""
    yield "length", "seconds", float(view.seconds)
    try:
        with wave.open(io.BytesIO(view.wav)) as file:
            if file.getsampwidth() != 2:
                return
            samples = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").astype(np.float64) / 32768.0
    except (wave.Error, EOFError):
        return
    rms = float(np.sqrt(np.mean(samples**2))) if samples.size else 0.0
    yield "level", "dBFS", max(20.0 * float(np.log10(rms)), QUIET) if rms > 0 else QUIET
