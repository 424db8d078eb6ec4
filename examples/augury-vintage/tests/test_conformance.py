"""The conformance kit on everything this distribution registers."""

from augury.testing import CouplingConformance, KindConformance, OpConformance, couplings_of, kinds_of, ops_of


@ops_of("augury-vintage")
class TestOps(OpConformance):
    """Every op."""


@kinds_of("augury-vintage")
class TestKinds(KindConformance):
    """Every kind."""


@couplings_of("augury-vintage")
class TestCouplings(CouplingConformance):
    """Every coupling."""
