"""The conformance kit over this distribution."""

from augury.testing import KindConformance, OpConformance, kinds_of, ops_of


@ops_of("augury-image")
class TestOps(OpConformance):
    pass


@kinds_of("augury-image")
class TestKinds(KindConformance):
    pass
