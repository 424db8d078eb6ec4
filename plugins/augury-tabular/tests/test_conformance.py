"""The conformance kit over every op of this distribution."""

from augury.testing import (
    CleanerConformance,
    DetectorConformance,
    KindConformance,
    OpConformance,
    cleaners_of,
    detectors_of,
    kinds_of,
    ops_of,
)


@ops_of("augury-tabular")
class TestOps(OpConformance):
    """Every op on rows."""


@cleaners_of("augury-tabular")
class TestCleaners(CleanerConformance):
    """Every cleaner of this distribution passes the kit."""


@detectors_of("augury-tabular")
class TestDetectors(DetectorConformance):
    """Every detector of this distribution passes the kit."""


@kinds_of("augury-tabular")
class TestKinds(KindConformance):
    """Histories and the sessions on them."""
