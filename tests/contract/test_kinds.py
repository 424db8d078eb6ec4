"""The conformance kit over the core's own kinds."""

from augury.testing import KindConformance, kinds_of


@kinds_of("augury")
class TestKinds(KindConformance):
    """Every check of the kit on every kind of the core."""
