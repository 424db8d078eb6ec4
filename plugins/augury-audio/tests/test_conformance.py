from augury.testing import CouplingConformance, KindConformance, OpConformance, couplings_of, kinds_of, ops_of


@ops_of("augury-audio")
class TestOps(OpConformance):
    """Every op of this distribution passes the kit."""


@kinds_of("augury-audio")
class TestKinds(KindConformance):
    """Every kind of this distribution passes the kit."""


@couplings_of("augury-audio")
class TestCouplings(CouplingConformance):
    """Every coupling of this distribution passes the kit."""
