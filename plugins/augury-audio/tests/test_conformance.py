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


@ops_of("augury-audio")
class TestOps(OpConformance):
    """Every op of this distribution passes the kit."""

    exempt = {
        "audio.loudness": {"draws_by_id_and_copy": "by default the range is one loudness"},
        "audio.trim": {"draws_by_id_and_copy": "nothing is random: a recording has the silence that it has"},
    }


@kinds_of("augury-audio")
class TestKinds(KindConformance):
    """Every kind of this distribution passes the kit."""


@couplings_of("augury-audio")
class TestCouplings(CouplingConformance):
    """Every coupling of this distribution passes the kit."""


@cleaners_of("augury-audio")
class TestCleaners(CleanerConformance):
    """Every cleaner of this distribution passes the kit."""


@detectors_of("augury-audio")
class TestDetectors(DetectorConformance):
    """Every detector of this distribution passes the kit."""
