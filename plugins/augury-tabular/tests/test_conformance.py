"""The conformance kit over every op and kind of this distribution."""

from augury.testing import KindConformance, OpConformance, kinds_of, ops_of


@ops_of("augury-tabular")
class TestOps(OpConformance):
    """Every op on rows, histories and series."""


@kinds_of("augury-tabular")
class TestKinds(KindConformance):
    """Histories, the sessions on them, and series."""
