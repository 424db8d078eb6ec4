"""The conformance checks of detectors: sketches of any value, bands of a few bytes, a similarity that is one."""

from __future__ import annotations

import json
import pickle
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from augury.catalog import Entry
from augury.detector import Detector
from augury.errors import ParamError
from augury.params import json_schema, params_of
from augury.record import FieldSpec
from augury.testing.materials import Material, row_of, value_material
from augury.testing.suite import Suite, near, refusal

MOST_SKETCH_BYTES = 8192
MOST_BAND_BYTES = 16
MOST_BANDS = 32


@dataclass(frozen=True, eq=False)
class DetectorCase:
    """A detector with its default parameters, on values of the kind ``on`` ("row" for rows)."""

    entry: Entry
    detector: Detector
    on: str

    def __str__(self) -> str:
        return f"on {self.on}"

    @property
    def cls(self) -> type[Detector]:
        """The detector's class."""
        return type(self.detector)

    @cached_property
    def material(self) -> Material:
        """The schema and records it is tried on."""
        return value_material(self.on, self.cls.columns)

    @cached_property
    def fields(self) -> Mapping[str, FieldSpec]:
        """The fields that `Detector.sketch` is told of."""
        field, schema = self.material.field, self.material.schema
        names = [field] if field is not None else row_of(schema, self.cls.columns)
        return {name: schema[name] for name in names}

    @cached_property
    def values(self) -> list[Any]:
        """Every value, of rows those of the columns."""
        field, records = self.material.field, self.material.records.values()
        if field is not None:
            return [record[field] for record in records]
        return [{name: record.get(name) for name in self.fields} for record in records]

    def sketches(self) -> list[bytes | None]:
        """Return the sketch of every value."""
        return [self.detector.sketch(value, self.fields) for value in self.values]

    @cached_property
    def compared(self) -> list[bytes]:
        """The sketches of the values that are compared at all."""
        found = [sketch for sketch in self.sketches() if sketch is not None]
        assert found, "no value of the kind has a sketch"
        return found

    def fitted(self, chunks: Sequence[Sequence[bytes]]) -> Any:
        """Return what the detector learns from sketches; None where it learns nothing."""
        return self.detector.fit(iter(chunks)) if self.cls.fits else None

    @cached_property
    def state(self) -> Any:
        """What the detector learnt from all sketches."""
        return self.fitted([self.compared])

    def bands(self, sketches: Sequence[bytes]) -> list[list[bytes]]:
        """Return the bands of sketches at the detector's own threshold."""
        return [list(bands) for bands in self.detector.bands(sketches, self.cls.near, self.state)]


def _cases(entry: Entry) -> list[DetectorCase]:
    cls: type[Detector] = entry.load()
    kinds = (cls.on,) if isinstance(cls.on, str) else tuple(cls.on)
    return [DetectorCase(entry, cls(), kind) for kind in kinds]


DETECTORS = Suite("detectors", _cases)
check = DETECTORS.check


@check()
def loads(case: DetectorCase) -> None:
    """The spec's target is a detector of the kinds the spec says, that works with no parameters.

    Troubleshooting: give every parameter a default; correct the spec's target and ``on``; ``near`` lies in (0, 1].
    """
    spec = case.entry.spec
    assert isinstance(case.detector, Detector), f"{spec.target} is not a Detector"
    assert case.cls.entry_id == case.entry.id
    assert spec.summary, "the spec has no summary"
    assert spec.on == case.cls.on, f"the spec's on is {spec.on!r}, the class's {case.cls.on!r}"  # type: ignore[attr-defined]
    assert 0 < case.cls.near <= 1, f"near: expected a similarity in (0, 1], got {case.cls.near}"
    assert case.cls.fits == (case.cls.fit is not Detector.fit), "fits says otherwise than whether fit is defined"
    json.dumps(json_schema(case.cls))
    refusal(ParamError, "an unknown parameter", case.cls.build, {"no_such_parameter": 1})
    assert pickle.loads(pickle.dumps(case.detector)) == case.detector, "it does not cross processes"


