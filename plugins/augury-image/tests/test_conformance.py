"""The conformance kit over this distribution."""

from augury.testing import (
    CleanerConformance,
    DetectorConformance,
    FormatConformance,
    KindConformance,
    OpConformance,
    cleaners_of,
    detectors_of,
    formats_of,
    kinds_of,
    ops_of,
)


@ops_of("augury-image")
class TestOps(OpConformance):
    pass


@kinds_of("augury-image")
class TestKinds(KindConformance):
    pass


@cleaners_of("augury-image")
class TestCleaners(CleanerConformance):
    """Every cleaner of this distribution passes the kit."""


@detectors_of("augury-image")
class TestDetectors(DetectorConformance):
    """Every detector of this distribution passes the kit."""


@formats_of("augury-image")
class TestFormats(FormatConformance):
    pass
