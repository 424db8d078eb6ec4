"""The conformance kit: what a plugin's author runs to know that the plugin's entries keep their contracts.

    from augury.testing import OpConformance, ops_of

    @ops_of("augury-sepia")
    class TestOps(OpConformance):
        exempt = {"image.sepia": {"reads_another_id": "it draws nothing"}}

One pytest id for each (entry, check). Without pytest, `outcomes` runs the same checks. Codecs, metrics, engines and
lexicons have no checks yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from augury.testing.cleaners import CLEANERS
from augury.testing.couplings import COUPLINGS
from augury.testing.detectors import DETECTORS
from augury.testing.effects import EFFECTS
from augury.testing.formats import FORMATS
from augury.testing.kinds import KINDS
from augury.testing.ops import OPS
from augury.testing.suite import Check, Conformance, Outcome, parametrize
from augury.testing.synthesizers import SYNTHESIZERS

C = TypeVar("C", bound=type)

__all__ = [
    "Check",
    "CleanerConformance",
    "CouplingConformance",
    "DetectorConformance",
    "EffectConformance",
    "FormatConformance",
    "KindConformance",
    "OpConformance",
    "Outcome",
    "SynthesizerConformance",
    "cleaners_of",
    "couplings_of",
    "detectors_of",
    "effects_of",
    "formats_of",
    "kinds_of",
    "ops_of",
    "outcomes",
    "synthesizers_of",
]


class OpConformance(Conformance):
    """Every op: keyed randomness, replay, purity, followers, threads and processes, docs and errors."""

    suite = OPS


class KindConformance(Conformance):
    """Every kind: canonical values, storage, digests, and the parts it plays as anchor or target."""

    suite = KINDS


class FormatConformance(Conformance):
    """Every format that writes: what is written is read again."""

    suite = FORMATS


class CouplingConformance(Conformance):
    """Every coupling: kinds that exist, pure answers, values left alone, effects that the destination takes."""

    suite = COUPLINGS


class EffectConformance(Conformance):
    """Every effect of a distribution's own: pure lowering to core effects that every kind follows."""

    suite = EFFECTS


class CleanerConformance(Conformance):
    """Every cleaner: pure verdicts on any value, documented reasons, pieces that targets follow."""

    suite = CLEANERS


class DetectorConformance(Conformance):
    """Every detector: sketches of any value, small bands, a similarity that is symmetric and 1 for equal values."""

    suite = DETECTORS


class SynthesizerConformance(Conformance):
    """Every synthesizer: pure chunks, equal fits, saved models, declared conditions, nothing left changed."""

    suite = SYNTHESIZERS


def ops_of(dist: str, pattern: str = "*") -> Callable[[C], C]:
    """Return the decorator that runs an `OpConformance` over the ops of a distribution whose ids match ``pattern``."""
    return parametrize(dist, pattern)


def kinds_of(dist: str, pattern: str = "*") -> Callable[[C], C]:
    """Return the decorator that runs a `KindConformance` over the kinds of a distribution."""
    return parametrize(dist, pattern)


def formats_of(dist: str, pattern: str = "*") -> Callable[[C], C]:
    """Return the decorator that runs a `FormatConformance` over the formats of a distribution."""
    return parametrize(dist, pattern)


def couplings_of(dist: str, pattern: str = "*") -> Callable[[C], C]:
    """Return the decorator that runs a `CouplingConformance` over the couplings of a distribution."""
    return parametrize(dist, pattern)


def effects_of(dist: str, pattern: str = "*") -> Callable[[C], C]:
    """Return the decorator that runs an `EffectConformance` over the effects of a distribution."""
    return parametrize(dist, pattern)


def cleaners_of(dist: str, pattern: str = "*") -> Callable[[C], C]:
    """Return the decorator that runs a `CleanerConformance` over the cleaners of a distribution."""
    return parametrize(dist, pattern)


def detectors_of(dist: str, pattern: str = "*") -> Callable[[C], C]:
    """Return the decorator that runs a `DetectorConformance` over the detectors of a distribution."""
    return parametrize(dist, pattern)


def synthesizers_of(dist: str, pattern: str = "*") -> Callable[[C], C]:
    """Return the decorator that runs a `SynthesizerConformance` over the synthesizers of a distribution."""
    return parametrize(dist, pattern)


def outcomes(dist: str) -> Iterator[Outcome]:
    """Run the whole kit over a distribution: every check of every entry of a group it has checks for."""
    from augury.catalog import registry

    for suite in (OPS, KINDS, FORMATS, COUPLINGS, EFFECTS, CLEANERS, DETECTORS, SYNTHESIZERS):
        if any(entry.dist == dist for entry in registry().entries(suite.group)):
            yield from suite.outcomes(dist)