@check()
def is_documented(case: DetectorCase) -> None:
    """The docstring has a summary and the sections Args (each parameter) and Cost.

    Troubleshooting: say what is compared and what the similarity means; name every parameter with unit and range.
    """
    doc = case.cls.__doc__ or ""
    assert re.match(r"\s*\S.*[.!?]", doc), "the docstring's first line is not a sentence"
    undocumented = [p.name for p in params_of(case.cls) if not p.doc]
    assert not undocumented, f"Args: lacks {', '.join(undocumented)}"
    assert "Cost:" in doc, "the docstring lacks Cost:"


@check()
def sketches_every_value(case: DetectorCase) -> None:
    """Every value a kind can have gets a sketch of at most 8 kB, the same each time, or None; it stays as it was.

    Troubleshooting: make sketches of empty, single and constant values too, or return None; copy before writing.
    """
    first = case.sketches()
    assert first == case.sketches(), "a second round has other sketches"
    for sketch in first:
        assert sketch is None or type(sketch) is bytes, f"expected bytes or None, got {type(sketch).__name__}"
        assert sketch is None or 0 < len(sketch) <= MOST_SKETCH_BYTES, f"a sketch of {len(sketch or b'')} bytes"
    fresh = value_material(case.on, case.cls.columns)
    assert case.material.all_digests() == fresh.all_digests(), "sketch changed a value"


@check(when=lambda case: case.cls.fits)
def learns_from_the_set(case: DetectorCase) -> None:
    """The state is one of the set of sketches: their order, chunks and repeats do not reach it, and none gives one too.

    Troubleshooting: take statistics of `augury.detector.sample_of`, or sort before sums of floats.
    """
    sketches = case.compared
    one_by_one = [[sketch] for sketch in reversed(sketches)]
    for chunks in (one_by_one, [sketches, sketches[:1]], [[], sketches]):
        state = case.fitted(chunks)
        assert near(state, case.state), f"another state from {len(chunks)} chunks"
    assert near(pickle.loads(pickle.dumps(case.state)), case.state), "the state does not cross processes"
    case.fitted([])
    case.fitted([sketches[:1]])


@check()
def bands_are_small(case: DetectorCase) -> None:
    """Every sketch has some bands of at most 16 bytes, the same alone as in a chunk; equal sketches have equal ones.

    Troubleshooting: hash what is longer; use nothing of the other sketches of the chunk.
    """
    together = case.bands(case.compared)
    assert len(together) == len(case.compared), f"{len(together)} lists of bands for {len(case.compared)} sketches"
    for sketch, bands in zip(case.compared, together, strict=True):
        assert 1 <= len(bands) <= MOST_BANDS, f"{len(bands)} bands"
        wrong = [band for band in bands if type(band) is not bytes or not 1 <= len(band) <= MOST_BAND_BYTES]
        assert not wrong, f"expected 1 to {MOST_BAND_BYTES} bytes, got {wrong[0]!r}"
        assert case.bands([sketch]) == [bands], "a sketch alone has other bands than in a chunk"
    assert not case.bands([]), "bands of no sketch"


@check()
def similarity_is_one(case: DetectorCase) -> None:
    """The similarity lies in [0, 1], is 1 for equal sketches, the same both ways, and alone as in a chunk.

    Troubleshooting: compare the pair and nothing else; clip what rounding leaves outside [0, 1].
    """
    sketches, compare = case.compared, case.detector.similarity
    pairs = [(a, b) for a in sketches for b in sketches]
    there = list(compare([a for a, _ in pairs], [b for _, b in pairs], case.state))
    back = list(compare([b for _, b in pairs], [a for a, _ in pairs], case.state))
    for (a, b), one, other in zip(pairs, there, back, strict=True):
        assert 0 <= one <= 1, f"a similarity of {one}"
        assert abs(one - other) < 1e-6, f"{one} one way, {other} the other"
        assert a != b or abs(one - 1) < 1e-6, f"a sketch is {one} similar to itself"
        assert abs(next(iter(compare([a], [b], case.state))) - one) < 1e-6, "a pair alone has another similarity"
    assert list(compare([], [], case.state)) == [], "a similarity of no pair"
