"""The conformance kit over every op of this distribution."""

from augury.testing import OpConformance, ops_of


@ops_of("augury-tabular")
class TestOps(OpConformance):
    """Every op on rows."""
