"""The conformance kit on everything this distribution registers."""

from augury.testing import (
    CleanerConformance,
    CouplingConformance,
    DetectorConformance,
    KindConformance,
    OpConformance,
    cleaners_of,
    couplings_of,
    detectors_of,
    kinds_of,
    ops_of,
)


@ops_of("augury-text")
class TestOps(OpConformance):
    """Every op on text."""

    exempt = {
        "text.normalize": {"draws_by_id_and_copy": "nothing is random: a text has the edits that it needs"},
        "text.fix_mojibake": {"draws_by_id_and_copy": "nothing is random: a text has the edits that it needs"},
    }


@kinds_of("augury-text")
class TestKinds(KindConformance):
    """Text, spans and tags."""


@couplings_of("augury-text")
class TestCouplings(CouplingConformance):
    """How a caption follows its picture."""


@cleaners_of("augury-text")
class TestCleaners(CleanerConformance):
    """Every cleaner of this distribution passes the kit."""


@detectors_of("augury-text")
class TestDetectors(DetectorConformance):
    """Every detector of this distribution passes the kit."""
