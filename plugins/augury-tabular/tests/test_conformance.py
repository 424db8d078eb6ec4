"""The conformance kit over everything this distribution gives."""

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
    """Every op on rows, histories and series."""


@cleaners_of("augury-tabular")
class TestCleaners(CleanerConformance):
    """Every cleaner of this distribution passes the kit."""


@detectors_of("augury-tabular")
class TestDetectors(DetectorConformance):
    """Every detector of this distribution passes the kit."""


@kinds_of("augury-tabular")
class TestKinds(KindConformance):
    """Series, histories and the sessions on them."""
