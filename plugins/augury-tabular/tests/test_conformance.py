"""The conformance kit over every op and kind of this distribution."""

from augury.testing import KindConformance, OpConformance, kinds_of, ops_of


@ops_of("augury-tabular")
class TestOps(OpConformance):
    """Every op on rows and series."""


@kinds_of("augury-tabular")
class TestKinds(KindConformance):
    """The kind of series."""
