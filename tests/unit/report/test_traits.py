"""Traits: what is measured of a value is what the value is, whatever its kind."""

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest

from augury.catalog import registry
from augury.record import FieldSpec
from augury.report.traits import QUIET, column_classes, column_numbers, is_plain, shown_traits


def spec(kind, **options):
    """Return a field ``f`` of a kind."""
    return FieldSpec("f", registry().load("kinds", kind).build(options))


def column(field, values):
    """Return values as an Arrow column of a field."""
    packed = [None if v is None else field.kind.pack(field.kind.check(v)) for v in values]
    return pa.chunked_array([pa.array(packed, field.kind.arrow())])


def numbers(kind, values, **options):
    """Return the name, unit and values of a plain column's number traits."""
    field = spec(kind, **options)
    return {(t.name, t.unit): v.tolist() for t, v in column_numbers(field, column(field, values))}


def classes(kind, values, **options):
    """Return the counts of a plain column's classes."""
    field = spec(kind, **options)
    return next(counts for _, counts in column_classes(field, column(field, values)))


def shown(kind, value, **options):
    """Return what is measured of one stored value, by name."""
    field = spec(kind, **options)
    data = field.kind.pack(field.kind.check(value))
    stored = {"bytes": data, "path": None} if field.kind.payload else data
    return {trait.name: measured for trait, measured in shown_traits(field, stored)}


def test_numbers():
    """Missing values and what is not finite are left out."""
    assert numbers("number", [1.5, None, float("nan"), float("inf"), -2.0]) == {("", ""): [1.5, -2.0]}
    assert numbers("number", [2**62, 3], integer=True) == {("", ""): [float(2**62), 3.0]}


def test_dates():
    """Moments are seconds since 1970 in UTC."""
    moments = [datetime(2024, 2, 29, 12, 30), datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC), None]
    expected = [moments[0].replace(tzinfo=UTC).timestamp(), -1.0]
    assert numbers("datetime", moments) == {("", "date"): expected}


def test_texts():
    """A text is measured in characters, not bytes."""
    assert numbers("text", ["", "héé", "中文", None]) == {("length", "characters"): [0.0, 3.0, 2.0]}


def test_classes():
    """Categories, booleans and whole numbers are counted; a distribution counts by its weights."""
    assert classes("category", ["a", "b", "a", None]) == {"a": 2, "b": 1}
    assert classes("category", [1, 2, 1], store="integer") == {"1": 2, "2": 1}
    assert classes("boolean", [True, False, True, None]) == {"true": 2, "false": 1}
    mixed = [{"a": 1.0}, {"a": 0.25, "b": 0.75}, None]
    assert classes("distribution", mixed) == {"a": 1.25, "b": 0.75}


def test_ids_and_targets_are_not_read_by_arrow():
    """An id has no distribution, and a target is looked at by its kind."""
    assert not is_plain(spec("id")) and not is_plain(spec("spans")) and is_plain(spec("text"))
    assert shown("id", "u1") == {}


def test_pictures():
    """Size, and the mean and spread of the luma, which are known for a picture half black, half white."""
    half = np.zeros((20, 40, 3), np.uint8)
    half[:, 20:] = 255
    found = shown("image", half)
    assert (found["width"], found["height"]) == (40.0, 20.0)
    assert found["brightness"] == pytest.approx(0.5) and found["contrast"] == pytest.approx(0.5)


def test_luma_weighs_colours():
    """Pure colours have the luma of ITU-R BT.601."""
    for channel, weight in enumerate((0.299, 0.587, 0.114)):
        pure = np.zeros((8, 8, 3), np.uint8)
        pure[..., channel] = 255
        assert shown("image", pure)["brightness"] == pytest.approx(weight, abs=0.003)


def test_sounds():
    """A full sine lies 3.01 dB below full scale, half of it 6.02 dB lower; silence has a level too."""
    wave = np.sin(2 * np.pi * 100 * np.arange(8000) / 8000).astype(np.float32)[None]
    audio = type(registry().load("kinds", "audio").build({}).samples()[0])
    full, half, none = (shown("audio", audio(gain * wave, 8000)) for gain in (0.999, 0.4995, 0.0))
    assert full["length"] == 1.0
    assert full["level"] == pytest.approx(-3.02, abs=0.01)
    assert half["level"] == pytest.approx(-9.04, abs=0.01)
    assert none["level"] == QUIET


def test_targets():
    """Marks are counted, and their labels."""
    boxes = [{"box": [0, 0, 4, 4], "label": "cat"}, {"box": [1, 1, 3, 3], "label": "dog"}]
    assert shown("boxes", boxes) == {"count": 2.0, "labels": ["cat", "dog"]}
    assert shown("boxes", []) == {"count": 0.0}
    assert shown("spans", [{"start": 0, "end": 3, "label": "person"}]) == {"count": 1.0, "labels": ["person"]}


def test_masks_and_damage_are_passed_by():
    """A mask's cover is not measured; a damaged payload has no traits and raises nothing."""
    assert shown("mask", np.zeros((4, 4), np.uint8)) == {}
    assert list(shown_traits(spec("image"), {"bytes": b"not a picture", "path": None})) == []
